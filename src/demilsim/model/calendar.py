"""Working days: what the calendar, weather stops and breakdowns leave of a facility's year."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from demilsim.model.pace import expected_pace
from demilsim.plan import Floats, Ints
from demilsim.scenario.column_types import ALL_MONTHS
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility
from demilsim.units import DAYS_PER_YEAR, add_months

DAYS_PER_WEEK = 7.0

Bools = npt.NDArray[np.bool_]


def open_share(facility: Facility, date: dt.date) -> float:
    """Return the working days per calendar day in the month that begins on `date` [1]."""
    return facility.working_days_per_week / DAYS_PER_WEEK if date.month in facility.open_months else 0.0


def availability(facility: Facility) -> float:
    """Return the long-run share of open time that breakdowns and weather leave [1], the latter in its season.

    Alternating renewal: mean up time over mean up plus mean down time, whatever their distributions, for
    breakdowns and weather independently.
    """
    share = breakdown_availability(facility)
    if facility.weather_stops_per_year and facility.weather_stop_mean_days:
        between = DAYS_PER_YEAR / facility.weather_stops_per_year
        share *= between / (between + facility.weather_stop_mean_days)
    return share


def breakdown_availability(facility: Facility) -> float:
    """Return the long-run share of time that breakdowns leave [1]."""
    if not (facility.breakdown_mean_days and facility.repair_mean_days):
        return 1.0
    return facility.breakdown_mean_days / (facility.breakdown_mean_days + facility.repair_mean_days)


def has_season(facility: Facility) -> bool:
    """Return whether weather stops begin in some months only."""
    return bool(facility.weather_stops_per_year) and set(facility.weather_months) != set(ALL_MONTHS)


def stops(facilities: Sequence[Facility]) -> tuple[Floats, Floats]:
    """Return the renewal processes of breakdowns, and of weather stops that may begin all the year.

    Returns
    -------
    tuple
        Each shape (4, facility): mean up and down time [d], and their Weibull shapes [1]. A facility whose
        mean down time is 0 has no such stops.
    """
    breakdowns = [
        (f.breakdown_mean_days or 0.0, f.repair_mean_days or 0.0, f.breakdown_shape, f.repair_shape)
        for f in facilities
    ]
    weather = [
        (DAYS_PER_YEAR / f.weather_stops_per_year, f.weather_stop_mean_days or 0.0, 1.0, 1.0)
        if f.weather_stops_per_year and not has_season(f)
        else (0.0, 0.0, 1.0, 1.0)
        for f in facilities
    ]
    first, second = (np.array(rows, dtype=float).reshape(-1, 4).T for rows in (breakdowns, weather))
    return first, second


def monthly_availability(facility: Facility, edges: tuple[dt.date, ...]) -> Floats:
    """Return the expected share of each month that breakdowns and weather leave [1], shape (month,).

    Weather is a Markov chain of two states. With a season, the chance p of a stop under way follows
    dp/dt = (1 - p) / between - p / length from p = 0 at the start, without the first term out of season.
    """
    lengths = np.diff([edge.toordinal() for edge in edges])
    if not (has_season(facility) and facility.weather_stop_mean_days):
        return np.full(lengths.size, availability(facility))
    ends, stopped, up = 1.0 / facility.weather_stop_mean_days, 0.0, []
    for edge, days in zip(edges, lengths.tolist(), strict=False):
        in_season = edge.month in facility.weather_months
        begins = facility.weather_stops_per_year / DAYS_PER_YEAR if in_season else 0.0
        change = begins + ends
        limit, kept = begins / change, float(np.exp(-change * days))
        up.append(1.0 - limit - (stopped - limit) * (1.0 - kept) / (change * days))
        stopped = limit + (stopped - limit) * kept
    return breakdown_availability(facility) * np.array(up)


def month_edges(scenario: Scenario) -> tuple[dt.date, ...]:
    """Return the first day of each month of the horizon and, last, its end."""
    edges = [scenario.period_dates[0]]
    while edges[-1] < scenario.period_dates[-1]:
        edges.append(add_months(edges[-1], 1))
    return tuple(edges)


def monthly_open_share(scenario: Scenario) -> Floats:
    """Return `open_share` of each facility in each month of the horizon [1], shape (facility, month)."""
    months = month_edges(scenario)[:-1]
    shares = [[open_share(facility, month) for month in months] for facility in scenario.facilities]
    return np.array(shares, dtype=float).reshape(len(scenario.facilities), len(months))


def merged_months(edges: Floats, share: Floats) -> tuple[Floats, Floats]:
    """Return a calendar without the turns of months at which no facility changes.

    Parameters
    ----------
    edges
        First days of the months and, last, the end [d], shape (month + 1,).
    share
        Working days per day [1], shape (facility, month).
    """
    turns = np.flatnonzero(np.any(share[:, 1:] != share[:, :-1], axis=0)) + 1
    kept = np.concatenate([[0], turns])
    return np.append(edges[kept], edges[-1]), np.ascontiguousarray(share[:, kept])


def year_knots(scenario: Scenario) -> Ints:
    """Return the indices of the knots a whole number of years after the start, and of the last."""
    dates = scenario.period_dates
    knots = [i for i, date in enumerate(dates) if date.month == dates[0].month]
    return np.array(sorted({*knots, len(dates) - 1}), dtype=np.int64)


def nominal_working_days(scenario: Scenario) -> Floats:
    """Return working days of each facility in each period as if open throughout and at full pace.

    Expected over breakdowns and weather; without learning and objections.

    Returns
    -------
    ndarray
        Working days [d], shape (facility, period).
    """
    edges = month_edges(scenario)
    ordinal = np.array([edge.toordinal() for edge in edges])
    length = np.diff(ordinal)
    periods = np.searchsorted(ordinal, [date.toordinal() for date in scenario.period_dates])
    days = []
    for facility in scenario.facilities:
        worked = length * np.array([open_share(facility, edge) for edge in edges[:-1]])
        worked *= monthly_availability(facility, edges)
        cumulative = np.concatenate([[0.0], np.cumsum(worked)])
        days.append(np.diff(cumulative[periods]))
    return np.array(days).reshape(len(scenario.facilities), scenario.periods)


def expected_working_days(scenario: Scenario) -> Floats:
    """Return `nominal_working_days` with the objections that existing facilities can expect.

    What a commissioned facility can expect depends on when it opens: see `pace.expected_pace`.

    Returns
    -------
    ndarray
        Working days [d], shape (facility, period).
    """
    days = nominal_working_days(scenario)
    for row, facility in enumerate(scenario.facilities):
        if facility.status == "existing" and facility.objections_per_year:
            days[row] *= expected_pace(scenario, facility, 0.0)
    return days


def departure_days(scenario: Scenario) -> Floats:
    """Return when a load leaves that is ready at the start of a period.

    At once if its road is open in that month, else on the first day of the next month in which it is.

    Returns
    -------
    ndarray
        Days since the start [d]; infinite if the road stays closed up to the horizon. Shape (route, period).
    """
    edges, starts = month_edges(scenario), scenario.period_dates[:-1]
    day = np.array([(edge - starts[0]).days for edge in edges[:-1]], dtype=float)
    ready = np.searchsorted(day, [(start - starts[0]).days for start in starts])
    departs = np.empty((len(scenario.routes), len(starts)))
    for row, route in enumerate(scenario.routes):
        is_open = np.array([edge.month in route.open_months for edge in edges[:-1]], dtype=bool)
        # Backwards, so that each closed month takes the day of the next open one.
        leaves = np.minimum.accumulate(np.where(is_open, day, np.inf)[::-1])[::-1]
        departs[row] = leaves[ready]
    return departs


def roads_open(scenario: Scenario) -> Bools:
    """Return whether a load can leave in a period, shape (route + 1, period); the last row, on site, can."""
    ends = [(date - scenario.period_dates[0]).days for date in scenario.period_dates[1:]]
    leaves = departure_days(scenario) < np.array(ends, dtype=float)
    return np.vstack([leaves, np.ones((1, scenario.periods), dtype=bool)])


def first_open_period(scenario: Scenario, lead_days: float, ordered: int) -> int:
    """Return the first period that starts a lead time [d] or more after an order; T if none does."""
    opened = scenario.period_dates[ordered] + dt.timedelta(days=math.ceil(lead_days))
    return sum(date < opened for date in scenario.period_dates[:-1])
