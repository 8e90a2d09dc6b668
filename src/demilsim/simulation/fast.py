"""Compiled kernels of keyed draws, working time and progress (extra `fast`, numba).

Each function does what its namesake in `streams`, `stoppages` or `progress` does, on the same draws and to
rounding. None is ever needed: `compiled` says whether they are used. Importing this module loads
numba, so import it only then.
"""

from __future__ import annotations

import numba
import numpy as np

from demilsim.plan import Ints
from demilsim.simulation.kernels import mantissa, mix
from demilsim.simulation.progress import Future, Incidents
from demilsim.simulation.queues import Queues
from demilsim.simulation.stoppages import Calendar, Stoppages
from demilsim.simulation.streams import Keys

_UNIT = 2.0**-53


@numba.njit(inline="always")
def _exponential(mantissa):
    return -np.log((np.float64(np.int64(mantissa)) + 0.5) * _UNIT)


@numba.njit(cache=True)
def _exceeding(state, keys, least, found, mantissas):
    count = 0
    for i in range(keys.size):
        found_here = mantissa(mix(keys[i] ^ state), 1)
        if found_here > least[i]:
            found[count], mantissas[count] = i, found_here
            count += 1
    return count


def exceeding(state: Keys, keys: Keys, least: Keys) -> tuple[Ints, Keys]:
    """Return which entities' first hash is above a bound of their own: see `streams.exceeding`."""
    found, mantissas = np.empty(keys.size, dtype=np.int64), np.empty(keys.size, dtype=np.uint64)
    count = _exceeding(state[0], keys, least, found, mantissas)
    return found[:count], mantissas[:count]


@numba.njit(cache=True)
def _stop(edges, share, base, interval, day):
    """Return the calendar's reading on a day, and the interval that it is in, searched from another."""
    while interval < share.size - 1 and edges[interval + 1] <= day:
        interval += 1
    return share[interval] * day + base[interval], interval


@numba.njit(cache=True)
def _stoppages(states, keys, mean_up, mean_down, edges, share, base, start, end, lost, least):
    horizon, width = edges[-1], 0
    for row in range(keys.size):
        up, down = mix(keys[row] ^ states[0]), mix(keys[row] ^ states[1])
        day, total, interval, stop = 0.0, 0.0, 0, 0
        lost[row, 0], least[row, 0] = 0.0, 0.0
        while True:
            length = _exponential(mantissa(down, stop + 1)) * mean_down
            day += _exponential(mantissa(up, stop + 1)) * mean_up + length
            begins = day - length
            if begins >= horizon:
                break
            if stop == start.shape[1]:
                return -1
            start[row, stop], end[row, stop] = begins, min(day, horizon)
            begun, interval = _stop(edges, share, base, interval, begins)
            ended, interval = _stop(edges, share, base, interval, end[row, stop])
            total += ended - begun
            stop += 1
            lost[row, stop], least[row, stop] = total, ended - total
        for rest in range(stop, start.shape[1]):
            start[row, rest], end[row, rest] = horizon, horizon
            lost[row, rest + 1] = total
            least[row, rest + 1] = share[-1] * horizon + base[-1] - total
        width = max(width, stop)
    return width


def alternating_stoppages(
    calendar: Calendar, states: Keys, keys: Keys, means: tuple[float, float], block: int
) -> Stoppages:
    """Return working times of facilities that run and stop in turn: `alternating` and `Stoppages.of` in one.

    Parameters
    ----------
    calendar
        Of all facilities.
    states, keys, means, block
        As of `stoppages.alternating`.
    """
    rows = keys.size
    start, end = np.empty((2, rows, block))
    lost, least = np.empty((2, rows, block + 1))
    width = _stoppages(
        states,
        keys,
        means[0],
        means[1],
        calendar.edges,
        calendar.share,
        calendar.base,
        start,
        end,
        lost,
        least,
    )
    if width < 0:
        return alternating_stoppages(calendar, states, keys, means, 2 * block)
    return Stoppages(calendar, start, end, least[:, 1:], lost, least)


