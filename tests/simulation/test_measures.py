"""Measures: they cost, take time, and change rates, places or what is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import PlanError
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.model.measures import measure_eligible, rate_factors
from demilsim.plan import DisposalPlan, MeasureOrder
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Measure
from demilsim.simulation.draws import draw
from demilsim.simulation.lots import Theft
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import QUIET, TONNE, candidate, line, plan, without_accidents
from worlds import fund, lot, measure, one_lot, rate, site, storehouse, tranche, village

RISKY = QUIET | {
    "event_rate.storage_per_storehouse_year": 0.02,
    "event_rate.external_per_storehouse_year": 0.01,
}


def taken(
    scenario: Scenario, *orders: tuple[str, int], disposal: DisposalPlan | None = None, **chance: object
) -> tuple[RunResult, Run]:
    """Return a replication in which measures are ordered; incidents and thefts only as given."""
    world = prepare(without_accidents(scenario))
    draws = draw(world, Streams(5, 0))
    supply = replace(draws.supply, thefts=chance.pop("thefts", ()))
    draws = replace(draws, candidates=chance.pop("candidates", ()), supply=supply, **chance)
    asked = replace(disposal or plan(), measures=tuple(MeasureOrder(*order) for order in orders))
    states: list[Run] = []
    result = run(world, compile_plan(world, asked), draws, states.append)
    return result, states[-1]


def risky(*measures: Measure, **changes: object) -> Scenario:
    """Return a lot near a village, with base causes only."""
    return one_lot(exposed_sites=[village(x_m=50.0)], measures=measures, parameters=RISKY, **changes)


def test_raised_level_lowers_all_base_causes() -> None:
    """From level 1 to 2 each base cause keeps the ratio of the register's factors."""
    scenario = risky(measure(level=2))
    rates = scenario.register.event_rate
    expected = rates.rrpl_factor_2 / rates.rrpl_factor_1
    assert rate_factors(scenario)[0, 0] == pytest.approx(np.full(len(BASE_CAUSES), expected))


def test_lightning_protection_lowers_external_causes_only() -> None:
    """A protected storehouse keeps 30% of external causes; its neighbour keeps all."""
    scenario = risky(measure(kind="lightning"), storehouses=[storehouse("H1"), storehouse("H2", y_m=500.0)])
    factors = rate_factors(scenario)[0]
    assert factors[0].tolist() == [0.3 if cause is Cause.EXTERNAL else 1.0 for cause in BASE_CAUSES]
    assert factors[1].tolist() == [1.0] * len(BASE_CAUSES)


def test_harm_falls_from_the_period_in_which_it_takes_effect() -> None:
    """Ordered at once with 100 days' lead, level 2 acts from the third period on."""
    scenario = risky(measure(level=2, lead_time_days=100.0))
    before, after = (taken(scenario, *orders)[0].harm_rate_per_year for orders in ((), (("M1", 0),)))
    share = rate_factors(scenario)[0, 0, 0]
    # 1 July: 91 days before it at the old rate, 92 after it at the new.
    expected = [1.0, 1.0, (91.0 + 92.0 * share) / 183.0, *[share] * 6]
    assert after / before == pytest.approx(expected)


def test_integral_of_a_step_is_exact() -> None:
    """A quarter sooner saves that quarter's length times the fall of the rate, though quarters differ."""
    scenario = risky(measure(level=2))
    results = [taken(scenario, ("M1", when))[0] for when in (3, 4)]
    first, second = (result.expected_public + result.expected_workers for result in results)
    none = taken(scenario)[0]
    share = rate_factors(scenario)[0, 0, 0]
    quarter = prepare(scenario).interval_years[3]
    assert second - first == pytest.approx((1.0 - share) * none.harm_rate_per_year[0] * quarter, rel=1e-9)


def test_measure_waits_for_money() -> None:
    """A measure of 200,000 USD is paid when the second tranche has come, and acts from then."""
    scenario = risky(
        measure(level=2, cost_usd=200_000.0),
        tranches=[tranche("T1", amount_usd=100_000.0), tranche("T2", due="2026-07-01", amount_usd=150_000.0)],
    )
    result, state = taken(scenario, ("M1", 0))
    assert state.measures.begins == {0: 2}
    assert result.spent_cents.sum(axis=0).tolist() == [0, 0, 20_000_000, 0, 0, 0, 0, 0]
    assert state.ledger.available == [5_000_000]


def test_guard_goes_home_when_nobody_pays() -> None:
    """Guards cost 40,000 USD a year and there are 25,000: they stay for two quarters."""
    scenario = risky(
        measure(kind="guard", level=3, yearly_cost_usd=40_000.0),
        sites=[site(guard_level=1)], tranches=[tranche(amount_usd=25_000.0)],
    )  # fmt: skip
    _, state = taken(scenario, ("M1", 0))
    assert state.measures.in_force == {0: {0, 1}}


