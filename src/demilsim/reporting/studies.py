"""Comparison of scenarios as a table, a figure and a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from demilsim.experiments.compare import COMPARED, Comparison
from demilsim.experiments.ensemble import Response
from demilsim.experiments.statistics import LEVEL, Estimate
from demilsim.reporting.canvas import (
    BLUE,
    new_figure,
    number_axis,
    settings,
    svg_text,
)
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.summary import precision_document, scenario_facts
from demilsim.reporting.tables import csv_text, json_text

Document = dict[str, Any]


def write_comparison(directory: Path, comparison: Comparison) -> Document:
    """Write ``compare.csv``, ``compare.json`` and ``figures/compare.svg``; return the JSON document."""
    header = ["scenario", "policy", "measure", "mean", "half_width", "difference", "difference_half_width"]
    rows: list[list[object]] = []
    for index, name in enumerate(comparison.names):
        for policy in comparison.outcomes[index].ensemble.plans:
            for response in COMPARED:
                mean = comparison.estimate(index, policy, response)
                against = comparison.difference(index, policy, response)
                rows.append(
                    [name, policy, response.value, *_pair(mean), *(_pair(against) if index else (None, None))]
                )
    document: Document = {
        "reference": comparison.names[0],
        "level": LEVEL,
        "precision": precision_document(comparison.precision) if comparison.precision else None,
        "scenarios": [scenario_facts(outcome.ensemble.scenario) for outcome in comparison.outcomes],
        "rows": [dict(zip(header, row, strict=True)) for row in rows],
    }
    _write(directory, "compare", header, rows, document, _comparison_figure(comparison))
    return document


def _pair(estimate: Estimate) -> tuple[float, float | None]:
    return estimate.mean, estimate.half_width


def _write(
    directory: Path,
    name: str,
    header: Sequence[str],
    rows: Sequence[Sequence[object]],
    document: Document,
    figure: str,
) -> None:
    (directory / "figures").mkdir(parents=True, exist_ok=True)
    write_atomically(directory / f"{name}.csv", csv_text(header, rows))
    write_atomically(directory / f"{name}.json", json_text(document))
    write_atomically(directory / "figures" / f"{name}.svg", figure)


def _comparison_figure(comparison: Comparison) -> str:
    title = "Expected deaths of the optimised plan, by scenario"
    unit = "Expected fatalities over the horizon, and 95% Monte Carlo interval [persons]"
    synthetic = any(o.ensemble.scenario.settings.synthetic for o in comparison.outcomes)
    means = [
        comparison.estimate(i, "optimised", Response.EXPECTED_FATALITIES)
        for i in range(len(comparison.names))
    ]
    with settings():
        figure, axes = new_figure(title, unit, synthetic)
        places = range(len(means))
        axes.barh(
            list(places), [m.mean for m in means], xerr=[m.half_width or 0.0 for m in means], color=BLUE
        )
        axes.set_yticks(list(places), comparison.names)
        axes.invert_yaxis()
        number_axis(axes.xaxis)
        words = "; ".join(
            f"{name}: {mean.mean:.3g} persons" for name, mean in zip(comparison.names, means, strict=True)
        )
        return svg_text(figure, title, f"{words}.")
