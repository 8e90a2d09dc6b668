"""The integrated estimate: event rate × consequence along the realised path, and the path itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.consequence import extent_shares
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.model.harm import knot_weights
from demilsim.model.partition import partition
from demilsim.plan import Floats, Ints
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.storage import Stock
from demilsim.simulation.world import World


@dataclass(frozen=True, slots=True)
class Work:
    """What one facility did, as arrays over its stretches of work.

    Parameters
    ----------
    clock
        Working time at each knot [working d], shape (knot,).
    lot, mass_g, begin, end
        Of each stretch, shape (stretch,).
    """

    clock: Floats
    lot: Ints
    mass_g: Floats
    begin: Floats
    end: Floats

    def done_g(self) -> Floats:
        """Return how much of each stretch is done at each knot [g], shape (knot, stretch)."""
        shortest = np.finfo(float).tiny
        length = np.maximum(self.end - self.begin, shortest)
        return np.clip((self.clock[:, None] - self.begin) / length, 0.0, 1.0) * self.mass_g


def work_of(world: World, plant: Plant) -> Work:
    """Return what a facility did."""
    return Work(
        clock=np.array([plant.path.at(day) for day in world.knots.tolist()]),
        lot=np.array([s.lot for s in plant.segments], dtype=np.int64),
        mass_g=np.array([s.mass_g for s in plant.segments], dtype=float),
        begin=np.array([s.begin for s in plant.segments], dtype=float),
        end=np.array([s.end for s in plant.segments], dtype=float),
    )


def remaining_g(world: World, works: list[Work], stock: Stock) -> Floats:
    """Return what is in store of each lot at each knot [g], shape (knot, lot)."""
    left = np.repeat(world.lot_g[None, :].astype(float), world.knots.size, axis=0)
    for work in works:
        if work.lot.size:
            lots = partition(work.lot, world.lot_g.size)
            left[:, lots.label] -= np.add.reduceat(work.done_g()[:, lots.order], lots.start, axis=1)
    for day, lot_index, lost in stock.losses:
        left[np.searchsorted(world.knots, day) :, lot_index] -= lost
    return np.maximum(left, 0.0)


@dataclass(frozen=True, slots=True)
class StorageHarm:
    """Harm of storage along a path.

    Parameters
    ----------
    public_per_year, workers_per_year
        Rates of expected deaths at each knot, propagation included [persons/yr], shape
        (knot, storehouse).
    root_public_per_year, root_workers_per_year
        The same in the storehouse where an event begins, without propagation.
    """

    public_per_year: Floats
    workers_per_year: Floats
    root_public_per_year: Floats
    root_workers_per_year: Floats

    def integrated(self, interval_years: Floats) -> tuple[float, float]:
        """Return expected deaths over the horizon (public, workers) [persons]."""
        weights = knot_weights(interval_years, 0.0, np.ones((interval_years.size, 1)))
        return float(np.sum(weights * self.public_per_year)), float(np.sum(weights * self.workers_per_year))


def storage_harm(world: World, draws: Draws, left_t: Floats) -> StorageHarm:
    """Return rates of expected deaths along a path of tonnes in store, shape (knot, lot)."""
    blast = world.houses.sum(left_t * world.blast_kg_per_t)
    ageing = world.houses.sum(left_t * draws.ageing_rate_per_t_year)
    values, _ = world.curves.per_year(blast)
    public = values[0] + ageing * values[2]
    workers = values[1] + ageing * values[3]
    chain = _chain_per_year(world, draws, blast, ageing)
    return StorageHarm(public + chain[0], workers + chain[1], public, workers)


def _chain_per_year(world: World, draws: Draws, blast: Floats, ageing: Floats) -> Floats:
    """Return expected deaths a year in storehouses set off by each root, shape (2, knot, storehouse).

    Chains are worked out at the start of each year on the replication's own marks, and interpolated.
    """
    years = world.year_knots
    held = blast[years]
    extra = _set_off_deaths(world, draws, held)
    parameters = world.curves.exposure.parameters
    whole = np.array([extent_shares(parameters, cause)[1] for cause in BASE_CAUSES])
    rate = (held > 0.0) * (world.curves.base_rate_per_year @ whole)
    rate = rate + ageing[years] * extent_shares(parameters, Cause.AGEING)[1]
    per_year = rate * extra
    position = np.interp(world.knots, world.knots[years], np.arange(years.size))
    left = np.minimum(position.astype(np.int64), max(years.size - 2, 0))
    share = (position - left)[:, None]
    right = np.minimum(left + 1, years.size - 1)
    return (1.0 - share) * per_year[:, left] + share * per_year[:, right]


def _set_off_deaths(world: World, draws: Draws, held: Floats) -> Floats:
    """Return expected deaths in the other storehouses if each goes up, shape (2, year, storehouse)."""
    links, chosen = world.links, draws.open_links
    houses = held.shape[1]
    if not chosen.size:
        return np.zeros((2, held.shape[0], houses))
    donor, acceptor = links.donor[chosen], links.acceptor[chosen]
    source, sink = links.source_pair[chosen], links.sink_pair[chosen]
    pair_root, pair_house = links.pair_root, links.pair_house
    is_open = (held[:, donor] >= draws.link_critical_kg[chosen]) & (held[:, acceptor] > 0.0)
    reached = np.repeat((pair_root == pair_house)[None, :], held.shape[0], axis=0)
    # Links come in order of their sink.
    starts = np.flatnonzero(np.diff(sink, prepend=-1))
    sinks = sink[starts]
    for _ in range(houses):
        lit = np.logical_or.reduceat(is_open & reached[:, source], starts, axis=1)
        grown = reached.copy()
        grown[:, sinks] |= lit
        if np.array_equal(grown, reached):
            break
        reached = grown
    others = reached & (pair_root != pair_house)
    values, _ = world.curves.propagated(held)
    return links.roots.sum(others * values[:, :, pair_house])
