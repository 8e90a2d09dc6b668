"""What a results folder says of its scenario: what it is about, and every constant with its evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module

from demilsim.reporting.document import Document
from demilsim.scenario.register import ACCIDENT_RATE_DISTRIBUTION, formula_constants
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus

METHODS, FORMULAS = "method.", "model."
"""How the keys of numbers begin that no scenario can override."""


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
            "key": f"{METHODS}{method.method_id}.accident_rate_per_t",
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
    for item in formula_constants():
        row = item.model_dump() | _in_code(item.key)
        rows.append({column: row[column] for column in rows[0]})
    return rows


def _in_code(key: str) -> Document:
    """Return the value of a number that stands in the code beside its formula, which nothing varies."""
    module, _, name = key.rpartition(".")
    value = getattr(import_module(f"demilsim.{module}"), name)
    if isinstance(value, int | float):
        return {"value": float(value), "low": float(value), "high": float(value), "distribution": "fixed"}
    return {"value": _listed(value), "low": None, "high": None, "distribution": "fixed"}


def _listed(value: object) -> str:
    """Return several numbers as text, those that belong together in brackets."""
    if isinstance(value, Mapping):
        return "; ".join(f"{name} {_listed(part)}" for name, part in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "; ".join(f"({_listed(p)})" if isinstance(p, Sequence) else _listed(p) for p in value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def counted(keys: Iterable[str]) -> str:
    """Return how many numbers of each sort there are among the keys of `assumption_rows`, in words."""
    of_methods = of_formulas = own = 0
    for key in keys:
        of_methods += key.startswith(METHODS)
        of_formulas += key.startswith(FORMULAS)
        own += not key.startswith((METHODS, FORMULAS))
    return (
        f"{own} constants that a scenario can override, {of_methods} accident rates of the methods that it "
        f"uses, {of_formulas} numbers beside formulas"
    )
