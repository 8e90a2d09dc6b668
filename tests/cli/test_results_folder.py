"""Where results go, what is there already, and what was odd in the inputs: all of it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import cell
from commands import CommandLine


def simulated(cli: CommandLine, scenario: Path, out: Path, *more: str) -> str:
    """Simulate a rule in two replications, and return what is said on stderr."""
    seen = cli(
        "simulate", scenario, "--rule", "oldest_first", "--replications", 2, "--jobs", 1, "--out", out, *more
    )
    assert seen.code == 0
    return seen.err


def test_odd_inputs_are_told_with_the_results(cli: CommandLine, alpha: Path, tmp_path: Path) -> None:
    """A plant of 3000 t a day is told on stderr with its place, and on the page as its reader may know."""
    cell("facility_rates.csv", 2, "throughput_t_per_day", "3000")(alpha)
    out = tmp_path / "out"
    err = simulated(cli, alpha, out, "--quiet")
    assert "facility_rates.csv:2: throughput_t_per_day: expected 0.01 to 100 t" in err
    assert "warning: 4 storehouses that hold more than the people around them allow, the first in" in err
    public = (out / "report.html").read_text(encoding="utf-8")
    assert "The inputs raise 8 warnings of demilsim check" in public
    assert "rates of plants far from any that is known" not in public
    assert cli("report", out, "--audience", "partner").code == 0
    partner = (out / "report.html").read_text(encoding="utf-8")
    assert "rates of plants far from any that is known (1)" in partner
    assert "at RANGE-A" not in partner

    # The same folder again: what is there is told, and what is not ours stays.
    (out / "prices.csv").write_text("mine")
    err = simulated(cli, alpha, out)
    assert f"{out}: results of an earlier command will be replaced (summary.json)" in err
    assert f"{out}: not of these results: prices.csv;" in err

    # A scenario that is refused replaces nothing, and says nothing of it.
    cell("lots.csv", 2, "neq_kg", "-1")(alpha)
    seen = cli("run", alpha, "--out", out)
    assert seen.code == 2
    assert "will be replaced" not in seen.err


@pytest.mark.parametrize("command", ["run", "simulate", "plan", "frontier"])
@pytest.mark.parametrize("inside", [".", "variants"])
def test_a_scenario_is_no_folder_for_results(
    cli: CommandLine, alpha: Path, command: str, inside: str
) -> None:
    """Results among its tables would be read as tables: it is refused before anything is written."""
    before = sorted(alpha.rglob("*"))
    seen = cli(command, alpha, "--out", alpha / inside)
    assert (seen.code, seen.out) == (2, "")
    assert "expected a folder for results" in seen.err
    assert "name another, as alpha-results" in seen.err
    assert sorted(alpha.rglob("*")) == before
