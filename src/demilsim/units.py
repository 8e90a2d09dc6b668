"""The only place that converts units: mass, money, temperature, time and calendar.

Ledgers hold integers (grams, cents) so that they close exactly; everything else is a float in the
unit that its name ends in. Simulation time is in days since the scenario's start.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

GRAMS_PER_TONNE = 1_000_000
GRAMS_PER_KG = 1_000
CENTS_PER_USD = 100
DAYS_PER_YEAR = 365.25
KELVIN_OFFSET = 273.15
MONTHS_PER_YEAR = 12
HOURS_PER_DAY = 24

PeriodLength = Literal["month", "quarter"]
PERIOD_MONTHS: dict[PeriodLength, int] = {"month": 1, "quarter": 3}


def grams(mass_t: float) -> int:
    """Return a mass [t] as whole grams, rounded half to even."""
    return round(mass_t * GRAMS_PER_TONNE)


def tonnes(mass_g: float) -> float:
    """Return a mass [g] in tonnes."""
    return mass_g / GRAMS_PER_TONNE


def cents(amount_usd: float) -> int:
    """Return an amount [USD] as whole cents, rounded half to even."""
    return round(amount_usd * CENTS_PER_USD)


def usd(amount_cents: float) -> float:
    """Return an amount [cents] in US dollars."""
    return amount_cents / CENTS_PER_USD


def kelvin(temperature_c: float) -> float:
    """Return a temperature [°C] in kelvin."""
    return temperature_c + KELVIN_OFFSET


def years(duration_days: float) -> float:
    """Return a duration [d] in years of 365.25 days."""
    return duration_days / DAYS_PER_YEAR


def day_of(date: dt.date, start: dt.date) -> int:
    """Return the simulation day [d] on which a calendar date begins; negative before the start."""
    return (date - start).days


def date_of(day: float, start: dt.date) -> dt.date:
    """Return the calendar date that holds a simulation day [d]."""
    return start + dt.timedelta(days=int(day // 1))


def add_months(date: dt.date, months: int) -> dt.date:
    """Return the first-of-month date `months` later; the day of the month must exist there."""
    index = date.year * MONTHS_PER_YEAR + date.month - 1 + months
    return date.replace(year=index // MONTHS_PER_YEAR, month=index % MONTHS_PER_YEAR + 1)


def period_starts(start: dt.date, horizon_years: int, period: PeriodLength) -> tuple[dt.date, ...]:
    """Return the first date of each planning period and, last, the end of the horizon.

    Parameters
    ----------
    start
        Start of the scenario, a first day of a month.
    horizon_years
        Whole years, >= 1.
    period
        Length of a planning period.

    Returns
    -------
    tuple of date
        T + 1 dates for T periods.
    """
    step = PERIOD_MONTHS[period]
    return tuple(add_months(start, m) for m in range(0, horizon_years * MONTHS_PER_YEAR + 1, step))
