"""From a scenario to a plan: group, choose commissionings by MILP, then optimise flows on exact harm."""

from __future__ import annotations

import numpy as np

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.candidates import Search, begin, finish, group_flows, neighbours, promising
from demilsim.optimisation.objective import emptied_path_t, planning_harm, remaining_t
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import Solution, SolveOptions, relative_gap, solve
from demilsim.optimisation.task import Choice, Task, make_task
from demilsim.plan import Commissioning, DisposalPlan, PlanningCoefficients
from demilsim.scenario.scenario import Scenario

DEFAULT_OPTIONS = SolveOptions()


def optimise(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    *,
    start: DisposalPlan | None = None,
    options: SolveOptions = DEFAULT_OPTIONS,
) -> PlanResult:
    """Return the plan of least planning harm that was found.

    Parameters
    ----------
    scenario
        The scenario.
    coefficients
        Capacity, money and harm factors as the simulation has them. To keep a fund out, give it no
        receipts.
    start
        A plan to improve: harm is made linear along its path, and the result is never worse than what the
        model allows of it.
    options
        How to solve.

    Raises
    ------
    SolverError
        If no solver is installed.
    PlanError
        If `start` names lots or facilities that the scenario does not have.
    """
    task = make_task(scenario, coefficients)
    wanted = None if start is None else task.destroyed_t(start)
    if wanted is None:
        path = emptied_path_t(task.groups.held_t(scenario.periods))
    else:
        path = remaining_t(task.groups.held_t(scenario.periods), wanted.sum(axis=1).T)
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    found = solve(assemble(problem, harm.linearised(path), harm.do_nothing), options)
    of_start: Choice | None = None if start is None else task.choice(start)
    chosen = _orders(problem, found)
    choices = [choice for choice in (chosen, of_start, ()) if choice is not None]
    if options.neighbours and chosen is not None:
        choices += promising(task, neighbours(problem, chosen), path)
    searches = []
    for choice in dict.fromkeys(choices):
        searches += begin(task, choice, path, wanted if choice == of_start else None)
    return _result(task, found, finish(searches, options.max_steps), start)


def _orders(problem: Problem, found: Solution) -> Choice | None:
    """Return the commissionings of a solution of the MILP; None without incumbent."""
    if found.values is None:
        return None
    chosen = found.values[problem.order_offset : problem.payment_offset] > 0.5
    facility, period = problem.orders.facility[chosen], problem.orders.period[chosen]
    return tuple(sorted(zip(facility.tolist(), period.tolist(), strict=True)))


def _result(task: Task, found: Solution, searches: list[Search], start: DisposalPlan | None) -> PlanResult:
    """Return the first of the searches, which is the best, with what is known of it."""
    best = searches[0]
    wrong = best.model.violations(best.descent.values)
    assert not wrong, f"steps between plans left their rows: {', '.join(wrong[:3])}"
    facilities = task.scenario.facilities
    start_harm = min((s.start_harm for s in searches if s.from_start), default=np.inf)
    do_nothing = best.harm.do_nothing
    return PlanResult(
        status=found.status,
        source=start.source if start is not None and best.exact_harm >= start_harm else "milp",
        solver=found.solver,
        incumbent=found.objective,
        best_bound=found.bound,
        gap_remaining=_gap(found, found.objective),
        gap_averted=_gap(found, do_nothing - found.objective),
        do_nothing_harm=do_nothing,
        planned_harm=best.exact_harm,
        linear_harm=best.linear_harm,
        start_harm=start_harm,
        flows=group_flows(best.problem, best.amounts),
        commissionings=tuple(Commissioning(facilities[f].facility_id, t) for f, t in best.choice),
        groups=task.groups,
        notes=found.notes + _notes(task, found, searches),
    )


def _gap(found: Solution, whole: float) -> float:
    """Return |incumbent - bound| as a share of `whole`; infinite without incumbent or bound."""
    if found.values is None or not np.isfinite(found.bound):
        return float("inf")
    return relative_gap(whole, whole - (found.objective - found.bound))


def _notes(task: Task, found: Solution, searches: list[Search]) -> tuple[str, ...]:
    """Return what the reader of the plan should know about where it came from."""
    notes = []
    if found.values is None:
        notes.append(f"the MILP ended {found.status.value}: no commissionings of its own were compared")
    choices = len({search.choice for search in searches})
    notes.append(
        f"{task.groups.count} groups of {task.groups.group_of_lot.size} lots; {choices} choices of "
        f"commissionings and {len(searches)} searches compared"
    )
    return tuple(notes)
