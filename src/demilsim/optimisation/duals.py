"""Duals of a linear plan, the range in which they hold, and the optimum again after a change of limits.

HiGHS keeps its model; without it CBC solves anew each time and knows no ranges. Both minimise, so that their
duals have one sign: the change of the objective per unit of right-hand side.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from scipy.sparse import csr_array

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import check
from demilsim.optimisation.cbc import LpPoint, cbc_path, solve_lp_cbc
from demilsim.optimisation.highs import highs_available, silent_stdout
from demilsim.optimisation.kept import KeptHighs, Vertex
from demilsim.plan import Floats


@dataclass(frozen=True)
class Duals:
    """An optimum of a linear plan and what its limits are worth.

    Parameters
    ----------
    objective
        Of the optimum, without the model's constant [persons].
    row
        Change of the objective per unit of right-hand side, shape (row,).
    column
        Reduced cost: change of the objective per unit that is forced into a column, shape (column,).
    lowest, highest
        Right-hand sides between which the dual of the row holds if all else stays, shape (row,); not a
        number where the solver does not tell.
    rounding
        How far the objective may be from the true one [persons], see `rounding`.
    """

    objective: float
    row: Floats
    column: Floats
    lowest: Floats
    highest: Floats
    rounding: float


@dataclass(frozen=True)
class Optimum:
    """An optimal objective, and how exactly it is known.

    Parameters
    ----------
    objective
        Without the model's constant [persons]; infinite where no plan is possible.
    rounding
        How far it may be from the true one [persons], see `rounding`.
    """

    objective: float
    rounding: float


class PricedLp(Protocol):
    """A linear program whose limits can be shifted, and whose duals can be read; it is a `KeptModel`."""

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        """Return an optimal vertex, as in `KeptModel`."""
        ...

    def shift(self, change: Floats) -> None:
        """Set every right-hand side to its own plus a change of shape (row,)."""
        ...

    def optimum(self, cost: Floats) -> Optimum:
        """Return the optimal objective for costs of shape (column,)."""
        ...

    def duals(self, cost: Floats) -> Duals | None:
        """Return duals at the optimum for costs of shape (column,); None if there is no optimum."""
        ...


def priced(model: Model, solver: str | None = None) -> PricedLp:
    """Return the rows of a model, integers dropped, in a solver that tells duals.

    Parameters
    ----------
    model
        The model.
    solver
        ``HiGHS`` or ``CBC``; the first that is installed by default.

    Raises
    ------
    SolverError
        If it is not installed.
    """
    if solver in (None, "HiGHS") and highs_available():
        return _PricedHighs(model)
    path = cbc_path()
    if solver in (None, "CBC") and path:
        return _PricedCbc(model, path)
    raise SolverError(f"{solver or 'HiGHS and CBC'}: expected to be installed, for shadow prices")


def vertex_after(lp: PricedLp, cost: Floats, change: Floats) -> Vertex:
    """Return an optimal vertex after a change of limits; parameters as in `optimum_after`."""
    with shifted(lp, change):
        return lp.minimise(cost)


def optimum_after(lp: PricedLp, cost: Floats, change: Floats) -> Optimum:
    """Return the optimal objective after a change of limits.

    Parameters
    ----------
    lp
        The linear program; its limits are as before afterwards.
    cost
        Objective, shape (column,).
    change
        Change of every right-hand side, shape (row,).
    """
    with shifted(lp, change):
        return lp.optimum(cost)


@contextmanager
def shifted(lp: PricedLp, change: Floats) -> Iterator[None]:
    """Change every right-hand side for a while."""
    lp.shift(change)
    try:
        yield
    finally:
        lp.shift(np.zeros_like(change))


def optimum(lp: PricedLp, cost: Floats, change: Floats) -> float:
    """Return the optimal objective after a change of limits alone; parameters as in `optimum_after`."""
    return optimum_after(lp, cost, change).objective


def rounding(
    matrix: csr_array[np.float64],
    row_bounds: tuple[Floats, Floats],
    upper: Floats,
    cost: Floats,
    values: Floats,
    dual: Floats,
) -> float:
    """Return how far the objective of a solver's optimum may be from the true one [persons].

    For any duals y of the rows, and d = c - A'y of the columns, c x = y A x + d x. At the true optimum every
    row or column of which the dual is not zero stands at its limit, to which the solver's point keeps up to
    its tolerance and its last digits. What that is worth is

        sum |y_i| |A_i x - b_i| + sum |d_j| |x_j - u_j| + e sum |c_j x_j|,

    with the limit to which the sign of the dual points (the other one if there is none) and e = 2.2e-16, the
    last digit of the sum itself.

    Parameters
    ----------
    matrix
        A, shape (row, column).
    row_bounds
        Lower and upper limits of the rows, each of shape (row,).
    upper
        Upper limits of the columns, shape (column,); the lower are zero.
    cost
        c, shape (column,).
    values, dual
        The solver's x, shape (column,), and y, shape (row,).
    """
    reduced = cost - matrix.T @ dual
    activity = np.asarray(matrix @ values, dtype=float)
    off_rows = np.abs(dual) @ _off_limit(activity, dual, *row_bounds)
    off_columns = np.abs(reduced) @ _off_limit(values, reduced, np.zeros_like(upper), upper)
    return float(off_rows + off_columns + np.finfo(float).eps * (np.abs(cost) @ np.abs(values)))


def _off_limit(value: Floats, dual: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return how far values are from the limits at which their duals hold them."""
    below = np.where(np.isfinite(lower), lower, upper)
    above = np.where(np.isfinite(upper), upper, lower)
    return np.abs(value - np.where(dual > 0.0, below, above))


