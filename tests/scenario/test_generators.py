"""The scripts beside the synthetic scenarios write, to the byte, the tables that are shipped."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest
from scenarios.generating import TABLES

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


@pytest.mark.parametrize("name", ["kazakhstan", "central-asia"])
def test_generator_writes_what_is_shipped(name: str, tmp_path: Path) -> None:
    shipped, copy = SCENARIOS / name, tmp_path / "scenarios" / name
    shutil.copytree(shipped, copy)
    for table in TABLES:
        (copy / f"{table}.csv").unlink()
    runpy.run_path(str(copy / "generate.py"), run_name="__main__")
    for table in TABLES:
        assert (copy / f"{table}.csv").read_bytes() == (shipped / f"{table}.csv").read_bytes(), table
