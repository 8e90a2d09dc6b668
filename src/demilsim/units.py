"""The only place that converts units: mass, money, temperature, time and calendar.

Ledgers hold integers (grams, cents) so that they close exactly; everything else is a float in the
unit that its name ends in. Simulation time is in days since the scenario's start.
"""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Literal

GRAMS_PER_TONNE = 1_000_000
GRAMS_PER_KG = 1_000
KG_PER_TONNE = 1_000.0
CENTS_PER_USD = 100
DAYS_PER_YEAR = 365.25
KELVIN_OFFSET = 273.15
MONTHS_PER_YEAR = 12
HOURS_PER_DAY = 24

UNITS: dict[str, tuple[str, Fraction]] = {
    "kg": ("mass", Fraction(1)),
    "g": ("mass", Fraction(1, GRAMS_PER_KG)),
    "t": ("mass", Fraction(GRAMS_PER_TONNE, GRAMS_PER_KG)),
    "kt": ("mass", Fraction(GRAMS_PER_TONNE)),
    # International pound, exact by definition (1959).
    "lb": ("mass", Fraction("0.45359237")),
    "m": ("length", Fraction(1)),
    "km": ("length", Fraction(1000)),
    "d": ("time", Fraction(1)),
    "h": ("time", Fraction(1, HOURS_PER_DAY)),
    "weeks": ("time", Fraction(7)),
    "months": ("time", Fraction(DAYS_PER_YEAR) / MONTHS_PER_YEAR),
    "yr": ("time", Fraction(DAYS_PER_YEAR)),
    "1": ("number", Fraction(1)),
    "%": ("number", Fraction(1, 100)),
    "persons": ("persons", Fraction(1)),
    "°C": ("temperature", Fraction(1)),
    "K": ("temperature difference", Fraction(1)),
    "degrees": ("angle", Fraction(1)),
}
"""Units that a quantity may be written in: dimension, and size in the first unit of that dimension."""

UNIT_WORDS = {
    "kilogram": "kg", "kilograms": "kg", "gram": "g", "grams": "g", "tonne": "t", "tonnes": "t", "lbs": "lb",
    "pound": "lb", "pounds": "lb", "metre": "m", "metres": "m", "kilometre": "km", "kilometres": "km",
    "day": "d", "days": "d", "hour": "h", "hours": "h", "week": "weeks", "month": "months", "year": "yr",
    "years": "yr", "a": "yr", "person": "persons", "people": "persons", "°c": "°C", "degc": "°C", "c": "°C",
    "°": "degrees", "deg": "degrees", "degree": "degrees", "percent": "%", "k": "K",
}  # fmt: skip
"""Other ways to write them, in small letters."""

MULTIPLES = {"k": 1_000, "thousand": 1_000, "M": 1_000_000, "million": 1_000_000, "Mio": 1_000_000,
             "Mio.": 1_000_000}  # fmt: skip
"""What may stand before a currency."""

_MONEY = re.compile(rf"(?:({'|'.join(map(re.escape, MULTIPLES))}) ?)?([A-Z]{{3}}|US\$|\$)")

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


def conversion_factor(given: str, wanted: str) -> Fraction | None:
    """Return how many of the wanted unit one of the given unit is; None if they measure different things.

    Parameters
    ----------
    given
        A unit as somebody may write it: ``kg``, ``MUSD``, ``t per day``, ``USD/(t km)``.
    wanted
        A unit as the register and the tables' descriptions write it.
    """
    one, other = _unit(given), _unit(wanted)
    return one[1] / other[1] if one and other and one[0] == other[0] else None


def units_like(wanted: str) -> tuple[str, ...]:
    """Return the units in which a quantity may be given instead, for a message."""
    above, slash, below = wanted.partition("/")
    known = UNITS.get(above)
    if known and above != "1":
        return tuple(f"{name}{slash}{below}" for name, unit in UNITS.items() if unit[0] == known[0])
    if _MONEY.fullmatch(above):
        return tuple(f"{multiple}{above}{slash}{below}" for multiple in ("", "k", "M"))
    return (wanted, "%") if wanted == "1" else (wanted,)


def _unit(text: str) -> tuple[tuple[str, ...], Fraction] | None:
    """Return the dimensions of a unit, above and below the line, with its size; None if it is none."""
    plain = re.sub(r"\s+per\s+|\s*/\s*", "/", f" {text.strip()}").strip()
    above, *below = (part.strip("() ") for part in plain.split("/"))
    first = _atom(above or "1")
    others = [_atom(name) for part in below for name in part.split()]
    if first is None or not all(others) or len(others) < len(below):
        return None
    size = first[1]
    for other in others:
        size /= other[1] if other else 1
    return (first[0], *sorted(other[0] for other in others if other)), size


def _atom(name: str) -> tuple[str, Fraction] | None:
    known = UNITS.get(name) or UNITS.get(UNIT_WORDS.get(name.lower(), name.lower()))
    if known:
        return known
    money = _MONEY.fullmatch(name)
    if not money:
        return None
    currency = "USD" if "$" in money[2] else money[2]
    return f"money {currency}", Fraction(MULTIPLES.get(money[1] or "", 1))
