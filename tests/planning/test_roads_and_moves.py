"""What a planner knows of roads and mobile plant: expected cost, closed roads, places, audit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.model.calendar import departure_days, nominal_working_days, roads_open
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.audit import audit
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.optimisation.blocks import calendar_years, single_periods
from demilsim.optimisation.groups import make_groups
from demilsim.optimisation.problem import make_problem
from demilsim.plan import DisposalPlan, PlanLine
from demilsim.planning.draft import Draft
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import nominal_coefficients, rule_draft
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams
from stories import RAISED
from worlds import facility, fund, lot, rate, route, site, storehouse, tranche, village, world

CONVOY = {"vehicles_per_convoy": 5, "escort_usd_per_convoy": 1_200.0}


def hauled(mass_t: float = 100.0, neq_kg: float = 20_000.0, **road: Any) -> Scenario:
    """Return a lot at S1 and a plant at S2, 100 km away, with a column of the road changed."""
    return world(
        sites=[site(), site("S2")],
        lots=[lot(gross_mass_t=mass_t, neq_kg=neq_kg)],
        facilities=[facility(site_id="S2")],
        routes=[route("S1", "S2", **road)],
        parameters=RAISED,
    )


def shared(*masses_t: float, **plant: Any) -> Scenario:
    """Return a lot at each of several sites, in countries A, B, ..., and mobile plant that starts at S1."""
    names = [f"S{k + 1}" for k in range(len(masses_t))]
    base = {"mobile": True, "move_days": 9.0, "move_cost_usd": 3_000.0}
    return world(
        sites=[site(s, country=2 * chr(65 + k)) for k, s in enumerate(names)],
        storehouses=[storehouse(f"H{k + 1}", s) for k, s in enumerate(names)],
        exposed_sites=[village(f"E{k + 1}", s) for k, s in enumerate(names)],
        lots=[lot(f"L{k + 1}", f"H{k + 1}", gross_mass_t=m) for k, m in enumerate(masses_t)],
        facilities=[facility(**(base | plant))],
        parameters=RAISED,
    )


@pytest.mark.parametrize(
    ("road", "escort_usd_per_t"),
    [
        (CONVOY, 1_200 / 60),
        (CONVOY | {"neq_limit_kg_per_vehicle": 3_000.0}, 1_200 / 60),
        (CONVOY | {"neq_limit_kg_per_vehicle": 1_000.0}, 1_200 / 25),
        ({"escort_usd_per_convoy": 1_200.0}, 1_200 / 12),
    ],
)
def test_expected_escort_is_that_of_full_convoys(road: dict[str, Any], escort_usd_per_t: float) -> None:
    """Five vehicles carry 60 t, or 25 t where 200 kg NEQ a tonne meet 1,000 kg a vehicle; audit agrees."""
    scenario = hauled(**road)
    options = disposal_options(scenario)
    assert options.direct_usd_per_t[0, 0] == 550.0
    assert options.cost_usd_per_t[0, 0] == pytest.approx(550.0 + escort_usd_per_t)
    rows = audit_rows(scenario)
    exact = rows.cost_usd_per_t(scenario.lots[0], scenario.facilities[0])
    assert float(exact) == pytest.approx(options.cost_usd_per_t[0, 0], rel=1e-12)


def test_expected_moves_are_one_for_each_site_over_all_that_is_there() -> None:
    """3,000 USD over 60 t at S2 and over 20 t at S3, nothing where the plant starts; audit agrees."""
    scenario = shared(100.0, 60.0, 20.0)
    scenario = replace(scenario, lots=(*scenario.lots, lot("R", "H2", status="reserve")))
    options = disposal_options(scenario)
    assert options.cost_usd_per_t[:3, 0] == pytest.approx([500.0, 550.0, 650.0])
    assert options.direct_usd_per_t[:3, 0].tolist() == [500.0] * 3
    rows = audit_rows(scenario)
    for row, cost in zip(scenario.lots[:3], options.cost_usd_per_t[:3, 0], strict=True):
        assert float(rows.cost_usd_per_t(row, scenario.facilities[0])) == pytest.approx(cost, rel=1e-12)


@pytest.mark.parametrize(
    ("serves", "allowed"),
    [((), [1, 1, 1]), (("S1", "S3"), [1, 0, 1]), (("S2", "S3"), [0, 0, 0]), (("S1",), [1, 0, 0])],
)
def test_mobile_plant_leaves_no_country_that_it_does_not_serve(
    serves: tuple[str, ...], allowed: list[int]
) -> None:
    """From S1 in country A it goes to others if it serves A too; the audit bars the same sites."""
    scenario = shared(10.0, 10.0, 10.0, serves_sites=serves)
    assert disposal_options(scenario).allowed[:, 0].astype(int).tolist() == allowed
    for k, free in enumerate(allowed):
        work = DisposalPlan("one", "none", (PlanLine(f"L{k + 1}", "F1", grams(1.0), 0, 0),))
        assert (audit(scenario, work, nominal_coefficients(scenario)) == ()) == bool(free)


def test_departures_by_hand() -> None:
    """A road open in March, April and November: ready in January leave on day 59, in July on day 304."""
    scenario = hauled(open_months=(3, 4, 11))
    assert departure_days(scenario)[0, :4].tolist() == [59.0, 90.0, 304.0, 304.0]
    assert roads_open(scenario)[0, :4].tolist() == [True, True, False, True]
    assert roads_open(scenario)[-1].all()
    assert np.isinf(departure_days(hauled(open_months=(1,)))[0, -1])


def plan_of(rule: str, scenario: Scenario) -> Draft:
    """Return the draft of a rule on nominal coefficients."""
    return rule_draft(rule, premises_of(scenario, nominal_coefficients(scenario)))


@pytest.mark.parametrize(("usd", "tonnes"), [(12_999.0, 9.998), (13_000.0, 10.0), (10_000.0, 4.0)])
def test_rules_pay_a_move_when_it_is_made(usd: float, tonnes: float) -> None:
    """10 t at home cost 5,000 USD, a move 3,000 USD, and what is left pays for 500 USD a tonne at S2."""
    draft = plan_of("oldest_first", replace(shared(10.0, 30.0), tranches=(tranche(amount_usd=usd),)))
    done = [sum(p.mass_t for p in draft.pieces if p.lot == row) for row in range(2)]
    assert done == pytest.approx([10.0, tonnes])


def test_rules_do_not_move_what_they_cannot_pay() -> None:
    """8,000 USD pay for the work at home and the move, and for nothing there: it is not made."""
    draft = plan_of("oldest_first", replace(shared(10.0, 30.0), tranches=(tranche(amount_usd=8_000.0),)))
    assert {p.lot for p in draft.pieces} == {0}


def test_rules_send_nothing_by_a_closed_road() -> None:
    """Of eight quarters the road is open in the second and the sixth alone: 91 t, then the rest."""
    draft = plan_of("oldest_first", hauled(open_months=(5,)))
    assert [(p.period, round(p.mass_t, 6)) for p in draft.pieces] == [(1, 91.0), (5, 9.0)]


def test_optimiser_has_no_flow_by_a_closed_road() -> None:
    """Columns of single periods leave out closed ones; a year has its column if any month is open."""
    scenario = hauled(open_months=(5,))
    options, harm = disposal_options(scenario), stock_harm(scenario)
    groups = make_groups(scenario, options, harm)
    for blocks, expected in ((single_periods(scenario), [1, 5]), (calendar_years(scenario), [0, 1])):
        problem = make_problem(scenario, nominal_coefficients(scenario), options, groups, blocks, {})
        assert problem.flows.block.tolist() == expected


def test_audit_finds_work_by_a_closed_road() -> None:
    """A line in the first quarter is named, one in the second is not."""
    scenario = hauled(open_months=(5,))
    found = [
        audit(
            scenario,
            DisposalPlan("one", "none", (PlanLine("L1", "F1", grams(9.0), period, 0),)),
            nominal_coefficients(scenario),
        )
        for period in (0, 1)
    ]
    assert "its road is closed in the period of 2026-01-01" in found[0][0]
    assert found[1] == ()


def test_rules_group_the_lines_of_mobile_plant_by_site() -> None:
    """S1 first, then all of the next site in rank after nine days on the way, in each period."""
    scenario = shared(30.0, 30.0, 30.0)
    older = [lot(f"B{k}", f"H{k}", gross_mass_t=6.0, year_made=1950 + k) for k in (3, 2, 1)]
    scenario = replace(scenario, lots=(*older, *scenario.lots))
    draft = plan_of("oldest_first", scenario)
    sites = [
        scenario.storehouses[int(scenario.lots[p.lot].storehouse_id[1]) - 1].site_id for p in draft.pieces
    ]
    assert sites == ["S1", "S1", "S2", "S2", "S3", "S3"]
    masses = [round(piece.mass_t, 6) for piece in draft.pieces if piece.period == 0]
    assert masses == [6.0, 30.0, 6.0, 30.0]
    # 90 days less 72 t and a move leave nine, which the next move takes; S3 waits for April.
    assert [piece.period for piece in draft.pieces] == [0, 0, 0, 0, 1, 1]
    assert nominal_working_days(scenario)[0, 0] == 90.0


def test_rules_move_nowhere_without_money() -> None:
    """With nothing left for S2's lot the plant stays where it is, and its days with it."""
    scenario = shared(30.0, 30.0)
    scenario = replace(scenario, tranches=(tranche(amount_usd=30 * 500.0),))
    draft = plan_of("cheapest_first", scenario)
    assert [(p.lot, p.period, round(p.mass_t, 6)) for p in draft.pieces] == [(0, 0, 30.0)]


def test_rules_go_by_a_site_for_which_there_is_no_money() -> None:
    """S2's older lot has no fund: straight to S3, which leaves 90 - 10 - 9 days for its 75 t."""
    scenario = shared(10.0, 30.0, 75.0)
    lots = [
        row.model_copy(update={"year_made": 1950 if k == 1 else 1980}) for k, row in enumerate(scenario.lots)
    ]
    scenario = replace(scenario, lots=tuple(lots), funds=(fund(earmark_sites=("S1", "S3")),))
    first = [(p.lot, round(p.mass_t, 6)) for p in plan_of("oldest_first", scenario).pieces if p.period == 0]
    assert first == [(0, 10.0), (2, 71.0)]


def test_rate_of_other_categories_is_no_campaign() -> None:
    """A lot that the plant does not take shares no move."""
    scenario = shared(100.0, 60.0)
    mines = lot("M", "H2", nature_id="mine_at", stabiliser_fraction=None)
    scenario = replace(scenario, lots=(*scenario.lots, mines), facility_rates=(rate(),))
    assert disposal_options(scenario).cost_usd_per_t[1, 0] == pytest.approx(550.0)
