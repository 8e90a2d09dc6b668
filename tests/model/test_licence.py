"""Explosive limit licences by hand."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.model.licence import licences
from worlds import storehouse, village, world


def test_limit_is_the_cube_of_distance_over_k() -> None:
    """Dwellings at 444 m allow 8,000 kg, since 22.2 times the cube root of 8,000 is 444."""
    found = licences(world(exposed_sites=[village(x_m=444.0)]), np.array([8_000.0]))
    assert found.limit_kg == pytest.approx([8_000.0])
    assert found.excess == pytest.approx([1.0])
    assert found.set_by.tolist() == [0]


def test_strictest_exposed_site_decides() -> None:
    """A school at 500 m (K 44.4) is stricter than dwellings at 400 m and a road at 300 m."""
    near = [
        village("E1", x_m=400.0),
        village("E2", kind="public_building", x_m=500.0),
        village("E3", kind="road", x_m=300.0),
    ]
    found = licences(world(exposed_sites=near), np.array([5_000.0]))
    assert found.limit_kg == pytest.approx([(500.0 / 44.4) ** 3])
    assert found.set_by.tolist() == [1]


def test_workers_and_an_empty_plain_set_no_limit() -> None:
    """Where only the site's own workers are near, nothing limits the storehouse."""
    found = licences(world(exposed_sites=[village(kind="workers", x_m=50.0)]), np.array([1e6]))
    assert np.isinf(found.limit_kg).all()
    assert found.excess.tolist() == [0.0]
    assert found.breaches.size == 0
    assert found.set_by.tolist() == [-1]


def test_breaches_come_worst_first() -> None:
    """Of three storehouses the two over their limit are named, the worse first."""
    houses = [storehouse(f"H{k}", x_m=0.0, y_m=100.0 * k) for k in range(3)]
    found = licences(
        world(storehouses=houses, exposed_sites=[village(x_m=444.0)], lots=()),
        np.array([9_000.0, 1_000.0, 90_000.0]),
    )
    assert found.breaches.tolist() == [2, 0]
