"""Fixtures of the command line's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.scenario.starter import write_starter


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return a runner of commands."""
    return CommandLine(monkeypatch, capfd)


@pytest.fixture
def alpha(tmp_path: Path) -> Path:
    """Return the folder of a fresh starter scenario."""
    return write_starter("alpha", tmp_path)
