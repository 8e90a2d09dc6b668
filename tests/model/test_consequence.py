from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.consequence import Exposure, exposure, mass_share
from demilsim.model.timeline import Moment, sudden
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

PLAIN = {
    "consequence.outdoor_lethality_factor": 1.0,
    "consequence.responder_distance_m": 150.0,
    "consequence.responders_caught_share": 0.2,
}
"""Constants with which the open air is as deadly as a house, and responders are easy to count."""


def guards(**changes: object) -> ExposedSite:
    """Return 8 guards 150 m north of the origin, half of the time there."""
    base: dict[str, object] = {"kind": "workers", "x_m": 0.0, "y_m": 150.0, "persons": 8.0}
    return village("GUARDS", **(base | {"occupancy_fraction": 0.5} | changes))


def people(*exposed_sites: ExposedSite, **changes: object) -> Exposure:
    """Return the exposure of one storehouse to these people, without any to others."""
    parameters = PLAIN | changes.pop("parameters", {})  # type: ignore[operator]
    return exposure(one_lot(exposed_sites=exposed_sites, parameters=parameters, **changes))


def injured(exposed: Exposure, neq_kg: float, moment: Moment) -> float:
    """Return how many the first storehouse's detonation hurts."""
    return float(exposed.toll(np.array([0]), np.array([neq_kg]), [moment]).injured[0])


def damage_usd(exposed: Exposure, neq_kg: float) -> float:
    """Return what the first storehouse's detonation costs."""
    toll = exposed.toll(np.array([0]), np.array([neq_kg]), [sudden(0.5)])
    return float(toll.property_damage_usd[0])


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
    assert exposed.stack_fatalities(neq) == pytest.approx(exposed.killed(neq, 0.5))


def test_storehouse_fatalities_by_hand() -> None:
    """A fifth goes at once; else nine in ten have left, and 30 × 0.2 responders are caught at 150 m."""
    exposed = people(village(), guards())
    public, workers = exposed.storehouse_fatalities(np.array([20_000.0]))
    stay = 0.2 + 0.8 * 0.1
    assert public == pytest.approx([100.0 * LETHALITY_AT_18_42 * stay], rel=1e-3)
    expected = 8.0 * 0.5 * LETHALITY_AT_5_526 * stay + 0.8 * 30.0 * 0.2 * LETHALITY_AT_5_526
    assert workers == pytest.approx([expected], rel=1e-3)


def test_prompt_detonation_catches_everyone_and_no_responder() -> None:
    """With probability one of going at once, all at home are caught and no responder is there yet."""
    exposed = people(village(), guards(), parameters={"consequence.prompt_share": 1.0})
    neq = np.array([20_000.0])
    assert exposed.storehouse_fatalities(neq) == pytest.approx(exposed.killed(neq, 0.5))


def test_late_detonation_spares_those_who_left() -> None:
    """After a fire only those who stayed die, each group by its own speed, besides responders."""
    slow = {
        "consequence.prompt_share": 0.0,
        "consequence.evacuation_hours_public": 1.0,
        "consequence.evacuation_hours_workers": 1e-9,
    }
    exposed = people(village(), guards(), parameters=slow)
    neq = np.array([20_000.0])
    public, workers = exposed.storehouse_fatalities(neq)
    assert public == pytest.approx([0.25 * 100.0 * LETHALITY_AT_18_42], rel=1e-3)
    assert workers == pytest.approx(0.2 * exposed.responders_killed(neq))
    assert exposed.responders_killed(neq) == pytest.approx([30.0 * LETHALITY_AT_5_526], rel=1e-3)


def test_propagated_storehouse_has_no_responders() -> None:
    """Set off two hours later on average, a seventh of the 28% are left; responders belong to the root."""
    public, workers = people(village(), guards()).propagated_fatalities(np.array([20_000.0]))
    assert public == pytest.approx([0.28 / 7.0 * 100.0 * LETHALITY_AT_18_42], rel=1e-3)
    assert workers == pytest.approx([0.28 / 7.0 * 4.0 * LETHALITY_AT_5_526], rel=1e-3)


def test_lethality_factor_never_kills_more_than_all() -> None:
    """The uncertainty factor of 3 scales small probabilities and stops at certainty."""
    exposed = people(
        village(x_m=500.0), village("NEAR", x_m=120.0), parameters={"consequence.lethality_factor": 3.0}
    )
    public, _ = exposed.killed(np.array([20_000.0]), 0.5)
    # At 120 m S = 4.42 and P is near 0.2, so the factor of 3 holds; at 90 m it would pass 1.
    near = hand_model.lethality(120.0, 20_000.0)
    assert public == pytest.approx([300.0 * LETHALITY_AT_18_42 + 300.0 * near], rel=1e-3)
    closer = people(village(x_m=90.0), parameters={"consequence.lethality_factor": 3.0})
    assert hand_model.lethality(90.0, 20_000.0) > 1.0 / 3.0
    assert closer.killed(np.array([20_000.0]), 0.5)[0] == pytest.approx([100.0])


