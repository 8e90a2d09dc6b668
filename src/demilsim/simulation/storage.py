"""Stock in the storehouses, and what an explosion takes with it.

An explosion changes the stock at once; whom it harms changes nothing in the programme and is worked out for
all detonations of a replication together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import sub

import numpy as np
from scipy.special import pdtr, pdtrik

from demilsim.model.consequence import Extent, extent_shares
from demilsim.model.timeline import Fire, Moment, drawn_fire, drawn_hours, sudden
from demilsim.simulation.draws import Candidate, Draws
from demilsim.simulation.record import Event
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

SUMMED_MEAN = 200.0
"""Mean up to which Poisson terms are summed; well beyond, exp(-mean) loses digits and then vanishes."""

SMALLEST_TERM = 1e-18
"""Poisson probability that can no longer move a sum near 1."""


@dataclass(slots=True)
class Stock:
    """Integer grams of each lot: full = to come + present + destroyed + exploded + stolen at every event.

    Parameters
    ----------
    full_g
        True mass of each lot, also of those that are still to come.
    to_come_g
        What of it has not arrived.
    losses
        Day, lot and mass of everything that exploded or was stolen.
    thefts
        Day and mass of what of it was stolen.
    moves
        Day, lot and storehouse of every lot that was taken into another storehouse of its site.
    """

    full_g: list[int]
    to_come_g: list[int] = field(default_factory=list)
    present_g: list[int] = field(init=False)
    destroyed_g: list[int] = field(init=False)
    exploded_g: list[int] = field(init=False)
    stolen_g: list[int] = field(init=False)
    losses: list[tuple[float, int, int]] = field(default_factory=list)
    thefts: list[tuple[float, int]] = field(default_factory=list)
    moves: list[tuple[float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        lots = len(self.full_g)
        self.to_come_g = self.to_come_g or [0] * lots
        self.present_g = list(map(sub, self.full_g, self.to_come_g))
        self.destroyed_g, self.exploded_g, self.stolen_g = [0] * lots, [0] * lots, [0] * lots

    def arrive(self, lot: int) -> None:
        """Take in a lot."""
        self.present_g[lot] += self.to_come_g[lot]
        self.to_come_g[lot] = 0

    def lots_in(self, world: World, house: int) -> list[int]:
        """Return the lots that are kept in a storehouse, whether or not there is anything left of them."""
        if not self.moves:
            return world.lots_of_house[house]
        now = {lot: to for _, lot, to in self.moves}
        stayed = [lot for lot in world.lots_of_house[house] if now.get(lot, house) == house]
        return stayed + sorted(lot for lot, to in now.items() if to == house and lot not in stayed)

    def house_of(self, world: World, lot: int) -> int:
        """Return the storehouse of a lot."""
        moved = [to for _, mine, to in self.moves if mine == lot]
        return moved[-1] if moved else int(world.lot_storehouse[lot])

    def steal(self, day: float, lot: int, mass_g: int) -> None:
        """Book a theft."""
        self.present_g[lot] -= mass_g
        self.stolen_g[lot] += mass_g
        self.losses.append((day, lot, mass_g))
        self.thefts.append((day, mass_g))

    def destroy(self, lot: int, mass_g: int) -> None:
        """Book destroyed mass."""
        self.present_g[lot] -= mass_g
        self.destroyed_g[lot] += mass_g
        assert self.present_g[lot] >= 0, "destroyed more of a lot than was there"

    def explode(self, day: float, lot: int, share: float) -> int:
        """Book the loss of a share of what is present of a lot; return it [g]."""
        lost = self.present_g[lot] if share >= 1.0 else int(share * self.present_g[lot])
        self.present_g[lot] -= lost
        self.exploded_g[lot] += lost
        if lost:
            self.losses.append((day, lot, lost))
        return lost


def extent_of(world: World, candidate: Candidate) -> Extent:
    """Return how much of the storehouse a candidate involves."""
    stack, storehouse = extent_shares(world.curves.exposure.parameters, candidate.cause)
    if candidate.extent < storehouse:
        return Extent.STOREHOUSE
    return Extent.STACK if candidate.extent < storehouse + stack else Extent.ITEM


def set_off(world: World, draws: Draws, root: int, blast_kg: Mapping[int, float]) -> list[int]:
    """Return the storehouses that go up with `root`, itself first, in order of discovery.

    Parameters
    ----------
    root
        Storehouse that detonates.
    blast_kg
        NEQ in each storehouse that joins a mass explosion [kg].
    """
    links = world.links
    mine = draws.open_links[links.root[draws.open_links] == root]
    edges: dict[int, list[tuple[int, float]]] = {}
    for link in mine.tolist():
        edges.setdefault(int(links.donor[link]), []).append(
            (int(links.acceptor[link]), float(draws.link_critical_kg[link]))
        )
    reached, frontier = [root], [root]
    while frontier:
        donor = frontier.pop(0)
        for acceptor, critical in edges.get(donor, ()):
            if acceptor not in reached and blast_kg[donor] >= critical and blast_kg[acceptor] > 0.0:
                reached.append(acceptor)
                frontier.append(acceptor)
    return reached


def poisson_quantile(uniform: float, mean: float) -> int:
    """Return the smallest count whose Poisson distribution function reaches `uniform`."""
    if mean > SUMMED_MEAN:
        count = math.ceil(pdtrik(uniform, mean))
        return count - 1 if count > 0 and pdtr(count - 1, mean) >= uniform else count
    count, term = 0, math.exp(-mean)
    cumulative = term
    while cumulative < uniform and (count < mean or term > SMALLEST_TERM):
        count += 1
        term *= mean / count
        cumulative += term
    return count


@dataclass(frozen=True, slots=True)
class Detonation:
    """A candidate that happened, or a storehouse that it set off.

    Parameters
    ----------
    candidate
        The root's.
    storehouse
        Where.
    extent
        How much of the storehouse went up.
    counted_kg
        NEQ that counts for its effects [kg].
    moment
        Who is there.
    hours
        Time from the start of the fire [h]; 0 if prompt.
    burned
        Whether there was a fire first.
    lost_t, lost_neq_kg
        Gross mass [t] and NEQ [kg] that the stock lost.
    """

    candidate: Candidate
    storehouse: int
    extent: Extent
    counted_kg: float
    moment: Moment
    hours: float = 0.0
    burned: bool = False
    lost_t: float = 0.0
    lost_neq_kg: float = 0.0

    @property
    def is_root(self) -> bool:
        """Whether the chain began here."""
        return self.storehouse == self.candidate.storehouse


def explosion(
    world: World, draws: Draws, stock: Stock, candidate: Candidate, blast_kg: Mapping[int, float]
) -> list[Detonation]:
    """Apply an accepted candidate to the stock and return what detonated, the root first.

    Parameters
    ----------
    blast_kg
        NEQ in each storehouse that joins a mass explosion [kg]; only the candidate's site is read.
    """
    extent = extent_of(world, candidate)
    parameters = world.curves.exposure.parameters
    house = candidate.storehouse
    if extent is Extent.ITEM:
        return [Detonation(candidate, house, extent, 0.0, sudden(0.0))]
    fire = drawn_fire(parameters, candidate.prompt, candidate.daytime, candidate.responders)
    if extent is Extent.STACK:
        at_most = parameters.stack_neq_kg
        held = sum(stock.present_g[lot] * world.neq_kg_per_t[lot] for lot in stock.lots_in(world, house))
        share = min(1.0, at_most * GRAMS_PER_TONNE / held) if held > 0.0 else 1.0
        stack = Detonation(candidate, house, extent, min(blast_kg[house], at_most), sudden(fire.day))
        return [_without(world, stock, stack, share)]
    return [
        _without(world, stock, _whole(world, candidate, reached, fire, blast_kg), 1.0)
        for reached in set_off(world, draws, house, blast_kg)
    ]


def _whole(
    world: World, candidate: Candidate, house: int, fire: Fire, blast_kg: Mapping[int, float]
) -> Detonation:
    """Return a whole storehouse, the root of a chain or one that was set off."""
    parameters = world.curves.exposure.parameters
    if house == candidate.storehouse:
        hours, moment = fire.hours, fire.root(parameters)
    else:
        delay = drawn_hours(_turned(candidate.chain, house), parameters.chain_delay_hours)
        hours, moment = fire.hours + delay, fire.chain(delay, parameters)
    return Detonation(candidate, house, Extent.STOREHOUSE, blast_kg[house], moment, hours, fire.hours > 0.0)


def _turned(uniform: float, house: int) -> float:
    """Return a uniform of a storehouse's own: another one of the chain draws from the same, turned."""
    return (uniform + house * 0.6180339887498949) % 1.0


