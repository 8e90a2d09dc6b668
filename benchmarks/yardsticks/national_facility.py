"""Facilities of the SimPy reference: one process works, others disturb it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import simpy
from benchmarks.yardsticks.national_chance import ALL_YEAR, Chance
from benchmarks.yardsticks.national_records import Done, Job, Payment

from demilsim.errors import StreamExhaustedError
from demilsim.scenario.schema import Facility as FacilityRow
from demilsim.simulation.pace import LEARNING_STEPS

Steps = Generator[simpy.Event, Any, None]
"""What a SimPy process yields."""

NEVER = float("inf")

EDGE_G = 1e-3
"""Distance from a whole gram within which sums in another order may fall on its other side [g]."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Shares of full throughput: what is learned, and what objections leave [1]."""

    learned: float = 1.0
    left: float = 1.0


class Facility:
    """One facility: a queue, a process that works through it, and whatever keeps it from work.

    Parameters
    ----------
    environment
        Where it lives.
    index, site
        Of the facility and of its site.
    months
        First day [d] and working days per day [1] of each month.
    chance
        Its breakdowns, weather stops and accidents.
    record, calendar
        Its row, and the calendar month of each of `months`.
    on_done, on_accident
        Told of finished stretches, and of (facility, lot, uniform of deaths) of an accident.

    Notes
    -----
    `knife_edges` counts the times at which a whole gram more or less was a matter of rounding.
    """

    def __init__(
        self,
        environment: simpy.Environment,
        index: int,
        site: int,
        months: Sequence[tuple[float, float]],
        chance: Chance,
        record: FacilityRow,
        calendar: Sequence[int],
        on_done: Callable[[Done], None],
        on_accident: Callable[[Facility, int, float], None],
    ) -> None:
        self.environment, self.index, self.site, self.record = environment, index, site, record
        self.opened = record.status == "existing"
        self.on_done, self.on_accident = on_done, on_accident
        self.queue: deque[Job] = deque()
        self.worked_days = 0.0
        self.full_days = 0.0
        self.last_worked = 0.0
        self.processed_g = 0
        self.permit_g = NEVER
        self.knife_edges = 0
        self._share = months[0][1]
        self._pace = Pace()
        self._months = [day for day, _ in months]
        self.opening = 0.0
        self._stops = 0
        self._since = 0.0
        self._due = NEVER
        self._target = 0.0
        self._chance = chance
        self._accidents = 0
        self._process = environment.process(self._work())
        environment.process(self._calendar(months))
        for lengths, season in zip(chance.stops, chance.seasons, strict=True):
            environment.process(self._disturbed(lengths, season, calendar))
        if self.opened:
            self.open()

    @property
    def rate(self) -> float:
        """Working days per day now [1]."""
        return 0.0 if self._stops else self._share * self._pace.learned * self._pace.left

    @property
    def current(self) -> Job | None:
        """The job at work."""
        return self.queue[0] if self.queue and self.queue[0].begun is not None else None

    def catch_up(self) -> None:
        """Count what was worked since last time."""
        days = (self.environment.now - self._since) * self.rate
        if days > 0.0:
            self.full_days += days / (self._pace.learned * self._pace.left)
        self._since = self.environment.now
        if days <= 0.0:
            return
        self.worked_days += days
        self.last_worked = self._since
        job = self.current
        if job:
            # What was aimed at is reached on the day foreseen, whatever the rounding of the sum.
            job.worked = self._target if self._since >= self._due else job.worked + days

    def backlog_days(self) -> float:
        """Return the work in the queue that is not done [working d], to a whole gram."""
        return sum(self._left_g(job) * job.order.days_per_g for job in self.queue)

    def queued_g(self) -> int:
        """Return the mass in the queue that is not done [g]."""
        self._watch_edge()
        return sum(self._left_g(job) for job in self.queue)

    def _watch_edge(self) -> None:
        """Count where work stands at a whole gram, so that rounding decides whether it counts as done."""
        job = self.current
        if job and job.worked > 0.0:
            done_g = job.worked / job.order.days_per_g
            self.knife_edges += abs(done_g - round(done_g)) < EDGE_G

    @staticmethod
    def _left_g(job: Job) -> int:
        return job.mass_g - job.done_g

    def add(self, job: Job) -> None:
        """Queue a job and send for its load."""
        self.queue.append(job)
        if job.order.travel_days > 0.0:
            self.environment.process(self._haul(job))
        else:
            self._arrive(job)

    def _haul(self, job: Job) -> Steps:
        yield self.environment.timeout(job.order.travel_days)
        self._arrive(job)

    def _arrive(self, job: Job) -> None:
        job.arrived, job.arrival = True, self.environment.now
        if self.queue and self.queue[0] is job:
            self.catch_up()
            self._notify()

    def stop(self) -> None:
        """Stop work for one more reason."""
        self._change(self._stops + 1, self._share)

    def resume(self) -> None:
        """Take one reason away."""
        self._change(self._stops - 1, self._share)

    def stop_for(self, days: float) -> None:
        """Stop work for a time [d]."""
        self.stop()
        self.environment.process(self._resume_after(days))

    def _resume_after(self, days: float) -> Steps:
        yield self.environment.timeout(days)
        self.resume()

    def _change(self, stops: int, share: float, pace: Pace | None = None) -> None:
        self.catch_up()
        before = self.rate
        self._stops, self._share, self._pace = stops, share, pace or self._pace
        if self.rate != before:
            self._notify()

    def _notify(self) -> None:
        """Let the process that works look at its situation anew."""
        waiting = self._process is not self.environment.active_process
        if waiting and self.queue and self.queue[0].arrived:
            self._process.interrupt()

    def _calendar(self, months: Sequence[tuple[float, float]]) -> Steps:
        for (_, before), (day, share) in pairwise(months):
            if share != before:
                yield self.environment.timeout(day - self.environment.now)
                self._change(self._stops, share)

    def open(self) -> None:
        """Begin to count its pace: it learns if it is new, and neighbours may object."""
        self.opened, self.opening = True, self.environment.now
        if self._chance.objection_days < NEVER:
            self.environment.process(self._objected())
        if self.record.learning_days and self.record.status != "existing":
            # At the mean throughput of each step of the learning curve.
            self._learn(0)
            self.environment.process(self._learning())

    def _objected(self) -> Steps:
        yield self.environment.timeout(self._chance.objection_days)
        left = self.record.objection_capacity_fraction
        self._change(self._stops, self._share, replace(self._pace, left=left))

    def _learning(self) -> Steps:
        opened = self.environment.now
        for step in range(1, LEARNING_STEPS + 1):
            ends = opened + self.record.learning_days * step / LEARNING_STEPS
            yield self.environment.timeout(ends - self.environment.now)
            self._learn(step)

    def _learn(self, step: int) -> None:
        start = self.record.learning_start_fraction
        learned = start + (1.0 - start) * (step + 0.5) / LEARNING_STEPS if step < LEARNING_STEPS else 1.0
        self._change(self._stops, self._share, replace(self._pace, learned=learned))

    def known_pace(self, days: float) -> float:
        """Return the mean pace over some days from now on, by all that is known now [1]."""
        if not (self.opened and self.record.learning_days and self.record.status != "existing"):
            return self._pace.left
        start, age = self.record.learning_start_fraction, self.environment.now - self.opening
        curve = [start + (1.0 - start) * min(max(day, 0.0) / self.record.learning_days, 1.0)
                 for day in (age, age + days)]  # fmt: skip
        learns = min(max(self.record.learning_days - age, 0.0), days)
        mean = (0.5 * (curve[0] + curve[1]) * learns + (days - learns)) / days
        return mean * self._pace.left

    def _disturbed(
        self, lengths: Iterable[tuple[float, float]], season: frozenset[int], calendar: Sequence[int]
    ) -> Steps:
        for up, down in lengths:
            if season == ALL_YEAR:
                yield self.environment.timeout(up)
            else:
                yield from self._in_season(up, season, calendar)
            self.stop()
            yield self.environment.timeout(down)
            self.resume()
        raise StreamExhaustedError("more stops of a facility than were drawn")

    def _in_season(self, days: float, season: frozenset[int], calendar: Sequence[int]) -> Steps:
        """Wait for some days in months of a season; for ever if there are not as many left."""
        for begins, ends, month in zip(self._months, [*self._months[1:], NEVER], calendar, strict=True):
            now = self.environment.now
            if ends <= now or month not in season:
                continue
            inside = min(days, ends - max(begins, now))
            yield self.environment.timeout(max(begins, now) + inside - now)
            days -= inside
            if days <= 0.0:
                return
        yield self.environment.event()

    def _work(self) -> Steps:
        while True:
            with suppress(simpy.Interrupt):
                yield self._next()
            self.catch_up()
            if self.environment.now >= self._due:
                self._reached()

    def _next(self) -> simpy.Event:
        """Return what the process waits for: the end of a job, an accident, or a change."""
        self._due = NEVER
        if not self.queue or not self.queue[0].arrived:
            return self.environment.event()
        job = self.queue[0]
        if job.begun is None:
            job.begun = self.environment.now
        if not self.rate:
            return self.environment.event()
        self._target = min(job.days, self._accident_days(job))
        step = max(self._target - job.worked, 0.0) / self.rate
        self._due = self.environment.now + step
        return self.environment.timeout(step)

    def _accident_days(self, job: Job) -> float:
        """Return the working days on the present stretch after which an accident happens, if it does [d]."""
        if self._accidents == len(self._chance.accident_at_g):
            raise StreamExhaustedError("more accidents of a facility than were drawn")
        at_g = self._chance.accident_at_g[self._accidents] - self.processed_g
        return at_g * job.order.days_per_g if at_g <= job.mass_g else NEVER

    def _reached(self) -> None:
        """Do what was due: an accident, or the end of the job."""
        self._due = NEVER
        job = self.queue[0]
        if job.worked >= self._accident_days(job):
            deaths = self._chance.accident_deaths[self._accidents]
            self._accidents += 1
            self.on_accident(self, job.order.lot, deaths)
            self.stop_for(self._chance.stop_days)
        else:
            self._book(job, job.mass_g, job.payment)
            self.queue.popleft()

    def settle(self) -> None:
        """End the present stretch and book its whole grams; what is done of the next gram is lost."""
        self.catch_up()
        job = self.current
        self._watch_edge()
        if not job or not job.done_g:
            return
        done, whole = job.done_g, job.mass_g
        paid = [(fund, amount * done // whole) for fund, amount in job.payment]
        job.payment = [
            (fund, amount - part) for (fund, amount), (_, part) in zip(job.payment, paid, strict=True)
        ]
        self._book(job, done, paid)
        self._due = NEVER
        if not job.mass_g:
            self.queue.popleft()
        self._notify()

    def _book(self, job: Job, mass_g: int, payment: Payment) -> None:
        begun = job.begun
        assert begun is not None, "work is booked that has not begun"
        job.mass_g -= mass_g
        self.processed_g += mass_g
        booked = job.booked
        job.end_stretch(mass_g)
        self.on_done(Done(self.index, job, mass_g, begun, self.last_worked, payment, booked))

    def recall(self, site: int) -> list[Job]:
        """Take the jobs whose lots are at a site out of the queue and return them; call after `settle`."""
        gone = [job for job in self.queue if job.order.site == site]
        if gone:
            head = self.queue[0]
            self.queue = deque(job for job in self.queue if job.order.site != site)
            if head in gone:
                head.end_stretch(0)
                self._due = NEVER
                self._notify()
        return gone
