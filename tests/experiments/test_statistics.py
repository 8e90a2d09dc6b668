from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.statistics import (
    FEW_EVENTS,
    Estimate,
    counted,
    estimate,
    group_estimate,
    paired,
    quantile_interval,
    share,
    variance_split,
)


def test_half_width_by_hand() -> None:
    """1, 2, 3 have mean 2 and, with t(0.975, 2) = 4.3027, half-width 4.3027 / sqrt(3)."""
    found = estimate(np.array([1.0, 2.0, 3.0]))
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.30265273 / 3**0.5)
    assert (found.low, found.high) == pytest.approx((2.0 - 2.48413771, 2.0 + 2.48413771))


def test_one_replication_has_no_half_width() -> None:
    """A single value is a mean without an interval."""
    found = estimate(np.array([7.0]))
    assert found == Estimate(7.0, None)
    assert (found.low, found.high) == (-np.inf, np.inf)


def test_equal_values_have_no_error() -> None:
    """Replications that all agree leave a half-width of zero."""
    assert estimate(np.full(10, 3.0)) == Estimate(3.0, 0.0)


def test_paired_difference_by_hand() -> None:
    """Differences 1, 1, 4 have mean 2 and half-width 4.3027 × 1, whatever the spread of the two."""
    a, b = np.array([101.0, 51.0, 14.0]), np.array([100.0, 50.0, 10.0])
    found = paired(a, b)
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.30265273)
    assert estimate(a).half_width > 20.0 * found.half_width


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    """Of 4,000 intervals from five normal values, 95% hold the true mean, within four standard errors."""
    values = np.random.default_rng(3).normal(10.0, 2.0, (4000, 5))
    covered = np.mean([e.low < 10.0 < e.high for e in map(estimate, values)])
    assert abs(covered - 0.95) < 4.0 * (0.95 * 0.05 / 4000) ** 0.5


def test_share_against_published_wilson_interval() -> None:
    """81 of 263 gives 0.2553 to 0.3662 (Newcombe 1998, doi:10.1002/sim.4780171810, table I, method 3)."""
    hits = np.repeat([1.0, 0.0], [81, 182])
    found = share(hits)
    assert found.mean == pytest.approx(81 / 263)
    assert found.half_width == pytest.approx(max(0.3662 - 81 / 263, 81 / 263 - 0.2553), abs=1e-4)


def test_share_of_always_keeps_a_width() -> None:
    """Twenty hits out of twenty leave a lower end of 0.839, not of 1."""
    assert share(np.ones(20)).low == pytest.approx(0.8389, abs=1e-4)


def test_no_event_leaves_a_width() -> None:
    """Without an event in 100 replications the upper end is 3.689/100 events of the largest size known."""
    none = np.zeros(100)
    assert counted(none, 0, 1.0).half_width == pytest.approx(0.03689, abs=1e-5)  # Garwood: 3.689 for none
    assert counted(none, 0, 5.0).high == pytest.approx(0.18444, abs=1e-5)
    assert counted(none, 0, 0.0) == Estimate(0.0, None)
    assert counted(np.zeros(1), 0, 1.0) == Estimate(0.0, None)


def test_few_events_against_published_limits() -> None:
    """For 5 events Garwood's upper end is 11.668; from `FEW_EVENTS` on the t interval stands alone."""
    few = np.repeat([1.0, 0.0], [5, 95])
    assert counted(few, 5, 1.0).half_width == pytest.approx((11.668 - 5.0) / 100.0, abs=1e-5)
    assert counted(2.0 * few, 5, 9.0).half_width == pytest.approx(2.0 * (11.668 - 5.0) / 100.0, abs=2e-5)
    many = np.repeat([1.0, 0.0], [FEW_EVENTS, 90])
    assert counted(many, FEW_EVENTS, 1.0) == estimate(many)


def test_counts_of_rare_events_are_covered() -> None:
    """Of 4,000 sets of 50 Poisson counts with 1.5 events in all, at least 95% of intervals hold the mean."""
    values = np.random.default_rng(6).poisson(0.03, (4000, 50)).astype(float)
    found = [counted(row, int(row.sum()), 1.0) for row in values]
    assert np.mean([e.low <= 0.03 <= e.high for e in found]) >= 0.95
    assert np.mean([e.low <= 0.03 <= e.high for e in map(estimate, values)]) < 0.8


def test_quantile_interval_against_published_ranks() -> None:
    """The 95% interval of the median of 20 values is from the 6th to the 15th (Conover, table A3)."""
    values = np.random.default_rng(7).permutation(np.arange(1.0, 21.0))
    assert quantile_interval(values, 0.5) == (6.0, 15.0)


def test_quantile_without_enough_replications_has_no_end() -> None:
    """The 5% point of 20 values has no lower end, the 95% point no upper one; never stays never."""
    values = np.arange(20.0)
    assert quantile_interval(values, 0.05)[0] == -np.inf
    assert quantile_interval(values, 0.95)[1] == np.inf
    assert quantile_interval(np.full(20, np.inf), 0.5) == (np.inf, np.inf)


def test_quantile_intervals_cover_whatever_the_distribution() -> None:
    """Of 2,000 samples of 100 lognormal values, at least 95% hold the 90% point, and few more."""
    values = np.random.default_rng(8).lognormal(0.0, 2.0, (2000, 100))
    point = np.exp(2.0 * 1.2815515655446004)
    covered = np.mean([low <= point <= high for low, high in (quantile_interval(v, 0.9) for v in values)])
    assert 0.95 - 4.0 * (0.95 * 0.05 / 2000) ** 0.5 < covered < 0.985


def test_split_takes_pairs_of_independent_draws() -> None:
    """Draws that repel each other within their group: the split is unbiased, the sample variance is not."""
    rng = np.random.default_rng(9)
    first = rng.normal(0.0, 1.0, (1000, 4))
    groups = np.tile(np.arange(4), 2)
    split, plain = [], []
    for own in first:
        means = np.concatenate([own, -own])  # two draws of each group, at opposite ends
        split.append(variance_split(np.column_stack([means, means]), groups).not_known)
        plain.append(variance_split(np.column_stack([means, means])).not_known)
    assert np.mean(split) == pytest.approx(1.0, abs=4.0 * np.std(split) / 1000**0.5)
    assert np.mean(plain) == pytest.approx(8.0 / 7.0, abs=4.0 * np.std(plain) / 1000**0.5)


def test_error_of_grouped_draws_is_that_between_groups() -> None:
    """Groups with means 1, 2, 3 have half-width 4.3027 / sqrt(3), whatever happens within them."""
    groups = np.array([0, 1, 2, 0, 1, 2])
    values = np.array([[-9.0], [2.0], [3.0], [11.0], [2.0], [3.0]]) * [1.0, 1.0]
    found = group_estimate(values, groups)
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.30265273 / 3**0.5)
    assert group_estimate(values, None) == estimate(values.mean(axis=1))
