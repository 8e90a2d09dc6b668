from __future__ import annotations

import re
from pathlib import Path

import pytest

from broken import BROKEN, Broken
from broken_facilities import BROKEN_FACILITIES
from broken_measures import BROKEN_MEASURES
from broken_risk import BROKEN_RISK
from broken_terms import BROKEN_TERMS
from broken_transport import BROKEN_TRANSPORT
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter

TABLES = {
    "scenario": BROKEN,
    "facilities": BROKEN_FACILITIES,
    "measures": BROKEN_MEASURES,
    "risk": BROKEN_RISK,
    "terms": BROKEN_TERMS,
    "transport": BROKEN_TRANSPORT,
}
CASES = [pytest.param(row, id=f"{table}: {row.name}") for table, rows in TABLES.items() for row in rows]


@pytest.mark.parametrize("broken", CASES)
def test_broken_scenario_is_refused_with_file_and_line(broken: Broken, tmp_path: Path) -> None:
    """Each change is reported where it was made, with what was expected; no problem is made up."""
    folder = write_starter("pilot", tmp_path)
    broken.apply(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    place = str(folder / broken.file) + (f":{broken.line}" if broken.line else "")
    told = str(caught.value).splitlines()
    assert any(re.match(f"{re.escape(place)}: .*(?:{broken.match})", line) for line in told), told
    assert len(told) == len(caught.value.problems) == broken.problems, told


def test_untouched_starter_loads(tmp_path: Path) -> None:
    """The scenario that all of these change is itself without problems."""
    assert load_scenario(write_starter("pilot", tmp_path)).settings.name == "pilot"


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """Problems of different files and sorts are reported together, in the order of files and lines."""
    names = {
        "horizon",
        "negative",
        "method unknown",
        "stabiliser of a mine",
        "due after expiry",
        "unknown table",
    }
    folder = write_starter("pilot", tmp_path)
    for broken in BROKEN:
        if broken.name in names:
            broken.apply(folder)
    with pytest.raises(ScenarioError, match="expected > 0") as caught:
        load_scenario(folder)
    found = [(Path(p.file).name, p.line, p.path) for p in caught.value.problems]
    assert found == [
        ("facilities.csv", 3, "method_id"),
        ("funding.csv", 6, "due"),
        ("lot.csv", 0, ""),
        ("lots.csv", 3, "gross_mass_t"),
        ("lots.csv", 6, "stabiliser_fraction"),
        ("scenario.yaml", 10, "horizon_years"),
    ]
