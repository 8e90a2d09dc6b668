from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from demilsim.model.ageing import (
    ageing_profile,
    arrhenius_factor,
    daily_mean_arrhenius_factor,
    kinetic_mean_temperature_c,
)
from demilsim.model.corrosion import corrosion_factor
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from model import hand_model
from worlds import lot, one_lot, site, storehouse

K_PER_YEAR = shipped_register().ageing.depletion_rate_per_year
EA = shipped_register().ageing.activation_energy_j_per_mol
RATES = shipped_register().event_rate


def ratio_30_over_20(activation_energy: float) -> float:
    """Return the depletion rate at 30 °C over that at 20 °C."""
    warm, cool = arrhenius_factor(np.array([303.15, 293.15]), activation_energy)
    return float(warm / cool)


def years_since_start(scenario: Scenario) -> np.ndarray:
    """Return the years from the start to each knot."""
    dates = scenario.period_dates
    return np.array([(date - dates[0]).days / 365.25 for date in dates])


def test_factor_is_one_at_25_degrees() -> None:
    """The stated depletion rate holds at 25 °C, whatever the activation energy."""
    for activation_energy in (50e3, 100e3, 150e3):
        assert arrhenius_factor(np.array(298.15), activation_energy) == 1.0


@pytest.mark.parametrize(("kj_per_mol", "ratio"), [(53, 2.05), (80, 2.95), (100, 3.87), (120, 5.07)])
def test_ten_kelvin_more_speeds_depletion_as_derived(kj_per_mol: float, ratio: float) -> None:
    """From 20 to 30 °C the rate grows by the derived ratios; 53 kJ/mol is the doubling rule."""
    assert ratio_30_over_20(kj_per_mol * 1e3) == pytest.approx(ratio, abs=0.005)


def test_daily_cycle_15_to_45_ages_2_09_times_as_fast_as_30() -> None:
    """A sinusoid between 15 and 45 °C at 100 kJ/mol depletes 2.09 times as fast as constant 30 °C."""
    cycled = daily_mean_arrhenius_factor(np.array(30.0), np.array(15.0), 100e3)
    assert cycled / arrhenius_factor(np.array(303.15), 100e3) == pytest.approx(2.09, abs=0.005)


def test_square_wave_15_to_45_ages_3_31_times_as_fast_as_30() -> None:
    """Twelve hours at 15 and twelve at 45 °C at 100 kJ/mol deplete 3.31 times as fast as constant 30 °C."""
    cold, hot, constant = arrhenius_factor(np.array([288.15, 318.15, 303.15]), 100e3)
    assert 0.5 * (cold + hot) / constant == pytest.approx(3.31, abs=0.005)


def test_daily_mean_agrees_with_adaptive_quadrature() -> None:
    """The 48 points of the day integrate the swing to 1e-9 on 1,000 random climates."""
    rng = np.random.default_rng(20260101)
    mean, swing = rng.uniform(-20.0, 35.0, 1000), rng.uniform(0.0, 25.0, 1000)
    energy = rng.uniform(80e3, 150e3, 1000)
    for m, s, e in zip(mean, swing, energy, strict=True):
        ours = daily_mean_arrhenius_factor(np.array(m), np.array(s), e)
        # The day is symmetric about its warmest and its coldest hour: half of it will do.
        integral, _ = quad(
            lambda phase, m=m, s=s, e=e: hand_model.arrhenius(m + s * math.sin(phase), e),
            -math.pi / 2.0, math.pi / 2.0, epsabs=0.0, epsrel=1e-11, limit=200,
        )  # fmt: skip
        assert ours == pytest.approx(integral / math.pi, rel=1e-9, abs=0.0)


@settings(derandomize=True, deadline=None)
@given(
    st.floats(-40.0, 45.0), st.floats(0.0, 30.0), st.floats(0.5, 10.0), st.sampled_from([80e3, 100e3, 120e3])
)
def test_wider_swing_never_ages_less(mean: float, swing: float, more: float, energy: float) -> None:
    """At equal mean a wider daily swing ages faster, since the law is convex."""
    narrow, wide = daily_mean_arrhenius_factor(np.full(2, mean), np.array([swing, swing + more]), energy)
    assert wide > narrow


