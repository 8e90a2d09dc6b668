from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.consequence import (
    Exposure,
    damage_share,
    exposure,
    lethality_indoors,
    mass_share,
    peak_overpressure_kpa,
    scaled_distance,
)
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExposedSite
from model import hand_model
from worlds import lot, one_lot, storehouse, two_lots, village

LETHALITY_AT_18_42 = 6.899e-4
"""At S = 500 / 20000^(1/3) = 18.420: log10 P = 1.827 - 4.3437 - 1.3656 + 0.7211 = -3.1612."""

LETHALITY_AT_29_24 = 1.2097e-4
"""At S = 500 / 5000^(1/3) = 29.240: log10 P = 1.827 - 5.0327 - 1.8332 + 1.1216 = -3.9173."""

LETHALITY_AT_5_526 = 0.08991
"""At S = 150 / 20000^(1/3) = 5.5260: log10 P = 1.827 - 2.5487 - 0.4702 + 0.1457 = -1.0462."""


def guards(**changes: object) -> ExposedSite:
    """Return 8 guards 150 m north of the origin, half of the time there."""
    base: dict[str, object] = {"kind": "workers", "x_m": 0.0, "y_m": 150.0, "persons": 8.0}
    return village("GUARDS", **(base | {"occupancy_fraction": 0.5} | changes))


def people(*exposed_sites: ExposedSite, **changes: object) -> Exposure:
    """Return the exposure of one storehouse to these people, without any to others."""
    return exposure(one_lot(exposed_sites=exposed_sites, **changes))


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
    assert damage_share(np.array(at)) == pytest.approx([0.1, 0.2, 0.4], abs=1e-3)
    assert list(damage_share(np.array([0.01, 3.0, 50.0, 1e9, math.inf]))) == [1, 1, 0, 0, 0]


@pytest.mark.parametrize(
    ("natures", "expected"),
    [
        (["bomb_he"], [1.0]),
        (["tank_125"], [0.1]),
        (["charge_propelling"], [0.05]),
        (["sa_rifle"], [0.0]),
        (["bomb_he", "tank_125", "charge_propelling", "sa_rifle"], [1.0, 1.0, 1.0, 0.0]),
        (["tank_125", "charge_propelling", "sa_rifle"], [0.1, 0.05, 0.0]),
    ],
)
def test_aggregation_of_hazard_divisions(natures: list[str], expected: list[float]) -> None:
    """HD 1.2 and 1.3 count in full with 1.1, by their own share without; 1.4 never joins."""
    lots = [lot(f"L{i}", nature_id=n) for i, n in enumerate(natures)]
    assert mass_share(one_lot(lots=lots)) == pytest.approx(expected)


def test_aggregation_stays_within_a_storehouse() -> None:
    """HD 1.1 next door does not make HD 1.2 count in full."""
    lots = [lot("L1", "H1", nature_id="bomb_he"), lot("L2", "H2", nature_id="tank_125")]
    assert mass_share(two_lots(lots=lots)) == pytest.approx([1.0, 0.1])


def test_stack_fatalities_by_hand() -> None:
    """A stack of 5 t of the 20 t kills 100 people at 500 m with 1.21e-4 each, and nobody else is near."""
    public, workers = people(village()).stack_fatalities(np.array([20_000.0]))
    assert public == pytest.approx([100.0 * LETHALITY_AT_29_24], rel=1e-3)
    assert workers == [0.0]


def test_small_storehouse_is_less_than_a_stack() -> None:
    """What holds less than a stack harms as what it holds."""
    exposed = people(village())
    neq = np.array([3_000.0])
    assert exposed.stack_fatalities(neq) == pytest.approx(exposed.killed(neq))


def test_storehouse_fatalities_by_hand() -> None:
    """A fifth goes at once; else nine in ten have left, and 30 × 0.2 responders are caught at 150 m."""
    exposed = people(village(), guards())
    public, workers = exposed.storehouse_fatalities(np.array([20_000.0]), 0.2)
    stay = 0.2 + 0.8 * 0.1
    assert public == pytest.approx([100.0 * LETHALITY_AT_18_42 * stay], rel=1e-3)
    expected = 8.0 * 0.5 * LETHALITY_AT_5_526 * stay + 0.8 * 30.0 * 0.2 * LETHALITY_AT_5_526
    assert workers == pytest.approx([expected], rel=1e-3)


def test_prompt_detonation_catches_everyone_and_no_responder() -> None:
    """With probability one of going at once, all at home are caught and no responder is there yet."""
    exposed = people(village(), guards())
    neq = np.array([20_000.0])
    assert exposed.storehouse_fatalities(neq, 1.0) == pytest.approx(exposed.killed(neq))


def test_late_detonation_spares_those_who_left() -> None:
    """After a fire only those who stayed die, each group by its own share, besides responders."""
    left = {"consequence.evacuated_share_public": 0.75, "consequence.evacuated_share_workers": 1.0}
    exposed = people(village(), guards(), parameters=left)
    neq = np.array([20_000.0])
    public, workers = exposed.storehouse_fatalities(neq, 0.0)
    assert public == pytest.approx([0.25 * 100.0 * LETHALITY_AT_18_42], rel=1e-3)
    assert workers == pytest.approx(exposed.responders_killed(neq))


