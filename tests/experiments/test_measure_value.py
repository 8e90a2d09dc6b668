"""The value of a test: harm averted per dollar, by hand where one lot is truly bad and the test finds it."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.measure_value import MeasureValue, measure_values
from demilsim.experiments.statistics import Estimate, ratio
from demilsim.plan import DisposalPlan, MeasureOrder
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import simulate
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import QUIET, without_accidents
from worlds import fund, lot, measure, one_lot, rate, site, storehouse, tranche, village

RISKY = QUIET | {"event_rate.storage_per_storehouse_year": 0.02}

DAYS, FIRST_QUARTER, YEAR = 730.0, 90.0, 365.25

TEMPERATURE = 26.0
"""Of a site where propellant of 1980 may or may not be bad by 2026 [°C]."""

GOOD, BAD = 0.9, 0.1
"""Shares of stabiliser left, above and below the level at which a lot must be destroyed (0.2)."""


def with_tests(**changes: object) -> Scenario:
    """Return a bad lot in H1, a good one in H2, a test of each storehouse, and plant that needs no time."""
    base: dict[str, object] = {
        "storehouses": [storehouse("H1"), storehouse("H2", y_m=5_000.0)],
        "lots": [
            lot("L1", "H1", stabiliser_fraction=BAD),
            lot("L2", "H2", stabiliser_fraction=GOOD, year_made=2020),
        ],
        "exposed_sites": [village(x_m=50.0), village("E2", x_m=50.0, y_m=5_000.0)],
        "facility_rates": [rate(throughput_t_per_day=1e6)],
        "measures": [
            measure("T1", "surveillance", storehouse_id="H1", cost_usd=10_000.0),
            measure("T2", "surveillance", storehouse_id="H2", cost_usd=4_000.0),
        ],
        "parameters": RISKY,
    }
    return without_accidents(one_lot(**(base | changes)))


def deaths_per_year(scenario: Scenario, house: int) -> float:
    """Return expected deaths a year of one storehouse as long as it is full: rate times consequence."""
    curves = prepare(scenario).curves
    extents = curves.deaths.at(np.full(1, house), np.full(1, prepare(scenario).full.blast_kg[house]))[:, 0]
    stack, whole = (share[house] for share in prepare(scenario).base_rates)
    return float(stack * extents[:2].sum() + whole * extents[2:].sum())


def mean(found: Estimate | None) -> float:
    """Return the mean of an estimate that must be there."""
    assert found is not None
    return found.mean


def by_id(values: tuple[MeasureValue, ...]) -> dict[str, MeasureValue]:
    return {value.measure.measure_id: value for value in values}


def test_value_of_a_test_by_hand() -> None:
    """The bad lot goes on day 0: its harm of two years but half a quarter is averted for 10,000 USD.

    The trapezoidal rule counts half of the first quarter, at whose beginning the lot is still there. The
    test costs 10,000 USD and 100 t at 500 USD/t; that of the good lot averts nothing and costs itself.
    """
    scenario = with_tests()
    values = by_id(measure_values(scenario, DO_NOTHING, 4))
    averted = deaths_per_year(scenario, 0) * (DAYS - FIRST_QUARTER / 2.0) / YEAR
    found, needless = values["T1"], values["T2"]
    assert averted > 0.1
    assert mean(found.averted) == pytest.approx(averted, rel=1e-9)
    assert found.per_million_usd is not None
    assert mean(found.per_million_usd) == pytest.approx(averted / 0.01, rel=1e-9)
    assert found.per_million_usd.half_width == pytest.approx(0.0, abs=1e-9)
    assert mean(found.paid_usd) == 10_000.0
    assert mean(found.spent_usd) == 60_000.0
    assert mean(needless.averted) == 0.0
    assert mean(needless.spent_usd) == 4_000.0
    assert mean(needless.per_million_usd) == 0.0


def test_value_is_the_same_from_inside_the_plan() -> None:
    """A test that the plan takes is worth what it loses without it."""
    scenario = with_tests()
    inside = DisposalPlan("with", "none", measures=(MeasureOrder("T1", 0),))
    without, within = (by_id(measure_values(scenario, p, 2))["T1"] for p in (DO_NOTHING, inside))
    assert (without.in_plan, within.in_plan) == (False, True)
    assert (within.averted, within.per_million_usd) == (without.averted, without.per_million_usd)


def test_unknown_stabiliser_is_worth_its_chance_of_being_bad() -> None:
    """Where nobody knows the stabiliser, the mean is the worth of a bad lot times how many draws are bad."""
    scenario = with_tests(
        sites=[site(temperature_c=TEMPERATURE)],
        lots=[
            lot("L1", "H1", stabiliser_fraction="unknown", year_made=1980),
            lot("L2", "H2", stabiliser_fraction=GOOD, year_made=2020),
        ],
    )
    world, count = prepare(scenario), 40
    bad = [world.ageing.stabiliser(draw(world, Streams(1, k)).lot_factor)[0, 0] < 0.2 for k in range(count)]
    assert 0 < sum(bad) < count
    value = by_id(measure_values(scenario, DO_NOTHING, count, seed=1))["T1"].averted
    whole = deaths_per_year(scenario, 0) * (DAYS - FIRST_QUARTER / 2.0) / YEAR
    assert mean(value) == pytest.approx(whole * sum(bad) / count, rel=1e-9)
    assert value is not None
    assert (value.half_width or 0.0) > 0.0


def test_test_that_nobody_can_pay_has_no_value() -> None:
    """With 5,000 USD left only the test of 4,000 USD is tried."""
    values = by_id(measure_values(with_tests(tranches=[tranche(amount_usd=5_000.0)]), DO_NOTHING, 2))
    assert (values["T1"].affordable, values["T1"].averted) == (False, None)
    assert values["T2"].affordable


def test_money_with_other_strings_does_not_count() -> None:
    """A fund for plant does not pay for a test, however much it holds."""
    scenario = with_tests(funds=[fund(use="capital")])
    assert not any(value.affordable for value in measure_values(scenario, DO_NOTHING, 2))


def test_other_measures_are_valued_where_the_plan_takes_them() -> None:
    """Lightning protection is listed if the plan takes it, and averts what the simulation says; else not."""
    parameters = QUIET | {"event_rate.external_per_storehouse_year": 0.02}
    shield = measure("SHIELD", "lightning", cost_usd=1_000.0)
    scenario = with_tests(measures=[shield], parameters=parameters)
    assert measure_values(scenario, DO_NOTHING, 2) == ()
    taken = DisposalPlan("with", "none", measures=(MeasureOrder("SHIELD", 0),))
    (value,) = measure_values(scenario, taken, 2)
    results = [simulate(scenario, p, Streams(1, 0)) for p in (DO_NOTHING, taken)]
    deaths = [result.expected_public + result.expected_workers for result in results]
    assert mean(value.averted) == pytest.approx(deaths[0] - deaths[1])
    assert mean(value.averted) > 0.0


def test_ratio_has_the_error_of_the_delta_method() -> None:
    """Of proportional responses the ratio is certain; with a constant denominator it scales the mean."""
    b = np.array([1.0, 2.0, 4.0, 9.0])
    proportional, scaled = ratio(3.0 * b, b), ratio(b, np.full(4, 2.0))
    assert proportional is not None
    assert scaled is not None
    assert mean(proportional) == pytest.approx(3.0)
    assert proportional.half_width == pytest.approx(0.0, abs=1e-12)
    assert mean(scaled) == pytest.approx(2.0)
    # t quantile of 3 degrees of freedom times the standard error of the mean, halved.
    assert scaled.half_width == pytest.approx(3.182446 * b.std(ddof=1) / 2.0 / 2.0, rel=1e-6)
    assert ratio(b, np.zeros(4)) is None
