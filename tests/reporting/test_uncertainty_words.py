"""What the report says of what is not known: only what the draws tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demilsim.reporting.reading import read_results
from demilsim.reporting.uncertainty_views import by_policy, sentences
from demilsim.reporting.wording import ABSENT
from reporting.conftest import EditSummary
from reporting.facts import with_facts

NONE = {"not_known": None, "chance": None}


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        (NONE | {"events": 3}, "replications under draws of the constants 3 have any."),
        (NONE, "How the variance of deaths as counted divides is not known."),
        ({"not_known": 0.25, "chance": 0.75, "events": 12}, "25% comes from constants that are not known"),
    ],
)
def test_the_split_of_counted_deaths_is_told_only_where_it_is_known(
    folder: Path, edit: EditSummary, counted: dict[str, Any], said: str
) -> None:
    """Where too few replications have deaths, the split of the expected deaths is told, and why."""

    def change(document: dict[str, Any]) -> None:
        with_facts(document)
        expected = {"not_known": 0.94, "chance": 0.06}
        for shares in document["uncertainty"]["variance_shares"].values():
            shares |= {"expected_fatalities": expected, "fatalities": counted}

    edit(change)
    results = read_results(folder)
    first = sentences(results)[0]
    assert said in first
    assert "94%" in first
    assert "100%" not in first
    cell = by_policy(results).rows[-1].cells[4]
    assert (cell == ABSENT) == (counted["not_known"] is None)