@numba.njit(cache=True)
def _close(edges, share, base, count, opens, closes, start, end, lost, least):
    """Stop within [opens, closes]; return how many stoppages there are then, and the place of this one."""
    first, last = 0, 0
    while first < count and end[first] < opens:
        first += 1
    while last < count and start[last] <= closes:
        last += 1
    if last > first:
        opens, closes = min(opens, start[first]), max(closes, end[last - 1])
    shift = first + 1 - last
    if shift > 0:
        for k in range(count - 1, last - 1, -1):
            start[k + shift], end[k + shift] = start[k], end[k]
    elif shift < 0:
        for k in range(last, count):
            start[k + shift], end[k + shift] = start[k], end[k]
    start[first], end[first] = opens, closes
    count += shift
    interval = 0
    for k in range(first, count):
        begun, interval = _stop(edges, share, base, interval, start[k])
        ended, interval = _stop(edges, share, base, interval, end[k])
        lost[k + 1] = lost[k] + (ended - begun)
        least[k + 1] = ended - lost[k + 1]
    return count, first


@numba.njit(cache=True)
def _worked_at(edges, share, base, count, start, lost, least, day):
    """Return the reading of a facility's working clock on a day."""
    passed = 0
    while passed < count and start[passed] <= day:
        passed += 1
    worked, _ = _stop(edges, share, base, 0, day)
    return max(worked - lost[passed], least[passed])


@numba.njit(cache=True)
def _futures(  # one function, since every array that is passed on costs time
    work, cost, tranche_day, received, tranche_worked, edges, calendar_worked, share, base, pace, offset,
    starts, ends, losts, leasts, days, facilities, jobs, stop_days, removal, accepted,
):  # fmt: skip
    horizon, tranches, room = edges[-1], tranche_day.size - 1, starts.shape[1] + days.size + 1
    for f in range(work.shape[0]):
        start, end, lost, least, count, own = starts[f], ends[f], losts[f], leasts[f], starts.shape[1], False
        job, i, tranche, begun_left = 0, 0, 0, -1.0
        cursor, free, spent, ready_at, at, edge = 0.0, 0.0, 0, 0, 0, 0
        while job < work.shape[1]:
            if removal[f, job] < np.inf:
                job, begun_left = job + 1, -1.0
                continue
            finish, released, total = np.inf, -1.0, spent
            if begun_left >= 0.0:
                finish = cursor + begun_left
            else:
                total += cost[f, job]
                while tranche < tranches and received[f, tranche] < total:
                    tranche += 1
                released = tranche_day[tranche]
                if tranche < tranches:
                    while ready_at < count and start[ready_at] <= released:
                        ready_at += 1
                    ready = max(tranche_worked[0, tranche] - lost[ready_at], least[ready_at])
                    finish = max(cursor, ready) + work[f, job]
            day = np.inf
            if finish < np.inf:
                while at < count and least[at + 1] < finish:
                    at += 1
                reading = finish + lost[at]
                while edge < calendar_worked.size and calendar_worked[edge] < reading:
                    edge += 1
                day = pace[edge] * reading + offset[edge]
            while i < days.size and (facilities[i] != f or removal[f, jobs[i]] < np.inf):
                i += 1
            if i < days.size and days[i] < day:
                if not own:
                    start, end, own = _scratch(start, room), _scratch(end, room), True
                    lost, least = _scratch(lost, room), _scratch(least, room)
                now = days[i]
                cursor = _worked_at(edges, share, base, count, start, lost, least, now)
                if begun_left >= 0.0 or max(free, released) <= now:
                    spent, begun_left = total, max(finish - cursor, 0.0)
                removal[f, jobs[i]], accepted[i] = now, True
                free = now
                closes = min(now + stop_days, horizon)
                count, at = _close(edges, share, base, count, now, closes, start, end, lost, least)
                # A lost job frees its money, so that the next may need an earlier tranche.
                ready_at, edge, tranche = at, 0, 0
            elif day == np.inf:
                break
            else:
                removal[f, job], cursor, free, spent = day, finish, day, total
                job, begun_left = job + 1, -1.0


@numba.njit(cache=True)
def _scratch(values, room):
    """Return a copy with room for more."""
    copy = np.empty(room + 1)
    copy[: values.size] = values
    return copy


def futures(queues: Queues, path: Stoppages, incidents: Incidents, stop_days: float) -> Future:
    """Return what becomes of many queues to the horizon, incidents included: see `progress.futures`."""
    calendar = path.calendar
    removal, accepted = np.full(queues.work.shape, np.inf), np.zeros(incidents.day.size, dtype=np.bool_)
    _futures(
        queues.work, queues.cost_cents, queues.tranche_day, queues.received_cents, queues.tranche_worked,
        calendar.edges, calendar.worked, calendar.share, calendar.base, calendar.pace, calendar.offset,
        path.start, path.end, path.lost, path.least, incidents.day, incidents.facility, incidents.job,
        stop_days, removal, accepted,
    )  # fmt: skip
    return Future(removal, accepted, 0)
