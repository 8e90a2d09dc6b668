"""Flows under limits on risk: exact risk decides how far a step goes, rows made linear decide where to.

Kept limits stay kept: a step from a plan that keeps them ends where exact risk still does. The linear
program of a step asks for a little less than each limit, since on the way exact risk may be above the row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import check
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.kept import keep, pass_model
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.risk_limits import LinearRisk, RiskLimits
from demilsim.optimisation.rows import Columns, Rows, over_columns, with_terms
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
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats, Ints

AIM = 0.02
"""Share of a limit by which a long step stays below it [1]."""

AIM_OF_RADIUS = 0.1
"""The same for each unit of a limited step's radius [1]: curvature counts less on a shorter way."""

RESTORE_AIM = 1e-3
"""Share of a limit by which a plan that breaks limits is brought below them [1]."""

TOLERANCE = 1e-6
"""Share of a limit by which a row may be missed and not count as broken [1]; solvers allow 1e-7."""

HARM_WEIGHT = 0.01
"""Parts of a limit that a plan may break for as much harm as doing nothing causes: of plans that break limits
alike, the one of less linear harm is a better start [1]."""

SMALLEST_HARM = 1e-12
"""Harm of doing nothing at least in that [persons]."""

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


class LimitedModel:
    """The rows of a problem with rows of risk that change from step to step.

    Of a thousand rows of risk few bind, and each has thousands of terms: a program has those that bound in
    the one before, and those that its solution breaks are added until it breaks none.

    Parameters
    ----------
    model
        The other rows.
    limits
        The limits on risk.
    """

    def __init__(self, model: Model, limits: RiskLimits) -> None:
        self.limits, self._columns = limits, model.cost.size
        slack = tuple(f"over_{name}" for name in limits.names)
        self._upper = np.append(model.columns.upper, np.zeros(limits.count))
        none = np.zeros(limits.count, dtype=bool)
        columns = Columns(
            (*model.columns.names, *slack), self._upper, np.append(np.zeros_like(model.columns.integer), none)
        )
        self._model = replace(
            model, columns=columns, cost=np.append(model.cost, np.zeros(limits.count)), constant=0.0
        )
        self._free = keep(model)
        self._second = second_cost(model.cost, limits.harm)
        self._number = {name: i for i, name in enumerate(limits.names)}
        self._binding = none
        self._there = np.empty(0, dtype=np.int64)
        self._highs: Any = None
        if highs_available():
            with silent_stdout():
                self._highs = pass_model(self._model)

    @property
    def binding(self) -> Ints:
        """Rows of risk that bound in the last program that had a solution, shape (binding,)."""
        return np.flatnonzero(self._binding)

    def vertex(
        self, cost: Floats, here: Floats, asked: float | None, bounds: tuple[Floats, Floats] | None = None
    ) -> Floats | None:
        """Return the best point for costs of shape (column,), shape (column,); None if there is none.

        Parameters
        ----------
        cost
            Objective.
        here
            Flows around which risk is made linear [t], shape (flow,).
        asked
            Share of each limit that is asked for [1]; None leaves risk aside.
        bounds
            Other lower and upper bounds of the columns.
        """
        if asked is None:
            return self._free.minimise(cost, bounds).values
        return self.best(cost, self.limits.linear(here, asked), bounds)

    def best(
        self, cost: Floats, linear: LinearRisk, bounds: tuple[Floats, Floats] | None = None
    ) -> Floats | None:
        """Return the best point for costs of shape (column,) within limits made linear; None without."""
        return self._minimise(np.append(cost, np.zeros(self.limits.count)), linear, bounds, 0.0)

    def least_excess(self, linear: LinearRisk, bounds: tuple[Floats, Floats] | None = None) -> Floats | None:
        """Return the point, shape (column,), that breaks linear limits least in sum; None if there is none.

        Of points that break them alike, it is one of little linear harm.
        """
        cost = np.append(self._second, np.ones(self.limits.count))
        return self._minimise(cost, linear, bounds, np.inf)

    def _minimise(
        self, cost: Floats, linear: LinearRisk, bounds: tuple[Floats, Floats] | None, most_over: float
    ) -> Floats | None:
        lower, upper = np.zeros(self._upper.size), self._upper.copy()
        if bounds is not None:
            lower[: self._columns], upper[: self._columns] = bounds
        upper[self._columns :] = most_over
        used = self._binding.copy()
        above = np.flatnonzero(linear.above > TOLERANCE)
        # What is gone by the first date on which a limit is broken is gone by later ones too.
        used[above[np.unique(self.limits.group[above], return_index=True)[1]]] = True
        while True:
            values = self._solved(cost, linear.rows(np.flatnonzero(used)), lower, upper)
            if values is None:
                return None
            missing = linear.missing(values[: self.limits.harm.flows])
            broken = ~used & (missing > TOLERANCE)
            if not broken.any():
                self._binding = used & (missing >= values[self._columns :] - TOLERANCE)
                return values[: self._columns]
            used |= broken

    def _solved(self, cost: Floats, rows: Rows, lower: Floats, upper: Floats) -> Floats | None:
        """Return an optimal vertex under some rows of risk, each with slack; None if there is none."""
        number = np.array([self._number[name] for name in rows.names], dtype=np.int64)
        soft = with_terms(rows, np.arange(number.size), self._columns + number, np.ones(number.size))
        if self._highs is None:
            whole = replace(self._model, families=(*self._model.families, soft))
            return keep(whole).minimise(cost, (lower, upper)).values
        highs, columns = self._highs, np.arange(lower.size, dtype=np.int32)
        self._exchange(soft, number)
        with silent_stdout():
            check(highs.changeColsCost(columns.size, columns, cost_scale(cost) * cost), "costs")
            check(highs.changeColsBounds(columns.size, columns, lower, upper), "bounds")
            check(highs.run(), "run")
        return np.array(highs.getSolution().col_value) if highs_status(highs) is PlanStatus.OPTIMAL else None

    def _exchange(self, rows: Rows, number: Ints) -> None:
        """Exchange the rows of risk, those that stay with their place in the basis."""
        import highspy

        highs, base = self._highs, self._model.rows
        basis = highs.getBasis()
        status = dict(zip(self._there.tolist(), basis.row_status[base:], strict=False))
        exchange_rows(highs, base, rows)
        self._there = number
        if basis.valid:
            new = highspy.HighsBasisStatus.kBasic
            basis.row_status = [*basis.row_status[:base], *(status.get(i, new) for i in number.tolist())]
            basis.alien = True
            check(highs.setBasis(basis), "basis")


def second_cost(cost: Floats, harm: PlanningHarm) -> Floats:
    """Return linear harm, shape (column,), as a cost beside the sum of what is above limits [1]."""
    return HARM_WEIGHT / max(harm.do_nothing, SMALLEST_HARM) * cost


def exchange_rows(highs: Any, base: int, rows: Rows) -> None:
    """Put rows that ask for at least their right-hand side in place of all after the first few of a model.

    Parameters
    ----------
    highs
        The model in HiGHS.
    base
        Rows that stay.
    rows
        Rows that follow them from now on.
    """
    old, count = int(highs.getNumRow()), rows.rhs.size
    start = np.searchsorted(rows.row, np.arange(count)).astype(np.int32)
    index, value, most = rows.column.astype(np.int32), rows.coefficient, np.full(count, np.inf)
    with silent_stdout():
        if old > base:
            check(highs.deleteRows(old - base, np.arange(base, old, dtype=np.int32)), "rows out")
        if count:
            check(highs.addRows(count, rows.rhs, most, value.size, start, index, value), "rows in")


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
