"""What a page says of one thing is one number, and no interval leaves what the thing can be."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.programme import plan_with_simulation
from demilsim.planning.coordinate import LoopOptions
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.plan_risks import risks_table
from demilsim.reporting.plan_views import plan_facts
from demilsim.reporting.reading import read_results
from demilsim.reporting.stock_balance import balance_sentence
from demilsim.reporting.stored import Spread
from demilsim.reporting.views import key_figures
from demilsim.reporting.wording import ABSENT, share_interval, share_said, with_interval
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from reporting.conftest import EditSummary

RATES = {f"parameters.event_rate.{cause}_per_storehouse_year": "0.05" for cause in ("storage", "external")}
OFTEN = RATES | {"horizon_years": "4"}
FEW = LoopOptions(teaching=4, choosing=4, baseline=4)
STOCK_T = 1_310.0
"""Of the starter: the sum of the column gross_mass_t of lots.csv [t]."""

LOT_BY_LOT = 0.02
"""Share by which the sum of lines may differ from the plan's own total: lots, not groups of them [1]."""


@pytest.fixture(scope="module")
def often(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a plan for a stock that explodes often, so that planned and simulated differ."""
    folder = tmp_path_factory.mktemp("one")
    scenario = load_scenario(write_starter("alpha", folder), OFTEN)
    programme = plan_with_simulation(scenario, jobs=1, options=FEW)
    ensemble = replicate(scenario, {"do_nothing": DO_NOTHING, "optimised": programme.plan}, 8, jobs=1)
    write_results(folder / "out", ensemble, seed=1, how=HowRun((), 0.0, 1), programme=programme)
    return folder / "out"


def test_harm_averted_as_planned_is_one_number(often: Path) -> None:
    """It is that of doing nothing less that of the plan, both as planned; the gap rests on it as well."""
    plan = json.loads((often / "summary.json").read_text(encoding="utf-8"))["plan"]
    averted = plan["planned_averted"]
    assert averted == pytest.approx(plan["planned_do_nothing"] - plan["planned_harm"])
    assert plan["gap_averted"] * averted == pytest.approx(plan["incumbent"] - plan["best_bound"])
    assert plan["lines_averted"] == pytest.approx(averted, rel=LOT_BY_LOT)
    assert plan["simulated_averted"] == pytest.approx(plan["simulated_do_nothing"] - plan["simulated_harm"])
    # What has exploded is gone in the simulation alone: without that the test would say little.
    assert plan["planned_do_nothing"] > 1.05 * plan["simulated_do_nothing"]
    terms = [term for term, _ in plan_facts(read_results(often))]
    assert "Harm if nothing is done, as planned" in terms
    assert "Harm averted as planned, sum of the plan's lines" in terms


def test_stock_adds_up(often: Path) -> None:
    """What was there or came is destroyed, exploded, stolen, lost on the road or left, under every policy."""
    results = read_results(often)
    document = json.loads((often / "summary.json").read_text(encoding="utf-8"))
    timeline = list(csv.DictReader((often / "timeline.csv").read_text(encoding="utf-8").splitlines()))
    for policy, own in document["policies"].items():
        there = own["stock_start_t"]["mean"] + own["arrived_t"]["mean"]
        gone = ("destroyed_t", "exploded_t", "stolen_t", "lost_on_road_t", "stock_end_t")
        assert sum(own[name]["mean"] for name in gone) == pytest.approx(there, abs=1e-3)
        for name in gone[:-1]:
            by_period = [float(row[f"{name}_mean"]) for row in timeline if row["policy"] == policy]
            assert sum(by_period) == pytest.approx(own[name]["mean"], abs=1e-3)
    assert document["policies"]["do_nothing"]["exploded_t"]["mean"] > 0.0
    assert document["policies"]["do_nothing"]["stock_start_t"]["mean"] == pytest.approx(STOCK_T)
    lost = document["policies"]["optimised"]
    words = f"{lost['exploded_t']['mean'] + lost['stolen_t']['mean']:,.0f} t explode or are stolen"
    assert words in balance_sentence(results)
    assert words in (often / "report.html").read_text(encoding="utf-8")


def test_intervals_of_counts_and_chances_stay_where_these_can_be(often: Path) -> None:
    """Shares carry ends within 0 and 1; what cannot be below zero has no end there."""
    policies = json.loads((often / "summary.json").read_text(encoding="utf-8"))["policies"]
    for measures in policies.values():
        for name in ("p_any_explosion", "p_cleared"):
            own = measures[name]
            assert 0.0 <= own["low"] <= own["mean"] <= own["high"] <= 1.0
            assert (own["mean"] == 0.0) == (own["low"] == 0.0)
        lows = [own["bootstrap_low"] for own in measures.values() if own and own.get("bootstrap_low")]
        assert min(lows) >= 0.0


@pytest.mark.parametrize(
    ("spread", "said"),
    [
        (Spread(mean=0.0, half_width=0.037), "0 (0 to 3.7)"),
        (Spread(mean=1.0, half_width=0.088), "100 (91.2 to 100)"),
        (Spread(mean=0.05, half_width=0.062, low=0.022, high=0.112), "5.0 (2.2 to 11.2)"),
        (Spread(mean=0.05, half_width=0.062), "5.0 (0 to 11.2)"),
        (Spread(mean=0.0083, half_width=0.0003), "0.830 (0.800 to 0.860)"),
        (Spread(mean=0.066784, half_width=0.000026), "6.68 (6.68 to 6.68)"),
        (Spread(mean=0.25), "25.0"),
        (None, ABSENT),
    ],
)
def test_a_share_is_told_with_its_interval(spread: Spread | None, said: str) -> None:
    """In percent, by its own ends if it has them, and never below 0 or above 100."""
    assert share_interval(spread) == said


def test_a_count_is_told_with_its_interval() -> None:
    """A count has no end below zero; one that never varies keeps its form."""
    assert with_interval(Spread(mean=0.5, half_width=0.6)) == "0.50 (0 to 1.10)"
    assert with_interval(Spread(mean=1.0, half_width=0.0)) == "1.00 ± 0.00"
    assert share_said(Spread(mean=0.0, half_width=0.037)) == "0% (0 to 3.7%)"
    assert share_said(Spread(mean=0.25)) == "25.0%"


def test_the_chance_of_any_explosion_is_the_computed_one_where_it_is_stored(
    folder: Path, edit: EditSummary
) -> None:
    """Counted: 0.0 of few replications; computed: 1.97 with its interval; the caption says which it is."""

    def cells() -> tuple[str, ...]:
        table = key_figures(read_results(folder))
        place = next(i for i, column in enumerate(table.columns) if column.head == "Any explosion")
        return (table.rows[-1].cells[place], table.caption)

    shown, caption = cells()
    assert shown == "46.5 (42.0 to 51.0)"
    assert "explosion is counted" in caption

    def change(document: dict[str, Any]) -> None:
        for own in document["policies"].values():
            own["p_any_explosion"] = {"mean": 0.0, "half_width": 0.037}
            own["p_any_explosion_conditional"] = {"mean": 0.0197, "half_width": 0.0008}

    edit(change)
    shown, caption = cells()
    assert shown == "1.97 (1.89 to 2.05)"
    assert "not counted" in caption
    risks = {row.cells[0]: row.cells[1] for row in risks_table(read_results(folder)).rows}
    assert risks["An unplanned explosion"] == "1.97% (1.89 to 2.05%) over the horizon"
