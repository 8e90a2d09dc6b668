"""A past programme through the main command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from commands import CommandLine

ALBANIA = Path(__file__).parents[2] / "scenarios" / "history" / "albania-2010"
PARTS = ("p10", "p25", "p50", "p75", "p90")


def test_a_past_programme_is_forecast_by_quarter(tmp_path: Path, cli: CommandLine) -> None:
    """`run` writes tonnes by the end of each quarter and the finishing date, each with quantiles in order."""
    out = tmp_path / "albania"
    seen = cli("run", ALBANIA, "--out", out, "--replications", "4", "--jobs", "1", "--quiet")
    assert seen.code == 0, seen.err
    rows = list(csv.DictReader((out / "timeline.csv").read_text("utf-8").splitlines()))
    assert {row["policy"] for row in rows} == {"as_planned"}
    for row in rows:
        quantiles = [float(row[f"destroyed_t_{part}"]) for part in PARTS]
        assert quantiles == sorted(quantiles)
        assert quantiles[-1] <= 72_170.0 + 1.0
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    dates = [summary["policies"]["as_planned"]["clearance_date"][part] for part in PARTS]
    assert all(date is None or date > "2013-12-31" for date in dates)
    known = [date for date in dates if date is not None]
    assert known
    assert known == sorted(known)
    # Its page tells warnings as every page does, and the table to sum for permits is beside it.
    warnings = json.loads(cli("check", ALBANIA, "--json").out)["warnings"]
    assert sum(row["count"] for row in summary["cautions"]) == len(warnings) > 0
    assert f"The inputs raise {len(warnings)} warning" in (out / "report.html").read_text("utf-8")
    by_period = csv.DictReader((out / "plan_by_period.csv").read_text("utf-8").splitlines())
    lines = csv.DictReader((out / "plan.csv").read_text("utf-8").splitlines())
    planned, announced = (
        sum(float(row[column]) for row in table)
        for table, column in ((by_period, "planned_t"), (lines, "tonnes"))
    )
    assert abs(planned - announced) < 1e-3
