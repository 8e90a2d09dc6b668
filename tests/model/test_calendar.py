from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.calendar import (
    availability,
    first_open_period,
    month_edges,
    nominal_working_days,
    open_share,
)
from worlds import facility, one_lot


def test_open_months_and_days_of_the_week() -> None:
    """Five days a week give 5/7 of an open month and nothing of a closed one."""
    summer = facility(open_months=(4, 5, 6, 7, 8, 9, 10), working_days_per_week=5.0)
    shares = [open_share(summer, dt.date(2026, month, 1)) for month in range(1, 13)]
    assert shares == pytest.approx([0, 0, 0, *[5.0 / 7.0] * 7, 0, 0])


def test_plant_that_never_breaks_is_always_available() -> None:
    """Without breakdowns and weather stops all open time is working time."""
    assert availability(facility()) == 1.0


def test_availability_under_breakdowns_is_up_over_up_plus_down() -> None:
    """60 days between breakdowns and 6 days of repair leave 10/11."""
    plant = facility(breakdown_mean_days=60.0, repair_mean_days=6.0)
    assert availability(plant) == pytest.approx(60.0 / 66.0)


def test_availability_under_weather_and_breakdowns() -> None:
    """Twelve stops a year of two days leave 30.4375 / 32.4375, times what breakdowns leave."""
    plant = facility(
        breakdown_mean_days=60.0,
        repair_mean_days=6.0,
        weather_stops_per_year=12.0,
        weather_stop_mean_days=2.0,
    )
    assert availability(plant) == pytest.approx(10.0 / 11.0 * 30.4375 / 32.4375)


def test_month_edges_cover_the_horizon() -> None:
    """Two years have 24 months, from the start to the end of the horizon."""
    edges = month_edges(one_lot(start=dt.date(2026, 4, 1)))
    assert len(edges) == 25
    assert (edges[0], edges[9], edges[-1]) == (dt.date(2026, 4, 1), dt.date(2027, 1, 1), dt.date(2028, 4, 1))


def test_working_days_by_hand() -> None:
    """A range open April to October on weekdays works 91, 92 and 31 days × 5/7 in the last three quarters."""
    summer = facility(open_months=tuple(range(4, 11)), working_days_per_week=5.0)
    daily = facility("F2", breakdown_mean_days=60.0, repair_mean_days=6.0)
    days = nominal_working_days(one_lot(facilities=[summer, daily], horizon_years=1))
    assert days[0] == pytest.approx(np.array([0, 91, 92, 31]) * 5.0 / 7.0)
    assert days[1] == pytest.approx(np.array([90, 91, 92, 92]) * 10.0 / 11.0)


def test_leap_day_is_worked() -> None:
    """The first quarter of 2028 has 91 days."""
    days = nominal_working_days(one_lot(start=dt.date(2028, 1, 1), horizon_years=1))
    assert days == pytest.approx(np.array([[91, 91, 92, 92]]))


def test_months_as_periods_add_up_to_quarters() -> None:
    """The same plant works as many days in a quarter as in its three months."""
    summer = facility(open_months=(3, 4, 7), working_days_per_week=6.0)
    quarters = nominal_working_days(one_lot(facilities=[summer]))
    months = nominal_working_days(one_lot(facilities=[summer], period="month"))
    assert months.shape == (1, 24)
    assert months.reshape(8, 3).sum(axis=1) == pytest.approx(quarters[0])


@pytest.mark.parametrize(
    ("lead_time_days", "ordered", "opens"),
    [(0, 0, 0), (0, 3, 3), (1, 0, 1), (90, 0, 1), (91, 0, 2), (90.5, 0, 2), (180, 7, 8), (10_000, 0, 8)],
)
def test_first_open_period_by_hand(lead_time_days: float, ordered: int, opens: int) -> None:
    """From 1 January 2026 the second quarter starts on day 90; beyond the horizon it is T = 8."""
    scenario = one_lot(facilities=[facility(lead_time_days=lead_time_days)])
    assert first_open_period(scenario, lead_time_days, ordered) == opens


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 900), st.integers(0, 7))
def test_first_open_period_is_the_first_that_starts_late_enough(lead_time_days: int, ordered: int) -> None:
    """The period found starts a lead time or more after the order, and the one before does not."""
    scenario = one_lot(facilities=[facility(lead_time_days=float(lead_time_days))])
    dates = scenario.period_dates[:-1]
    found = first_open_period(scenario, lead_time_days, ordered)
    waits = [(date - dates[ordered]).days for date in dates]
    assert found == 8 or waits[found] >= lead_time_days
    assert found == 0 or waits[found - 1] < lead_time_days
