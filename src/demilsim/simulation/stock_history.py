"""The stock of one replication at any time, exactly: what each piece of work takes off a lot, and when.

Between the kinks of its facility's working time a stretch of work takes mass off its lot at a constant
rate; an explosion takes it off at once. Both are pieces of one kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.destruction import Plant
from demilsim.simulation.storage import Stock
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR, GRAMS_PER_TONNE


@dataclass(frozen=True, slots=True)
class Pieces:
    """Mass taken off lots, each piece at a constant rate within one planning period.

    Parameters
    ----------
    lot, begin, end, mass_t
        Lot, first and last day [d], mass [t], shape (piece,); an explosion has begin == end.
    """

    lot: Ints
    begin: Floats
    end: Floats
    mass_t: Floats

    def share_at(self, day: float) -> Floats:
        """Return the share of each piece that is taken off by a day [1], shape (piece,)."""
        under_way = (self.begin < day) & (day < self.end)
        none = np.where(day >= self.end, 1.0, 0.0)
        return np.divide(day - self.begin, self.end - self.begin, out=none, where=under_way)


@dataclass(frozen=True)
class StockHistory:
    """What is in store at any time of one replication, to a gram.

    Parameters
    ----------
    world
        The scenario as arrays.
    rate_per_t_year
        Realised ageing rates at each knot [1/(t yr)], linear between, shape (knot, lot).
    pieces
        What was taken off.
    emptied
        Day from which a storehouse holds nothing [d]; infinite if never, 0 if from the start; shape
        (storehouse,).
    """

    world: World
    rate_per_t_year: Floats
    pieces: Pieces
    emptied: Floats

    def left_t(self, day: float) -> Floats:
        """Return what is left of each lot on a day [t], shape (lot,)."""
        taken = self.pieces.mass_t * self.pieces.share_at(day)
        lots = self.world.lot_g.size
        return np.maximum(self.world.lot_g / GRAMS_PER_TONNE - np.bincount(self.pieces.lot, taken, lots), 0.0)

    def held_kg(self, house: Ints, day: Floats) -> Floats:
        """Return NEQ, and NEQ that joins a mass explosion, of storehouses at days of their own [kg].

        Parameters
        ----------
        house, day
            Shape (query,).

        Returns
        -------
        ndarray
            Shape (2, query), not below 0.
        """
        times, value, slope, stride = self._kinks
        at = np.searchsorted(times, house * stride + day, side="right") - 1
        return np.maximum(value[:, at] + slope[:, at] * (house * stride + day - times[at]), 0.0)

    def ageing_events(self, until: Floats) -> Floats:
        """Return the integral of each storehouse's rate of ageing events from the start to a day [1].

        Parameters
        ----------
        until
            Day of each storehouse [d], shape (..., storehouse), within the horizon.
        """
        world, pieces = self.world, self.pieces
        whole = world.lot_g / GRAMS_PER_TONNE * self._per_t(
            np.arange(world.lot_g.size), until[..., world.lot_storehouse]
        )  # fmt: skip
        total = world.houses.sum(whole)
        if not pieces.lot.size:
            return total
        house = world.lot_storehouse[pieces.lot]
        day = until[..., house]
        rate, slope = self._rate(pieces.lot, pieces.begin)
        length = np.maximum(pieces.end - pieces.begin, np.finfo(float).tiny)
        inside = np.clip(day - pieces.begin, 0.0, pieces.end - pieces.begin)
        # Integral of (rate + slope x) x / length, x from the piece's begin.
        ramp = (0.5 * rate + slope * inside / 3.0) * inside * (inside / length) / DAYS_PER_YEAR
        after = self._per_t(pieces.lot, np.maximum(day, pieces.end)) - self._per_t(pieces.lot, pieces.end)
        missed = pieces.mass_t * (ramp + after)
        flat = missed.reshape(-1, missed.shape[-1])
        lost = np.array([np.bincount(house, row, total.shape[-1]) for row in flat]).reshape(total.shape)
        return np.maximum(total - lost, 0.0)

    def ageing_rate_per_year(self, day: float) -> Floats:
        """Return the rate of ageing events of each lot on a day [1/yr], shape (lot,)."""
        lots = np.arange(self.world.lot_g.size)
        return self._rate(lots, np.full(lots.size, day))[0] * self.left_t(day)

    def _rate(self, lot: Ints, day: Floats) -> tuple[Floats, Floats]:
        """Return the rate per tonne at a day [1/(t yr)] and its slope from there on [1/(t yr d)]."""
        knots, k = self.world.knots, self._period(day)
        first = self.rate_per_t_year[k, lot]
        slope = (self.rate_per_t_year[k + 1, lot] - first) / (knots[k + 1] - knots[k])
        return first + slope * (day - knots[k]), slope

    def _per_t(self, lot: Ints, day: Floats) -> Floats:
        """Return events by ageing per tonne from the start to a day [1/t], shape of `day`."""
        knots, k = self.world.knots, self._period(day)
        first = self.rate_per_t_year[k, lot]
        slope = (self.rate_per_t_year[k + 1, lot] - first) / (knots[k + 1] - knots[k])
        since = day - knots[k]
        return self._cumulative[k, lot] + (first + 0.5 * slope * since) * since / DAYS_PER_YEAR

    def _period(self, day: Floats) -> Ints:
        knots = self.world.knots
        return np.clip(np.searchsorted(knots, day, side="right") - 1, 0, knots.size - 2)

    @cached_property
    def _cumulative(self) -> Floats:
        """Events by ageing per tonne from the start to each knot [1/t], shape (knot, lot)."""
        rate, step = self.rate_per_t_year, np.diff(self.world.knots)[:, None] / DAYS_PER_YEAR
        rises = np.cumsum(0.5 * (rate[1:] + rate[:-1]) * step, axis=0)
        return np.vstack([np.zeros(rate.shape[1]), rises])

    @cached_property
    def _kinks(self) -> tuple[Floats, Floats, Floats, float]:
        """NEQ of all storehouses as piecewise linear functions, one after another on a long axis.

        Returns
        -------
        times, value, slope, stride
            Kinks at storehouse × stride + day, rising; values at the kink and slopes after it [kg, kg/d],
            shape (2, kink).
        """
        world, pieces = self.world, self.pieces
        stride = 2.0 * world.horizon
        per_t = np.stack([world.neq_kg_per_t, world.blast_kg_per_t])
        houses = len(world.lots_in)
        held = world.houses.sum(world.lot_g / GRAMS_PER_TONNE * per_t)
        taken = pieces.mass_t * per_t[:, pieces.lot]
        base = world.lot_storehouse[pieces.lot] * stride
        length = pieces.end - pieces.begin
        ramp = length > 0.0
        fall = np.divide(taken, length, out=np.zeros_like(taken), where=ramp)
        times = np.concatenate([np.arange(houses) * stride, base + pieces.begin, base + pieces.end])
        none = np.zeros((2, houses))
        steeper = np.concatenate([none, -fall, fall], axis=1)
        jump = np.concatenate([none, np.zeros_like(taken), np.where(ramp, 0.0, -taken)], axis=1)
        order = np.argsort(times, kind="stable")
        times, steeper, jump = times[order], steeper[:, order], jump[:, order]
        first = np.searchsorted(times, np.arange(houses) * stride)
        own = np.repeat(np.arange(houses), np.diff(np.append(first, times.size)))
        slope = np.cumsum(steeper, axis=1)
        slope -= slope[:, first][:, own]
        moved = np.concatenate([np.zeros((2, 1)), slope[:, :-1] * np.diff(times)], axis=1) + jump
        moved[:, first] = 0.0
        value = np.cumsum(moved, axis=1)
        return times, value - value[:, first][:, own] + held[:, own], slope, stride


def stock_history(world: World, rate_per_t_year: Floats, plants: list[Plant], stock: Stock) -> StockHistory:
    """Return the stock over time of a replication that has ended.

    Parameters
    ----------
    world
        The scenario as arrays.
    rate_per_t_year
        Realised ageing rates, as in `Draws`.
    plants, stock
        Its end state.
    """
    parts = [_work(world, plant) for plant in plants if plant.segments]
    losses = np.array(stock.losses, dtype=float).reshape(-1, 3)
    parts.append((losses[:, 1].astype(np.int64), losses[:, 0], losses[:, 0], losses[:, 2]))
    lot, begin, end, mass_g = (np.concatenate([part[i] for part in parts]) for i in range(4))
    taken = np.array(stock.destroyed_g) + np.array(stock.exploded_g)
    last = np.zeros(world.lot_g.size)
    np.maximum.at(last, lot, end)
    gone = np.where(taken == world.lot_g, last, np.inf)
    emptied = np.zeros(len(world.lots_in))
    np.maximum.at(emptied, world.lot_storehouse, gone)
    return StockHistory(world, rate_per_t_year, Pieces(lot, begin, end, mass_g / GRAMS_PER_TONNE), emptied)


def _work(world: World, plant: Plant) -> tuple[Ints, Floats, Floats, Floats]:
    """Return (lot, begin, end, mass [g]) of the pieces of one facility's work."""
    days, worked = np.array(plant.path.days), np.array(plant.path.worked)
    lot = np.array([s.lot for s in plant.segments], dtype=np.int64)
    mass_g = np.array([s.mass_g for s in plant.segments], dtype=float)
    begin = np.array([s.begin for s in plant.segments], dtype=float)
    end = np.array([s.end for s in plant.segments], dtype=float)
    finished = _when(days, worked, end)
    times = np.unique(np.concatenate([days, world.knots, _when(days, worked, begin), finished]))
    clock = np.interp(times, days, worked)
    middle, done = 0.5 * (clock[1:] + clock[:-1]), np.diff(clock)
    segment = np.searchsorted(begin, middle, side="right") - 1
    kept = np.flatnonzero((done > 0.0) & (segment >= 0) & (middle < end[segment]))
    segment, done = segment[kept], done[kept]
    whole = np.bincount(segment, done, lot.size)
    # A stretch of a few grams may be lost between two kinks: it is then taken off at once.
    brief = np.flatnonzero(whole == 0.0)
    return (
        np.concatenate([lot[segment], lot[brief]]),
        np.concatenate([times[:-1][kept], finished[brief]]),
        np.concatenate([times[1:][kept], finished[brief]]),
        np.concatenate([mass_g[segment] * done / whole[segment], mass_g[brief]]),
    )


def _when(days: Floats, worked: Floats, clock: Floats) -> Floats:
    """Return the first day on which the working time reaches each reading of the clock [d]."""
    right = np.clip(np.searchsorted(worked, clock, side="left"), 1, worked.size - 1)
    w0, w1 = worked[right - 1], worked[right]
    rise = np.where(w1 > w0, w1 - w0, 1.0)
    share = np.clip((clock - w0) / rise, 0.0, 1.0)
    return days[right - 1] + (days[right] - days[right - 1]) * share
