"""Progress of a facility's queue: the whole future between disturbances in a few NumPy calls.

An incident takes a job out of the queue and stops the facility: what comes after is done again, but never
beyond the next incident that may happen, so that the cost does not grow with tail times incidents. What
comes of a queue that is left alone is in `queues`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats, Ints
from demilsim.simulation.queues import Queue, Queues, finish_worked, undisturbed
from demilsim.simulation.stoppages import Stoppages

LOOK_AHEAD = 64
"""Jobs looked at beyond those that can be reached by the next candidate: most candidates do not happen."""


@dataclass(frozen=True, slots=True)
class Incidents:
    """Incidents that may happen, in order of time; each would remove a job and stop its facility.

    Parameters
    ----------
    day
        When [d], shape (candidate,).
    facility, job
        Which, shape (candidate,).
    """

    day: Floats
    facility: Ints
    job: Ints


@dataclass(frozen=True, slots=True)
class Future:
    """What becomes of a queue.

    Parameters
    ----------
    removal_day
        When each job is finished or lost to an incident [d], infinite if neither, shape ([facility,] job).
    accepted
        Which candidates happened, shape (candidate,).
    passes
        How often a stretch of the queue was worked out.
    """

    removal_day: Floats
    accepted: npt.NDArray[np.bool_]
    passes: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Jobs looked at together: from `first` on, with no incident among them.

    Parameters
    ----------
    first
        First job.
    released
        Day from which each has its money [d], shape (job,).
    finish_worked, finish_day
        When each ends [working d, d], shape (job,).
    spent_cents
        All money spent once each has begun, shape (job,).
    """

    first: int
    released: Floats
    finish_worked: Floats
    finish_day: Floats
    spent_cents: Ints


@dataclass(slots=True)
class _State:
    """A queue in the middle of its future. Born and dead within `future`."""

    queue: Queue
    path: Stoppages
    incidents: Incidents
    horizon: float
    removal: Floats
    accepted: npt.NDArray[np.bool_]
    ends: Floats
    costs: Ints
    job: int = 0
    candidate: int = 0
    cursor: float = 0.0
    free_day: float = 0.0
    spent_cents: int = 0
    removed_work: float = 0.0
    removed_cents: int = 0
    passes: int = 0
    gone: dict[int, float] = field(default_factory=dict)


def futures(queues: Queues, path: Stoppages, incidents: Incidents, stop_days: float) -> Future:
    """Return what becomes of many queues to the horizon, incidents included.

    Parameters
    ----------
    queues
        Jobs and money.
    path
        Working times of the facilities.
    incidents
        Candidates; one happens if its job is neither finished nor lost by then.
    stop_days
        For how long an incident stops the facility [d].
    """
    ends, days = undisturbed(queues, path)
    accepted = np.zeros(incidents.day.size, dtype=bool)
    passes = 0
    hit = incidents.day < days[incidents.facility, incidents.job]
    for facility in sorted(set(incidents.facility[hit].tolist())):
        here = np.flatnonzero(incidents.facility == facility)
        known = Stretch(
            0, queues.released[facility], ends[facility], days[facility], queues.spent_cents[facility]
        )
        mine = Incidents(incidents.day[here], incidents.facility[here], incidents.job[here])
        found = future(queues.row(facility), path.row(facility), mine, stop_days, known)
        days[facility], accepted[here] = found.removal_day, found.accepted
        passes += found.passes
    return Future(days, accepted, passes)


def future(
    queue: Queue,
    path: Stoppages,
    incidents: Incidents,
    stop_days: float,
    known: Stretch | None = None,
) -> Future:
    """Return what becomes of a queue to the horizon, incidents included.

    Parameters
    ----------
    queue
        Jobs and money.
    path
        Working time of the facility, one row.
    incidents
        Candidates; one happens if its job is neither finished nor lost by then.
    stop_days
        For how long an incident stops the facility [d].
    known
        All jobs of the queue as they would be without incidents, if that is known already.
    """
    state = _State(
        queue, path, incidents, float(path.calendar.edges[-1]),
        np.full(queue.work.size, np.inf), np.zeros(incidents.day.size, dtype=bool),
        np.cumsum(queue.work), np.cumsum(queue.cost_cents),
    )  # fmt: skip
    while state.job < queue.work.size:
        stretch = known or _look_ahead(state)
        known = None
        hit = _next_hit(state, stretch)
        if hit < 0:
            if _keep_all(state, stretch):
                break
        else:
            _happen(state, stretch, hit, stop_days)
    for job, day in state.gone.items():
        state.removal[job] = day
    return Future(state.removal, state.accepted, state.passes)


