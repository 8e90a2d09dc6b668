"""The figure of a sweep: expected deaths, or the first output that is kept, against its factors."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from demilsim.experiments.design import DesignKind
from demilsim.experiments.factors import Factor, factor_value
from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.canvas import HEIGHT_IN, label_ends, new_figure, number_axis, settings, svg_text
from demilsim.reporting.uncertainty_views import constant_label, with_unit
from demilsim.reporting.wording import shortened
from demilsim.scenario.paths import CellPath, parse_path
from demilsim.scenario.readings import column_unit, setting_unit

POLICY_COLOURS = ("#000000", "#D55E00", "#56B4E9", "#E69F00", "#CC79A7", "#009E73", "#8A8A8A", "#0072B2")
MOST_LINES = 12
"""Lines beyond which a figure of lines says nothing: dots are drawn then."""

MOST_PANELS = 6
"""Factors with a panel of dots each; the tables have them all."""

MOST_DOTS = 20_000
"""Dots in a figure that a browser still draws."""

MOST_BARS = 600
"""Dots with an interval each; beyond, these would be all that is seen."""

LONGEST_LABEL, LONGEST_LINE = 60, 125
INTERVAL = "bars: 95% Monte Carlo interval"
PANEL_IN, HEAD_IN, FOOT_IN = 2.3, 1.0, 0.5
"""Height of a row of panels with its axis, and of what is above and below them [inch]."""


def sweep_figure(result: SweepResult) -> str:
    """Return the figure as SVG: a line for each policy and combination of a small grid, else dots by factor.

    Means of rows have their Monte Carlo interval, unless there are too many of them.
    """
    experiment = result.experiment
    output = experiment.outputs[0]
    means, half_widths = _estimates(result)
    combinations = {row[1:] for row in experiment.rows}
    lines = len(combinations) * len(experiment.policies) <= MOST_LINES
    lines &= experiment.design is DesignKind.GRID
    if not lines and means.size > MOST_BARS:
        half_widths[:] = np.nan
    told = f"; {INTERVAL}" if np.isfinite(half_widths).any() else ""
    if lines and len(experiment.factors) > 1:
        told += f"; lines: policy, {', '.join(map(factor_label, experiment.factors[1:]))}"
    unit = f"{output.value.replace('_', ' ').capitalize()} over the horizon{told}"
    panels = 1 if lines else max(1, min(len(experiment.factors), MOST_PANELS, MOST_DOTS // means.size))
    synthetic = experiment.base.settings.synthetic
    with settings():
        rows = ceil(panels / 2)
        height_in = HEIGHT_IN if panels == 1 else HEAD_IN + FOOT_IN + rows * PANEL_IN
        figure, axes = new_figure(experiment.question, shortened(unit, LONGEST_LINE), synthetic, height_in)
        if lines:
            _lines(axes, result, means, half_widths)
        else:
            places = [axes] if panels == 1 else _panels(figure, axes, panels)
            for place, own in enumerate(places):
                _dots(own, result, place, means, half_widths)
            if panels == 1:
                axes.legend(frameon=False)
            else:
                known, below = places[0].get_legend_handles_labels(), 1 - 0.5 / height_in
                figure.legend(*known, loc="upper left", bbox_to_anchor=(0.0, below), ncols=4, frameon=False)
        words = "; ".join(
            f"{policy}: {np.nanmin(column):.3g} to {np.nanmax(column):.3g}"
            for policy, column in zip(experiment.policies, means.T, strict=True)
            if not np.isnan(column).all()
        )
        return svg_text(figure, experiment.question, f"{words}.")


def factor_label(factor: Factor) -> str:
    """Return a factor's name with its unit, for an axis.

    A factor that multiplies what the scenario has is in units of that; one that has no name of its own is
    told by the words of its column and its row.
    """
    if factor.base:
        return _short(f"{factor.name.replace('_', ' ')} [times the scenario's]")
    path = parse_path(factor.paths[0])
    own = factor.name != factor.paths[0]
    if isinstance(path, CellPath):
        unit, more = column_unit(path.table.name, path.column), f", {path.table.name} {path.row}"
        return _short(with_unit(factor.name, unit) if own else with_unit(path.column, unit, more))
    if path.key and not own:
        return _short(constant_label(path.key))
    return _short(with_unit(factor.name, setting_unit(factor.paths[0])))


def _short(name: str) -> str:
    return shortened(name, LONGEST_LABEL)


def _estimates(result: SweepResult) -> tuple[Floats, Floats]:
    """Return mean and half-width of the first output, shape (row, policy); not a number where not known."""
    experiment = result.experiment
    means = np.full((len(result.indices), len(experiment.policies)), np.nan)
    half_widths = means.copy()
    for line, (_, values) in enumerate(result):
        found = result.estimates(values)
        for place, policy in enumerate(experiment.policies if found else ()):
            estimate = found[policy][experiment.outputs[0]]
            means[line, place] = estimate.mean
            half_widths[line, place] = np.nan if estimate.half_width is None else estimate.half_width
    return means, half_widths


def _panels(figure: Any, axes: Any, count: int) -> list[Any]:
    """Return axes in two columns in place of one, all with the same vertical axis."""
    axes.remove()
    height_in = figure.get_size_inches()[1]
    places: list[Any] = []
    for number in range(count):
        row, column = divmod(number, 2)
        bottom = height_in - HEAD_IN - (row + 1) * PANEL_IN + FOOT_IN
        place = (0.08 + 0.48 * column, bottom / height_in, 0.42, (PANEL_IN - FOOT_IN - 0.15) / height_in)
        places.append(figure.add_axes(place, sharey=places[0] if places else None))
    return places


def _lines(axes: Any, result: SweepResult, means: Floats, half_widths: Floats) -> None:
    experiment = result.experiment
    levels = list(dict.fromkeys(row[0] for row in experiment.rows))
    lines: dict[tuple[str, ...], list[tuple[int, float, float]]] = {}
    for line, index in enumerate(result.indices):
        row = experiment.rows[index]
        for place, policy in enumerate(experiment.policies):
            point = levels.index(row[0]), float(means[line, place]), float(half_widths[line, place])
            lines.setdefault((policy, *row[1:]), []).append(point)
    ends = []
    for key, points in lines.items():
        # A policy keeps its colour whatever the other factors are.
        colour = POLICY_COLOURS[experiment.policies.index(key[0]) % len(POLICY_COLOURS)]
        places, heights, reach = zip(*points, strict=True)
        axes.errorbar(
            places, heights, reach, color=colour, marker="o", markersize=3, elinewidth=0.8, capsize=2
        )
        ends.append((float(places[-1]), heights[-1], " ".join(key).replace("_", " "), colour, False))
    axes.set_xticks(range(len(levels)), levels)
    axes.set_xlabel(factor_label(experiment.factors[0]))
    number_axis(axes.yaxis)
    label_ends(axes, [end for end in ends if not np.isnan(end[1])])


def _dots(axes: Any, result: SweepResult, factor: int, means: Floats, half_widths: Floats) -> None:
    """Draw the mean of each row and policy against one factor, whatever the others are."""
    experiment = result.experiment
    values = [factor_value(experiment.rows[index][factor]) for index in result.indices]
    for place, policy in enumerate(experiment.policies):
        colour, label = POLICY_COLOURS[place % len(POLICY_COLOURS)], policy.replace("_", " ")
        reach = half_widths[:, place]
        if np.isfinite(reach).any():
            axes.errorbar(values, means[:, place], reach, fmt="none", ecolor=colour, elinewidth=0.6)
        axes.scatter(values, means[:, place], s=6, color=colour, label=label, linewidths=0)
    axes.set_xlabel(factor_label(experiment.factors[factor]))
    number_axis(axes.yaxis)
