"""Sensitivity on functions whose answers are known: indices, effects, variance, information."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose

from demilsim.experiments.crossed_variance import crossed_split
from demilsim.experiments.design import DesignKind, unit_points
from demilsim.experiments.information_value import (
    PerfectInformation,
    partial_information,
    perfect_information,
)
from demilsim.experiments.one_at_a_time import MORRIS_LEVELS
from demilsim.experiments.robustness import largest_regret, regret, satisficing, share_best
from demilsim.experiments.screening import morris_effects, pawn
from demilsim.experiments.sobol_indices import sobol_indices
from demilsim.plan import Floats

SEED = 8
POINTS = 4096
TOLERANCE = 0.02


def ishigami(x: Floats) -> Floats:
    """Return Ishigami's function with a = 7 and b = 0.1 on the unit cube."""
    z = math.pi * (2.0 * x - 1.0)
    return np.sin(z[:, 0]) + 7.0 * np.sin(z[:, 1]) ** 2 + 0.1 * z[:, 2] ** 4 * np.sin(z[:, 0])


def ishigami_exact() -> tuple[list[float], list[float]]:
    """Return its indices (Ishigami and Homma 1990)."""
    v1 = 0.5 * (1.0 + 0.1 * math.pi**4 / 5.0) ** 2
    v2, v13 = 49.0 / 8.0, 0.01 * math.pi**8 * (1.0 / 18.0 - 1.0 / 50.0)
    total = v1 + v2 + v13
    return [v1 / total, v2 / total, 0.0], [(v1 + v13) / total, v2 / total, v13 / total]


WEIGHTS = np.array([0.0, 1.0, 4.5, 9.0])


def g_function(x: Floats) -> Floats:
    """Return Sobol's g-function with weights 0, 1, 4.5 and 9."""
    return np.prod((np.abs(4.0 * x - 2.0) + WEIGHTS) / (1.0 + WEIGHTS), axis=1)


def g_exact() -> tuple[Floats, Floats]:
    """Return its indices (Saltelli et al. 2010)."""
    v = 1.0 / (3.0 * (1.0 + WEIGHTS) ** 2)
    total = np.prod(1.0 + v) - 1.0
    return v / total, v * np.prod(1.0 + v) / (1.0 + v) / total


@pytest.mark.parametrize(
    ("function", "exact", "factors"), [(ishigami, ishigami_exact, 3), (g_function, g_exact, 4)]
)
def test_sobol_indices_of_known_functions(
    function: Callable[[Floats], Floats], exact: Callable[[], tuple[Floats, Floats]], factors: int
) -> None:
    """First and total order are within 0.02 of what algebra says."""
    values = function(unit_points(DesignKind.SALTELLI, factors, POINTS, SEED))
    found = sobol_indices(values[:, None], factors, samples=19)
    assert_allclose(found.first, exact()[0], atol=TOLERANCE)
    assert_allclose(found.total, exact()[1], atol=TOLERANCE)


def test_noise_that_all_rows_share_moves_no_index() -> None:
    """Chance that is the same in every row cancels: indices are those without it."""
    values = ishigami(unit_points(DesignKind.SALTELLI, 3, 256, SEED))[:, None]
    noise = np.random.default_rng(SEED).normal(0.0, 10.0, 6)
    quiet, noisy = (sobol_indices(v, 3, samples=19) for v in (values, values + noise))
    assert_allclose(noisy.first, quiet.first, atol=1e-9)
    assert_allclose(noisy.total, quiet.total, atol=1e-9)


def test_intervals_hold_what_algebra_says() -> None:
    """Over 40 designs the 95% intervals hold at least 90% of the exact indices."""
    held = []
    for seed in range(40):
        values = g_function(unit_points(DesignKind.SALTELLI, 4, 256, seed))[:, None]
        found = sobol_indices(values, 4, samples=199)
        for ends, exact in zip((found.first_ends, found.total_ends), g_exact(), strict=True):
            held += ((ends[0] <= exact) & (exact <= ends[1])).tolist()
    assert np.mean(held) >= 0.9


