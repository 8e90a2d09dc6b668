from __future__ import annotations

import numpy as np
import pytest

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.groups import Groups, make_groups
from demilsim.scenario.scenario import Scenario
from worlds import facility, lot, rate, storehouse, world


def groups_of(scenario: Scenario, **limit: int) -> Groups:
    return make_groups(scenario, disposal_options(scenario), stock_harm(scenario), **limit)


def test_lots_alike_form_one_group_and_any_difference_splits_it() -> None:
    """Six lots: twins, and one each elsewhere, in reserve, unsafe and aged, make five groups."""
    scenario = world(
        storehouses=(storehouse("H1"), storehouse("H2", x_m=90.0)),
        lots=(
            lot("TWIN1", "H1"),
            lot("TWIN2", "H1"),
            lot("ELSEWHERE", "H2"),
            lot("RESERVE", "H1", status="reserve"),
            lot("UNSAFE", "H1", safe_to_move=False),
            lot("AGED", "H1", stabiliser_fraction=0.1),
        ),
    )
    groups = groups_of(scenario)
    assert groups.count == 5
    assert groups.group_of_lot.tolist() == [0, 0, 1, 2, 3, 4]
    assert groups.mass_t.tolist() == [200.0, 100.0, 100.0, 100.0, 100.0]


def test_reserve_may_go_nowhere() -> None:
    """A group of reserve lots has no option."""
    groups = groups_of(world(lots=(lot("L1"), lot("L2", status="reserve"))))
    assert groups.allowed.tolist() == [[True], [False]]


def test_options_are_means_by_mass() -> None:
    """Two lots under a daily limit on NEQ: 100 t at 0.2 kg/kg and 300 t at 0.4 take 1 d/t and 2 d/t."""
    scenario = world(
        lots=(lot("L1", neq_kg=20_000.0), lot("L2", gross_mass_t=300.0, neq_kg=120_000.0)),
        facilities=(facility(neq_limit_kg_per_day=200.0),),
        facility_rates=(rate(throughput_t_per_day=10.0),),
    )
    groups = groups_of(scenario)
    assert groups.count == 1
    assert groups.days_per_t[0, 0] == pytest.approx((100.0 * 1.0 + 300.0 * 2.0) / 400.0)
    assert groups.cost_usd_per_t[0, 0] == pytest.approx(500.0)


def test_grouping_is_coarsened_only_to_meet_its_limit() -> None:
    """Lots of all ages give many classes; a limit of one group puts them together without losing mass."""
    lots = tuple(lot(f"L{k}", stabiliser_fraction=0.05 + 0.1 * k) for k in range(10))
    scenario = world(lots=lots)
    fine, coarse = groups_of(scenario), groups_of(scenario, limit=1)
    assert fine.count > 3
    assert coarse.count == 1
    assert fine.mass_t.sum() == coarse.mass_t.sum() == 1000.0


def test_harm_over_groups_of_twins_is_harm_over_lots() -> None:
    """Aggregating identical lots changes no harm."""
    scenario = world(lots=(lot("L1"), lot("L2"), lot("L3", status="reserve")))
    over_lots = stock_harm(scenario)
    groups = groups_of(scenario)
    mass = np.array([row.gross_mass_t for row in scenario.lots])
    over_groups = over_lots.grouped(groups.group_of_lot, mass)
    left = np.linspace(1.0, 0.2, scenario.periods + 1)[:, None]
    per_lot = mass * np.hstack([left, left, np.ones_like(left)])
    per_group = groups.mass_t * np.hstack([left, np.ones_like(left)])
    assert over_groups.total(per_group) == pytest.approx(over_lots.total(per_lot), rel=1e-12)
