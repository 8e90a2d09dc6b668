"""Nothing is ignored: each column of the starter changes a result, or is declared inert with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from demilsim.experiments.ensemble import Response, replicate
from demilsim.experiments.policies import simple_plan
from demilsim.reporting.summary import scenario_facts
from demilsim.scenario.loader import load_resolved
from demilsim.scenario.origins import Given, origins
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.starter import write_starter

REPLICATIONS = 16
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

CHANGES: dict[str, str] = {
    "settings.name": "other", "settings.title": "Another", "settings.country": "YY",
    "settings.synthetic": "no",
    "settings.price_year": "2024", "settings.start": "2026-04-01", "settings.horizon_years": "12",
    "settings.period": "month", "settings.seed": "2", "settings.terminal_years": "2.5",
    "settings.harm_weights.fatalities_public": "0.5", "settings.harm_weights.fatalities_workers": "2",
    **{f"sites[A].temperature_{month}_c": "26" for month in MONTHS}, "sites[A].rrpl": "2",
    "sites[A].daily_half_swing_c": "9", "storehouses[A1].construction": "masonry",
    "storehouses[A1].x_m": "20", "storehouses[A1].y_m": "20", "exposed_sites[A-workers].kind": "dwellings",
    "exposed_sites[A-workers].x_m": "90", "exposed_sites[A-workers].y_m": "120",
    "exposed_sites[A-workers].persons": "18", "exposed_sites[A-workers].day_fraction": "0.75",
    "exposed_sites[A-workers].night_fraction": "1", "lots[L01].storehouse_id": "A2",
    "lots[L02].nature_id": "mortar_120", "lots[L01].gross_mass_t": "90", "lots[L01].neq_kg": "24000",
    "lots[L01].status": "reserve", "lots[L04].safe_to_move": "no", "lots[L05].year_made": "2020",
    "lots[L01].stabiliser_fraction": "0.6", "facilities[RANGE-A].method_id": "contained_detonation",
    "facilities[RANGE-A].status": "possible", "facilities[RANGE-A].mobile": "yes",
    "facilities[KILN-B].serves_sites": "B", "facilities[RANGE-A].open_months": "4-8",
    "facilities[RANGE-A].working_days_per_week": "2.5", "facilities[KILN-B].breakdown_mean_days": "90",
    "facilities[KILN-B].repair_mean_days": "10.5", "facilities[RANGE-A].weather_stops_per_year": "6",
    "facilities[RANGE-A].weather_stop_mean_days": "4.5", "facilities[RANGE-A].permit_t_per_year": "375",
    "facilities[RANGE-A].neq_limit_kg_per_day": "750",
    "facility_rates[RANGE-A,artillery].throughput_t_per_day": "4.5",
    "facility_rates[RANGE-A,artillery].unit_cost_usd_per_t": "675", "routes[A,B].distance_km": "135",
    "routes[A,B].travel_days": "1.5", "funds[HOST].holder": "donor", "funds[HOST].use": "capital",
    "funds[HOST].earmark_sites": "A", "funds[HOST].earmark_methods": "open_detonation",
    "funds[HOST].earmark_categories": "artillery", "funds[HOST].overhead_fraction": "0.5",
    "funds[HOST].expires": "2028-06-30", "funding[HOST-2026].due": "2030-06-30",
    "funding[HOST-2026].fund_id": "DONOR", "funding[HOST-2026].probability": "0.5",
    "funding[HOST-2026].mean_delay_days": "45", "funding[HOST-2026].amount_usd": "180000",
    "parameters.transport.payload_t": "1",
}  # fmt: skip
"""A change of each column that alone changes what is simulated under two rules, or a fact of the report."""

INERT: dict[str, str] = {
    "settings.schema_version": "names the form of the files; only 1 exists",
    "settings.harm_weights.fatalities_transport": "weighs the objective of the optimised plan alone",
    "sites.site_id": "a name; references to it are checked",
    "sites.name": "shown to partners",
    "sites.region": "decides what the public report merges",
    "sites.latitude_deg": "for maps and for checks; distances by road are in routes",
    "sites.longitude_deg": "for maps and for checks; distances by road are in routes",
    "storehouses.storehouse_id": "a name; references to it are checked",
    "storehouses.site_id": "moves the stock with it only where all that refers to it agrees",
    "exposed_sites.exposed_site_id": "a name",
    "exposed_sites.site_id": "moves the people, who keep their local coordinates, to another site",
    "lots.lot_id": "a name, and the key of its draws",
    "facilities.facility_id": "a name; references to it are checked",
    "facilities.site_id": "moves the plant only where routes and lots agree",
    "facilities.name": "shown in the report",
    "facilities.operator": "shown to people; no rule asks who works a plant",
    "facilities.fixed_cost_usd_per_year": "of plant to be commissioned, which only the optimised plan does",
    "facilities.capital_cost_usd": "of plant to be commissioned, which only the optimised plan does",
    "facilities.lead_time_days": "of plant to be commissioned, which only the optimised plan does",
    "facility_rates.facility_id": "part of the row's name",
    "facility_rates.category": "part of the row's name",
    "routes.from_site_id": "part of the row's name",
    "routes.to_site_id": "part of the row's name",
    "funds.fund_id": "a name; references to it are checked",
    "funds.name": "shown in the report",
    "funding.tranche_id": "a name, and the key of its draws",
    "sources.source_id": "a name; references to it are checked",
    "sources.confidence": "marks assumed numbers in every output that leans on them; no result moves",
    "sources.text": "listed by `demilsim sources`",
} | {
    f"{table}.source": "evidence: listed beside the numbers, part of the hash, moves no result"
    for table in (
        "sites", "storehouses", "exposed_sites", "lots", "facilities", "facility_rates", "routes", "funds",
        "funding",
    )
}  # fmt: skip
"""Columns that change no result under the rules by themselves, with the reason."""

SAMPLE = (
    "sites[A].rrpl",
    "lots[L05].year_made",
    "funds[HOST].earmark_sites",
    "facilities[KILN-B].serves_sites",
)


def column(path: str) -> str:
    """Return table and column of a path, without its row."""
    return path if "[" not in path else f"{path.partition('[')[0]}.{path.rpartition('.')[2]}"


def results(scenario: Scenario) -> tuple[object, ...]:
    """Return facts of the report, and means and half-widths of every response under two policies."""
    plans = {name: simple_plan(name, scenario) for name in ("host_only", "highest_risk_first")}
    found = replicate(scenario, plans, REPLICATIONS, jobs=1)
    facts = {key: value for key, value in scenario_facts(scenario).items() if key != "sha256"}
    return facts, *(found.estimate(name, response) for name in plans for response in Response)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_starter("starter", tmp_path_factory.mktemp("ignored"))


@pytest.fixture(scope="module")
def unchanged(folder: Path) -> tuple[object, ...]:
    return results(load_resolved(folder).scenario)


def test_every_column_is_tried_or_declared(folder: Path) -> None:
    """Each column and key that the starter gives is in one of the two tables, and none in both."""
    given = {column(o.path) for o in origins(load_resolved(folder)) if o.given is Given.SCENARIO}
    tried = {column(path) for path in CHANGES}
    assert given - tried - set(INERT) == set()
    assert tried & set(INERT) == set()


def test_equal_scenarios_give_equal_results(folder: Path, unchanged: tuple[object, ...]) -> None:
    """What is compared does not move by itself."""
    assert results(load_resolved(folder).scenario) == unchanged


@pytest.mark.parametrize("path", SAMPLE)
def test_some_columns_change_a_result(folder: Path, unchanged: tuple[object, ...], path: str) -> None:
    """A fixed sample of the columns, each changed alone, changes a result."""
    assert results(load_resolved(folder, {path: CHANGES[path]}).scenario) != unchanged


@pytest.mark.soak
@pytest.mark.parametrize("path", CHANGES)
def test_each_column_changes_a_result(folder: Path, unchanged: tuple[object, ...], path: str) -> None:
    """Each column that is not declared inert, changed alone, changes a result."""
    assert results(load_resolved(folder, {path: CHANGES[path]}).scenario) != unchanged
