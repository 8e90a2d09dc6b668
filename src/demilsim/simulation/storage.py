"""Stock in the storehouses, and what an explosion takes with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

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
    """Integer grams of each lot: initial = present + destroyed + exploded at every event."""

    initial_g: list[int]
    present_g: list[int] = field(init=False)
    destroyed_g: list[int] = field(init=False)
    exploded_g: list[int] = field(init=False)
    losses: list[tuple[float, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.present_g = list(self.initial_g)
        self.destroyed_g = [0] * len(self.initial_g)
        self.exploded_g = [0] * len(self.initial_g)

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


def set_off(world: World, draws: Draws, root: int, blast_kg: list[float]) -> list[int]:
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


def explosion(
    world: World, draws: Draws, stock: Stock, candidate: Candidate, blast_kg: list[float]
) -> list[Event]:
    """Apply an accepted candidate to the stock and return its events, the root first."""
    extent = extent_of(world, candidate)
    site = int(world.storehouse_site[candidate.storehouse])
    if extent is Extent.ITEM:
        return [Event(candidate.day, "minor", candidate.cause, site, candidate.storehouse, candidate.lot)]
    parameters = world.curves.exposure.parameters
    fire = drawn_fire(parameters, candidate.prompt, candidate.daytime, candidate.responders)
    if extent is Extent.STACK:
        return [_stack(world, stock, candidate, fire.day, blast_kg)]
    return [
        _whole(world, stock, candidate, house, fire, blast_kg)
        for house in set_off(world, draws, candidate.storehouse, blast_kg)
    ]


def _stack(world: World, stock: Stock, candidate: Candidate, day: float, blast_kg: list[float]) -> Event:
    """Return a stack that goes up without warning."""
    house, at_most = candidate.storehouse, world.curves.exposure.parameters.stack_neq_kg
    held = sum(stock.present_g[lot] * world.neq_kg_per_t[lot] for lot in world.lots_in[house])
    share = min(1.0, at_most * GRAMS_PER_TONNE / held) if held > 0.0 else 1.0
    neq = min(blast_kg[house], at_most)
    return _blast(world, stock, candidate, house, neq, share, sudden(day), 0.0)


def _whole(
    world: World, stock: Stock, candidate: Candidate, house: int, fire: Fire, blast_kg: list[float]
) -> Event:
    """Return a whole storehouse, the root of a chain or one that was set off."""
    parameters = world.curves.exposure.parameters
    if house == candidate.storehouse:
        hours, moment = fire.hours, fire.root(parameters)
    else:
        delay = drawn_hours(_turned(candidate.chain, house), parameters.chain_delay_hours)
        hours, moment = fire.hours + delay, fire.chain(delay, parameters)
    event = _blast(world, stock, candidate, house, blast_kg[house], 1.0, moment, hours)
    burned = event.kind == "explosion" and fire.hours > 0.0
    return replace(
        event,
        injuries=event.injuries + parameters.injuries_per_fire * burned,
        cleanup_years=parameters.cleanup_years,
    )


def _turned(uniform: float, house: int) -> float:
    """Return a uniform of a storehouse's own: another one of the chain draws from the same, turned."""
    return (uniform + house * 0.6180339887498949) % 1.0


def _blast(
    world: World,
    stock: Stock,
    candidate: Candidate,
    house: int,
    neq_kg: float,
    share: float,
    moment: Moment,
    hours: float,
) -> Event:
    """Return the event of an NEQ that counts [kg] and of a share of what the storehouse holds."""
    people = world.curves.exposure
    public, workers = people.fatalities_at(house, neq_kg, moment)
    lost = {lot: stock.explode(candidate.day, lot, share) for lot in world.lots_in[house].tolist()}
    lost_t = sum(lost.values()) / GRAMS_PER_TONNE
    neq_lost = sum(world.neq_kg_per_t[lot] * g for lot, g in lost.items()) / GRAMS_PER_TONNE
    root = house == candidate.storehouse
    uniforms = (candidate.deaths_public, candidate.deaths_workers)
    dead_public, dead_workers = (
        poisson_quantile(u if root else _turned(u, house), mean)
        for u, mean in zip(uniforms, (public, workers), strict=True)
    )
    return Event(
        day=candidate.day,
        kind="explosion" if root else "propagated",
        cause=candidate.cause,
        site=int(world.storehouse_site[house]),
        storehouse=house,
        lot=candidate.lot if root else -1,
        neq_kg=float(neq_lost),
        fire_hours=hours,
        fatalities_public=dead_public,
        fatalities_workers=dead_workers,
        injuries=people.injured_at(house, neq_kg, moment),
        displaced_person_days=people.displaced_person_days(house) if root else 0.0,
        cost_usd=people.parameters.cleanup_usd_per_t * lost_t + people.property_damage_usd(house, neq_kg),
    )
