"""Runs the command line inside the test process and returns what a user would see."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from demilsim.cli import app
from demilsim.terminal import guarded


@dataclass(frozen=True)
class Seen:
    """Exit code, standard output and standard error of a command."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Standard error without warnings of the inputs, of which made-up ones have many."""
        lines = self.err.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("warning: "))


class CommandLine:
    """`cli("check", folder)` runs ``demilsim check FOLDER``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capfd = monkeypatch, capfd

    def __call__(self, *arguments: object) -> Seen:
        """Run a command and return what it shows."""
        self._monkeypatch.setattr(sys, "argv", ["demilsim", *map(str, arguments)])
        self._capfd.readouterr()
        code = guarded(app)
        out, err = self._capfd.readouterr()
        return Seen(int(code), out, err)
