from __future__ import annotations

import numpy as np
import pytest

from demilsim.simulation.destruction import Accident, Plant, Segment
from demilsim.simulation.schedule import Order
from demilsim.simulation.use import Use
from demilsim.simulation.working_time import WorkingTime
from stories import TONNE

NEVER = [float("inf")]


def order(lot: int = 0, mass_t: float = 10.0, travel_days: float = 0.0) -> Order:
    """Return an order at 2 t a day."""
    return Order(
        rank=lot, lot=lot, facility=0, site=lot, mass_g=round(mass_t * TONNE), days_per_g=0.5 / TONNE,
        cents_per_t=100.0, payers=0, earliest_period=0, travel_days=travel_days,
    )  # fmt: skip


def plant(accidents_t: tuple[float, ...] = (), open_from: float = 0.0) -> Plant:
    """Return a plant that works every day of 100."""
    return Plant(
        index=0,
        path=WorkingTime([0.0, 100.0], [0.0, 100.0]),
        accident_at_g=[t * TONNE for t in accidents_t] + NEVER,
        accident_deaths=[0.1 * k for k in range(len(accidents_t) + 1)],
        stop_days=10.0,
        open_from=open_from,
    )


class Log:
    """What a plant reported."""

    def __init__(self) -> None:
        self.done: list[Segment] = []
        self.accidents: list[Accident] = []

    def upto(self, works: Plant, day: float) -> None:
        """Advance a plant to a day."""
        works.advance(day, self.done.append, self.accidents.append)

    def dates(self, works: Plant) -> list[tuple[int, float, float]]:
        """Return lot, working-clock start and calendar end of each finished job."""
        return [(s.lot, s.begin, works.path.when(s.end)) for s in self.done]


def test_jobs_are_done_in_the_order_of_the_queue() -> None:
    """10 t, then 6 t at 2 t a day from day 3 are done on days 8 and 11, not before."""
    works, log = plant(), Log()
    works.add(order(0, 10.0), 10 * TONNE, (), day=3.0)
    works.add(order(1, 6.0), 6 * TONNE, (), day=3.0)
    log.upto(works, 7.999)
    assert log.done == []
    log.upto(works, 50.0)
    assert log.dates(works) == [(0, 3.0, 8.0), (1, 8.0, 11.0)]
    assert not works.queue


def test_load_on_the_road_keeps_the_plant_waiting() -> None:
    """A load that travels four days is worked on from its arrival."""
    works, log = plant(), Log()
    works.add(order(0, 2.0), 2 * TONNE, (), day=0.0)
    works.add(order(1, 2.0, travel_days=4.0), 2 * TONNE, (), day=0.0)
    log.upto(works, 50.0)
    assert log.dates(works) == [(0, 0.0, 1.0), (1, 4.0, 5.0)]


def test_facility_works_from_the_day_it_opens() -> None:
    """A job queued before its facility is open begins that day."""
    works, log = plant(open_from=30.0), Log()
    works.add(order(), 10 * TONNE, (), day=0.0)
    log.upto(works, 50.0)
    assert log.dates(works) == [(0, 30.0, 35.0)]


def test_stoppage_in_the_middle_stretches_the_calendar_only() -> None:
    """A job of five days that is stopped from day 2 to day 22 ends on day 25, with no work lost."""
    works, log = plant(), Log()
    works.add(order(), 10 * TONNE, (), day=0.0)
    log.upto(works, 2.0)
    works.close(2.0, 22.0, Use.EXPLOSION)
    assert works.in_progress_g(12.0) == (0, 4 * TONNE)
    log.upto(works, 30.0)
    assert log.dates(works) == [(0, 0.0, 25.0)]


def test_stoppage_before_arrival_delays_no_more_than_it_must() -> None:
    """A load that arrives during a stoppage is worked on from the day the stoppage ends."""
    works, log = plant(), Log()
    works.add(order(travel_days=6.0), 10 * TONNE, (), day=0.0)
    works.close(2.0, 20.0, Use.EXPLOSION)
    log.upto(works, 50.0)
    assert [works.path.when(s.end) for s in log.done] == [25.0]


def test_closing_beyond_the_horizon() -> None:
    """A closure that outlasts the horizon ends with it and leaves the work undone."""
    works, log = plant(), Log()
    works.add(order(), 10 * TONNE, (), day=98.0)
    log.upto(works, 99.0)
    works.close(99.0, 500.0, Use.EXPLOSION)
    log.upto(works, 100.0)
    works.settle(100.0, log.done.append)
    assert works.path.days[-1] == 100.0
    assert [(s.mass_g, s.begin, s.end) for s in log.done] == [(2 * TONNE, 98.0, 99.0)]


