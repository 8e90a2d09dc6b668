"""The page on validation says what the commands say."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from demilsim.experiments.hindcast import hindcast
from demilsim.reporting.history import history_document
from demilsim.reporting.tables import json_text
from demilsim.scenario.loader import load_scenario

ROOT = Path(__file__).parents[2]
STORED = json.loads((ROOT / "tests" / "data" / "history.json").read_text("utf-8"))


def test_page_has_the_tables_of_the_stored_results() -> None:
    """Every number of the tables comes from the stored output, and each forecast is sharp enough to miss."""
    tables = runpy.run_path(str(ROOT / "experiments" / "history.py"))["tables"]
    assert tables(STORED) in (ROOT / "docs" / "validation.md").read_text("utf-8")
    for own in STORED.values():
        assert own["known"]["width_80_years"] <= 6.0
        mid = own["known"]["mid_plan_tonnes"]
        assert mid["p90"] - mid["p10"] <= 0.6 * own["plan"]["tonnes"]


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(STORED))
def test_stored_results_are_those_of_the_command(name: str) -> None:
    """The default 400 draws give the stored numbers again."""
    found = hindcast(load_scenario(ROOT / "scenarios" / "history" / name), 400)
    assert json.loads(json_text(history_document(found))) == STORED[name]