class _PricedHighs(KeptHighs):
    """The kept model with its duals."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._matrix = model.matrix()
        self._row_bounds = self._shifted = model.row_bounds()
        self._rows = np.arange(self._row_bounds[0].size, dtype=np.int32)

    def shift(self, change: Floats) -> None:
        lower, upper = self._row_bounds
        self._shifted = (lower + change, upper + change)
        with silent_stdout():
            check(self._highs.changeRowsBounds(self._rows.size, self._rows, *self._shifted), "row bounds")

    def optimum(self, cost: Floats) -> Optimum:
        vertex = self.minimise(cost)
        if vertex.values is None:
            return Optimum(np.inf, 0.0)
        dual = np.array(self._highs.getSolution().row_dual) / cost_scale(cost)
        off = rounding(self._matrix, self._shifted, self._upper, cost, vertex.values, dual)
        return Optimum(float(cost @ vertex.values), off)

    def duals(self, cost: Floats) -> Duals | None:
        found = self.optimum(cost)
        if not np.isfinite(found.objective):
            return None
        scale = cost_scale(cost)
        with silent_stdout():
            solution = self._highs.getSolution()
            code, ranging = self._highs.getRanging()
        check(code, "ranging")
        lowest, highest = self._ranges(ranging, np.array(solution.row_value), np.array(solution.row_dual))
        return Duals(
            objective=found.objective,
            row=np.array(solution.row_dual) / scale,
            column=np.array(solution.col_dual) / scale,
            lowest=lowest,
            highest=highest,
            rounding=found.rounding,
        )

    def _ranges(self, ranging: Any, value: Floats, dual: Floats) -> tuple[Floats, Floats]:
        """Return the right-hand sides between which the duals hold.

        HiGHS ranges the bound at which a row stands. One that does not stand at its bound has no price from
        its value on, however far the bound goes.
        """
        if not ranging.valid:
            nothing = np.full(self._rows.size, np.nan)
            return nothing, nothing
        lower, upper = self._row_bounds
        lowest = np.array(ranging.row_bound_dn.value_)
        highest = np.array(ranging.row_bound_up.value_)
        free = (dual == 0.0) & (lower < upper)
        at_most = np.isfinite(upper)
        lowest[free] = np.where(at_most, value, -np.inf)[free]
        highest[free] = np.where(at_most, np.inf, value)[free]
        return lowest, highest


class _PricedCbc:
    """CBC, solved anew each time."""

    def __init__(self, model: Model, path: str) -> None:
        self._base = self._model = model.lp_relaxation()
        self._path = path

    def shift(self, change: Floats) -> None:
        families, first = [], 0
        for rows in self._base.families:
            end = first + rows.rhs.size
            families.append(replace(rows, rhs=rows.rhs + change[first:end]))
            first = end
        self._model = replace(self._base, families=tuple(families))

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        status, point = solve_lp_cbc(replace(self._model, cost=cost), self._path, bounds)
        return Vertex(status, None if point is None else point.values)

    def optimum(self, cost: Floats) -> Optimum:
        _, point = solve_lp_cbc(replace(self._model, cost=cost), self._path)
        return Optimum(np.inf, 0.0) if point is None else self._optimum(cost, point)

    def duals(self, cost: Floats) -> Duals | None:
        _, point = solve_lp_cbc(replace(self._model, cost=cost), self._path)
        if point is None:
            return None
        found = self._optimum(cost, point)
        nothing = np.full(point.dual.size, np.nan)
        return Duals(
            objective=found.objective,
            row=point.dual,
            column=point.reduced_cost,
            lowest=nothing,
            highest=nothing,
            rounding=found.rounding,
        )

    def _optimum(self, cost: Floats, point: LpPoint) -> Optimum:
        model = self._model
        limits = (model.matrix(), model.row_bounds(), model.columns.upper)
        return Optimum(float(cost @ point.values), rounding(*limits, cost, point.values, point.dual))