def test_accident_stops_the_plant() -> None:
    """The accident at the seventh tonne comes on day 3.5, and the ten tonnes are done ten days later."""
    works, log = plant(accidents_t=(7.0,)), Log()
    works.add(order(5), 10 * TONNE, (), day=0.0)
    log.upto(works, 3.4)
    assert log.accidents == []
    log.upto(works, 50.0)
    assert log.accidents == [Accident(3.5, 0, 5, 0.0)]
    assert [works.path.when(s.end) for s in log.done] == [15.0]


def test_accidents_count_tonnes_over_jobs_and_settlements() -> None:
    """Accidents at 7 t and 12 t come in the first and second job, though the first was booked in parts."""
    works, log = plant(accidents_t=(7.0, 12.0)), Log()
    works.add(order(0), 10 * TONNE, (), day=0.0)
    works.add(order(1), 10 * TONNE, (), day=0.0)
    log.upto(works, 2.0)
    works.settle(2.0, log.done.append)
    log.upto(works, 60.0)
    assert [(a.day, a.lot) for a in log.accidents] == [(3.5, 0), (16.0, 1)]
    assert sum(s.mass_g for s in log.done) == 20 * TONNE
    assert works.path.when(log.done[-1].end) == 30.0


def test_more_accidents_than_drawn_is_an_error() -> None:
    """A plant that has used up its block of draws fails instead of becoming safe."""
    works = plant(accidents_t=(1.0,))
    works.accident_at_g.pop()
    works.add(order(), 10 * TONNE, (), day=0.0)
    with pytest.raises(AssertionError, match="more accidents"):
        Log().upto(works, 50.0)


def test_settling_splits_mass_and_money_exactly() -> None:
    """Booked at a third of its way, a job keeps every gram and cent, and its end is where it was."""
    works, log = plant(), Log()
    payment = ((0, 1001), (1, 100))
    works.add(order(mass_t=9.0), 9 * TONNE, payment, day=0.0)
    log.upto(works, 1.5)
    works.settle(1.5, log.done.append)
    assert log.done == [Segment(0, 0, 3 * TONNE, 0.0, 1.5, ((0, 333), (1, 33)), 0.0)]
    assert works.queue[0].payment == ((0, 668), (1, 67))
    works.settle(1.5, log.done.append)
    assert len(log.done) == 1
    log.upto(works, 50.0)
    assert log.done[1] == Segment(0, 0, 6 * TONNE, 1.5, 4.5, ((0, 668), (1, 67)), 0.0)


def test_backlog_and_queue_leave_out_what_is_done() -> None:
    """After two of five days the backlog is three days and the queue six tonnes."""
    works, log = plant(), Log()
    works.add(order(), 10 * TONNE, (), day=0.0)
    works.add(order(1, 1.0), TONNE, (), day=0.0)
    assert (works.backlog_days(0.0), works.queued_g(0.0)) == (5.5, 11 * TONNE)
    log.upto(works, 2.0)
    assert works.backlog_days(2.0) == pytest.approx(3.5)
    assert works.queued_g(2.0) == 7 * TONNE
    log.upto(works, 50.0)
    assert (works.backlog_days(50.0), works.queued_g(50.0)) == (0, 0)


def test_job_that_moves_up_begins_no_earlier_than_now() -> None:
    """When the load that the plant waits for is called off, the next job starts that day, not in the past."""
    works, log = plant(), Log()
    works.add(order(0, travel_days=60.0), 10 * TONNE, (), day=0.0)
    works.add(order(1), 10 * TONNE, (), day=0.0)
    log.upto(works, 40.0)
    works.keep(40.0, lambda job: job.order.lot == 1)
    log.upto(works, 100.0)
    assert log.dates(works) == [(1, 40.0, 45.0)]


def test_job_at_work_goes_on_when_others_are_called_off() -> None:
    """Removing what waits behind it does not touch the job at work."""
    works, log = plant(), Log()
    works.add(order(0), 10 * TONNE, (), day=0.0)
    works.add(order(1), 10 * TONNE, (), day=0.0)
    works.keep(2.0, lambda job: job.order.lot == 0)
    log.upto(works, 100.0)
    assert log.dates(works) == [(0, 0.0, 5.0)]
    assert np.isinf(works.path.when(100.1))
