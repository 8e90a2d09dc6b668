"""What an explosion does at a distance: lethality, overpressure, injury, damage, heat, fragments."""

from __future__ import annotations

from functools import cache

import numpy as np

from demilsim.plan import Floats

LETHALITY_COEFFICIENTS = (1.827, -3.433, -0.853, 0.356)
"""log10 P in powers of log10 S, people indoors, HD 1.1: recollected UK ESTC curve (Gilbert, Lees and
Scilly 1994; IATG 01.80). Carry a factor of 3 each way: `consequence.lethality_factor`."""

LETHALITY_RANGE = (3.0, 55.0)
"""Scaled distances [m kg^(-1/3)] between which the curve holds: certain death below, none above."""

OVERPRESSURE_COEFFICIENTS = (
    (0.2, 2.9, (7.2106, -2.1069, -0.3229, 0.1117, 0.0685)),
    (2.9, 23.8, (7.5938, -3.0523, 0.40977, 0.0261, -0.01267)),
    (23.8, 198.5, (6.0536, -1.4066, 0.0, 0.0, 0.0)),
)
"""ln P [kPa] in powers of ln Z: simplified Kingery-Bulmash, hemispherical surface burst (Swisdak 1994)."""

DAMAGE_TIERS_KPA = (2.0, 9.0, 11.0, 16.0, 70.0)
"""Side-on overpressure of the tiers of IATG 02.20:2021, Table 8 (secondary quotation)."""

DAMAGE_SHARES = (0.0, 0.1, 0.2, 0.4, 1.0)
"""Share of replacement cost at each tier: 9 and 11 kPa as quoted, the others assumed."""

OUTDOOR_RANGE = (4.0, 8.0)
"""Scaled distances [m kg^(-1/3)] over which lethality in the open parts from that indoors.

In the open fewer die beyond about S = 4, since no building falls on them (recollected); the end is assumed.
"""


def scaled_distance(distance_m: Floats, neq_kg: Floats) -> Floats:
    """Return the Hopkinson-Cranz scaled distance S = D / Q^(1/3) [m kg^(-1/3)], infinite where Q is 0.

    Parameters
    ----------
    distance_m
        Distance D [m], > 0.
    neq_kg
        Net explosive quantity Q that detonates [kg], >= 0, broadcast against `distance_m`.

    References
    ----------
    IATG 01.80, Formulae for ammunition management.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(distance_m) / np.cbrt(neq_kg)


def lethality_indoors(scaled_distance_m: Floats) -> Floats:
    """Return the probability that a person in an ordinary building is killed.

    Parameters
    ----------
    scaled_distance_m
        S [m kg^(-1/3)], > 0, any shape.

    Returns
    -------
    ndarray
        Probability [1]: 1 below S = 3, 0 above S = 55.

    References
    ----------
    Gilbert, Lees and Scilly (1994), as in IATG 01.80; coefficients recollected.
    """
    s = np.asarray(scaled_distance_m, dtype=float)
    low, high = LETHALITY_RANGE
    x = np.log10(np.clip(s, low, high))
    a, b, c, d = LETHALITY_COEFFICIENTS
    probability = np.minimum(10.0 ** (a + x * (b + x * (c + x * d))), 1.0)
    return np.where(s < low, 1.0, np.where(s > high, 0.0, probability))


def peak_overpressure_kpa(scaled_distance_m: Floats) -> Floats:
    """Return the side-on peak overpressure of a hemispherical surface burst [kPa].

    Parameters
    ----------
    scaled_distance_m
        Z [m kg^(-1/3)], within [0.2, 198.5].

    Raises
    ------
    ValueError
        If a value lies outside the range of the fit.

    References
    ----------
    Swisdak (1994), simplified Kingery airblast routines.
    """
    z = np.asarray(scaled_distance_m, dtype=float)
    low, high = OVERPRESSURE_COEFFICIENTS[0][0], OVERPRESSURE_COEFFICIENTS[-1][1]
    if np.any((z < low) | (z > high) | np.isnan(z)):
        raise ValueError(f"scaled distance: expected within [{low}, {high}] m kg^(-1/3) (got {z.tolist()})")
    log_z = np.log(z)
    upper, coefficients = _overpressure_bands()
    table = coefficients[np.searchsorted(upper, z, side="right")]
    total = table[..., -1]
    for power in range(table.shape[-1] - 2, -1, -1):
        total = total * log_z + table[..., power]
    return np.exp(total)


@cache
def _overpressure_bands() -> tuple[Floats, Floats]:
    """Return the upper bounds of all bands but the last, and the coefficients of each."""
    _, upper, coefficients = zip(*OVERPRESSURE_COEFFICIENTS, strict=True)
    return np.array(upper[:-1]), np.array(coefficients)


def damage_share(overpressure_kpa: Floats) -> Floats:
    """Return the share of a building's replacement cost that is lost [1], by overpressure tier [kPa]."""
    return np.interp(overpressure_kpa, DAMAGE_TIERS_KPA, DAMAGE_SHARES)


