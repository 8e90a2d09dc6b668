"""Quantity-distances, and propagation between storehouses that stand closer than they should."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats
from demilsim.scenario.register import Propagation
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Construction

K_INHABITED_BUILDING = 22.2
"""Required K for inhabited buildings [m kg^(-1/3)]: recollected from IATG 02.20, gives 5.4 kPa."""

K_VULNERABLE_BUILDING = 44.4
"""Required K for vulnerable buildings [m kg^(-1/3)]: recollected from IATG 02.20, gives 2.1 kPa."""

K_PUBLIC_ROAD = 14.8
"""Required K for public traffic routes [m kg^(-1/3)]: recollected from IATG 02.20, gives 8.9 kPa."""


def quantity_distance_m(neq_kg: Floats, k: Floats | float) -> Floats:
    """Return the required distance D = k Q^(1/3) [m] for hazard division 1.1.

    Parameters
    ----------
    neq_kg
        Net explosive quantity Q of the whole storehouse [kg], >= 0.
    k
        Factor for the type of exposed site [m kg^(-1/3)].

    References
    ----------
    IATG 02.20, Quantity and separation distances.
    """
    return k * np.cbrt(neq_kg)


def k_none(parameters: Propagation, construction: Construction) -> float:
    """Return the K beyond which a storehouse of this construction is not set off [m kg^(-1/3)]."""
    return {
        Construction.EARTH_COVERED: parameters.k_none_earth_covered,
        Construction.MASONRY: parameters.k_none_masonry,
        Construction.SHEET_METAL: parameters.k_none_sheet_metal,
        Construction.OPEN_STACK: parameters.k_none_open_stack,
    }[construction]


def propagation_probability(k: Floats, k_none_acceptor: Floats, parameters: Propagation) -> Floats:
    """Return the probability that a detonation sets off a neighbour.

    Falls linearly in ln K from `probability_touching` at `k_touching` to zero at the acceptor's limit.

    Parameters
    ----------
    k
        Distance over the cube root of the donor's NEQ [m kg^(-1/3)], > 0.
    k_none_acceptor
        K beyond which the acceptor is safe [m kg^(-1/3)], broadcast against `k`.
    parameters
        Constants.

    Returns
    -------
    ndarray
        Probability [1].
    """
    span = np.log(k_none_acceptor / parameters.k_touching)
    with np.errstate(divide="ignore"):
        share = np.log(k_none_acceptor / np.asarray(k)) / span
    return parameters.probability_touching * np.clip(share, 0.0, 1.0)


def critical_neq_kg(
    separation_m: Floats, k_none_acceptor: Floats, mark: Floats, parameters: Propagation
) -> Floats:
    """Return the smallest NEQ of the donor at which a keyed mark makes it set off the acceptor [kg].

    The inverse of `propagation_probability` in Q: the link is open while Q is at least this, infinite
    where the mark is above `probability_touching`.
    """
    return open_from_kg(open_scale(separation_m, k_none_acceptor, parameters), mark, parameters)


def open_scale(
    separation_m: Floats, k_none_acceptor: Floats, parameters: Propagation
) -> tuple[Floats, Floats]:
    """Return the part of `critical_neq_kg` that no mark changes: ln NEQ at mark 0, and its rise per mark."""
    k_none = np.asarray(k_none_acceptor, dtype=float)
    with np.errstate(divide="ignore"):
        at_none = np.log((np.asarray(separation_m) / k_none) ** 3)
    return at_none, np.log((k_none / parameters.k_touching) ** 3) / parameters.probability_touching


def open_from_kg(scale: tuple[Floats, Floats], mark: Floats, parameters: Propagation) -> Floats:
    """Return `critical_neq_kg` of marks from their `open_scale` [kg]."""
    opens = np.exp(scale[0] + scale[1] * np.asarray(mark))
    return np.where(np.asarray(mark) < parameters.probability_touching, opens, np.inf)


def exposed_distance_m(scenario: Scenario) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Return which storehouse faces which exposed site, and how far.

    Returns
    -------
    storehouse, exposed_site
        Indices of each pair at the same site, shape (pair,).
    distance
        Separation distance [m], shape (pair,).
    """
    return _pairs(scenario, [(e.site_id, e.x_m, e.y_m) for e in scenario.exposed_sites])


def storehouse_distance_m(scenario: Scenario) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Return ordered pairs (donor, acceptor) of different storehouses at one site, and distances [m]."""
    donor, acceptor, distance = _pairs(scenario, [(h.site_id, h.x_m, h.y_m) for h in scenario.storehouses])
    different = donor != acceptor
    return donor[different], acceptor[different], distance[different]


def _pairs(
    scenario: Scenario, others: list[tuple[str, float, float]]
) -> tuple[np.ndarray, np.ndarray, Floats]:
    site_index = {site.site_id: i for i, site in enumerate(scenario.sites)}
    own_site = np.array([site_index[h.site_id] for h in scenario.storehouses], dtype=np.int64)
    other_site = np.array([site_index[site_id] for site_id, _, _ in others], dtype=np.int64)
    own, other = np.nonzero(own_site[:, None] == other_site[None, :])
    xy = np.array([(h.x_m, h.y_m) for h in scenario.storehouses], dtype=float).reshape(-1, 2)
    other_xy = np.array([(x, y) for _, x, y in others], dtype=float).reshape(-1, 2)
    return own, other, np.hypot(*(xy[own] - other_xy[other]).T)