@pytest.mark.parametrize(
    ("kj_per_mol", "expected"),
    [(80, (18.4, 19.0, 23.3)), (100, (19.2, 20.0, 25.0)), (120, (19.9, 20.8, 26.5))],
)
def test_kinetic_mean_temperature_of_a_year_as_in_shymkent(
    kj_per_mol: float, expected: tuple[float, ...]
) -> None:
    """Annual mean 14 and amplitude 13.5 give the derived temperatures at half-swings 0, 5 and 15 K."""
    energy = kj_per_mol * 1e3
    day = 14.0 + 13.5 * np.sin(2.0 * np.pi * (np.arange(365) + 0.5) / 365)
    for half_swing, kinetic_mean in zip((0.0, 5.0, 15.0), expected, strict=True):
        factor = daily_mean_arrhenius_factor(day, np.array(half_swing), energy).mean()
        ours = float(kinetic_mean_temperature_c(factor, energy))
        assert ours == pytest.approx(kinetic_mean, abs=0.05)
        # The definition: constant storage at that temperature ages as much.
        assert hand_model.arrhenius(ours, energy) == pytest.approx(factor, rel=1e-12)


def test_ageing_rate_of_a_year_as_in_shymkent() -> None:
    """Relative to 25 °C that year is 0.43-0.48 in good insulation and 0.8-1.3 in a hot box."""
    day = 14.0 + 13.5 * np.sin(2.0 * np.pi * (np.arange(365) + 0.5) / 365)
    insulated, hot_box = (
        [float(daily_mean_arrhenius_factor(day, np.array(s), e).mean()) for e in (120e3, 80e3)]
        for s in (0.0, 15.0)
    )
    assert insulated == pytest.approx([0.43, 0.48], abs=0.005)
    assert sorted(hot_box) == pytest.approx([0.8, 1.3], abs=0.05)


def test_profile_gives_the_stabiliser_behind_the_rate() -> None:
    """A lot of 0.6 at 25 °C passes the retest level after ln(0.6 / 0.5) / k = 6.5 years."""
    scenario = one_lot(
        sites=[site(temperature_c=25.0)],
        lots=[lot("BOMB", nature_id="bomb_he", stabiliser_fraction=None), lot("L1", stabiliser_fraction=0.6)],
        horizon_years=10,
    )
    left = ageing_profile(scenario).stabiliser(np.ones(2))
    years = years_since_start(scenario)
    assert left[:, 0] == pytest.approx(0.6 * np.exp(-K_PER_YEAR * years), rel=1e-12)
    passed = years[left[:, 0] < RATES.retest_level_fraction][0]
    assert passed == pytest.approx(math.log(0.6 / 0.5) / K_PER_YEAR, abs=0.25)


def test_order_of_the_register_reaches_the_rate() -> None:
    """With half of the depletion at zero order, the lot's rate follows the mixed closed form."""
    scenario = one_lot(
        sites=[site(temperature_c=25.0)],
        lots=[lot(stabiliser_fraction=0.6)],
        parameters={"ageing.zero_order_share": 0.5},
        horizon_years=10,
    )
    pace = 1.4
    rate = ageing_profile(scenario).rate_per_t_year(np.array([pace]))[:, 0] / RATES.ageing_per_t_year
    half = 0.5 * K_PER_YEAR * pace
    for years, ours in zip(years_since_start(scenario), rate, strict=True):
        left = (0.6 + 1.0) * math.exp(-half * years) - 1.0
        assert ours == pytest.approx(hand_model.ageing_factor(left, RATES), rel=1e-9)


@pytest.mark.parametrize("temperature_c", [-5.0, 25.0, 40.0])
def test_effective_age_at_constant_temperature_is_time_times_factor(temperature_c: float) -> None:
    """Without seasons or swing, effective age is calendar time times the Arrhenius factor."""
    scenario = one_lot(sites=[site(temperature_c=temperature_c)], horizon_years=5)
    expected = years_since_start(scenario) * hand_model.arrhenius(temperature_c, EA)
    assert ageing_profile(scenario).effective_age[:, 0] == pytest.approx(expected, rel=1e-12)


