"""Facilities' queues: jobs in order and the money for them, and when they end if nothing disturbs them.

Jobs are done one after the other in working time. Job k cannot begin before the money for it, and for all
before it, has come, on day r_k. With cw_k the work up to and including it, it ends at working time

    cw_k + max over j <= k of (W(r_j) − (cw_j − work_j)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.stoppages import Calendar, Stoppages


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