def test_empty_storehouse_harms_nobody() -> None:
    """Without NEQ nobody dies, responders included."""
    exposed = people(village(x_m=5.0), guards(y_m=5.0))
    nothing = np.array([0.0])
    assert not exposed.storehouse_fatalities(nothing).any()
    assert not exposed.stack_fatalities(nothing).any()


@settings(derandomize=True, deadline=None)
@given(
    st.lists(st.floats(0.0, 300_000.0), min_size=2, max_size=2),
    st.floats(0.0, 1.0),
    st.sampled_from(["bomb_he", "tank_125", "charge_propelling", "sa_rifle"]),
)
def test_fatalities_of_two_storehouses_agree_with_loops(
    neq: Sequence[float], prompt: float, nature: str
) -> None:
    """Arrays over knots and storehouses agree with loops over people in plain Python, for every division."""
    scenario = two_storehouses(prompt, nature)
    exposed = exposure(scenario)
    stock = np.array([neq, neq[::-1]])
    stack, whole = exposed.stack_fatalities(stock), exposed.storehouse_fatalities(stock)
    assert stack.shape == whole.shape == (2, 2, 2)
    for knot in range(2):
        for house in range(2):
            q = float(stock[knot, house])
            by_hand = hand_model.stack_deaths(scenario, house, q)
            assert stack[:, knot, house] == pytest.approx(by_hand, rel=1e-9)
            by_hand = hand_model.storehouse_deaths(scenario, house, q)
            assert whole[:, knot, house] == pytest.approx(by_hand, rel=1e-9)


@pytest.mark.parametrize("nature", ["bomb_he", "tank_125", "charge_propelling"])
def test_toll_of_a_detonation_agrees_with_the_arrays(nature: str) -> None:
    """What a replication asks about some detonations is what the arrays over all storehouses hold."""
    exposed = exposure(two_storehouses(0.2, nature))
    neq = np.array([30_000.0, 80_000.0])
    moments = [sudden(1.0), sudden(0.0), Moment(0.3, 0.5, 0.1, 0.7)]
    house = np.array([1, 0, 1])
    toll = exposed.toll(house, neq[house], moments)
    for i, moment in enumerate(moments):
        expected = exposed.fatalities(neq, moment)[:, house[i]]
        assert [toll.public[i], toll.workers[i]] == pytest.approx(expected.tolist())
        alone = exposed.toll(house[[i]], neq[house[[i]]], [moment])
        assert toll.injured[i] == pytest.approx(alone.injured[0])
        assert toll.property_damage_usd[i] == pytest.approx(alone.property_damage_usd[0])


def two_storehouses(prompt: float, nature: str = "bomb_he") -> Scenario:
    """Return two storehouses with a village, a road and guards around; the second holds bombs."""
    road = village("ROAD", kind="road", x_m=-200.0, persons=15.0, day_fraction=0.3, night_fraction=0.1)
    return two_lots(
        lots=[lot("L1", "H1", nature_id=nature), lot("L2", "H2", nature_id="bomb_he")],
        exposed_sites=(guards(), village(day_fraction=0.4), road),
        parameters={"consequence.prompt_share": prompt},
    )


def test_by_night_all_are_at_home_and_indoors() -> None:
    """90 of 100 are at home by night; by day 40, a fifth of them in the open, where 0.3 as many die."""
    home = village(day_fraction=0.4, night_fraction=0.9)
    exposed = exposure(one_lot(exposed_sites=[home]))
    neq = np.array([20_000.0])
    assert exposed.killed(neq, 0.0)[0] == pytest.approx([90.0 * LETHALITY_AT_18_42], rel=1e-3)
    by_day = 40.0 * (0.8 + 0.2 * 0.3)
    assert exposed.killed(neq, 1.0)[0] == pytest.approx([by_day * LETHALITY_AT_18_42], rel=1e-3)
    mean = 0.25 * exposed.killed(neq, 1.0) + 0.75 * exposed.killed(neq, 0.0)
    assert exposed.killed(neq, 0.25) == pytest.approx(mean)


