"""What an event does: lethality, overpressure, and the people that are there when it happens.

An event has an extent. A single item harms nobody in this model; a stack detonates promptly; a whole
storehouse detonates promptly with a small probability, and otherwise after a fire during which most
people are evacuated and responders come close.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from demilsim.model.event_rate import Cause
from demilsim.model.separation import exposed_distance_m
from demilsim.plan import Floats, Ints
from demilsim.scenario.register import Consequence
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import HazardDivision

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


class Extent(IntEnum):
    """How much of a storehouse goes up."""

    ITEM = 0
    STACK = 1
    STOREHOUSE = 2


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
    upper = [band[1] for band in OVERPRESSURE_COEFFICIENTS[:-1]]
    band_of = np.searchsorted(upper, z, side="right")
    table = np.array([coefficients for _, _, coefficients in OVERPRESSURE_COEFFICIENTS])[band_of]
    return np.exp(np.sum(table * log_z[..., None] ** np.arange(table.shape[-1]), axis=-1))


def damage_share(scaled_distance_m: Floats) -> Floats:
    """Return the share of a building's replacement cost that is lost [1], by overpressure tier."""
    low, high = OVERPRESSURE_COEFFICIENTS[0][0], OVERPRESSURE_COEFFICIENTS[-1][1]
    pressure = peak_overpressure_kpa(np.clip(scaled_distance_m, low, high))
    return np.interp(pressure, DAMAGE_TIERS_KPA, DAMAGE_SHARES)


def extent_shares(parameters: Consequence, cause: Cause) -> tuple[float, float]:
    """Return the probabilities that an event of a cause involves a stack, and a whole storehouse [1]."""
    return {
        Cause.AGEING: (parameters.stack_share_ageing, parameters.storehouse_share_ageing),
        Cause.STORAGE: (parameters.stack_share_storage, parameters.storehouse_share_storage),
        Cause.EXTERNAL: (parameters.stack_share_external, parameters.storehouse_share_external),
        Cause.SECURITY: (parameters.stack_share_security, parameters.storehouse_share_security),
        Cause.UNDETERMINED: (parameters.stack_share_undetermined, parameters.storehouse_share_undetermined),
    }[cause]


def mass_share(scenario: Scenario) -> Floats:
    """Return the share of each lot's NEQ that takes part in a mass explosion [1], shape (lot,).

    Aggregation (IATG 02.20): where a storehouse holds any HD 1.1 at the start, HD 1.2 and 1.3 with it
    count in full; HD 1.4 is left out of the sum. Alone, each division counts by its own share.
    """
    parameters = scenario.register.consequence
    alone = {
        HazardDivision.MASS_EXPLOSION: 1.0,
        HazardDivision.PROJECTION: parameters.mass_share_projection,
        HazardDivision.MASS_FIRE: parameters.mass_share_mass_fire,
        HazardDivision.MINOR: parameters.mass_share_minor,
    }
    division = [scenario.natures[lot.nature_id].hazard_division for lot in scenario.lots]
    mixed = {
        lot.storehouse_id
        for lot, d in zip(scenario.lots, division, strict=True)
        if d is HazardDivision.MASS_EXPLOSION
    }
    joins = (HazardDivision.PROJECTION, HazardDivision.MASS_FIRE)
    return np.array(
        [
            1.0 if lot.storehouse_id in mixed and d in joins else alone[d]
            for lot, d in zip(scenario.lots, division, strict=True)
        ]
    )