def _without(world: World, stock: Stock, detonation: Detonation, share: float) -> Detonation:
    """Take a share of what the storehouse holds out of the stock."""
    lots = stock.lots_in(world, detonation.storehouse)
    lost = [(lot, stock.explode(detonation.candidate.day, lot, share)) for lot in lots]
    return replace(
        detonation,
        lost_t=sum(g for _, g in lost) / GRAMS_PER_TONNE,
        lost_neq_kg=sum(float(world.neq_kg_per_t[lot]) * g for lot, g in lost) / GRAMS_PER_TONNE,
    )


def events_of(world: World, detonations: Sequence[Detonation]) -> list[Event]:
    """Return the events of detonations, with whom and what each one harmed."""
    harmful = [d for d in detonations if d.extent is not Extent.ITEM]
    minor = [_minor(world, d) for d in detonations if d.extent is Extent.ITEM]
    if not harmful:
        return minor
    toll = world.curves.exposure.toll(
        np.array([d.storehouse for d in harmful]),
        np.array([d.counted_kg for d in harmful]),
        [d.moment for d in harmful],
    )
    columns = (toll.public, toll.workers, toll.injured, toll.property_damage_usd)
    return minor + [
        _event(world, detonation, *harm)
        for detonation, *harm in zip(harmful, *(c.tolist() for c in columns), strict=True)
    ]


