"""Working days of one facility: stops, closures and paces on its calendar."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.calendar import availability
from demilsim.simulation.working_time import WorkingTime, working_time, working_times
from stories import drawn
from worlds import facility, rate, world

EMPTY = np.empty(0)


def days(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def test_calendar_with_stops_by_hand() -> None:
    """Ten full days, ten half days and two overlapping stops leave 4 + 1 + 4 working days."""
    path = working_time(days(0, 10, 20), days(1.0, 0.5), days(4, 6), days(9, 8))
    assert path.days == [0, 4, 6, 8, 9, 10, 20]
    assert path.worked == [0, 4, 4, 4, 4, 5, 10]
    assert path.at(9.5) == 4.5
    assert path.at(12) == 6
    assert path.at(99) == 10


def test_when_is_the_first_day_on_which_the_work_is_done() -> None:
    """A job that ends as a stop begins is done that day, not when the stop is over."""
    path = working_time(days(0, 10, 20), days(1.0, 0.5), days(4), days(9))
    assert path.when(0.0) == 0.0
    assert path.when(4.0) == 4.0
    assert path.when(4.5) == 9.5
    assert path.when(10.0) == 20.0
    assert path.when(10.0001) == float("inf")


def test_stop_that_outlasts_the_horizon() -> None:
    """What lies beyond the last day of the calendar neither counts nor fails."""
    path = working_time(days(0, 10), days(1.0), days(8, 11), days(15, 12))
    assert path.at(10) == 8
    assert path.days[-1] == 10


def test_closed_by_hand() -> None:
    """Closing days 2 to 5 takes three working days off everything after."""
    path = WorkingTime([0.0, 4.0, 10.0], [0.0, 4.0, 7.0]).closed(2.0, 5.0)
    assert path.days == [0.0, 2.0, 5.0, 10.0]
    assert path.worked == [0.0, 2.0, 2.0, 4.5]


def test_closing_nothing_and_closing_all() -> None:
    """An empty closure changes no reading; a closure from first to last day leaves no work."""
    path = WorkingTime([0.0, 10.0], [0.0, 10.0])
    same = path.closed(10.0, 10.0).closed(0.0, 0.0).closed(3.0, 3.0)
    for day in (0.0, 1.0, 3.0, 7.5, 10.0, 11.0):
        assert same.at(day) == path.at(day)
    assert same.when(10.0) == 10.0
    shut = path.closed(0.0, 10.0)
    assert shut.at(10.0) == 0.0
    assert shut.when(1e-9) == float("inf")


def test_rounding_does_not_undo_work() -> None:
    """A closure whose loss rounds away what was done before it still leaves that work done."""
    path = WorkingTime([0.0, 30.0, 60.0], [0.0, 15.0, 15.0]).closed(1e-149, 30.0)
    assert path.worked == sorted(path.worked)
    assert path.when(path.at(1.0)) <= 1.0


interval = st.tuples(st.floats(0.0, 130.0), st.floats(0.0, 40.0)).map(lambda p: (p[0], p[0] + p[1]))


@st.composite
def paths(draw: st.DrawFn) -> tuple[WorkingTime, np.ndarray, np.ndarray, list[tuple[float, float]]]:
    share = np.array(draw(st.lists(st.sampled_from([0.0, 0.5, 5 / 7, 1.0]), min_size=1, max_size=4)))
    edges = 30.0 * np.arange(share.size + 1)
    stops = draw(st.lists(interval, max_size=5))
    path = working_time(edges, share, days(*(s for s, _ in stops)), days(*(e for _, e in stops)))
    return path, edges, share, stops


@settings(max_examples=60, derandomize=True, deadline=None)
@given(paths(), st.lists(interval, max_size=3), st.lists(st.floats(0.0, 120.0), min_size=1, max_size=8))
def test_at_equals_integration_and_when_inverts_it(
    made: tuple[WorkingTime, np.ndarray, np.ndarray, list[tuple[float, float]]],
    closures: list[tuple[float, float]],
    asked: list[float],
) -> None:
    """W(day) is the integral of open time outside all stops and closures, and `when` is its left inverse."""
    path, edges, share, stops = made
    last = float(edges[-1])
    for start, end in closures:
        if start < last:
            path = path.closed(start, min(end, last))
    blocked = [*stops, *((s, e) for s, e in closures if s < last)]
    for day in asked:
        cuts = {0.0, min(day, last), *edges.tolist(), *(x for b in blocked for x in b)}
        cuts = sorted(c for c in cuts if c <= min(day, last))
        expected = sum(
            (b - a) * float(share[int(0.5 * (a + b) // 30.0)])
            for a, b in pairwise(cuts)
            if not any(s < 0.5 * (a + b) < e for s, e in blocked)
        )
        worked = path.at(day)
        assert worked == pytest.approx(expected, abs=1e-9)
        first = path.when(worked)
        assert first <= min(day, last) + 1e-9
        assert path.at(first) == pytest.approx(worked, abs=1e-9)
    assert all(a <= b for a, b in pairwise(path.worked))


def test_availability_of_alternating_renewals() -> None:
    """Over 50 years of breakdowns and weather the worked share is up / (up + down), each on its own."""
    plant = {
        "breakdown_mean_days": 60.0, "repair_mean_days": 9.0, "weather_stops_per_year": 12.0,
        "weather_stop_mean_days": 4.0,
    }  # fmt: skip
    plants = [facility(f"F{i}", **plant) for i in range(40)]
    scenario = world(
        facilities=plants, facility_rates=[rate(f.facility_id) for f in plants], horizon_years=50
    )
    worked = [path.at(1e9) / path.days[-1] for r in range(4) for path in drawn(scenario, r)[1].working_time]
    assert availability(plants[0]) == pytest.approx(60 / 69 * 30.4375 / 34.4375)
    assert np.mean(worked) == pytest.approx(availability(plants[0]), rel=0.01)
    assert np.std(worked) > 0.001


def test_many_facilities_at_once_are_what_each_is_alone() -> None:
    """Rows do not meet: overlapping stops, stops beyond the horizon, and rows filled up with infinity."""
    share = np.array([[1.0, 0.5], [0.0, 1.0], [5 / 7, 0.25]])
    start = np.array([[4.0, 6.0, np.inf], [12.0, 25.0, 30.0], [0.0, 0.0, 19.0]])
    end = np.array([[9.0, 8.0, np.inf], [13.0, 26.0, 31.0], [1.0, 3.0, 21.0]])
    together = working_times(days(0, 10, 20), share, start, end)
    for row, path in enumerate(together):
        kept = np.isfinite(start[row])
        assert path == working_time(days(0, 10, 20), share[row], start[row, kept], end[row, kept])
    assert together[0] == working_time(days(0, 10, 20), days(1.0, 0.5), days(4, 6), days(9, 8))


def test_slowed_by_hand() -> None:
    """Half pace from day 2 to day 6 of ten full days takes two working days off everything after."""
    path = WorkingTime([0.0, 4.0, 10.0], [0.0, 4.0, 10.0]).slowed(2.0, 6.0, 0.5)
    assert path.days == [0.0, 2.0, 4.0, 6.0, 10.0]
    assert path.worked == [0.0, 2.0, 3.0, 4.0, 8.0]


def test_paces_that_follow_one_another_by_hand() -> None:
    """A quarter, then a half of the pace, in an interval that outlasts the calendar."""
    path = WorkingTime([0.0, 10.0], [0.0, 10.0]).paced([4.0, 6.0, 30.0], [0.25, 0.5])
    assert (path.days, path.worked) == ([0.0, 4.0, 6.0, 10.0], [0.0, 4.0, 4.5, 6.5])
    assert path.paced([10.0, 20.0], [0.0]) is path


@settings(max_examples=40, derandomize=True, deadline=None)
@given(paths(), interval, st.sampled_from([0.0, 0.3, 1.0]))
def test_slowing_scales_what_is_worked_within(
    made: tuple[WorkingTime, np.ndarray, np.ndarray, list[tuple[float, float]]],
    bounds: tuple[float, float],
    factor: float,
) -> None:
    """Within, the factor of the work is done; before and after all of it; at 0 it is a closure."""
    path, last = made[0], made[0].days[-1]
    start, end = min(bounds[0], last), min(bounds[1], last)
    slow = path.slowed(start, end, factor)
    for day in np.linspace(0.0, last, 17).tolist():
        within = path.at(min(max(day, start), end)) - path.at(start)
        assert slow.at(day) == pytest.approx(path.at(day) - (1.0 - factor) * within, abs=1e-9)
        if factor == 0.0:
            assert slow.at(day) == pytest.approx(path.closed(start, end).at(day), abs=1e-9)
    assert all(a <= b for a, b in pairwise(slow.worked))
