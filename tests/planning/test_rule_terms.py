from __future__ import annotations

import pytest

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.planning.rules import nominal_coefficients, rule_draft
from demilsim.scenario.scenario import Scenario
from stories import RAISED
from worlds import fund, rate, tranche, world


def tonnes(scenario: Scenario) -> list[float]:
    """Return what the rule drafts in each of the first three quarters [t]."""
    options = disposal_options(scenario)
    draft = rule_draft(
        "oldest_first", scenario, nominal_coefficients(scenario), stock_harm(scenario), options
    )
    return [sum(p.mass_t for p in draft.pieces if p.period == period) for period in range(3)]


def test_rule_pays_for_verification() -> None:
    """6,000 USD verified at 600 USD/t pay for 10 t, 10,000 USD without for 20 t."""
    scenario = world(
        funds=[fund(), fund("DONOR", use="running", verification_usd_per_t=100.0)],
        tranches=[tranche(amount_usd=10_000.0), tranche("T2", "DONOR", amount_usd=6_000.0)],
        parameters=RAISED,
    )
    assert tonnes(scenario) == pytest.approx([30.0, 0.0, 0.0])


def test_rule_spends_scrap_a_period_later() -> None:
    """20 t bring 20 x 50 USD for the next quarter, which pay for 2 t, and those for 0.2 t."""
    scenario = world(
        tranches=[tranche(amount_usd=10_000.0)],
        facility_rates=[rate(scrap_usd_per_t=100.0, scrap_buyer_probability=0.5)],
        scrap_fund="HOST",
        parameters=RAISED,
    )
    assert tonnes(scenario) == pytest.approx([20.0, 2.0, 0.2])
