"""Working time: how many days a facility has worked by a date, as a piecewise linear function."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats, Ints
from demilsim.simulation.streams import Keys, exponential_of, keyed_mantissas, uniform_of

_ONE = np.uint64(1)

DENSE = 4
"""Readings per stoppage from which it is cheaper to look up stoppages among readings than the reverse."""


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """Cumulative working days W(t), non-decreasing and linear between breakpoints.

    Parameters
    ----------
    days
        Breakpoints [d since start], strictly rising, the first 0.
    worked
        W at the breakpoints [working d], the first 0.
    """

    days: list[float]
    worked: list[float]

    def at(self, day: float) -> float:
        """Return W(day) [working d]; constant after the last breakpoint."""
        right = bisect_right(self.days, day)
        if right == len(self.days):
            return self.worked[-1]
        t0, t1 = self.days[right - 1], self.days[right]
        w0, w1 = self.worked[right - 1], self.worked[right]
        return w0 + (w1 - w0) * (day - t0) / (t1 - t0)

    def when(self, worked: float) -> float:
        """Return the first day on which W reaches `worked`; infinite if it never does."""
        right = bisect_left(self.worked, worked)
        if right == len(self.worked):
            return float("inf")
        if right == 0:
            return self.days[0]
        t0, t1 = self.days[right - 1], self.days[right]
        w0, w1 = self.worked[right - 1], self.worked[right]
        return t0 + (t1 - t0) * (worked - w0) / (w1 - w0)

    def closed(self, start: float, end: float) -> WorkingTime:
        """Return the working time with nothing done within [start, end]."""
        worked_at_start, lost = self.at(start), self.at(end) - self.at(start)
        before = bisect_left(self.days, start)
        after = bisect_right(self.days, end)
        days = [*self.days[:before], start, end, *self.days[after:]]
        # Rounding must not let W fall after the closure: `when` searches a sorted list.
        tail = [max(w - lost, worked_at_start) for w in self.worked[after:]]
        return WorkingTime(days, [*self.worked[:before], worked_at_start, worked_at_start, *tail])

    def slowed(self, start: float, end: float, factor: float) -> WorkingTime:
        """Return the working time with work at a fraction of its pace within [start, end]; 0 is `closed`."""
        return self.paced([start, end], [factor])

    def paced(self, edges: Sequence[float], factors: Sequence[float]) -> WorkingTime:
        """Return the working time with work at other paces in some intervals that follow one another.

        Parameters
        ----------
        edges
            Bounds of the intervals [d], rising, shape (n + 1,).
        factors
            Pace in each over what it was [1], shape (n,).
        """
        last = self.days[-1]
        if edges[0] >= last:
            return self
        days = np.unique([*self.days, *(edge for edge in edges if edge < last)])
        worked = np.interp(days, self.days, self.worked)
        interval = np.searchsorted(np.asarray(edges), days[:-1], side="right")
        gained = np.maximum(np.diff(worked), 0.0) * np.array([1.0, *factors, 1.0])[interval]
        first = int(np.searchsorted(days, edges[0]))
        # What is before the first interval keeps its readings to the last bit.
        after = worked[first] + np.cumsum(gained[first:])
        return WorkingTime(days.tolist(), [*worked[: first + 1].tolist(), *after.tolist()])


def working_time(edges: Floats, share: Floats, down_start: Floats, down_end: Floats) -> WorkingTime:
    """Return the working time of one calendar with interruptions: a row of `working_times`."""
    return working_times(edges, share[None, :], down_start[None, :], down_end[None, :])[0]


def working_times(
    edges: Floats, share: Floats, down_start: Floats, down_end: Floats
) -> tuple[WorkingTime, ...]:
    """Return the working times of many facilities in one pass.

    Parameters
    ----------
    edges
        Calendar breakpoints [d], shape (n + 1,), the first 0.
    share
        Working days per calendar day in each interval [1], shape (facility, n).
    down_start, down_end
        Interruptions [d], shape (facility, m), >= 0; they may overlap one another, and rows may be filled up
        with infinity.
    """
    return tuple(
        WorkingTime(day.tolist(), done.tolist())
        for day, done in _breakpoints(edges, share, down_start, down_end)
    )


def working_times_at(
    days: Floats, edges: Floats, share: Floats, down_start: Floats, down_end: Floats
) -> tuple[tuple[WorkingTime, ...], Floats]:
    """Return `working_times`, and their readings on some days [working d], shape (facility, day)."""
    found = list(_breakpoints(edges, share, down_start, down_end))
    readings = [np.interp(days, day, done) for day, done in found]
    paths = tuple(WorkingTime(day.tolist(), done.tolist()) for day, done in found)
    return paths, np.array(readings, dtype=float).reshape(share.shape[0], days.size)


def _breakpoints(
    edges: Floats, share: Floats, down_start: Floats, down_end: Floats
) -> Iterator[tuple[Floats, Floats]]:
    """Yield the breakpoints of each facility's working time, and its readings there."""
    days, down = _timeline(edges, down_start, down_end)
    length = days[:, 1:] - days[:, :-1]
    interval = _intervals(edges, days[:, :-1])
    interval += np.arange(share.shape[0])[:, None] * share.shape[1]
    gained = share.ravel().take(interval)
    gained *= length
    gained[down[:, :-1]] = 0.0
    worked = np.zeros_like(days)
    np.cumsum(gained, axis=1, out=worked[:, 1:])
    moves = np.ones(days.shape, dtype=bool)
    np.greater(length, 0.0, out=moves[:, 1:])
    for day, done, kept in zip(days, worked, moves, strict=True):
        yield day[kept], done[kept]


