"""What each harm costs, as a page, a table and a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demilsim.experiments.frontier import Frontier
from demilsim.model.cautions import Caution
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.frontier_views import told
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.study_page import write_study_page
from demilsim.reporting.tables import csv_text, json_text

COLUMNS = (
    "by",
    "share_averted",
    "planning_harm",
    "target",
    "cost_usd",
    "destroyed_t",
    "done",
    "commissioned",
)


def write_frontier(
    out: Path, found: Frontier, how: HowRun | None = None, cautions: Sequence[Caution] = ()
) -> dict[str, Any]:
    """Write ``frontier.html``, its figure, ``frontier.csv`` and ``frontier.json``; return the JSON document.

    ``frontier.run.json`` is written if `how` says how it was run; `cautions` are what `demilsim check`
    warns of. The page names facilities, and no site, stock or road: any audience may read it. Harm is
    planning harm in weighted expected deaths, by nominal capacity, money and harm: not simulated.
    """
    rows: list[dict[str, Any]] = [
        {
            "by": point.by.isoformat() if point.by else None,
            "share_averted": point.share,
            "planning_harm": point.harm,
            "target": point.target,
            "cost_usd": round(point.cost_usd, 2),
            "destroyed_t": round(point.destroyed_t, 6),
            "done": point.done.isoformat() if point.done else None,
            "commissioned": list(point.commissioned),
        }
        for point in found.points
    ]
    document: dict[str, Any] = {
        "scenario": {"name": found.scenario.settings.name, "sha256": found.scenario.sha256},
        "do_nothing_harm": found.do_nothing_harm,
        "least_harm": found.least_harm,
        "notes": list(found.notes),
        "warnings": len(cautions),
        "points": rows,
    }
    table = [[*(row[name] for name in COLUMNS[:-1]), " ".join(row["commissioned"])] for row in rows]
    make_folder(out)
    write_atomically(out / "frontier.csv", csv_text(list(COLUMNS), table))
    write_atomically(out / "frontier.json", json_text(document))
    write_study_page(out, "frontier", found.scenario, told(found), how, {}, cautions)
    return document