def test_months_count_with_their_own_days_and_temperature() -> None:
    """From April on, the second quarter is July to September with 31, 31 and 30 days of their own."""
    warm = site(temperature_jul_c=30.0, temperature_aug_c=28.0, temperature_sep_c=20.0)
    scenario = one_lot(sites=[warm], start=dt.date(2026, 4, 1))
    gained = np.diff(ageing_profile(scenario).effective_age[:, 0])
    by_hand = sum(d * hand_model.arrhenius(t, EA) for d, t in ((31, 30.0), (31, 28.0), (30, 20.0))) / 365.25
    assert gained[1] == pytest.approx(by_hand, rel=1e-12)
    assert gained[0] == pytest.approx(91 * hand_model.arrhenius(10.0, EA) / 365.25, rel=1e-12)
    assert gained[5] == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize(
    ("construction", "share"),
    [("earth_covered", 0.05), ("masonry", 0.5), ("sheet_metal", 1.5), ("open_stack", 1.0)],
)
def test_construction_damps_or_amplifies_the_swing(construction: str, share: float) -> None:
    """The stock feels the registered share of the outdoor half-swing of 10 K."""
    scenario = one_lot(
        sites=[site(temperature_c=20.0, daily_half_swing_c=10.0)],
        storehouses=[storehouse(construction=construction)],
    )
    hours = [20.0 + 10.0 * share * math.sin(2.0 * math.pi * h / 240) for h in range(240)]
    factor = sum(hand_model.arrhenius(t, EA) for t in hours) / len(hours)
    age = ageing_profile(scenario).effective_age[:, 0]
    assert age == pytest.approx(years_since_start(scenario) * factor, rel=1e-9)


def test_lots_age_in_the_climate_of_their_own_site() -> None:
    """A lot at 30 °C ages by that site's factor though it is listed before a lot at 5 °C."""
    scenario = one_lot(
        sites=[site("COLD", temperature_c=5.0), site("HOT", temperature_c=30.0)],
        storehouses=[storehouse("HC", "COLD"), storehouse("HH", "HOT")],
        lots=[lot("L-HOT", "HH"), lot("L-COLD", "HC")],
    )
    profile = ageing_profile(scenario)
    rate = profile.rate_per_t_year(np.ones(2))[-1] / RATES.ageing_per_t_year
    ages = [730 / 365.25 * hand_model.arrhenius(t, EA) for t in (30.0, 5.0)]
    expected = [hand_model.ageing_factor(0.5 * math.exp(-K_PER_YEAR * age), RATES) for age in ages]
    assert rate == pytest.approx(expected, rel=1e-9)


def test_known_stabiliser_counts_from_the_start() -> None:
    """A measured lot depletes from its measurement, however old it is, at its own pace."""
    scenario = one_lot(
        sites=[site(temperature_c=30.0)],
        lots=[
            lot("OLD", year_made=1950, stabiliser_fraction=0.6),
            lot("NEW", year_made=2020, stabiliser_fraction=0.6),
        ],
        horizon_years=10,
    )
    pace = 1.7
    rate = ageing_profile(scenario).rate_per_t_year(np.full(2, pace))
    warm = hand_model.arrhenius(30.0, EA)
    for years, row in zip(years_since_start(scenario), rate, strict=True):
        left = 0.6 * math.exp(-K_PER_YEAR * pace * warm * years)
        expected = RATES.ageing_per_t_year * hand_model.ageing_factor(left, RATES)
        assert row == pytest.approx([expected, expected], rel=1e-9)


@pytest.mark.parametrize("stabiliser", ["unknown", None])
def test_unknown_stabiliser_counts_from_the_year_of_making(stabiliser: str | None) -> None:
    """A lot that was never tested is taken as new when made and as aged at its site since."""
    scenario = one_lot(
        sites=[site(temperature_c=20.0)], lots=[lot(year_made=1986, stabiliser_fraction=stabiliser)]
    )
    left = math.exp(-K_PER_YEAR * 40 * hand_model.arrhenius(20.0, EA))
    rate = ageing_profile(scenario).rate_per_t_year(np.ones(1))[0, 0]
    assert rate == pytest.approx(RATES.ageing_per_t_year * hand_model.ageing_factor(left, RATES), rel=1e-9)


def test_unknown_is_not_taken_as_good() -> None:
    """An untested lot of 1980 in a hot place is riskier than one measured at 0.9."""
    lots = [lot("TESTED", stabiliser_fraction=0.9), lot("UNTESTED", stabiliser_fraction="unknown")]
    scenario = one_lot(sites=[site(temperature_c=25.0)], lots=lots)
    tested, untested = ageing_profile(scenario).mean_rate_per_t_year()[0]
    assert untested > 3.0 * tested


@pytest.mark.parametrize(
    ("construction", "doubling"),
    [("earth_covered", 60.0), ("masonry", 60.0), ("sheet_metal", 30.0), ("open_stack", 15.0)],
)
def test_lots_without_propellant_age_by_corrosion(construction: str, doubling: float) -> None:
    """Without propellant a lot of 1996 has 0.3 of the rate times 1 + age / doubling years, growing."""
    scenario = one_lot(
        storehouses=[storehouse(construction=construction)],
        lots=[lot(), lot("BOMB", nature_id="bomb_he", stabiliser_fraction=None, year_made=1996)],
    )
    for lot_factor in (0.5, 2.0):
        rate = ageing_profile(scenario).rate_per_t_year(np.full(2, lot_factor))[:, 1]
        for years, ours in zip(years_since_start(scenario), rate, strict=True):
            assert ours == pytest.approx(0.3 * 2e-7 * (1.0 + (30.0 + years) / doubling), rel=1e-12)
        assert np.all(np.diff(rate) > 0.0)


