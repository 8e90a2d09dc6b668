from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.statistics import Estimate, estimate, paired, share


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
