"""The README's worked example is what a reader gets."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.summary import summary

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    """Return the fenced block under an example mark."""
    found = re.search(rf"<!-- example: {name} -->\n```\w*\n(.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture
def beside_alpha(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a fresh starter scenario."""
    write_starter("alpha", tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("beside_alpha")
def test_check_prints_what_the_readme_shows() -> None:
    """The summary of the starter scenario is the one in the README."""
    assert "\n".join(summary(load_scenario("alpha"))) + "\n" == block("check")


@pytest.mark.usefixtures("beside_alpha")
def test_python_example_prints_what_the_readme_shows() -> None:
    """The Python example runs and prints the numbers in the README."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block("python"), "README.md", "exec"), {"__name__": "readme"})
    assert printed.getvalue() == block("output")


def test_commands_of_the_readme_exist() -> None:
    """Every command in the table is a command."""
    from typer.main import get_command

    from demilsim.cli import app

    named = set(re.findall(r"^\| `demilsim (\w+)", README, re.MULTILINE))
    assert named == set(get_command(app).commands)  # type: ignore[attr-defined]
