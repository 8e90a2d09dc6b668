from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.blast import peak_overpressure_kpa
from demilsim.model.separation import (
    K_INHABITED_BUILDING,
    K_PUBLIC_ROAD,
    K_VULNERABLE_BUILDING,
    critical_neq_kg,
    exposed_distance_m,
    k_none,
    propagation_probability,
    quantity_distance_m,
    storehouse_distance_m,
)
from demilsim.scenario.register import shipped_register
from demilsim.scenario.schema import Construction
from worlds import one_lot, storehouse, three_sites, village

PROPAGATION = shipped_register().propagation


def test_inhabited_building_distance_of_8_000_kg() -> None:
    """D = 22.2 × 8000^(1/3) = 444 m, and twice that for a vulnerable building."""
    assert quantity_distance_m(np.array(8000.0), K_INHABITED_BUILDING) == pytest.approx(444.0)
    assert quantity_distance_m(np.array(8000.0), K_VULNERABLE_BUILDING) == pytest.approx(888.0)
    assert quantity_distance_m(np.array(8000.0), K_PUBLIC_ROAD) == pytest.approx(296.0)
    assert quantity_distance_m(np.array(0.0), K_INHABITED_BUILDING) == 0.0


def test_required_distances_give_the_tiers_of_iatg_02_20() -> None:
    """At the three K factors the overpressure is at the tiers of 2, 5 and 9 kPa of Table 8."""
    k = np.array([K_VULNERABLE_BUILDING, K_INHABITED_BUILDING, K_PUBLIC_ROAD])
    assert peak_overpressure_kpa(k) == pytest.approx([2.1, 5.4, 8.9], rel=0.03)


def test_propagation_ends_where_registered() -> None:
    """Touching neighbours go with 0.8; beyond the acceptor's limit none does."""
    k = np.array([0.1, PROPAGATION.k_touching, 2.4, 5.0])
    assert propagation_probability(k, np.array(2.4), PROPAGATION) == pytest.approx([0.8, 0.8, 0.0, 0.0])


def test_propagation_is_linear_in_the_logarithm_of_k() -> None:
    """At the geometric mean of both ends half of the touching probability is left."""
    middle = np.sqrt(PROPAGATION.k_touching * 2.4)
    assert propagation_probability(middle, np.array(2.4), PROPAGATION) == pytest.approx(0.4)


def test_construction_of_the_acceptor_decides_its_limit() -> None:
    """Earth protects best, then masonry; sheet metal and open stacks are set off from furthest."""
    limit = [k_none(PROPAGATION, c) for c in Construction]
    assert dict(zip(Construction, limit, strict=True)) == {
        Construction.EARTH_COVERED: 0.8, Construction.MASONRY: 2.4, Construction.SHEET_METAL: 4.8,
        Construction.OPEN_STACK: 4.8,
    }  # fmt: skip


constructions = st.sampled_from(list(Construction))
separations = st.floats(5.0, 500.0)


@settings(derandomize=True, deadline=None)
@given(separations, constructions, st.floats(0.01, 0.99))
def test_critical_neq_is_the_inverse_of_the_probability(
    separation: float, construction: Construction, share: float
) -> None:
    """At the critical NEQ of a mark the probability equals the mark."""
    mark = share * PROPAGATION.probability_touching
    limit = np.array(k_none(PROPAGATION, construction))
    neq = critical_neq_kg(np.array(separation), limit, np.array(mark), PROPAGATION)
    probability = propagation_probability(separation / np.cbrt(neq), limit, PROPAGATION)
    assert probability == pytest.approx(mark, rel=1e-9)


@settings(derandomize=True, deadline=None)
@given(separations, constructions, st.floats(0.0, 1.0), st.floats(1.0, 6.0))
def test_link_is_open_exactly_when_the_mark_is_below_the_probability(
    separation: float, construction: Construction, mark: float, log10_neq: float
) -> None:
    """A donor above the critical NEQ of a mark is one whose probability exceeds the mark."""
    neq = 10.0**log10_neq
    limit = np.array(k_none(PROPAGATION, construction))
    critical = critical_neq_kg(np.array(separation), limit, np.array(mark), PROPAGATION)
    probability = propagation_probability(separation / np.cbrt(neq), limit, PROPAGATION)
    if abs(neq / critical - 1.0) > 1e-9 and abs(probability - mark) > 1e-12:
        assert (neq > critical) == (probability > mark)


def test_mark_above_touching_probability_never_opens() -> None:
    """Neighbours that stay put even when touching need infinite NEQ."""
    marks = np.array([0.5, 0.8, 0.95])
    neq = critical_neq_kg(np.array(10.0), np.array(2.4), marks, PROPAGATION)
    assert list(np.isfinite(neq)) == [True, False, False]


def test_people_face_only_the_storehouses_of_their_site() -> None:
    """Each village of three sites faces the two storehouses of its own site, by Pythagoras."""
    house, place, distance = exposed_distance_m(three_sites())
    assert list(zip(house, place, strict=True)) == [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (5, 2)]
    expected = [np.hypot(x, y) for x in (400.0, 700.0, 1500.0) for y in (80.0, 160.0)]
    assert distance == pytest.approx(expected)


def test_storehouse_pairs_stay_within_a_site() -> None:
    """Neighbours are ordered pairs of different storehouses at one site, 80 m apart."""
    donor, acceptor, distance = storehouse_distance_m(three_sites())
    assert sorted(zip(donor, acceptor, strict=True)) == [(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)]
    assert distance == pytest.approx(np.full(6, 80.0))


def test_distance_is_euclidean_in_both_coordinates() -> None:
    """A storehouse at (10, 20) and people at (310, 420) are 500 m apart."""
    scenario = one_lot(
        storehouses=[storehouse(x_m=10.0, y_m=20.0)], exposed_sites=[village(x_m=310.0, y_m=420.0)]
    )
    assert exposed_distance_m(scenario)[2] == pytest.approx([500.0])


def test_world_without_people_has_no_pairs() -> None:
    """Nobody around means empty arrays, not an error."""
    house, place, distance = exposed_distance_m(dataclasses.replace(one_lot(), exposed_sites=()))
    assert house.size == place.size == distance.size == 0
