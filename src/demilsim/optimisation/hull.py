"""Flows for fixed commissioning, by steps to the best point among all between the plans seen so far.

The LP of a step is that of `sequential`: the best plan for marginal harm where the search stands. There the
search goes along the line to it; here the new plan joins those before it, and exact harm is minimised over
all their mixtures, which are plans as well. That is a problem in a few weights, and costs less than the LP.
From a plan for a like problem it needs about a third of the steps that lines need.

References
----------
Holloway, An extension of the Frank and Wolfe method of feasible directions (1974), Mathematical Programming
6, 14-27. Von Hohenbalken, Simplicial decomposition in nonlinear programming algorithms (1977), Mathematical
Programming 13, 49-68.
"""

from __future__ import annotations

import numpy as np

from demilsim.optimisation.kept import KeptModel
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.rows import over_columns
from demilsim.optimisation.sequential import Descent, descend_by
from demilsim.plan import Floats

WEIGHT_STEPS = 60
"""Iterations at most by which weights are found, once for each LP."""

WEIGHT_TOLERANCE = 1e-8
"""Change of harm, as a share of the harm averted so far, at which weights are good enough [1]."""

LEAST_WEIGHT = 1e-9
"""Weight below which a plan is left out of the mixture [1]."""


class Mixture:
    """Plans, and the point between them at which exact harm is least as far as was found.

    What storehouses hold is linear in the weights, so harm and its slopes need no flows.

    Parameters
    ----------
    harm
        Exact planning harm of the first columns, the flows.
    start
        A feasible point, shape (column,).
    """

    def __init__(self, harm: PlanningHarm, start: Floats) -> None:
        self._harm = harm
        self._plans = start[None, :]
        neq_kg, ageing, accidents = self._parts(start)
        self._neq_kg, self._ageing, self._accidents = neq_kg[None], ageing[None], np.array([accidents])
        self._weights = np.ones(1)
        self.total = self.harm_at(self._weights)[0]

    @property
    def values(self) -> Floats:
        """The point, shape (column,)."""
        return self._weights @ self._plans

    def join(self, plan: Floats) -> None:
        """Let a plan of shape (column,) join, and move to the best point that was found; harm never rises."""
        neq_kg, ageing, accidents = self._parts(plan)
        self._plans = np.vstack([self._plans, plan])
        self._neq_kg = np.concatenate([self._neq_kg, neq_kg[None]])
        self._ageing = np.concatenate([self._ageing, ageing[None]])
        self._accidents = np.append(self._accidents, accidents)
        self._weights = np.append(self._weights, 0.0)
        weights = self._least()
        total = self.harm_at(weights)[0]
        if total < self.total:
            self._weights, self.total = weights, total
        self._forget(self._weights > LEAST_WEIGHT)

    def harm_at(self, weights: Floats) -> tuple[float, Floats]:
        """Return exact harm [persons] at weights of shape (plan,), and its slopes, shape (plan,)."""
        stock = self._harm.stock
        neq_kg, ageing = (np.tensordot(weights, each, 1) for each in (self._neq_kg, self._ageing))
        (base, per_event), (d_base, d_per_event) = stock.curves(neq_kg, derivative=True)
        per_kg = stock.weight_years * (d_base + ageing * d_per_event)
        slopes = np.tensordot(self._neq_kg, per_kg, 2)
        slopes += np.tensordot(self._ageing, stock.weight_years * per_event, 2) + self._accidents
        total = float(np.sum(stock.weight_years * (base + ageing * per_event)))
        return total + float(weights @ self._accidents), slopes

    def _parts(self, plan: Floats) -> tuple[Floats, Floats, float]:
        """Return NEQ [kg] and event rate by ageing [1/yr], shape (knot, storehouse), and accidents."""
        flows = plan[: self._harm.flows]
        left_t = self._harm.remaining_t(flows)
        return *self._harm.stock.held(left_t), float(self._harm.accident_harm_per_t @ flows)

    def _least(self) -> Floats:
        """Return weights of a local minimum, shape (plan,), from the present ones on."""
        from scipy.optimize import Bounds, LinearConstraint, minimize

        # The solver measures its tolerance on the objective itself, which may be of any size.
        scale = 1.0 / max(
            self._harm.do_nothing - self.total, WEIGHT_TOLERANCE * self._harm.do_nothing, 1e-300
        )

        def scaled(weights: Floats) -> tuple[float, Floats]:
            total, slopes = self.harm_at(weights)
            return scale * total, scale * slopes

        ones = np.ones(self._weights.size)
        found = minimize(
            scaled,
            self._weights,
            jac=True,
            method="SLSQP",
            bounds=Bounds(0.0 * ones, ones),
            constraints=LinearConstraint(ones[None, :], 1.0, 1.0),
            options={"maxiter": WEIGHT_STEPS, "ftol": WEIGHT_TOLERANCE},
        )
        weights = np.clip(np.nan_to_num(found.x), 0.0, None)
        return np.asarray(weights / weights.sum()) if weights.sum() > 0.0 else self._weights

    def _forget(self, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        """Leave out plans without weight."""
        self._plans, self._neq_kg, self._ageing = self._plans[kept], self._neq_kg[kept], self._ageing[kept]
        self._accidents, self._weights = self._accidents[kept], self._weights[kept]
        self._weights = self._weights / self._weights.sum()


def descend_between(kept: KeptModel, harm: PlanningHarm, mixture: Mixture, max_steps: int) -> Descent:
    """Return where a mixture comes to by letting the best plans for its marginal harm join, one a step.

    Parameters
    ----------
    kept
        The rows.
    harm
        Exact planning harm of the first columns, the flows.
    mixture
        Where to begin; it is carried on.
    max_steps
        Highest number of steps, >= 0.
    """

    def step(values: Floats, total: float, radius: float | None) -> tuple[Floats, float, float]:
        _, gradient = harm.total_and_gradient(values[: harm.flows])
        vertex = kept.minimise(over_columns(gradient, values.size))
        assert vertex.values is not None, f"the point is feasible, yet the LP is {vertex.status.value}"
        mixture.join(vertex.values)
        return mixture.values, 1.0, mixture.total

    return descend_by(step, harm, mixture.values, max_steps)
