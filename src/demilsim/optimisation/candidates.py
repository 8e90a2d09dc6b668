"""Plans for given commissionings, each a local optimum of exact harm in single periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.kept import KeptModel, keep
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import descend_within, polish_within, starts_within
from demilsim.optimisation.objective import PlanningHarm, planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.release_choice import release_patterns, released_by
from demilsim.optimisation.releases import Releases
from demilsim.optimisation.result import GroupFlows
from demilsim.optimisation.risk_limits import risk_limits
from demilsim.optimisation.sequential import Descent, descend, largest_part, polish, vertex_start
from demilsim.optimisation.task import Choice, Task
from demilsim.optimisation.tours import Tours, needed
from demilsim.plan import Floats

SMALLEST_FLOW_T = 1e-6
"""Flows of less than a gram are rounding of the solver, and are left out."""


PROBE_STEPS = 5
"""Steps of every search before the poorer ones are given up; most of a search's gain lies in them."""

FINISHED = 2
"""Searches that are carried on to their end, at most."""

NEAR = 0.01
"""Harm beyond that of the best probe, as a share of harm averted, at which a search is given up [1]."""


@dataclass(frozen=True)
class Search:
    """A search for the best flows under given commissionings, and where it has come to.

    Parameters
    ----------
    choice
        The commissionings.
    problem, model, harm, kept
        Single periods: columns, rows, exact harm, and the rows in a solver.
    flow_cost
        Linear harm of the flows [persons/t], shape (flow,).
    from_start
        Whether it began at the plan that was given.
    start_harm
        Exact planning harm where it began [persons].
    descent
        Where it has come to.
    limited
        The rows with those of limits on risk; None where doing nothing keeps them.
    instead
        Whether it stands for a better plan whose moves of mobile plant cannot be paid.
    """

    choice: Choice
    problem: Problem
    model: Model
    harm: PlanningHarm
    kept: KeptModel
    flow_cost: Floats
    from_start: bool
    start_harm: float
    descent: Descent
    limited: LimitedModel | None = None
    instead: bool = False

    @property
    def releases(self) -> Releases | None:
        """Tranches that it releases; None where none waits for a milestone."""
        return None if self.problem.released is None else self.problem.released.fixed

    @property
    def tours(self) -> Tours | None:
        """Moves of mobile plant that its work needs; None where it has no place, or places are left out."""
        tours = self.problem.tours
        if tours is None or tours.fixed is None:
            return None
        flows, plant = self.problem.flows, tours.plant
        work = np.zeros((*plant.reach.shape, tours.periods), dtype=bool)
        number = plant.index_of(flows.facility)
        done = (number >= 0) & (self.amounts >= SMALLEST_FLOW_T)
        work[number[done], plant.site_of_group[flows.group[done]], flows.block[done]] = True
        return needed(plant, tours.fixed, work)

    @property
    def exact_harm(self) -> float:
        """Exact planning harm [persons]."""
        return self.descent.harm[-1]

    @property
    def linear_harm(self) -> float:
        """Planning harm by the linear function of the MILP [persons]."""
        return self.harm.do_nothing + float(self.flow_cost @ self.amounts)

    @property
    def amounts(self) -> Floats:
        """Tonnes of each flow [t], shape (flow,)."""
        return self.descent.values[: self.flow_cost.size]

    def further(self, max_steps: int) -> Search:
        """Return the search carried on."""
        if self.limited is not None:
            within = descend_within(self.limited, self.harm, self.descent.values, max_steps)
            return replace(self, descent=within)
        return replace(self, descent=descend(self.kept, self.harm, self.descent.values, max_steps))

    def polished(self, max_steps: int) -> Search:
        """Return the search ended by steps of limited length."""
        if self.limited is not None:
            within = polish_within(self.limited, self.harm, self.descent.values, max_steps)
            return replace(self, descent=within)
        return replace(self, descent=polish(self.kept, self.harm, self.descent.values, max_steps))


def begin(
    task: Task, choice: Choice, path_t: Floats, wanted_t: Floats | None, others_t: Sequence[Floats] = ()
) -> list[Search]:
    """Return the searches for some commissionings at their starts; none if they cannot be paid.

    Where tranches wait for milestones and it is open which are released, there are searches for each of a few
    choices of releases (`release_choice`). Starts that break limits on risk are brought within them, or left
    out.

    Parameters
    ----------
    task
        The task.
    choice
        The commissionings.
    path_t
        Path along which harm was made linear [t], shape (knot, group). The best plan for that linear harm
        is one start.
    wanted_t
        Another start: what a plan destroys [t], shape (group, facility, period).
    others_t
        Further starts, alike; as much of each as these commissionings can do.
    """
    if task.opens_releases:
        patterns = release_patterns(task, choice, path_t, wanted_t)
        fixed = [replace(task, releases=releases) for releases in patterns]
        return [search for each in fixed for search in begin(each, choice, path_t, wanted_t, others_t)]
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    flow_cost = harm.linearised(path_t)
    model = assemble(problem, flow_cost, harm.do_nothing)
    kept = keep(model)
    vertex = vertex_start(kept, flow_cost, model.cost.size)
    if vertex is None:
        return []
    points = [(vertex, False)]
    flows = problem.flows
    given = [(amounts, False) for amounts in others_t]
    for amounts, from_start in given if wanted_t is None else [*given, (wanted_t, True)]:
        part = largest_part(kept, amounts[flows.group, flows.facility, flows.block], model.columns.upper)
        # No flow at all is part of a plan that can be paid, unless some lots have a date.
        if part is not None:
            points.append((part, from_start))
    limits = risk_limits(problem, harm, task.risk)
    limited = None if limits is None else LimitedModel(model, limits)
    if limited is not None:
        points = starts_within(limited, harm, points)
    searches = []
    for point, from_start in points:
        descent = descend(kept, harm, point, max_steps=0)
        start_harm = descent.harm[0]
        searches.append(
            Search(choice, problem, model, harm, kept, flow_cost, from_start, start_harm, descent, limited)
        )
    return searches


