"""Working time: how many days a facility has worked by a date, as a piecewise linear function."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats, Ints
from demilsim.simulation.compiled import compiled

_ONE = np.uint64(1)


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
    if compiled():
        from demilsim.simulation import kernels

        yield from kernels.breakpoints(edges, share, down_start, down_end)
        return
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
