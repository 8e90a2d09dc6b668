"""A plan for a problem beside one that was solved: the search begins at plans that are given, and stays near.

For studies that solve one problem in many variants. Plans that are given are where searches begin, with their
own commissionings, put off where they cannot be paid; a MILP may choose others. Of all beginnings the best
after a few steps is carried on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.bound import bound_harm
from demilsim.optimisation.candidates import Search, begin
from demilsim.optimisation.highs import highs_available, highs_name
from demilsim.optimisation.hull import Mixture, descend_between
from demilsim.optimisation.kept import keep
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.sequential import descend, largest_part
from demilsim.optimisation.status import PlanStatus, Solution
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats

PROBE_STEPS = 4
"""Steps of every search before all but the best are given up."""

STEPS, POLISH_STEPS = 16, 8
"""Further steps of the best, and limited ones after them, at most. On the Kazakhstan scenario with a tranche
late this ends below where 40 steps along lines do, at a sixth of the cost."""

MILP_EARLY = 2
"""Periods by which orders of the MILP may be early: half a year, where a period is a quarter."""

CARRIED_ON, NEAR = 3, 0.005
"""Choices of commissionings that are carried on at most, and the harm beyond that of the best probe, as a
share of harm averted, at which one is given up [1]. On the Kazakhstan scenario at 10 million of donors' money
the best of three choices is third by its probe, which stands beside a plan that was searched to its end."""


def without_milp() -> Solution:
    """Return what is known where no MILP is solved: that a plan is found otherwise, by which LP solver."""
    return Solution(
        PlanStatus.FEASIBLE, None, float("inf"), -float("inf"), highs_name() if highs_available() else "SciPy"
    )


def begin_near(
    task: Task, choices: Sequence[Choice], chosen: Choice | None, path_t: Floats, plans_t: Sequence[Floats]
) -> list[Search]:
    """Return searches for commissionings that can be paid, begun at each plan as far as it fits.

    Parameters
    ----------
    task
        The task, without limits on risk.
    choices
        Commissionings of the plans that are given; those that cannot be paid are put off until they can.
    chosen
        Those of the MILP, for which the best plan for linear harm is a start as well; None without. In
        blocks of years money of late in a year pays from its start on, so that orders come early: they are
        tried two periods later as well.
    path_t
        Path along which harm was made linear [t], shape (knot, group).
    plans_t
        What the plans destroy [t], shape (group, facility, period), the one to be improved first.
    """
    searches: list[Search] = []
    for choice in () if chosen is None else dict.fromkeys([chosen, _later(chosen, MILP_EARLY, task)]):
        searches += begin(task, choice, path_t, plans_t[0], plans_t[1:])
    begun = {search.choice for search in searches}
    for choice in dict.fromkeys(choices):
        for later in _put_off(choice, task):
            if later in begun:
                break
            found = _begin_at(task, later, path_t, plans_t)
            if found:
                begun.add(later)
                searches += found
                break
    return searches


def _put_off(choice: Choice, task: Task) -> Iterator[Choice]:
    """Yield commissionings as they are, and ordered ever later, until there is none."""
    later, by = choice, 0
    while later:
        yield later
        by += 1
        later = _later(choice, by, task)
    yield ()


def _later(choice: Choice, by: int, task: Task) -> Choice:
    """Return commissionings ordered some periods later; those after the horizon are left out."""
    periods = task.scenario.periods
    return tuple((facility, period + by) for facility, period in choice if period + by < periods)


def _begin_at(task: Task, choice: Choice, path_t: Floats, plans_t: Sequence[Floats]) -> list[Search]:
    """Return searches at plans, as much of each as commissionings can do; none if they cannot be paid."""
    if task.opens_releases:
        return begin(task, choice, path_t, plans_t[0], plans_t[1:])
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    flow_cost, flows = harm.linearised(path_t), problem.flows
    model = assemble(problem, flow_cost, harm.do_nothing)
    kept, searches = keep(model), []
    for number, plan in enumerate(plans_t):
        part = largest_part(kept, plan[flows.group, flows.facility, flows.block], model.columns.upper)
        if part is not None:
            at = descend(kept, harm, part, max_steps=0)
            first = number == 0
            searches.append(Search(choice, problem, model, harm, kept, flow_cost, first, at.harm[0], at))
    return searches


def finish_near(searches: Sequence[Search], relaxing: int) -> list[Search]:
    """Return a search for each choice, best first: each probed, the best one or two carried on to their end.

    Parameters
    ----------
    searches
        At their starts, without limits on risk, which mixtures of plans may break. Those of one choice are
        one search, which begins at the best mixture of their starts.
    relaxing
        LPs that relax harm to a convex function for each choice that is carried on, so that a search begins
        there as well; 0 for none.
    """
    alike: dict[int, list[Search]] = {}
    for search in searches:
        alike.setdefault(id(search.kept), []).append(search)
    begun = [_mixed(each) for each in alike.values()]
    mixtures = [mixture for _, mixture in begun]
    probed = [_further(search, mixture, PROBE_STEPS) for search, mixture in begun]
    order = sorted(range(len(probed)), key=lambda number: probed[number].exact_harm)
    best = probed[order[0]]
    limit = best.exact_harm + NEAR * max(best.harm.do_nothing - best.exact_harm, 0.0)
    first_of_choice = {probed[number].choice: number for number in reversed(order)}
    near = [n for n in order if n == first_of_choice[probed[n].choice] and probed[n].exact_harm <= limit]
    for number in near[:CARRIED_ON]:
        if relaxing and best.harm.flows:
            relaxed, mixture = _relaxed(probed[number], relaxing)
            if relaxed.exact_harm < probed[number].exact_harm:
                probed[number], mixtures[number] = relaxed, mixture
        probed[number] = _further(probed[number], mixtures[number], STEPS).polished(POLISH_STEPS)
    return sorted(probed, key=lambda search: search.exact_harm)


def _mixed(searches: Sequence[Search]) -> tuple[Search, Mixture]:
    """Return one search for several that differ in where they begin, and the mixture of their starts."""
    first, *others = sorted(searches, key=lambda search: search.exact_harm)
    mixture = Mixture(first.harm, first.descent.values)
    for other in others:
        mixture.join(other.descent.values)
    from_start = min((s.start_harm for s in searches if s.from_start), default=None)
    if from_start is not None:
        first = replace(first, from_start=True, start_harm=from_start)
    return first, mixture


def _relaxed(search: Search, steps: int) -> tuple[Search, Mixture]:
    """Return a search with the same commissionings, begun where a convex function below harm is least."""
    found = bound_harm(search.problem, search.harm, steps)
    start = largest_part(search.kept, found.flows, search.model.columns.upper)
    assert start is not None, "commissionings that can be paid leave a plan"
    mixture = Mixture(search.harm, start)
    return _further(replace(search, from_start=False), mixture, PROBE_STEPS), mixture


def _further(search: Search, mixture: Mixture, steps: int) -> Search:
    return replace(search, descent=descend_between(search.kept, search.harm, mixture, steps))
