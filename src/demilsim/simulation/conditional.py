"""Chance of a rare explosion given all else, and a replication in which it is made to happen.

A *target* is an explosion of a stack or a storehouse that destroys at least some NEQ, chains included. What
is not a target is realised as in any replication; targets are left out, and the path that results is the
*target-free* path. Candidates are points of a Poisson process, and until the first target a replication is
on its target-free path; so, given that path, the number of targets met on it is a Poisson variate:

P(no target by t | path) = exp(-H(t)),  H(t) = integral of the rate of targets along the path.

The mean of 1 - exp(-H) over replications is therefore an unbiased estimate of P(at least one target), and
the first target, made to happen at a time of density rate(t) exp(-H(t)) / (1 - exp(-H(T))), continues the
path as it would go on if one happened (Rao-Blackwell, and forced transitions; Asmussen and Glynn 2007,
Stochastic Simulation, chapters V and VI).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.consequence import Extent, Flags, extent_shares
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.plan import Floats
from demilsim.simulation.draws import Candidate, Draws
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import Schedule
from demilsim.simulation.stock_history import StockHistory, stock_history
from demilsim.simulation.storage import extent_of
from demilsim.simulation.streams import Purpose, entity_keys
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR

HALVINGS = 44
"""Halvings of the horizon by which days are found: to a millionth of a second in a century."""

DAY_TOLERANCE, LEVEL_TOLERANCE = 1e-7, 1e-13
"""Errors at which the search for a forced day ends: days, and relative error of H."""

MOST_ONE_SIDED = 3
"""Steps of that search from one side after which it halves instead."""

EXTENTS = (Extent.STACK, Extent.STOREHOUSE)
"""Extents of an explosion, in the order of `extent_shares`."""

FORCED = entity_keys(["forced explosion"])
"""Entity of the draws of a forced explosion."""

FORCED_UNIFORMS = 9
"""Day, which one, how much of its share of extents, and the six uniforms of its consequence."""


@dataclass(frozen=True)
class TargetFree:
    """A replication in which every target is left out.

    Parameters
    ----------
    world, draws
        The scenario, and chance with the candidates that would have been targets left out.
    result
        What happened.
    path
        Its stock over time.
    until
        Day until which an event of an extent in a storehouse would be a target [d], shape (extent,
        storehouse) in the order of `EXTENTS`.
    """

    world: World
    draws: Draws
    result: RunResult
    path: StockHistory
    until: Floats

    def expected_targets(self, days: Floats) -> Floats:
        """Return H, the integral of the rate of targets from the start to some days [1], shape (day,)."""
        return self._events(np.minimum(days, self.world.horizon)).sum(axis=(0, 2))

    def p_any(self, days: Floats) -> Floats:
        """Return the probability of a target by some days, given this path [1], shape (day,)."""
        return -np.expm1(-self.expected_targets(days))

    def _events(self, days: Floats) -> Floats:
        """Return expected targets, shape (extent, day, storehouse)."""
        base, ageing = _shares(self.world)
        stocked = np.minimum(days[:, None], self.path.emptied)
        found = np.zeros((len(EXTENTS), days.size, self.path.emptied.size))
        events = np.zeros(found.shape[1:])
        for i, until in enumerate(self.until):
            if not until.any():
                continue
            if i == 0 or not np.array_equal(until, self.until[i - 1]):
                events = self.path.ageing_events(np.minimum(days[:, None], until))
            by_base = base[i].sum(axis=1) * np.minimum(stocked, until) / DAYS_PER_YEAR
            found[i] = by_base + ageing[i] * events
        return found

    def forced(self, number: int = 0) -> Candidate | None:
        """Return a first target drawn from its law given that there is one; None if there can be none.

        Parameters
        ----------
        number
            Of the drawing, so that several can be made of one path.
        """
        end = np.array([self.world.horizon])
        total = float(self.expected_targets(end)[0])
        if total <= 0.0:
            return None
        first = number * FORCED_UNIFORMS
        uniforms = self.draws.streams.uniform(
            Purpose.FORCED_EXPLOSION, FORCED, first + FORCED_UNIFORMS
        )[0, first:].tolist()  # fmt: skip
        level = -math.log1p(uniforms[0] * math.expm1(-total))
        return self._target(self._day_of(level), uniforms)

    def _day_of(self, level: float) -> float:
        """Return the day on which H reaches a level [d]."""
        grid = self.world.knots[self.world.year_knots]
        low_day, high_day = _bracket(grid, self.expected_targets(grid), level)
        low, high = (float(v) for v in self.expected_targets(np.array([low_day, high_day])))
        kept = 0
        while high_day - low_day > DAY_TOLERANCE and high > low:
            # Regula falsi, weighted where one end stays (Illinois), is quick where H is smooth; halving ends.
            below = (level - low) * (0.5 if kept > 1 else 1.0)
            above = (high - level) * (0.5 if kept < -1 else 1.0)
            share = 0.5 if abs(kept) >= MOST_ONE_SIDED else below / (below + above)
            day = low_day + share * (high_day - low_day)
            value = float(self.expected_targets(np.array([day]))[0])
            if abs(value - level) <= LEVEL_TOLERANCE * level:
                return day
            if value < level:
                low_day, low, kept = day, value, min(kept, 0) - 1
            else:
                high_day, high, kept = day, value, max(kept, 0) + 1
        return high_day

    def _target(self, day: float, uniforms: list[float]) -> Candidate:
        """Return the target of a day: cause, place and extent in proportion to their rates then."""
        world = self.world
        base, ageing = _shares(world)
        open_ = self.until > day
        houses = np.arange(self.path.emptied.size)
        stocked = self.path.emptied > day
        by_base = base * (open_ & stocked)[:, :, None]
        by_lot = ageing[:, None] * open_[:, world.lot_storehouse] * self.path.ageing_rate_per_year(day)
        rates = np.concatenate([by_base.ravel(), by_lot.ravel()])
        summed = np.cumsum(rates)
        pick = min(int(np.searchsorted(summed, uniforms[1] * summed[-1], side="right")), rates.size - 1)
        if pick < by_base.size:
            extent, house, which = np.unravel_index(pick, by_base.shape)
            cause, lot, storehouse = BASE_CAUSES[int(which)], -1, int(houses[house])
        else:
            extent, lot_index = np.unravel_index(pick - by_base.size, by_lot.shape)
            cause, lot = Cause.AGEING, int(lot_index)
            storehouse = int(world.lot_storehouse[lot])
        return Candidate(
            day, cause, storehouse, lot, 0.0, _extent_uniform(world, cause, int(extent), uniforms[2]),
            *uniforms[3:],
        )  # fmt: skip


def target_free(world: World, schedule: Schedule, draws: Draws, least_neq_kg: float = 0.0) -> TargetFree:
    """Return a replication with every target left out.

    Parameters
    ----------
    world, schedule, draws
        As in `run`.
    least_neq_kg
        NEQ from which an explosion with its chain is a target [kg]; 0 for every explosion of a stack or a
        storehouse.
    """
    if least_neq_kg <= 0.0:
        # No run is needed to find them.
        kept = tuple(c for c in draws.candidates if extent_of(world, c) is Extent.ITEM)
        draws = replace(draws, candidates=kept)
    while True:
        result, path = _ended(world, schedule, draws)
        first = first_target(result, least_neq_kg)
        if first is None:
            break
        kept = tuple(c for c in draws.candidates if (c.day, c.storehouse, c.lot, c.cause) != first)
        assert len(kept) < len(draws.candidates), "an explosion that no candidate explains"
        draws = replace(draws, candidates=kept)
    return TargetFree(world, draws, result, path, _until(world, draws, path, least_neq_kg))


def with_forced(
    world: World, schedule: Schedule, draws: Draws, free: TargetFree, number: int = 0
) -> RunResult | None:
    """Return the replication in which a first target happens; None if there can be none.

    Up to it, only what happened on the target-free path; after it, every candidate as drawn.

    Parameters
    ----------
    world, schedule, draws
        As in `run`, with all candidates.
    free
        The target-free path of the same.
    number
        As in `TargetFree.forced`.
    """
    target = free.forced(number)
    if target is None:
        return None
    before = (c for c in free.draws.candidates if c.day < target.day)
    after = (c for c in draws.candidates if c.day > target.day)
    return run(world, schedule, replace(draws, candidates=(*before, target, *after)))


def first_target(result: RunResult, least_neq_kg: float) -> tuple[float, int, int, Cause] | None:
    """Return (day, storehouse, lot, cause) of the root of the first target of a replication, if any."""
    neq: dict[float, float] = {}
    for event in result.events:
        if event.kind in ("explosion", "propagated"):
            neq[event.day] = neq.get(event.day, 0.0) + event.neq_kg
    roots = [e for e in result.events if e.kind == "explosion" and neq[e.day] >= least_neq_kg]
    return min(((e.day, e.storehouse, e.lot, e.cause) for e in roots), default=None)


def _ended(world: World, schedule: Schedule, draws: Draws) -> tuple[RunResult, StockHistory]:
    """Return a replication and its stock over time."""
    ends: list[Run] = []
    result = run(world, schedule, draws, lambda state: None if ends else ends.append(state))
    state = ends[0]
    return result, stock_history(world, draws.ageing_rate_per_t_year, state.plants, state.stock)


def _shares(world: World) -> tuple[Floats, Floats]:
    """Return rates of base causes by extent [1/yr], and shares of ageing events by extent [1].

    Returns
    -------
    base, ageing
        Shape (extent, storehouse, cause) and (extent,).
    """
    parameters = world.curves.exposure.parameters
    by_cause = np.array([extent_shares(parameters, cause) for cause in BASE_CAUSES])
    base = world.curves.base_rate_per_year * by_cause.T[:, None, :]
    return base, np.array(extent_shares(parameters, Cause.AGEING))


def _extent_uniform(world: World, cause: Cause, extent: int, uniform: float) -> float:
    """Return a uniform of the part of [0, 1] that means an extent."""
    stack, storehouse = extent_shares(world.curves.exposure.parameters, cause)
    return storehouse * uniform if EXTENTS[extent] is Extent.STOREHOUSE else storehouse + stack * uniform


def _bracket(days: Floats, values: Floats, level: float) -> tuple[float, float]:
    """Return the days between which a rising function reaches a level."""
    right = min(max(int(np.searchsorted(values, level)), 1), days.size - 1)
    return float(days[right - 1]), float(days[right])


def _until(world: World, draws: Draws, path: StockHistory, least_neq_kg: float) -> Floats:
    """Return the day until which events are targets, shape (extent, storehouse).

    What is in store never grows, so that NEQ, links and chains only fall.
    """
    houses = path.emptied.size
    if least_neq_kg <= 0.0:
        return np.full((len(EXTENTS), houses), world.horizon)
    stack = np.zeros(houses)
    every = np.arange(houses)
    # A stack of exactly this NEQ loses less by rounding to grams.
    if world.curves.exposure.parameters.stack_neq_kg > least_neq_kg:
        stack = _last_days(world, lambda day: path.held_kg(every, day)[0] >= least_neq_kg, houses)
    whole = _last_days(world, lambda day: _chain_neq_kg(world, draws, path, day) >= least_neq_kg, houses)
    return np.stack([stack, whole])


def _last_days(world: World, holds: Callable[[Floats], Flags], houses: int) -> Floats:
    """Return until when a statement about each storehouse holds that never becomes true again [d]."""
    low, high = np.zeros(houses), np.full(houses, world.horizon)
    always, ever = holds(high), holds(low)
    for _ in range(HALVINGS if np.any(ever & ~always) else 0):
        middle = 0.5 * (low + high)
        true = holds(middle)
        low, high = np.where(true, middle, low), np.where(true, high, middle)
    return np.where(always, world.horizon, np.where(ever, high, 0.0))


def _chain_neq_kg(world: World, draws: Draws, path: StockHistory, day: Floats) -> Floats:
    """Return all NEQ that goes up with each storehouse on a day of its own [kg], shape (storehouse,)."""
    links, chosen = world.links, draws.open_links
    neq, blast = path.held_kg(links.pair_house, day[links.pair_root])
    reached = links.pair_root == links.pair_house
    source, sink = links.source_pair[chosen], links.sink_pair[chosen]
    is_open = (blast[source] >= draws.link_critical_kg[chosen]) & (blast[sink] > 0.0)
    source, sink = source[is_open], sink[is_open]
    while True:
        grown = reached.copy()
        grown[sink[reached[source]]] = True
        if np.array_equal(grown, reached):
            return links.roots.sum(reached * neq)
        reached = grown
