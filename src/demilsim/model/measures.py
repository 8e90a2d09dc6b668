"""Measures other than destruction: what they touch, what they leave of each rate, who may pay."""

from __future__ import annotations

import numpy as np

from demilsim.model.diversion import guard_factor
from demilsim.model.event_rate import BASE_CAUSES, Cause, rrpl_factor
from demilsim.model.options import Bools, may_pay_at
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Measure


def measure_sites(scenario: Scenario) -> tuple[str, ...]:
    """Return the site of each measure."""
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    return tuple(m.site_id or site_of[m.storehouse_id or ""] for m in scenario.measures)


def rate_factors(scenario: Scenario) -> Floats:
    """Return what each measure leaves of the rates of base causes [1], shape (measure, storehouse, cause)."""
    factors = np.ones((len(scenario.measures), len(scenario.storehouses), len(BASE_CAUSES)))
    for i, measure in enumerate(scenario.measures):
        causes, share = _share_left(scenario, measure)
        touched = [
            house.storehouse_id == measure.storehouse_id
            if measure.storehouse_id
            else house.site_id == measure.site_id
            for house in scenario.storehouses
        ]
        for cause in causes:
            factors[i, touched, BASE_CAUSES.index(cause)] = share
    return factors


def _share_left(scenario: Scenario, measure: Measure) -> tuple[tuple[Cause, ...], float]:
    """Return the causes on which a measure acts, and what it leaves of their rates [1]."""
    rates = scenario.register.event_rate
    if measure.kind == "lightning":
        return (Cause.EXTERNAL,), rates.lightning_protection_factor
    site = next((s for s in scenario.sites if s.site_id == measure.site_id), None)
    if measure.kind == "rrpl" and site and measure.level is not None:
        return BASE_CAUSES, _ratio(rrpl_factor(rates, measure.level), rrpl_factor(rates, site.rrpl))
    if measure.kind == "guard":
        return (Cause.SECURITY,), _guarded(scenario, measure)
    return (), 1.0


def theft_factors(scenario: Scenario) -> Floats:
    """Return what each measure leaves of the rate of theft from each lot [1], shape (measure, lot)."""
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    lot_site = [site_of[lot.storehouse_id] for lot in scenario.lots]
    factors = np.ones((len(scenario.measures), len(scenario.lots)))
    for i, measure in enumerate(scenario.measures):
        if measure.kind == "guard":
            factors[i, [site == measure.site_id for site in lot_site]] = _guarded(scenario, measure)
    return factors


def _guarded(scenario: Scenario, measure: Measure) -> float:
    parameters = scenario.register.diversion
    level = next(site.guard_level for site in scenario.sites if site.site_id == measure.site_id)
    if level is None or measure.level is None:
        return 1.0
    return _ratio(guard_factor(parameters, measure.level), guard_factor(parameters, level))


def _ratio(after: float, before: float) -> float:
    # A measure never raises a rate: candidates are drawn at the rate of the start.
    return min(after / before, 1.0) if before > 0.0 else 1.0


def measure_eligible(scenario: Scenario) -> Bools:
    """Return whether a fund may pay for a measure, shape (fund, measure).

    Money for plant, for a method or for a category of ammunition is not for measures.
    """
    country = scenario.country_of_site
    return np.array(
        [
            [
                fund.use in ("any", "running")
                and not fund.earmark_methods
                and not fund.earmark_categories
                and may_pay_at(fund, site, country[site])
                for site in measure_sites(scenario)
            ]
            for fund in scenario.funds
        ],
        dtype=bool,
    ).reshape(len(scenario.funds), len(scenario.measures))
