"""Where no plan keeps all limits: what gives way is named, applied, and a plan then exists."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import InfeasibleError
from demilsim.optimisation.audit import audit
from demilsim.optimisation.deadlines import due_period
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.relaxations import Relaxation, Way, relaxed, ways_out
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.task import make_task
from demilsim.plan import PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from optimisation.instances import coefficients, lot_plan, two_towns
from optimisation.random_cases import random_scenario
from worlds import facility, rate, tranche

EXACT = SolveOptions(gap_averted=0.0, node_limit=10**6)


def dated(scenario: Scenario, date: dt.date, *lots: str) -> Scenario:
    """Return a scenario in which some lots, or all, must be destroyed by a date."""
    rows = [
        lot.model_copy(update={"destroy_by": date}) if not lots or lot.lot_id in lots else lot
        for lot in scenario.lots
    ]
    return replace(scenario, lots=tuple(rows))


def ways(scenario: Scenario, known: PlanningCoefficients) -> tuple[Way, ...]:
    """Return the ways out of a scenario."""
    return ways_out(make_task(scenario, known), EXACT)


def by_family(found: tuple[Way, ...]) -> dict[tuple[str, ...], tuple[Relaxation, ...]]:
    """Return the relaxations of each way by its families."""
    return {way.families: way.relaxations for way in found}


def test_a_date_that_can_be_kept_is_kept() -> None:
    """50,000 USD pay for 100 t: the lot with a date goes first, though the other averts more."""
    scenario = dated(two_towns(), dt.date(2026, 7, 1), "L1")
    known = coefficients(scenario)
    free = optimise(two_towns(), known)
    result = optimise(scenario, known)
    flows, group = result.flows, result.groups.group_of_lot[0]
    in_time = (flows.group == group) & (flows.period <= 1)
    assert flows.tonnes[in_time].sum() == pytest.approx(100.0, rel=1e-6)
    assert free.flows.tonnes[free.flows.group == group].sum() < 20.0
    assert result.planned_harm > free.planned_harm


def test_last_period_ends_by_the_date() -> None:
    """A date on the first day of a quarter asks for the one just over; a day earlier, for the one before."""
    for date, last in ((dt.date(2026, 6, 30), 0), (dt.date(2026, 7, 1), 1), (dt.date(2026, 3, 1), -1)):
        scenario = dated(two_towns(), date, "L1")
        task = make_task(scenario, coefficients(scenario))
        due = due_period(task.problem(()))
        assert due[task.groups.group_of_lot[0]] == last
        assert due[task.groups.group_of_lot[1]] == scenario.periods


def test_what_is_missing_is_told_by_hand() -> None:
    """Both lots within the year need 200 t at 500 USD/t, so 50,000 USD more; time there is enough.

    The missing money destroys 100 t in 100 days: the last quarter alone is too short for that, the third is
    not too late.
    """
    scenario = dated(two_towns(), dt.date(2027, 1, 1))
    known = coefficients(scenario)
    found = by_family(ways(scenario, known))
    money = found[("budget",)]
    assert len(money) == 1
    assert sum(money[0].amount) == pytest.approx(50_000.0, rel=0.01)
    assert sum(money[0].amount) >= 50_000.0 * (1.0 - 1e-6)
    in_time = tuple(f" had 50,000 USD more by 2026q{quarter}" for quarter in (1, 2, 3))
    assert money[0].words.endswith(in_time)
    assert ("working_days",) not in found


def test_a_lot_may_be_some_quarters_late() -> None:
    """100 t at a tonne a day need two quarters: asked for by April, the lot is told to go a quarter later."""
    scenario = dated(two_towns(), dt.date(2026, 4, 1), "L1")
    late = by_family(ways(scenario, coefficients(scenario)))[("destroy_by",)]
    assert [(r.subject, r.last_period) for r in late] == [("L1", 1)]
    assert late[0].words == "lot L1 might be destroyed 1 quarter later, by 2026-07-01"


def test_a_date_within_the_first_quarter_may_be_missed_by_that_quarter() -> None:
    """At 10 t a day L1 is gone by April: asked for by 15 February, it is told to go a quarter later."""
    scenario = dated(two_towns(facility_rates=(rate(throughput_t_per_day=10.0),)), dt.date(2026, 2, 15), "L1")
    late = by_family(ways(scenario, coefficients(scenario)))[("destroy_by",)]
    assert [(r.subject, r.last_period) for r in late] == [("L1", 0)]
    assert late[0].words == "lot L1 might be destroyed 1 quarter later, by 2026-04-01"


@pytest.mark.parametrize("date", [dt.date(2026, 4, 1), dt.date(2026, 7, 1), dt.date(2027, 1, 1)])
def test_relaxations_are_applied_and_a_plan_exists(date: dt.date) -> None:
    """Each way that is told, put into scenario and coefficients, gives a plan that keeps the dates left."""
    scenario = dated(two_towns(facilities=(facility("F1", permit_t_per_year=90.0),)), date)
    known = coefficients(scenario)
    with pytest.raises(InfeasibleError, match="no plan keeps all limits; one would if"):
        optimise(scenario, known)
    found = ways(scenario, known)
    assert found
    assert any("destroy_by" not in way.families for way in found)
    for way in found:
        assert way.relaxations
        result = optimise(*relaxed(scenario, known, way.relaxations))
        assert result.flows.tonnes.size


@pytest.mark.parametrize("seed", range(6))
def test_ways_out_of_random_programmes_work(seed: int) -> None:
    """The same on random programmes in which all must go within nine months; without change there is none."""
    scenario = dated(random_scenario(seed), dt.date(2026, 10, 1))
    known = coefficients(scenario)
    found = ways(scenario, known)
    assert found
    for way in found:
        assert bool(way.relaxations) == bool(way.families)
        again = ways(*relaxed(scenario, known, way.relaxations))
        assert again[0].families == (), way


def test_no_smaller_stretch_will_do() -> None:
    """A percent less of what is told, and there is no plan again."""
    scenario = dated(two_towns(), dt.date(2027, 1, 1))
    known = coefficients(scenario)
    (money,) = by_family(ways(scenario, known))[("budget",)]
    less = replace(money, amount=tuple(0.99 * usd for usd in money.amount))
    changed = relaxed(scenario, known, (less,))
    assert ways(*changed)[0].families != ()


def test_more_money_enters_scenario_and_coefficients_alike() -> None:
    """A tranche before overhead, and a receipt after it, of the same period."""
    scenario = two_towns(tranches=(tranche(amount_usd=1_000.0),))
    fund = scenario.funds[0].model_copy(update={"overhead_fraction": 0.2})
    scenario = replace(scenario, funds=(fund,))
    amount = (0.0, 80.0, *[0.0] * (scenario.periods - 2))
    more = Relaxation("budget", fund.fund_id, amount, None, "")
    changed, known = relaxed(scenario, coefficients(scenario), (more,))
    assert np.allclose(known.receipts_usd, coefficients(changed).receipts_usd)
    assert known.receipts_usd[0, 1] == pytest.approx(80.0)


def test_audit_finds_what_is_left_on_a_date() -> None:
    """The plan that keeps the date passes; a line moved a quarter on, past the date, does not."""
    scenario = dated(two_towns(), dt.date(2026, 7, 1), "L1")
    known = coefficients(scenario)
    plan = lot_plan(scenario, optimise(scenario, known))
    assert audit(scenario, plan, known) == ()
    late = [
        replace(line, earliest_period=2) if line.lot_id == "L1" and line.earliest_period == 1 else line
        for line in plan.lines
    ]
    (problem,) = audit(scenario, replace(plan, lines=tuple(late)), known)
    assert "lot L1:" in problem
    assert "t left on 2026-07-01, expected none" in problem
