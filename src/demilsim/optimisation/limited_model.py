"""Linear programs whose rows of limits on risk change from step to step, and are added where they bind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import check
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.kept import keep, pass_model
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.risk_limits import LinearRisk, RiskLimits
from demilsim.optimisation.rows import Columns, Rows, with_terms
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats, Ints

TOLERANCE = 1e-6
"""Share of a limit by which a row may be missed and not count as broken [1]; solvers allow 1e-7."""

HARM_WEIGHT = 0.01
"""Parts of a limit that a plan may break for as much harm as doing nothing causes: of plans that break limits
alike, the one of less linear harm is a better start [1]."""

SMALLEST_HARM = 1e-12
"""Harm of doing nothing at least in that [persons]."""


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