def injury_probability(overpressure_kpa: Floats, glass: float, near: float) -> Floats:
    """Return the probability that a person is hurt by blast, mostly by glass and falling parts [1].

    Parameters
    ----------
    overpressure_kpa
        Side-on peak overpressure [kPa], > 0, any shape.
    glass, near
        Probabilities at the lowest and the highest of `DAMAGE_TIERS_KPA` [1], > 0.

    Returns
    -------
    ndarray
        Probability of an injury or death: a power of the overpressure between those two tiers, 0 below,
        constant above.

    References
    ----------
    Assumed; `docs/model.md`, section 2.6.
    """
    low, high = DAMAGE_TIERS_KPA[0], DAMAGE_TIERS_KPA[-1]
    exponent = np.interp(np.log(overpressure_kpa), np.log([low, high]), np.log([glass, near]))
    return np.where(overpressure_kpa < low, 0.0, np.exp(exponent))


def outdoor_ratio(scaled_distance_m: Floats, factor: float) -> Floats:
    """Return lethality in the open over lethality indoors [1].

    Parameters
    ----------
    scaled_distance_m
        S [m kg^(-1/3)], > 0, any shape.
    factor
        The ratio from the end of `OUTDOOR_RANGE` on [1], <= 1.

    Returns
    -------
    ndarray
        1 up to the start of `OUTDOOR_RANGE`, then falling as a power of S to `factor`.
    """
    low, high = OUTDOOR_RANGE
    with np.errstate(divide="ignore"):
        along = np.log(np.asarray(scaled_distance_m) / low) / np.log(high / low)
    return factor ** np.clip(along, 0.0, 1.0)


def fireball_lethality(scaled_distance_m: Floats, k: float) -> Floats:
    """Return the probability of death by the heat of a mass fire [1].

    Parameters
    ----------
    scaled_distance_m
        S [m kg^(-1/3)], > 0, any shape.
    k
        Scaled radius of the fireball [m kg^(-1/3)], > 0.

    Returns
    -------
    ndarray
        1 within the fireball, falling linearly to 0 at twice its radius.
    """
    return np.clip(2.0 - np.asarray(scaled_distance_m) / k, 0.0, 1.0)


def fragment_lethality(
    distance_m: Floats | float, neq_kg: Floats, near: float, reach_m: float, half_kg: float
) -> Floats:
    """Return the probability that a person in the open is killed by the fragments of HD 1.2 [1].

    Parameters
    ----------
    distance_m
        Distance [m], > 0, broadcast against `neq_kg`.
    neq_kg
        NEQ that counts [kg], >= 0.
    near
        Probability next to a large store [1].
    reach_m
        Distance at which it has fallen to 0 [m], linearly.
    half_kg
        NEQ at which it is half of that of a large store [kg], > 0.
    """
    return near * np.maximum(1.0 - np.asarray(distance_m) / reach_m, 0.0) * (neq_kg / (neq_kg + half_kg))


def overpressure_within_fit_kpa(scaled_distance_m: Floats) -> Floats:
    """Return `peak_overpressure_kpa` with S held within the range of the fit [kPa]."""
    low, high = OVERPRESSURE_COEFFICIENTS[0][0], OVERPRESSURE_COEFFICIENTS[-1][1]
    return peak_overpressure_kpa(np.clip(scaled_distance_m, low, high))