def _intervals(edges: Floats, days: Floats) -> Ints:
    """Return the interval of the calendar that begins on or holds each day, in their shape."""
    lengths = np.diff(edges)
    whole = lengths.astype(np.int64)
    last = whole.size - 1
    if np.array_equal(whole, lengths):
        # A table of days is quicker than a search.
        return np.append(np.repeat(np.arange(last + 1), whole), last).take(days.astype(np.int64))
    return edges[1:-1].searchsorted(days, side="right")


def _timeline(edges: Floats, down_start: Floats, down_end: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return all breakpoints in order, shape (facility, breakpoint), and whether each begins a stoppage.

    Doubles that are not negative sort like their bits, and leave the sign to tell ends from starts, so that
    one sort of integers does. A calendar breakpoint is a stoppage without length.
    """
    rows, horizon = down_start.shape[0], edges[-1]
    calendar = np.broadcast_to(edges, (rows, edges.size))
    start = np.hstack([calendar, np.minimum(down_start, horizon)])
    end = np.hstack([calendar, np.minimum(down_end, horizon)])
    marked = np.hstack([start.view(np.uint64) << _ONE, (end.view(np.uint64) << _ONE) | _ONE])
    marked.sort(axis=1)
    ends = (marked & _ONE).view(np.int64)
    under_way = np.cumsum(1 - 2 * ends, axis=1)
    return (marked >> _ONE).view(np.float64), under_way > 0


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working days C(t) of a calendar without stoppages, shared by many facilities.

    Parameters
    ----------
    edges
        Calendar breakpoints [d], shape (n + 1,), the first 0.
    worked
        C at each breakpoint [working d], shape (n + 1,).
    share, base
        C = share × day + base in each interval, shape (n,).
    pace, offset
        Day = pace × C + offset for readings above none, one, ... all of `worked`, shape (n + 2,).
    """

    edges: Floats
    worked: Floats
    share: Floats
    base: Floats
    pace: Floats
    offset: Floats

    @classmethod
    def of(cls, edges: Floats, share: Floats) -> Calendar:
        """Return the calendar with given breakpoints [d] and working days per day in between [1]."""
        worked = np.concatenate([[0.0], np.cumsum(share * np.diff(edges))])
        days_per_worked = np.divide(1.0, share, out=np.zeros_like(share), where=share > 0.0)
        pace = np.concatenate([[0.0], days_per_worked, [1.0]])
        offset = np.concatenate([edges[:1], edges[:-1] - worked[:-1] * days_per_worked, [np.inf]])
        return cls(edges, worked, share, worked[:-1] - share * edges[:-1], pace, offset)

    def at(self, days: Floats) -> Floats:
        """Return C on each of some days in [0, horizon] [working d], in their shape."""
        return np.interp(days, self.edges, self.worked)

    def when(self, worked: Floats) -> Floats:
        """Return the first day on which C reaches each reading, in their shape; infinite if never."""
        passed = self.worked.searchsorted(worked)
        return self.pace.take(passed) * worked + self.offset.take(passed)

    def when_rising(self, worked: Floats) -> Floats:
        """Return what `when` does, for many readings that rise along each row, shape (row, reading)."""
        rows = worked.shape[0]
        lengths = runs(np.broadcast_to(self.worked, (rows, self.worked.size)), worked)
        table = (rows, self.pace.size)
        days = np.repeat(np.broadcast_to(self.pace, table).ravel(), lengths).reshape(worked.shape)
        days *= worked
        days += np.repeat(np.broadcast_to(self.offset, table).ravel(), lengths).reshape(worked.shape)
        return days


@dataclass(frozen=True, slots=True)
class Stoppages:
    """Working time of many facilities as arrays: a calendar less stoppages that do not overlap.

    W(t) = C(t) − lost before t, where C is the calendar's: nothing is merged or sorted.

    Parameters
    ----------
    calendar
        Of all of them.
    start, end
        In order, none beyond the horizon [d], shape (facility, m); filled up with the horizon.
    worked
        W at each start [working d], shape (facility, m).
    lost, least
        After none, one, ... all stoppages: calendar working days lost by then, and what W has reached
        [working d], shape (facility, m + 1).
    """

    calendar: Calendar
    start: Floats
    end: Floats
    worked: Floats
    lost: Floats
    least: Floats

    @classmethod
    def of(cls, calendar: Calendar, start: Floats, end: Floats) -> Stoppages:
        """Return a calendar less stoppages, each beginning where the one before ends, or later."""
        facilities, stops = start.shape
        bounds = np.empty((2, facilities, stops))
        np.minimum(start, calendar.edges[-1], out=bounds[0])
        np.minimum(end, calendar.edges[-1], out=bounds[1])
        begun, ended = calendar.at(bounds)
        lost, least = np.zeros((2, facilities, stops + 1))
        np.cumsum(ended - begun, axis=1, out=lost[:, 1:])
        np.subtract(ended, lost[:, 1:], out=least[:, 1:])
        return cls(calendar, bounds[0], bounds[1], least[:, 1:], lost, least)

    def at(self, days: Floats) -> Floats:
        """Return W on some days in [0, horizon] [working d], shape (facility, day)."""
        return self.worked_at(days, self.calendar.at(days))

    def worked_at(self, days: Floats, calendar_worked: Floats) -> Floats:
        """Return W on some days whose reading of the calendar is known, shape (facility, day)."""
        passed = ranks(self.start, days, "right")
        # Within a stoppage the calendar has not lost all of it yet.
        return np.maximum(calendar_worked - self.lost.ravel().take(passed), self.least.ravel().take(passed))

    def when(self, worked: Floats) -> Floats:
        """Return the first days on which W reaches some readings, rising along each row; infinite if never.

        Parameters
        ----------
        worked
            Readings [working d], shape (facility, reading).
        """
        if worked.shape[1] > DENSE * self.lost.shape[1]:
            lost = np.repeat(self.lost.ravel(), runs(self.worked, worked)).reshape(worked.shape)
            return self.calendar.when_rising(worked + lost)
        return self.calendar.when(worked + self.lost.ravel().take(ranks(self.worked, worked, "left")))

    def row(self, facility: int) -> Stoppages:
        """Return those of one facility, shape (1, m)."""
        one = slice(facility, facility + 1)
        return Stoppages(
            self.calendar, self.start[one], self.end[one], self.worked[one], self.lost[one], self.least[one]
        )

    def closed(self, start: float, end: float) -> Stoppages:
        """Return the working time of one facility with nothing done within [start, end]."""
        first = int(self.end[0].searchsorted(start))
        last = int(self.start[0].searchsorted(end, side="right"))
        if last > first:
            start, end = min(start, float(self.start[0, first])), max(end, float(self.end[0, last - 1]))
        starts = np.concatenate([self.start[0, :first], [start], self.start[0, last:]])
        ends = np.concatenate([self.end[0, :first], [end], self.end[0, last:]])
        return Stoppages.of(self.calendar, starts[None, :], ends[None, :])


def alternating(
    states: Keys, mixed: Keys, means: tuple[float, float], horizon: float, block: int
) -> tuple[Floats, Floats]:
    """Return stoppages of facilities that run and stop in turn, to beyond the horizon.

    Parameters
    ----------
    states
        Of the purposes for up and down times, shape (2,), see `Streams.states`.
    mixed
        Facilities, shape (facility,), see `mixed_keys`.
    means
        Mean up and down time [d]; both are exponential.
    horizon
        Last day that matters [d].
    block
        How many of each to draw at first; more are drawn if they do not reach the horizon.

    Returns
    -------
    tuple
        Starts and ends [d], shape (facility, stop).
    """
    up, down = exponential_of(uniform_of(keyed_mantissas(states, mixed, block)))
    up *= means[0]
    down *= means[1]
    up += down
    end = np.cumsum(up, axis=1)
    if end[:, -1].min(initial=np.inf) < horizon:
        return alternating(states, mixed, means, horizon, 2 * block)
    return end - down, end


def ranks(rows: Floats, asked: Floats, side: Literal["left", "right"]) -> Ints:
    """Return how many elements of each row are below (left) or not above (right) numbers asked of it.

    Parameters
    ----------
    rows
        Sorted along each row, >= 0 and finite, shape (row, m).
    asked
        Shape (row, k), or (1, k) for the same in each row.

    Returns
    -------
    ndarray
        Places in the flat form of an array of shape (row, m + 1), shape (row, k).
    """
    if rows.shape[0] == 1:
        return rows[0].searchsorted(asked, side=side)
    apart, room = _apart(rows)
    below = np.arange(rows.shape[0])[:, None]
    return (rows + apart).ravel().searchsorted(np.minimum(asked, room - 1.0) + apart, side=side) + below


def runs(rows: Floats, asked: Floats) -> Ints:
    """Return how many of the numbers asked of a row are above none, one, ... all of its elements.

    A cheaper `ranks` for many numbers: repeating a value of each run is all that is left to do.

    Parameters
    ----------
    rows
        Sorted along each row, >= 0 and finite, shape (row, m).
    asked
        Sorted along each row, >= 0, shape (row, k).

    Returns
    -------
    ndarray
        Lengths that add up to k in each row, shape (row × (m + 1),).
    """
    count = asked.shape[1]
    bounds = np.empty((rows.shape[0], rows.shape[1] + 2), dtype=np.int64)
    for row, line in enumerate(asked):
        bounds[row, 0] = 0
        bounds[row, 1:-1] = line.searchsorted(rows[row], side="right")
        bounds[row, -1] = count
    return (bounds[:, 1:] - bounds[:, :-1]).ravel()


def _apart(rows: Floats) -> tuple[Floats, float]:
    """Return what to add to each row so that one search serves all, and the room that each then has.

    Rounding can only move a number past near equals.
    """
    room = 2.0 * float(rows[:, -1].max()) + 2.0
    apart: Floats = np.arange(rows.shape[0], dtype=np.float64)[:, None] * room
    return apart, room
