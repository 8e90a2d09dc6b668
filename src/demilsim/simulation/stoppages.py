"""Working time of many facilities as arrays: one calendar, less stoppages that do not overlap.

The national engine has calendars of its own for each facility and stoppages that overlap: see `working_time`.
Where neither is so, nothing need be merged or sorted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.streams import Keys, exponential_of, keyed_mantissas, uniform_of

DENSE = 4
"""Readings per stoppage from which it is cheaper to look up stoppages among readings than the reverse."""


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
    states: Keys, keys: Keys, means: tuple[float, float], horizon: float, block: int
) -> tuple[Floats, Floats]:
    """Return stoppages of facilities that run and stop in turn, to beyond the horizon.

    Parameters
    ----------
    states
        Of the purposes for up and down times, shape (2,), see `Streams.states`.
    keys
        Facilities, shape (facility,), see `entity_keys`.
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
    up, down = exponential_of(uniform_of(keyed_mantissas(states, keys, block)))
    up *= means[0]
    down *= means[1]
    up += down
    end = np.cumsum(up, axis=1)
    if end[:, -1].min(initial=np.inf) < horizon:
        return alternating(states, keys, means, horizon, 2 * block)
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
