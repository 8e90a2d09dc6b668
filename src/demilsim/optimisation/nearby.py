"""A plan for a problem beside one that was solved: the search begins at plans that are given, and stays near.

For studies that solve one problem in many variants. Plans that are given are where searches begin, with their
own commissionings, put off where they cannot be paid; a MILP may choose others. Of all beginnings the best
after a few steps is carried on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from demilsim.optimisation.assemble import assemble
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

CARRIED_ON, NEAR = 2, 0.002
"""Choices of commissionings that are carried on at most, and the harm beyond that of the best probe, as a
share of harm averted, at which one is given up [1]."""


def without_milp() -> Solution:
    """Return what is known where no MILP is solved: that a plan is found otherwise, by which LP solver."""
    return Solution(
        PlanStatus.FEASIBLE, None, float("inf"), -float("inf"), highs_name() if highs_available() else "SciPy"
    )


def begin_near(
    task: Task, choices: Sequence[Choice], chosen: Choice | None, path_t: Floats, plans_t: Sequence[Floats]
) -> list[Search]:
    """Return searches for commissionings that can be paid, each begun at the plan that does best with them.

    Parameters
    ----------
    task
        The task, without limits on risk.
    choices
        Commissionings of the plans that are given; those that cannot be paid are put off until they can.
    chosen
        Those of the MILP, for which the best plan for linear harm is a start as well; None without.
    path_t
        Path along which harm was made linear [t], shape (knot, group).
    plans_t
        What the plans destroy [t], shape (group, facility, period), the one to be improved first.
    """
    searches = [] if chosen is None else _nearest(begin(task, chosen, path_t, plans_t[0], plans_t[1:]))
    begun = {search.choice for search in searches}
    for choice in dict.fromkeys(choices):
        for later in _put_off(choice, task.scenario.periods):
            if later in begun:
                break
            found = _begin_at(task, later, path_t, plans_t)
            if found:
                begun.add(later)
                searches += found
                break
    return searches


def _nearest(searches: Sequence[Search]) -> list[Search]:
    """Return the search from the best linear plan, the first, and of those from plans the best."""
    return [*searches[:1], *sorted(searches[1:], key=lambda search: search.exact_harm)[:1]]


def _put_off(choice: Choice, periods: int) -> Iterator[Choice]:
    """Yield commissionings as they are, and ordered ever later; those after the horizon are left out."""
    for by in range(periods):
        later = tuple((facility, period + by) for facility, period in choice if period + by < periods)
        yield later
        if not later:
            return
    yield ()


def _begin_at(task: Task, choice: Choice, path_t: Floats, plans_t: Sequence[Floats]) -> list[Search]:
    """Return the search at the best of plans, as much of each as commissionings can do; none if unpaid."""
    if task.opens_releases:
        return _nearest(begin(task, choice, path_t, plans_t[0], plans_t[1:]))
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
    return sorted(searches, key=lambda search: search.exact_harm)[:1]


def finish_near(searches: Sequence[Search]) -> list[Search]:
    """Return the searches, best first: each probed, the best one or two carried on to their end.

    Parameters
    ----------
    searches
        At their starts, without limits on risk, which mixtures of plans may break.
    """
    mixtures = [Mixture(search.harm, search.descent.values) for search in searches]
    probed = [_further(*pair, PROBE_STEPS) for pair in zip(searches, mixtures, strict=True)]
    order = sorted(range(len(probed)), key=lambda number: probed[number].exact_harm)
    best = probed[order[0]]
    limit = best.exact_harm + NEAR * max(best.harm.do_nothing - best.exact_harm, 0.0)
    first_of_choice = {probed[number].choice: number for number in reversed(order)}
    near = [n for n in order if n == first_of_choice[probed[n].choice] and probed[n].exact_harm <= limit]
    for number in near[:CARRIED_ON]:
        probed[number] = _further(probed[number], mixtures[number], STEPS).polished(POLISH_STEPS)
    return sorted(probed, key=lambda search: search.exact_harm)


def _further(search: Search, mixture: Mixture, steps: int) -> Search:
    return replace(search, descent=descend_between(search.kept, search.harm, mixture, steps))
