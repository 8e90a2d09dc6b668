"""Verification and scrap in the planning model, and in the audit that derives them again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from demilsim.optimisation.audit import audit
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import DisposalPlan, PlanLine
from demilsim.planning.draft import period_by_period
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import nominal_coefficients, rule_draft
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams
from optimisation.instances import PERSONS, coefficients, lot_plan, two_towns
from strategies import Programme, monied_programmes
from worlds import fund, rate, site, tranche

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large)


def one_line(mass_t: float, *more: tuple[float, int]) -> DisposalPlan:
    """Return a plan that destroys some of L1 in the first period, and more later: (tonnes, period)."""
    rows = [(mass_t, 0), *more]
    lines = tuple(PlanLine("L1", "F1", grams(m), period, rank) for rank, (m, period) in enumerate(rows))
    return DisposalPlan("test", "none", lines)


def towns(**changes: Any) -> Scenario:
    """Return two lots of 100 t beside a town at 500 USD/t, and 30,000 USD: enough for 60 t."""
    return two_towns(**({"tranches": (tranche(amount_usd=30_000.0),)} | changes))


def destroyed(scenario: Scenario) -> np.ndarray:
    """Return what the optimised plan destroys in each period [t], after its audit."""
    known = coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(gap_averted=0.0))
    assert audit(scenario, lot_plan(scenario, result), known) == ()
    return np.bincount(result.flows.period, result.flows.tonnes, scenario.periods)


def test_verified_work_is_planned_at_its_price() -> None:
    """30,000 USD pay for 60 t at 500 USD/t, and for 50 t at 500 + 100."""
    assert destroyed(towns()).sum() == pytest.approx(60.0, abs=1e-4)
    dear = towns(funds=(fund(verification_usd_per_t=100.0),))
    assert destroyed(dear).sum() == pytest.approx(50.0, abs=1e-4)


def test_audit_charges_verification_to_the_fund_that_wants_it() -> None:
    """9,000 USD verified pay for 15 t, 5,000 USD without for 10 t: 25 t can be paid, 25.1 t cannot."""
    scenario = towns(
        funds=(fund("HOST"), fund("DONOR", verification_usd_per_t=100.0)),
        tranches=(tranche(amount_usd=5_000.0), tranche("T2", "DONOR", amount_usd=9_000.0)),
    )
    known = coefficients(scenario)
    assert audit(scenario, one_line(25.0), known) == ()
    # 0.1 t at the price without verification, 50 USD, less 1 USD of tolerance; dear money is used up first.
    short = audit(scenario, one_line(25.1), known)
    assert len(short) == 1
    assert "49.00 USD short" in short[0]


def test_audit_agrees_with_and_without_verification_of_nothing() -> None:
    """A price of verification too small to matter gives the answers of the maximum flow."""
    plain, tiny = towns(), towns(funds=(fund(verification_usd_per_t=1e-9),))
    for mass in (59.0, 61.0, 80.0):
        expected, found = (audit(each, one_line(mass), coefficients(each)) for each in (plain, tiny))
        assert found == expected


def test_scrap_pays_for_later_work_only() -> None:
    """60 t at once bring 60 x 50 = 3,000 USD for the next quarter: 6 t more, then 0.6 t, and so on."""
    sold = towns(
        facility_rates=(rate(scrap_usd_per_t=100.0, scrap_buyer_probability=0.5),), scrap_fund="HOST"
    )
    by_period = destroyed(sold)
    assert by_period[0] == pytest.approx(60.0, abs=1e-3)
    assert by_period[1] == pytest.approx(6.0, abs=1e-3)
    assert by_period.sum() == pytest.approx(60.0 / 0.9, rel=1e-3)
    known = coefficients(sold)
    assert audit(sold, one_line(60.0, (6.0, 1)), known) == ()
    assert "short" in audit(sold, one_line(60.0, (6.1, 1)), known)[0]
    assert "short" in audit(sold, one_line(60.1), known)[0]


def test_scrap_of_the_treasury_pays_for_nothing() -> None:
    """Without a fund for scrap its income is outside the programme."""
    assert destroyed(towns(facility_rates=(rate(scrap_usd_per_t=100.0),))).sum() == pytest.approx(
        60.0, abs=1e-4
    )


def test_money_for_another_country_and_for_emergencies_is_no_money() -> None:
    """Nothing is planned with an emergency account or with a fund for a country without surplus."""
    for useless in (fund(use="emergency"), fund(earmark_countries=("UZ",))):
        scenario = towns(funds=(useless,))
        assert destroyed(scenario).sum() == 0.0
        assert "no fund at all" in audit(scenario, one_line(1.0), coefficients(scenario))[0]
    home = replace(towns(funds=(fund(earmark_countries=("UZ",)),)), sites=(site(country="UZ"),))
    assert destroyed(home).sum() == pytest.approx(60.0, abs=1e-4)


def crowded(programme: Programme) -> Scenario:
    """Return the scenario of a programme with so many people that destruction is worth its accidents."""
    people = [row.model_copy(update={"persons": PERSONS}) for row in programme.scenario.exposed_sites]
    return replace(programme.scenario, exposed_sites=tuple(people))


def check_audit(programme: Programme) -> None:
    """Check that the audit accepts what optimiser and best rule plan with expected money."""
    scenario = crowded(programme)
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(gap_averted=0.01))
    assert audit(scenario, lot_plan(scenario, result), known) == ()
    draft = rule_draft("risk_per_day_first", premises_of(scenario, known))
    assert audit(scenario, period_by_period(draft, scenario), known) == ()


@settings(max_examples=10, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(monied_programmes())
def test_audit_accepts_plans_on_all_terms(programme: Programme) -> None:
    """Random programmes with every term of money: no plan spends what the audit cannot find."""
    check_audit(programme)


@pytest.mark.soak
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(monied_programmes())
def test_audit_accepts_many_plans_on_all_terms(programme: Programme) -> None:
    """The same on a hundred and fifty programmes."""
    check_audit(programme)
