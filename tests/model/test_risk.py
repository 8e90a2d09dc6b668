"""Individual risk by exposed site, against the harm curves and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.model.event_rate import BASE_CAUSES
from demilsim.model.harm import blast_neq_kg, scenario_curves, stock_harm, storehouse_index
from demilsim.model.partition import partition
from demilsim.model.risk import SiteRisk, site_risk
from demilsim.scenario.scenario import Scenario
from worlds import three_sites, village, world


def risk_of(scenario: Scenario) -> SiteRisk:
    """Return the risk of a scenario as it stands."""
    houses = partition(storehouse_index(scenario), len(scenario.storehouses))
    rate = stock_harm(scenario).ageing_rate_per_t_year[0]
    mass = np.array([lot.gross_mass_t for lot in scenario.lots])
    return site_risk(
        scenario, scenario_curves(scenario), houses.sum(blast_neq_kg(scenario)), houses.sum(rate * mass)
    )


def test_sums_to_the_harm_rate_of_the_public() -> None:
    """Expected fatalities over the exposed sites are the public's harm rate at the start."""
    scenario = three_sites()
    weights = {"fatalities_public": 1.0, "fatalities_workers": 0.0, "fatalities_transport": 0.0}
    only_public = scenario.settings.harm_weights.model_copy(update=weights)
    settings = scenario.settings.model_copy(update={"harm_weights": only_public})
    scenario = type(scenario)(**{**scenario.__dict__, "settings": settings})
    mass = np.array([lot.gross_mass_t for lot in scenario.lots])
    full = np.repeat(mass[None, :], scenario.periods + 1, axis=0)
    rate = stock_harm(scenario).rate_per_year(full)[0].sum()
    assert risk_of(scenario).expected_fatalities_per_year.sum() == pytest.approx(rate, rel=5e-3)


def test_individual_risk_is_the_groups_share() -> None:
    """Twice as many people at one place have twice the fatalities and the same individual risk."""
    few, many = (risk_of(world(exposed_sites=[village(persons=n)])) for n in (100.0, 200.0))
    assert many.expected_fatalities_per_year == pytest.approx(2.0 * few.expected_fatalities_per_year)
    assert many.individual_risk_per_year == pytest.approx(few.individual_risk_per_year)


def test_risk_falls_with_distance_and_ends() -> None:
    """Risk falls with distance and is zero beyond scaled distance 55 of what is held."""
    near = [village(f"E{k}", x_m=x) for k, x in enumerate((150.0, 300.0, 600.0, 1_600.0))]
    risk = risk_of(world(exposed_sites=near)).individual_risk_per_year
    assert np.all(np.diff(risk) < 0.0)
    assert risk[-1] == 0.0


def test_limits_are_by_kind() -> None:
    """Where events are frequent enough, the public's limit is passed before the workers'."""
    both = [village("E1", x_m=100.0), village("E2", kind="workers", x_m=100.0)]
    rates = {f"event_rate.{cause.value}_per_storehouse_year": 1e-3 for cause in BASE_CAUSES}
    risk = risk_of(world(exposed_sites=both, parameters=rates))
    assert risk.intolerable.tolist() == [True, False]


def test_an_empty_storehouse_harms_nobody() -> None:
    """Without stock there is no risk."""
    assert risk_of(world(lots=())).individual_risk_per_year.tolist() == [0.0]
