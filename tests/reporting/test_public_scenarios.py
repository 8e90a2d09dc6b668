"""What a public report of each shipped scenario must not contain, looked for in all that it says."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.hindcast import hindcast
from demilsim.experiments.policies import simple_plan
from demilsim.reporting.history import write_hindcast
from demilsim.reporting.outputs import HowRun, notes_of, write_results
from demilsim.reporting.over_time import _regions
from demilsim.reporting.report import write_report
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
RULE = "highest_risk_first"
HOW = HowRun(("demilsim",), 0.0, 1)
LEAST_NEQ_KG = 1_000
"""Storehouses with less are not looked for: such a number stands for other things as well."""

SPOKEN = ("alt", "title", "aria-label", "content", "data-name", "data-values", "data-unit")
MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"


class Words(HTMLParser):
    """All words of a page: text, and attributes that are read or shown; its images as they stand."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.images: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep attributes that are words, and images."""
        self.words += [value for name, value in attrs if name in SPOKEN and value]
        self.images += [
            base64.b64decode(value.partition("base64,")[2]).decode()
            for name, value in attrs
            if name == "src" and value
        ]

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.words.append(data)


def words_of(folder: Path) -> str:
    """Return the words of the page, its pictures, the pictures beside it and the workbook."""
    page = Words((folder / "report.html").read_text(encoding="utf-8"))
    beside = [path.read_text(encoding="utf-8") for path in sorted((folder / "figures").glob("*.svg"))]
    drawn = [
        text for svg in (*page.images, *beside) for text in ET.fromstring(svg).itertext() if text.strip()
    ]
    book = CalamineWorkbook.from_path(str(folder / "results.xlsx"))
    cells = [
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    ]
    return "\n".join((*page.words, *drawn, *cells))


def storehouse_neq(scenario: Scenario) -> set[int]:
    """Return the NEQ of each storehouse in whole kg, as far as it can be told from other numbers."""
    held: defaultdict[str, float] = defaultdict(float)
    for lot in scenario.lots:
        held[lot.storehouse_id] += lot.neq_kg
    return {round(neq) for neq in held.values() if neq >= LEAST_NEQ_KG}


def allowed_dates(folder: Path) -> set[str]:
    """Return the dates that the public may read: horizon, finishing, orders of facilities, and of sources."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    dates = {summary["scenario"]["start"], summary["scenario"]["end"]}
    for policy in summary["policies"].values():
        dates |= {date for date in policy["clearance_date"].values() if date}
    for orders in summary.get("commissionings", {}).values():
        dates |= {order["date"] for order in orders}
    sources = " ".join(row["source"] or "" for row in summary["assumptions"])
    return dates | set(re.findall(MONTH, sources))


def leaks(words: str, scenario: Scenario, dates: set[str]) -> dict[str, set[str]]:
    """Return what a text tells that the public must not read, by kind; sites are those that hold stocks."""
    holding = {house.site_id for house in scenario.storehouses}
    stores = [site for site in scenario.sites if site.site_id in holding]
    tokens = set(re.findall(r"[\w.\-]+", words))
    numbers = set(re.findall(r"(?<![\d.,])\d[\d,]*(?:\.\d+)?", words))
    neq = {text for kg in storehouse_neq(scenario) for text in (f"{kg:,}", f"{kg}")}
    found = {
        "site": {site.name for site in stores if site.name in words},
        "site id": {site.site_id for site in stores} & tokens,
        "storehouse": {house.storehouse_id for house in scenario.storehouses} & tokens,
        "lot": {lot.lot_id for lot in scenario.lots} & tokens,
        "neq": neq & numbers,
        "guard": set(re.findall(r"\bguards?[ _.](?:level|factor)\w*", words, re.IGNORECASE)),
        "attractiveness": set(re.findall(r"\battractive\w*", words, re.IGNORECASE)),
        "date": set(re.findall(rf"\b\d{{4}}-\d\d-\d\d\b|{MONTH}", words)) - dates,
        "coordinate": set(re.findall(r"\d+\.\d+ ?°", words)),
    }
    return {kind: texts for kind, texts in found.items() if texts}


def reported(name: str, folder: Path) -> Scenario:
    """Simulate a rule's plan beside its baselines on two replications, and write the public report."""
    scenario = load_scenario(SCENARIOS / name, {})
    plans = {policy: simple_plan(policy, scenario) for policy in ("do_nothing", "host_only", RULE)}
    ensemble = replicate(scenario, plans, 2, jobs=1)
    write_results(folder, ensemble, seed=1, how=HOW, notes=notes_of(scenario, None))
    return scenario


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """Central Asia: nothing in the public report; each kind of secret is found where it is put or shown."""
    scenario = reported("central-asia", tmp_path)
    dates = allowed_dates(tmp_path)
    assert leaks(words_of(tmp_path), scenario, dates) == {}
    kg = max(storehouse_neq(scenario))
    planted = f"{kg:,} kg; guard level 2; attractiveness 5; 2027-05-17; 46.01° N; convoy in May 2027"
    assert leaks(planted, scenario, dates).keys() == {"neq", "guard", "attractiveness", "date", "coordinate"}
    write_report(tmp_path, "restricted")
    shown = leaks(words_of(tmp_path), scenario, dates)
    assert {"site", "site id", "storehouse", "lot", "attractiveness", "guard", "date"} <= shown.keys()


