"""The integrated estimate: event rate × consequence along the realised path.

Most storehouses are full or empty most of the time, so harm curves are read only where what a storehouse
holds changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demilsim.model.curves import Curves
from demilsim.model.harm import knot_weights
from demilsim.plan import Floats
from demilsim.simulation.compiled import compiled
from demilsim.simulation.draws import Draws
from demilsim.simulation.world import World

Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

WORD_BITS = 64
ALL_BITS = np.uint64(2**WORD_BITS - 1)
"""All the years in a word."""


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
        weights = knot_weights(interval_years, 0.0, np.ones((interval_years.size, 1)))[:, 0]
        public, workers = self.public_per_year.sum(axis=1), self.workers_per_year.sum(axis=1)
        return float(weights @ public), float(weights @ workers)


def storage_harm(
    world: World,
    draws: Draws,
    blast_kg: Floats,
    ageing_per_year: Floats,
    base_rates: tuple[Floats, Floats] | None = None,
) -> StorageHarm:
    """Return rates of expected deaths along a path.

    Parameters
    ----------
    blast_kg, ageing_per_year
        As in `StockPath`.
    base_rates
        Rates of events by base causes that involve a stack, and a storehouse [1/yr], shape (storehouse,) or
        (knot, storehouse); those without measures by default.
    """
    curves = world.curves
    stack, whole = base_rates or world.base_rates
    if compiled():
        return _compiled_storage_harm(world, draws, blast_kg, ageing_per_year, (stack, whole))
    by_stack, by_whole = curves.ageing_shares
    stack_rate, whole_rate = by_stack * ageing_per_year, by_whole * ageing_per_year
    stack_rate += stack
    whole_rate += whole
    values = _read(curves.deaths, blast_kg)
    public, workers = stack_rate * values[0], stack_rate * values[1]
    public += np.multiply(whole_rate, values[2], out=stack_rate)
    workers += np.multiply(whole_rate, values[3], out=stack_rate)
    chain = _chain_per_year(world, draws, blast_kg, whole_rate)
    chain[0] += public
    chain[1] += workers
    return StorageHarm(chain[0], chain[1], public, workers)


def _compiled_storage_harm(
    world: World, draws: Draws, blast_kg: Floats, ageing_per_year: Floats, base_rates: tuple[Floats, Floats]
) -> StorageHarm:
    """Return what `storage_harm` does, by compiled kernels."""
    from demilsim.simulation import kernels

    curves, links, years = world.curves, world.links, world.year_knots
    before, _, share = world.between_years
    set_off = kernels.set_off_deaths(
        blast_kg[years],
        draws.open_links,
        draws.link_critical_kg,
        (links.donor, links.acceptor, links.source_pair, links.sink_pair, links.pair_root, links.pair_house),
        (curves.propagated.neq_max_kg, curves.propagated.coefficients),
    )
    public, workers, root_public, root_workers = kernels.storage_harm(
        blast_kg,
        ageing_per_year,
        base_rates,
        curves.ageing_shares,
        (curves.deaths.neq_max_kg, curves.deaths.coefficients),
        set_off,
        (years, before, share),
    )
    return StorageHarm(public, workers, root_public, root_workers)


def _read(curves: Curves, held_kg: Floats) -> Floats:
    """Return curves at what is held, shape (curve, knot, storehouse): each run of equal readings once.

    Parameters
    ----------
    curves
        Curves.
    held_kg
        What is held [kg], shape (knot, storehouse).
    """
    by_house = np.ascontiguousarray(held_kg.T)
    changes = np.ones(by_house.shape, dtype=bool)
    np.not_equal(by_house[:, 1:], by_house[:, :-1], out=changes[:, 1:])
    first = np.flatnonzero(changes)
    values = curves.at(first // by_house.shape[1], by_house.ravel()[first])
    lasting = np.diff(first, append=by_house.size)
    return np.repeat(values, lasting, axis=1).reshape(-1, *by_house.shape).transpose(0, 2, 1)


def _chain_per_year(world: World, draws: Draws, blast_kg: Floats, whole_rate_per_year: Floats) -> Floats:
    """Return expected deaths a year in storehouses set off by each root, shape (2, knot, storehouse).

    Chains are worked out at the start of each year on the replication's own marks, and interpolated.

    Parameters
    ----------
    whole_rate_per_year
        Rate of events that involve a whole storehouse, if it holds any [1/yr], shape (knot, storehouse).
    """
    years = world.year_knots
    per_year = whole_rate_per_year[years] * _set_off_deaths(world, draws, blast_kg[years])
    before, after, share = world.between_years
    chain, later = per_year.take(before, axis=1), per_year.take(after, axis=1)
    chain *= 1.0 - share
    later *= share
    chain += later
    return chain


def _set_off_deaths(world: World, draws: Draws, held_kg: Floats) -> Floats:
    """Return expected deaths in the other storehouses if each goes up, shape (2, year, storehouse).

    All years spread at once, one bit for each: a storehouse is reached in the years in which a link is open
    whose donor is reached.
    """
    links, chosen = world.links, draws.open_links
    years, houses = held_kg.shape
    deaths = np.zeros((2, years, houses))
    if not chosen.size:
        return deaths
    held = np.ascontiguousarray(held_kg.T)
    holds = held > 0.0
    # An empty donor sets off nobody, not even a storehouse at the same place, where any NEQ would do.
    is_open = np.where(holds, held, -1.0)[links.donor[chosen]] >= draws.link_critical_kg[chosen, None]
    is_open &= holds[links.acceptor[chosen]]
    open_bits = _packed(is_open)
    own = links.pair_root == links.pair_house
    reached = np.where(own[:, None], ALL_BITS, np.zeros(open_bits.shape[1], dtype=np.uint64))
    # Links come in order of their sink.
    source, sink = links.source_pair[chosen], links.sink_pair[chosen]
    starts = np.flatnonzero(np.diff(sink, prepend=-1))
    sinks = sink[starts]
    before = reached[sinks]
    for _ in range(houses):
        lit = np.bitwise_or.reduceat(open_bits & reached[source], starts, axis=0) | before
        if np.array_equal(lit, before):
            break
        reached[sinks] = before = lit
    others = np.flatnonzero(reached.any(axis=1) & ~own)
    if not others.size:
        return deaths
    there = np.unpackbits(
        reached[others].astype("<u8").view(np.uint8), axis=1, count=years, bitorder="little"
    )
    root, house = links.pair_root[others], links.pair_house[others]
    first = np.flatnonzero(np.diff(root, prepend=-1))
    killed = there * _read(world.curves.propagated, held_kg).transpose(0, 2, 1)[:, house]
    deaths[:, :, root[first]] = np.add.reduceat(killed, first, axis=1).transpose(0, 2, 1)
    return deaths


def _packed(flags: Flags) -> Bits:
    """Return rows of flags as words of 64 bits, the first flag lowest, shape (row, word)."""
    rows, width = flags.shape
    padded = np.zeros((rows, -(-width // WORD_BITS) * WORD_BITS), dtype=bool)
    padded[:, :width] = flags
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)
