"""Where mobile plant should go, and when: a few choices of moves for given commissionings and releases.

First a plan is searched for with places left out. Its path tells marginal harm, and for harm that is linear
by it moves are improved step by step (`tour_search`). They are then kept, like commissionings, so that the
flows that are possible stay a polytope, and the search is done again with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.candidates import Search, begin, finish
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.releases import Releases
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.optimisation.tour_search import TourSearch
from demilsim.optimisation.tour_values import TourValues
from demilsim.optimisation.tours import Tours, placed_facilities
from demilsim.plan import DisposalPlan, Floats

SMALL = 300
"""Binaries of places up to which a MILP chooses moves as well, as another beginning of steps.

Of 60 random cases with 24 to 144, steps alone left plans that averted 0.5% to 1.3% less in four. On the
central-asia scenario, with 800, steps end below the MILP, which stops at 200 nodes and a gap of 2%."""

GAP_AVERTED = 0.01
"""Gap of that MILP, as a share of the harm averted [1]."""

NODES = 200
"""Nodes of that MILP at most."""

PLACES = "places:"
"""How the note on moves begins."""

FEWEST = 2
"""Of ever fewer moves with which a harm can be reached, those that are tried for least cost: the last.

On the central-asia scenario the fewest were the cheapest of three for each default share of the frontier."""

LEAST_GAIN = 1e-4
"""Share of the harm of doing nothing that a move must avert, so that plant moves nowhere for nothing [1]."""


def with_places(
    task: Task,
    ended: list[Search],
    start: DisposalPlan | None,
    others: Sequence[DisposalPlan],
    max_steps: int,
) -> list[Search]:
    """Return searches in which mobile plant has a place; those that are given where none has to move.

    Parameters
    ----------
    task
        The task.
    ended
        Searches with places left out, best first. The best is done again, and so are the best that
        commissions nothing, and those with the commissionings of plans that are given.
    start, others
        Plans to be improved, as in `optimise`: what the moves that are read from each allow of it is among
        the starts of these searches.
    max_steps
        As in `finish`.

    Returns
    -------
    list of Search
        Best first. Where no moves that were tried can be paid, those of the next searches that are given, at
        last with nothing ordered and no milestone counted on; none if not even so, for dates.
    """
    if not placed_facilities(task.scenario).size:
        return ended
    best = ended[0]
    wanted = [best]
    given = [() if best.choice else best.choice, *(task.choice(plan) for plan in (start, *others) if plan)]
    for choice in dict.fromkeys(given):
        wanted += [search for search in ended if search.choice == choice != best.choice][:1]
    decided = [(search, search.choice, search.releases) for search in (*wanted, *ended)]
    decided.append((best, (), None if best.releases is None else ()))
    found, tried, unpaid = list[Search](), set[tuple[Choice, Releases | None]](), False
    for number, (search, choice, releases) in enumerate(decided):
        if found and number >= len(wanted):
            break
        if (choice, releases) not in tried:
            tried.add((choice, releases))
            placed = _placed(replace(task, releases=releases), choice, search, start, others, max_steps)
            unpaid = unpaid or (number == 0 and not placed)
            found += [replace(each, instead=unpaid) for each in placed]
    return sorted(found, key=lambda search: search.exact_harm)


def _placed(
    task: Task,
    choice: Choice,
    search: Search,
    start: DisposalPlan | None,
    others: Sequence[DisposalPlan],
    max_steps: int,
) -> list[Search]:
    """Return searches with given commissionings and moves, from where a search has come to without."""
    destroyed_t = destroyed_by(task, search)
    others_t = [task.destroyed_t(plan) for plan in others]
    start_t = None if start is None else task.destroyed_t(start)
    from_start_t = None if start is None or choice != task.choice(start) else start_t
    given_t = others_t if start_t is None else [start_t, *others_t]
    path, begun = task.left_t(destroyed_t), list[Search]()
    for moves in tour_patterns(task, choice, path, given_t, destroyed_t):
        known = replace(task, tours=moves), choice, path
        begun += begin(*known, from_start_t, [destroyed_t, *others_t])
    return _once_more(task, choice, finish(begun, max_steps), max_steps) if begun else []


def _once_more(task: Task, choice: Choice, ended: list[Search], max_steps: int) -> list[Search]:
    """Return searches, with one more: moves of the best, improved for harm linear along its own path."""
    destroyed_t, moves = destroyed_by(task, ended[0]), ended[0].tours
    assert moves is not None, "moves are decided"
    path = task.left_t(destroyed_t)
    better = _Linear(task, choice, path).search.improved(moves)
    if better == moves:
        return ended
    more = begin(replace(task, tours=better), choice, path, None, [destroyed_t])
    return sorted((*finish(more, max_steps), *ended), key=lambda s: s.exact_harm) if more else ended


def destroyed_by(task: Task, search: Search) -> Floats:
    """Return what a search has come to destroy [t], shape (group, facility, period)."""
    flows, destroyed_t = search.problem.flows, np.zeros(task.shape)
    destroyed_t[flows.group, flows.facility, flows.block] = search.amounts
    return destroyed_t


def tour_patterns(
    task: Task, choice: Choice, path_t: Floats, plans_t: Sequence[Floats], wanted_t: Floats
) -> tuple[Tours, ...]:
    """Return choices of moves to search from: improved ones, those of plans, and none.

    Parameters
    ----------
    task
        The task, its releases decided.
    choice
        The commissionings.
    path_t
        Path along which harm is made linear [t], shape (knot, group).
    plans_t
        What plans destroy [t], shape (group, facility, period).
    wanted_t
        What would be destroyed with places left out, alike. Of the moves that are read from it and from the
        first plan the better ones are improved.
    """
    linear = _Linear(task, choice, path_t)
    given = [tours_of_plan(linear.problem, plan_t) for plan_t in plans_t]
    starts = [*given[:1], tours_of_plan(linear.problem, wanted_t)]
    improved = [linear.search.improved(moves) for moves in (*linear.by_milp(), linear.best_of(starts))]
    return tuple(dict.fromkeys([*improved, *given, ()]))


def tours_from(task: Task, choice: Choice, path_t: Floats, moves: Tours, wanted_t: Floats) -> Tours:
    """Return moves to which steps lead from given ones, or from those that work reads, if these are better.

    Parameters
    ----------
    task, choice, path_t
        As in `tour_patterns`.
    moves
        Moves, such as those of a plan that goes on.
    wanted_t
        What is to be destroyed [t], shape (group, facility, period).
    """
    linear = _Linear(task, choice, path_t)
    return linear.search.improved(linear.best_of([moves, tours_of_plan(linear.problem, wanted_t)]))


def least_linear_harm(
    task: Task, choice: Choice, path_t: Floats, moves: Tours, improved: bool = True
) -> float:
    """Return linear harm of the best flows for given commissionings [persons], less that of doing nothing.

    With given moves, or those to which steps lead from them or from none; infinite if it cannot be paid.

    Parameters
    ----------
    task, choice, path_t, moves
        As in `ever_fewer`.
    improved
        Whether steps are taken.
    """
    linear = _Linear(task, choice, path_t)
    if improved:
        moves = linear.search.improved(linear.best_of([moves, ()]))
    return linear.value(moves)


def ever_fewer(task: Task, choice: Choice, path_t: Floats, moves: Tours) -> tuple[Tours, ...]:
    """Return moves, and of these ever fewer, one after the other left out until there is none.

    Each time that is left out without which linear harm rises least for what its moves cost. Moves that cost
    no money are all made.

    Parameters
    ----------
    task, choice, path_t
        As in `tour_patterns`.
    moves
        Moves to begin with.
    """
    linear, found = _Linear(task, choice, path_t), [moves]
    while found[-1] and linear.cost_usd(found[-1]) > 0.0:
        found.append(linear.with_one_less(found[-1]))
    return tuple(found)


class _Linear:
    """Moves for harm that is linear along a path [t], shape (knot, group)."""

    def __init__(self, task: Task, choice: Choice, path_t: Floats) -> None:
        self.problem = task.touring_problem(choice)
        assert self.problem.tours is not None, "only asked for where plant has a place"
        self._tours = self.problem.tours
        harm = planning_harm(self.problem, task.stock)
        model = assemble(self.problem, harm.linearised(path_t), harm.do_nothing)
        cost = model.cost.copy()
        cost[self.problem.tour_offset + self._tours.columns :] = LEAST_GAIN * harm.do_nothing
        self._model = replace(model, cost=cost)
        self._values = TourValues(self.problem, self._model)
        self.search = TourSearch(self._values, self._tours.plant, self._tours.periods)

    def best_of(self, starts: Sequence[Tours]) -> Tours:
        """Return the moves of least linear harm."""
        return min(starts, key=self._values.of)

    def value(self, moves: Tours) -> float:
        """Return linear harm with moves [persons], less that of doing nothing."""
        return self._values.of(moves)

    def cost_usd(self, moves: Tours) -> float:
        """Return what moves cost [USD]."""
        plant = self._tours.plant
        usd = dict(zip(plant.facility.tolist(), plant.move_usd.tolist(), strict=True))
        return float(sum(usd[f] for f, _, _ in moves))

    def with_one_less(self, moves: Tours) -> Tours:
        """Return the moves without that by which linear harm falls least for its cost."""
        value, cost_usd = self._values.of(moves), self.cost_usd(moves)

        def loss(fewer: Tours) -> float:
            saved_usd = cost_usd - self.cost_usd(fewer)
            return (self._values.of(fewer) - value) / saved_usd if saved_usd else np.inf

        return min(self.search.with_one_less(moves), key=loss)

    def by_milp(self) -> tuple[Tours, ...]:
        """Return moves that a MILP chooses, where it is small."""
        if 2 * self._tours.columns > SMALL:
            return ()
        found = solve(self._model, SolveOptions(gap_averted=GAP_AVERTED, node_limit=NODES)).values
        return () if found is None else (self._tours.tours_of(found[self.problem.tour_offset :]),)


def tours_of_plan(problem: Problem, destroyed_t: Floats) -> Tours:
    """Return moves by which plant is where a plan wants it, as far as there are days for them.

    In each period it first does what the plan wants where it stands, then goes to the site with most work
    while there are days for the move.

    Parameters
    ----------
    problem
        Of the plan's commissionings, with moves as columns.
    destroyed_t
        What the plan destroys [t], shape (group, facility, period).
    """
    assert problem.tours is not None, "only asked for where plant has a place"
    moves, plant = list[tuple[int, int, int]](), problem.tours.plant
    for i, f in enumerate(plant.facility.tolist()):
        per_t = problem.groups.days_per_t[:, f]
        work = np.where(np.isfinite(per_t), per_t, 0.0)[:, None] * destroyed_t[:, f]
        place = int(plant.home[i])
        for period in np.flatnonzero(work.any(axis=0)).tolist():
            wanted = np.bincount(plant.site_of_group, work[:, period], plant.reach.shape[1])
            room = float(problem.days[f, period] - wanted[place])
            wanted[place] = 0.0
            while wanted.any() and room > plant.move_days[i, period]:
                place = int(np.argmax(wanted))
                room -= float(plant.move_days[i, period] + wanted[place])
                wanted[place] = 0.0
                moves.append((f, period, place))
    return tuple(moves)


def tour_note(moves: Tours, instead: bool) -> str:
    """Return what moves a plan makes, in sentences without places or dates, which not all may read."""
    several = f"moves {len(moves)} times in all, one site after the other"
    many = {0: "does not move", 1: "moves once"}.get(len(moves), several)
    unpaid = "; the moves of a better plan cannot be paid" if instead else ""
    return (
        f"{PLACES} mobile plant {many}{unpaid}; the bound leaves places aside, "
        "and stays valid; commissionings were chosen without them, new plant tried once more with them"
    )
