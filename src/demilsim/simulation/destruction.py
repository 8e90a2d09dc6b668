"""Facilities at work: a queue of committed jobs, done in working time between disturbances.

Progress is kept in working days, not dates: a job runs from `begin` to `end` on its facility's own clock,
and a stoppage only stretches the calendar. Between disturbances nothing is an event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from demilsim.simulation.funding import Payment, split
from demilsim.simulation.schedule import Order
from demilsim.simulation.working_time import WorkingTime


@dataclass(slots=True)
class Job:
    """A committed order, or what is left of it.

    Parameters
    ----------
    order
        The plan line.
    mass_g
        Still to do [g].
    payment
        Money committed to it.
    arrival
        Day on which its load has arrived and its facility is open [d].
    """

    order: Order
    mass_g: int
    payment: Payment
    arrival: float


class Segment(NamedTuple):
    """A stretch of finished work: mass [g] done between two readings of a facility's working clock."""

    facility: int
    lot: int
    mass_g: int
    begin: float
    end: float
    payment: Payment


class Accident(NamedTuple):
    """A processing accident: day [d], facility, lot, and the uniform that decides its deaths."""

    day: float
    facility: int
    lot: int
    deaths: float


@dataclass(slots=True)
class Plant:
    """The state of one facility within one replication.

    Parameters
    ----------
    index
        Facility.
    path
        Its working time, with the stoppages so far.
    accident_at_g, accident_deaths
        Cumulative grams at which accidents happen, and uniforms of their deaths.
    stop_days
        Stoppage after an accident [d].
    open_from
        Day from which it may work [d]; infinite before it is ordered.
    """

    index: int
    path: WorkingTime
    accident_at_g: list[float]
    accident_deaths: list[float]
    stop_days: float
    open_from: float
    cursor: float = 0.0
    processed_g: int = 0
    accidents: int = 0
    queue: deque[Job] = field(default_factory=deque)
    segments: list[Segment] = field(default_factory=list)

    def backlog_days(self, day: float) -> float:
        """Return the work in the queue that is not done by `day` [working d]."""
        total = sum(job.mass_g * job.order.days_per_g for job in self.queue)
        _, done_g = self.in_progress_g(day)
        return total - done_g * self.queue[0].order.days_per_g if done_g else total

    def queued_g(self, day: float) -> int:
        """Return the mass in the queue that is not destroyed by `day` [g]."""
        return sum(job.mass_g for job in self.queue) - self.in_progress_g(day)[1]

    def add(self, order: Order, mass_g: int, payment: Payment, day: float) -> None:
        """Queue a job whose load leaves on `day`."""
        self.queue.append(Job(order, mass_g, payment, max(day + order.travel_days, self.open_from)))

    def keep(self, day: float, kept: Callable[[Job], bool]) -> None:
        """Keep some of the jobs; one that moves up to the head begins no earlier than `day`."""
        head = self.queue[0] if self.queue else None
        self.queue = deque([job for job in self.queue if kept(job)])
        if self.queue and self.queue[0] is not head:
            self.cursor = max(self.cursor, self.path.at(day))

    def _begin(self, job: Job) -> float:
        # Read anew each time: a stoppage before the load arrives moves its arrival on the working clock.
        return max(self.cursor, self.path.at(job.arrival))

    def advance(
        self,
        until: float,
        done: Callable[[Segment], None],
        accident: Callable[[Accident], None],
    ) -> None:
        """Finish every job that ends by day `until`, and let accidents on the way happen."""
        limit = self.path.at(until)
        while self.queue:
            job = self.queue[0]
            begin = self._begin(job)
            end = begin + job.mass_g * job.order.days_per_g
            at_g = self._next_accident_g() - self.processed_g
            if at_g <= job.mass_g:
                reached = begin + at_g * job.order.days_per_g
                if reached <= limit:
                    limit = self._stop(job, reached, until, accident)
                    continue
            if end > limit:
                return
            self._finish(job, begin, end, done)

    def _next_accident_g(self) -> float:
        # A facility that outlives its block of draws would silently become safe, so fail instead.
        assert self.accidents < len(self.accident_at_g), "more accidents than the block of draws holds"
        return self.accident_at_g[self.accidents]

    def _stop(self, job: Job, reached: float, until: float, accident: Callable[[Accident], None]) -> float:
        day = self.path.when(reached)
        accident(Accident(day, self.index, job.order.lot, self.accident_deaths[self.accidents]))
        self.accidents += 1
        self.close(day, day + self.stop_days)
        return self.path.at(until)

    def _finish(self, job: Job, begin: float, end: float, done: Callable[[Segment], None]) -> None:
        self.queue.popleft()
        self._record(job.order, job.mass_g, begin, end, job.payment, done)

    def _record(
        self, order: Order, mass_g: int, begin: float, end: float, payment: Payment,
        done: Callable[[Segment], None],
    ) -> None:  # fmt: skip
        self.cursor = end
        self.processed_g += mass_g
        segment = Segment(self.index, order.lot, mass_g, begin, end, payment)
        self.segments.append(segment)
        done(segment)

    def in_progress_g(self, day: float) -> tuple[int, int]:
        """Return the lot at work and how much of its job is done by `day` [g]; (-1, 0) if idle."""
        if not self.queue:
            return -1, 0
        job = self.queue[0]
        begin, now = self._begin(job), self.path.at(day)
        if now <= begin:
            return -1, 0
        return job.order.lot, min(int((now - begin) / job.order.days_per_g), job.mass_g)

    def settle(self, day: float, done: Callable[[Segment], None]) -> None:
        """Book the part of the current job that is done by `day`; call after `advance`."""
        lot, done_g = self.in_progress_g(day)
        if lot < 0 or done_g == 0:
            return
        job = self.queue[0]
        begin = self._begin(job)
        paid, job.payment = split(job.payment, done_g, job.mass_g)
        job.mass_g -= done_g
        self._record(job.order, done_g, begin, self.path.at(day), paid, done)
        if job.mass_g == 0:
            self.queue.popleft()

    def close(self, start: float, end: float) -> None:
        """Stop all work within [start, end]."""
        self.path = self.path.closed(start, min(end, max(start, self.path.days[-1])))
