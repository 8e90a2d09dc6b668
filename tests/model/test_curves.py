from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.curves import INTERVALS, Curves, harm_curves, tabulate
from demilsim.model.harm import scenario_curves
from demilsim.scenario.scenario import Scenario
from model import hand_model
from worlds import lot, one_lot, two_lots, village

NEAR_M = 150.0


def neq_grid(neq_max_kg: float, points: int) -> np.ndarray:
    """Return NEQs that are uniform in the cube root, shape (point, 1)."""
    return np.linspace(0.0, 1.0, points)[:, None] ** 3 * neq_max_kg


def any_curve(rises: list[float]) -> Curves:
    """Return one curve of one storehouse of 8 t, starting from 0 with these rises."""
    return tabulate(np.array([8_000.0]), np.cumsum([0.0, *rises])[None, None, :])


rises = st.lists(st.sampled_from([0.0, 1e-3, 0.1, 1.0, 5.0]), min_size=6, max_size=6)


def inhabited(distance_m: float, neq_kg: float) -> Scenario:
    """Return one storehouse with residents and guards, both at one distance."""
    return one_lot(
        lots=[lot(neq_kg=neq_kg)],
        exposed_sites=[village(x_m=distance_m), village("GUARDS", kind="workers", x_m=-distance_m)],
    )


