"""Stabiliser of propellant: how much is left."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats


def stabiliser_fraction(
    initial: Floats,
    depletion_rate_per_year: float | Floats,
    effective_age: Floats,
    zero_order_share: float = 0.0,
) -> Floats:
    """Return the remaining stabiliser under zero-order, first-order or mixed depletion.

    Solves dS/dtau = -k0 - k1 S with k0 = w k and k1 = (1 - w) k until nothing is left:
    S = S0 exp(-k1 tau) - k0 tau phi(k1 tau), phi(x) = (1 - exp(-x)) / x, phi(0) = 1. At full stabiliser the
    rate is k whatever w.

    Parameters
    ----------
    initial
        S0, fraction at effective age zero [1], within [0, 1].
    depletion_rate_per_year
        k at 25 °C [1/yr], broadcast against `initial`.
    effective_age
        tau [yr at 25 °C], broadcast against `initial`.
    zero_order_share
        w [1]: 0 for first order, S0 exp(-k tau); 1 for zero order, S0 - k tau.

    Returns
    -------
    ndarray
        S [1], not below 0.

    References
    ----------
    Combined zero- and first-order kinetics: Bohn, on the life of double-base propellants.
    """
    k0 = zero_order_share * depletion_rate_per_year
    falling = np.asarray(effective_age) * ((zero_order_share - 1.0) * depletion_rate_per_year)
    if zero_order_share == 0.0:
        return initial * np.exp(falling)
    exponent, first_order = -falling, initial * np.exp(falling)
    # expm1 keeps phi exact as k1 falls to zero; only 0/0 itself needs its limit.
    phi = np.divide(-np.expm1(-exponent), exponent, out=np.ones_like(exponent), where=exponent != 0.0)
    return np.maximum(first_order - k0 * np.asarray(effective_age) * phi, 0.0)
