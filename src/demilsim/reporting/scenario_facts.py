"""What a results folder says of its scenario: what it is about, and every constant with its evidence."""

from __future__ import annotations

from demilsim.reporting.document import Document
from demilsim.scenario.register import ACCIDENT_RATE_DISTRIBUTION, formula_constants
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus


def scenario_facts(scenario: Scenario) -> Document:
    """Return what a reader needs to know of the scenario."""
    settings = scenario.settings
    return {
        "name": settings.name,
        "asked_as": scenario.command_name,
        "values_set": len(scenario.values_set),
        "title": settings.title,
        "sha256": scenario.sha256,
        "synthetic": settings.synthetic,
        "country": settings.country,
        "countries": sorted(set(scenario.country_of_site.values())),
        "start": settings.start.isoformat(),
        "end": scenario.period_dates[-1].isoformat(),
        "horizon_years": settings.horizon_years,
        "period": settings.period,
        "price_year": settings.price_year,
        "terminal_years": settings.terminal_years,
        "sites": len(scenario.sites),
        "storehouses": len(scenario.storehouses),
        "lots": len(scenario.lots),
        "stock_t": sum(lot.gross_mass_t for lot in scenario.lots),
        "surplus_t": sum(lot.gross_mass_t for lot in scenario.lots if lot.status is LotStatus.SURPLUS),
    }


def assumption_rows(scenario: Scenario) -> list[Document]:
    """Return every constant with its evidence, the methods' accident rates, and the formulas' numbers."""
    rows = [entry.model_dump() for entry in scenario.register.entries.values()]
    used = {facility.method_id for facility in scenario.facilities}
    rows += [
        {
            "key": f"method.{method.method_id}.accident_rate_per_t",
            "value": method.accident_rate_per_t,
            "unit": "1/t",
            "low": method.accident_rate_per_t_low,
            "high": method.accident_rate_per_t_high,
            "distribution": ACCIDENT_RATE_DISTRIBUTION,
            "source": method.source,
            "confidence": method.confidence,
        }
        for method in scenario.methods.values()
        if method.method_id in used
    ]
    in_code = {"value": "see code", "low": None, "high": None, "distribution": "fixed"}
    rows += [
        {column: (item.model_dump() | in_code)[column] for column in rows[0]} for item in formula_constants()
    ]
    return rows
