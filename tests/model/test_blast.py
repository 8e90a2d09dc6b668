from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.blast import (
    damage_share,
    fireball_lethality,
    fragment_lethality,
    injury_probability,
    lethality_indoors,
    outdoor_ratio,
    overpressure_within_fit_kpa,
    peak_overpressure_kpa,
    scaled_distance,
)


def test_scaled_distance_by_hand() -> None:
    """500 m from 8 t is 25 m kg^(-1/3); from nothing it is infinite."""
    s = scaled_distance(np.array([500.0, 500.0]), np.array([8000.0, 0.0]))
    assert list(s) == [pytest.approx(25.0), math.inf]


def test_lethality_at_published_points() -> None:
    """The recollected curve of Gilbert, Lees and Scilly gives 1 at 3 (capped), 0.020, 3.4e-4 and 2.8e-5."""
    p = lethality_indoors(np.array([3.0, 8.0, 22.2, 44.4]))
    assert p[0] == 1.0
    assert p[1:] == pytest.approx([0.020, 3.4e-4, 2.8e-5], rel=0.02)


def test_lethality_outside_its_range() -> None:
    """Nearer than 3 death is certain, further than 55 nobody dies."""
    assert list(lethality_indoors(np.array([0.1, 2.999, 55.001, 1e6, math.inf]))) == [1, 1, 0, 0, 0]
    assert lethality_indoors(np.array(55.0)) == pytest.approx(1.4e-5, rel=0.01)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.5, 80.0), st.floats(1.001, 5.0))
def test_lethality_falls_with_scaled_distance(s: float, ratio: float) -> None:
    """Further away is never deadlier, and strictly safer where the curve holds."""
    near, far = lethality_indoors(np.array([s, s * ratio]))
    assert 0.0 <= far <= near <= 1.0
    # Capped at 1 up to S = 3.05, where the cubic falls below 1.
    assert far < near or s * ratio < 3.1 or s > 55.0


def test_lethality_grows_with_neq_as_derived() -> None:
    """At fixed distance d ln P / d ln Q lies within the derived 1.06 to 1.37 on S = 3 to 55."""
    s = np.linspace(3.1, 54.9, 400)
    step = 1e-5
    up, down = lethality_indoors(s * np.exp(-step / 3.0)), lethality_indoors(s * np.exp(step / 3.0))
    elasticity = np.log(up / down) / (2.0 * step)
    assert elasticity.min() == pytest.approx(1.06, abs=0.01)
    assert elasticity.max() == pytest.approx(1.37, abs=0.01)


def test_overpressure_check_values() -> None:
    """At k 44.4, 22.2, 15 and 8 the fit gives 2.1, 5.4, 8.8 and 20.4 kPa within 3%."""
    pressure = peak_overpressure_kpa(np.array([44.4, 22.2, 15.0, 8.0]))
    assert pressure == pytest.approx([2.1, 5.4, 8.8, 20.4], rel=0.03)


def test_overpressure_of_10_t_at_500_m_as_in_kingery_bulmash_package() -> None:
    """10 t at 500 m (Z = 23.2) gives 5.05 kPa, as the readme of the kingery-bulmash package says."""
    z = scaled_distance(np.array(500.0), np.array(10_000.0))
    assert z == pytest.approx(23.2, abs=0.01)
    assert peak_overpressure_kpa(z) == pytest.approx(5.05, rel=0.005)


@pytest.mark.parametrize("edge", [2.9, 23.8])
def test_overpressure_bands_join(edge: float) -> None:
    """A band begins at its edge, where the fit jumps by less than 1%."""
    below, above = peak_overpressure_kpa(np.array([edge * (1.0 - 1e-12), edge]))
    assert 1e-4 < abs(below / above - 1.0) < 0.01


@pytest.mark.parametrize("z", [0.19, 199.0, math.nan])
def test_overpressure_outside_its_range_is_an_error(z: float) -> None:
    """Outside the fit the message says the range and what was given."""
    with pytest.raises(ValueError, match=rf"expected within \[0\.2, 198\.5\].*got \[10\.0, {z}\]"):
        peak_overpressure_kpa(np.array([10.0, z]))


def test_damage_share_at_quoted_tiers() -> None:
    """10% of replacement cost is lost at 9 kPa, 20% at 11 kPa, all of it near the charge, none far away."""
    z = np.linspace(5.0, 50.0, 200_000)
    pressure = peak_overpressure_kpa(z)
    at = [z[np.argmin(abs(pressure - kpa))] for kpa in (9.0, 11.0, 16.0)]
    assert damage_share(overpressure_within_fit_kpa(np.array(at))) == pytest.approx([0.1, 0.2, 0.4], abs=1e-3)
    assert list(damage_share(overpressure_within_fit_kpa(np.array([0.01, 3.0, 50.0, 1e9, math.inf])))) == [
        1,
        1,
        0,
        0,
        0,
    ]


def test_open_air_parts_from_houses_beyond_4() -> None:
    """Equal up to S = 4, 0.3 of it from S = 8 on, the geometric mean halfway."""
    ratio = outdoor_ratio(np.array([0.5, 4.0, math.sqrt(32.0), 8.0, 50.0, math.inf]), 0.3)
    assert ratio == pytest.approx([1.0, 1.0, math.sqrt(0.3), 0.3, 0.3, 0.3])


def test_injury_probability_by_hand() -> None:
    """None at S = 60, 1% at 2 kPa, the geometric mean at the geometric mean of pressures, 90% when near."""
    z = np.linspace(2.0, 60.0, 400_000)
    pressure = peak_overpressure_kpa(z)
    at = [z[np.argmin(abs(pressure - kpa))] for kpa in (2.0001, math.sqrt(140.0), 70.0)]
    found = injury_probability(overpressure_within_fit_kpa(np.array([*at, 0.01, 60.0, math.inf])), 0.01, 0.9)
    assert found == pytest.approx([0.01, math.sqrt(0.009), 0.9, 0.9, 0.0, 0.0], rel=1e-3)


@settings(derandomize=True, deadline=None)
@given(st.floats(0.5, 80.0), st.floats(1.0, 5.0))
def test_injury_falls_with_scaled_distance(s: float, ratio: float) -> None:
    """Further away is never worse, but for the small jumps where bands of the overpressure fit meet."""
    near, far = injury_probability(overpressure_within_fit_kpa(np.array([s, s * ratio])), 0.01, 0.9)
    assert 0.0 <= far <= near * 1.02


def test_fireball_by_hand() -> None:
    """Certain death within its radius of 5, none at twice that."""
    assert fireball_lethality(np.array([0.1, 5.0, 7.5, 10.0, math.inf]), 5.0) == pytest.approx(
        [1, 1, 0.5, 0, 0]
    )


def test_fragments_by_hand() -> None:
    """Half of 5% halfway to 270 m, half of that for a store of 500 kg, none beyond."""
    found = fragment_lethality(
        np.array([135.0, 135.0, 271.0, 10.0]), np.array([1e12, 500.0, 1e6, 0.0]), 0.05, 270.0, 500.0
    )
    assert found == pytest.approx([0.025, 0.0125, 0.0, 0.0])
