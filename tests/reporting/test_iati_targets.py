from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from demilsim.exchange.iati_write import draft_activity
from demilsim.reporting.reading import read_results
from worlds import world


def test_targets_of_a_draft_are_those_of_the_results(folder: Path) -> None:
    """27,100 t destroyed, and 20 - 8.25 = 11.75 deaths averted against doing nothing, over the horizon."""
    draft = draft_activity(world(), "15250", "XX", read_results(folder))
    results = ElementTree.fromstring(draft).findall("iati-activity/result")
    targets = [float(result.find("indicator/period/target").get("value", "")) for result in results]  # type: ignore[union-attr]
    assert [result.get("type") for result in results] == ["1", "2"]
    assert targets == [27_100.0, 11.75]
