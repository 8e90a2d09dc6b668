"""The figure of a sweep: expected deaths, or the first output that is kept, against the first factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from demilsim.experiments.design import DesignKind
from demilsim.experiments.factors import factor_value
from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.canvas import label_ends, new_figure, number_axis, settings, svg_text

POLICY_COLOURS = ("#000000", "#D55E00", "#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#8A8A8A", "#0072B2")
MOST_LINES = 12
"""Lines beyond which a figure of lines says nothing: dots are drawn then."""


def sweep_figure(result: SweepResult) -> str:
    """Return the figure as SVG: a line for each policy and combination of a small grid, else dots."""
    experiment = result.experiment
    output = experiment.outputs[0]
    unit = f"{output.value.replace('_', ' ').capitalize()} over the horizon, mean of a row"
    means = _means(result)
    with settings():
        figure, axes = new_figure(experiment.question, unit, experiment.base.settings.synthetic)
        combinations = {row[1:] for row in experiment.rows}
        small = len(combinations) * len(experiment.policies) <= MOST_LINES
        if experiment.design is DesignKind.GRID and small:
            _lines(axes, result, means)
        else:
            _dots(axes, result, means)
        axes.set_xlabel(experiment.names[0])
        number_axis(axes.yaxis)
        words = "; ".join(
            f"{policy}: {np.nanmin(column):.3g} to {np.nanmax(column):.3g}"
            for policy, column in zip(experiment.policies, means.T, strict=True)
            if not np.isnan(column).all()
        )
        return svg_text(figure, experiment.question, f"{words}.")


def _means(result: SweepResult) -> Floats:
    """Return the mean of the first output, shape (row, policy); not a number where nothing is done."""
    means = np.full((len(result.indices), len(result.experiment.policies)), np.nan)
    for line, (_, values) in zip(means, result, strict=True):
        done = values[~np.isnan(values[:, 0, 0]), :, 0]
        if len(done):
            line[:] = done.mean(axis=0)
    return means


def _lines(axes: Any, result: SweepResult, means: Floats) -> None:
    experiment = result.experiment
    levels = list(dict.fromkeys(row[0] for row in experiment.rows))
    lines: dict[tuple[str, ...], list[tuple[int, float]]] = {}
    for index, found in zip(result.indices, means, strict=True):
        row = experiment.rows[index]
        for policy, mean in zip(experiment.policies, found.tolist(), strict=True):
            lines.setdefault((policy, *row[1:]), []).append((levels.index(row[0]), mean))
    ends = []
    for key, points in lines.items():
        # A policy keeps its colour whatever the other factors are.
        colour = POLICY_COLOURS[experiment.policies.index(key[0]) % len(POLICY_COLOURS)]
        places, heights = zip(*points, strict=True)
        axes.plot(places, heights, color=colour, marker="o", markersize=3)
        ends.append((float(places[-1]), heights[-1], " ".join(key).replace("_", " "), colour, False))
    axes.set_xticks(range(len(levels)), levels)
    label_ends(axes, [end for end in ends if not np.isnan(end[1])])


def _dots(axes: Any, result: SweepResult, means: Floats) -> None:
    experiment = result.experiment
    firsts = [factor_value(experiment.rows[index][0]) for index in result.indices]
    for place, policy in enumerate(experiment.policies):
        colour = POLICY_COLOURS[place % len(POLICY_COLOURS)]
        label = policy.replace("_", " ")
        axes.scatter(firsts, means[:, place], s=6, color=colour, label=label, linewidths=0)
    axes.legend(frameon=False)
