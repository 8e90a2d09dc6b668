"""New plant tried once more, beside the moves of mobile plant.

Commissionings are chosen with mobile plant at all sites at once: new plant then seems to avert little where
mobile plant would have to go. Each that was not ordered is ordered here as early as it can be paid; where
linear harm of the best flows with moves is less than without it, the search is done again with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from demilsim.optimisation.candidates import Search, begin, finish
from demilsim.optimisation.task import Choice, Task
from demilsim.optimisation.tour_choice import destroyed_by, least_linear_harm, with_places
from demilsim.plan import DisposalPlan


def with_orders_again(
    task: Task,
    ended: list[Search],
    start: DisposalPlan | None,
    others: Sequence[DisposalPlan],
    max_steps: int,
) -> list[Search]:
    """Return searches with moves, those with a further order that suits them among these.

    Parameters
    ----------
    task, start, others, max_steps
        As `with_places` takes them.
    ended
        What it returned, best first.

    Returns
    -------
    list of Search
        Best first; as they are where no plant has a place or nothing more can be ordered.
    """
    tried = {search.choice for search in ended}
    while ended and ended[0].tours is not None:
        choice = _with_one_more(task, ended[0], tried)
        if choice is None:
            break
        tried.add(choice)
        destroyed_t = destroyed_by(task, ended[0])
        searches = begin(task, choice, task.left_t(destroyed_t), None, [destroyed_t])
        if not searches:
            break
        more = with_places(task, finish(searches, max_steps), start, others, max_steps)
        better = bool(more) and more[0].exact_harm < ended[0].exact_harm
        ended = sorted((*ended, *more), key=lambda search: search.exact_harm)
        if not better:
            break
    return ended


def _with_one_more(task: Task, best: Search, tried: set[Choice]) -> Choice | None:
    """Return the commissionings with the order of one more facility that have least linear harm.

    None where they have no less than those of the best search, or were tried.
    """
    path, moves = task.left_t(destroyed_by(task, best)), best.tours or ()
    # Steps have led to these moves, along a path close to this one.
    least, found = least_linear_harm(task, best.choice, path, moves, improved=False), None
    ordered = {facility for facility, _ in best.choice}
    for facility, row in enumerate(task.scenario.facilities):
        period = _payable(task, facility)
        if row.status != "possible" or facility in ordered or period is None:
            continue
        choice = tuple(sorted((*best.choice, (facility, period))))
        harm = np.inf if choice in tried else least_linear_harm(task, choice, path, moves)
        if harm < least:
            least, found = harm, choice
    return found


def _payable(task: Task, facility: int) -> int | None:
    """Return the first period by whose start enough money has come to order a facility; None if never."""
    payers = task.options.capital_eligible[:, facility]
    held_usd = np.cumsum(task.coefficients.receipts_usd[payers].sum(axis=0))
    enough = np.flatnonzero(held_usd >= task.scenario.facilities[facility].capital_cost_usd)
    return int(enough[0]) if enough.size else None
