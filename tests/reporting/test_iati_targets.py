from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from demilsim.exchange.iati_write import draft_activity
from demilsim.reporting.reading import read_results
from demilsim.scenario.scenario import Scenario
from reporting.conftest import EditSummary
from worlds import fund, tranche, world


def told(scenario: Scenario, folder: Path) -> list[tuple[str, str, float]]:
    """Return kind, title and target of each result of a draft."""
    draft = draft_activity(scenario, "15250", "XX", read_results(folder))
    return [
        (
            result.get("type", ""),
            result.findtext("indicator/title/narrative", ""),
            float(result.find("indicator/period/target").get("value", "")),  # type: ignore[union-attr]
        )
        for result in ElementTree.fromstring(draft).findall("iati-activity/result")
    ]


def donors() -> Scenario:
    """Return a scenario in which a donor pays beside the host."""
    return world(funds=[fund(), fund("D", holder="donor")], tranches=[tranche("T0"), tranche("T1", "D")])


def test_targets_of_a_draft_are_those_of_the_results(folder: Path) -> None:
    """The host alone: 27,100 t destroyed, and 20 - 8.25 = 11.75 deaths averted against doing nothing."""
    found = told(world(), folder)
    assert [(kind, target) for kind, _, target in found] == [("1", 27_100.0), ("2", 11.75)]
    assert "against doing nothing" in found[1][1]


def test_a_donors_activity_counts_what_donors_add(folder: Path, edit: EditSummary) -> None:
    """Beyond the host's own money: 40,000 - 12,900 - 7,000 = 20,100 t, and 17.5 - 8.25 = 9.25 deaths."""

    def change(document: dict[str, Any]) -> None:
        own = document["policies"]
        more = own["optimised"]["destroyed_t"]["mean"] - own["host_only"]["destroyed_t"]["mean"]
        document["differences"]["optimised - host_only"]["destroyed_t"] = {"mean": more, "half_width": 99.0}

    edit(change)
    found = told(donors(), folder)
    assert [(kind, target) for kind, _, target in found] == [("1", 20_100.0), ("2", 9.25)]
    assert all("beyond the host's own money alone" in title for _, title, _ in found)


@pytest.mark.parametrize("missing", ["host_only", "destroyed_t"])
def test_a_donors_activity_says_when_it_counts_all_money(
    folder: Path, edit: EditSummary, missing: str
) -> None:
    """Where what the host does alone is not stored, the titles say whose money it is."""

    def change(document: dict[str, Any]) -> None:
        if missing == "host_only":
            del document["policies"][missing], document["differences"]["optimised - host_only"]

    edit(change)
    found = told(donors(), folder)
    assert [target for _, _, target in found] == [27_100.0, 11.75]
    assert all("by the host's and donors' money together" in title for _, title, _ in found)
