"""Flows under limits on risk: exact risk decides how far a step goes, rows made linear decide where to.

Kept limits stay kept: a step from a plan that keeps them ends where exact risk still does. The linear
program of a step asks for a little less than each limit, since on the way exact risk may be above the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.risk_limits import RiskLimits
from demilsim.optimisation.rows import over_columns
from demilsim.optimisation.sequential import (
    LAST_RADIUS,
    RADIUS_FACTOR,
    RELATIVE_DECREASE,
    SHORT_STEP,
    Descent,
    bounds_within,
    descend_by,
    line_search,
    polish_by,
    small_decrease,
)
from demilsim.plan import Floats

AIM = 0.02
"""Share of a limit by which a long step stays below it [1]."""

AIM_OF_RADIUS = 0.1
"""The same for each unit of a limited step's radius [1]: curvature counts less on a shorter way."""

RESTORE_AIM = 1e-3
"""Share of a limit by which a plan that breaks limits is brought below them [1]."""

RESTORE_STEPS, PACE_STEPS = 30, 5
"""Steps after which no plan that keeps the limits is looked for any more, and those that tell the pace."""

PULL_PARTS, PULL_HALVINGS = 32, 12
"""Equal parts of the way to a plan that keeps the limits, and halvings of the first part that does."""

CORRECTIONS = 3
"""Programs of one step within limits: the first by tangents, others by what risk does on the way found."""

MOST_STARTS = 2
"""Starts within limits from which the search for one choice of commissionings begins."""

LIMITED_DECREASE = 1e-3
"""Decrease of harm, relative to the harm averted so far, below which long steps give way to short ones: along
limits that bend, long ones are cut to a tenth of their way [1]."""


def restored(model: LimitedModel, harm: PlanningHarm, start: Floats) -> tuple[Floats, float]:
    """Return a plan that keeps the limits, or breaks them as little as was found, and its excess [1].

    Each step goes to the plan that breaks limits least where they are made linear, as far as exact excess
    falls on the way. Excess is not convex: a plan that keeps the limits may exist and not be found.

    Parameters
    ----------
    model, harm
        Rows, and exact harm.
    start
        A plan that may break limits on risk, and nothing else, shape (column,).
    """
    limits, values, radius = model.limits, start, 1.0
    path = [limits.excess(values[: harm.flows])]
    while path[-1] > 0.0 and radius >= LAST_RADIUS and _gets_there(path):
        here = values[: harm.flows]
        bounds = None if radius == 1.0 else bounds_within(harm, values, radius)
        there = model.least_excess(limits.linear(here, 1.0 - RESTORE_AIM), bounds)
        assert there is not None, "the point itself satisfies all rows but those of risk"
        share = line_search(limits.excess_along(here, there[: harm.flows]), path[-1])
        values = values + share * (there - values)
        path.append(limits.excess(values[: harm.flows]))
        if share < SHORT_STEP:
            radius /= RADIUS_FACTOR
    return values, path[-1]


def _gets_there(path: list[float]) -> bool:
    """Return whether excess would be nothing after the most steps at the pace of the last few [1]."""
    left = RESTORE_STEPS + 1 - len(path)
    if len(path) <= PACE_STEPS:
        return left > 0
    return left * (path[-1 - PACE_STEPS] - path[-1]) / PACE_STEPS >= path[-1]


def starts_within(
    model: LimitedModel, harm: PlanningHarm, points: list[tuple[Floats, bool]]
) -> list[tuple[Floats, bool]]:
    """Return starts within the limits: the plan of least linear harm there, and others brought there.

    Others go towards that plan until they keep the limits: one line each, where steps of `restored` took ten
    linear programs and ended in plans of more harm.

    Parameters
    ----------
    model, harm
        Rows, and exact harm.
    points
        Plans that may break limits on risk, shape (column,), each with a mark that it keeps.

    Returns
    -------
    list of (ndarray, bool)
        As `points`: those of least harm, and those with a mark; empty if no plan within limits was found.
    """
    limits = model.limits
    linear = model.least_excess(limits.mean(1.0 - RESTORE_AIM))
    nearest = min((point for point, _ in points), key=lambda point: limits.excess(point[: harm.flows]))
    for point in (nearest if linear is None else linear, nearest):
        kept, excess = restored(model, harm, point)
        if excess == 0.0:
            starts = [(kept, False), *((_pulled(limits, kept, far), mark) for far, mark in points)]
            starts.sort(key=lambda start: harm.total(start[0][: harm.flows]))
            return [start for i, start in enumerate(starts) if i < MOST_STARTS or start[1]]
    return []


