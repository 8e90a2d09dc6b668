"""Plans with and without measures other than destruction: the better of the two, by exact harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.model.measures import rate_factors
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.effects import with_rates
from demilsim.optimisation.licences import over_licences_kg
from demilsim.optimisation.measure_choice import Taken, taken
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import joined
from demilsim.optimisation.measures import RATE_KINDS, measure_orders, moves_of
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.status import gap_of
from demilsim.optimisation.task import Task
from demilsim.plan import Floats


class RoomMade(Enum):
    """How the MILP takes work of a block of several periods to make room for moves."""

    EVENLY = "evenly over the block"
    BY_BLOCK = "at the end of the block, which is certain"
    FOR_NO_MOVES = "not at all"


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
    path = path_of(task, without)
    choice = choose_measures(task, path, options)
    if choice is None:
        return without
    do_nothing, best = without.do_nothing_harm, bound(with_all_measures(task))
    without = replace(without, notes=(*without.notes, *choice.notes))
    if not choice.orders:
        return _bounded(without, do_nothing, best)
    moved, found = choice.moves_stock(task), _replanned(task, without, choice, plan)
    for room in (RoomMade.BY_BLOCK, RoomMade.FOR_NO_MOVES):
        if not choice.moves_stock(task) or (found and found.planned_harm < without.planned_harm):
            break
        # Room came too late in single periods, or what is moved harms more than it seemed to.
        choice = choose_measures(task, path, options, room) or replace(choice, orders=())
        found = (_replanned(task, without, choice, plan) if choice.orders else None) or found
    if found is None:
        # In blocks of years the MILP takes money for late in a year as if it were there before the dates.
        left_out = (
            *without.notes,
            "measures left out, since their money is needed to keep the dates of lots or limits on risk"
            + (", or no plan makes room for their moves in time" if moved else ""),
        )
        return _bounded(replace(without, notes=left_out), do_nothing, best)
    return _bounded(found if found.planned_harm < without.planned_harm else without, do_nothing, best)


def _replanned(
    task: Task, without: PlanResult, choice: Taken, plan: Callable[[Task], PlanResult]
) -> PlanResult | None:
    """Return the plan with measures paid for and in force; None if no plan is left that keeps all limits."""
    applied = choice.applied(task)
    try:
        found = plan(applied)
    except InfeasibleError:
        return None
    path = path_of(task, found)
    # The mean rates of the search are exchanged for those of each date.
    harm = (
        found.planned_harm + task.stock.total(path) - applied.stock.total(path) - choice.averted(task, path)
    )
    averted = float(choice.averted(task, path))
    note = (
        f"{len(choice.orders)} measures other than destruction taken, which avert {averted:.3g} of the harm "
        "that the plan leaves; the search knew their mean over time, the planned harm their dates"
    )
    return replace(
        found,
        incumbent=harm,
        planned_harm=harm,
        start_harm=without.start_harm,
        measures=choice.orders,
        measures_paid_usd=choice.paid_usd,
        without_orders=None,
        source="milp",
        notes=(*found.notes, note, *choice.notes),
    )


def choose_measures(
    task: Task, path_t: Floats, options: SolveOptions, room: RoomMade = RoomMade.EVENLY
) -> Taken | None:
    """Return the measures that the joined MILP takes; None where none on offer lowers a rate or moves stock.

    Parameters
    ----------
    task
        The task.
    path_t
        Path along which harm is made linear [t], shape (knot, group).
    options
        How to solve.
    room
        How room for moves between storehouses is made, or that there are none.
    """
    offered = None if room is RoomMade.FOR_NO_MOVES else moves_of(task)
    if not any(measure.kind in RATE_KINDS for measure in task.scenario.measures) and offered is None:
        return None
    problem = task.yearly_problem()
    orders = measure_orders(task, problem, offered)
    if orders is None:
        return None
    harm = planning_harm(problem, task.stock)
    measured = MeasureProblem(problem, orders, room is RoomMade.EVENLY)
    model = joined(assemble(problem, harm.linearised(path_t), harm.do_nothing), measured)
    found = solve(model, options)
    if found.values is None:
        return Taken((), np.zeros_like(problem.receipts_usd))
    choice = taken(measured, found.values)
    return replace(choice, notes=_kept_out(measured, model, choice, options))


def _kept_out(
    measured: MeasureProblem, model: Model, choice: Taken, options: SolveOptions
) -> tuple[str, ...]:
    """Return which moves a licence keeps out or delays, and how much more it would have to allow."""
    moves, scenario = measured.orders.moves, measured.problem.scenario
    if moves is None or not measured.crowds:
        return ()
    free = solve(replace(model, families=tuple(f for f in model.families if f.family != "licences")), options)
    if free.values is None:
        return ()
    wanted, now = taken(measured, free.values).orders, set(choice.orders)
    notes = []
    for house, kg in over_licences_kg(measured, free.values).items():
        into = {scenario.measures[i].measure_id for i in moves.measure[moves.target == house]}
        named = [order for order in wanted if order.measure_id in into and order not in now]
        for order in named:
            date = scenario.period_dates[order.period]
            notes.append(
                f"the licence of {scenario.storehouses[house].storehouse_id} keeps {order.measure_id} from "
                f"being ordered on {date}: it would be if {np.ceil(kg):,.0f} kg NEQ more were allowed there"
            )
    return tuple(notes)


def with_all_measures(task: Task) -> Task:
    """Return the task as if every measure were in force from the start and free: no plan has less harm.

    A storehouse that may be emptied by a move harms nobody then. Where its stock comes to, harm is no less
    than without it, since harm rises with the NEQ of a storehouse.
    """
    stock, moves = with_rates(task, np.prod(rate_factors(task.scenario), axis=0)), moves_of(task)
    if moves is not None:
        harmful = ~np.isin(np.arange(stock.weight_years.shape[1]), moves.source)
        stock = replace(stock, weight_years=stock.weight_years * harmful)
    return replace(task, stock=stock)


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
