"""Fixtures of the command line's tests."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.planning import coordinate
from demilsim.scenario.starter import write_starter


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a runner of commands."""
    return CommandLine(monkeypatch, capfd)


@pytest.fixture
def alpha(tmp_path: Path) -> Path:
    """Return the folder of a fresh starter scenario."""
    return write_starter("alpha", tmp_path)


@pytest.fixture
def quick_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands plan with an eighth of the replications: how good the plan is, others test."""
    few = partial(coordinate.LoopOptions, teaching=4, choosing=8, baseline=4)
    monkeypatch.setattr(coordinate, "LoopOptions", few)
