"""Harm curves: expected deaths of an event in a storehouse as a function of what it holds.

Each curve is tabulated once per scenario on a grid that is uniform in the cube root of the NEQ, and
interpolated by monotone cubic Hermite pieces, so that it has an exact gradient and costs nanoseconds.
Simulation, rules and optimiser read the same curves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.consequence import Exposure, exposure, extent_shares
from demilsim.model.event_rate import BASE_CAUSES, Cause, base_event_rate_per_year
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

INTERVALS = 96
"""Pieces of each curve.

The tests hold the interpolation error, in parts of the curve's maximum, below 0.02% where the nearest people
are 300 m away or more, and below 4% down to 20 m, where lethality saturates within a few pieces. The piece
that holds the jump of lethality to zero at S = 55 is left aside.
"""


@dataclass(frozen=True)
class Curves:
    """A stack of monotone piecewise cubic curves per storehouse.

    Parameters
    ----------
    neq_max_kg
        NEQ at the end of each storehouse's grid [kg], > 0, shape (storehouse,).
    coefficients
        Of 1, x, x^2, x^3 with x in [0, 1] along a piece; shape (storehouse, piece, power, curve), so that
        one look-up fetches all that a storehouse needs.
    """

    neq_max_kg: Floats
    coefficients: Floats

    def __call__(self, neq_kg: Floats, derivative: bool = False) -> tuple[Floats, Floats]:
        """Return values and, if asked, derivatives per kg, of all storehouses.

        Parameters
        ----------
        neq_kg
            NEQ in each storehouse [kg], shape (knot, storehouse), within [0, neq_max_kg].
        derivative
            Whether to compute the second array; without, it is empty.

        Returns
        -------
        value, derivative
            Shape (curve, knot, storehouse); unit of the curve, and that per kg.
        """
        every = np.arange(self.neq_max_kg.size)
        u, c, x = self._piece(every, neq_kg)
        value = _cubic(c, x)
        if not derivative:
            return np.moveaxis(value, -1, 0), np.empty(0)
        per_piece = c[..., 1, :] + x * (2.0 * c[..., 2, :] + 3.0 * x * c[..., 3, :])
        # du/dQ = u / (3 Q); all curves are flat at zero, so the limit there is zero.
        safe = np.maximum(neq_kg, np.finfo(float).tiny)
        per_kg = per_piece * np.where(neq_kg > 0.0, u / (3.0 * safe), 0.0)[..., None]
        return np.moveaxis(value, -1, 0), np.moveaxis(per_kg, -1, 0)

    def at(self, storehouse: Ints, neq_kg: Floats) -> Floats:
        """Return values of some storehouses, shape (curve, item); both arguments of shape (item,)."""
        _, c, x = self._piece(storehouse, neq_kg)
        return _cubic(c, x).T

    def _piece(self, storehouse: Ints, neq_kg: Floats) -> tuple[Floats, Floats, Floats]:
        """Return u along the grid, the coefficients of its piece, and x along that."""
        pieces = self.coefficients.shape[1]
        u = np.cbrt(np.clip(neq_kg / self.neq_max_kg[storehouse], 0.0, 1.0)) * pieces
        piece = np.minimum(u.astype(np.int64), pieces - 1)
        return u, self.coefficients[storehouse, piece], (u - piece)[..., None]

    def combined(self, weights: Floats) -> Curves:
        """Return new curves, each a weighted sum of these.

        Parameters
        ----------
        weights
            Shape (new, curve), or (storehouse, new, curve) where storehouses weigh differently.
        """
        by_house = np.swapaxes(weights, -1, -2)
        return Curves(
            self.neq_max_kg, self.coefficients @ (by_house[:, None] if weights.ndim > 2 else by_house)
        )


def _cubic(coefficients: Floats, x: Floats) -> Floats:
    c = coefficients
    return c[..., 0, :] + x * (c[..., 1, :] + x * (c[..., 2, :] + x * c[..., 3, :]))


def tabulate(neq_max_kg: Floats, value: Floats) -> Curves:
    """Return curves through node values of shape (curve, storehouse, node), with monotone slopes.

    Slopes are harmonic means of neighbouring differences (Fritsch and Butland 1984), one-sided at the
    right end and zero at the left.
    """
    rise = np.diff(value, axis=-1)
    slope = np.zeros_like(value)
    before, after = rise[..., :-1], rise[..., 1:]
    same_sign = before * after > 0.0
    total = np.where(same_sign, before + after, 1.0)
    slope[..., 1:-1] = np.where(same_sign, 2.0 * before * after / total, 0.0)
    slope[..., -1] = rise[..., -1]
    left, right = slope[..., :-1], slope[..., 1:]
    powers = [value[..., :-1], left, 3.0 * rise - 2.0 * left - right, left + right - 2.0 * rise]
    return Curves(neq_max_kg, np.ascontiguousarray(np.stack(powers).transpose(2, 3, 0, 1)))


@dataclass(frozen=True)
class HarmCurves:
    """Curves of expected deaths, two of each: public, then workers with responders.

    Parameters
    ----------
    deaths
        Deaths per event [persons]. Rows 0-1: a stack goes up; rows 2-3: the whole storehouse.
    propagated
        Rows 0-1: deaths when a storehouse is set off by another [persons].
    base_rate_per_year
        Rate of base causes, shape (storehouse, cause).
    base_shares
        Probabilities that an event of each base cause involves a stack, and a storehouse, shape (cause, 2).
    ageing_shares
        The same of an event by ageing.
    exposure
        Who stands where.
    """

    deaths: Curves
    propagated: Curves
    base_rate_per_year: Floats
    base_shares: Floats
    ageing_shares: tuple[float, float]
    exposure: Exposure

    def weighted(self, public: float, workers: float) -> Curves:
        """Return curves of weighted deaths for planning.

        Row 0: base causes, rate × deaths [weighted persons/yr]; row 1: ageing [weighted persons per event].
        """
        stack, whole = (self.base_rate_per_year @ self.base_shares).T
        ageing = np.broadcast_to(self.ageing_shares, (stack.size, 2))
        by_extent = np.stack([np.column_stack([stack, whole]), ageing], axis=1)
        weights = by_extent[..., None] * np.array([public, workers])
        return self.deaths.combined(weights.reshape(stack.size, 2, 4))


def harm_curves(scenario: Scenario, neq_max_kg: Floats) -> HarmCurves:
    """Return the harm curves of a scenario for storehouses that hold up to `neq_max_kg`."""
    people = exposure(scenario)
    parameters = scenario.register.consequence
    neq_max = np.maximum(neq_max_kg, 1.0)
    grid = np.linspace(0.0, 1.0, INTERVALS + 1)[:, None] ** 3 * neq_max
    deaths = np.concatenate([people.stack_fatalities(grid), people.storehouse_fatalities(grid)])
    return HarmCurves(
        deaths=tabulate(neq_max, deaths.transpose(0, 2, 1)),
        propagated=tabulate(neq_max, people.propagated_fatalities(grid).transpose(0, 2, 1)),
        base_rate_per_year=base_event_rate_per_year(scenario),
        base_shares=np.array([extent_shares(parameters, cause) for cause in BASE_CAUSES]),
        ageing_shares=extent_shares(parameters, Cause.AGEING),
        exposure=people,
    )
