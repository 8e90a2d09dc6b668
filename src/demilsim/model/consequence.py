"""Who is harmed by an event: its extent, what takes part, and the people that are there when it happens.

An event has an extent. A single item harms nobody in this model; a stack detonates promptly; a whole
storehouse detonates promptly with a small probability, and otherwise after a fire during which most
people leave and responders come close. Formulas are in `blast`, the course of a fire in `timeline`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from demilsim.model.blast import (
    damage_share,
    fireball_lethality,
    fragment_lethality,
    injury_probability,
    lethality_indoors,
    outdoor_ratio,
    overpressure_within_fit_kpa,
    scaled_distance,
)
from demilsim.model.event_rate import Cause
from demilsim.model.partition import sums
from demilsim.model.separation import exposed_distance_m
from demilsim.model.timeline import Moment, mean_chain, mean_root, sudden
from demilsim.plan import Floats, Ints
from demilsim.scenario.register import Consequence
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import HazardDivision

Flags = npt.NDArray[np.bool_]


class Extent(IntEnum):
    """How much of a storehouse goes up."""

    ITEM = 0
    STACK = 1
    STOREHOUSE = 2


def extent_shares(parameters: Consequence, cause: Cause) -> tuple[float, float]:
    """Return the probabilities that an event of a cause involves a stack, and a whole storehouse [1]."""
    return {
        Cause.AGEING: (parameters.stack_share_ageing, parameters.storehouse_share_ageing),
        Cause.STORAGE: (parameters.stack_share_storage, parameters.storehouse_share_storage),
        Cause.EXTERNAL: (parameters.stack_share_external, parameters.storehouse_share_external),
        Cause.SECURITY: (parameters.stack_share_security, parameters.storehouse_share_security),
        Cause.UNDETERMINED: (parameters.stack_share_undetermined, parameters.storehouse_share_undetermined),
    }[cause]


def leading_division(scenario: Scenario) -> dict[str, HazardDivision]:
    """Return the most hazardous division in each storehouse that holds any lot at the start, by id."""
    leading: dict[str, HazardDivision] = {}
    for lot in scenario.lots:
        division = scenario.natures[lot.nature_id].hazard_division
        leading[lot.storehouse_id] = min(division, leading.get(lot.storehouse_id, division))
    return leading


def mass_share(scenario: Scenario) -> Floats:
    """Return the share of each lot's NEQ that counts [1], shape (lot,).

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
    leading = leading_division(scenario)
    joins = (HazardDivision.PROJECTION, HazardDivision.MASS_FIRE)
    division = [scenario.natures[lot.nature_id].hazard_division for lot in scenario.lots]
    return np.array(
        [
            1.0 if leading[lot.storehouse_id] is HazardDivision.MASS_EXPLOSION and d in joins else alone[d]
            for lot, d in zip(scenario.lots, division, strict=True)
        ]
    )


