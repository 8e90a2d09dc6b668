"""Intervals mean what they say: how often they hold a mean that is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from demilsim.experiments.bootstrap import bootstrap
from demilsim.experiments.ensemble import Response, replicate
from demilsim.experiments.precision import Output, Precision, judge
from demilsim.experiments.statistics import estimate
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from stories import RAISED, line, plan
from worlds import three_sites

REPEATS = 2_000
FEW = 1_000
"""Repeats of a fast test of the rule."""

STANDARD_ERROR = (0.95 * 0.05 / FEW) ** 0.5
LOTS = {"S1": "RANGE", "S2": "PLANT", "S3": "PLANT"}

Sample = Callable[[int], Floats]


def covers(found: Floats, mean: float) -> float:
    """Return the share of intervals, shape (repeat, end), that hold the mean."""
    return float(np.mean((found[:, 0] <= mean) & (mean <= found[:, 1])))


def stopped(sample: Sample, share: float, most: int) -> tuple[float, float, int]:
    """Return mean, half-width and replications where the rule stops on one sample."""
    values = sample(most)
    for n in Precision((), most=most).looks():
        reached = judge(Output("sample", Response.COST, share, values[:n]))
        if reached.settled:
            break
    mean = float(values[:n].mean())
    return mean, reached.share * abs(mean), n


def rule_coverage(
    sample: Sample, mean: float, share: float, most: int, repeats: int = REPEATS
) -> tuple[float, float, float]:
    """Return how often the t interval and the promised one hold the mean, and the mean replications."""
    found = np.array([stopped(sample, share, most) for _ in range(repeats)])
    by_t = found[:, :1] + found[:, 1:2] * [-1.0, 1.0]
    promised = found[:, :1] + share * np.abs(found[:, :1]) * [-1.0, 1.0]
    return covers(by_t, mean), covers(promised, mean), float(found[:, 2].mean())


def test_rule_covers_a_normal_output() -> None:
    """Stopping at 7% of the mean, at about 250 replications, costs no coverage."""
    rng = np.random.default_rng(11)
    by_t, promised, replications = rule_coverage(lambda n: rng.normal(1.0, 0.5, n), 1.0, 0.07, 1_000, FEW)
    assert by_t >= 0.95 - 4.0 * STANDARD_ERROR
    assert promised >= 0.95
    assert 150.0 < replications < 350.0


def test_rule_covers_a_skewed_output() -> None:
    """An exponential output, of skewness 2, at 14% of its mean: at least 93%."""
    rng = np.random.default_rng(12)
    by_t, promised, _ = rule_coverage(rng.standard_exponential, 1.0, 0.14, 1_000, FEW)
    assert by_t >= 0.93 - 2.0 * STANDARD_ERROR
    assert promised >= 0.95


def test_bootstrap_covers_a_skewed_output_better_than_t() -> None:
    """From 20 exponential values the studentised interval holds the mean as often as it says; t does not."""
    values = np.random.default_rng(13).standard_exponential((20, REPEATS))
    by_t = np.array([(e.low, e.high) for e in map(estimate, values.T)])
    found = bootstrap(values, 999)
    by_bootstrap = np.array([found.interval(column) for column in range(REPEATS)])
    assert covers(by_t, 1.0) < 0.93
    assert abs(covers(by_bootstrap, 1.0) - 0.95) < 4.0 * (0.95 * 0.05 / REPEATS) ** 0.5


def test_simultaneous_intervals_hold_all_at_once() -> None:
    """Seven differences that share a part: all hold together in 95% of 400 samples, but not one by one."""
    rng, repeats, tolerance = np.random.default_rng(14), 400, 4.0 * (0.95 * 0.05 / 400) ** 0.5
    together, alone, widths = 0, 0, []
    for _ in range(repeats):
        values = rng.normal(0.0, 1.0, (60, 1)) + rng.normal(0.0, 1.0, (60, 7))
        found = bootstrap(values, 399)
        half = found.simultaneous(list(range(7)))
        together += bool(np.all(np.abs(found.mean) <= half))
        alone += all(e.low <= 0.0 <= e.high for e in map(estimate, values.T))
        widths.append(float(np.mean(half / [estimate(v).half_width for v in values.T])))
    bonferroni = estimate(values[:, 0], 1.0 - 0.05 / 7).half_width / estimate(values[:, 0]).half_width
    assert abs(together / repeats - 0.95) < tolerance
    assert alone / repeats < 0.95 - tolerance
    assert np.mean(widths) < bonferroni


@pytest.fixture(scope="module")
def pool() -> dict[str, Floats]:
    """Return 100,000 replications of two plans where storage is dangerous: a population of known means."""
    scenario: Scenario = three_sites(parameters=RAISED)
    lines = [line(f"{s}-L{k}", 60.0 + 20.0 * k, 0, LOTS[s]) for s in LOTS for k in (1, 2)]
    plans = {"as listed": plan(*lines), "last first": plan(*reversed(lines))}
    kept = (Response.EXPECTED_FATALITIES, Response.DESTROYED, Response.COST)
    columns: dict[str, list[Floats]] = {}
    for first in range(0, 100_000, 5_000):
        ensemble = replicate(scenario, plans, 5_000, first=first)
        for response in kept:
            own, other = (ensemble.values(name, response) for name in plans)
            columns.setdefault(response, []).append(own)
            columns.setdefault(f"difference.{response}", []).append(other - own)
    return {name: np.concatenate(parts) for name, parts in columns.items()}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_intervals_of_a_real_world_are_true(pool: dict[str, Floats]) -> None:
    """With the 400 replications of a run, t and bootstrap intervals hold the mean in 93-97% of repeats."""
    rng = np.random.default_rng(15)
    told, wrong = [], []
    for name, population in pool.items():
        values = rng.choice(population, (400, REPEATS))
        found = bootstrap(values, 999)
        by_t = np.array([(e.low, e.high) for e in map(estimate, values.T)])
        by_bootstrap = np.array([found.interval(column) for column in range(REPEATS)])
        rates = covers(by_t, population.mean()), covers(by_bootstrap, population.mean())
        told.append(f"{name}: t {rates[0]:.3f}, bootstrap {rates[1]:.3f}")
        wrong += [told[-1]] if not all(0.93 <= rate <= 0.97 for rate in rates) else []
    print("\n".join(told))
    assert not wrong


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_precision_rule_on_a_real_world_is_true(pool: dict[str, Floats]) -> None:
    """Asked for what 300 replications would give, the rule's intervals hold the mean in 93% of repeats."""
    rng = np.random.default_rng(16)
    told, wrong = [], []
    for name, population in pool.items():
        share = 1.96 * float(np.std(population)) / abs(float(population.mean())) / 300.0**0.5
        if not share < 1.0:
            continue
        by_t, promised, replications = rule_coverage(
            lambda n, p=population: rng.choice(p, n), float(population.mean()), share, 4_000
        )
        told.append(f"{name}: t {by_t:.3f}, promised {promised:.3f}, {replications:.0f} replications")
        wrong += [told[-1]] if min(by_t, promised) < 0.93 else []
    print("\n".join(told))
    assert len(told) >= len(pool) - 1
    assert not wrong