@pytest.mark.parametrize("name", ["history/albania-2003"])
def test_a_public_report_tells_no_secret(name: str, tmp_path: Path) -> None:
    """No site, storehouse, lot, NEQ, guard, attractiveness, date of a convoy or exact coordinate."""
    scenario = reported(name, tmp_path)
    assert leaks(words_of(tmp_path), scenario, allowed_dates(tmp_path)) == {}


@pytest.mark.soak
@pytest.mark.parametrize(
    "name", ["kazakhstan", "history/albania-2010", "history/bosnia-2007", "history/ukraine-2005"]
)
def test_nor_does_that_of_any_other_shipped_scenario(name: str, tmp_path: Path) -> None:
    """The same of the others."""
    scenario = reported(name, tmp_path)
    assert leaks(words_of(tmp_path), scenario, allowed_dates(tmp_path)) == {}


@pytest.mark.soak
@pytest.mark.parametrize("name", ["albania-2003", "albania-2010", "bosnia-2007", "ukraine-2005"])
def test_nor_does_the_forecast_of_a_past_programme(name: str, tmp_path: Path) -> None:
    """What `demilsim run` writes for a past programme."""
    scenario = load_scenario(SCENARIOS / "history" / name, {})
    found = hindcast(scenario, 4, jobs=1)
    write_hindcast(tmp_path, found, seed=1, how=HOW)
    assert leaks(words_of(tmp_path), scenario, allowed_dates(tmp_path)) == {}


def test_every_shipped_scenario_is_looked_at() -> None:
    """A scenario that is added is added here as well."""
    folders = {path.parent.relative_to(SCENARIOS).as_posix() for path in SCENARIOS.rglob("scenario.yaml")}
    assert folders == {
        "central-asia", "kazakhstan", "history/albania-2003", "history/albania-2010", "history/bosnia-2007",
        "history/ukraine-2005",
    }  # fmt: skip


def test_places_do_not_follow_a_site_that_moves_a_little() -> None:
    """Sites that lie 1 km elsewhere give the same places on the map: what is exact does not come through."""
    scenario = load_scenario(SCENARIOS / "central-asia", {})
    near = tuple(
        site.model_copy(
            update={"latitude_deg": site.latitude_deg + 0.011, "longitude_deg": site.longitude_deg - 0.013}
        )
        for site in scenario.sites
    )
    harm, years = np.ones((2, len(scenario.storehouses))), np.array([2026.0, 2027.0])
    assert _regions(replace(scenario, sites=near), harm, None, years) == _regions(scenario, harm, None, years)
