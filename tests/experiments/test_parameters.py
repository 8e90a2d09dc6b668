"""Draws of the constants that are not known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.parameters import (
    HIGHEST_LEVEL_SHARE,
    RATE_KEYS,
    SCRAMBLINGS,
    ParameterDraw,
    Uncertain,
    dimensions,
    draws_at,
    method_key,
    parameter_draws,
    scrambled_draws,
    start_events_per_year,
    uncertain_constants,
    with_parameters,
)
from demilsim.model.calibration import CALIBRATED, STORAGE_CAUSES, calibrate
from demilsim.model.event_rate import Cause
from demilsim.scenario.events import documented_events
from demilsim.scenario.register import Distribution
from demilsim.simulation.world import prepare, refreshed
from worlds import one_lot, three_sites

SCENARIO = three_sites()
DRAWS = parameter_draws(SCENARIO, 16, seed=3)


@pytest.mark.parametrize("distribution", ["triangular", "log-triangular", "uniform"])
def test_quantiles_are_those_of_the_distribution(distribution: Distribution) -> None:
    """Ends at 0 and 1; the share below the mode is its place in the range; the mean of many is known."""
    constant = Uncertain("k", 2.0, 1.0, 16.0, distribution)
    ends = constant.quantile(np.array([0.0, 1.0]))
    np.testing.assert_allclose(ends, [1.0, 16.0])
    shares = (np.arange(100_000) + 0.5) / 100_000
    values = constant.quantile(shares)
    assert np.all(np.diff(values) > 0.0)
    below = {"triangular": 1.0 / 15.0, "log-triangular": 0.25, "uniform": 1.0 / 15.0}[distribution]
    assert np.mean(values < 2.0) == pytest.approx(below, abs=1e-4)
    if distribution == "log-triangular":
        assert np.mean(np.log2(values)) == pytest.approx((0.0 + 1.0 + 4.0) / 3.0, rel=1e-4)
    else:
        mean = (1.0 + 2.0 + 16.0) / 3.0 if distribution == "triangular" else 8.5
        assert np.mean(values) == pytest.approx(mean, rel=1e-4)


def test_a_mode_at_the_end_of_the_range_is_no_trouble() -> None:
    """A constant whose value is its lowest or highest has quantiles in its range."""
    for value in (1.0, 4.0):
        values = Uncertain("k", value, 1.0, 4.0, "triangular").quantile(np.linspace(0.0, 1.0, 11))
        assert np.all(np.isfinite(values))
        assert np.all((values >= 1.0) & (values <= 4.0))


def test_draws_stay_in_their_ranges() -> None:
    """Every drawn constant lies in [low, high]; all uncertain ones but the calibrated rates are drawn."""
    constants = {row.key: row for row in uncertain_constants(SCENARIO)}
    for draw in DRAWS:
        assert draw.values.keys() == constants.keys() - RATE_KEYS.keys()
        assert all(constants[k].low <= v <= constants[k].high for k, v in draw.values.items())
        assert set(draw.level) == set(CALIBRATED)
        assert min(draw.level.values()) >= 0.0


def test_draws_are_keyed_by_seed_and_number() -> None:
    """Draw k is the same in a longer sequence; another seed gives other draws."""
    assert parameter_draws(SCENARIO, 5, seed=3) == DRAWS[:5]
    assert parameter_draws(SCENARIO, 1, seed=4)[0] != DRAWS[0]


def test_draws_fill_their_ranges_evenly() -> None:
    """Of 16 draws of a Sobol sequence one falls in each sixteenth of a constant's distribution."""
    row = next(r for r in uncertain_constants(SCENARIO) if r.key == "consequence.prompt_share")
    values = np.sort([draw.values[row.key] for draw in DRAWS])
    edges = row.quantile(np.arange(17) / 16.0)
    assert np.all((values >= edges[:-1]) & (values <= edges[1:]))


def test_draws_are_dealt_from_independent_sequences() -> None:
    """Draw k is the same among any number of draws; hands are whole sequences of different scramblings."""
    dealt = scrambled_draws(SCENARIO, 10, seed=3)
    assert scrambled_draws(SCENARIO, 7, seed=3) == dealt[:7]
    assert dealt[::SCRAMBLINGS] == DRAWS[:3]
    assert dealt[1::SCRAMBLINGS] == parameter_draws(SCENARIO, 3, seed=3, scrambling=1)
    assert len({draw.values["consequence.prompt_share"] for draw in dealt}) == 10


