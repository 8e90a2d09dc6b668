"""Commands of studies: facilities under draws and the price of harm."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from commands import CommandLine


def test_frontier_prices_harm(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """`frontier` writes one row for each share; less harm never costs less; --json prints the file."""
    seen = cli("frontier", alpha, "--out", tmp_path, "--shares", "1,0.5", "--json")
    assert seen.code == 0
    document = json.loads(seen.out)
    assert document == json.loads((tmp_path / "frontier.json").read_text("utf-8"))
    rows = list(csv.DictReader((tmp_path / "frontier.csv").read_text("utf-8").splitlines()))
    assert [float(row["share_averted"]) for row in rows] == [1.0, 0.5]
    assert float(rows[0]["cost_usd"]) >= float(rows[1]["cost_usd"]) > 0.0


def test_dates_that_are_none(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """What is no date ends with code 2 and the option's name."""
    seen = cli("frontier", alpha, "--out", tmp_path / "none", "--by", "soon")
    assert seen.code == 2
    assert "--by: expected dates with commas" in seen.err


@pytest.mark.parametrize("shares", ["a,b", "0", "1.5", ""])
def test_shares_that_are_none(shares: str, alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """Shares outside (0, 1] and what is no number end with code 2 and write nothing."""
    out = tmp_path / "none"
    seen = cli("frontier", alpha, "--out", out, f"--shares={shares}")
    assert seen.code == 2
    assert "expected" in seen.err
    assert not out.exists()


def test_facilities_says_whether_it_pays(alpha: Path, tmp_path: Path, cli: CommandLine) -> None:
    """`facilities` writes what it found and says it in a sentence."""
    seen = cli("facilities", alpha, "--out", tmp_path / "f", "--draws", "2", "--batches", "0")
    assert seen.code == 0
    document = json.loads((tmp_path / "f" / "facilities.json").read_text("utf-8"))
    assert document["sentences"][0] in seen.err + seen.out
