"""Duals of a linear plan, the range in which they hold, and the optimum again after a change of limits.

HiGHS keeps its model; without it CBC solves anew each time and knows no ranges. Both minimise, so that their
duals have one sign: the change of the objective per unit of right-hand side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale, pulp_problem
from demilsim.optimisation.bridge import check
from demilsim.optimisation.cbc import cbc_path
from demilsim.optimisation.highs import highs_available, silent_stdout
from demilsim.optimisation.kept import KeptHighs, Vertex
from demilsim.optimisation.status import PlanStatus
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
    """

    objective: float
    row: Floats
    column: Floats
    lowest: Floats
    highest: Floats


class PricedLp(Protocol):
    """A linear program whose limits can be shifted, and whose duals can be read; it is a `KeptModel`."""

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        """Return an optimal vertex, as in `KeptModel`."""
        ...

    def shift(self, change: Floats) -> None:
        """Set every right-hand side to its own plus a change of shape (row,)."""
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
    """Return an optimal vertex after a change of limits; parameters as in `optimum`."""
    lp.shift(change)
    try:
        return lp.minimise(cost)
    finally:
        lp.shift(np.zeros_like(change))


def optimum(lp: PricedLp, cost: Floats, change: Floats) -> float:
    """Return the optimal objective after a change of limits; infinite where no plan is possible.

    Parameters
    ----------
    lp
        The linear program; its limits are as before afterwards.
    cost
        Objective, shape (column,).
    change
        Change of every right-hand side, shape (row,).
    """
    values = vertex_after(lp, cost, change).values
    return float(cost @ values) if values is not None else np.inf


class _PricedHighs(KeptHighs):
    """The kept model with its duals."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._row_bounds = model.row_bounds()
        self._rows = np.arange(self._row_bounds[0].size, dtype=np.int32)

    def shift(self, change: Floats) -> None:
        lower, upper = self._row_bounds
        with silent_stdout():
            check(
                self._highs.changeRowsBounds(self._rows.size, self._rows, lower + change, upper + change),
                "row bounds",
            )

    def duals(self, cost: Floats) -> Duals | None:
        vertex = self.minimise(cost)
        if vertex.values is None:
            return None
        scale = cost_scale(cost)
        with silent_stdout():
            solution = self._highs.getSolution()
            code, ranging = self._highs.getRanging()
        check(code, "ranging")
        lowest, highest = self._ranges(ranging, np.array(solution.row_value), np.array(solution.row_dual))
        return Duals(
            objective=float(cost @ vertex.values),
            row=np.array(solution.row_dual) / scale,
            column=np.array(solution.col_dual) / scale,
            lowest=lowest,
            highest=highest,
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
    """CBC through PuLP, solved anew each time."""

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
        status, variables, _ = self._solved(cost, bounds)
        if status is not PlanStatus.OPTIMAL:
            return Vertex(status, None)
        return Vertex(status, np.array([variable.varValue or 0.0 for variable in variables]))

    def duals(self, cost: Floats) -> Duals | None:
        status, variables, constraints = self._solved(cost, None)
        if status is not PlanStatus.OPTIMAL:
            return None
        scale = cost_scale(cost)
        values = np.array([variable.varValue or 0.0 for variable in variables])
        nothing = np.full(len(constraints), np.nan)
        return Duals(
            objective=float(cost @ values),
            row=np.array([row.pi or 0.0 for row in constraints]) / scale,
            column=np.array([variable.dj or 0.0 for variable in variables]) / scale,
            lowest=nothing,
            highest=nothing,
        )

    def _solved(
        self, cost: Floats, bounds: tuple[Floats, Floats] | None
    ) -> tuple[PlanStatus, list[Any], list[Any]]:
        import pulp

        prob, variables = pulp_problem(replace(self._model, cost=cost), cost_scale(cost))
        if bounds is not None:
            for variable, low, high in zip(variables, *bounds, strict=True):
                variable.lowBound, variable.upBound = float(low), float(high) if np.isfinite(high) else None
        prob.solve(pulp.COIN_CMD(path=self._path, msg=False, threads=1))
        outcomes = {
            pulp.LpStatusOptimal: PlanStatus.OPTIMAL,
            pulp.LpStatusInfeasible: PlanStatus.INFEASIBLE,
            pulp.LpStatusUnbounded: PlanStatus.UNBOUNDED,
        }
        if prob.status not in outcomes:
            raise SolverError(f"CBC stopped: {pulp.LpStatus[prob.status]}")
        names = [name for rows in self._model.families for name in rows.names]
        return outcomes[prob.status], variables, [prob.get_constraint_by_name(name) for name in names]
