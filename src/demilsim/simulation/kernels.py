"""Compiled kernels of the national engine (extra `fast`, numba): keyed hashes, working time, harm of storage.

Each does what its namesake in `streams`, `working_time` or `estimate` does, on the same draws: hashes to the
bit, the others to rounding. None is ever needed: `compiled` says whether they are used. Importing this module
loads numba, so import it only then.
"""

from __future__ import annotations

from collections.abc import Iterator

import numba
import numpy as np

from demilsim.model.options import Bools
from demilsim.plan import Floats, Ints
from demilsim.simulation.estimate import ALL_BITS, WORD_BITS
from demilsim.simulation.streams import GOLDEN, LAST_SHIFT, MIXERS, UNUSED_BITS, Keys
from demilsim.units import GRAMS_PER_TONNE

(_SHIFT_A, _MIX_A), (_SHIFT_B, _MIX_B) = ((np.uint64(shift), factor) for shift, factor in MIXERS)
T_PER_G = 1.0 / GRAMS_PER_TONNE
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
def _running_totals(lasting, passing, lots, knots):
    """Return the row of each lot that is stepped on, else -1, and what has come together, by row and knot."""
    row, rows = np.full(lots, -1), 0
    for lot in lasting[1]:
        if row[lot] < 0:
            row[lot], rows = rows, rows + 1
    total = np.zeros((rows, knots + 1))
    step_knot, step_lot, amount = lasting
    for i in range(step_lot.size):
        total[row[step_lot[i]], min(step_knot[i], knots)] += amount[i]
    for i in range(rows):
        for knot in range(1, knots):
            total[i, knot] += total[i, knot - 1]
    part_knot, part_lot, amount = passing
    for i in range(part_lot.size):
        total[row[part_lot[i]], part_knot[i]] += amount[i]
    return row, total[:, :knots]


@numba.njit(cache=True)
def _take_away(lasting, passing, houses, of_lot, rate, left):
    order, start, label = houses
    lot_g, blast_kg_per_t, neq_kg_per_t, is_surplus = of_lot
    blast_kg, per_year, totals, house_g = left
    knots = blast_kg.shape[0]
    row, gone = _running_totals(lasting, passing, lot_g.size, knots)
    for part in range(start.size):
        house = label[part]
        lots = order[start[part] : start[part + 1] if part + 1 < start.size else order.size]
        if not np.any(row[lots] >= 0):
            continue
        for knot in range(knots):
            left_kg = left_per_year = left_g = gone_g = gone_kg = gone_surplus_g = 0.0
            for lot in lots:
                away = gone[row[lot], knot] if row[lot] >= 0 else 0.0
                stays = max(lot_g[lot] - away, 0.0)
                left_g += stays
                left_kg += stays * T_PER_G * blast_kg_per_t[lot]
                left_per_year += stays * T_PER_G * rate[knot, lot]
                gone_g += away
                gone_kg += away * T_PER_G * neq_kg_per_t[lot]
                gone_surplus_g += away * is_surplus[lot]
            blast_kg[knot, house], per_year[knot, house], house_g[house] = left_kg, left_per_year, left_g
            totals[0, knot] -= gone_g
            totals[1, knot] -= gone_kg
            totals[2, knot] -= gone_surplus_g
    return row, gone


def take_away(
    lasting: tuple[Ints, Ints, Floats],
    passing: tuple[Ints, Ints, Floats],
    houses: tuple[Ints, Ints, Ints],
    of_lot: tuple[Ints, Floats, Floats, Bools],
    rate_per_t_year: Floats,
    left: tuple[Floats, Floats, Floats, Floats],
) -> tuple[Ints, Floats]:
    """Take what has left from a full stock: see `stock_path`.

    Parameters
    ----------
    lasting, passing
        Knot, lot and amount [g] of what is not in store from a knot on, and at one knot: see `work.Steps`.
    houses
        Lots by storehouse, where each storehouse begins, and which it is: see `Partition`.
    of_lot
        Mass [g], NEQ that joins a mass explosion and all NEQ [kg/t], and whether it is surplus.
    rate_per_t_year
        Rates of events by ageing [1/(t yr)], shape (knot, lot).
    left
        Of a full stock, changed to what is left: NEQ that joins a mass explosion [kg] and rate of events by
        ageing [1/yr], shape (knot, storehouse); mass [g], all NEQ [kg] and surplus [g], shape (3, knot); mass
        at the last knot [g], shape (storehouse,).

    Returns
    -------
    row, gone_g
        As in `stock_path.Gone`.
    """
    row, gone_g = _take_away(lasting, passing, houses, of_lot, rate_per_t_year, left)
    return row, gone_g


@numba.njit(cache=True)
def _read(neq_max, coefficients, house, kg, values):
    """Read the curves of a storehouse at what it holds."""
    pieces = coefficients.shape[1]
    u = np.cbrt(min(max(kg / neq_max[house], 0.0), 1.0)) * pieces
    piece = min(int(u), pieces - 1)
    x = u - piece
    for curve in range(values.size):
        c = coefficients[house, piece]
        values[curve] = c[0, curve] + x * (c[1, curve] + x * (c[2, curve] + x * c[3, curve]))


