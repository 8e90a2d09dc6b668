"""A queue's future against stories worked out by hand and against a plain walk through time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.simulation import fast, progress
from demilsim.simulation.progress import LOOK_AHEAD, Future, Incidents
from demilsim.simulation.queues import Queues, finish_worked
from demilsim.simulation.stoppages import Calendar, Stoppages

EQUAL = 1e-12
"""Relative difference that compiled kernels may have on the same draws."""
HORIZON = 100.0
Futures = Callable[[Queues, Stoppages, Incidents, float], Future]


def future_of(
    futures: Futures,
    work: list[float],
    cost: list[int],
    money: list[tuple[float, int]],
    incidents: list[tuple[float, int]],
    down: list[tuple[float, float]] = (),  # type: ignore[assignment]
    stop_days: float = 10.0,
) -> Future:
    """Return the future of one facility that works every day of a hundred but when it is down."""
    calendar = Calendar.of(np.array([0.0, HORIZON]), np.array([1.0]))
    bounds = np.array(down).reshape(-1, 2).T[:, None, :]
    days = np.append([day for day, _ in money], np.inf)
    received = np.cumsum([cents for _, cents in money])[None, :]
    queues = Queues.of(calendar, np.array([work]), np.array([cost]), days, received)
    day, job = np.array([d for d, _ in incidents]), np.array([j for _, j in incidents], dtype=np.int64)
    path = Stoppages.of(calendar, bounds[0], bounds[1])
    return futures(queues, path, Incidents(day, np.zeros_like(job), job), stop_days)


both = pytest.mark.parametrize("futures", [progress.futures, fast.futures], ids=["numpy", "compiled"])


def test_finish_in_working_time_by_hand() -> None:
    """A job waits for its release and for the job before it, whichever is later."""
    ends = finish_worked(np.array([2.0, 3.0, 1.0]), np.array([1.0, 0.0, 9.0]), cursor=0.5)
    assert ends.tolist() == [3.0, 6.0, 10.0]


@both
def test_money_and_stoppages_by_hand(futures: Futures) -> None:
    """The second job waits for its money until day 20 and then through a stoppage of five days."""
    found = future_of(futures, [10.0, 10.0], [3, 3], [(0.0, 3), (20.0, 3)], [], down=[(25.0, 30.0)])
    assert found.removal_day.tolist() == [[10.0, 35.0]]


@both
def test_money_that_never_comes(futures: Futures) -> None:
    """A job that is never paid for stays, and so do those behind it."""
    found = future_of(futures, [1.0, 1.0, 1.0], [1, 5, 0], [(0.0, 2)], [])
    assert found.removal_day.tolist() == [[1.0, np.inf, np.inf]]


@both
def test_lost_job_stops_the_facility_and_frees_its_money(futures: Futures) -> None:
    """The third job gets the money of the second, which explodes on day 5, and all stops for ten days."""
    found = future_of(futures, [10.0, 10.0, 10.0], [1, 1, 1], [(0.0, 2)], [(5.0, 1)])
    assert found.removal_day.tolist() == [[20.0, 5.0, 30.0]]
    assert found.accepted.tolist() == [True]


@both
def test_lost_job_that_was_paid_for_keeps_its_money(futures: Futures) -> None:
    """A job that explodes under way has spent its money: nothing is left for the third."""
    found = future_of(futures, [10.0, 10.0, 10.0], [1, 1, 1], [(0.0, 2)], [(5.0, 0)])
    assert found.removal_day.tolist() == [[5.0, 25.0, np.inf]]


@both
def test_cheaper_job_needs_no_later_tranche(futures: Futures) -> None:
    """When a job that waits for its money explodes, a cheaper one behind it begins after the stop."""
    found = future_of(futures, [10.0, 10.0], [9, 1], [(0.0, 1), (50.0, 9)], [(5.0, 0)])
    assert found.removal_day.tolist() == [[5.0, 25.0]]


@both
def test_incident_of_a_finished_or_lost_job_does_not_happen(futures: Futures) -> None:
    """Nothing explodes twice, nor after it was destroyed."""
    found = future_of(futures, [10.0, 10.0], [1, 1], [(0.0, 2)], [(4.0, 1), (30.0, 0), (40.0, 1)])
    assert found.accepted.tolist() == [True, False, False]
    assert found.removal_day.tolist() == [[20.0, 4.0]]


@both
def test_job_under_way_may_still_be_lost(futures: Futures) -> None:
    """A job that an incident interrupts explodes itself during the stop, and the next begins after it all."""
    found = future_of(futures, [10.0, 5.0, 5.0], [1, 1, 1], [(0.0, 3)], [(5.0, 1), (9.0, 0)])
    assert found.removal_day.tolist() == [[9.0, 5.0, 24.0]]


def test_work_grows_with_the_queue_and_not_with_tail_times_incidents() -> None:
    """With an incident a day, each stretch that is worked out is short, whatever the length of the queue."""
    counts = []

    def counting(work: np.ndarray, released: np.ndarray, cursor: float = 0.0) -> np.ndarray:
        counts.append(work.size)
        return finish_worked(work, released, cursor)

    jobs = 4000
    incidents = [(0.5 + day, jobs - 1 - day) for day in range(90)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(progress, "finish_worked", counting)
        found = future_of(
            progress.futures, [HORIZON / jobs] * jobs, [1] * jobs, [(0.0, jobs)], incidents, stop_days=0.5
        )
    assert found.accepted.all()
    assert found.passes == len(counts) > 80
    assert sum(counts) < jobs + len(counts) * (2 * LOOK_AHEAD)


def walked(
    queue: tuple[list[float], list[int]],
    money: list[tuple[float, int]],
    incidents: list[tuple[float, int]],
    down: list[tuple[float, float]],
    stop_days: float,
) -> list[float]:
    """Return removal days by a plain walk from one instant at which something may change to the next."""
    work, cost = list(queue[0]), list(queue[1])
    removal, now, cents, paid, closed = [np.inf] * len(work), 0.0, 0, -1, 0.0
    money, incidents = sorted(money), sorted(incidents)
    while now < HORIZON:
        while money and money[0][0] <= now:
            cents += money.pop(0)[1]
        while incidents and incidents[0][0] <= now:
            job = incidents.pop(0)[1]
            if removal[job] == np.inf:
                removal[job], closed = now, max(closed, now + stop_days)
        head = next((job for job in range(len(work)) if removal[job] == np.inf), -1)
        if head >= 0 and paid != head and cents >= cost[head]:
            cents, paid = cents - cost[head], head
        works = paid == head >= 0 and now >= closed and not any(a <= now < b for a, b in down)
        changes = [
            HORIZON,
            closed,
            *(d for d, _ in money),
            *(d for d, _ in incidents),
            *(x for ab in down for x in ab),
        ]
        until = min(change for change in changes if change > now)
        if works and now + work[head] <= until:
            now += work[head]
            removal[head] = now
        else:
            work[head] -= until - now if works else 0.0
            now = until
    return removal


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.data())
def test_future_equals_a_walk_through_time(data: st.DataObject) -> None:
    """Whatever the queue, money, stoppages and incidents, each job leaves on the walk's day."""
    size = data.draw(st.integers(1, 8))
    work = data.draw(st.lists(st.floats(0.1, 30.0), min_size=size, max_size=size))
    cost = data.draw(st.lists(st.integers(1, 9), min_size=size, max_size=size))
    money = [(20.0 * i, data.draw(st.integers(0, 12))) for i in range(4)]
    # Odd fractions: what happens at the very same instant has no order to be right about.
    incidents = sorted(
        (data.draw(st.integers(0, 980)) / 10.0 + 0.01234567 * (i + 1), data.draw(st.integers(0, size - 1)))
        for i in range(data.draw(st.integers(0, 5)))
    )
    cuts = sorted(set(data.draw(st.lists(st.integers(1, 990), max_size=6))))
    down = [(a / 10.0 + 0.00371, b / 10.0 + 0.00371) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    expected = walked((work, cost), money, incidents, down, 7.0)
    for futures in (progress.futures, fast.futures):
        found = future_of(futures, work, cost, money, incidents, down, 7.0).removal_day[0]
        assert found == pytest.approx(expected, rel=1e-9)


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.integers(0, 10_000))
def test_compiled_futures_equal_the_others(seed: int) -> None:
    """Many facilities with random queues: compiled kernels give the same days and the same incidents."""
    chance = np.random.default_rng(seed)
    facilities, jobs, candidates = 3, 80, 30
    calendar = Calendar.of(np.array([0.0, 30.0, 50.0, HORIZON]), np.array([0.5, 0.0, 1.0]))
    bounds = np.sort(chance.uniform(0.0, 1.2 * HORIZON, (facilities, 12)), axis=1)
    path = Stoppages.of(calendar, bounds[:, ::2], bounds[:, 1::2])
    tranche = np.append(np.linspace(0.0, 90.0, 10), np.inf)
    received = np.cumsum(chance.integers(0, 100, (facilities, 10)), axis=1)
    cost = chance.integers(1, 12, (facilities, jobs))
    queues = Queues.of(calendar, chance.exponential(0.8, (facilities, jobs)), cost, tranche, received)
    incidents = Incidents(
        np.sort(chance.uniform(0.0, HORIZON, candidates)),
        chance.integers(0, facilities, candidates),
        chance.integers(0, jobs, candidates),
    )
    one, two = (futures(queues, path, incidents, 5.0) for futures in (progress.futures, fast.futures))
    assert np.array_equal(one.accepted, two.accepted)
    assert two.removal_day == pytest.approx(one.removal_day, rel=EQUAL)
