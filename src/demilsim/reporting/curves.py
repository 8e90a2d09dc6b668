"""Curves of a sweep: a value of each row against one factor, with the others held."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from demilsim.experiments.factors import factor_value
from demilsim.experiments.statistics import Estimate, estimate
from demilsim.experiments.sweep_result import SweepResult
from demilsim.plan import Floats
from demilsim.reporting.canvas import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    label_ends,
    new_figure,
    number_axis,
    settings,
    svg_text,
)

COLOURS = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, GREY)

Value = Callable[[Floats], Floats]
"""What is drawn of a row: of (replication, policy, output) one number for each replication."""


class Curve(NamedTuple):
    """A label, and an estimate at each level of the factor."""

    label: str
    points: tuple[tuple[float, Estimate], ...]


def curve(result: SweepResult, label: str, factor: str, held: Mapping[str, str], value: Value) -> Curve:
    """Return a curve over the rows in which the other factors are as held.

    Parameters
    ----------
    result
        A complete sweep.
    label
        What stands at its end.
    factor
        Name of the factor on the axis; its levels are numbers.
    held
        Text of other factors, by name.
    value
        What is drawn.
    """
    names = result.experiment.names
    points = []
    for index, values in result:
        row = dict(zip(names, result.experiment.rows[index], strict=True))
        if all(row[name] == text for name, text in held.items()):
            points.append((float(factor_value(row[factor])), estimate(value(values))))
    return Curve(label, tuple(sorted(points)))


def curve_figure(title: str, unit: str, axis: str, curves: Sequence[Curve], synthetic: bool) -> str:
    """Return the figure as SVG, bars for 95% Monte Carlo intervals.

    Parameters
    ----------
    title, unit
        First and second line in the corner.
    axis
        What the factor is, with its unit.
    curves
        At most as many as there are `COLOURS`.
    synthetic
        Whether to mark it as drawn from invented data.
    """
    with settings():
        figure, axes = new_figure(title, unit, synthetic)
        ends = []
        for one, colour in zip(curves, COLOURS, strict=False):
            places = [place for place, _ in one.points]
            means = [found.mean for _, found in one.points]
            halves = [found.half_width or 0.0 for _, found in one.points]
            axes.errorbar(places, means, yerr=halves, color=colour, marker="o", markersize=4, capsize=3)
            ends.append((places[-1], means[-1], one.label, colour, False))
        axes.set_ylim(bottom=min(axes.get_ylim()[0], 0.0))
        axes.set_xlabel(axis)
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)
        label_ends(axes, ends)
        words = "; ".join(
            f"{one.label}: {one.points[0][1].mean:.3g} to {one.points[-1][1].mean:.3g}" for one in curves
        )
        return svg_text(figure, title, f"{words}.")
