"""Scores of forecasts against closed forms, brute force and direct integration."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm

from demilsim.experiments.scoring import crps, crps_later, quantile_of, score

SAMPLES = {
    "spread": np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6]),
    "ties": np.array([2.0, 2.0, 5.0, 2.0]),
    "one": np.array([7.0]),
}


@pytest.mark.parametrize("outcome", [-1.3, 0.0, 0.4, 2.5])
def test_crps_of_a_normal_forecast(outcome: float) -> None:
    """Of many even quantiles of a standard normal it is y (2 Phi(y) - 1) + 2 phi(y) - 1 / sqrt(pi)."""
    n = 20_000
    values = ndtri((np.arange(n) + 0.5) / n)
    exact = outcome * (2 * norm.cdf(outcome) - 1) + 2 * norm.pdf(outcome) - 1 / math.sqrt(math.pi)
    assert crps(values, outcome) == pytest.approx(exact, abs=2e-4)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("outcome", [0.0, 2.0, 3.3, 20.0])
def test_crps_by_brute_force(name: str, outcome: float) -> None:
    """The sum over sorted values equals the double sum over all pairs."""
    values = SAMPLES[name]
    pairs = np.abs(values[:, None] - values[None, :]).mean()
    assert crps(values, outcome) == pytest.approx(np.abs(values - outcome).mean() - pairs / 2, abs=1e-12)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("after", [0.5, 2.0, 3.3, 20.0])
def test_crps_of_a_later_outcome_is_the_integral_of_f_squared(name: str, after: float) -> None:
    """Summed over the steps of F below the date, of which nothing is known beyond."""
    values = np.sort(SAMPLES[name])
    edges = np.append(values[values < after], after)
    heights = np.arange(1, edges.size) / values.size
    assert crps_later(values, after) == pytest.approx(float(heights**2 @ np.diff(edges)), abs=1e-12)


def test_crps_of_one_value_is_its_absolute_error() -> None:
    """So that a plan, a point forecast, is scored in the same unit."""
    assert crps(np.array([7.0]), 9.5) == 2.5


def test_never_is_no_trouble_for_a_later_outcome() -> None:
    """Draws that never finish are as right as any that finish after the date."""
    assert crps_later(np.array([np.inf, np.inf]), 3.0) == 0.0


def test_quantile_counts_ties_as_half() -> None:
    """Two of four below, one equal: 0.625."""
    assert quantile_of(np.array([1.0, 2.0, 3.0, 4.0]), 3.0) == 0.625


def test_coverage_of_a_known_outcome() -> None:
    """Of 1..100 the 50% interval is 25 to 75, the 80% interval 10 to 90; ends belong to them."""
    values = np.arange(1.0, 101.0)
    found = [score(values, outcome, planned=50.0) for outcome in (25.0, 24.0, 90.0, 91.0)]
    assert [(one.within_50, one.within_80) for one in found] == [
        (True, True), (False, True), (False, True), (False, False),
    ]  # fmt: skip
    assert [one.crps_plan for one in found] == [25.0, 26.0, 40.0, 41.0]


def test_coverage_of_an_outcome_that_is_only_known_to_be_later() -> None:
    """Beyond the upper end it is a miss, within it cannot be told; a plan for later yet is not wrong."""
    values = np.arange(1.0, 101.0)
    late, open_ = (score(values, after, planned=60.0, later=True) for after in (95.0, 40.0))
    assert (late.within_80, late.crps_plan) == (False, 35.0)
    assert (open_.within_80, open_.within_50, open_.crps_plan) == (None, None, 0.0)
