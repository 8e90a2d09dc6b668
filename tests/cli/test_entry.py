"""How the command begins."""

from __future__ import annotations

import os

import pytest

from demilsim import __main__, cli


def test_linear_algebra_has_one_thread_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed is to give the same plan however many cores there are; who wants more may say so."""
    environment, seen = {"MKL_NUM_THREADS": "4"}, dict[str, str]()
    monkeypatch.setattr(os, "environ", environment)
    monkeypatch.setattr(cli, "main", lambda: seen.update(environment))
    __main__.main()
    assert seen == dict.fromkeys(__main__.THREADS, "1") | {"MKL_NUM_THREADS": "4"}
