"""Cheapest plans that reach a harm: against roots, a grid of all plans, and one another."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import brentq

from demilsim.errors import DemilsimError, StudyError
from demilsim.experiments.frontier import frontier, least_harm_searches
from demilsim.optimisation.bridge import run_kept
from demilsim.optimisation.candidates import Search
from demilsim.optimisation.least_cost import Cheapener
from demilsim.optimisation.status import SolveOptions
from demilsim.scenario.scenario import Scenario
from optimisation.instances import build_or_not, three_towns, two_towns
from worlds import fund, measure, one_lot, tranche, village

PERSONS = 50_000.0


def one_town() -> Scenario:
    """Return one lot beside a town, a plant, and money for all of it."""
    return one_lot(
        exposed_sites=(village(persons=PERSONS),),
        funds=(fund("US"),),
        tranches=(tranche("T1", "US", amount_usd=1e6),),
    )


def search_of(scenario: Scenario) -> Search:
    return least_harm_searches(scenario, SolveOptions())[0]


def test_one_lot_is_a_root() -> None:
    """Of one lot in one period the tonnes that reach a harm are a root, and cost their price."""
    search = search_of(one_town())
    harm, best = search.harm, search.descent.values[: search.harm.flows]
    target = 0.5 * (harm.do_nothing + search.exact_harm)
    plan = Cheapener(search).cheapest(target)
    assert plan is not None
    # Earlier destruction of as much does less harm, so that the cheapest plan fills periods from the first.
    order = np.argsort(search.problem.flows.block, kind="stable")

    def first(tonnes: float) -> np.ndarray:
        flows, left = np.zeros(best.size), tonnes
        for i in order.tolist():
            flows[i] = min(best[i], left)
            left -= flows[i]
        return flows

    root = brentq(lambda tonnes: harm.total(first(tonnes)) - target, 0.0, best.sum(), xtol=1e-9)
    unit = search.problem.groups.cost_usd_per_t[0, 0]
    assert plan.cost_usd == pytest.approx(root * unit, rel=1e-3)
    assert plan.harm <= target


def test_no_plan_of_a_grid_is_cheaper() -> None:
    """Of 20,000 random plans for two lots none that reaches the target is cheaper by a thousandth."""
    search = search_of(two_towns())
    harm, flows = search.harm, search.problem.flows
    target = 0.4 * harm.do_nothing + 0.6 * search.exact_harm
    plan = Cheapener(search).cheapest(target)
    assert plan is not None
    assert plan.harm <= target
    unit = search.problem.groups.cost_usd_per_t[flows.group, flows.facility]
    best = search.descent.values[: harm.flows]
    shares = np.random.default_rng(5).choice([0.0, 0.25, 0.5, 0.75, 1.0], (20_000, best.size))
    cheaper = shares[(shares * best) @ unit < plan.cost_usd * (1.0 - 1e-3)]
    assert cheaper.size
    for some in cheaper:
        assert harm.total(some * best) > target


def test_a_start_that_does_not_reach_the_target_is_refused() -> None:
    """Nothing is made cheaper that does not do what is asked."""
    search = search_of(two_towns())
    assert Cheapener(search).cheapen(search.descent.values, 0.99 * search.exact_harm) is None


@pytest.mark.parametrize("make", [build_or_not, three_towns, two_towns])
def test_less_harm_never_costs_less(make: object) -> None:
    """Along the frontier cost falls as harm rises; every point reaches its target within its rows."""
    found = frontier(make())  # type: ignore[operator]
    costs = [point.cost_usd for point in found.points]
    assert costs == sorted(costs, reverse=True)
    assert all(point.harm <= point.target for point in found.points)
    assert found.points[-1].cost_usd < found.points[0].cost_usd
    assert all(point.target < found.do_nothing_harm for point in found.points)


def test_the_plan_stays_within_its_rows() -> None:
    """What comes out is a plan: stock, days, permits and money hold."""
    search = search_of(build_or_not())
    target = 0.3 * search.harm.do_nothing + 0.7 * search.exact_harm
    plan = Cheapener(search).cheapest(target)
    assert plan is not None
    assert search.model.violations(plan.values) == ()


def test_time_is_the_third_objective() -> None:
    """By an earlier date as much averted costs no less, and less can be averted; the note says how much."""
    dates = [dt.date(2026, 7, 1), dt.date(2027, 1, 1)]
    found = frontier(build_or_not(), [1.0, 0.5, 0.2], by=dates, options=SolveOptions(bound_steps=0))
    cost = {(point.by, point.share): point.cost_usd for point in found.points}
    assert {share for by, share in cost if by is None} == {1.0, 0.5, 0.2}
    for share in (1.0, 0.5, 0.2):
        by_date = [cost[date, share] for date in (*dates, None) if (date, share) in cost]
        assert by_date == sorted(by_date, reverse=True)
    for point in found.points:
        assert point.by is None or point.done is None or point.done <= point.by
        assert point.harm <= point.target
    assert (dates[0], 1.0) not in cost
    assert found.notes[0].startswith("by 2026-07-01 no plan was found that averts more than")
    assert (dates[1], 0.5) in cost
    assert (dates[1], 0.2) in cost


def test_dates_out_of_range() -> None:
    """Before the first period ends nothing can be done, and the horizon is there anyway."""
    with pytest.raises(DemilsimError, match="by: expected dates from 2026-04-01"):
        frontier(two_towns(), by=[dt.date(2026, 3, 31)])


def test_shares_out_of_range() -> None:
    """A share above one is refused."""
    with pytest.raises(DemilsimError, match="within 0 and 1"):
        frontier(two_towns(), [1.5])


def test_dates_are_refused() -> None:
    """A cheaper plan would leave what has a date: the message says so."""
    lots = [row.model_copy(update={"destroy_by": dt.date(2028, 1, 1)}) for row in two_towns().lots]
    with pytest.raises(StudyError, match=r"destroy_by: expected no dates"):
        frontier(two_towns(lots=lots))


def test_measures_are_left_aside_and_said_to_be() -> None:
    """With a measure on offer the points are those without it, and a note tells."""
    found = frontier(two_towns(measures=(measure("RRPL", level=3, cost_usd=1.0),)), [1.0])
    assert found.points == frontier(two_towns(), [1.0]).points
    assert found.notes == ("1 measures other than destruction are left aside",)


@pytest.mark.parametrize("answers", [["kOptimal"], ["kUnknown", "kInfeasible"], ["kUnknown", "kUnknown"]])
def test_a_kept_solver_that_ends_without_a_result_begins_anew_once(answers: list[str]) -> None:
    """Of a national frontier one program of hundreds ended so; solved from nothing it had an answer."""
    highspy = pytest.importorskip("highspy")
    done: list[str] = []
    ok = highspy.HighsStatus.kOk
    solver = SimpleNamespace(
        run=lambda: done.append("run") or ok,
        clearSolver=lambda: done.append("clear") or ok,
        getModelStatus=lambda: getattr(highspy.HighsModelStatus, answers[done.count("run") - 1]),
    )
    run_kept(solver)
    assert done == (["run"] if len(answers) == 1 else ["run", "clear", "run"])
