from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim import units


@settings(derandomize=True)
@given(st.integers(0, 10**13))
def test_grams_survive_tonnes(mass_g: int) -> None:
    """Whole grams up to ten million tonnes come back from tonnes unchanged."""
    assert units.grams(units.tonnes(mass_g)) == mass_g


@settings(derandomize=True)
@given(st.integers(-(10**13), 10**13))
def test_cents_survive_dollars(amount_cents: int) -> None:
    """Whole cents up to a hundred billion dollars come back from dollars unchanged."""
    assert units.cents(units.usd(amount_cents)) == amount_cents


def test_ledgers_hold_integers() -> None:
    """Mass and money become integers of the right size, rounded half to even."""
    assert units.grams(1.5) == 1_500_000
    assert units.cents(19.99) == 1999
    assert [units.cents(x) for x in (0.125, 0.375)] == [12, 38]
    assert [units.grams(x) for x in (0.5e-6, 1.5e-6)] == [0, 2]
    assert isinstance(units.grams(2.0), int)
    assert isinstance(units.cents(2.0), int)


def test_ten_cents_ten_times_is_a_dollar() -> None:
    """Sums of cents close exactly where sums of dollars do not."""
    assert sum(units.cents(0.10) for _ in range(10)) == units.cents(1.00)
    assert sum(0.10 for _ in range(10)) != 1.00


def test_temperature_and_time() -> None:
    """0 °C is 273.15 K; four years of 365.25 days are 1461 days."""
    assert units.kelvin(0.0) == 273.15
    assert units.kelvin(25.0) == 298.15
    assert units.years(1461.0) == 4.0


def test_days_since_the_start() -> None:
    """The start is day 0; a day earlier is negative; a leap day counts."""
    start = dt.date(2028, 1, 1)
    assert units.day_of(start, start) == 0
    assert units.day_of(dt.date(2027, 12, 31), start) == -1
    assert units.day_of(dt.date(2028, 3, 1), start) == 60


@settings(derandomize=True)
@given(st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1)), st.integers(-3650, 36500), st.floats(0.0, 0.999))
def test_dates_and_days_are_inverse(start: dt.date, day: int, part: float) -> None:
    """Any instant within a day falls on that day's date, before the start too."""
    assert units.day_of(units.date_of(day + part, start), start) == day


def test_months_later() -> None:
    """Months roll over the new year in both directions."""
    assert units.add_months(dt.date(2026, 11, 1), 2) == dt.date(2027, 1, 1)
    assert units.add_months(dt.date(2026, 11, 1), 1) == dt.date(2026, 12, 1)
    assert units.add_months(dt.date(2026, 1, 1), -1) == dt.date(2025, 12, 1)
    assert units.add_months(dt.date(2026, 5, 1), 36) == dt.date(2029, 5, 1)
    assert units.add_months(dt.date(2026, 5, 1), 0) == dt.date(2026, 5, 1)


def test_a_day_that_does_not_exist_is_an_error() -> None:
    """There is no 30th of February to move to."""
    with pytest.raises(ValueError, match="day"):
        units.add_months(dt.date(2026, 1, 30), 1)


@pytest.mark.parametrize(("period", "per_year", "months"), [("month", 12, 1), ("quarter", 4, 3)])
def test_periods_tile_the_horizon(period: units.PeriodLength, per_year: int, months: int) -> None:
    """Three years have T + 1 dates, equally many months apart, from the start to the end."""
    dates = units.period_starts(dt.date(2026, 4, 1), 3, period)
    assert len(dates) == 3 * per_year + 1
    assert (dates[0], dates[-1]) == (dt.date(2026, 4, 1), dt.date(2029, 4, 1))
    steps = {(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(dates)}
    assert steps == {months}