def test_guards_stop_the_thefts_above_their_mark() -> None:
    """Guard level 3 leaves a tenth of thefts: the one with mark 0.05 happens, that with 0.5 does not."""
    scenario = risky(measure(kind="guard", level=3), sites=[site(guard_level=1)])
    thefts = (Theft(30.0, 0, 0.05, 0.1), Theft(60.0, 0, 0.5, 0.1))
    assert len(taken(scenario, thefts=thefts)[0].events) == 2
    assert [e.day for e in taken(scenario, ("M1", 0), thefts=thefts)[0].events] == [30.0]


def test_candidate_above_what_is_left_of_its_rate_does_not_happen() -> None:
    """Lightning protection leaves 30% of external causes: a mark of 0.5 is refused, one of 0.2 is not."""
    scenario = risky(measure(kind="lightning"))
    for mark, happens in ((0.5, False), (0.2, True)):
        struck = candidate(50.0, cause=Cause.EXTERNAL, mark=mark, extent=0.01)
        assert bool(taken(scenario, candidates=(struck,))[0].events)
        assert bool(taken(scenario, ("M1", 0), candidates=(struck,))[0].events) is happens


def two_houses(*measures: Measure, **changes: object) -> Scenario:
    """Return a storehouse next to a village and one far from it, with one lot each."""
    return one_lot(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=3_000.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        exposed_sites=[village(x_m=50.0)], measures=measures, parameters=RISKY, **changes,
    )  # fmt: skip


def test_moved_lot_harms_where_it_is() -> None:
    """Moved away from the village at the second period, H1 harms nobody; the stock stays the same."""
    scenario = two_houses(measure(kind="move", to_storehouse_id="H2"))
    stays, goes = taken(scenario)[0], taken(scenario, ("M1", 1))[0]
    assert goes.stock_g.tolist() == stays.stock_g.tolist()
    assert goes.harm_rate_per_year[0] == pytest.approx(stays.harm_rate_per_year[0])
    at_once = taken(scenario, ("M1", 0))[0]
    assert goes.harm_rate_per_year[1:] == pytest.approx(at_once.harm_rate_per_year[1:])
    assert goes.harm_rate_per_year[2] < 0.01 * stays.harm_rate_per_year[2]


def test_move_stops_at_the_limit_of_the_storehouse() -> None:
    """H2, 999 m from dwellings, may hold (999 / 22.2)^3 = 91,125 kg: of six lots of 20 t four may join."""
    scenario = one_lot(
        storehouses=[storehouse("H1", x_m=-500.0), storehouse("H2", x_m=999.0)],
        lots=[lot(f"L{k}", "H1", neq_kg=20_000.0) for k in range(6)],
        exposed_sites=[village(x_m=0.0)],
        measures=[measure(kind="move", to_storehouse_id="H2")], parameters=RISKY,
    )  # fmt: skip
    _, state = taken(scenario, ("M1", 0))
    assert [(lot, to) for _, lot, to in state.stock.moves] == [(0, 1), (1, 1), (2, 1), (3, 1)]


def test_work_under_way_makes_room_for_a_move() -> None:
    """Of 80 t in H2, which may hold 91 t, one job has done nine tenths by April: 20 t more have room."""
    scenario = one_lot(
        storehouses=[storehouse("H1", x_m=-500.0), storehouse("H2", x_m=999.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2", neq_kg=80_000.0)],
        exposed_sites=[village(x_m=0.0)],
        measures=[measure(kind="move", to_storehouse_id="H2")], parameters=RISKY,
    )  # fmt: skip
    work = plan(line("L2", 100.0))
    early, late = (taken(scenario, ("M1", period), disposal=work)[1].stock for period in (0, 1))
    assert early.moves == []
    assert [(lot, to) for _, lot, to in late.moves] == [(0, 1)]
    assert sum(late.destroyed_g) == 100 * TONNE


def test_move_keeps_groups_apart_that_may_not_be_mixed() -> None:
    """Where mines (D) are, shells (E) may come but hand grenades (F) stay where they are."""
    scenario = one_lot(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=3_000.0)],
        lots=[
            lot("GRENADES", "H1", nature_id="grenade_hand", stabiliser_fraction=None), lot("SHELLS", "H1"),
            lot("MINES", "H2", nature_id="mine_at", stabiliser_fraction=None),
        ],
        measures=[measure(kind="move", to_storehouse_id="H2")], parameters=RISKY,
    )  # fmt: skip
    _, state = taken(scenario, ("M1", 0))
    assert [(lot, to) for _, lot, to in state.stock.moves] == [(1, 1)]


