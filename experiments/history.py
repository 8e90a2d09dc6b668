"""Forecasts of past programmes, made from their plans alone, against plans and outcomes.

Covers: announced plan, forecast with what was known and leave-one-out, outcome, quantile, CRPS, coverage.
Scenario: the four of scenarios/history.

Run ``demilsim run scenarios/history/NAME --out OUT/NAME`` for each, then ``python experiments/history.py
OUT``; it prints the tables of docs/validation.md.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

PROGRAMMES = ("albania-2003", "ukraine-2005", "bosnia-2007", "albania-2010")
WAYS = ("known", "leave_one_out")


def histories(folder: Path) -> dict[str, Any]:
    """Return what each results folder says about its programme."""
    return {n: json.loads((folder / n / "summary.json").read_text("utf-8"))["history"] for n in PROGRAMMES}


def tables(found: dict[str, Any]) -> str:
    """Return the tables of docs/validation.md."""
    lines = [
        "| programme | forecast | announced end | p10 | p25 | p50 | p75 | p90 | 80% width, yr "
        "| t at mid-plan, p10-p90 |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, own in found.items():
        for way in WAYS:
            one, mid = own[way], own[way]["mid_plan_tonnes"]
            dates = " | ".join(str(one["clearance_date"][f"p{q}"]) for q in (10, 25, 50, 75, 90))
            lines.append(
                f"| {name} | {way} | {own['plan']['end']} | {dates} | {one['width_80_years']:.1f} | "
                f"{mid['p10']:,.0f}-{mid['p90']:,.0f} of {own['plan']['tonnes']:,.0f} |"
            )
    lines += [
        "",
        "| programme | forecast | measure | outcome | plan | quantile | CRPS | CRPS of plan | in 50% "
        "| in 80% |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, own in found.items():
        for way in WAYS:
            for measure, digits in (("finish", 2), ("destroyed", 0)):
                score = own[way][measure]
                if score:
                    lines.append(f"| {name} | {way} | {_row(measure, score, digits)} |")
    return "\n".join(lines) + "\n"


def _row(measure: str, score: dict[str, Any], digits: int) -> str:
    least = "at least " if score["later"] else ""
    said = {True: "yes", False: "no", None: "open"}
    numbers = (f"{score[key]:,.{digits}f}" for key in ("outcome", "planned", "crps", "crps_plan"))
    outcome, planned, crps, crps_plan = numbers
    unit = "finish, yr" if measure == "finish" else "destroyed, t"
    cells = (
        unit, f"{least}{outcome}", planned, f"{least}{score['quantile']:.2f}", crps, crps_plan,
        said[score["within_50"]], said[score["within_80"]],
    )  # fmt: skip
    return " | ".join(cells)


if __name__ == "__main__":
    sys.stdout.write(tables(histories(Path(sys.argv[1]))))
