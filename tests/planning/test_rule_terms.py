from __future__ import annotations

from typing import Any

import pytest

from demilsim.planning.premises import premises_of
from demilsim.planning.rules import nominal_coefficients, rule_draft
from demilsim.scenario.scenario import Scenario
from stories import RAISED
from worlds import fund, rate, tranche, world


def tonnes(scenario: Scenario) -> list[float]:
    """Return what the rule drafts in each of the first three quarters [t]."""
    draft = rule_draft("oldest_first", premises_of(scenario, nominal_coefficients(scenario)))
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


@pytest.mark.parametrize(
    ("milestone", "expected"),
    [
        ({}, [40.0, 0.0, 0.0]),
        ({"milestone_destroyed_t": 20.0}, [20.0, 20.0, 0.0]),
        ({"milestone_destroyed_t": 20.1}, [20.0, 0.0, 0.0]),
        ({"milestone_fund": "HOST", "milestone_spent_fraction": 1.0}, [20.0, 20.0, 0.0]),
        ({"milestone_fund": "DONOR", "milestone_spent_fraction": 0.1}, [20.0, 0.0, 0.0]),
    ],
)
def test_rule_earns_what_waits_for_a_milestone(milestone: dict[str, Any], expected: list[float]) -> None:
    """10,000 USD pay for 20 t; as many more come a quarter later if that meets the milestone, else never."""
    scenario = world(
        funds=[fund(), fund("DONOR")],
        tranches=[tranche(amount_usd=10_000.0), tranche("T2", amount_usd=10_000.0, **milestone)],
        parameters=RAISED,
    )
    assert tonnes(scenario) == pytest.approx(expected)


def test_shares_of_receipts_are_shares_of_scrap_too() -> None:
    """10,000 USD spent are 91% when 1,000 USD of scrap come, too little; of 11,100 USD 11,000 are enough."""
    scenario = world(
        tranches=[
            tranche(amount_usd=10_000.0),
            tranche("T2", amount_usd=5_000.0, milestone_fund="HOST", milestone_spent_fraction=0.92),
        ],
        facility_rates=[rate(scrap_usd_per_t=50.0)],
        scrap_fund="HOST",
        parameters=RAISED,
    )
    assert tonnes(scenario) == pytest.approx([20.0, 2.0, 10.2])