def test_explosion_takes_what_has_been_moved_there() -> None:
    """After the move an explosion of H2 takes both lots, and H1 has nothing left to explode."""
    scenario = two_houses(measure(kind="move", to_storehouse_id="H2"))
    first = candidate(200.0, storehouse=0, extent=0.01)
    second = candidate(300.0, storehouse=1, extent=0.01)
    result, state = taken(scenario, ("M1", 0), candidates=(first, second))
    assert [e.storehouse for e in result.events] == [1]
    assert state.stock.present_g == [0, 0]


def test_moved_lot_is_destroyed_as_planned() -> None:
    """A line for the moved lot is done, and the harm at the end is that of an empty storehouse."""
    scenario = two_houses(
        measure(kind="move", to_storehouse_id="H2"), facility_rates=[rate(throughput_t_per_day=5.0)]
    )
    result, state = taken(scenario, ("M1", 0), disposal=plan(line("L1"), line("L2")))
    assert state.stock.present_g == [0, 0]
    assert result.harm_rate_per_year[-1] == 0.0


def test_surveillance_condemns_what_is_truly_bad() -> None:
    """Of two lots with unknown stabiliser the one that ages fast is found out and destroyed first."""
    scenario = one_lot(
        lots=[lot("L1", stabiliser_fraction="unknown"), lot("L2", stabiliser_fraction="unknown")],
        measures=[measure(kind="surveillance", cost_usd=1_000.0)],
        facility_rates=[rate(throughput_t_per_day=10.0)],
    )
    factor = np.array([0.01, 50.0])
    result, state = taken(scenario, ("M1", 0), lot_factor=factor)
    assert result.condemned_g == 100 * TONNE
    assert state.stock.destroyed_g == [0, 100 * TONNE]
    assert result.spent_cents.sum() == 100 * 1_000 + 100 * 500 * 100
    nothing, _ = taken(scenario, lot_factor=factor)
    assert nothing.condemned_g == 0


def test_condemned_lot_goes_before_the_plan() -> None:
    """A condemned lot is destroyed before the lines that were first in the plan."""
    scenario = one_lot(
        lots=[lot("L1", stabiliser_fraction=0.9), lot("L2", stabiliser_fraction="unknown")],
        measures=[measure(kind="surveillance")],
    )
    _, state = taken(
        scenario, ("M1", 0), disposal=plan(line("L1"), line("L2")), lot_factor=np.array([0.01, 50.0])
    )
    assert [segment.lot for segment in state.plants[0].segments] == [1, 0]


def test_lot_moved_to_where_it_is_tested_is_destroyed() -> None:
    """A bad lot that came from a storehouse without test is condemned and destroyed as any other."""
    scenario = one_lot(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=3_000.0)],
        lots=[lot("L1", "H1", stabiliser_fraction="unknown"), lot("L2", "H2", stabiliser_fraction=0.9)],
        measures=[
            measure("MOVE", kind="move", to_storehouse_id="H2"),
            measure("TEST", kind="surveillance", storehouse_id="H2"),
        ],
        facility_rates=[rate(throughput_t_per_day=10.0)],
    )  # fmt: skip
    result, state = taken(scenario, ("MOVE", 0), ("TEST", 1), lot_factor=np.array([50.0, 0.01]))
    assert result.condemned_g == 100 * TONNE
    assert state.stock.destroyed_g == [100 * TONNE, 0]


def test_strings_keep_money_from_measures() -> None:
    """Money for plant, a method, a category or another site does not pay for a measure."""
    scenario = risky(
        measure(level=2),
        sites=[site(), site("S2")],
        funds=[
            fund("FREE"), fund("PLANT", use="capital"), fund("KILN", earmark_methods=("rotary_kiln",)),
            fund("GUNS", earmark_categories=("artillery",)), fund("THERE", earmark_sites=("S2",)),
            fund("HERE", earmark_sites=("S1",)),
        ],
    )  # fmt: skip
    assert measure_eligible(scenario)[:, 0].tolist() == [True, False, False, False, False, True]


def test_unknown_measure_is_refused() -> None:
    """A plan that names a measure which the scenario does not have is an error."""
    with pytest.raises(PlanError, match="unknown measure"):
        taken(risky(), ("M9", 0))


def test_measure_is_part_of_the_plans_hash() -> None:
    """Two plans that differ in a measure alone are different plans."""
    without = plan()
    assert replace(without, measures=(MeasureOrder("M1", 0),)).sha256() != without.sha256()