@dataclass(frozen=True)
class Exposure:
    """Who stands how far from each storehouse.

    Parameters
    ----------
    storehouse
        Index of the storehouse of each pair, shape (pair,), sorted.
    distance_m
        Separation distance of each pair [m], shape (pair,).
    persons
        People in each pair's exposed site [persons], shape (pair,).
    present
        Mean number present [persons], shape (pair,).
    workers
        Whether they work at the site, shape (pair,).
    in_buildings
        Whether they are in homes or public buildings, shape (pair,).
    storehouses
        Number of storehouses.
    parameters
        Constants.
    """

    storehouse: Ints
    distance_m: Floats
    persons: Floats
    present: Floats
    workers: npt.NDArray[np.bool_]
    in_buildings: npt.NDArray[np.bool_]
    storehouses: int
    parameters: Consequence

    def killed(self, neq_kg: Floats) -> Floats:
        """Return expected deaths when everyone usually there is caught.

        Parameters
        ----------
        neq_kg
            NEQ that detonates in each storehouse [kg], shape (..., storehouse).

        Returns
        -------
        ndarray
            Persons, shape (2, ..., storehouse): public, then workers.
        """
        lethality = self._lethality(self.distance_m, neq_kg[..., self.storehouse])
        caught = lethality * self.present
        return np.stack(
            [
                self._by_storehouse(np.where(self.workers, 0.0, caught)),
                self._by_storehouse(np.where(self.workers, caught, 0.0)),
            ]
        )

    def _lethality(self, distance_m: Floats | float, neq_kg: Floats) -> Floats:
        s = scaled_distance(np.asarray(distance_m), neq_kg)
        return np.minimum(self.parameters.lethality_factor * lethality_indoors(s), 1.0)

    def _by_storehouse(self, values: Floats) -> Floats:
        # Not -1: without any exposed site NumPy could not tell the length.
        flat = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
        summed = np.array([np.bincount(self.storehouse, row, self.storehouses) for row in flat])
        return summed.reshape((*values.shape[:-1], self.storehouses))

    def responders_killed(self, neq_kg: Floats) -> Floats:
        """Return expected deaths among responders to a fire that ends in a detonation [persons]."""
        p = self.parameters
        caught = p.responders_per_event * p.responders_caught_share
        return caught * self._lethality(p.responder_distance_m, neq_kg)

    def stack_fatalities(self, neq_kg: Floats) -> Floats:
        """Return expected deaths (public, workers) of a prompt stack detonation, as `killed`."""
        return self.killed(np.minimum(neq_kg, self.parameters.stack_neq_kg))

    def storehouse_fatalities(self, neq_kg: Floats, prompt: Floats | float) -> Floats:
        """Return expected deaths (public, workers with responders) of a whole storehouse.

        Parameters
        ----------
        neq_kg
            NEQ of each storehouse [kg], shape (..., storehouse).
        prompt
            Probability that it detonates before anyone can leave [1].
        """
        p = self.parameters
        public, workers = self.killed(neq_kg)
        stay_public = prompt + (1.0 - prompt) * (1.0 - p.evacuated_share_public)
        stay_workers = prompt + (1.0 - prompt) * (1.0 - p.evacuated_share_workers)
        responders = (1.0 - prompt) * self.responders_killed(neq_kg)
        return np.stack([stay_public * public, stay_workers * workers + responders])

    def propagated_fatalities(self, neq_kg: Floats) -> Floats:
        """Return expected deaths (public, workers) of a storehouse set off by another, as `killed`.

        By then the fire is known: those who can leave have left, and responders are counted at the root.
        """
        p = self.parameters
        public, workers = self.killed(neq_kg)
        return np.stack(
            [(1.0 - p.evacuated_share_public) * public, (1.0 - p.evacuated_share_workers) * workers]
        )

    def displaced_person_days(self, storehouse: int) -> float:
        """Return person-days of evacuation around one storehouse in a fire [person d]."""
        p = self.parameters
        near = (self.storehouse == storehouse) & (self.distance_m <= p.evacuation_radius_m) & ~self.workers
        return float(self.persons[near].sum()) * p.evacuation_days

    def property_damage_usd(self, storehouse: int, neq_kg: float) -> float:
        """Return damage to homes and public buildings by blast [USD]."""
        if neq_kg <= 0.0:
            return 0.0
        pairs = (self.storehouse == storehouse) & self.in_buildings
        share = damage_share(scaled_distance(self.distance_m[pairs], np.array(neq_kg)))
        return float(np.sum(share * self.persons[pairs])) * self.parameters.property_usd_per_person


def exposure(scenario: Scenario) -> Exposure:
    """Return the exposure of all storehouses of a scenario."""
    storehouse, exposed, distance = exposed_distance_m(scenario)
    persons = np.array([e.persons for e in scenario.exposed_sites], dtype=float)
    present = persons * np.array([e.occupancy_fraction for e in scenario.exposed_sites], dtype=float)
    workers = np.array([e.kind == "workers" for e in scenario.exposed_sites], dtype=bool)
    buildings = np.array([e.kind in ("dwellings", "public_building") for e in scenario.exposed_sites], bool)
    return Exposure(
        storehouse=storehouse,
        distance_m=distance,
        persons=persons[exposed],
        present=present[exposed],
        workers=workers[exposed],
        in_buildings=buildings[exposed],
        storehouses=len(scenario.storehouses),
        parameters=scenario.register.consequence,
    )
