"""Flows under limits on risk: exact risk decides how far a step goes, rows made linear decide where to.

Kept limits stay kept: a step from a plan that keeps them ends where exact risk still does. The linear
program of a step asks for a little less than each limit, since on the way exact risk may be above the row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import check
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.kept import Vertex, keep, pass_model
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.risk_limits import RiskLimits
from demilsim.optimisation.rows import Columns, Rows, Sense, over_columns, rows_of, with_terms
from demilsim.optimisation.sequential import (
    FIRST_RADIUS,
    LAST_RADIUS,
    LONG_STEP,
    RADIUS_FACTOR,
    RELATIVE_DECREASE,
    SHORT_STEP,
    Descent,
    line_search,
)
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats

AIM = 0.02
"""Share of a limit by which a long step stays below it [1]."""

AIM_OF_RADIUS = 0.1
"""The same for each unit of a limited step's radius [1]: curvature counts less on a shorter way."""

RESTORE_AIM = 1e-3
"""Share of a limit by which a plan that breaks limits is brought below them [1]."""

RESTORE_STEPS = 30
"""Steps after which no plan that keeps the limits is looked for any more."""


class LimitedModel:
    """The rows of a problem with rows of risk that change from step to step.

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
        self._slack = {name: model.cost.size + i for i, name in enumerate(limits.names)}
        self._no_rows = rows_of("risk", [], Sense.AT_LEAST, np.empty(0), str)
        self._highs: Any = None
        if highs_available():
            with silent_stdout():
                self._highs = pass_model(self._model)

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
        whole = np.append(cost, np.zeros(self.limits.count))
        if asked is None:
            found = self._minimise(whole, self._no_rows, bounds, 0.0)
        else:
            found = self._minimise(whole, self.limits.add_risk(here, asked), bounds, 0.0)
        return None if found.values is None else found.values[: self._columns]

    def least_excess(self, rows: Rows, bounds: tuple[Floats, Floats] | None = None) -> Floats | None:
        """Return the point that breaks rows of risk least in sum, shape (column,); None if there is none."""
        cost = np.append(np.zeros(self._columns), np.ones(self.limits.count))
        found = self._minimise(cost, rows, bounds, np.inf)
        return None if found.values is None else found.values[: self._columns]

    def _minimise(
        self, cost: Floats, rows: Rows, bounds: tuple[Floats, Floats] | None, most_over: float
    ) -> Vertex:
        over = np.array([self._slack[name] for name in rows.names], dtype=np.int64)
        soft = with_terms(rows, np.arange(over.size), over, np.ones(over.size))
        lower, upper = np.zeros(self._upper.size), self._upper.copy()
        if bounds is not None:
            lower[: self._columns], upper[: self._columns] = bounds
        upper[self._columns :] = most_over
        if self._highs is None:
            whole = replace(self._model, families=(*self._model.families, soft))
            return keep(whole).minimise(cost, (lower, upper))
        return self._kept(cost, soft, lower, upper)

    def _kept(self, cost: Floats, rows: Rows, lower: Floats, upper: Floats) -> Vertex:
        """Return an optimal vertex by the model that HiGHS keeps, its rows of risk exchanged."""
        highs, columns = self._highs, np.arange(lower.size, dtype=np.int32)
        exchange_rows(highs, self._model.rows, rows)
        with silent_stdout():
            check(highs.changeColsCost(columns.size, columns, cost_scale(cost) * cost), "costs")
            check(highs.changeColsBounds(columns.size, columns, lower, upper), "bounds")
            check(highs.run(), "run")
            status = highs_status(highs)
            values = np.array(highs.getSolution().col_value) if status is PlanStatus.OPTIMAL else None
        return Vertex(status, values)


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
    excess = limits.excess(values[: harm.flows])
    for _ in range(RESTORE_STEPS):
        if excess == 0.0 or radius < LAST_RADIUS:
            break
        here = values[: harm.flows]
        bounds = None if radius == 1.0 else _within(harm, values, radius)
        there = model.least_excess(limits.add_risk(here, 1.0 - RESTORE_AIM), bounds)
        assert there is not None, "the point itself satisfies all rows but those of risk"
        share = line_search(limits.excess_along(here, there[: harm.flows]), excess)
        values = values + share * (there - values)
        excess = limits.excess(values[: harm.flows])
        radius = radius / RADIUS_FACTOR if share < SHORT_STEP else radius
    return values, excess


def descend_within(model: LimitedModel, harm: PlanningHarm, start: Floats, max_steps: int) -> Descent:
    """Return a plan that keeps the limits and is no worse than the start, which does; as `descend`."""
    values, path = start, [harm.total(start[: harm.flows])]
    for _ in range(max_steps):
        values, share, total = _step(model, harm, values, path[-1], None)
        if share > 0.0:
            path.append(total)
        if share == 0.0 or path[-2] - total < _small(harm, total):
            return Descent(PlanStatus.OPTIMAL, values, tuple(path))
    return Descent(PlanStatus.FEASIBLE, values, tuple(path))


def polish_within(model: LimitedModel, harm: PlanningHarm, start: Floats, max_steps: int) -> Descent:
    """Return a local optimum that keeps the limits, by steps of limited length; as `polish`."""
    values, path, radius = start, [harm.total(start[: harm.flows])], FIRST_RADIUS
    for _ in range(max_steps):
        values, share, total = _step(model, harm, values, path[-1], radius)
        if share > 0.0:
            path.append(total)
        if radius < LAST_RADIUS and (share == 0.0 or path[-2] - total < _small(harm, total)):
            return Descent(PlanStatus.OPTIMAL, values, tuple(path))
        if share < SHORT_STEP:
            radius /= RADIUS_FACTOR
        elif share > LONG_STEP:
            radius = min(radius * RADIUS_FACTOR, 1.0)
    return Descent(PlanStatus.FEASIBLE, values, tuple(path))


def _step(
    model: LimitedModel, harm: PlanningHarm, values: Floats, total: float, radius: float | None
) -> tuple[Floats, float, float]:
    """Return the next point that keeps the limits, the share of the way to it, and its exact harm."""
    here = values[: harm.flows]
    _, gradient = harm.total_and_gradient(here)
    bounds = None if radius is None else _within(harm, values, radius)
    aim = AIM if radius is None else min(AIM, AIM_OF_RADIUS * radius)
    best = values, 0.0, total
    # Rows made linear may bar a way that exact risk leaves open, so that one without them is tried first.
    for asked in (None, 1.0 - aim, 1.0):
        if asked == 1.0 and best[1] > 0.0:
            break
        there = model.vertex(over_columns(gradient, values.size), here, asked, bounds)
        if there is None:
            continue
        share, whole = _kept_share(model, harm, here, there[: harm.flows], total)
        following = values + share * (there - values)
        reached = harm.total(following[: harm.flows]) if share > 0.0 else total
        if reached < best[2]:
            best = following, share, reached
        if asked is None and share > 0.0 and whole:
            break
    return best


def _kept_share(
    model: LimitedModel, harm: PlanningHarm, here: Floats, there: Floats, total: float
) -> tuple[float, bool]:
    """Return the best share of the way within the limits, and whether all of it is within them."""
    value, excess = harm.along(here, there), model.limits.excess_along(here, there)
    share = line_search(lambda part: np.inf if excess(part) > 0.0 else value(part), total)
    return share, excess(1.0) == 0.0


def _within(harm: PlanningHarm, values: Floats, radius: float) -> tuple[Floats, Floats]:
    """Return bounds that let each flow change by a share of its group only, each of shape (column,)."""
    here = values[: harm.flows]
    lower, upper = np.zeros(values.size), np.full(values.size, np.inf)
    lower[: harm.flows] = np.maximum(here - radius * harm.most_t, 0.0)
    upper[: harm.flows] = np.minimum(here + radius * harm.most_t, harm.most_t)
    return lower, upper


def _small(harm: PlanningHarm, total: float) -> float:
    """Return the decrease of harm below which a search stops [persons]."""
    return RELATIVE_DECREASE * max(harm.do_nothing - total, 0.0)
