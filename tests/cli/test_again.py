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
from demilsim.reporting.again import may_see_set, printed_command
from demilsim.reporting.report import write_report
from demilsim.reporting.wording import spelled_out
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.register import shipped_register
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


SET = ("horizon_years=6", "facilities[RANGE-A].permit_t_per_year=200")
LOT, HOUSE = "lots[L06].gross_mass_t=100", "storehouses[A2].x_m=150"


def simulated(cli: CommandLine, out: str, audience: str, *values: str) -> None:
    """Simulate a rule with values set beside the scenario."""
    words = [word for value in values for word in ("--set", value)]
    seen = cli(
        "simulate", "alpha", "--rule", "cheapest_first", *words, *FEW, "--audience", audience, "--out", out
    )
    assert seen.code == 0, seen.err


def test_values_set_beside_are_in_the_command(home: Path, cli: CommandLine) -> None:
    """Settings and facilities are for everybody: the printed command has them, quoted, and gives the same."""
    simulated(cli, "one", "public", *SET)
    page = (home / "one" / "report.html").read_text("utf-8")
    assert "--out DIR</code>" in page, "nothing is left to run.json"
    again = cli(*printed(home / "one" / "report.html", "two"))
    assert again.code == 0, again.err
    for name in ("summary.json", "report.html"):
        assert (home / "two" / name).read_bytes() == (home / "one" / name).read_bytes()


WITHHELD = {
    "public": (SET, "  # and 2 --set that are not shown here, but in run.json"),
    "partner": ((*SET, LOT), "  # and 1 --set that is not shown here, but in run.json"),
    "restricted": ((*SET, LOT, HOUSE), ""),
}
"""By audience: the values that its page prints, and what it says of the others."""


def test_who_sees_which_values(home: Path, cli: CommandLine) -> None:
    """Lots and storehouses stand in no command for the public; of what is withheld the number is told."""
    simulated(cli, "one", "public", *SET, LOT, HOUSE)
    for audience, (told, comment) in WITHHELD.items():
        assert cli("report", "one", "--audience", audience).code == 0
        page = (home / "one" / "report.html").read_text("utf-8")
        command = printed(home / "one" / "report.html", "two")
        assert [command[i + 1] for i, word in enumerate(command) if word == "--set"] == list(told)
        assert f"--out DIR{comment}</code>" in page
        assert ("--audience" in command) == (audience != "public")
        for value in {LOT, HOUSE} - set(told):
            assert value not in page


def test_no_column_that_names_a_place_is_told() -> None:
    """A row may be named by a column that the audience must not see; constants of theft are not public."""
    assert may_see_set("public", "funding[tranche=T3].amount_usd=2e6")
    assert not may_see_set("public", "facilities[site_id=A].permit_t_per_year=100")
    assert not may_see_set("public", "funds[DONOR].earmark_sites=A")
    assert may_see_set("partner", "facilities[site_id=A].permit_t_per_year=100")
    assert not may_see_set("partner", "sites[A].guard_level=1")
    assert may_see_set("public", "parameters.transport.payload_t=8")
    theft = next(key for key in shipped_register().entries if key.startswith("diversion."))
    assert not may_see_set("public", f"parameters.{theft}=1")
    assert may_see_set("partner", f"parameters.{theft}=1")
    assert not may_see_set("partner", "what is no path")


def test_older_results_point_to_their_record() -> None:
    """Results of before, which tell only how many values were set, point to where they stand."""
    command = printed_command("run alpha", (), "run.json", untold=1)
    assert command == "demilsim run alpha --out DIR  # and 1 --set that is not shown here, but in run.json"


def test_the_command_of_a_comparison(home: Path, cli: CommandLine) -> None:
    """It has what was set of all scenarios, and who the page is for; the page comes again to the byte."""
    asked = ("--rule", "oldest_first", "--parameter-draws", 0, "--jobs", 1, "--audience", "restricted")
    assert cli("compare", "alpha", "alpha@half", *FEW, *asked, "--set", HOUSE, "--out", "one").code == 0
    command = printed(home / "one" / "comparison.html", "two")
    assert command[command.index("--set") + 1] == HOUSE
    assert command[command.index("--audience") + 1] == "restricted"
    assert cli(*command).code == 0
    one, two = ((home / out / "comparison.html").read_bytes() for out in ("one", "two"))
    assert one == two


def test_numbers_are_read_back_to_the_last_bit() -> None:
    """A budget of a third of four million is printed so that the plan is made for the same cents."""
    for number in (4e6 / 3, 500_000.0, 0.95, 0.1 + 0.2):
        assert float(spelled_out(number)) == number
    assert spelled_out(500_000) == "500000"
