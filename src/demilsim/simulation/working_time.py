"""Working time: how many days a facility has worked by a date, as a piecewise linear function."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats


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


def working_time(edges: Floats, share: Floats, down_start: Floats, down_end: Floats) -> WorkingTime:
    """Return the working time of a calendar with interruptions.

    Parameters
    ----------
    edges
        Calendar breakpoints [d], shape (n + 1,), the first 0.
    share
        Working days per calendar day in each interval [1], shape (n,).
    down_start, down_end
        Interruptions [d], shape (m,); they may overlap one another.
    """
    horizon = edges[-1]
    start = np.minimum(down_start, horizon)
    end = np.minimum(down_end, horizon)
    days = np.unique(np.concatenate([edges, start, end]))
    middle = 0.5 * (days[:-1] + days[1:])
    began = np.searchsorted(np.sort(start), middle)
    ended = np.searchsorted(np.sort(end), middle)
    slope = np.where(began == ended, share[np.searchsorted(edges, middle) - 1], 0.0)
    worked = np.concatenate([[0.0], np.cumsum(slope * np.diff(days))])
    return WorkingTime(days.tolist(), worked.tolist())