def _look_ahead(state: _State) -> Stretch:
    """Work out the jobs that can be reached by the next candidate, and a few more."""
    queue, first = state.queue, state.job
    state.passes += 1
    stop = _reach(state)
    spent = state.spent_cents + np.cumsum(queue.cost_cents[first:stop])
    released = queue.released(spent)
    ready = state.path.at(np.minimum(released, state.horizon)[None, :])[0]
    ready[np.isinf(released)] = np.inf
    ends = finish_worked(queue.work[first:stop], ready, state.cursor)
    return Stretch(first, released, ends, state.path.when(ends[None, :])[0], spent)


def _reach(state: _State) -> int:
    """Return a job beyond all that can be finished by the next candidate, by work and by money."""
    queue, first, days = state.queue, state.job, state.incidents.day
    day = min(float(days[state.candidate]) if state.candidate < days.size else np.inf, state.horizon)
    worked = float(state.path.at(np.array([[day]]))[0, 0]) - state.cursor + state.removed_work
    cents = queue.received_by(day) - state.spent_cents + state.removed_cents
    work_before = float(state.ends[first - 1]) if first else 0.0
    cents_before = int(state.costs[first - 1]) if first else 0
    by_work = int(state.ends.searchsorted(work_before + worked, side="right"))
    by_money = int(state.costs.searchsorted(cents_before + cents, side="right"))
    return min(min(by_work, by_money) + LOOK_AHEAD, queue.work.size)


def _next_hit(state: _State, stretch: Stretch) -> int:
    """Return the first candidate that happens while a stretch is valid; -1 if none does."""
    stop = stretch.first + stretch.finish_day.size
    last = np.inf if stop == state.queue.work.size else stretch.finish_day[-1]
    for i in range(state.candidate, state.incidents.day.size):
        day, job = float(state.incidents.day[i]), int(state.incidents.job[i])
        if day > last:
            break
        if job in state.gone or job < stretch.first:
            continue
        if job >= stop or day < stretch.finish_day[job - stretch.first]:
            return i
    return -1


def _keep_all(state: _State, stretch: Stretch) -> bool:
    """Let a stretch be; return whether it reaches the horizon."""
    stop = stretch.first + stretch.finish_day.size
    state.removal[stretch.first : stop] = stretch.finish_day
    state.job, state.cursor = stop, float(stretch.finish_worked[-1])
    state.free_day, state.spent_cents = float(stretch.finish_day[-1]), int(stretch.spent_cents[-1])
    days = state.incidents.day
    done = days.size if stop == state.queue.work.size else int(days.searchsorted(state.free_day, "right"))
    state.candidate = max(state.candidate, done)
    return state.free_day >= state.horizon


def _happen(state: _State, stretch: Stretch, hit: int, stop_days: float) -> None:
    """Let an incident happen: keep what was done by then, remove its job, stop the facility."""
    day, job = float(state.incidents.day[hit]), int(state.incidents.job[hit])
    if not state.gone:
        queue = state.queue
        state.queue = replace(queue, work=queue.work.copy(), cost_cents=queue.cost_cents.copy())
    done = int(stretch.finish_day.searchsorted(day, side="right"))
    if done:
        state.removal[stretch.first : stretch.first + done] = stretch.finish_day[:done]
        state.free_day = float(stretch.finish_day[done - 1])
        state.spent_cents = int(stretch.spent_cents[done - 1])
    head = state.job = stretch.first + done
    worked = float(state.path.at(np.array([[day]]))[0, 0])
    if done < stretch.finish_day.size and max(state.free_day, float(stretch.released[done])) <= day:
        # Begun: it is paid for, whatever comes, and needs only what is left of its work.
        state.spent_cents = int(stretch.spent_cents[done])
        _change(state, head, max(float(stretch.finish_worked[done]) - worked, 0.0))
    _change(state, job, 0.0)
    state.gone[job], state.accepted[hit] = day, True
    while state.job in state.gone:
        state.job += 1
    state.cursor, state.free_day, state.candidate = worked, day, hit + 1
    state.path = state.path.closed(day, min(day + stop_days, state.horizon))


def _change(state: _State, job: int, work: float) -> None:
    """Let a job need other work than at first, and no more money."""
    queue = state.queue
    state.removed_work += float(queue.work[job]) - work
    state.removed_cents += int(queue.cost_cents[job])
    queue.work[job], queue.cost_cents[job] = work, 0
