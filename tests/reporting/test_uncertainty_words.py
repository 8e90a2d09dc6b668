"""What the report says of what is not known: only what the draws tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demilsim.experiments.comparison_draws import REPLICATIONS as COMPARE_REPLICATIONS
from demilsim.experiments.comparison_draws import compare_under_draws
from demilsim.experiments.ensemble import Response
from demilsim.experiments.uncertainty import uncertainty
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.reading import read_results
from demilsim.reporting.uncertainty_views import WITHIN_CHANCE, by_policy, sentences
from demilsim.reporting.wording import ABSENT
from reporting.conftest import EditSummary
from reporting.facts import with_facts
from stories import line, plan
from worlds import one_lot

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


def test_a_policy_whose_range_chance_may_explain_is_said_to_be_so(folder: Path, edit: EditSummary) -> None:
    """Its share is 67 ± 70% of the variance: no range, and not for want of deaths."""

    def change(document: dict[str, Any]) -> None:
        with_facts(document)
        told = {"not_known": 0.67, "chance": 0.33, "half_width": 0.7, "events": 64}
        shares = document["uncertainty"]["variance_shares"]
        shares["host_only"] = {"expected_fatalities": told, "fatalities": NONE | {"events": 3}}
        document["policies"]["host_only"]["expected_fatalities"] |= dict.fromkeys(
            ("parameter_p5", "parameter_p95")
        )

    edit(change)
    table = by_policy(read_results(folder))
    host, shown = table.rows[1], table.rows[-1]
    assert host.cells[0] == "Host only"
    assert host.cells[2:5] == (WITHIN_CHANCE, "67 ± 70", ABSENT)
    assert shown.cells[2] == "3.30 to 18.2"
    assert f"chance may then explain all that draws differ by: “{WITHIN_CHANCE}”" in table.caption
    assert "Of deaths as counted there is no share" in table.caption


def test_a_report_and_a_comparison_say_that_they_take_other_replications(folder: Path) -> None:
    """The range of one plan is not the same on both pages, and each says why."""
    assert (
        f"demilsim compare takes {COMPARE_REPLICATIONS} replications" in sentences(read_results(folder))[-1]
    )


def test_with_as_many_replications_run_and_compare_have_one_range() -> None:
    """The same draws and the same chance: what their ranges differ by is the number of replications."""
    given = one_lot()
    plans = {"do_nothing": DO_NOTHING, "some": plan(line("L1", 60.0))}
    own = uncertainty(given, plans, 4, 3, seed=5, jobs=1)
    other = compare_under_draws([given], [list(plans.values())], 4, 3, seed=5, jobs=1)
    for index, name in enumerate(plans):
        assert np.array_equal(other.deaths[index], own.of(name, Response.EXPECTED_FATALITIES))
    assert len(np.unique(other.deaths)) > 4