def _minor(world: World, of: Detonation) -> Event:
    """Return the event of a single item, which harms nobody."""
    candidate, house = of.candidate, of.storehouse
    site = int(world.storehouse_site[house])
    return Event(candidate.day, "minor", candidate.cause, site, house, candidate.lot)


def _event(
    world: World, of: Detonation, public: float, workers: float, injured: float, damage_usd: float
) -> Event:
    house, candidate = of.storehouse, of.candidate
    site = int(world.storehouse_site[house])
    people = world.curves.exposure
    parameters = people.parameters
    uniforms = (candidate.deaths_public, candidate.deaths_workers)
    dead_public, dead_workers = (
        poisson_quantile(u if of.is_root else _turned(u, house), mean)
        for u, mean in zip(uniforms, (public, workers), strict=True)
    )
    return Event(
        day=candidate.day,
        kind="explosion" if of.is_root else "propagated",
        cause=candidate.cause,
        site=site,
        storehouse=house,
        lot=candidate.lot if of.is_root else -1,
        neq_kg=of.lost_neq_kg,
        fire_hours=of.hours,
        fatalities_public=dead_public,
        fatalities_workers=dead_workers,
        injuries=injured + parameters.injuries_per_fire * (of.is_root and of.burned),
        displaced_person_days=people.displaced_person_days(house) if of.is_root else 0.0,
        cost_usd=parameters.cleanup_usd_per_t * of.lost_t + damage_usd,
        cleanup_years=parameters.cleanup_years if of.extent is Extent.STOREHOUSE else 0.0,
    )
