"""Explosive limit licences: how much each storehouse may hold for what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.separation import (
    K_INHABITED_BUILDING,
    K_PUBLIC_ROAD,
    K_VULNERABLE_BUILDING,
    exposed_distance_m,
)
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

K_BY_KIND = {
    "dwellings": K_INHABITED_BUILDING,
    "public_building": K_VULNERABLE_BUILDING,
    "road": K_PUBLIC_ROAD,
}
"""Required K of each kind of exposed site [m kg^(-1/3)]; a site's own workers set no limit here."""


@dataclass(frozen=True)
class Licences:
    """The limit of each storehouse, and what sets it.

    Parameters
    ----------
    limit_kg
        Largest NEQ for which every quantity-distance is kept [kg], infinite where nothing is near, shape
        (storehouse,).
    set_by
        Index of the exposed site that sets the limit, -1 where none does, shape (storehouse,).
    held_kg
        NEQ held that joins a mass explosion [kg], shape (storehouse,).
    """

    limit_kg: Floats
    set_by: Ints
    held_kg: Floats

    @property
    def excess(self) -> Floats:
        """NEQ held over the limit [1], 0 where there is no limit; a breach if above 1."""
        return self.held_kg / self.limit_kg

    @property
    def breaches(self) -> Ints:
        """Storehouses that hold more than they may, worst first."""
        over = np.flatnonzero(self.excess > 1.0)
        return over[np.argsort(-self.excess[over], kind="stable")]


def licences(scenario: Scenario, held_kg: Floats) -> Licences:
    """Return the explosive limit licence of every storehouse for hazard division 1.1.

    Parameters
    ----------
    scenario
        The scenario.
    held_kg
        NEQ held that joins a mass explosion [kg], shape (storehouse,).

    Notes
    -----
    Each exposed site allows Q = (D / K)^3; the smallest decides. K is recollected from IATG 02.20.
    """
    storehouse, exposed, distance = exposed_distance_m(scenario)
    k = np.array([K_BY_KIND.get(e.kind, 0.0) for e in scenario.exposed_sites], dtype=float)[exposed]
    with np.errstate(divide="ignore"):
        allowed = np.where(k > 0.0, (distance / k) ** 3, np.inf)
    limit = np.full(len(scenario.storehouses), np.inf)
    set_by = np.full(limit.size, -1, dtype=np.int64)
    for house, site, kg in zip(storehouse.tolist(), exposed.tolist(), allowed.tolist(), strict=True):
        if kg < limit[house]:
            limit[house], set_by[house] = kg, site
    return Licences(limit, set_by, held_kg)
