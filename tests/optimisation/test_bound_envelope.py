from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.curves import tabulate
from demilsim.model.harm import StockHarm
from demilsim.optimisation.bound_envelope import STEEP, Envelope, lower_slopes, make_envelope
from demilsim.plan import Floats

KNOTS = 3


def random_harm(seed: int, groups: int, bumpy: bool) -> tuple[StockHarm, Floats]:
    """Return two storehouses with random curves, rising or bumpy, and what their groups hold [t]."""
    rng = np.random.default_rng(seed)
    rise = rng.exponential(1.0, (2, 2, 40)) * rng.integers(0, 2, (2, 2, 40))
    if bumpy:
        rise *= rng.choice([1.0, -0.5], (2, 2, 40))
    value = np.maximum(np.concatenate([np.zeros((2, 2, 1)), np.cumsum(rise, axis=2)], axis=2), 0.0)
    house = rng.integers(0, 2, groups)
    held = rng.uniform(1.0, 50.0, groups)
    per_t = rng.uniform(1.0, 300.0, groups) * rng.integers(0, 4, groups).clip(0, 1)
    room = np.bincount(house, held * per_t, minlength=2) * rng.uniform(1.0, 1.5) + 1.0
    stock = StockHarm(
        curves=tabulate(room, value),
        storehouse=house,
        blast_kg_per_t=per_t,
        ageing_rate_per_t_year=rng.exponential(0.1, (KNOTS, groups)) * rng.integers(0, 4, groups).clip(0, 1),
        interval_years=np.full(KNOTS - 1, 0.25),
        terminal_years=2.0,
        weight_years=rng.uniform(0.0, 1.0, (KNOTS, 2)),
    )
    return stock, held


def exact(envelope: Envelope, remaining_t: Floats) -> Floats:
    """Return the exact harm rate of each cell [persons/yr], shape (cell,)."""
    return envelope.stock.rate_per_year(remaining_t).T.ravel()


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), groups=st.integers(1, 5), bumpy=st.booleans())
def test_planes_and_intercepts_stay_below_harm(seed: int, groups: int, bumpy: bool) -> None:
    """At 24 random stocks, at corners too, no plane and no intercept of random slopes is above exact harm."""
    stock, held = random_harm(seed, groups, bumpy)
    rng = np.random.default_rng(seed + 1)
    least = held * rng.choice([0.0, 0.5], groups) * np.ones((KNOTS, 1))
    most = np.broadcast_to(held, (KNOTS, groups))
    envelope = make_envelope(stock, least, most)
    slopes = rng.normal(0.0, 1.0, (envelope.first_plane.size, 2)) * [1e-2, 10.0]
    intercept = envelope.intercepts(slopes)
    for _ in range(24):
        share = rng.choice([0.0, 1.0, rng.random()], (KNOTS, groups))
        remaining = least + share * (most - least)
        neq, ageing = envelope.state(remaining)
        rate, _ = envelope.rate(neq, ageing)
        harm = exact(envelope, remaining)
        small = 1e-9 * (1.0 + np.abs(harm))
        assert np.all(rate <= harm + small)
        assert np.all(intercept + slopes[:, 0] * neq + slopes[:, 1] * ageing <= harm + small)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), groups=st.integers(1, 4))
def test_envelope_is_convex_and_its_slopes_are_subgradients(seed: int, groups: int) -> None:
    """Between two stocks it lies on or below its chord, and above each of its tangents."""
    stock, held = random_harm(seed, groups, bumpy=False)
    envelope = make_envelope(stock, np.zeros((KNOTS, groups)), np.broadcast_to(held, (KNOTS, groups)))
    rng = np.random.default_rng(seed + 2)
    states = [envelope.state(held * rng.random((KNOTS, groups))) for _ in range(2)]
    middle = tuple(0.5 * (a + b) for a, b in zip(*states, strict=True))
    values = [envelope.rate(*state)[0] for state in states]
    value, slopes = envelope.rate(*middle)
    assert np.all(value <= 0.5 * (values[0] + values[1]) + 1e-9 * (1.0 + np.abs(value)))
    for state, end in zip(states, values, strict=True):
        tangent = value + slopes[:, 0] * (state[0] - middle[0]) + slopes[:, 1] * (state[1] - middle[1])
        assert np.all(end >= tangent - 1e-9 * (1.0 + np.abs(end)))


def test_envelope_touches_harm_where_nothing_and_where_all_is_held() -> None:
    """At the two ends of a box no convex function could be higher: there it is within 0.1% of exact harm.

    The curve is A Q of a single group, a parabola of mass, which is its own envelope.
    """
    nodes = np.linspace(0.0, 1.0, 97) ** 3
    stock = StockHarm(
        curves=tabulate(np.array([1000.0]), np.stack([np.zeros((1, 97)), nodes[None, :]])),
        storehouse=np.array([0]),
        blast_kg_per_t=np.array([10.0]),
        ageing_rate_per_t_year=np.full((KNOTS, 1), 0.02),
        interval_years=np.full(KNOTS - 1, 1.0),
        terminal_years=0.0,
        weight_years=np.ones((KNOTS, 1)),
    )
    most = np.full((KNOTS, 1), 100.0)
    envelope = make_envelope(stock, np.zeros_like(most), most)
    for tonnes in (0.0, 30.0, 60.0, 100.0):
        rate, _ = envelope.rate(*envelope.state(np.full_like(most, tonnes)))
        assert rate == pytest.approx(0.02 * tonnes * tonnes / 100.0, abs=1e-3 * 2.0)


def test_points_apart_by_rounding_make_no_wall() -> None:
    """Two points 1e-17 apart in NEQ, one above the other, are no reason for a slope of 2e17."""
    slopes = lower_slopes(np.array([0.0, 1e-17, 1.0]), np.array([5.0, 3.0, 0.0]))
    assert slopes.tolist() == [-3.0]
    assert lower_slopes(np.array([0.0, STEEP / 2.0]), np.array([1.0, 0.0])).tolist() == [0.0]
