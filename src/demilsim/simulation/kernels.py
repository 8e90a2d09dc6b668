"""Compiled kernels of the national engine (extra `fast`, numba): keyed hashes, working time, chains.

Each does what its namesake in `streams`, `working_time` or `estimate` does, on the same draws: hashes to the
bit, the others to rounding. None is ever needed: `compiled` says whether they are used. Importing this module
loads numba, so import it only then.
"""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.streams import GOLDEN, LAST_SHIFT, MIXERS, UNUSED_BITS, Keys

(_SHIFT_A, _MIX_A), (_SHIFT_B, _MIX_B) = ((np.uint64(shift), factor) for shift, factor in MIXERS)
_LAST_SHIFT, _UNUSED_BITS = np.uint64(LAST_SHIFT), np.uint64(UNUSED_BITS)


@numba.njit(inline="always")
def mix(x):
    """Apply the finaliser of SplitMix64."""
    x = (x ^ (x >> _SHIFT_A)) * _MIX_A
    x = (x ^ (x >> _SHIFT_B)) * _MIX_B
    return x ^ (x >> _LAST_SHIFT)


@numba.njit(inline="always")
def mantissa(entity, position):
    """Return the hash of 53 bits of an entity's position, from 1."""
    return mix(mix(entity + np.uint64(position) * GOLDEN)) >> _UNUSED_BITS


@numba.njit(cache=True)
def _keyed_mantissas(states, keys, positions):
    found = np.empty((states.size, keys.size, positions), dtype=np.uint64)
    for i in range(states.size):
        for j in range(keys.size):
            entity = mix(keys[j] ^ states[i])
            for k in range(positions):
                found[i, j, k] = mantissa(entity, k + 1)
    return found


def keyed_mantissas(states: Keys, keys: Keys, positions: int) -> Keys:
    """Return hashes of 53 bits, shape (purpose, entity, position): see `streams.keyed_mantissas`."""
    found: Keys = _keyed_mantissas(states, keys, positions)
    return found


@numba.njit(cache=True)
def _breakpoints(edges, share, down_start, down_end, days, worked):
    """Merge a calendar with its stops, both sorted; return how many breakpoints there are."""
    horizon, intervals = edges[-1], share.size
    stops, count, down, interval = down_start.size, 0, 0, 0
    edge, begun, ended = 0, 0, 0
    day, total = 0.0, 0.0
    while True:
        upcoming = np.inf
        if edge < edges.size:
            upcoming = edges[edge]
        if begun < stops:
            upcoming = min(upcoming, min(down_start[begun], horizon))
        if ended < stops:
            upcoming = min(upcoming, min(down_end[ended], horizon))
        if upcoming == np.inf:
            return count
        if count == 0 or upcoming > day:
            if down == 0:
                total += share[interval] * (upcoming - day)
            day = upcoming
            days[count], worked[count] = day, total
            count += 1
        while edge < edges.size and edges[edge] <= day:
            edge += 1
        interval = min(edge - 1, intervals - 1)
        while begun < stops and min(down_start[begun], horizon) <= day:
            begun, down = begun + 1, down + 1
        while ended < stops and min(down_end[ended], horizon) <= day:
            ended, down = ended + 1, down - 1


def breakpoints(
    edges: Floats, share: Floats, down_start: Floats, down_end: Floats
) -> Iterator[tuple[Floats, Floats]]:
    """Yield the breakpoints of each facility's working time, and its readings there: see `working_time`."""
    start, end = np.sort(down_start, axis=1), np.sort(down_end, axis=1)
    room = edges.size + 2 * start.shape[1]
    for row in range(share.shape[0]):
        days, worked = np.empty((2, room))
        count = _breakpoints(edges, share[row], start[row], end[row], days, worked)
        yield days[:count], worked[:count]


@numba.njit(cache=True)
def _set_off_deaths(
    held, chosen, critical, donor, acceptor, source, sink, pair_root, pair_house, killed, deaths
):  # fmt: skip
    reached = np.empty(pair_root.size, dtype=np.bool_)
    is_open = np.empty(chosen.size, dtype=np.bool_)
    for year in range(held.shape[0]):
        kg = held[year]
        for i in range(chosen.size):
            link = chosen[i]
            gives, takes = kg[donor[link]], kg[acceptor[link]]
            is_open[i] = gives > 0.0 and takes > 0.0 and gives >= critical[link]
        for pair in range(pair_root.size):
            reached[pair] = pair_root[pair] == pair_house[pair]
        spreads = True
        while spreads:
            spreads = False
            for i in range(chosen.size):
                link = chosen[i]
                if is_open[i] and reached[source[link]] and not reached[sink[link]]:
                    reached[sink[link]] = spreads = True
        for pair in range(pair_root.size):
            root, house = pair_root[pair], pair_house[pair]
            if reached[pair] and root != house:
                for curve in range(2):
                    deaths[curve, year, root] += killed[curve, year, house]


def set_off_deaths(
    held_kg: Floats, chosen: Ints, critical_kg: Floats, links: tuple[Ints, ...], killed: Floats
) -> Floats:
    """Return expected deaths in the other storehouses if each goes up: see `estimate`.

    Parameters
    ----------
    held_kg
        NEQ that joins a mass explosion [kg], shape (year, storehouse).
    chosen
        Links that a full donor would open.
    critical_kg
        NEQ of its donor from which each link is open [kg], shape (link,).
    links
        Donor, acceptor, source pair and sink pair of each link; root and storehouse of each pair.
    killed
        Deaths where each storehouse is set off [persons], shape (2, year, storehouse).
    """
    deaths = np.zeros((2, *held_kg.shape))
    donor, acceptor, source, sink, pair_root, pair_house = links
    _set_off_deaths(
        held_kg, chosen, critical_kg, donor, acceptor, source, sink, pair_root, pair_house, killed, deaths
    )
    return deaths
