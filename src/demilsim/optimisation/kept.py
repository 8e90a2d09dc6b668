"""One linear model that is kept and solved again and again with other costs: ten times faster than anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale
from demilsim.optimisation.bridge import arrays_of_model, check, hand_over
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats


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
    """Return the rows of a model in HiGHS if it is installed, else in SciPy, solved anew each time."""
    return KeptHighs(model) if highs_available() else _SciPy(model)


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
