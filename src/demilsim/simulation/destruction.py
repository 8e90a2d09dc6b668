"""Facilities at work: a queue of committed jobs, done in working time between disturbances.

Progress is kept in working days, not dates: a job runs from `begin` to `end` on its facility's own clock,
and a stoppage only stretches the calendar. Between disturbances nothing is an event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from demilsim.simulation.funding import Payment, split
from demilsim.simulation.pace import Pace
from demilsim.simulation.schedule import Order
from demilsim.simulation.use import Use
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
    late
        Whether its load left or arrives late; other loads that are there do not wait for it.
    move
        Money committed to a move of mobile plant to its site before it begins; None if there is none.
    move_begins
        Day on which that move begins, as things stand [d].
    ready
        Day on which it was committed [d].
    begin, end
        On its facility's clock, as things stand [working d].
    """

    order: Order
    mass_g: int
    payment: Payment
    arrival: float
    late: bool = False
    move: Payment | None = None
    move_begins: float = 0.0
    ready: float = 0.0
    begin: float = 0.0
    end: float = 0.0


class Segment(NamedTuple):
    """A stretch of finished work: mass [g] done between two readings of a facility's working clock.

    `arrival` is the day on which its load was there, `ready` that on which it was committed [d].
    """

    facility: int
    lot: int
    mass_g: int
    begin: float
    end: float
    payment: Payment
    arrival: float
    ready: float = 0.0


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
    ordered
        Period in which the plan ordered it; -1 if it did not.
    place, stay_for, move_days
        Site where mobile plant stands, -1 without a place, the earliest period of the order for which it
        came, and how long it moves to another [d].
    held_until
        Day before which mobile plant begins no move: orders were called off, or its site is closed [d].
    pace
        How fast it works; None at full throughput.
    full_path
        Its working time as if it were at full pace, where its opening slowed it; else None.
    cursor
        End of the last finished stretch, before which nothing begins [working d].
    processed_g
        Done so far [g].
    next_accident_g
        `processed_g` at which the next accident happens [g].
    moves
        Readings of the clock at the beginning and the end of each move that was made [working d].
    lost
        Working days that its path lost, by reason [working d].
    read_day, read
        The last day asked for, and the clock on it: many jobs are placed on the same day.
    """

    index: int
    path: WorkingTime
    accident_at_g: Sequence[float]
    accident_deaths: Sequence[float]
    stop_days: float
    open_from: float
    ordered: int = -1
    place: int = -1
    stay_for: int = 0
    move_days: float = 0.0
    held_until: float = 0.0
    pace: Pace | None = None
    full_path: WorkingTime | None = None
    cursor: float = 0.0
    processed_g: int = 0
    accidents: int = 0
    queue: deque[Job] = field(default_factory=deque)
    segments: list[Segment] = field(default_factory=list)
    moves: list[tuple[float, float]] = field(default_factory=list)
    lost: dict[Use, float] = field(default_factory=dict)
    next_accident_g: float = field(init=False)
    read_day: float = -1.0
    read: float = 0.0

    def __post_init__(self) -> None:
        self.next_accident_g = self.accident_at_g[0]

    def clock(self, day: float) -> float:
        """Return the working time on a day [working d]."""
        if day != self.read_day:
            self.read_day, self.read = day, self.path.at(day)
        return self.read

    def backlog_days(self, day: float) -> float:
        """Return the work in the queue that is not done by `day` [working d]."""
        if not self.queue:
            return 0.0
        total = 0.0
        for job in self.queue:
            total += job.end - job.begin
        head = self.queue[0]
        return total - min(max(self.clock(day) - head.begin, 0.0), head.end - head.begin)

    def queued_g(self, day: float) -> int:
        """Return the mass in the queue that is not destroyed by `day` [g]."""
        return sum(job.mass_g for job in self.queue) - self.in_progress_g(day)[1]

    @property
    def destination(self) -> int:
        """Site where mobile plant will stand when its queue is done."""
        return self.queue[-1].order.site if self.queue else self.place

    @property
    def came_for(self) -> int:
        """Earliest period of the order for which mobile plant will have come there; 0 where it begins."""
        for job in reversed(self.queue):
            if job.move is not None:
                return job.order.earliest_period
        return self.stay_for

    def must_move(self, order: Order) -> bool:
        """Return whether mobile plant must move before it can begin an order after its queue."""
        return self.place >= 0 and order.site != self.destination

    def add(
        self,
        order: Order,
        mass_g: int,
        payment: Payment,
        day: float,
        late_days: float = 0.0,
        move: Payment | None = None,
    ) -> None:
        """Queue a job whose load is ready on `day`.

        Parameters
        ----------
        order, mass_g, payment
            The job.
        day
            When it is committed [d].
        late_days
            How much later than that its load leaves, and is held up on the road [d].
        move
            Money committed to the move before it, if there is one.
        """
        arrival = day + late_days + order.travel_days
        if arrival < self.open_from:
            arrival = self.open_from
        job = Job(order, mass_g, payment, arrival, late_days > 0.0, move, 0.0, day)
        queue = self.queue
        if not queue:
            self._time(job, self.cursor)
            queue.append(job)
            return
        last = queue[-1]
        if last.late and last.arrival > arrival:
            self._overtake(job)
            return
        self._time(job, last.end, last.arrival)
        queue.append(job)

    def _overtake(self, job: Job) -> None:
        """Queue a job before those whose late loads arrive after its own."""
        queue = self.queue
        position = len(queue)
        while position and queue[position - 1].late and queue[position - 1].arrival > job.arrival:
            position -= 1
        queue.insert(position, job)
        self._retime()

    def keep(self, day: float, kept: Callable[[Job], bool]) -> None:
        """Keep some of the jobs; one that moves up to the head begins no earlier than `day`."""
        if not self.queue:
            return
        head, before = self.queue[0], len(self.queue)
        left = deque([job for job in self.queue if kept(job)])
        if len(left) == before:
            return
        self.queue = left
        if self.queue and self.queue[0] is not head:
            self.cursor = max(self.cursor, self.clock(day))
            self.held_until = max(self.held_until, day)
        self._retime()

    def drop_needless_moves(self, release: Callable[[Payment], None]) -> None:
        """Leave out moves to where the plant will stand already, and free their money."""
        place = self.place
        for job in self.queue:
            if job.move is not None and job.order.site == place:
                release(job.move)
                job.move = None
            place = job.order.site
        self._retime()

    def _time(self, job: Job, free: float, passed: float = -1.0) -> None:
        """Place a job on the clock after what is before it.

        Parameters
        ----------
        job
            The job.
        free
            When what is before it is done [working d].
        passed
            A day that has passed by then [d]: a load that is there by that day need not be waited for.
        """
        if job.move is None:
            arrived = free if job.arrival <= passed else self.clock(job.arrival)
        else:
            # A move takes days, not working days, and begins when the plant is free.
            job.move_begins = max(job.arrival, self.path.when(free), self.held_until)
            arrived = self.path.at(job.move_begins + self.move_days)
        job.begin = arrived if arrived > free else free
        job.end = job.begin + job.mass_g * job.order.days_per_g

    def _retime(self) -> None:
        # A stoppage before a load arrives moves its arrival on the working clock.
        free, passed = self.cursor, -1.0
        for job in self.queue:
            self._time(job, free, passed)
            free, passed = job.end, job.arrival

    def advance(
        self,
        until: float,
        done: Callable[[Segment], None],
        accident: Callable[[Accident], None],
    ) -> None:
        """Finish every job that ends by day `until`, and let accidents on the way happen."""
        limit = self.clock(until)
        queue = self.queue
        while queue:
            job = queue[0]
            missing_g = self.next_accident_g - self.processed_g
            if missing_g <= job.mass_g:
                reached = job.begin + missing_g * job.order.days_per_g
                if reached <= limit:
                    self._stop(job, reached, accident)
                    limit = self.clock(until)
                    continue
            if job.end > limit:
                return
            queue.popleft()
            self._record(job, job.mass_g, job.end, job.payment, done)

    def _stop(self, job: Job, reached: float, accident: Callable[[Accident], None]) -> None:
        day = self.path.when(reached)
        accident(Accident(day, self.index, job.order.lot, self.accident_deaths[self.accidents]))
        self.accidents += 1
        # A facility that outlives its block of draws would silently become safe, so fail instead.
        assert self.accidents < len(self.accident_at_g), "more accidents than the block of draws holds"
        self.next_accident_g = self.accident_at_g[self.accidents]
        self.close(day, day + self.stop_days, Use.ACCIDENT)

    def _record(
        self, job: Job, mass_g: int, end: float, payment: Payment, done: Callable[[Segment], None]
    ) -> None:
        """Book a stretch of work from the job's beginning, and the move before it."""
        if job.move is not None:
            payment, job.move = (*job.move, *payment), None
            self.moves.append((self.path.at(job.move_begins), job.begin))
            self.stay_for = job.order.earliest_period
        if self.place >= 0:
            self.place = job.order.site
        self.cursor = end
        self.processed_g += mass_g
        segment = Segment(self.index, job.order.lot, mass_g, job.begin, end, payment, job.arrival, job.ready)
        self.segments.append(segment)
        done(segment)

    def in_progress_g(self, day: float) -> tuple[int, int]:
        """Return the lot at work and how much of its job is done by `day` [g]; (-1, 0) if idle."""
        if not self.queue:
            return -1, 0
        job, now = self.queue[0], self.clock(day)
        if now <= job.begin:
            return -1, 0
        return job.order.lot, min(int((now - job.begin) / job.order.days_per_g), job.mass_g)

    def settle(self, day: float, done: Callable[[Segment], None]) -> None:
        """Book the part of the current job that is done by `day`; call after `advance`."""
        lot, done_g = self.in_progress_g(day)
        if lot < 0 or done_g == 0:
            return
        job = self.queue[0]
        paid, job.payment = split(job.payment, done_g, job.mass_g)
        self._record(job, done_g, self.clock(day), paid, done)
        job.mass_g -= done_g
        if job.mass_g == 0:
            self.queue.popleft()
        self._retime()

    def close(self, start: float, end: float, why: Use) -> None:
        """Stop all work within [start, end]."""
        end = min(end, max(start, self.path.days[-1]))
        self._lose(why, self.path.closed(start, end))
        if self.full_path is not None:
            self.full_path = self.full_path.closed(start, end)
        self.read_day = -1.0
        self._retime()

    def slow(self, pace: Pace) -> None:
        """Take up the pace of a facility that opens."""
        self.pace, self.full_path = pace, self.path
        self._lose(Use.PACE, pace.slow(self.path))
        self.read_day = -1.0
        self._retime()

    def _lose(self, why: Use, path: WorkingTime) -> None:
        """Take up another working time, and note how much less it is."""
        self.lost[why] = self.lost.get(why, 0.0) + self.path.worked[-1] - path.worked[-1]
        self.path = path
