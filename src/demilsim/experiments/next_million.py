"""What the next million of donors' money is worth: by the dual of the plan's money, and by planning again.

The dual is that of the linear plan along the direction in which donors' money grows, all tranches in
proportion, matching included. The optimum of a linear program is concave in what is added, so where the plan
solved again averts what the dual says, it does so everywhere before; that is the range in which it holds.
Planning again has exact harm and commissionings of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demilsim.optimisation.duals import Duals, optimum_after
from demilsim.optimisation.plan_model import PlanModel
from demilsim.optimisation.prices import SAME, priced_rows
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.plan import Floats

MILLION_USD = 1e6

FIRST_MILLIONS = 1e-3
"""Where the dual is taken: a thousand dollars more, so that at a kink it is that of more money [million]."""

MOST_MILLIONS = 1024.0
"""The range is not followed further [million USD]."""

HALVINGS = 12
"""The end of a range is found to this power of two."""


@dataclass(frozen=True)
class NextMillion:
    """What a million more is worth at a budget.

    Parameters
    ----------
    by_dual
        Planning harm averted by a million, by the dual [weighted persons].
    holds_from_usd, holds_to_usd
        Budgets between which the linear plan solved again averts what the dual says [USD]. The upper end is
        the budget itself if the dual holds for no more money.
    linear
        Planning harm averted by the next million, the linear plan solved again, commissionings as they are.
    again
        The same planned again on exact harm, commissionings chosen anew; None where nothing was planned.
    """

    by_dual: float
    holds_from_usd: float
    holds_to_usd: float
    linear: float
    again: float | None = None


def next_million(
    at: PlanModel, added_usd: Floats, budget_usd: float, again: float | None = None
) -> NextMillion:
    """Return what a million more is worth to a plan.

    Parameters
    ----------
    at
        The plan at a budget.
    added_usd
        What a million promised brings, shape (fund, period) [USD].
    budget_usd
        The budget.
    again
        As in `NextMillion`.

    Raises
    ------
    SolverError
        If no solver tells duals.
    """
    change = money_rows(at, added_usd)
    base = optimum_after(at.lp, at.model.cost, np.zeros_like(change))
    duals = _duals_after(at, FIRST_MILLIONS * change)
    by_dual = 0.0 - float(duals.row @ change)

    def holds(millions: float) -> bool:
        found = optimum_after(at.lp, at.model.cost, millions * change)
        averted, promised = base.objective - found.objective, by_dual * millions
        return abs(averted - promised) <= max(SAME * abs(promised), base.rounding + found.rounding)

    down = budget_usd / MILLION_USD
    return NextMillion(
        by_dual=by_dual,
        holds_from_usd=budget_usd - MILLION_USD * _reach(lambda m: holds(-m), down, down),
        holds_to_usd=budget_usd + MILLION_USD * _reach(holds, 1.0, MOST_MILLIONS),
        linear=base.objective - optimum_after(at.lp, at.model.cost, change).objective,
        again=again,
    )


def money_rows(at: PlanModel, added_usd: Floats) -> Floats:
    """Return the change of right-hand sides for more money of shape (fund, period) [kUSD], shape (row,)."""
    change = np.zeros(len(at.row_names))
    for rows, index in priced_rows(at):
        if rows.family == "budget":
            change[index] = at.problem.blocks.sum(added_usd).ravel() / USD_PER_KUSD
    return change


def _duals_after(at: PlanModel, change: Floats) -> Duals:
    at.lp.shift(change)
    try:
        duals = at.lp.duals(at.model.cost)
    finally:
        at.lp.shift(np.zeros_like(change))
    assert duals is not None, "a plan is still possible with more money"
    return duals


def _reach(holds: Callable[[float], bool], first: float, most: float) -> float:
    """Return how far something holds from 0 on, up to `most`; it holds in one stretch or nowhere."""
    low, high = 0.0, min(first, most)
    while high > 0.0 and holds(high):
        low = high
        if low >= most:
            return low
        high = min(2.0 * high, most)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
