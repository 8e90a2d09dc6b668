"""What an incident does in the SimPy reference: extent, chain, people and property, from the scenario's rows.

Written from `docs/model.md`, section 2.6, over exposed sites one by one; only the formulas of
`model.blast` are the package's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.yardsticks.national_records import Lot

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
from demilsim.scenario.register import Consequence
from demilsim.scenario.schema import ExposedSite
from demilsim.simulation.draws import Candidate
from demilsim.simulation.record import Event
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0
"""Turn between the uniforms of storehouses that share one draw [1]."""

LEAST_TERM = 1e-18
"""Poisson probability that can no longer move a sum near 1."""


def poisson_count(uniform: float, mean: float) -> int:
    """Return the smallest count whose Poisson distribution function reaches `uniform`."""
    if mean <= 0.0:
        return 0
    count, total = 0, 0.0
    while True:
        term = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1.0))
        total += term
        if total >= uniform or (count > mean and term < LEAST_TERM):
            return count
        count += 1


def extent_shares(parameters: Consequence, cause: str) -> tuple[float, float]:
    """Return the probabilities that an event of a cause takes a stack, and the whole storehouse [1]."""
    return getattr(parameters, f"stack_share_{cause}"), getattr(parameters, f"storehouse_share_{cause}")


def set_off(
    root: int, blast_kg: Sequence[float], links: Mapping[int, Sequence[tuple[int, float]]]
) -> list[int]:
    """Return the storehouses that go up with `root`, itself first, breadth first.

    Parameters
    ----------
    root
        Storehouse where it begins.
    blast_kg
        NEQ in each storehouse that joins a mass explosion [kg].
    links
        Of this root: (acceptor, NEQ of the donor from which it is set off [kg]) by donor.
    """
    chain = [root]
    for donor in chain:
        for acceptor, critical_kg in links.get(donor, ()):
            if acceptor not in chain and blast_kg[donor] >= critical_kg and blast_kg[acceptor] > 0.0:
                chain.append(acceptor)
    return chain


@dataclass(frozen=True, slots=True)
class Circumstances:
    """The drawn course of an event: by day, hours of fire before it detonates, responders within reach."""

    by_day: bool
    fire_hours: float
    responders: bool


def circumstances(parameters: Consequence, candidate: Candidate) -> Circumstances:
    """Return the course of an event that takes a whole storehouse."""
    by_day = candidate.daytime < parameters.day_share
    if candidate.prompt < parameters.prompt_share:
        return Circumstances(by_day, 0.0, False)
    rank = (candidate.prompt - parameters.prompt_share) / (1.0 - parameters.prompt_share)
    near = candidate.responders < parameters.responders_caught_share
    return Circumstances(by_day, -parameters.cook_off_hours * math.log1p(-rank), near)


@dataclass(frozen=True, slots=True)
class Toll:
    """Means of one detonation: deaths of public and workers, injured [persons], damage [USD]."""

    public: float = 0.0
    workers: float = 0.0
    injured: float = 0.0
    damage_usd: float = 0.0


class Surroundings:
    """Who and what stands around one storehouse.

    Parameters
    ----------
    world
        The scenario.
    house
        Index of the storehouse.
    """

    def __init__(self, world: World, house: int) -> None:
        self.world, self.house = world, house
        self.parameters = world.scenario.register.consequence
        store = world.scenario.storehouses[house]
        self.people = [
            (e, math.hypot(e.x_m - store.x_m, e.y_m - store.y_m))
            for e in world.scenario.exposed_sites
            if e.site_id == store.site_id
        ]

    def displaced_person_days(self) -> float:
        """Return person-days of evacuation in a fire [person d]."""
        p = self.parameters
        near = (
            e.persons for e, metres in self.people if metres <= p.evacuation_radius_m and e.kind != "workers"
        )
        return sum(near) * p.evacuation_days

    def toll(self, neq_kg: float, by_day: bool, hours: float, responders: bool) -> Toll:
        """Return what a detonation does after people had some hours to leave."""
        p = self.parameters
        public = workers = injured = damage = 0.0
        for exposed, metres in self.people:
            at_work = exposed.kind == "workers"
            away = p.evacuation_hours_workers if at_work else p.evacuation_hours_public
            inside, outside = (n * math.exp(-hours / away) for n in self._present(exposed, by_day))
            indoors, outdoors, hurt = self._probabilities(metres, neq_kg)
            dead = inside * indoors + outside * outdoors
            public, workers = (public, workers + dead) if at_work else (public + dead, workers)
            injured += (inside + outside) * max(hurt - max(indoors, outdoors), 0.0)
            if exposed.kind in ("dwellings", "public_building"):
                damage += exposed.persons * p.property_usd_per_person * self._damage(metres, neq_kg)
        if responders:
            indoors, outdoors, hurt = self._probabilities(p.responder_distance_m, neq_kg)
            workers += p.responders_per_event * outdoors
            injured += p.responders_per_event * max(hurt - max(indoors, outdoors), 0.0)
        return Toll(public, workers, injured, damage)

    def _present(self, exposed: ExposedSite, by_day: bool) -> tuple[float, float]:
        """Return how many are usually indoors and outdoors [persons]."""
        p = self.parameters
        if exposed.kind == "workers":
            outdoor = p.outdoor_share_workers
        else:
            outdoor = p.outdoor_share_public if by_day else 0.0
        there = exposed.persons * (exposed.day_fraction if by_day else exposed.night_fraction)
        return (1.0 - outdoor) * there, outdoor * there

    def _probabilities(self, metres: float, neq_kg: float) -> tuple[float, float, float]:
        """Return the probabilities of death indoors and outdoors, and of a hurt or death by blast [1]."""
        if neq_kg <= 0.0:
            return 0.0, 0.0, 0.0
        p, exposure = self.parameters, self.world.curves.exposure
        s = float(scaled_distance(np.float64(metres), np.float64(neq_kg)))
        if exposure.mass_fire[self.house]:
            heat = float(fireball_lethality(np.float64(s), p.k_fireball))
            return heat, heat, 0.0
        lethality = p.lethality_factor * float(lethality_indoors(np.float64(s)))
        outdoors = min(lethality * float(outdoor_ratio(np.float64(s), p.outdoor_lethality_factor)), 1.0)
        if exposure.projection[self.house]:
            fragments = fragment_lethality(
                metres, np.float64(neq_kg), p.fragment_kill_share, p.fragment_distance_m, p.fragment_neq_kg
            )
            outdoors = max(outdoors, float(fragments))
        hurt = float(
            injury_probability(
                overpressure_within_fit_kpa(np.float64(s)), p.injury_share_glass, p.injury_share_near
            )
        )
        if metres <= p.debris_radius_m:
            hurt = max(hurt, p.debris_injury_share)
        return min(lethality, 1.0), outdoors, hurt

    def _damage(self, metres: float, neq_kg: float) -> float:
        if neq_kg <= 0.0 or self.world.curves.exposure.mass_fire[self.house]:
            return 0.0
        s = scaled_distance(np.float64(metres), np.float64(neq_kg))
        return float(damage_share(overpressure_within_fit_kpa(s)))


def turned(uniform: float, house: int) -> float:
    """Return a storehouse's own uniform from the one that a chain shares."""
    return (uniform + house * GOLDEN) % 1.0


