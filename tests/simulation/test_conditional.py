"""Chances of explosions given the rest of a replication, against closed forms, searches and brute force."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import chisquare

from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.rules import DO_NOTHING
from demilsim.simulation.conditional import FORCED, TargetFree, first_target, target_free, with_forced
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.storage import set_off
from demilsim.simulation.streams import Purpose, Streams
from demilsim.simulation.world import World, prepare
from stories import QUIET, busy, busy_plan, drawn, line, plan, without_accidents
from worlds import one_lot

ANY, MAJOR = 0.0, 30_000.0
"""NEQ of a target [kg]. No storehouse of the busy world holds so much: a major explosion needs a chain."""

FEW, MANY = 120, 1500
"""Replications of a fast and of a long trial."""

STANDARD_ERRORS = 4.0
LEAST_EXPECTED = 5.0
"""Expected count below which cells of a chi-square test are pooled."""


@dataclass(frozen=True)
class Trial:
    """One replication: as drawn, without targets, and the first target as counted (its day, or infinity)."""

    draws: Draws
    free: TargetFree
    day: float
    storehouse: int


def trials(least_neq_kg: float, count: int, world: World, story: DisposalPlan) -> list[Trial]:
    """Return replications of the busy world with their first target by counting."""
    schedule = compile_plan(world, story)
    found = []
    for number in range(count):
        draws = draw(world, Streams(20261, number))
        first = first_target(run(world, schedule, draws), least_neq_kg)
        free = target_free(world, schedule, draws, least_neq_kg)
        found.append(Trial(draws, free, first[0] if first else math.inf, first[1] if first else -1))
    return found


@pytest.fixture(scope="module")
def busy_world() -> World:
    """Return the busy world as arrays."""
    return prepare(busy())


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((ANY, FEW), id="any"),
        pytest.param((MAJOR, FEW), id="major"),
        pytest.param((ANY, MANY), id="any-long", marks=pytest.mark.soak),
        pytest.param((MAJOR, MANY), id="major-long", marks=pytest.mark.soak),
    ],
)
def tried(request: pytest.FixtureRequest, busy_world: World) -> list[Trial]:
    """Return replications under the busy plan, for both targets."""
    least_neq_kg, count = request.param
    return trials(least_neq_kg, count, busy_world, busy_plan())


def standard_errors(hits: Floats, p: Floats) -> float:
    """Return how far counts are from the sum of their conditional chances, in standard errors."""
    return float((hits - p).sum() / np.sqrt((p * (1.0 - p)).sum()))


def one_cause(story: DisposalPlan, days: list[float]) -> Floats:
    """Return the chance of an explosion of one lot when practices alone are dangerous: 0.5 a year."""
    parameters = QUIET | {
        "event_rate.storage_per_storehouse_year": 0.5, "consequence.stack_share_storage": 0.4,
        "consequence.storehouse_share_storage": 0.2, "event_rate.rrpl_factor_1": 0.5,
    }  # fmt: skip
    world, draws = drawn(without_accidents(one_lot(parameters=parameters)))
    return target_free(world, compile_plan(world, story), draws).p_any(np.array(days))


def test_constant_rate_has_a_closed_form() -> None:
    """One storehouse at 0.5/yr × 0.5 × (0.4 + 0.2): the chance is 1 - exp(-0.15 t)."""
    expected = [1.0 - math.exp(-0.15 * day / 365.25) for day in (0.0, 100.0, 365.25, 730.0)]
    assert one_cause(DO_NOTHING, [0.0, 100.0, 365.25, 730.0]) == pytest.approx(expected, rel=1e-12)


def test_emptied_storehouse_is_at_rest() -> None:
    """100 t at 1 t/d are gone on day 100, and with them the rate of explosions."""
    expected = [1.0 - math.exp(-0.15 * min(day, 100.0) / 365.25) for day in (50.0, 100.0, 365.0, 730.0)]
    assert one_cause(plan(line("L1")), [50.0, 100.0, 365.0, 730.0]) == pytest.approx(expected, rel=1e-12)


def test_ageing_follows_what_is_left() -> None:
    """With ageing alone H is the integral of the lot's rate per tonne × a mass that falls by 1 t a day."""
    parameters = QUIET | {"event_rate.ageing_per_t_year": 1e-3}
    world, draws = drawn(without_accidents(one_lot(parameters=parameters)))
    free = target_free(world, compile_plan(world, plan(line("L1"))), draws)
    p = world.curves.exposure.parameters
    share = p.stack_share_ageing + p.storehouse_share_ageing
    days = np.linspace(0.0, 100.0, 200_001)
    rate = np.interp(days, world.knots, draws.ageing_rate_per_t_year[:, 0]) * (100.0 - days) / 365.25
    integral = share * np.trapezoid(rate, days)
    assert free.expected_targets(np.array([730.0]))[0] == pytest.approx(integral, rel=1e-8)


def test_first_target_is_as_likely_as_said(tried: list[Trial]) -> None:
    """Replications with a target by a day are as many as their conditional chances sum to."""
    for day in (365.25, 730.5, 1095.75):
        p = np.array([trial.free.p_any(np.array([day]))[0] for trial in tried])
        hits = np.array([trial.day <= day for trial in tried], dtype=float)
        assert 5 < hits.sum() < hits.size - 5
        assert abs(standard_errors(hits, p)) < STANDARD_ERRORS


def test_counts_vary_by_the_law_of_total_variance(tried: list[Trial]) -> None:
    """Given all else a target is a coin of chance p: E (hit - p)² = E p (1 - p), so p varies less."""
    p = np.array([trial.free.p_any(np.array([trial.free.world.horizon]))[0] for trial in tried])
    hits = np.array([np.isfinite(trial.day) for trial in tried])
    excess = (hits - p) ** 2 - p * (1.0 - p)
    assert abs(excess.mean()) < STANDARD_ERRORS * excess.std(ddof=1) / math.sqrt(len(tried))
    assert hits.var() > p.var()