@pytest.mark.parametrize(
    ("distance_m", "neq_kg", "tolerance"),
    [
        (300.0, 20_000.0, 2e-4), (500.0, 60_000.0, 2e-4), (1_000.0, 200_000.0, 2e-4),
        (2_000.0, 200_000.0, 2e-4), (100.0, 20_000.0, 4e-2), (50.0, 60_000.0, 4e-2), (20.0, 200_000.0, 4e-2),
    ],
)  # fmt: skip
def test_interpolation_error(distance_m: float, neq_kg: float, tolerance: float) -> None:
    """Between nodes curves of a storehouse stay near the exact function, in parts of their maximum."""
    scenario = inhabited(distance_m, neq_kg)
    curves = scenario_curves(scenario).propagated
    neq = neq_grid(neq_kg, 20 * INTERVALS + 1)
    value = curves(neq)[0][0, :, 0]
    share = hand_model.propagated_share(scenario)
    exact = np.array([share * hand_model.deaths(scenario, 0, float(q))[0] for q in neq[:, 0]])
    # Lethality jumps from 1.4e-5 to 0 at S = 55: no continuous curve follows it within that piece.
    piece = np.minimum(np.arange(neq.size) // 20, INTERVALS - 1)
    jump = int(distance_m / 55.0 / np.cbrt(neq_kg) * INTERVALS)
    error = np.where(abs(piece - jump) <= 1, 0.0, abs(value - exact)) / exact.max()
    assert exact.max() > 0.0
    assert error.max() < tolerance


def test_nodes_are_exact() -> None:
    """At the nodes the curves are the expected deaths that loops in plain Python give."""
    scenario = inhabited(NEAR_M, 60_000.0)
    curves = scenario_curves(scenario)
    nodes = neq_grid(60_000.0, INTERVALS + 1)
    deaths, _ = curves.deaths(nodes)
    weighted, _ = curves.weighted(2.0, 3.0)(nodes)
    propagated, _ = curves.propagated(nodes)
    rates = hand_model.base_rates(scenario, 0)
    for node in (1, 10, 40, 70, INTERVALS):
        q = float(nodes[node, 0])
        base, ageing = np.zeros(2), np.zeros(2)
        stack = np.array(hand_model.stack_deaths(scenario, 0, q))
        whole = np.array(hand_model.storehouse_deaths(scenario, 0, q))
        for cause, rate in rates.items():
            shares = hand_model.extent_shares(scenario.register.consequence, cause)
            base += rate * (shares[0] * stack + shares[1] * whole)
        shares = hand_model.extent_shares(scenario.register.consequence, "ageing")
        ageing += shares[0] * stack + shares[1] * whole
        assert deaths[:, node, 0] == pytest.approx([*stack, *whole], rel=1e-9, abs=1e-15)
        by_hand = [base @ [2.0, 3.0], ageing @ [2.0, 3.0]]
        assert weighted[:, node, 0] == pytest.approx(by_hand, rel=1e-9, abs=1e-15)
        caught = np.array(hand_model.deaths(scenario, 0, q)) * hand_model.propagated_share(scenario)
        assert propagated[:, node, 0] == pytest.approx(caught, rel=1e-9, abs=1e-15)


def test_zero_at_zero() -> None:
    """An empty storehouse harms nobody, with a flat curve there."""
    curves = scenario_curves(inhabited(20.0, 20_000.0)).deaths
    value, slope = curves(np.zeros((1, 1)), derivative=True)
    assert not value.any()
    assert not slope.any()


@settings(derandomize=True, deadline=None)
@given(rises)
def test_tabulated_nodes_are_met(rises: list[float]) -> None:
    """A tabulated curve goes through its nodes, which lie at the cubes of equal steps."""
    value, _ = any_curve(rises)(neq_grid(8_000.0, 7))
    assert value[0, :, 0] == pytest.approx(np.cumsum([0.0, *rises]), abs=1e-12)


@settings(derandomize=True, deadline=None)
@given(rises)
def test_monotone_nodes_make_a_monotone_curve(rises: list[float]) -> None:
    """More NEQ never harms less between nodes, even next to flat stretches and jumps."""
    value, slope = any_curve(rises)(neq_grid(8_000.0, 301), derivative=True)
    assert np.diff(value[0, :, 0]).min() >= -1e-12
    assert slope.min() >= -1e-12


@settings(derandomize=True, deadline=None)
@given(rises, st.floats(0.02, 0.98))
def test_derivative_agrees_with_finite_differences(rises: list[float], share: float) -> None:
    """The derivative per kg is that of the curve itself."""
    curve = any_curve(rises)
    neq = np.array([[8_000.0 * share]])
    step = np.array([[1e-3], [-1e-3]])
    up, down = curve(neq + step)[0][0, :, 0]
    slope = curve(neq, derivative=True)[1][0, 0, 0]
    assert slope == pytest.approx((up - down) / 2e-3, rel=1e-5, abs=1e-8)


def test_derivative_of_every_curve_of_a_scenario() -> None:
    """All four curves of two storehouses have the slopes that finite differences give."""
    guards = village("GUARDS", kind="workers", x_m=0.0, y_m=-NEAR_M)
    curves = scenario_curves(two_lots(exposed_sites=(village(), guards))).deaths
    neq = np.random.default_rng(3).uniform(0.05, 0.95, (50, 2)) * curves.neq_max_kg
    step = 1e-7 * neq
    numeric = (curves(neq + step)[0] - curves(neq - step)[0]) / (2.0 * step)
    slope = curves(neq, derivative=True)[1]
    assert slope.shape == (4, 50, 2)
    assert slope == pytest.approx(numeric, rel=1e-5, abs=1e-9 * numeric.max())


def test_curve_ends_at_its_maximum() -> None:
    """Beyond the end of the grid the value is that of the end, and no derivative is made unless asked."""
    curve = any_curve([1.0] * 6)
    value, slope = curve(np.array([[8_000.0], [9_000.0]]))
    assert value.ravel() == pytest.approx([6.0, 6.0])
    assert slope.size == 0


def test_combined_curves_are_weighted_sums() -> None:
    """Weighting the curves first or the values later gives the same."""
    curves = scenario_curves(inhabited(NEAR_M, 60_000.0)).deaths
    weights = np.array([[1.0, 2.5, 0.0, 0.0], [0.0, 0.0, 0.3, 4.0], [1.0, 0.0, 1.0, 0.0]])
    neq = neq_grid(60_000.0, 50)
    value, slope = curves(neq, derivative=True)
    combined_value, combined_slope = curves.combined(weights)(neq, derivative=True)
    assert combined_value == pytest.approx(np.tensordot(weights, value, 1), rel=1e-12)
    assert combined_slope == pytest.approx(np.tensordot(weights, slope, 1), rel=1e-12)


def test_storehouse_without_blast_has_a_grid() -> None:
    """A storehouse that holds nothing still has curves: zero, not an error."""
    curves = harm_curves(one_lot(), np.array([0.0])).deaths
    assert curves.neq_max_kg.tolist() == [1.0]
    assert not curves(np.zeros((3, 1)))[0].any()