def finish(searches: list[Search], max_steps: int) -> list[Search]:
    """Return the searches, best first: each probed, the best of a few choices carried on to their end.

    Parameters
    ----------
    searches
        At their starts.
    max_steps
        Highest number of steps of each, without the limited ones: half as many again.
    """
    probe = min(PROBE_STEPS, max_steps)
    probed = sorted((search.further(probe) for search in searches), key=lambda s: s.exact_harm)
    best = probed[0]
    limit = best.exact_harm + NEAR * max(best.harm.do_nothing - best.exact_harm, 0.0)
    first_of_choice = {search.choice: search for search in reversed(probed)}
    near = [s for s in probed if s is first_of_choice[s.choice] and s.exact_harm <= limit][:FINISHED]
    ended = [search.further(max_steps - probe).polished(max_steps // 2) for search in near]
    given_up = [search for search in probed if all(search is not other for other in near)]
    return sorted((*ended, *given_up), key=lambda s: s.exact_harm)


def released_further(task: Task, ended: list[Search], path_t: Floats, max_steps: int) -> list[Search]:
    """Return the searches, with one more that counts on what the best plan's work releases by the way.

    Parameters
    ----------
    task
        The task.
    ended
        Searches, best first.
    path_t, max_steps
        As in `begin` and `finish`.
    """
    best = ended[0]
    flows, choice, destroyed = best.problem.flows, best.problem.released, np.zeros(task.shape)
    if choice is None or choice.fixed is None or not task.opens_releases:
        return ended
    destroyed[flows.group, flows.facility, flows.block] = best.amounts
    earlier = dict(released_by(task, destroyed))
    releases = tuple((dict(choice.fixed) | earlier).items())
    if dict(releases) == dict(choice.fixed):
        return ended
    more = begin(replace(task, releases=releases), best.choice, path_t, None, [destroyed])
    # At equal harm it is better to count on the money: what it can pay for is then seen.
    return sorted((*finish(more, max_steps), *ended), key=lambda s: s.exact_harm) if more else ended


def group_flows(problem: Problem, amounts: Floats) -> GroupFlows:
    """Return the flows of a problem in single periods, from tonnes of shape (flow,)."""
    flows = problem.flows
    kept = np.flatnonzero(amounts >= SMALLEST_FLOW_T)
    order = kept[np.lexsort((flows.group[kept], flows.facility[kept], flows.block[kept]))]
    return GroupFlows(flows.group[order], flows.facility[order], flows.block[order], amounts[order])


def neighbours(problem: Problem, choice: Choice) -> list[Choice]:
    """Return the choices with one commissioning dropped, moved by a period, or added.

    Parameters
    ----------
    problem
        Of the MILP: its orders at the starts of blocks are those that may be added.
    choice
        The commissionings to start from.
    """
    dropped = [tuple(pair for pair in choice if pair != out) for out in choice]
    moved = [
        tuple(sorted((*(pair for pair in choice if pair[0] != facility), (facility, period + shift))))
        for facility, period in choice
        for shift in (-1, 1)
        if 0 <= period + shift < problem.scenario.periods
    ]
    ordered = {facility for facility, _ in choice}
    starts = set(problem.blocks.first.tolist())
    orders = zip(problem.orders.facility.tolist(), problem.orders.period.tolist(), strict=True)
    added = [
        tuple(sorted((*choice, order))) for order in orders if order[0] not in ordered and order[1] in starts
    ]
    return dropped + moved + added


def promising(task: Task, choices: list[Choice], path_t: Floats) -> list[Choice]:
    """Return the few choices whose best linear plans have the least exact harm.

    Where a search begins ranks commissionings much as where it ends, at a tenth of the cost.

    Parameters
    ----------
    task
        The task.
    choices
        Commissionings to look at.
    path_t
        Path along which harm was made linear [t], shape (knot, group).
    """
    found = [
        (search.exact_harm, choice) for choice in choices for search in begin(task, choice, path_t, None)
    ]
    return [choice for _, choice in sorted(found)[:FINISHED]]