def _pulled(limits: RiskLimits, kept: Floats, far: Floats) -> Floats:
    """Return the plan nearest to one that was found to keep the limits on the way from one that does."""
    flows = limits.harm.flows
    excess = limits.excess_along(far[:flows], kept[:flows])
    grid = np.linspace(0.0, 1.0, PULL_PARTS + 1).tolist()
    high = next((share for share in grid[:-1] if excess(share) == 0.0), 1.0)
    low = max(high - 1.0 / PULL_PARTS, 0.0)
    for _ in range(PULL_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if excess(middle) == 0.0 else (middle, high)
    return far if excess(0.0) == 0.0 else far + high * (kept - far)


def descend_within(model: LimitedModel, harm: PlanningHarm, start: Floats, max_steps: int) -> Descent:
    """Return a plan that keeps the limits and is no worse than the start, which does; as `descend`."""
    return descend_by(partial(_step, model, harm), harm, start, max_steps, LIMITED_DECREASE)


def polish_within(model: LimitedModel, harm: PlanningHarm, start: Floats, max_steps: int) -> Descent:
    """Return a local optimum that keeps the limits, by steps of limited length; as `polish`."""
    return polish_by(partial(_step, model, harm), harm, start, max_steps)


def _step(
    model: LimitedModel, harm: PlanningHarm, values: Floats, total: float, radius: float | None
) -> tuple[Floats, float, float]:
    """Return the next point that keeps the limits, the share of the way to it, and its exact harm."""
    here = values[: harm.flows]
    _, gradient = harm.total_and_gradient(here)
    bounds = None if radius is None else bounds_within(harm, values, radius)
    aim = AIM if radius is None else min(AIM, AIM_OF_RADIUS * radius)
    enough = small_decrease(harm, total, RELATIVE_DECREASE if radius is not None else LIMITED_DECREASE)
    cost, best = over_columns(gradient, values.size), (values, 0.0, total)
    for tried, there in enumerate(_aims(model, cost, here, aim, bounds), start=1):
        share = _kept_share(model, harm, here, there[: harm.flows], total)
        following = values + share * (there - values)
        reached = harm.total(following[: harm.flows]) if share > 0.0 else total
        if reached < best[2]:
            best = following, share, reached
        if total - best[2] > enough and (best[1] > SHORT_STEP or tried >= CORRECTIONS):
            break
    return best


def _aims(
    model: LimitedModel, cost: Floats, here: Floats, aim: float, bounds: tuple[Floats, Floats] | None
) -> Iterator[Floats]:
    """Yield points to go to, shape (column,), those that are most likely to be reached first."""
    limits = model.limits
    linear = limits.linear(here, 1.0 - aim)
    for _ in range(CORRECTIONS):
        there = model.best(cost, linear, bounds)
        if there is None:
            break
        yield there
        # Tangents beside an empty storehouse let lots come back as if they did nothing.
        linear = limits.between(here, there[: here.size], 1.0 - aim)
    # Rows made linear may bar a way that exact risk leaves open.
    for asked in (1.0, None):
        free = model.vertex(cost, here, asked, bounds)
        if free is not None:
            yield free


def _kept_share(model: LimitedModel, harm: PlanningHarm, here: Floats, there: Floats, total: float) -> float:
    """Return the share of the way that lowers harm most within the limits."""
    value, excess = harm.along(here, there), model.limits.excess_along(here, there)
    return line_search(lambda part: np.inf if excess(part) > 0.0 else value(part), total)
