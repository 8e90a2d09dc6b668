"""What keeps facilities from work: breakdowns, weather, objections, late opening; drawn before the run."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import gamma, ndtri

from demilsim.errors import StreamExhaustedError
from demilsim.model.calendar import has_season, month_edges
from demilsim.plan import Floats
from demilsim.simulation.pace import Pace
from demilsim.simulation.streams import Purpose, Streams, depth_for
from demilsim.simulation.working_time import WorkingTime, working_times_at
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR

FIRST_BLOCK_SIGMAS = 4.0
"""Room of the first block of stops, in standard deviations of a Poisson count; seldom too little."""


def draw_working_times(
    world: World, streams: Streams, objections: Floats
) -> tuple[tuple[WorkingTime, ...], Floats]:
    """Return each facility's calendar less its stops, and its readings at the knots.

    As if open throughout; objections act on existing facilities, since for others they follow their opening.

    Parameters
    ----------
    world, streams
        Of the replication.
    objections
        Days from opening to the first objection [d], see `draw_objections`.

    Returns
    -------
    tuple
        Working time of each facility, and the same at each knot [working d], shape (knot, facility).
    """
    facilities = world.scenario.facilities
    breakdowns, weather = draw_stops(world, streams)
    paths, readings = working_times_at(
        world.knots,
        *world.opening,
        np.hstack([breakdowns[0], weather[0]]),
        np.hstack([breakdowns[1], weather[1]]),
    )
    if np.isfinite(objections).any():
        paths = tuple(
            Pace(f, 0.0, day).slow(path) if f.status == "existing" else path
            for f, day, path in zip(facilities, objections.tolist(), paths, strict=True)
        )
        columns = [np.interp(world.knots, path.days, path.worked) for path in paths]
        readings = np.array(columns, dtype=float).reshape(len(paths), world.knots.size)
    return paths, readings.T


def draw_stops(world: World, streams: Streams) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
    """Return starts and ends of breakdowns, and of weather stops [d], shape (facility, stop)."""
    broken, stormy = world.stops
    breakdowns = _renewals(world, streams, (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN), broken)
    weather = _renewals(world, streams, (Purpose.WEATHER_UP, Purpose.WEATHER_DOWN), stormy)
    seasonal = _seasonal_weather(world, streams)
    start, end = (np.hstack(pair) for pair in zip(weather, seasonal, strict=True))
    return breakdowns, (start, end)


def draw_objections(world: World, streams: Streams) -> Floats:
    """Return the days from the opening of each facility to the first objection [d], infinite if none."""
    facilities = world.scenario.facilities
    per_day = np.array([f.objections_per_year for f in facilities], dtype=float) / DAYS_PER_YEAR
    if not per_day.any():
        return np.full(per_day.size, np.inf)
    gaps = streams.exponential(Purpose.OBJECTION, world.facility_keys)[:, 0]
    return np.divide(gaps, per_day, out=np.full(per_day.size, np.inf), where=per_day > 0.0)


def draw_lead_times(world: World, streams: Streams) -> Floats:
    """Return the lead time of each facility [d]: lognormal, with the mean that its row gives."""
    facilities = world.scenario.facilities
    lead = np.array([f.lead_time_days for f in facilities], dtype=float)
    sigma = np.array([f.lead_time_sigma for f in facilities], dtype=float)
    if not sigma.any():
        return lead
    z = ndtri(streams.uniform(Purpose.LEAD_TIME, world.facility_keys)[:, 0])
    drawn = lead * np.exp(sigma * z - 0.5 * sigma**2)
    # None can open later than after the horizon, and dates end in the year 9999.
    return np.where(sigma > 0.0, np.minimum(drawn, world.horizon + 1.0), lead)


def _renewals(
    world: World, streams: Streams, purposes: tuple[Purpose, Purpose], processes: Floats
) -> tuple[Floats, Floats]:
    """Return starts and ends of the down times of each facility over the horizon [d], (facility, stop).

    Alternating renewal with Weibull up and down times of given means; shape 1 is exponential. A facility
    whose mean down time is zero has none. Rows are filled up with infinity. Processes as in `stops`.
    """
    mean_up, mean_down, up_shape, down_shape = processes
    stop = np.flatnonzero(mean_down > 0.0)
    if not stop.size:
        return np.empty((mean_up.size, 0)), np.empty((mean_up.size, 0))
    keys = world.facility_keys[stop]
    cycles = world.horizon / float((mean_up + mean_down)[stop].min())
    depth = math.ceil(cycles + FIRST_BLOCK_SIGMAS * math.sqrt(cycles) + 1.0)
    while True:
        ups, length = streams.exponentials(purposes, keys, depth)
        ups = _weibull(ups, mean_up[stop], up_shape[stop])
        length = _weibull(length, mean_down[stop], down_shape[stop])
        ended = np.cumsum(ups + length, axis=1)
        if ended[:, -1].min() >= world.horizon:
            break
        # Cycles of a shape below 1 are less regular than a Poisson process of their rate.
        depth *= 2
    began = ended - length
    inside = began < world.horizon
    used = int(np.count_nonzero(inside, axis=1).max())
    start, end = np.full((2, mean_up.size, used), np.inf)
    start[stop] = np.where(inside, began, np.inf)[:, :used]
    end[stop] = np.where(inside, ended, np.inf)[:, :used]
    return start, end


def _weibull(unit: Floats, mean: Floats, shape: Floats) -> Floats:
    """Return Weibull deviates of given means and shapes, shape (facility, stop); overwrites its argument.

    Parameters
    ----------
    unit
        Unit exponential deviates, shape (facility, stop).
    mean, shape
        Shape (facility,).
    """
    other = np.flatnonzero(shape != 1.0)
    unit[other] = unit[other] ** (1.0 / shape[other, None]) / gamma(1.0 + 1.0 / shape[other, None])
    unit *= mean[:, None]
    return unit


def _seasonal_weather(world: World, streams: Streams) -> tuple[Floats, Floats]:
    """Return starts and ends of weather stops that begin in some months only [d], shape (facility, stop).

    Time up is exponential and runs in those months alone; a stop runs its length, into other months too.
    Rows are filled up with infinity.
    """
    facilities = world.scenario.facilities
    rows = [i for i, facility in enumerate(facilities) if has_season(facility)]
    if not rows:
        return np.empty((len(facilities), 0)), np.empty((len(facilities), 0))
    found = [_season_stops(world, streams, row) for row in rows]
    start, end = np.full((2, len(facilities), max(map(len, found))), np.inf)
    for row, stops in zip(rows, found, strict=True):
        if stops:
            start[row, : len(stops)], end[row, : len(stops)] = zip(*stops, strict=True)
    return start, end


def _season_stops(world: World, streams: Streams, row: int) -> list[tuple[float, float]]:
    facility = world.scenario.facilities[row]
    mean_up, mean_down = DAYS_PER_YEAR / facility.weather_stops_per_year, facility.weather_stop_mean_days
    assert mean_down is not None, "a scenario's checks ask for the length of stops"
    months = month_edges(world.scenario)[:-1]
    share = np.array([month.month in facility.weather_months for month in months], dtype=float)
    in_season = np.concatenate([[0.0], np.cumsum(share * np.diff(world.calendar_edges))])
    season = WorkingTime(world.calendar_edges.tolist(), in_season.tolist())
    depth = depth_for(world.horizon / mean_up)
    purposes = (Purpose.WEATHER_UP, Purpose.WEATHER_DOWN)
    ups, downs = streams.exponentials(purposes, world.facility_keys[row : row + 1], depth)[:, 0].tolist()
    stops: list[tuple[float, float]] = []
    day = 0.0
    for up, down in zip(ups, downs, strict=True):
        begins = season.when(season.at(day) + up * mean_up)
        if begins >= world.horizon:
            return stops
        day = begins + down * mean_down
        stops.append((begins, day))
    raise StreamExhaustedError("more weather stops of a facility than the block of draws holds")
