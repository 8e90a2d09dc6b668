"""The three shipped experiments: scripts run on a reduced size, and figures say what the tables do."""

from __future__ import annotations

import csv
import html
import importlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

EXPERIMENTS = Path(__file__).parents[2] / "experiments"

YEARS, FIRST_OUT = 3, "2029"
"""Horizon of the shortened scenario, and the first year whose tranches are no more in it."""

CUTS = {
    "budget_and_delay": {"scale: 0.5; 1; 1.5; 2": "scale: 0.5; 2", "4 levels": "2 levels"},
    "kiln_lead_time": {"1440, 4 levels": "720, 2 levels", "10; 20; 45; 90": "10; 90"},
    "rrpl_or_destruction": {"scale: 0.5; 1; 1.5; 2": "scale: 2"},
}

Line = Mapping[str, str]


def shortened(folder: Path) -> None:
    """Copy the scenario, its horizon cut to a few years."""
    copy = folder / "kazakhstan"
    shutil.copytree(EXPERIMENTS.parent / "scenarios" / "kazakhstan", copy)
    settings = (copy / "scenario.yaml").read_text(encoding="utf-8")
    assert "horizon_years: 15" in settings
    (copy / "scenario.yaml").write_text(
        settings.replace("horizon_years: 15", f"horizon_years: {YEARS}"), encoding="utf-8"
    )
    header, *lines = (copy / "funding.csv").read_text(encoding="utf-8").splitlines()
    due = header.split(",").index("due")
    kept = [line for line in lines if line.split(",")[due] < FIRST_OUT]
    assert 0 < len(kept) < len(lines)
    (copy / "funding.csv").write_text("\n".join([header, *kept]) + "\n", encoding="utf-8")


def reduced(name: str, folder: Path) -> Path:
    """Write a shipped experiment with fewer levels on the shortened scenario; return its file."""
    shortened(folder)
    text = (EXPERIMENTS / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in {**CUTS[name], "../scenarios/kazakhstan": "kazakhstan"}.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def table(folder: Path, name: str) -> list[Line]:
    """Return the lines of a table of a results folder."""
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def deaths(folder: Path, policy: str, **held: str) -> float:
    """Return the mean of expected deaths of a policy over the lines of the rows that have these levels."""
    (row,) = [
        line["row"]
        for line in table(folder, "design.csv")
        if all(line[name.replace("__", ".")] == text for name, text in held.items())
    ]
    found = [
        float(line["expected_fatalities"])
        for line in table(folder, "results.csv")
        if (line["row"], line["policy"]) == (row, policy)
    ]
    assert len(found) == 2
    return float(np.mean(found))


def late(folder: Path) -> dict[str, tuple[float, float]]:
    """Return deaths averted at both ends of each curve: money by its share, from no delay to the longest."""
    return {
        f"{share} of donors' money": tuple(
            deaths(folder, "do_nothing", donors_money=share, delay_days=days)
            - deaths(folder, "risk_per_day_first", donors_money=share, delay_days=days)
            for days in ("0", "1080")
        )
        for share in ("0.5", "2")
    }


def kiln(folder: Path) -> dict[str, tuple[float, float]]:
    """Return deaths averted by ordering the kiln, from the shortest lead time to the longest."""
    return {
        f"breaks every {mean} d": tuple(
            deaths(folder, "risk_per_day_first", **levels)
            - deaths(folder, "risk_per_day_first+KILN2", **levels)
            for levels in (
                {"facilities[KILN2]__breakdown_mean_days": mean, "facilities[KILN2]__lead_time_days": days}
                for days in ("180", "720")
            )
        )
        for mean in ("10", "90")
    }


def levels(folder: Path) -> dict[str, tuple[float, float]]:
    """Return deaths of the host alone and of the rule with most money, as levels are and with all at 2."""
    found = {}
    for label, (worst, other) in {"as they are": ("0", "1"), "all sites to 2": ("2", "2")}.items():
        at = {"worst_sites_rrpl": worst, "other_sites_rrpl": other}
        host = deaths(folder, "host_only", donors_money="2", **at)
        found[label] = (host, deaths(folder, "risk_per_day_first", donors_money="2", **at))
    return found


ENDS: dict[str, Callable[[Path], dict[str, tuple[float, float]]]] = {
    "budget_and_delay": late, "kiln_lead_time": kiln, "rrpl_or_destruction": levels,
}  # fmt: skip


@pytest.mark.parametrize("name", list(ENDS))
def test_script_draws_what_its_tables_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each curve of the figure starts and ends at means of the table; the figure is marked synthetic."""
    file = reduced(name, tmp_path)
    monkeypatch.syspath_prepend(EXPERIMENTS)
    running = importlib.import_module("running")
    script = importlib.import_module(name)
    monkeypatch.setattr(running, "HERE", file.parent)
    out = tmp_path / "out"
    running.swept(name, script.figure, ["--out", str(out), "--replications", "2", "--jobs", "1"])
    svg = (out / "figures" / f"{name}.svg").read_text(encoding="utf-8")
    words = html.unescape(svg)
    ends = ENDS[name](out)
    assert any(first != last for first, last in ends.values()), "levels make a difference"
    for label, (first, last) in ends.items():
        assert f"{label}: {first:.3g} to {last:.3g}" in words
    assert "SYNTHETIC" in svg.upper()
