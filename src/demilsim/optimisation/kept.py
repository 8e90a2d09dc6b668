"""One linear model that is kept and solved again and again with other costs: ten times faster than anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import arrays_of_model, check, hand_over
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.sifting import SMALL, PricedPoint, Sifter
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats

LEAST_COLUMNS = 20_000
"""Columns from which HiGHS solves small models of what may matter, where these are small enough (`SMALL`).

CPU time of all linear programs of `optimise` that can be sifted, against the kept basis: Kazakhstan (57,000
to 104,000 columns) 0.6; Central Asia (15,000) 0.9, its bound alone 2.2; history (3,000 to 20,000) 1.0 to 1.6;
generated programmes of 100 groups (9,000) 1.7."""


@dataclass(frozen=True)
class Vertex:
    """An optimal point of the kept model for some costs; `values` of shape (column,), None without."""

    status: PlanStatus
    values: Floats | None


class KeptModel(Protocol):
    """A linear program with fixed rows."""

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        """Return an optimal vertex for costs of shape (column,).

        Parameters
        ----------
        cost
            Objective.
        bounds
            Other lower and upper bounds for this one solve, each of shape (column,).
        """
        ...


def keep(model: Model) -> KeptModel:
    """Return the rows of a model in HiGHS if it is installed, else in SciPy, solved anew each time.

    From `LEAST_COLUMNS` columns on small models are sifted. Optima are the same; of several optimal vertices
    another one may be found.
    """
    if not highs_available():
        return _SciPy(model)
    return SiftedHighs(model) if model.columns.upper.size >= LEAST_COLUMNS else KeptHighs(model)


class KeptHighs:
    """HiGHS keeps its basis from one solve to the next."""

    def __init__(self, model: Model) -> None:
        self._upper = model.columns.upper
        self._columns = np.arange(self._upper.size, dtype=np.int32)
        with silent_stdout():
            self._highs = pass_model(model)

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        """Return an optimal vertex, as in `KeptModel`."""
        highs, columns = self._highs, self._columns
        with silent_stdout():
            check(highs.changeColsCost(columns.size, columns, cost_scale(cost) * cost), "costs")
            if bounds is not None:
                check(highs.changeColsBounds(columns.size, columns, *bounds), "bounds")
            check(highs.run(), "run")
            status = highs_status(highs)
            values = np.array(highs.getSolution().col_value) if status is PlanStatus.OPTIMAL else None
            if bounds is not None:
                own = (np.zeros(columns.size), self._upper)
                check(highs.changeColsBounds(columns.size, columns, *own), "bounds")
        return Vertex(status, values)


class SiftedHighs(KeptHighs):
    """HiGHS solves small models, of what may matter after the optimum before.

    Parameters
    ----------
    model
        The rows.
    small
        As in `Sifter`.
    """

    def __init__(self, model: Model, small: float = SMALL) -> None:
        super().__init__(model)
        self._model, self._small = model, small
        self._before: PricedPoint | None = None

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        """Return an optimal vertex, as in `KeptModel`; first, and with bounds, by the whole model."""
        if bounds is None and self._before is not None:
            with silent_stdout():
                found = self._sifter.optimum(cost_scale(cost) * cost, self._before)
            if found is not None:
                self._before = found
                return Vertex(PlanStatus.OPTIMAL, found.values)
        vertex = super().minimise(cost, bounds)
        if bounds is None and vertex.values is not None:
            self._before = PricedPoint(vertex.values, np.array(self._highs.getSolution().row_dual))
        return vertex

    @cached_property
    def _sifter(self) -> Sifter:
        """Made when it is first asked: models that are solved within bounds need none."""
        return Sifter(self._model, self._small)


def pass_model(model: Model) -> Any:
    """Return a HiGHS object that holds the rows of a model."""
    highs = hand_over(arrays_of_model(model), whole=False)
    check(highs.setOptionValue("solver", "simplex"), "option solver")
    return highs


class _SciPy:
    """SciPy carries its own HiGHS; it keeps no basis, so this is the slow way without highspy."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._matrix = model.matrix()
        self._bounds = model.row_bounds()

    def minimise(self, cost: Floats, bounds: tuple[Floats, Floats] | None = None) -> Vertex:
        from scipy.optimize import Bounds, LinearConstraint, milp

        limits = Bounds(*(bounds or (0.0, self._model.columns.upper)))
        found = milp(
            cost_scale(cost) * cost, bounds=limits, constraints=LinearConstraint(self._matrix, *self._bounds)
        )
        outcomes = {0: PlanStatus.OPTIMAL, 2: PlanStatus.INFEASIBLE, 3: PlanStatus.UNBOUNDED}
        if found.status not in outcomes:
            raise SolverError(f"SciPy's HiGHS stopped: {found.message}")
        return Vertex(outcomes[found.status], found.x)