def test_propagated_storehouse_has_no_responders() -> None:
    """A storehouse set off by another finds people gone, and its responders are counted at the root."""
    public, workers = people(village(), guards()).propagated_fatalities(np.array([20_000.0]))
    assert public == pytest.approx([0.1 * 100.0 * LETHALITY_AT_18_42], rel=1e-3)
    assert workers == pytest.approx([0.1 * 4.0 * LETHALITY_AT_5_526], rel=1e-3)


def test_lethality_factor_never_kills_more_than_all() -> None:
    """The uncertainty factor of 3 scales small probabilities and stops at certainty."""
    exposed = people(
        village(x_m=500.0), village("NEAR", x_m=120.0), parameters={"consequence.lethality_factor": 3.0}
    )
    public, _ = exposed.killed(np.array([20_000.0]))
    # At 120 m S = 4.42 and P is near 0.2, so the factor of 3 holds; at 90 m it would pass 1.
    near = hand_model.lethality(120.0, 20_000.0)
    assert public == pytest.approx([300.0 * LETHALITY_AT_18_42 + 300.0 * near], rel=1e-3)
    closer = people(village(x_m=90.0), parameters={"consequence.lethality_factor": 3.0})
    assert hand_model.lethality(90.0, 20_000.0) > 1.0 / 3.0
    assert closer.killed(np.array([20_000.0]))[0] == pytest.approx([100.0])


def test_empty_storehouse_harms_nobody() -> None:
    """Without NEQ nobody dies, responders included."""
    exposed = people(village(x_m=5.0), guards(y_m=5.0))
    nothing = np.array([0.0])
    assert not exposed.storehouse_fatalities(nothing, 0.2).any()
    assert not exposed.stack_fatalities(nothing).any()


@settings(derandomize=True, deadline=None)
@given(st.lists(st.floats(0.0, 300_000.0), min_size=2, max_size=2), st.floats(0.0, 1.0))
def test_fatalities_of_two_storehouses_agree_with_loops(neq: Sequence[float], prompt: float) -> None:
    """Arrays over knots and storehouses agree with loops over people in plain Python."""
    scenario = two_storehouses(prompt)
    exposed = exposure(scenario)
    stock = np.array([neq, neq[::-1]])
    stack, whole = exposed.stack_fatalities(stock), exposed.storehouse_fatalities(stock, prompt)
    assert stack.shape == whole.shape == (2, 2, 2)
    for knot in range(2):
        for house in range(2):
            q = float(stock[knot, house])
            by_hand = hand_model.stack_deaths(scenario, house, q)
            assert stack[:, knot, house] == pytest.approx(by_hand, rel=1e-9)
            by_hand = hand_model.storehouse_deaths(scenario, house, q)
            assert whole[:, knot, house] == pytest.approx(by_hand, rel=1e-9)


def two_storehouses(prompt: float) -> Scenario:
    """Return two storehouses with a village, a road and guards around."""
    road = village("ROAD", kind="road", x_m=-200.0, persons=15.0, occupancy_fraction=0.3)
    return two_lots(
        exposed_sites=(guards(), village(), road), parameters={"consequence.prompt_share": prompt}
    )


def test_displaced_are_the_public_within_the_radius() -> None:
    """All 100 villagers within 10 km leave for 4 days; guards and people further away do not count."""
    far = village("FAR", x_m=10_001.0, persons=5_000.0)
    edge = village("EDGE", x_m=10_000.0, persons=7.0, occupancy_fraction=0.1)
    exposed = people(village(), far, edge, guards())
    assert exposed.displaced_person_days(0) == pytest.approx((100.0 + 7.0) * 4.0)


def test_displaced_are_counted_around_one_storehouse() -> None:
    """Only those near the storehouse that burns leave."""
    houses = (storehouse("H1"), storehouse("H2", x_m=-9_800.0))
    exposed = exposure(two_lots(storehouses=houses))
    assert [exposed.displaced_person_days(h) for h in (0, 1)] == [400.0, 0.0]


def test_property_damage_by_hand() -> None:
    """10 t at 500 m give 5.05 kPa: 10% × (5.05 - 2) / 7 of 10,000 USD for each of 100 residents."""
    damage = people(village(), guards()).property_damage_usd(0, 10_000.0)
    assert damage == pytest.approx(0.1 * (5.05 - 2.0) / 7.0 * 10_000.0 * 100.0, rel=0.01)


def test_people_on_the_road_own_no_building() -> None:
    """Homes and public buildings are damaged; those who pass or work there add nothing."""
    hall = village("HALL", kind="public_building", persons=50.0)
    road = village("ROAD", kind="road", persons=1_000.0)
    with_all = people(village(), hall, road, guards()).property_damage_usd(0, 20_000.0)
    assert with_all == pytest.approx(1.5 * people(village()).property_damage_usd(0, 20_000.0))


def test_no_explosion_no_damage() -> None:
    """An explosion of nothing damages nothing, even next door."""
    assert people(village(x_m=5.0)).property_damage_usd(0, 0.0) == 0.0