def test_projection_kills_in_the_open_only_further_out() -> None:
    """At 135 m, half of 270 m, 1,000 kg of HD 1.2 kill 0.05 / 2 × 2/3 in the open; at 300 m blast alone."""
    rounds = [lot(nature_id="tank_125")]
    outside = {"consequence.outdoor_share_workers": 1.0, "consequence.lethality_factor": 0.0}
    for distance, expected in ((135.0, 100.0 * 0.05 * 0.5 / 1.5), (300.0, 0.0)):
        exposed = people(village(kind="workers", x_m=distance), lots=rounds, parameters=outside)
        assert exposed.killed(np.array([1_000.0]), 0.5)[1] == pytest.approx([expected])
    sheltered = people(village(x_m=135.0), lots=rounds, parameters={"consequence.lethality_factor": 0.0})
    assert not sheltered.killed(np.array([1_000.0]), 0.0).any()


def test_mass_fire_kills_within_its_fireball() -> None:
    """8,000 kg have a fireball of 5.2 × 20 = 104 m: certain death at 100 m, half at 156 m, none at 208 m."""
    charges = [lot(nature_id="charge_propelling")]
    for distance, expected in ((100.0, 100.0), (156.0, 50.0), (208.0, 0.0)):
        exposed = people(village(x_m=distance), lots=charges)
        assert exposed.killed(np.array([8_000.0]), 0.5)[0] == pytest.approx([expected], abs=1e-9)
        assert injured(exposed, 8_000.0, sudden(0.5)) == 0.0
        assert damage_usd(exposed, 8_000.0) == 0.0


def test_minor_division_has_no_blast() -> None:
    """Small-arms ammunition alone has no NEQ that counts, and harms nobody."""
    assert mass_share(one_lot(lots=[lot(nature_id="sa_rifle")])) == pytest.approx([0.0])


def test_injured_by_hand() -> None:
    """10 t at 500 m give 5.05 kPa: 1% at 2 kPa, 90% at 70 kPa, 2.98% in between; a tenth is still there."""
    p = 0.01 * 90.0 ** (math.log(5.05 / 2.0) / math.log(35.0))
    all_there = injured(people(village()), 10_000.0, sudden(0.0))
    # At Z = 23.2, P = 3.2e-4 die of it.
    assert all_there == pytest.approx(100.0 * (p - hand_model.lethality(500.0, 10_000.0)), rel=0.01)
    late = injured(people(village()), 10_000.0, Moment(0.0, 0.1, 0.1, 0.0))
    assert late == pytest.approx(0.1 * all_there)


def test_debris_hurts_where_blast_no_longer_does() -> None:
    """1 kg at 399 m breaks no window, but debris hurts 5%; at 401 m it hurts nobody."""
    near, far = (injured(people(village(x_m=x)), 1.0, sudden(0.0)) for x in (399.0, 401.0))
    assert (near, far) == (pytest.approx(5.0), 0.0)


def test_responders_are_hurt_if_within_reach() -> None:
    """Of 30 responders at 150 m those who are neither dead nor unhurt count as injured."""
    hurt = injured(people(), 20_000.0, Moment(1.0, 0.0, 0.0, 1.0))
    assert 0.0 < hurt < 30.0 * (1.0 - LETHALITY_AT_5_526)
    assert injured(people(), 20_000.0, Moment(1.0, 0.0, 0.0, 0.0)) == 0.0


@settings(derandomize=True, deadline=None)
@given(
    st.floats(1.0, 300_000.0), st.floats(1.0, 2.0), st.sampled_from(["bomb_he", "tank_125", "pyro_signal"])
)
def test_more_explosive_never_harms_less(neq: float, ratio: float, nature: str) -> None:
    """Expected deaths rise with the NEQ that counts, for every division."""
    exposed = exposure(one_lot(lots=[lot(nature_id=nature)], exposed_sites=(guards(), village(x_m=250.0))))
    less, more = (exposed.storehouse_fatalities(np.array([q])) for q in (neq, neq * ratio))
    assert np.all(more >= less - 1e-15)


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
    damage = damage_usd(people(village(), guards()), 10_000.0)
    assert damage == pytest.approx(0.1 * (5.05 - 2.0) / 7.0 * 10_000.0 * 100.0, rel=0.01)


def test_people_on_the_road_own_no_building() -> None:
    """Homes and public buildings are damaged; those who pass or work there add nothing."""
    hall = village("HALL", kind="public_building", persons=50.0)
    road = village("ROAD", kind="road", persons=1_000.0)
    with_all = damage_usd(people(village(), hall, road, guards()), 20_000.0)
    assert with_all == pytest.approx(1.5 * damage_usd(people(village()), 20_000.0))


def test_no_explosion_no_damage() -> None:
    """An explosion of nothing damages nothing, even next door."""
    assert damage_usd(people(village(x_m=5.0)), 0.0) == 0.0