def test_counted_days_fit_the_law_of_the_first_target(tried: list[Trial]) -> None:
    """Counted first days, passed through their own conditional law, are uniform (chi-square, 1%)."""
    ranks = []
    for trial in tried:
        if np.isfinite(trial.day):
            p = trial.free.p_any(np.array([trial.day, trial.free.world.horizon]))
            ranks.append(p[0] / p[1])
    counts, _ = np.histogram(ranks, bins=8, range=(0.0, 1.0))
    assert counts.sum() == len(ranks)
    assert chisquare(counts).pvalue > 0.01


def test_forced_day_inverts_the_law(tried: list[Trial]) -> None:
    """A target made to happen comes on the day whose chance is a uniform share of that of the horizon."""
    for trial in tried[:50]:
        target = trial.free.forced()
        assert target is not None
        p = trial.free.p_any(np.array([target.day, trial.free.world.horizon]))
        uniform = trial.draws.streams.uniform(Purpose.FORCED_EXPLOSION, FORCED)[0, 0]
        assert p[0] / p[1] == pytest.approx(uniform, abs=1e-9)


def test_forced_places_are_those_of_counted_targets(tried: list[Trial]) -> None:
    """Storehouses of first targets, as counted and as made to happen, are alike (chi-square, 1%)."""
    houses = tried[0].free.path.emptied.size
    counted = np.bincount([t.storehouse for t in tried if t.storehouse >= 0], minlength=houses)
    expected = np.zeros(houses)
    for trial in tried:
        p = float(trial.free.p_any(np.array([trial.free.world.horizon]))[0])
        target = trial.free.forced()
        assert (target is None) == (p == 0.0)
        if target:
            expected[target.storehouse] += p
    expected *= counted.sum() / expected.sum()
    few = expected < LEAST_EXPECTED
    pooled = [np.append(values[~few], values[few].sum()) for values in (counted, expected)]
    kept = np.flatnonzero(pooled[1] > 0.0)
    assert kept.size >= 3
    assert chisquare(pooled[0][kept], pooled[1][kept]).pvalue > 0.01


@pytest.mark.parametrize("least", [ANY, MAJOR])
def test_forced_target_is_the_first_one(busy_world: World, least: float) -> None:
    """The replication made to have a target has it on that day, and none before."""
    schedule = compile_plan(busy_world, busy_plan())
    for number in range(30):
        draws = draw(busy_world, Streams(5, number))
        free = target_free(busy_world, schedule, draws, least)
        assert first_target(free.result, least) is None
        target, result = free.forced(), with_forced(busy_world, schedule, draws, free)
        assert target is not None
        assert result is not None
        expected = (target.day, target.storehouse, target.lot, target.cause)
        assert first_target(result, least) == expected


def test_without_dangers_nothing_can_be_forced() -> None:
    """A quiet world has chance 0 and no target to draw."""
    world, draws = drawn(without_accidents(one_lot(parameters=QUIET)))
    schedule = compile_plan(world, DO_NOTHING)
    free = target_free(world, schedule, draws)
    assert free.p_any(np.array([730.0])).tolist() == [0.0]
    assert free.forced() is None
    assert with_forced(world, schedule, draws, free) is None


def test_chains_are_targets_for_as_long_as_a_search_says(busy_world: World) -> None:
    """Whether a storehouse with its chain holds 30 t on a day is what a search link by link finds."""
    schedule, houses = compile_plan(busy_world, busy_plan()), range(6)
    ever, always = 0, 0
    for number in range(30):
        draws = draw(busy_world, Streams(6, number))
        free = target_free(busy_world, schedule, draws, MAJOR)
        for day in (0.0, 61.0, 203.7, 517.3, 1094.0):
            left = free.path.left_t(day)
            neq = busy_world.houses.sum(left * busy_world.neq_kg_per_t)
            blast = busy_world.houses.sum(left * busy_world.blast_kg_per_t).tolist()
            found = [sum(neq[h] for h in set_off(busy_world, draws, root, blast)) >= MAJOR for root in houses]
            assert (free.until[1] > day).tolist() == found
            ever, always = ever + any(found), always + all(found)
    assert ever > always


def test_stacks_are_targets_only_if_large_enough() -> None:
    """A stack of 5 t is never a target of 10 t; one of 15 t is while so much is there: until day 50."""
    for stack_kg, until in ((5_000.0, 0.0), (10_000.0, 0.0), (15_000.0, 50.0)):
        parameters = QUIET | {"consequence.stack_neq_kg": stack_kg}
        world, draws = drawn(without_accidents(one_lot(parameters=parameters)))
        free = target_free(world, compile_plan(world, plan(line("L1"))), draws, 10_000.0)
        assert free.until[0, 0] == pytest.approx(until, abs=1e-6)
        assert free.until[1, 0] == pytest.approx(50.0, abs=1e-6)


def test_forced_days_of_a_world_that_falls_silent() -> None:
    """Where the danger ends on day 100 of 730, forced days come before, uniformly enough (chi-square, 1%)."""
    rates = QUIET | {"event_rate.storage_per_storehouse_year": 1e-4}
    world, draws = drawn(without_accidents(one_lot(parameters=rates)))
    free = target_free(world, compile_plan(world, plan(line("L1"))), draws)
    days = []
    for number in range(200):
        target = free.forced(number)
        assert target is not None
        days.append(target.day)
    assert max(days) <= 100.0
    counts, _ = np.histogram(days, bins=10, range=(0.0, 100.0))
    assert chisquare(counts).pvalue > 0.01
