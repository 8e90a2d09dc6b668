"""What disturbs the facilities of the SimPy reference, from the keyed draws."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.simulation.draws import Draws
from demilsim.simulation.streams import Purpose, depth_for
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR

ALL_YEAR = frozenset(range(1, 13))

SPARE = 8
"""Draws of stops ahead where times are less regular than exponential ones, over what those need."""

STOPS = ((Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN), (Purpose.WEATHER_UP, Purpose.WEATHER_DOWN))
"""Purposes of the draws of each sort of stop: time until it, and its length."""


@dataclass(frozen=True, slots=True)
class Chance:
    """What disturbs one facility.

    Parameters
    ----------
    stops
        Alternating lengths (up, down) of each sort of stop [d].
    accident_at_g, accident_deaths
        Processed mass at which accidents happen [g], and the uniforms of their deaths.
    stop_days
        Stoppage after an accident [d].
    seasons
        Calendar months in which time until a stop runs, for each sort.
    objection_days
        From the opening to the first objection [d]; infinite if none comes.
    """

    stops: Sequence[Iterable[tuple[float, float]]]
    accident_at_g: Sequence[float]
    accident_deaths: Sequence[float]
    stop_days: float
    seasons: Sequence[frozenset[int]]
    objection_days: float


def facility_chances(world: World, draws: Draws) -> list[Chance]:
    """Return what disturbs each facility, from the keyed draws."""
    stop_days = world.scenario.register.destruction.stop_after_accident_days
    rows = world.scenario.facilities
    means = [
        (
            (f.breakdown_mean_days or 0.0, f.repair_mean_days or 0.0),
            (DAYS_PER_YEAR / (f.weather_stops_per_year or np.inf), f.weather_stop_mean_days or 0.0),
        )
        for f in rows
    ]
    shapes = [((f.breakdown_shape, f.repair_shape), (1.0, 1.0)) for f in rows]
    stops: list[list[Iterable[tuple[float, float]]]] = [[] for _ in means]
    for sort, purposes in enumerate(STOPS):
        shortest = min((mean[sort][0] for mean in means if all(mean[sort])), default=np.inf)
        irregular = any(min(shape[sort]) < 1.0 for shape in shapes)
        depth = depth_for(world.horizon / shortest) * (SPARE if irregular else 1)
        up, down = (draws.streams.exponential(p, world.facility_keys, depth) for p in purposes)
        for i, mean in enumerate(means):
            if all(mean[sort]):
                times = (
                    average * unit ** (1.0 / shape) / math.gamma(1.0 + 1.0 / shape)
                    for average, unit, shape in zip(
                        mean[sort], (up[i], down[i]), shapes[i][sort], strict=True
                    )
                )
                stops[i].append(zip(*(column.tolist() for column in times), strict=True))
    seasons = [
        [season for sort, season in enumerate((ALL_YEAR, frozenset(f.weather_months))) if all(mean[sort])]
        for f, mean in zip(rows, means, strict=True)
    ]
    return [
        Chance(own, at, deaths, stop_days, season, objection)
        for own, at, deaths, season, objection in zip(
            stops,
            draws.accident_at_g.tolist(),
            draws.accident_deaths.tolist(),
            seasons,
            draws.objection_days.tolist(),
            strict=True,
        )
    ]
