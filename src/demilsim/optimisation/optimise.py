"""From a scenario to a plan: group, bound exact harm, choose commissionings by MILP, then optimise flows.

The relaxation that bounds exact harm shows what a good plan leaves when. Harm is made linear along that for
the MILP, and the flows of the relaxation, as far as real commissionings allow, are where the search begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.bound import HarmBound, bound_harm
from demilsim.optimisation.candidates import (
    Search,
    begin,
    finish,
    group_flows,
    neighbours,
    promising,
    released_further,
)
from demilsim.optimisation.lexicographic import in_order
from demilsim.optimisation.measured import with_all_measures, with_measures
from demilsim.optimisation.nearby import begin_near, finish_near, without_milp
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.orders_beside_moves import with_orders_again
from demilsim.optimisation.relaxations import choice_that_keeps_dates
from demilsim.optimisation.release_choice import release_note
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.risk_plan import plan_within_limits, with_risk
from demilsim.optimisation.solve import Solution, SolveOptions, solve
from demilsim.optimisation.status import PlanStatus, gap_of
from demilsim.optimisation.task import Choice, Task, make_task
from demilsim.optimisation.tour_choice import tour_note, with_places
from demilsim.plan import Commissioning, DisposalPlan, Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario

DEFAULT_OPTIONS = SolveOptions()


def optimise(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    *,
    start: DisposalPlan | None = None,
    others: Sequence[DisposalPlan] = (),
    like: PlanResult | None = None,
    options: SolveOptions = DEFAULT_OPTIONS,
) -> PlanResult:
    """Return the plan of least planning harm that was found, or the best by harm and cost in order.

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
    others
        Further plans to improve: nor is the result worse than these.
    like
        A plan whose milestones and moves of mobile plant are kept in a search near plans, if they can be
        paid.
    options
        How to solve.

    Raises
    ------
    SolverError
        If no solver is installed.
    PlanError
        If `start` names lots or facilities that the scenario does not have.
    InfeasibleError
        If lots have dates that no plan can keep, or no plan was found that keeps the limits on risk: says
        what would have to give way.
    """
    task = make_task(scenario, coefficients)

    def bound(lowered: Task) -> float:
        found = _bound(lowered, options)
        return -np.inf if found is None else found.harm

    given = [plan for plan in (start, *others) if plan is not None]

    def plan(each: Task) -> PlanResult:
        if options.near and given and each.risk is None:
            return _planned_near(each, given, options, like)
        return _planned(each, start, others, options)

    result = with_measures(task, plan, bound, options)
    return result if options.in_order is None else in_order(task, result, options.in_order, options)


def _planned(
    task: Task, start: DisposalPlan | None, others: Sequence[DisposalPlan], options: SolveOptions
) -> PlanResult:
    """Return the best plan found for a task without measures."""
    keeps_dates = choice_that_keeps_dates(task, options)
    within = plan_within_limits(task, options)
    wanted = None if start is None else task.destroyed_t(start)
    bound = _bound(task, options)
    relaxed = None if bound is None else bound.destroyed_t()
    path = _path(task, wanted if relaxed is None else relaxed)
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    model = assemble(problem, harm.linearised(path), harm.do_nothing)
    inside = None if within is None else within.destroyed_t
    found = solve(with_risk(model, problem, harm, task, inside), options)
    if found.values is None and within is not None:
        found = solve(model, options)
    of_start: Choice | None = None if start is None else task.choice(start)
    chosen = None if found.values is None else problem.choice_of(found.values)
    choices = [choice for choice in (chosen, of_start, keeps_dates, ()) if choice is not None]
    choices += [task.choice(other) for other in others]
    choices += [] if within is None else [within.choice]
    if options.neighbours and chosen is not None:
        choices += promising(task, neighbours(problem, chosen), path)
    further = [] if relaxed is None else [relaxed]
    further += [task.destroyed_t(other) for other in others]
    further += [] if inside is None else [inside]
    searches = []
    for choice in dict.fromkeys(choices):
        searches += begin(task, choice, path, wanted if choice == of_start else None, further)
    if not searches:
        raise InfeasibleError("no plan was found that keeps all dates with the money that it releases")
    ended = released_further(task, finish(searches, options.max_steps), path, options.max_steps)
    ended = with_places(task, ended, start, others, options.max_steps)
    ended = with_orders_again(task, ended, start, others, options.max_steps)
    best = _result(task, found, ended, start, bound)
    nothing_ordered = [search for search in ended if not search.choice]
    if not best.commissionings or not nothing_ordered:
        return best
    return replace(best, without_orders=_result(task, found, nothing_ordered, start, bound))


def _planned_near(
    task: Task, plans: Sequence[DisposalPlan], options: SolveOptions, like: PlanResult | None = None
) -> PlanResult:
    """Return the best plan found beside plans that are given, the first of which is to be improved.

    Milestones and moves of mobile plant are those of a plan that it is to be like, if these can be paid.
    """
    given, kept = task, like is not None and (like.releases is not None or like.tours is not None)
    if kept and like is not None:
        task = replace(task, releases=like.releases, tours=like.tours)
    keeps_dates = choice_that_keeps_dates(task, options)
    choices, plans_t = [task.choice(plan) for plan in plans], [task.destroyed_t(plan) for plan in plans]
    choices += [] if keeps_dates is None else [keeps_dates]
    path = task.left_t(plans_t[0])
    found, chosen = without_milp(), None
    if options.milp:
        problem = task.yearly_problem()
        harm = planning_harm(problem, task.stock)
        found = solve(assemble(problem, harm.linearised(path), harm.do_nothing), options)
        chosen = None if found.values is None else problem.choice_of(found.values)
    searches = begin_near(task, choices, chosen, path, plans_t)
    if kept and not searches:
        return _planned_near(given, plans, options)
    if not searches:
        raise InfeasibleError("no plan was found that keeps all dates with the money that it releases")
    ended = released_further(task, finish_near(searches, options.bound_steps), path, options.max_steps)
    if task.tours is None:
        ended = with_places(task, ended, plans[0], plans[1:], options.max_steps)
    if options.milp:
        ended = with_orders_again(task, ended, plans[0], plans[1:], options.max_steps)
    best = _result(task, found, ended, plans[0], None)
    nothing_ordered = [search for search in ended if not search.choice]
    if not best.commissionings or not nothing_ordered:
        return best
    return replace(best, without_orders=_result(task, found, nothing_ordered, plans[0], None))


def _bound(task: Task, options: SolveOptions) -> HarmBound | None:
    """Return the bound on exact harm over all plans; None where none is asked for or nothing can be moved."""
    if options.bound_steps == 0:
        return None
    problem = task.every_plan()
    if problem.flows.group.size == 0:
        return None
    return bound_harm(problem, planning_harm(problem, task.stock), options.bound_steps)


def with_bound(
    scenario: Scenario, coefficients: PlanningCoefficients, result: PlanResult, options: SolveOptions
) -> PlanResult:
    """Return a result that was searched near a given plan with the bound that a full search has.

    Parameters
    ----------
    scenario, coefficients
        Those that were optimised.
    result
        The plan; returned as it is where its options ask for no bound.
    options
        Those of a full search.
    """
    bound = None if options.near else _bound(with_all_measures(make_task(scenario, coefficients)), options)
    if bound is None:
        return result
    harm, unknown = result.planned_harm, _bound_note(None)
    proved = min(bound.harm, harm)
    return replace(
        result,
        best_bound=proved,
        gap_remaining=gap_of(harm, proved, harm),
        gap_averted=gap_of(harm, proved, result.do_nothing_harm - harm),
        notes=tuple(_bound_note(bound) if note == unknown else note for note in result.notes),
    )


def _path(task: Task, destroyed_t: Floats | None) -> Floats:
    """Return the path along which harm is made linear [t], shape (knot, group).

    What is left by what is destroyed, shape (group, facility, period); nothing after the start without.
    """
    if destroyed_t is None:
        return emptied_path_t(task.groups.held_t(task.scenario.periods))
    return task.left_t(destroyed_t)


def _result(
    task: Task, found: Solution, searches: list[Search], start: DisposalPlan | None, bound: HarmBound | None
) -> PlanResult:
    """Return the first of the searches, which is the best, with what is known of it."""
    if not searches:
        raise InfeasibleError("no plan was found in which the moves of mobile plant can be paid")
    best = searches[0]
    wrong = best.model.violations(best.descent.values)
    assert not wrong, f"steps between plans left their rows: {', '.join(wrong[:3])}"
    facilities = task.scenario.facilities
    start_harm = min((s.start_harm for s in searches if s.from_start), default=np.inf)
    do_nothing, harm = best.harm.do_nothing, best.exact_harm
    # A bound above the plan by rounding would make a negative gap.
    proved = -np.inf if bound is None else min(bound.harm, harm)
    return PlanResult(
        status=found.status,
        source=start.source if start is not None and harm >= start_harm else "milp",
        solver=found.solver,
        incumbent=harm,
        best_bound=proved,
        gap_remaining=gap_of(harm, proved, harm),
        gap_averted=gap_of(harm, proved, do_nothing - harm),
        do_nothing_harm=do_nothing,
        planned_harm=harm,
        linear_harm=best.linear_harm,
        start_harm=start_harm,
        flows=group_flows(best.problem, best.amounts),
        commissionings=tuple(Commissioning(facilities[f].facility_id, t) for f, t in best.choice),
        releases=best.releases,
        tours=best.tours,
        groups=task.groups,
        notes=found.notes + _notes(task, found, searches, bound),
        solver_notes=found.notes,
    )


def _notes(task: Task, found: Solution, searches: list[Search], bound: HarmBound | None) -> tuple[str, ...]:
    """Return what the reader of the plan should know about where it came from."""
    notes = []
    if found.values is None and found.status is PlanStatus.FEASIBLE:
        notes.append("no MILP was solved: commissionings are those of plans that were given")
    elif found.values is None:
        notes.append(f"the MILP ended {found.status.value}: no commissionings of its own were compared")
    else:
        averted = searches[0].harm.do_nothing - found.objective
        linear = gap_of(found.objective, found.bound, averted)
        how_well = (
            f"to {100.0 * linear:.2g}% of the harm that it averts" if np.isfinite(linear) else "without bound"
        )
        notes.append(f"the MILP that chose commissionings, on linear harm in years, was solved {how_well}")
    notes.append(_bound_note(bound))
    if task.risk is not None:
        limited = task.risk.exposed.size
        kept = (
            "one group of people stays within its limit"
            if limited == 1
            else f"{limited} groups stay within theirs"
        )
        notes.append(
            f"limits on risk: {kept}, 1% or so to spare; the bound leaves them aside, and stays valid"
        )
    if searches[0].problem.released is not None:
        notes.append(release_note(searches[0].problem))
    if searches[0].tours is not None:
        notes.append(tour_note(searches[0].tours, searches[0].instead))
    choices = len({search.choice for search in searches})
    notes.append(
        f"{task.groups.count} groups of {task.groups.group_of_lot.size} lots; choices of commissionings "
        f"compared: {choices}, searches: {len(searches)}"
    )
    return tuple(notes)


def _bound_note(bound: HarmBound | None) -> str:
    if bound is None:
        return "no bound on exact harm was computed"
    return (
        "the bound holds for the exact planning harm of every plan of these groups without measures, "
        f"whatever it commissions and when; {bound.steps} LPs proved it, and more of them would prove "
        f"{bound.convex_harm:.4g} at most"
    )
