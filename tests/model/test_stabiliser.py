"""Depletion against its equation and its pure limits; bands by the action levels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from demilsim.model.stabiliser import stabiliser_fraction
from demilsim.scenario.register import shipped_register

K_PER_YEAR = shipped_register().ageing.depletion_rate_per_year


def test_first_order_depletion_halves_in_ln_2_over_k() -> None:
    """Half of the stabiliser is left after ln 2 / k years at 25 °C, a quarter after twice that."""
    half_life = math.log(2.0) / K_PER_YEAR
    left = stabiliser_fraction(np.array(0.8), K_PER_YEAR, np.array([0.0, half_life, 2.0 * half_life]))
    assert left == pytest.approx([0.8, 0.4, 0.2])


def test_zero_order_depletion_is_a_straight_line_to_nothing() -> None:
    """At a zero-order share of 1, 0.6 of the stabiliser falls by k a year and stays at 0 from 0.6 / k on."""
    left = stabiliser_fraction(np.array(0.6), 0.03, np.array([0.0, 10.0, 19.0, 20.0, 50.0]), 1.0)
    assert left == pytest.approx([0.6, 0.3, 0.03, 0.0, 0.0], abs=1e-15)
    assert np.all(left >= 0.0)


def test_first_order_is_the_plain_exponential_to_the_last_bit() -> None:
    """At a zero-order share of 0 the result is initial · exp(-k tau), with nothing added."""
    age = np.linspace(0.0, 300.0, 1001)
    assert np.array_equal(stabiliser_fraction(np.array(0.7), 0.028, age), 0.7 * np.exp(-0.028 * age))


@pytest.mark.parametrize("share", [1e-6, 0.1, 0.5, 0.9, 0.999, 1.0 - 1e-9])
def test_mixed_depletion_solves_its_equation(share: float) -> None:
    """The closed form agrees with a Runge-Kutta solution of dS/dtau = -k0 - k1 S until nothing is left."""
    k, start = 0.04, 0.9
    k0, k1 = share * k, (1.0 - share) * k
    end = math.log1p(k1 * start / k0) / k1
    age = np.linspace(0.0, end, 41)
    solution = solve_ivp(lambda _, s: -k0 - k1 * s, (0.0, end), [start], t_eval=age, rtol=1e-11, atol=1e-13)
    assert stabiliser_fraction(np.array(start), k, age, share) == pytest.approx(solution.y[0], abs=1e-9)
    assert np.all(stabiliser_fraction(np.array(start), k, end * np.array([1.001, 2.0, 10.0]), share) == 0.0)


def test_mixed_depletion_has_both_pure_limits() -> None:
    """A share next to 1 is next to a straight line and one next to 0 to an exponential, without noise."""
    age = np.linspace(0.0, 40.0, 401)
    near_zero_order = [
        stabiliser_fraction(np.array(0.9), 0.02, age, 1.0 - gap) for gap in (1e-9, 1e-12, 1e-15)
    ]
    for left, gap in zip(near_zero_order, (1e-9, 1e-12, 1e-15), strict=True):
        assert np.max(np.abs(left - (0.9 - 0.02 * age))) < gap + 1e-15
    near_first_order = stabiliser_fraction(np.array(0.9), 0.02, age, 1e-12)
    assert near_first_order == pytest.approx(0.9 * np.exp(-0.02 * age), rel=1e-11)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 200.0), st.floats(0.01, 50.0))
def test_stabiliser_never_grows(share: float, initial: float, age: float, more: float) -> None:
    """Depletion of any order goes one way, stays within [0, initial], and is fastest at zero order."""
    now, later = stabiliser_fraction(np.array(initial), 0.03, np.array([age, age + more]), share)
    assert 0.0 <= later <= now <= initial
    first_order = stabiliser_fraction(np.array(initial), 0.03, np.array(age))
    assert now <= first_order + 1e-15
