"""What is said beside numbers: intervals in headlines, assumptions under tables, risks in one place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from demilsim.reporting.assumed import STATEMENTS, stated
from demilsim.reporting.disclosure import for_audience
from demilsim.reporting.donor_views import bought
from demilsim.reporting.grid import Table
from demilsim.reporting.headline import headline
from demilsim.reporting.plan_risks import risks_table
from demilsim.reporting.reading import read_results
from demilsim.reporting.report import write_report
from demilsim.reporting.series_table import series_tables
from demilsim.reporting.wording import ABSENT, MINUS
from reporting.conftest import EditSummary
from reporting.facts import with_facts


def cells(table: Table) -> dict[str, tuple[str, ...]]:
    return {row.cells[0]: row.cells[1:] for row in table.rows}


def test_every_table_says_what_it_assumes(folder: Path, edit: EditSummary) -> None:
    """As many sentences as tables, in a report of all; the assumed constants are counted: 2 of 4."""
    edit(with_facts)
    html = write_report(folder, "restricted").read_text(encoding="utf-8")
    assert html.count("<table") == html.count('<p class="note assumes">Assumes ')
    assert "2 of 4 of them assumed" in html


def test_a_table_without_a_statement_is_not_written(folder: Path) -> None:
    """Someone who adds a table must say what it assumes."""
    results = read_results(folder)
    with pytest.raises(KeyError, match="unheard"):
        stated({"unheard": Table("", (), ())}, results)
    assert all(not text.endswith(".") for text in STATEMENTS.values())


@pytest.mark.parametrize(
    ("dates", "share", "said"),
    [
        (
            {"p50": "2038-06-30", "p50_low": "2037-12-31", "p50_high": "2039-03-31"},
            0.62,
            "gone by 2038-06-30 (2037-12-31 to 2039-03-31) in half of the replications.",
        ),
        (
            {"p50": "2038-06-30", "p50_low": "2037-12-31", "p50_high": None},
            0.62,
            "gone by 2038-06-30 in half",
        ),
        (
            {},
            0.21,
            "not gone within the horizon in most replications, but in 21.0% (17.0 to 25.0%) of them it is.",
        ),
        ({}, 0.0, "not gone within the horizon in any replication."),
    ],
)
def test_the_finishing_date_has_its_interval(
    folder: Path, edit: EditSummary, dates: dict[str, str | None], share: float, said: str
) -> None:
    """The median with the dates between which it lies, else the share that is in time."""

    def change(document: dict[str, Any]) -> None:
        document["policies"]["optimised"].update(
            clearance_date=dates, p_cleared={"mean": share, "half_width": 0.04}
        )

    edit(change)
    assert said in headline(read_results(folder)).context


def test_what_money_buys_has_intervals(folder: Path, edit: EditSummary) -> None:
    """9.25 ± 0.21 of 17.5 deaths are 52 to 54%; 20 ± 1 million for them are 2.0 to 2.3 million for each."""

    def change(document: dict[str, Any]) -> None:
        document["differences"]["optimised - host_only"] |= {
            "destroyed_t": {"mean": 20_100.0, "half_width": 250.0},
            "cost_usd": {"mean": 20e6, "half_width": 1e6},
        }

    before = cells(bought(read_results(folder)))["The host's own money alone"]
    edit(change)
    after = cells(bought(read_results(folder)))["The host's own money alone"]
    assert after[0] == "9.25"
    assert after[1] == "9.04 to 9.46"
    assert after[2] == "53% (51.7 to 54.1)"
    assert after[4:] == ("20,100 ± 250", "20.0 ± 1.0", "2.16 (2.01 to 2.32)")
    assert before[4:] == ("20,100", "21.1", "2.28")


def test_the_best_rule_stands_in_the_donors_table(folder: Path, edit: EditSummary) -> None:
    """With the interval of the headline, and the share of draws in which the plan is better than it."""

    def change(document: dict[str, Any]) -> None:
        document["uncertainty"]["p_optimised_better"]["risk_per_day_first"] = 0.5625
        document["differences"]["optimised - risk_per_day_first"] |= {
            "expected_fatalities": {"mean": -1.35, "half_width": 0.21, "half_width_simultaneous": 0.30},
            "cost_usd": {"mean": -2e6, "half_width": 1e5},
        }

    edit(change)
    results = read_results(folder)
    name = "The best simple rule, “risk per day first”"
    found = cells(bought(results))[name]
    assert found[:2] == ("1.35", "1.05 to 1.65")
    assert found[3] == "56%"
    # It spends less than the rule: a death averted has no price.
    assert found[5:] == (f"{MINUS}2.00 ± 0.10", ABSENT)
    assert "averts a further 1.35 (95% Monte Carlo interval 1.05 to 1.65)" in headline(results).finding
    edit(lambda document: document["plan"].update(source="rule:risk_per_day_first"))
    assert name not in cells(bought(read_results(folder)))


def test_risks_are_told_in_one_table(folder: Path, edit: EditSummary) -> None:
    """Finishing late, lapsing money, standing still, other constants, other policies: from stored numbers."""
    edit(with_facts)
    found = cells(risks_table(for_audience(read_results(folder), "public")))
    assert found["The surplus is not gone within the horizon"][0] == "38.0% (34.0 to 42.0%) of replications"
    assert found["Money lapses"][0] == "USD 0.850 million of 30.5 million on average"
    assert found["Facilities stand still"][0] == "25% of all working days, the largest delay"
    assert found["Facilities stand still"][1] == "money"
    assert found["Rates and effects are other than assumed"][0].startswith("3.30 to 18.2 expected deaths")
    assert found["Another policy would have done better"] == ("6.0% of parameter draws", "“cheapest first”")
    edit(lambda document: document["spend_by_fund"]["optimised"][0].update(lapsed_usd=4e6))
    found = cells(risks_table(read_results(folder)))
    assert found["Money lapses"] == (
        "USD 4.85 million of 30.5 million on average",
        "most of it “State budget”",
    )


def test_numbers_over_time_are_those_of_the_timeline(folder: Path) -> None:
    """The first value of each year; what is spent adds up from zero."""
    results = read_results(folder)
    shown = results.shown
    assert shown.timeline
    tables = {name: cells(table)["Optimised"] for name, table in series_tables(results).items()}
    assert tables["stock"][0] == "40,000"
    assert tables["stock"][4] == f"{shown.timeline.stock_t.mean[16]:,.0f}"
    assert tables["spending"][:2] == ("0", "1.90")  # 28.455 million in 60 quarters
    assert tables["harm-rate"][0] == "1.18"