@numba.njit(cache=True)
def _set_off_deaths(held, chosen, critical, links, neq_max, coefficients, deaths):
    """Spread all years of a word at once, one bit for each."""
    donor, acceptor, source, sink, pair_root, pair_house = links
    none, one = np.uint64(0), np.uint64(1)
    reached = np.empty(pair_root.size, dtype=np.uint64)
    is_open = np.empty(chosen.size, dtype=np.uint64)
    killed = np.zeros((held.shape[0], min(held.shape[1], WORD_BITS), 2))
    for begins in range(0, held.shape[1], WORD_BITS):
        years = min(held.shape[1] - begins, WORD_BITS)
        for i in range(chosen.size):
            link = chosen[i]
            gives, takes = held[donor[link]], held[acceptor[link]]
            # An empty donor sets off nobody, not even a storehouse at the same place, where any NEQ would do.
            is_open[i] = none
            for year in range(years):
                kg = gives[begins + year]
                if kg > 0.0 and takes[begins + year] > 0.0 and kg >= critical[link]:
                    is_open[i] |= one << np.uint64(year)
        for pair in range(pair_root.size):
            reached[pair] = ALL_BITS if pair_root[pair] == pair_house[pair] else none
        spreads = True
        while spreads:
            spreads = False
            for i in range(chosen.size):
                link = chosen[i]
                lit = reached[sink[link]] | (is_open[i] & reached[source[link]])
                if lit != reached[sink[link]]:
                    reached[sink[link]], spreads = lit, True
        for house in range(held.shape[0]):
            for year in range(years):
                if year and held[house, begins + year] == held[house, begins + year - 1]:
                    killed[house, year] = killed[house, year - 1]
                else:
                    _read(neq_max, coefficients, house, held[house, begins + year], killed[house, year])
        for pair in range(pair_root.size):
            root, house = pair_root[pair], pair_house[pair]
            if root != house and reached[pair] != none:
                for year in range(years):
                    if reached[pair] >> np.uint64(year) & one:
                        for people in range(2):
                            deaths[people, begins + year, root] += killed[house, year, people]


def set_off_deaths(
    held_kg: Floats, chosen: Ints, critical_kg: Floats, links: tuple[Ints, ...], curves: tuple[Floats, Floats]
) -> Floats:
    """Return expected deaths in the other storehouses if each goes up, shape (2, year, storehouse).

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
    curves
        Ends of the grids and coefficients of deaths where each storehouse is set off: see `Curves`.
    """
    deaths = np.zeros((2, *held_kg.shape))
    by_house = np.ascontiguousarray(held_kg.T)
    _set_off_deaths(by_house, chosen, critical_kg, links, *curves, deaths)
    return deaths


@numba.njit(cache=True)
def _storage_harm(
    held, ageing, stack, whole, by_stack, by_whole, neq_max, coefficients, set_off, years, before, share,
    rates,
):  # fmt: skip
    stack_rows, whole_rows = min(stack.shape[0] - 1, 1), min(whole.shape[0] - 1, 1)
    values = np.empty(4)
    for house in range(held.shape[1]):
        kg = -1.0
        for knot in range(held.shape[0]):
            if held[knot, house] != kg:
                kg = held[knot, house]
                _read(neq_max, coefficients, house, kg, values)
            of_stack = by_stack * ageing[knot, house] + stack[stack_rows * knot, house]
            of_whole = by_whole * ageing[knot, house] + whole[whole_rows * knot, house]
            for people in range(2):
                root = of_stack * values[people] + of_whole * values[2 + people]
                rates[2 + people, knot, house] = rates[people, knot, house] = root
    for first in range(max(years.size - 1, 1)):
        then = min(first + 1, years.size - 1)
        for house in range(held.shape[1]):
            begins, ends = years[first], years[then]
            at_first = by_whole * ageing[begins, house] + whole[whole_rows * begins, house]
            at_then = by_whole * ageing[ends, house] + whole[whole_rows * ends, house]
            for people in range(2):
                chain, later = (
                    at_first * set_off[people, first, house],
                    at_then * set_off[people, then, house],
                )
                if chain != 0.0 or later != 0.0:
                    for knot in range(held.shape[0]):
                        if before[knot] == first:
                            rates[people, knot, house] += (
                                chain * (1.0 - share[knot, 0]) + later * share[knot, 0]
                            )


def storage_harm(
    held_kg: Floats,
    ageing_per_year: Floats,
    base_rates: tuple[Floats, Floats],
    ageing_shares: tuple[float, float],
    curves: tuple[Floats, Floats],
    set_off_deaths: Floats,
    between_years: tuple[Ints, Ints, Floats],
) -> Floats:
    """Return rates of expected deaths along a path, shape (4, knot, storehouse): see `estimate.storage_harm`.

    Storehouse by storehouse, so that little is in memory at a time.

    Parameters
    ----------
    held_kg, ageing_per_year
        NEQ that joins a mass explosion [kg], and rate of events by ageing [1/yr], shape (knot, storehouse).
    base_rates
        Rates of events by base causes that involve a stack, and a storehouse [1/yr], shape (storehouse,) or
        (knot, storehouse).
    ageing_shares
        Shares of events by ageing that involve a stack, and a storehouse [1].
    curves
        Ends of the grids and coefficients of deaths: see `Curves`.
    set_off_deaths
        Expected deaths in the other storehouses if each goes up, shape (2, year, storehouse).
    between_years
        Knots at which years begin; of each knot the year before it, and how far it is from it [1].

    Returns
    -------
    ndarray
        Public and workers with chains, then the same where an event begins [persons/yr].
    """
    rates = np.empty((4, *held_kg.shape))
    stack, whole = (np.atleast_2d(rate) for rate in base_rates)
    _storage_harm(
        held_kg, ageing_per_year, stack, whole, *ageing_shares, *curves, set_off_deaths, *between_years, rates
    )
    return rates
