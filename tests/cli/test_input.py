"""Bad input is answered: exit code, place, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from broken import BROKEN, Broken
from commands import CommandLine
from demilsim import __version__
from demilsim.terminal import Console

SIMULATING = ("run", "simulate", "plan")


@pytest.mark.parametrize("broken", BROKEN, ids=lambda b: b.name)
def test_broken_scenario_is_refused(broken: Broken, alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """A broken scenario exits 2 with its file and line, without traceback, and nothing is written."""
    broken.apply(alpha)
    out = tmp_path / "out"
    seen = cli("run", alpha, "--out", out, "--replications", 2)
    assert seen.code == 2
    place = f"{alpha / broken.file}:{broken.line}:" if broken.line else f"{alpha / broken.file}"
    assert place in seen.err
    assert "Traceback" not in seen.err + seen.out
    assert not out.exists()


def test_untouched_scenario_is_accepted(alpha: Path, cli: CommandLine) -> None:
    """The scenario that `new` writes passes `check` with a summary."""
    seen = cli("check", alpha)
    assert seen.code == 0
    assert "alpha" in seen.out
    assert seen.err == ""


@pytest.mark.parametrize("below", ["", "results"])
@pytest.mark.parametrize("command", SIMULATING)
def test_results_in_place_of_a_file_are_refused_at_once(
    command: str, below: str, alpha: Path, tmp_path: Path, cli: CommandLine
) -> None:
    """A file stands where the folder would be made: said before any work, and the file is left as it is."""
    file = tmp_path / "file"
    file.write_text("kept")
    seen = cli(command, alpha, "--out", file / below)
    assert (seen.code, seen.out) == (2, "")
    assert seen.err == f"Invalid value for '--out': expected a folder, there or new ({file} is a file)\n"
    assert file.read_text() == "kept"


@pytest.mark.parametrize(
    ("option", "typed", "expected"),
    [
        ("--replications", "abc", "expected a whole number (got 'abc')"),
        ("--seed", "1.5", "expected a whole number (got '1.5')"),
        ("--replications", "1", "expected 2 or more (got '1')"),
        ("--audience", "everybody", "'everybody' is not one of 'public', 'partner', 'restricted'."),
    ],
)
def test_what_was_typed_for_an_option_is_named(
    option: str, typed: str, expected: str, alpha: Path, tmp_path: Path, cli: CommandLine
) -> None:
    """The message says what would be expected, and what stood there."""
    seen = cli("run", alpha, "--out", tmp_path / "out", option, typed)
    assert (seen.code, seen.err) == (2, f"Invalid value for '{option}': {expected}\n")


def test_the_version_is_told(cli: CommandLine) -> None:
    """It is that of the package, alone on a line."""
    seen = cli("--version")
    assert (seen.code, seen.out, seen.err) == (0, f"demilsim {__version__}\n", "")


def test_help_tells_every_command_in_full(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal of 80 columns no line of the list of commands is cut short."""
    monkeypatch.setenv("COLUMNS", "80")
    commands = cli("--help").out.partition("Commands:")[2]
    assert len(commands.split("\n")) > 20
    assert "..." not in commands


def test_ctrl_c_is_said(
    alpha: Path, tmp_path: Path, cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any command that is interrupted says so, ends with its code, and leaves nothing behind."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Console, "progress", interrupted)
    out = tmp_path / "out"
    seen = cli("simulate", alpha, "--rule", "oldest_first", "--replications", 2, "--out", out)
    assert seen.code == 130
    assert seen.err.splitlines()[-1] == "interrupted"
    assert not out.exists()


@pytest.mark.parametrize("command", SIMULATING)
def test_missing_scenario_is_refused(command: str, tmp_path: Path, cli: CommandLine) -> None:
    """Every command that takes a scenario says so if it is not there, and writes nothing."""
    seen = cli(command, tmp_path / "nowhere", "--out", tmp_path / "out")
    assert seen.code == 2
    assert "nowhere: expected a folder" in seen.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("frobnicate",), "No such command"),
        (("run",), "Missing"),
        (("run", "X", "--out", "Y", "--replications", "1"), "replications"),
        (("run", "X", "--out", "Y", "--audience", "everybody"), "audience"),
        (("check", "X", "--set", "novalue"), "expected PATH=VALUE"),
        (("simulate", "X", "--out", "Y", "--rule", "luckiest_first"), "expected one of"),
        (("run", "X", "--out", "Y", "--precision", "much"), "expected a share such as 5%"),
        (("run", "X", "--out", "Y", "--precision", "fatalities=5%"), "counts rare events"),
        (("simulate", "X", "--out", "Y", "--precision", "5%", "--max-replications", "9"), "at least 100"),
        (("compare", "X", "Y", "--out", "Z", "--max-replications", "900"), "only with --precision"),
    ],
)
def test_wrong_use_is_answered(arguments: tuple[str, ...], words: str, cli: CommandLine) -> None:
    """Wrong use of a command exits 2 and says what was expected."""
    seen = cli(*arguments)
    assert seen.code == 2
    assert words in seen.err
    assert "Traceback" not in seen.err


def test_set_is_checked_like_the_file(alpha: Path, cli: CommandLine) -> None:
    """A value given with --set is held to the same rules as one in the file."""
    seen = cli("check", alpha, "--set", "horizon_years=-3")
    assert seen.code == 2
    assert "horizon_years" in seen.err
    assert "-3" in seen.err


def test_new_refuses_to_overwrite(alpha: Path, monkeypatch: pytest.MonkeyPatch, cli: CommandLine) -> None:
    """`new` leaves an existing folder alone."""
    monkeypatch.chdir(alpha.parent)
    before = sorted(alpha.iterdir())
    seen = cli("new", "alpha")
    assert seen.code == 2
    assert "alpha" in seen.err
    assert sorted(alpha.iterdir()) == before


def test_damaged_results_are_answered(tmp_path: Path, cli: CommandLine) -> None:
    """`report` on a folder that is no results folder names the file that is missing."""
    seen = cli("report", tmp_path)
    assert seen.code == 2
    assert "summary.json" in seen.err


def test_wrong_budgets_are_answered(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """`fund` says how budgets are written."""
    seen = cli("fund", alpha, "--out", tmp_path / "out", "--budgets", "lots")
    assert seen.code == 2
    assert "expected first:last:count or a list" in seen.err