def test_intervals_widen_with_chance_of_the_rows_own() -> None:
    """Four noisy replications of each row give wider intervals than none."""
    values = g_function(unit_points(DesignKind.SALTELLI, 4, 256, SEED))[:, None]
    noise = np.random.default_rng(SEED).normal(0.0, 1.0, (len(values), 4))
    quiet, noisy = (sobol_indices(v, 4, samples=199) for v in (values, values + noise))
    assert (np.ptp(noisy.total_ends, axis=0) > np.ptp(quiet.total_ends, axis=0)).all()


def test_saltelli_rows_differ_as_they_should() -> None:
    """Matrix AB of factor i is A but for column i, which is B's."""
    a, b, *crossed = np.split(unit_points(DesignKind.SALTELLI, 3, 8, SEED), 5)
    for i, ab in enumerate(crossed):
        assert (ab[:, i] == b[:, i]).all()
        assert (np.delete(ab, i, axis=1) == np.delete(a, i, axis=1)).all()


def test_larger_saltelli_design_keeps_its_rows() -> None:
    """All rows of a design are among those of twice as many points, so that a sweep goes on."""
    small, large = (unit_points(DesignKind.SALTELLI, 3, n, SEED) for n in (8, 16))
    assert {tuple(row) for row in small} <= {tuple(row) for row in large}


def test_variance_of_an_additive_model() -> None:
    """Row + replication + joint parts of known variance are found within four standard errors."""
    rows, replications = 4000, 400
    generator = np.random.default_rng(SEED)
    values = (
        3.0 * generator.normal(size=(rows, 1))
        + 2.0 * generator.normal(size=(1, replications))
        + 1.0 * generator.normal(size=(rows, replications))
    )
    found = crossed_split(values)
    # Standard errors of variances of normal values: variance x sqrt(2 / degrees of freedom).
    assert found.parameters == pytest.approx(9.0, abs=4 * 9.0 * (2 / rows) ** 0.5)
    assert found.chance == pytest.approx(5.0, abs=4 * 4.0 * (2 / replications) ** 0.5)
    assert found.joint == pytest.approx(1.0, abs=4 * 1.0 * (2 / (rows * replications)) ** 0.5)


def test_split_is_unbiased_with_two_replications() -> None:
    """Over 4,000 small tables the mean of each part is its variance, within four standard errors."""
    generator = np.random.default_rng(SEED)
    tables = [
        10.0 * generator.normal(size=(30, 1)) + generator.normal(size=(1, 2)) + generator.normal(size=(30, 2))
        for _ in range(4000)
    ]
    found = np.array([(s.parameters, s.chance) for s in map(crossed_split, tables)])
    error = found.std(axis=0, ddof=1) / len(tables) ** 0.5
    assert (np.abs(found.mean(axis=0) - [100.0, 2.0]) <= 4 * error).all()


def test_morris_effects_of_a_linear_function() -> None:
    """Every effect of 3 a - 2 b is its coefficient, without spread."""
    points = unit_points(DesignKind.MORRIS, 3, 6, SEED)
    found = morris_effects(("a", "b", "c"), points, points @ np.array([3.0, -2.0, 0.0]))
    assert_allclose(found.mean, [3.0, -2.0, 0.0], atol=1e-9)
    assert_allclose(found.mean_absolute, [3.0, 2.0, 0.0], atol=1e-9)
    assert_allclose(found.deviation, 0.0, atol=1e-9)


def test_morris_steps_one_factor_at_a_time() -> None:
    """Each trajectory moves every factor once, by two thirds."""
    paths = unit_points(DesignKind.MORRIS, 4, 50, SEED).reshape(50, 5, 4)
    steps = np.abs(np.diff(paths, axis=1))
    assert ((steps > 0.0).sum(axis=2) == 1).all()
    assert_allclose(steps.sum(axis=1), 2.0 / (MORRIS_LEVELS - 1), atol=1e-9)


def test_pawn_ranks_as_variance_does() -> None:
    """On the g-function PAWN orders the first three factors by their weights."""
    points = unit_points(DesignKind.SOBOL, 4, 1024, SEED)
    found = pawn(("a", "b", "c", "d"), points, g_function(points))
    assert found[0] > found[1] > found[2]


