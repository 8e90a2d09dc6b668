"""The command that a page prints gives its results again."""

from __future__ import annotations

import html
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from changes import append
from commands import CommandLine
from demilsim.cli import app
from demilsim.reporting.report import write_report
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from reporting.conftest import write_results

HALF = """variants:
  half:
    set:
      name: half-permit
      facilities[RANGE-A].permit_t_per_year: 125
"""
FEW = ("--replications", 2, "--seed", 5)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the starter and its variant with a name of its own are kept."""
    append("scenario.yaml", HALF)(write_starter("alpha", tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def printed(page: Path, out: str) -> list[str]:
    """Return the command that a page prints, without its first word, its results to go to another folder."""
    (found,) = re.findall(r"demilsim (?:run|simulate|compare|fund) [^<]* --out DIR", page.read_text("utf-8"))
    return [out if word == "DIR" else word for word in shlex.split(html.unescape(found))[1:]]


def understood(verb: str, words: list[str]) -> dict[str, Any]:
    """Return what a command makes of its words; an error where it does not understand them."""
    command: Any = get_command(app)
    found: dict[str, Any] = command.commands[verb].make_context(verb, words).params
    return found


def test_a_simulated_variant(home: Path, cli: CommandLine) -> None:
    """The page of a rule under a variant prints variant and rule; what they give is the same to the byte."""
    first = cli("simulate", "alpha@half", "--rule", "cheapest_first", *FEW, "--out", "one", "--jobs", 1)
    assert first.code == 0, first.err
    command = printed(home / "one" / "report.html", "two")
    assert command[:2] == ["simulate", "alpha@half"]
    again = cli(*command)
    assert again.code == 0, again.err
    assert (home / "two" / "summary.json").read_bytes() == (home / "one" / "summary.json").read_bytes()
    # Of a plan from a file the page says that there was one, so that nobody simulates doing nothing.
    assert cli("simulate", "alpha@half", "--plan", "one/plan.csv", *FEW, "--out", "three").code == 0
    command = printed(home / "three" / "report.html", "four")
    assert command[command.index("--plan") + 1] == "FILE"


def test_a_compared_variant(home: Path, cli: CommandLine) -> None:
    """The page of a comparison prints the variant, not the name it goes by; its numbers come again."""
    asked = ("--rule", "oldest_first", "--parameter-draws", 0, "--jobs", 1)
    assert cli("compare", "alpha", "alpha@half", *FEW, *asked, "--out", "one").code == 0
    command = printed(home / "one" / "comparison.html", "two")
    assert command[:3] == ["compare", "alpha", "alpha@half"]
    assert cli(*command).code == 0
    assert (home / "two" / "comparison.json").read_bytes() == (home / "one" / "comparison.json").read_bytes()


def test_names_are_no_content(home: Path) -> None:
    """By how a scenario is asked for nothing is hashed or compared; a path leaves no trace."""
    base, variant = load_scenario("alpha"), load_scenario(f"{home}/alpha@half")
    assert (base.command_name, variant.command_name) == ("alpha", "alpha@half")
    assert variant.settings.name == "half-permit"
    assert replace(variant, asked_as="") == variant
    assert replace(variant, asked_as="").command_name == "half-permit"
    assert load_scenario(home / "alpha").sha256 == base.sha256


def test_the_main_job_of_a_variant(tmp_path: Path) -> None:
    """The page of `run` prints a command line whose every word is understood, the variant first."""
    folder = write_results(tmp_path / "results")
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    summary["scenario"]["asked_as"] = "testland@late"
    (folder / "summary.json").write_text(json.dumps(summary), "utf-8")
    verb, *rest = printed(write_report(folder), "out")
    given = understood(verb, rest)
    assert (verb, str(given["scenario"]), str(given["out"])) == ("run", "testland@late", "out")
    assert (given["seed"], given["replications"], given["parameter_draws"]) == (7, 400, 32)


def test_values_set_beside_are_pointed_to(home: Path, cli: CommandLine) -> None:
    """A printed command says that values were set beside it, not which: they may name lots and sites."""
    word = "horizon_years=6"
    assert cli("simulate", "alpha", "--rule", "cheapest_first", "--set", word, *FEW, "--out", "one").code == 0
    page = (home / "one" / "report.html").read_text("utf-8")
    assert "--out DIR  # and the --set of run.json" in page
    assert word not in page
    assert word in (home / "one" / "run.json").read_text("utf-8")
