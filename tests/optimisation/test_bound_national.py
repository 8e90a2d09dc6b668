"""The national scenario: how close the plan is proved to be, and whether other starts find a better one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.kept import keep
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.sequential import descend, largest_part, polish
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import Floats
from demilsim.planning.draft import period_by_period
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import RULES, nominal_coefficients, rule_draft
from demilsim.scenario.loader import load_scenario

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

SCENARIO = Path(__file__).parents[2] / "scenarios" / "kazakhstan"
RANDOM_SEEDS = (1, 2)
SETTLING = 40


@pytest.fixture(scope="module")
def planned() -> tuple[Task, PlanResult]:
    """Return the task on nominal coefficients, and the plan from the best simple rule's start."""
    scenario = load_scenario(SCENARIO)
    known = nominal_coefficients(scenario)
    draft = rule_draft("risk_per_day_first", premises_of(scenario, known))
    start = period_by_period(draft, scenario)
    options = SolveOptions(gap_averted=0.002)
    return make_task(scenario, known), optimise(scenario, known, start=start, options=options)


def test_gap_of_exact_harm(planned: tuple[Task, PlanResult]) -> None:
    """At most 10% of the harm averted is left open, with a bound over all plans."""
    _, result = planned
    print(f"incumbent {result.incumbent:.4f}, bound {result.best_bound:.4f}")
    print(f"gap of averted {result.gap_averted:.4f}, of remaining {result.gap_remaining:.4f}")
    assert 0.0 < result.best_bound <= result.incumbent
    assert result.gap_averted <= 0.10


def test_no_worse_than_eight_starts(planned: tuple[Task, PlanResult]) -> None:
    """From five rules' plans, the MILP's and two random ones, under the same commissionings, none is better.

    Better by more than a thousandth of the harm averted, which is what a local search leaves.
    """
    task, result = planned
    index = {row.facility_id: f for f, row in enumerate(task.scenario.facilities)}
    choice = tuple(sorted((index[row.facility_id], row.period) for row in result.commissionings))
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    kept = keep(assemble(problem, np.zeros(harm.flows), 0.0))
    found = {}
    for name, point in starts(task, harm.flows, choice):
        part = largest_part(kept, point, problem.columns.upper)
        assert part is not None
        settled = descend(kept, harm, part, SETTLING)
        found[name] = polish(kept, harm, settled.values, SETTLING // 2).harm[-1]
        print(f"{name}: {found[name]:.4f}")
    assert len(found) == 8
    allowed = 1e-3 * (result.do_nothing_harm - result.incumbent)
    assert result.incumbent <= min(found.values()) + allowed


def starts(task: Task, flows: int, choice: tuple[tuple[int, int], ...]) -> list[tuple[str, Floats]]:
    """Return eight named starts as wanted flows, shape (flow,)."""
    scenario, columns = task.scenario, task.problem(choice).flows
    premises = premises_of(scenario, task.coefficients)
    result: list[tuple[str, Floats]] = []
    for name in RULES:
        draft = rule_draft(name, premises)
        wanted = task.destroyed_t(period_by_period(draft, scenario))
        result.append((name, wanted[columns.group, columns.facility, columns.block]))
    result.append(("milp", milp_start(task, choice)))
    problem = task.problem(choice)
    kept = keep(assemble(problem, np.zeros(flows), 0.0))
    for seed in RANDOM_SEEDS:
        cost = np.zeros(len(problem.columns.names))
        cost[:flows] = np.random.default_rng(seed).normal(-1.0, 1.0, flows)
        values = kept.minimise(cost).values
        assert values is not None
        result.append((f"random {seed}", values[:flows]))
    return result


def milp_start(task: Task, choice: tuple[tuple[int, int], ...]) -> Floats:
    """Return the flows that are best for harm made linear along the path that empties all at once."""
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    path = emptied_path_t(task.groups.held_t(task.scenario.periods))
    found = solve(assemble(problem, harm.linearised(path), harm.do_nothing), SolveOptions())
    assert found.values is not None
    return found.values[: harm.flows]