def normal_gain(mean: float, deviation: float) -> float:
    """Return E max(0, D) - max(0, E D) of a normal difference D."""
    ratio = abs(mean) / deviation
    density = math.exp(-0.5 * ratio**2) / math.sqrt(2.0 * math.pi)
    return deviation * density - abs(mean) * 0.5 * math.erfc(ratio / math.sqrt(2.0))


def linear_gaussian(noise: float) -> tuple[Floats, Floats]:
    """Return factors (row, 3) and harm (row, replication, 2): policy two does worse by 0.5 + 2 a + b."""
    generator = np.random.default_rng(SEED)
    factors = generator.normal(size=(4096, 3))
    worse = 0.5 + factors @ np.array([2.0, 1.0, 0.0])
    harm = 10.0 + generator.normal(0.0, noise, (4096, 8, 2)) + generator.normal(0.0, 1.0, (1, 8, 1))
    harm[:, :, 1] += worse[:, None]
    return factors, harm


@pytest.mark.parametrize(("factor", "deviation"), [(0, 2.0), (1, 1.0)])
def test_partial_information_of_two_actions(factor: int, deviation: float) -> None:
    """The value of knowing one factor is that of the closed form within 0.06, and within its interval."""
    factors, harm = linear_gaussian(1.0)
    found = partial_information(factors[:, factor], harm, samples=99)
    # The standard error of E max(0, D) over 4,096 rows is at most sd(D) / 64 = 0.03.
    assert found.value == pytest.approx(normal_gain(0.5, deviation), abs=0.06)
    assert found.low <= normal_gain(0.5, deviation) <= found.high


def test_partial_information_of_what_does_not_matter() -> None:
    """A factor that moves no difference between policies is worth nothing."""
    factors, harm = linear_gaussian(1.0)
    assert partial_information(factors[:, 2], harm, samples=9).value == 0.0


def test_partial_information_of_a_factor_with_two_values() -> None:
    """With policy two better by 1 in one half of the rows and worse by 3 in the other it is worth 0.5."""
    factor = np.tile([0.0, 1.0], 100)
    harm = np.zeros((200, 2, 2))
    harm[:, :, 1] = np.where(factor == 0.0, -1.0, 3.0)[:, None]
    assert partial_information(factor, harm, samples=9).value == pytest.approx(0.5, abs=1e-9)


def test_perfect_information_lies_between_its_bounds() -> None:
    """The closed form lies between what is too low and what is too high, both within 0.1 of it."""
    _, harm = linear_gaussian(1.0)
    found = perfect_information(harm, samples=99)
    exact = normal_gain(0.5, 5.0**0.5)
    assert found.low <= exact <= found.high
    assert found.least == pytest.approx(exact, abs=0.1)
    assert found.most == pytest.approx(exact, abs=0.1)


def test_knowledge_that_changes_no_choice_is_worth_exactly_nothing() -> None:
    """One policy is best in every row: to know all, or one factor, averts 0.0 and no rounding."""
    generator = np.random.default_rng(3)
    factor, harm = generator.random(64), generator.random((64, 6, 3))
    harm[:, :, 1] = 0.37 * harm[:, :, 0]
    harm[:, :, 2] += 1.0
    assert perfect_information(harm, samples=9) == PerfectInformation(0.0, 0.0, 0.0, 0.0)
    assert partial_information(factor, harm[:, :, :2], samples=9).value == 0.0


HARM = np.array([[1.0, 3.0, 1.0], [4.0, 2.0, 6.0]])


def test_regret_by_hand() -> None:
    """Regret is what a policy loses against the best of its row."""
    assert_allclose(regret(HARM), [[0.0, 2.0, 0.0], [2.0, 0.0, 4.0]])
    assert_allclose(largest_regret(HARM), [2.0, 2.0, 4.0])


def test_satisficing_and_best_by_hand() -> None:
    """Shares of rows that meet a target of 3, and in which a policy is best, ties shared out."""
    assert_allclose(satisficing(HARM <= 3.0), [0.5, 1.0, 0.5])
    assert_allclose(share_best(HARM), [0.25, 0.5, 0.25])