def smooth(draws: tuple[ParameterDraw, ...]) -> float:
    """Return the mean over draws of the events per year at the start times the share of prompt ones."""
    given = start_events_per_year(SCENARIO)
    return float(
        np.mean(
            [
                sum(given[c] * d.level[c] for c in STORAGE_CAUSES) * d.values["consequence.prompt_share"]
                for d in draws
            ]
        )
    )


def test_quasi_random_draws_are_closer_than_plain_ones() -> None:
    """Over 200 seeds the mean of 32 draws, dealt from four sequences, varies less than a third as much."""
    calibration = calibrate(documented_events())
    size = dimensions(SCENARIO, calibration)
    plain, dealt = [], []
    for seed in range(200):
        shares = np.random.default_rng([seed, 99]).random((32, size))
        plain.append(smooth(draws_at(SCENARIO, shares, calibration)))
        dealt.append(smooth(scrambled_draws(SCENARIO, 32, seed)))
    error = (np.var(plain, ddof=1) / 200 + np.var(dealt, ddof=1) / 200) ** 0.5
    assert abs(np.mean(plain) - np.mean(dealt)) < 4.0 * error
    assert np.var(plain, ddof=1) > 3.0 * np.var(dealt, ddof=1)


def test_a_scenario_has_the_constants_of_a_draw() -> None:
    """Typed groups and methods hold the drawn values; the tables are untouched."""
    draw = DRAWS[2]
    changed = with_parameters(SCENARIO, draw)
    assert changed.register.consequence.prompt_share == draw.values["consequence.prompt_share"]
    method = changed.methods["disassembly"]
    drawn = draw.values[method_key("disassembly")] * draw.level[Cause.HANDLING]
    assert method.accident_rate_per_t == pytest.approx(drawn)
    assert replace(changed, register=SCENARIO.register) == SCENARIO


def test_factors_move_events_but_keep_their_number_at_the_start() -> None:
    """Events per year at the start, by cause, are those as given times the drawn level."""
    given = start_events_per_year(SCENARIO)
    for draw in DRAWS[:4]:
        found = start_events_per_year(with_parameters(SCENARIO, draw))
        for cause in STORAGE_CAUSES:
            assert found[cause] == pytest.approx(given[cause] * draw.level[cause], rel=1e-9)


def test_own_rates_are_drawn_in_their_own_range() -> None:
    """A rate that the scenario gives itself is no matter of the national record."""
    key = "event_rate.storage_per_storehouse_year"
    own = one_lot(parameters={key: 0.01})
    draw = parameter_draws(own, 4, seed=1)[1]
    entry = own.register.entries[key]
    assert Cause.STORAGE not in draw.level
    assert entry.low <= draw.values[key] <= entry.high == 0.01
    assert with_parameters(own, draw).register.event_rate.storage_per_storehouse_year == draw.values[key]


def test_impossible_combinations_are_clipped() -> None:
    """Shares of extent leave nothing below zero, levels and limits keep their order."""
    values = {
        "consequence.stack_share_ageing": 0.9,
        "consequence.storehouse_share_ageing": 0.5,
        "event_rate.retest_level_fraction": 0.2,
        "event_rate.destroy_level_fraction": 0.3,
        "propagation.k_touching": 1.0,
        "propagation.k_none_earth_covered": 0.7,
    }
    register = with_parameters(SCENARIO, ParameterDraw(values, {})).register
    assert register.consequence.storehouse_share_ageing == pytest.approx(0.1)
    assert register.event_rate.destroy_level_fraction == pytest.approx(0.2 * HIGHEST_LEVEL_SHARE)
    assert register.propagation.k_none_earth_covered > register.propagation.k_touching


def test_a_refreshed_world_is_a_prepared_one() -> None:
    """Taking over what the constants do not touch changes nothing in the world."""
    world = prepare(SCENARIO)
    samples = [DRAWS[0], *(ParameterDraw({r.key: r.high}, {}) for r in uncertain_constants(SCENARIO))]
    for sample in samples:
        changed = with_parameters(SCENARIO, sample)
        assert same(refreshed(world, changed), prepare(changed)), sample.values.keys()


def same(a: object, b: object) -> bool:
    """Return whether two objects hold the same numbers, through dataclasses and sequences."""
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if hasattr(a, "__dataclass_fields__"):
        return type(a) is type(b) and all(same(getattr(a, f), getattr(b, f)) for f in a.__dataclass_fields__)
    if isinstance(a, tuple | list):
        assert isinstance(b, tuple | list)
        return len(a) == len(b) and all(map(same, a, b))
    return a == b
