"""What renewing a plan is worth, as a page: the numbers of its table, in words that follow the intervals."""

from __future__ import annotations

import csv
import html
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from demilsim.cli import app
from demilsim.experiments.ensemble import Response
from demilsim.experiments.rolling import RollingOutcome, static_against_rolling
from demilsim.experiments.statistics import Estimate
from demilsim.model.cautions import Caution
from demilsim.planning.coordinate import LoopOptions
from demilsim.reporting.comparison_words import is_resolved, signed, spelled
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.rolling import write_rolling
from demilsim.reporting.rolling_views import AS_COUNTED, DEATHS, OTHERS, findings
from demilsim.scenario.place import Place
from optimisation.instances import build_or_not
from pages import Page, cells
from worlds import lot

REPLICATIONS = 4


@pytest.fixture(scope="module")
def outcome() -> RollingOutcome:
    """Return lots of unknown mass and condition, whose plan is made and renewed."""
    unknown: dict[str, Any] = {"stabiliser_fraction": "unknown", "mass_sigma": 0.2}
    lots = (lot("L1", "H1", **unknown), lot("L2", "H2", gross_mass_t=80.0, neq_kg=24_000.0, **unknown))
    scenario = replace(build_or_not(lots=lots), asked_as="tiny@late")
    few = LoopOptions(teaching=4, choosing=8, baseline=4)
    return static_against_rolling(scenario, REPLICATIONS, jobs=1, options=few)


def with_results(outcome: RollingOutcome, static: str, rolling: str) -> RollingOutcome:
    """Return the outcome with results of some policies in place of its two."""
    own = outcome.ensemble.results
    results = {**own, "optimised": own[static], "rolling": own[rolling]}
    return replace(outcome, ensemble=replace(outcome.ensemble, results=results))


def test_the_page_tells_the_numbers_of_its_table(outcome: RollingOutcome, tmp_path: Path) -> None:
    """Every mean and difference of rolling.csv stands on the page with its interval, rounded alone."""
    odd = [Caution("rates_of_plants", Place("rates.csv", 2), "throughput_t_per_day", "expected less at KILN")]
    write_rolling(tmp_path, outcome, 7, HowRun(("demilsim", "rolling"), 1.0, 1), odd)
    assert "The inputs raise 1 warning of demilsim check" in (tmp_path / "rolling.html").read_text("utf-8")
    shown = {row[0]: row[2:] for row in cells((tmp_path / "rolling.html").read_text("utf-8"))}
    known = {
        (row["policy"], row["measure"]): Estimate(
            float(row["mean"]), float(row["half_width"]) if row["half_width"] else None
        )
        for row in csv.DictReader((tmp_path / "rolling.csv").read_text("utf-8").splitlines())
    }
    measures = [(one.value, name, 1.0) for one, name in DEATHS]
    measures += [(one.value, name, scale) for one, name, _, scale in OTHERS]
    measures.append(("planning_objective", AS_COUNTED, 1.0))
    assert {name for name, *_ in measures} == {measure for _, measure in known}
    assert len(shown) == len(measures)
    for measure, name, scale in measures:
        means = [spelled(known[p, measure], scale) for p in ("do_nothing", "optimised", "rolling")]
        assert shown[name] == [*means, signed(known["optimised - rolling", measure], scale)]
    run = json.loads((tmp_path / "rolling.run.json").read_text("utf-8"))
    assert (run["seed"], run["replications"]) == (7, REPLICATIONS)
    assert run["plan_sha256"] == outcome.programme.plan.sha256()


def test_the_page_is_fit_for_the_public(outcome: RollingOutcome, tmp_path: Path) -> None:
    """It says SYNTHETIC, runs nothing, names no plant, lot, store or site, and its command is understood."""
    write_rolling(tmp_path, outcome, 7)
    text = (tmp_path / "rolling.html").read_text("utf-8")
    page, drawn = Page(text), (tmp_path / "figures" / "rolling.svg").read_text("utf-8")
    assert "SYNTHETIC" in drawn
    assert page.text.count("SYNTHETIC") >= 4
    assert "script" not in {tag for tag, _ in page.tags}
    assert all(attributes["alt"] for tag, attributes in page.tags if tag == "img")
    assert not re.search(r"\b(L1|L2|H1|H2|S1|KILN|F-1)\b", page.text + drawn)
    (said,) = re.findall(r"demilsim rolling [^<]* DIR", text)
    command: Any = get_command(app)
    given = command.commands["rolling"].make_context("r", shlex.split(html.unescape(said))[2:]).params
    assert (str(given["scenario"]), given["seed"], given["replications"]) == ("tiny@late", 7, REPLICATIONS)


def test_findings_follow_the_interval(outcome: RollingOutcome) -> None:
    """Doing nothing in place of one of the two is worse beyond doubt; two of a kind are equal."""
    nothing = outcome.ensemble.difference("do_nothing", "optimised", Response.EXPECTED_FATALITIES)
    assert is_resolved(nothing)
    size = spelled(nothing)
    lazy = next(findings(with_results(outcome, "do_nothing", "optimised")))
    assert f"renewing the plan every year averts {size} expected deaths more than following it" in lazy
    strict = list(findings(with_results(outcome, "optimised", "do_nothing")))
    assert f"following it as made averts {size} expected deaths more than renewing" in strict[0]
    assert "100% of what the plan as made averts" in strict[0]
    assert re.search(
        r"Renewed, it spends USD \S+ ± \S+ million less, and destroys \S+ ± \S+ t less", strict[-1]
    )
    (same,) = findings(with_results(outcome, "optimised", "optimised"))
    assert "comes out the same as followed as made, in every replication" in same


def test_what_cannot_be_shown_is_not_claimed(outcome: RollingOutcome) -> None:
    """Where the interval holds zero no side is said to avert more."""
    own = outcome.ensemble.results
    crossed = [
        b if i % 2 else a for i, (a, b) in enumerate(zip(own["optimised"], own["do_nothing"], strict=True))
    ]
    others = [
        a if i % 2 else b for i, (a, b) in enumerate(zip(own["optimised"], own["do_nothing"], strict=True))
    ]
    results = {**own, "optimised": tuple(crossed), "rolling": tuple(others)}
    doubtful = replace(outcome, ensemble=replace(outcome.ensemble, results=results))
    assert not is_resolved(doubtful.difference(Response.EXPECTED_FATALITIES))
    first, *_, last = findings(doubtful)
    assert "no difference in expected deaths can be shown" in first
    assert signed(doubtful.difference(Response.EXPECTED_FATALITIES)) in first
    assert last.count("as far as can be shown") == 2
