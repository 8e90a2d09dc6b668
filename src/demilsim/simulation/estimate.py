"""The integrated estimate: event rate × consequence along the realised path, and the path itself.

Few lots leave a storehouse, and most storehouses are full or empty most of the time, so the path is kept as
what has left a full stock, and harm curves are read only where a storehouse is partly full.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from demilsim.model.curves import Curves
from demilsim.model.harm import knot_weights
from demilsim.model.partition import partition, sums
from demilsim.plan import Floats
from demilsim.simulation.compiled import compiled
from demilsim.simulation.draws import Draws
from demilsim.simulation.storage import Stock
from demilsim.simulation.work import Steps, Work, running_totals
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

Flags = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

WORD_BITS = 64
ALL_BITS = np.uint64(2**WORD_BITS - 1)
"""All the years in a word."""


@dataclass(frozen=True, slots=True)
class StockPath:
    """What is in store at each knot.

    Parameters
    ----------
    blast_kg
        NEQ that joins a mass explosion [kg], shape (knot, storehouse).
    ageing_per_year
        Rate of events by ageing [1/yr], shape (knot, storehouse).
    stock_g, neq_kg, surplus_g
        Mass, all NEQ, and mass of surplus, shape (knot,).
    site_end_g
        Mass at the horizon by site [g], shape (site,).
    """

    blast_kg: Floats
    ageing_per_year: Floats
    stock_g: Floats
    neq_kg: Floats
    surplus_g: Floats
    site_end_g: Floats


def stock_path(world: World, draws: Draws, work: Work, stock: Stock) -> StockPath:
    """Return what is left of a full stock after work and losses."""
    full = draws.supply.full
    leaving = [work.done(work.lot, work.mass_g), *_besides(world, draws, stock)]
    is_touched = np.zeros(world.lot_g.size, dtype=bool)
    for steps in leaving:
        is_touched[steps.of] = True
    # By storehouse, as the sums of a full stock are: what is all gone leaves nothing by rounding.
    lots = world.houses.order[is_touched[world.houses.order]]
    column = np.zeros(world.lot_g.size, dtype=np.int64)
    column[lots] = np.arange(lots.size)
    leaving = [replace(steps, of=column[steps.of]) for steps in leaving]
    parts = work.part_done(column[work.lot], work.mass_g)
    gone_g = running_totals(world.knots.size, lots.size, leaving, parts)
    house = partition(world.lot_storehouse[lots], world.houses.parts)
    gone_t = gone_g / GRAMS_PER_TONNE
    gone_kg = gone_t @ world.neq_kg_per_t[lots]
    gone_per_year = draws.ageing_rate_per_t_year[:, lots]
    gone_per_year *= gone_t
    gone_t *= world.blast_kg_per_t[lots]
    left_by_house = full.house_g - house.sum(gone_g[-1])
    path = StockPath(
        blast_kg=_less(full.blast_kg, house.sum(gone_t)),
        ageing_per_year=_less(draws.full_ageing_per_year, house.sum(gone_per_year)),
        stock_g=full.mass_g - gone_g.sum(axis=1),
        neq_kg=_less(full.neq_kg, gone_kg),
        surplus_g=full.surplus_g - gone_g @ world.surplus[lots].astype(float),
        site_end_g=sums(world.storehouse_site, left_by_house, len(world.scenario.sites)),
    )
    for day, lot, to in stock.moves:
        left_g = draws.supply.lot_g[lot] - (gone_g[:, column[lot]] if is_touched[lot] else 0.0)
        _move(world, draws, path, lot, to, np.where(world.knots >= day, left_g, 0.0) / GRAMS_PER_TONNE)
    return path


def _move(world: World, draws: Draws, path: StockPath, lot: int, to: int, moved_t: Floats) -> None:
    """Count what a lot holds at each knot [t] in another storehouse of its site."""
    house = int(world.lot_storehouse[lot])
    for held, moved in (
        (path.blast_kg, moved_t * world.blast_kg_per_t[lot]),
        (path.ageing_per_year, moved_t * draws.ageing_rate_per_t_year[:, lot]),
    ):
        held[:, house] = _less(held[:, house], moved)
        held[:, to] += moved


def _besides(world: World, draws: Draws, stock: Stock) -> Iterator[Steps]:
    """Yield from which knots lots are not there though nobody destroyed them [g], or are again."""
    if stock.losses:
        days, lots, lost_g = (np.array(column) for column in zip(*stock.losses, strict=True))
        yield Steps(np.searchsorted(world.knots, days), lots, lost_g.astype(float))
    supply = draws.supply
    coming = np.flatnonzero((supply.arrival_day > 0.0) & (supply.lot_g > 0))
    if coming.size:
        mass_g = supply.lot_g[coming].astype(float)
        yield Steps(np.zeros_like(coming), coming, mass_g)
        yield Steps(np.searchsorted(world.knots, supply.arrival_day[coming]), coming, -mass_g)


def _less(full: Floats | float, gone: Floats) -> Floats:
    left = full - gone
    # Rounding must not leave less than nothing in an emptied storehouse.
    return np.maximum(left, 0.0, out=left)


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
    if compiled():
        from demilsim.simulation import kernels

        of_link = links.donor, links.acceptor, links.source_pair, links.sink_pair
        pairs, killed = (links.pair_root, links.pair_house), _read(world.curves.propagated, held_kg)
        return kernels.set_off_deaths(held_kg, chosen, draws.link_critical_kg, (*of_link, *pairs), killed)
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