class Explosion:
    """One accepted candidate.

    Parameters
    ----------
    world, candidate
        What happens, and where.
    lots
        Of each storehouse.
    links
        Open links of the candidate's storehouse as root; see `set_off`.
    """

    def __init__(
        self,
        world: World,
        candidate: Candidate,
        lots: Sequence[Sequence[Lot]],
        links: Mapping[int, Sequence[tuple[int, float]]],
    ) -> None:
        self.world, self.candidate, self.lots, self.links = world, candidate, lots, links
        self.parameters = world.scenario.register.consequence
        self.site = int(world.storehouse_site[candidate.storehouse])
        self.lost_g = 0

    def happen(self) -> list[Event]:
        """Take from the lots what is lost and return the events, the root first."""
        c, p = self.candidate, self.parameters
        stack, storehouse = extent_shares(p, c.cause)
        course = circumstances(p, c)
        if c.extent < storehouse:
            chain = set_off(c.storehouse, [self._blast_kg(lots) for lots in self.lots], self.links)
            blasts = [self._blast_kg(self.lots[house]) for house in chain]
            return [self._whole(house, neq, course) for house, neq in zip(chain, blasts, strict=True)]
        if c.extent < storehouse + stack:
            return [self._stack(course)]
        return [Event(c.day, "minor", c.cause, self.site, c.storehouse, c.lot)]

    @staticmethod
    def _blast_kg(lots: Sequence[Lot]) -> float:
        return sum(lot.present_g / GRAMS_PER_TONNE * lot.blast_kg_per_t for lot in lots)

    def _stack(self, course: Circumstances) -> Event:
        house, at_most = self.candidate.storehouse, self.parameters.stack_neq_kg
        # Grams times kg/t, so that a stack of whole grams does not lose one to rounding.
        held = sum(lot.present_g * lot.neq_kg_per_t for lot in self.lots[house])
        share = min(at_most * GRAMS_PER_TONNE / held, 1.0) if held > 0.0 else 1.0
        neq_kg = min(self._blast_kg(self.lots[house]), at_most)
        return self._detonation(house, neq_kg, share, Circumstances(course.by_day, 0.0, False), False)

    def _whole(self, house: int, neq_kg: float, course: Circumstances) -> Event:
        if house != self.candidate.storehouse:
            rank = turned(self.candidate.chain, house)
            delay = -self.parameters.chain_delay_hours * math.log1p(-rank)
            course = Circumstances(course.by_day, course.fire_hours + delay, False)
        return self._detonation(house, neq_kg, 1.0, course, True)

    def _detonation(
        self, house: int, neq_kg: float, share: float, course: Circumstances, whole: bool
    ) -> Event:
        c, p, around = self.candidate, self.parameters, Surroundings(self.world, house)
        root = house == c.storehouse
        toll = around.toll(neq_kg, course.by_day, course.fire_hours, course.responders)
        lost_t, lost_kg = self._lose(self.lots[house], share)
        dead = [
            poisson_count(u if root else turned(u, house), mean)
            for u, mean in ((c.deaths_public, toll.public), (c.deaths_workers, toll.workers))
        ]
        burnt = whole and root and course.fire_hours > 0.0
        return Event(
            day=c.day,
            kind="explosion" if root else "propagated",
            cause=c.cause,
            site=self.site,
            storehouse=house,
            lot=c.lot if root else -1,
            neq_kg=lost_kg,
            fire_hours=course.fire_hours,
            fatalities_public=dead[0],
            fatalities_workers=dead[1],
            injuries=toll.injured + (p.injuries_per_fire if burnt else 0.0),
            displaced_person_days=around.displaced_person_days() if root else 0.0,
            cost_usd=p.cleanup_usd_per_t * lost_t + toll.damage_usd,
            cleanup_years=p.cleanup_years if whole else 0.0,
        )

    def _lose(self, lots: Sequence[Lot], share: float) -> tuple[float, float]:
        """Take a share of each lot, in whole grams; return gross mass [t] and NEQ [kg] lost."""
        gross_t = neq_kg = 0.0
        for lot in lots:
            lost_g = int(share * lot.present_g) if share < 1.0 else lot.present_g
            lot.present_g -= lost_g
            self.lost_g += lost_g
            gross_t += lost_g / GRAMS_PER_TONNE
            neq_kg += lost_g / GRAMS_PER_TONNE * lot.neq_kg_per_t
        return gross_t, neq_kg
