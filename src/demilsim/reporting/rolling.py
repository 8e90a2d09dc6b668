"""Static against rolling as a page, a table and a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demilsim.experiments.ensemble import Response
from demilsim.experiments.rolling import RollingOutcome
from demilsim.experiments.statistics import LEVEL
from demilsim.model.cautions import Caution
from demilsim.reporting.document import estimate_document
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.rolling_views import told
from demilsim.reporting.scenario_facts import scenario_facts
from demilsim.reporting.study_page import write_study_page
from demilsim.reporting.tables import csv_text, json_text

OBJECTIVE = "planning_objective"
"""Name of the simulated planning objective among the measures."""


def write_rolling(
    directory: Path,
    outcome: RollingOutcome,
    seed: int | None = None,
    how: HowRun | None = None,
    cautions: Sequence[Caution] = (),
) -> dict[str, Any]:
    """Write ``rolling.html``, its figure, ``rolling.csv`` and ``rolling.json``; return the JSON document.

    ``rolling.run.json`` is written if `how` says how it was run; `seed` is the root seed, the scenario's by
    default; `cautions` are what `demilsim check` warns of.
    The page names no facility, site, stock or road: any audience may read it.
    Rows by policy and measure, in the order of ``summary.json``; the difference is optimised - rolling, on
    the same replications.
    """
    ensemble = outcome.ensemble
    means = {
        policy: {
            **{r.value: estimate_document(ensemble.estimate(policy, r)) for r in Response},
            OBJECTIVE: estimate_document(outcome.objective(policy)),
        }
        for policy in ensemble.plans
    }
    difference = {
        **{r.value: estimate_document(outcome.difference(r)) for r in Response},
        OBJECTIVE: estimate_document(outcome.objective_difference()),
    }
    document: dict[str, Any] = {
        "scenario": scenario_facts(ensemble.scenario),
        "replications": len(next(iter(ensemble.results.values()))),
        "level": LEVEL,
        "every_periods": outcome.every_periods,
        "policies": means,
        "differences": {"optimised - rolling": difference},
        "warnings": len(cautions),
    }
    rows: list[list[object]] = [
        [policy, measure, pair["mean"], pair["half_width"]]
        for policy, measures in (*means.items(), ("optimised - rolling", difference))
        for measure, pair in measures.items()
    ]
    header = ["policy", "measure", "mean", "half_width"]
    make_folder(directory)
    write_atomically(directory / "rolling.csv", csv_text(header, rows))
    write_atomically(directory / "rolling.json", json_text(document))
    root = ensemble.scenario.settings.seed if seed is None else seed
    facts = {
        "plan_sha256": outcome.programme.plan.sha256(),
        "seed": root,
        "replications": document["replications"],
    }
    write_study_page(directory, "rolling", ensemble.scenario, told(outcome, root), how, facts, cautions)
    return document
