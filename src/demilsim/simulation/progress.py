"""Progress of a facility's queue: the whole future between disturbances in a few NumPy calls.

Jobs are done one after the other in working time. Job k cannot begin before the money for it, and for all
before it, has come, on day r_k. With cw_k the work up to and including it, it ends at working time

    cw_k + max over j <= k of (W(r_j) − (cw_j − work_j)).

An incident takes a job out of the queue and stops the facility: what comes after is done again, but never
beyond the next incident that may happen, so that the cost does not grow with tail times incidents.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats, Ints
from demilsim.simulation.stoppages import Calendar, Stoppages

LOOK_AHEAD = 64
"""Jobs looked at beyond those that can be reached by the next candidate: most candidates do not happen."""


def finish_worked(work: Floats, released: Floats, cursor: float = 0.0) -> Floats:
    """Return the working time at which each job of a queue ends [working d], shape (..., job).

    Parameters
    ----------
    work
        Of each job [working d], >= 0, in order, shape (..., job).
    released
        Reading of the working clock from which each job may begin [working d], shape (..., job).
    cursor
        Reading from which the facility is free [working d].
    """
    ends = np.cumsum(work, axis=-1)
    return ends + np.maximum.accumulate(np.maximum(released, cursor) - (ends - work), axis=-1)


@dataclass(frozen=True, slots=True)
class Queue:
    """The jobs of one facility in order, and the money for them.

    Parameters
    ----------
    work
        Of each job [working d], > 0, shape (job,).
    cost_cents
        Paid as a job begins, shape (job,).
    tranche_day
        When money comes [d], and infinity, shape (tranche + 1,).
    received_cents
        All money by each tranche, shape (tranche,).
    """

    work: Floats
    cost_cents: Ints
    tranche_day: Floats
    received_cents: Ints

    def released(self, spent_cents: Ints) -> Floats:
        """Return the days on which so much money has come [d]; infinite if it never does."""
        return self.tranche_day.take(self.received_cents.searchsorted(spent_cents))

    def received_by(self, day: float) -> int:
        """Return the money that has come by a day [cents]."""
        tranches = int(self.tranche_day.searchsorted(day, side="right"))
        return int(self.received_cents[tranches - 1]) if tranches else 0


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of many facilities with as many jobs each, and what all replications share of their future.

    Parameters
    ----------
    work, cost_cents
        Of each job, see `Queue`, shape (facility, job).
    tranche_day
        When money comes to all [d], and infinity, shape (tranche + 1,).
    received_cents
        All money of each facility by each tranche, shape (facility, tranche).
    ends, spent_cents
        Work and money up to and including each job, shape (facility, job).
    released
        Day from which each job has its money if none is lost [d], shape (facility, job).
    slot
        Facility and tranche of each job as one index, shape (facility, job).
    before
        Work before the first job that each tranche pays for; infinite if none, shape (facility, tranche + 1).
    tranche_worked
        Reading of the calendar at each tranche [working d], shape (1, tranche).
    """

    work: Floats
    cost_cents: Ints
    tranche_day: Floats
    received_cents: Ints
    ends: Floats
    spent_cents: Ints
    released: Floats
    slot: Ints
    before: Floats
    tranche_worked: Floats

    @classmethod
    def of(
        cls, calendar: Calendar, work: Floats, cost_cents: Ints, tranche_day: Floats, received_cents: Ints
    ) -> Queues:
        """Return queues with given jobs and money."""
        spent, ends = np.cumsum(cost_cents, axis=1), np.cumsum(work, axis=1)
        tranche = np.array([r.searchsorted(s) for r, s in zip(received_cents, spent, strict=True)])
        before = np.full((work.shape[0], tranche_day.size), np.inf)
        for facility, row in enumerate(tranche):
            paid, first = np.unique(row, return_index=True)
            before[facility, paid] = ends[facility, first] - work[facility, first]
        return cls(
            work, cost_cents, tranche_day, received_cents, ends, spent, tranche_day[tranche],
            tranche + np.arange(work.shape[0])[:, None] * tranche_day.size, before,
            calendar.at(tranche_day[None, :-1]),
        )  # fmt: skip

    def row(self, facility: int) -> Queue:
        """Return the queue of one facility."""
        received = self.received_cents[facility]
        return Queue(self.work[facility], self.cost_cents[facility], self.tranche_day, received)


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


def undisturbed(queues: Queues, path: Stoppages) -> tuple[Floats, Floats]:
    """Return when jobs end if no incident happens [working d, d], shape (facility, job).

    Only the first job that a tranche pays for can wait for it, so that waiting is found tranche by tranche.
    """
    ready = path.worked_at(queues.tranche_day[None, :-1], queues.tranche_worked)
    waited = np.full(queues.before.shape, np.inf)
    np.maximum.accumulate(ready - queues.before[:, :-1], axis=1, out=waited[:, :-1])
    ends = waited.ravel().take(queues.slot)
    ends += queues.ends
    return ends, path.when(ends)


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
