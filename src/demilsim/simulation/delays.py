"""Where a facility's working days go: done, or lost, each to a reason.

A facility's nominal working days are those of its calendar over the horizon. Each delay takes away some:
what the path of working time loses when it is made or changed, and then what is left idle on it. Each is a
difference of two readings, so that work done and delays sum to the nominal days.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from demilsim.plan import Floats
from demilsim.simulation.destruction import Plant
from demilsim.simulation.disturbance import draw_stops
from demilsim.simulation.draws import Draws
from demilsim.simulation.orders import OrderBook
from demilsim.simulation.use import USES, Use
from demilsim.simulation.working_time import WorkingTime, working_times
from demilsim.simulation.world import World


def time_use(world: World, draws: Draws, plants: Sequence[Plant], orders: OrderBook) -> Floats:
    """Return the working days of each facility by what became of them [d], shape (facility, use).

    Parameters
    ----------
    world, draws
        Of the replication.
    plants, orders
        At its end; the order book must have kept its log.

    Returns
    -------
    ndarray
        In the order of `Use`; a row sums to the nominal working days of the calendar.
    """
    breakdowns, weather = draw_stops(world, draws.streams)
    none = np.empty((len(plants), 0))
    calendar, broken = (
        working_times(world.calendar_edges, world.calendar_share, start, end)
        for start, end in ((none, none), breakdowns)
    )
    start, end = (np.hstack(pair) for pair in zip(breakdowns, weather, strict=True))
    stormy = working_times(world.calendar_edges, world.calendar_share, start, end)
    used = np.zeros((len(plants), len(USES)))
    for plant, row in zip(plants, used, strict=True):
        i, lost = plant.index, dict.fromkeys(USES, 0.0)
        total, without, fair, drawn = (
            path.at(world.horizon) for path in (calendar[i], broken[i], stormy[i], draws.working_time[i])
        )
        lost[Use.BREAKDOWN], lost[Use.WEATHER], lost[Use.PACE] = total - without, without - fair, fair - drawn
        for use, days in plant.lost.items():
            lost[use] += days
        opened = plant.path.at(min(plant.open_from, world.horizon))
        lost[Use.NOT_OPEN] = opened
        _idle(world, plant, orders, opened, lost)
        row[:] = [lost[use] for use in USES]
    return used


def load(world: World, plants: Sequence[Plant]) -> tuple[Floats, Floats]:
    """Return the days on which each facility could work in each period, and those that it worked [d].

    Parameters
    ----------
    world
        Of the replication.
    plants
        At its end.

    Returns
    -------
    tuple of ndarray
        Both of shape (facility, period), on the facility's own clock: breakdowns, weather, accidents and
        closures have been taken off it, and so have moves of mobile plant; before its opening both are 0.
    """
    shape = (len(plants), world.knots.size - 1)
    could, worked = np.zeros(shape), np.zeros(shape)
    for plant in plants:
        opened = plant.path.at(min(plant.open_from, world.horizon))
        clock = np.array([plant.path.at(day) for day in world.knots.tolist()])
        could[plant.index] = _within(clock, opened, np.inf) - sum(
            _within(clock, *move) for move in plant.moves
        )
        for segment in plant.segments:
            worked[plant.index] += _within(clock, segment.begin, segment.end)
    return could, worked


def _within(clock: Floats, begin: float, end: float) -> Floats:
    """Return how much of each step of a clock lies between two of its readings."""
    return np.diff(np.clip(clock, begin, end))


def _idle(world: World, plant: Plant, orders: OrderBook, opened: float, lost: dict[Use, float]) -> None:
    """Share out the clock of a facility from its opening on: work, moves, waits for loads, idle periods."""
    free = opened
    busy: list[tuple[float, float]] = []
    moves = sorted(plant.moves)
    for segment in sorted(plant.segments, key=lambda s: s.begin):
        for begin, end in [move for move in moves if free <= move[0] < segment.begin]:
            lost[Use.MOVING] += end - max(begin, free)
            busy.append((max(begin, free), end))
            free = max(free, end)
        sent = max(free, plant.path.at(segment.ready))
        if sent < segment.begin:
            lost[Use.ON_THE_ROAD] += segment.begin - sent
            busy.append((sent, segment.begin))
        lost[Use.WORKED] += segment.end - segment.begin
        busy.append((segment.begin, segment.end))
        free = max(free, segment.end)
    for period, (begin, end) in enumerate(_periods(world, plant.path, opened)):
        idle = end - begin - _covered(busy, begin, end)
        lost[orders.log[plant.index, period]] += idle


def _periods(world: World, path: WorkingTime, opened: float) -> Iterable[tuple[float, float]]:
    readings = [max(path.at(day), opened) for day in world.knots.tolist()]
    return pairwise(readings)


def _covered(busy: list[tuple[float, float]], begin: float, end: float) -> float:
    """Return how much of an interval intervals that do not overlap cover."""
    return sum(max(min(last, end) - max(first, begin), 0.0) for first, last in busy)
