"""Plans with and without measures other than destruction: the better of the two, by exact harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.model.measures import rate_factors
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.measure_choice import Taken, taken
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import joined
from demilsim.optimisation.measures import RATE_KINDS, measure_orders, with_rates
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.status import gap_of
from demilsim.optimisation.task import Task
from demilsim.plan import Floats


def with_measures(
    task: Task,
    plan: Callable[[Task], PlanResult],
    bound: Callable[[Task], float],
    options: SolveOptions,
) -> PlanResult:
    """Return the best plan found for a task, measures included.

    Measures, commissionings and flows are first chosen together by the MILP, on harm made linear along the
    plan without measures. What it takes is paid for and in force; commissionings and flows are then planned
    again on exact harm. The better of the two plans is kept; that without where the money left cannot keep
    the dates of lots.

    Parameters
    ----------
    task
        The task.
    plan
        Plans a task without measures.
    bound
        Returns a bound on the exact harm of every plan of a task without measures [persons]; minus infinity
        where there is none.
    options
        How to solve.
    """
    without = plan(task)
    choice = choose_measures(task, path_of(task, without), options)
    if choice is None:
        return without
    if not choice.orders:
        return _bounded(without, without.do_nothing_harm, bound(with_all_measures(task)))
    applied = choice.applied(task)
    best = bound(with_all_measures(task))
    try:
        found = plan(applied)
    except InfeasibleError:
        # In blocks of years the MILP takes money for late in a year as if it were there before the dates.
        left_out = (
            *without.notes,
            "measures left out, since their money is needed to keep the dates of lots or limits on risk",
        )
        return _bounded(replace(without, notes=left_out), without.do_nothing_harm, best)
    path = path_of(task, found)
    # The mean rates of the search are exchanged for those of each date.
    harm = (
        found.planned_harm + task.stock.total(path) - applied.stock.total(path) - choice.averted(task, path)
    )
    if harm >= without.planned_harm:
        return _bounded(without, without.do_nothing_harm, best)
    averted = float(choice.averted(task, path))
    note = (
        f"{len(choice.orders)} measures other than destruction taken, which avert {averted:.3g} of the harm "
        "that the plan leaves; the search knew their mean over time, the planned harm their dates"
    )
    found = replace(
        found,
        incumbent=harm,
        planned_harm=harm,
        start_harm=without.start_harm,
        measures=choice.orders,
        measures_paid_usd=choice.paid_usd,
        without_orders=None,
        source="milp",
        notes=(*found.notes, note),
    )
    return _bounded(found, without.do_nothing_harm, best)


def choose_measures(task: Task, path_t: Floats, options: SolveOptions) -> Taken | None:
    """Return the measures that the joined MILP takes; None where none on offer could lower a rate.

    Parameters
    ----------
    task
        The task.
    path_t
        Path along which harm is made linear [t], shape (knot, group).
    options
        How to solve.
    """
    if not any(measure.kind in RATE_KINDS for measure in task.scenario.measures):
        return None
    problem = task.yearly_problem()
    orders = measure_orders(task, problem)
    if orders is None:
        return None
    harm = planning_harm(problem, task.stock)
    measured = MeasureProblem(problem, orders)
    model = joined(assemble(problem, harm.linearised(path_t), harm.do_nothing), measured)
    found = solve(model, options)
    if found.values is None:
        return Taken((), np.zeros_like(problem.receipts_usd))
    return taken(measured, found.values)


def with_all_measures(task: Task) -> Task:
    """Return the task as if every measure were in force from the start and free: no plan has less harm."""
    return replace(task, stock=with_rates(task, np.prod(rate_factors(task.scenario), axis=0)))


def path_of(task: Task, result: PlanResult) -> Floats:
    """Return what a plan leaves of each group [t], shape (knot, group)."""
    return task.left_t(result.flows.destroyed_t(task.shape))


def _bounded(result: PlanResult, do_nothing: float, bound: float) -> PlanResult:
    """Return a result with a bound that holds for plans with measures too, and its gaps."""
    harm = result.planned_harm
    proved = min(bound, harm)
    return replace(
        result,
        do_nothing_harm=do_nothing,
        best_bound=proved,
        gap_remaining=gap_of(harm, proved, harm),
        gap_averted=gap_of(harm, proved, do_nothing - harm),
    )