def test_corrosion_doubles_after_the_doubling_years() -> None:
    """New ammunition has the rate as it stands; after the doubling years twice, after twice those thrice."""
    assert corrosion_factor(np.array([0.0, 30.0, 60.0]), np.array(30.0)) == pytest.approx([1.0, 2.0, 3.0])


def test_corrosion_is_that_of_the_lots_own_storehouse() -> None:
    """Two bombs of the same age in different buildings of one site corrode at different rates."""
    bomb = {"nature_id": "bomb_he", "stabiliser_fraction": None, "year_made": 2011}
    scenario = one_lot(
        storehouses=[storehouse("HM"), storehouse("HO", construction="open_stack")],
        lots=[lot("O", "HO", **bomb), lot("P", "HM"), lot("M", "HM", **bomb)],
    )
    rate = ageing_profile(scenario).mean_rate_per_t_year()[0] / (0.3 * 2e-7)
    assert rate[[0, 2]] == pytest.approx([1.0 + 15.0 / 15.0, 1.0 + 15.0 / 60.0], rel=1e-12)


def test_mean_over_the_lot_factor_agrees_with_sampling() -> None:
    """The mean rate lies within 4 standard errors of 20,000 draws of the lognormal lot factor."""
    scenario = one_lot(
        sites=[site(temperature_c=30.0)],
        horizon_years=20,
        lots=[lot(stabiliser_fraction="unknown", year_made=2000)],
    )
    mean = ageing_profile(scenario).mean_rate_per_t_year()[:, 0]
    sigma = scenario.register.ageing.lot_factor_sigma
    pace = np.exp(sigma * np.random.default_rng(1).standard_normal(20_000))
    for knot in (0, 40, 80):
        age = (26 + years_since_start(scenario)[knot]) * hand_model.arrhenius(30.0, EA)
        left = np.exp(-K_PER_YEAR * age * pace)
        sample = RATES.ageing_per_t_year * np.array([hand_model.ageing_factor(x, RATES) for x in left])
        standard_error = sample.std(ddof=1) / math.sqrt(sample.size)
        assert abs(mean[knot] - sample.mean()) < 4.0 * standard_error


@pytest.mark.parametrize(("share", "tolerance"), [(0.0, 0.01), (0.5, 0.07), (1.0, 0.05)])
def test_mean_over_the_lot_factor_agrees_with_quadrature(share: float, tolerance: float) -> None:
    """Nine Gauss-Hermite points come within 1% of adaptive quadrature, kinks of the factor included.

    With part of the depletion at zero order the fall to nothing is steep, and they come within 7%.
    """
    for initial in (0.9, 0.5, 0.2, 0.05):
        scenario = one_lot(
            sites=[site(temperature_c=30.0)], horizon_years=20, lots=[lot(stabiliser_fraction=initial)],
            parameters={"ageing.zero_order_share": share},
        )  # fmt: skip
        mean = ageing_profile(scenario).mean_rate_per_t_year()[-1, 0]
        age = years_since_start(scenario)[-1] * hand_model.arrhenius(30.0, EA)

        def integrand(z: float, initial: float = initial, age: float = age) -> float:
            pace = K_PER_YEAR * math.exp(0.3 * z)
            k0, k1 = share * pace, (1.0 - share) * pace
            ratio = k0 / k1 if share < 1.0 else 0.0
            left = (initial + ratio) * math.exp(-k1 * age) - ratio if share < 1.0 else initial - k0 * age
            left = max(left, 0.0)
            return hand_model.ageing_factor(left, RATES) * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)

        integral, _ = quad(integrand, -8.0, 8.0, epsrel=1e-8, limit=400)
        assert mean == pytest.approx(RATES.ageing_per_t_year * integral, rel=tolerance)


def test_no_spread_means_the_median_lot() -> None:
    """With a lognormal spread of zero the mean is the rate of the median lot."""
    profile = ageing_profile(one_lot(parameters={"ageing.lot_factor_sigma": 0.0}))
    assert profile.mean_rate_per_t_year() == pytest.approx(profile.rate_per_t_year(np.ones(1)), rel=1e-12)