@dataclass(frozen=True, slots=True)
class Toll:
    """What each of several detonations does, shape (detonation,).

    Parameters
    ----------
    public, workers
        Expected deaths; responders count as workers [persons].
    injured
        Expected number hurt and alive, by blast and debris, responders included [persons].
    property_damage_usd
        Damage to homes and public buildings by blast [USD]; a mass fire does none.
    """

    public: Floats
    workers: Floats
    injured: Floats
    property_damage_usd: Floats


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
    indoors, outdoors
        People present by night and by day [persons], shape (2, pair).
    workers
        Whether they work at the site, shape (pair,).
    in_buildings
        Whether they are in homes or public buildings, shape (pair,).
    projection, mass_fire
        Whether HD 1.2 or HD 1.3 is the most hazardous that the storehouse holds, shape (storehouse,).
    parameters
        Constants.
    """

    storehouse: Ints
    distance_m: Floats
    persons: Floats
    indoors: Floats
    outdoors: Floats
    workers: Flags
    in_buildings: Flags
    projection: Flags
    mass_fire: Flags
    parameters: Consequence

    def killed(self, neq_kg: Floats, day: float) -> Floats:
        """Return expected deaths when everyone usually there is caught.

        Parameters
        ----------
        neq_kg
            NEQ that takes part in each storehouse [kg], shape (..., storehouse).
        day
            Probability that it is day [1].

        Returns
        -------
        ndarray
            Persons, shape (2, ..., storehouse): public, then workers.
        """
        caught = self._caught(slice(None), neq_kg[..., self.storehouse], day)
        return np.stack(
            [
                self._by_storehouse(np.where(self.workers, 0.0, caught)),
                self._by_storehouse(np.where(self.workers, caught, 0.0)),
            ]
        )

    def fatalities(self, neq_kg: Floats, moment: Moment) -> Floats:
        """Return expected deaths (public, workers with responders) of a detonation, shaped as `killed`."""
        public, workers = self.killed(neq_kg, moment.day)
        responders = moment.responders * self.responders_killed(neq_kg) if moment.responders else 0.0
        return np.stack([moment.public * public, moment.workers * workers + responders])

    def killed_by_pair(self, neq_kg: Floats, moment: Moment) -> Floats:
        """Return expected deaths of each pair of storehouse and exposed site [persons], shape (..., pair).

        Parameters
        ----------
        neq_kg
            NEQ that takes part in each storehouse [kg], shape (..., storehouse).
        moment
            Who is there.
        """
        staying = np.where(self.workers, moment.workers, moment.public)
        return staying * self._caught(slice(None), neq_kg[..., self.storehouse], moment.day)

    def stack_fatalities(self, neq_kg: Floats) -> Floats:
        """Return expected deaths of a prompt stack detonation, shaped as `killed`."""
        p = self.parameters
        return self.fatalities(np.minimum(neq_kg, p.stack_neq_kg), sudden(p.day_share))

    def storehouse_fatalities(self, neq_kg: Floats) -> Floats:
        """Return expected deaths of a whole storehouse, prompt or after a fire, shaped as `killed`."""
        return self.fatalities(neq_kg, mean_root(self.parameters))

    def propagated_fatalities(self, neq_kg: Floats) -> Floats:
        """Return expected deaths of a storehouse set off by another, shaped as `killed`."""
        return self.fatalities(neq_kg, mean_chain(self.parameters))

    def responders_killed(self, neq_kg: Floats) -> Floats:
        """Return expected deaths if responders are within reach [persons], shape (..., storehouse)."""
        p = self.parameters
        every = np.arange(self.mass_fire.size)
        return p.responders_per_event * self._lethality(p.responder_distance_m, neq_kg, every)[1]

    def toll(self, storehouse: Ints, neq_kg: Floats, moments: Sequence[Moment]) -> Toll:
        """Return what each of several detonations does to the people and buildings around.

        Parameters
        ----------
        storehouse
            Where, shape (detonation,).
        neq_kg
            NEQ that takes part [kg], shape (detonation,).
        moments
            Who is there, one for each.
        """
        p, events = self.parameters, storehouse.size
        event, pair = self._pairs_of(storehouse)
        day, public, workers, responders = np.array(
            [(m.day, m.public, m.workers, m.responders) for m in moments], dtype=float
        ).T
        # Responders, one row for each detonation, come after those who are always there.
        who = np.concatenate([event, np.arange(events)])
        distance = np.concatenate([self.distance_m[pair], np.full(events, p.responder_distance_m)])
        staying = np.where(self.workers[pair], workers[event], public[event])
        by_day, by_night = staying * day[event], staying * (1.0 - day[event])
        sent = responders * p.responders_per_event
        inside = np.append(
            by_night * self.indoors[0, pair] + by_day * self.indoors[1, pair], np.zeros(events)
        )
        outside = np.append(by_night * self.outdoors[0, pair] + by_day * self.outdoors[1, pair], sent)
        indoors, outdoors = self._lethality(distance, neq_kg[who], storehouse[who])
        dead = inside * indoors + outside * outdoors
        at_work = np.append(self.workers[pair], np.ones(events, dtype=bool))
        blast = ~self.mass_fire[storehouse] & (neq_kg > 0.0)
        s = scaled_distance(distance, np.where(blast, neq_kg, 1.0)[who])
        pressure = overpressure_within_fit_kpa(s)
        hurt = injury_probability(pressure, p.injury_share_glass, p.injury_share_near)
        hurt = np.where(distance <= p.debris_radius_m, np.maximum(hurt, p.debris_injury_share), hurt)
        alive = np.maximum(hurt - np.maximum(indoors, outdoors), 0.0) * blast[who]
        owners = self.persons[pair] * self.in_buildings[pair] * blast[event]
        damage = damage_share(pressure[: event.size]) * owners * p.property_usd_per_person
        return Toll(
            public=sums(who, np.where(at_work, 0.0, dead), events),
            workers=sums(who, np.where(at_work, dead, 0.0), events),
            injured=sums(who, (inside + outside) * alive, events),
            property_damage_usd=sums(event, damage, events),
        )

    def displaced_person_days(self, storehouse: int) -> float:
        """Return person-days of evacuation around one storehouse in a fire [person d]."""
        p = self.parameters
        pairs = self._pairs(storehouse)
        near = (self.distance_m[pairs] <= p.evacuation_radius_m) & ~self.workers[pairs]
        return float(self.persons[pairs] @ near) * p.evacuation_days

    def _lethality(self, distance_m: Floats | float, neq_kg: Floats, house: Ints) -> tuple[Floats, Floats]:
        """Return the probabilities of death indoors and outdoors, by the rules of what each house holds."""
        p = self.parameters
        s = scaled_distance(np.asarray(distance_m), neq_kg)
        curve = p.lethality_factor * lethality_indoors(s)
        indoors = np.minimum(curve, 1.0)
        outdoors = np.minimum(curve * outdoor_ratio(s, p.outdoor_lethality_factor), 1.0)
        projection, fire = self.projection[house], self.mass_fire[house]
        if projection.any():
            fragments = fragment_lethality(
                distance_m, neq_kg, p.fragment_kill_share, p.fragment_distance_m, p.fragment_neq_kg
            )
            outdoors = np.where(projection, np.maximum(outdoors, fragments), outdoors)
        if fire.any():
            heat = fireball_lethality(s, p.k_fireball)
            indoors, outdoors = np.where(fire, heat, indoors), np.where(fire, heat, outdoors)
        return indoors, outdoors

    def _caught(self, pairs: slice, neq_kg: Floats, day: float) -> Floats:
        """Return expected deaths of each pair, nobody having left, shape (..., pair)."""
        indoors, outdoors = self._lethality(self.distance_m[pairs], neq_kg, self.storehouse[pairs])
        weights = np.array([1.0 - day, day])
        return indoors * (weights @ self.indoors[:, pairs]) + outdoors * (weights @ self.outdoors[:, pairs])

    def _pairs(self, storehouse: int) -> slice:
        first, last = np.searchsorted(self.storehouse, [storehouse, storehouse + 1]).tolist()
        return slice(first, last)

    def _pairs_of(self, storehouse: Ints) -> tuple[Ints, Ints]:
        """Return all pairs of each of several storehouses: its position among them, and the pair."""
        first = np.searchsorted(self.storehouse, storehouse)
        count = np.searchsorted(self.storehouse, storehouse, side="right") - first
        position = np.repeat(np.arange(storehouse.size), count)
        return position, np.arange(position.size) + np.repeat(first - (np.cumsum(count) - count), count)

    def _by_storehouse(self, values: Floats) -> Floats:
        # Not -1: without any exposed site NumPy could not tell the length.
        houses = self.mass_fire.size
        flat = values.reshape(math.prod(values.shape[:-1]), values.shape[-1])
        summed = np.array([np.bincount(self.storehouse, row, houses) for row in flat])
        return summed.reshape((*values.shape[:-1], houses))


def exposure(scenario: Scenario) -> Exposure:
    """Return the exposure of all storehouses of a scenario."""
    p = scenario.register.consequence
    storehouse, exposed, distance = exposed_distance_m(scenario)
    places = scenario.exposed_sites
    persons = np.array([e.persons for e in places], dtype=float)
    fractions = np.array([[e.night_fraction, e.day_fraction] for e in places], dtype=float)
    present = fractions.reshape(-1, 2).T * persons
    workers = np.array([e.kind == "workers" for e in places], dtype=bool)
    # By night the public is indoors; guards and shifts work outdoors at any hour.
    outdoor_share = np.where(workers, p.outdoor_share_workers, [[0.0], [p.outdoor_share_public]])
    leading = leading_division(scenario)
    divisions = [leading.get(house.storehouse_id) for house in scenario.storehouses]
    return Exposure(
        storehouse=storehouse,
        distance_m=distance,
        persons=persons[exposed],
        indoors=((1.0 - outdoor_share) * present)[:, exposed],
        outdoors=(outdoor_share * present)[:, exposed],
        workers=workers[exposed],
        in_buildings=np.array([e.kind in ("dwellings", "public_building") for e in places], bool)[exposed],
        projection=np.array([d is HazardDivision.PROJECTION for d in divisions], dtype=bool),
        mass_fire=np.array([d is HazardDivision.MASS_FIRE for d in divisions], dtype=bool),
        parameters=p,
    )
