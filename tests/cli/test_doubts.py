"""What `demilsim check` warns of is told by every command and on every page, to whom it may be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from changes import append
from commands import CommandLine
from demilsim.reporting.plan_origin import followed_as_it_is
from demilsim.scenario.loader import load_scenario
from pages import Page
from sweeps import write_experiment

FIRST = "tiny/storehouses.csv:3; demilsim check tells them"
WARNING = f"warning: 2 storehouses that hold more than the people around them allow, the first in {FIRST}"
SAID = "The inputs raise 3 warnings of demilsim check"
GRID = """question: Does the rate matter?
scenario: tiny
policies: do_nothing
factors:
  parameters.event_rate.storage_per_storehouse_year: 0.05; 0.2
outputs: expected_fatalities
replications: 2
"""
LATE = "variants:\n  late:\n    set:\n      horizon_years: 3\n"
FEW = ("--replications", 2, "--jobs", 1)


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which a tiny scenario that raises three warnings is kept, with an experiment."""
    write_experiment(tmp_path, GRID)
    append("scenario.yaml", LATE)(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_study_beside_a_plan(
    alpha: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: CommandLine
) -> None:
    """Its page tells how many warnings there are; the record of the plan in the same folder stays whole."""
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    (out / "run.json").write_text('{"files": {"plan.csv": "as it was"}}')
    asked = ("--shares", "1", "--set", "horizon_years=6")
    seen = cli("frontier", alpha.name, *asked, "--out", out, "--quiet")
    assert seen.code == 0, seen.err
    assert (
        "warning: 4 storehouses that hold more than the people around them allow, the first in alpha/"
        in seen.err
    )
    page = Page((out / "frontier.html").read_text("utf-8")).text
    said = "The inputs raise 7 warnings of demilsim check: of what looks like a slip, or stands too near to"
    assert said in page
    assert "demilsim frontier alpha --shares 1 --set horizon_years=6 --out DIR" in page
    assert json.loads((out / "frontier.json").read_text("utf-8"))["warnings"] == 7
    assert (out / "run.json").read_text("utf-8") == '{"files": {"plan.csv": "as it was"}}'
    run = json.loads((out / "frontier.run.json").read_text("utf-8"))
    assert run["command"][1] == "frontier"


def test_a_comparison_tells_each_audience_what_it_may_know(tiny: Path, cli: CommandLine) -> None:
    """What two scenarios share counts once; partners learn of which kinds, and nobody of which row."""
    for audience, kinds in (("public", False), ("partner", True)):
        asked = ("--rule", "do_nothing", "--parameter-draws", 0, "--audience", audience)
        seen = cli("compare", "tiny", "tiny@late", *asked, *FEW, "--out", audience, "--quiet")
        assert seen.code == 0, seen.err
        assert WARNING in seen.err
        page = Page((tiny / audience / "comparison.html").read_text("utf-8")).text
        assert SAID in page
        assert ("storehouses that hold more than the people around them allow (2)" in page) == kinds
        assert "expected at most" not in page
        document = json.loads((tiny / audience / "comparison.json").read_text("utf-8"))
        assert document["warnings"] == 3
        assert document["notes"][-1].startswith(SAID)


def test_sweeps_tell_what_is_odd_in_their_scenario(tiny: Path, cli: CommandLine) -> None:
    """Also when asked for quiet; so do the commands on what is stored."""
    assert WARNING in cli("sweep", "experiment.yaml", "--out", "swept", "--jobs", 1, "--quiet").err
    assert FIRST in cli("merge", "swept", "--quiet").err
    target = "do_nothing.expected_fatalities<=1"
    seen = cli("discover", "swept", "--target", target, "--quiet")
    assert FIRST in seen.err


def test_a_sweep_and_a_plan_do_not_share_a_folder(tiny: Path, cli: CommandLine) -> None:
    """Each would take the record of the other, and a sweep without its own cannot be gone on with."""
    assert cli("sweep", "experiment.yaml", "--out", "swept", "--jobs", 1).code == 0
    before = (tiny / "swept" / "run.json").read_bytes()
    for command in ("run", "simulate"):
        seen = cli(command, "tiny", *FEW, "--out", "swept")
        assert (seen.code, seen.out) == (2, "")
        assert "swept: holds a sweep, which could not be gone on with; choose another --out" in seen.err
    assert (tiny / "swept" / "run.json").read_bytes() == before
    assert not (tiny / "swept" / "summary.json").exists()
    assert cli("simulate", "tiny", *FEW, "--out", "simulated").code == 0
    seen = cli("sweep", "experiment.yaml", "--out", "simulated", "--jobs", 1)
    assert seen.code == 2
    assert "run.json: of another command; expected a folder of demilsim sweep, or choose another" in seen.err


def test_a_plan_of_another_scenario_is_said_to_be_followed_as_it_is(tiny: Path, cli: CommandLine) -> None:
    """Where the folder of the plan tells what it was made for, both are named; a changed plan has no origin.

    In the scenario that it was made for nothing is said.
    """
    assert cli("simulate", "tiny", "--rule", "oldest_first", *FEW, "--out", "made").code == 0
    plan = tiny / "made" / "plan.csv"
    seen = cli("simulate", "tiny@late", "--plan", plan, *FEW, "--out", "out", "--quiet")
    assert seen.code == 0, seen.err
    for text in (seen.err, Page((tiny / "out" / "report.html").read_text("utf-8")).text):
        assert "The plan was made for tiny (content" in text
        assert "and is followed as it is in tiny@late (content" in text
        assert "“demilsim plan tiny@late” makes one for it" in text
    assert followed_as_it_is(plan, load_scenario("tiny")) == ""
    plan.write_text(plan.read_text("utf-8") + "\n", "utf-8")
    assert "from a file and followed as it is: nothing in it" in followed_as_it_is(
        plan, load_scenario("tiny")
    )
    asked = ("--plan", f"mine={plan}", "--parameter-draws", 0, *FEW)
    assert cli("compare", "tiny", "tiny@late", *asked, "--out", "both").code == 0
    page = Page((tiny / "both" / "comparison.html").read_text("utf-8")).text
    assert "From a file and followed as it is in every scenario: “mine”." in page
