"""A linear program whose last columns are held at values, and what a solve tells of all other values.

Its duals stay feasible whatever these columns are held at: they bound its least cost from below by a linear
function of the values, and a ray of them shows values that leave it infeasible.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from scipy.sparse import csr_array, vstack

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import FEASIBILITY_TOLERANCE, Model, cost_scale
from demilsim.optimisation.bridge import arrays_of_model, check, hand_over, run_kept
from demilsim.optimisation.highs import highs_available, highs_status, silent_stdout
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats

SMALL_TERM = 1e-9
"""Size of a coefficient of a ray, whose largest is 1, that is rounding of the solver [1]."""

INFEASIBLE = 2
"""Status by which `scipy.optimize.linprog` says so."""


class Cut(NamedTuple):
    """What holds of all values v, shape (held column,), at which the last columns are held.

    Parameters
    ----------
    constant, slope
        ``constant + slope @ v``, of shape (held column,).
    excludes
        Whether values are infeasible where that is above zero; it is a lower bound of least cost otherwise.
    """

    constant: float
    slope: Floats
    excludes: bool = False

    def at_least(self, values: csr_array[np.float64]) -> Floats:
        """Return what least cost cannot be below, for each row of values, shape (row,)."""
        found = self.constant + np.asarray(values @ self.slope)
        if not self.excludes:
            return found
        terms = abs(self.constant) + np.asarray(values @ np.abs(self.slope))
        return np.where(found > FEASIBILITY_TOLERANCE * (1.0 + terms), np.inf, -np.inf)


class HeldModel(Protocol):
    """A linear program whose last columns are held at values."""

    def minimise(self, values: Floats) -> tuple[float, Cut | None]:
        """Return least cost, infinite where it is infeasible, and what that tells; None if it tells nothing.

        Parameters
        ----------
        values
            At which the last columns are held, at least zero, shape (held column,).
        """
        ...


def hold(model: Model, first: int) -> HeldModel:
    """Return a model without its integers and constant, its columns from `first` on to be held.

    By HiGHS if it is installed, else by SciPy, anew each time.
    """
    return _Highs(model, first) if highs_available() else _SciPy(model, first)


class _Highs:
    """HiGHS keeps its basis from one solve to the next; bounds of the held columns are all that changes."""

    def __init__(self, model: Model, first: int) -> None:
        self._scale, self._first = cost_scale(model.cost), first
        self._held = np.arange(first, model.cost.size, dtype=np.int32)
        self._matrix, self._rows = model.matrix(), model.row_bounds()
        self._upper = model.columns.upper[:first]
        with silent_stdout():
            self._highs = hand_over(arrays_of_model(model, self._scale), whole=False)
            # Presolve would leave a first solve without a ray, or call it "unbounded or infeasible".
            for option, setting in {"solver": "simplex", "presolve": "off"}.items():
                check(self._highs.setOptionValue(option, setting), f"option {option}")

    def minimise(self, values: Floats) -> tuple[float, Cut | None]:
        """Return least cost and what it tells, as in `HeldModel`."""
        highs, held = self._highs, self._held
        with silent_stdout():
            check(highs.changeColsBounds(held.size, held, values, values), "bounds")
            run_kept(highs)
            if highs_status(highs) is not PlanStatus.OPTIMAL:
                _, exists, ray = highs.getDualRay()
                return np.inf, self._excluded(np.array(ray), values) if exists else None
        cost = highs.getInfo().objective_function_value / self._scale
        slope = np.array(highs.getSolution().col_dual)[self._first :] / self._scale
        return cost, Cut(cost - float(slope @ values), slope)

    def _excluded(self, ray: Floats, values: Floats) -> Cut | None:
        """Return which values a ray of duals excludes, by weights of rows that no point can satisfy in sum.

        The sum of rows, each times its weight, is at least what the bounds of columns make of it, and at most
        what the bounds of rows do. The ray's sign is the solver's convention: that which excludes is taken.
        """
        lower, upper = self._rows
        for sign in (1.0, -1.0):
            weight = _cleared(sign * ray / np.max(np.abs(ray), initial=SMALL_TERM))
            of_column = _cleared(np.asarray(self._matrix.T @ weight))
            falls, used = of_column[: self._first] < 0.0, weight != 0.0
            least = float(of_column[: self._first][falls] @ self._upper[falls])
            most = float(weight[used] @ np.where(weight > 0.0, upper, lower)[used])
            cut = Cut(least - most, of_column[self._first :], excludes=True)
            if np.isfinite(cut.constant) and cut.at_least(csr_array(values[None, :]))[0] == np.inf:
                return cut
        return None


def _cleared(terms: Floats) -> Floats:
    """Return coefficients without those that are rounding of the solver."""
    return np.where(np.abs(terms) < SMALL_TERM, 0.0, terms)


class _SciPy:
    """SciPy carries its own HiGHS; it keeps no basis and no rays: the slow way without highspy."""

    def __init__(self, model: Model, first: int) -> None:
        self._scale, self._first = cost_scale(model.cost), first
        self._cost, self._upper = self._scale * model.cost, model.columns.upper
        matrix, (lower, upper) = model.matrix(), model.row_bounds()
        equal = lower == upper
        at_most, at_least = ~equal & np.isfinite(upper), ~equal & np.isfinite(lower)
        self._rows: dict[str, Any] = {
            "A_eq": matrix[equal],
            "b_eq": upper[equal],
            "A_ub": vstack([matrix[at_most], -matrix[at_least]], format="csr"),
            "b_ub": np.concatenate([upper[at_most], -lower[at_least]]),
        }

    def minimise(self, values: Floats) -> tuple[float, Cut | None]:
        """Return least cost and what it tells, as in `HeldModel`."""
        from scipy.optimize import linprog

        first, held = self._first, values.tolist()
        bounds = [*((0.0, most) for most in self._upper[:first].tolist()), *zip(held, held, strict=True)]
        found = linprog(self._cost, bounds=bounds, method="highs-ds", **self._rows)
        if found.status == INFEASIBLE:
            return np.inf, None
        if found.status != 0 or found.fun is None:
            raise SolverError(f"SciPy's HiGHS stopped: {found.message}")
        cost = found.fun / self._scale
        slope = (found.lower.marginals + found.upper.marginals)[first:] / self._scale
        return cost, Cut(cost - float(slope @ values), slope)
