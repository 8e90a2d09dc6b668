"""The figure of a comparison: expected deaths of each alternative, and their difference draw by draw."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from demilsim.experiments.compare import Comparison
from demilsim.experiments.comparison_outputs import Measured
from demilsim.reporting.canvas import (
    BLUE,
    GREY,
    INK,
    MARK,
    MUTED,
    new_figure,
    settings,
    svg_text,
)
from demilsim.reporting.comparison_words import letter, name_of, one_value, spelled
from demilsim.reporting.wording import MINUS, MOST_DECIMALS, fixed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from demilsim.experiments.statistics import Estimate

TITLE = "Expected deaths, side by side"
UNIT = (
    "Over the horizon [persons]; thick: 95% Monte Carlo interval, thin: 5-95% of draws of what is not known"
)
UNIT_ALONE = "Over the horizon [persons], with 95% Monte Carlo interval"

ROW_IN, ROOM_IN = 0.42, 1.5
"""Height of an alternative, and of title, axis and its label [inch]."""

BAR_TICKS, DOT_TICKS = 4, 3
"""Steps of the axes at most."""

NAME_CHARACTERS = 22
BOTTOM_IN, TOP_IN = 0.6, 0.72
LEFT, WIDTH, RIGHT_LEFT, RIGHT_WIDTH = 0.22, 0.34, 0.66, 0.32
"""Places of the two panels, as shares of the figure's width; the right one has names at its left."""


def comparison_figure(comparison: Comparison) -> str:
    """Return the figure as SVG.

    Left, a bar for each alternative; right, if there are draws, one dot for each draw and alternative at its
    mean difference from the first: left of zero it has fewer expected deaths.
    """
    count = len(comparison.alternatives)
    synthetic = any(ensemble.scenario.settings.synthetic for ensemble in comparison.ensembles)
    height = ROOM_IN + ROW_IN * count
    with settings():
        unit = UNIT if comparison.draws else UNIT_ALONE
        figure, left = new_figure(TITLE, unit, synthetic, height_in=height)
        bottom, tall = BOTTOM_IN / height, 1.0 - (BOTTOM_IN + TOP_IN) / height
        left.set_position((LEFT, bottom, WIDTH if comparison.draws else 0.7, tall))
        _bars(left, comparison)
        if comparison.draws is not None:
            right = figure.add_axes((RIGHT_LEFT, bottom, RIGHT_WIDTH, tall))
            right.tick_params(length=3, width=0.8)
            _dots(right, comparison)
        words = "; ".join(
            f"{name_of(comparison, index)}: {spelled(_deaths(comparison, index))} persons"
            for index in range(count)
        )
        return svg_text(figure, TITLE, f"{words}.")


def _deaths(comparison: Comparison, index: int) -> Estimate:
    return comparison.outputs[index].estimate(Measured.EXPECTED_FATALITIES)


def _bars(axes: Axes, comparison: Comparison) -> None:
    """Draw a bar with its interval and its range for each alternative, the first on top."""
    names = []
    for index in range(len(comparison.alternatives)):
        own = _deaths(comparison, index)
        axes.barh(index, own.mean, height=0.6, color=GREY if index == 0 else BLUE)
        if comparison.draws is not None:
            low, high = comparison.draws.range_of(index)
            axes.plot([low, high], [index, index], color=INK, linewidth=0.9)
        if own.half_width is not None:
            axes.plot([own.low, own.high], [index, index], color=INK, linewidth=3.2, solid_capstyle="butt")
        names.append(_name(comparison, index))
    _rows(axes, names)
    axes.set_xlim(left=0.0)
    axes.set_xlabel("expected deaths")
    _few_ticks(axes, BAR_TICKS)


def _dots(axes: Axes, comparison: Comparison) -> None:
    """Draw a dot for each draw at the difference of an alternative from the first."""
    draws = comparison.draws
    assert draws is not None, "asked for only with draws"
    means = draws.deaths.mean(axis=2)
    axes.axvline(0.0, color=MARK, linewidth=0.9)
    names = [""]
    for index in range(1, len(means)):
        axes.plot(
            means[index] - means[0], [index] * draws.draws, "o", color=BLUE, markersize=4, alpha=0.55,
            markeredgewidth=0,
        )  # fmt: skip
        names.append(f"{letter(index)} {MINUS} {letter(0)}")
        if one_value(draws, index, 0):
            _say_same(axes, float((means[index] - means[0]).mean()), index)
    _rows(axes, names)
    axes.set_xlabel(f"difference in deaths, {draws.draws} draws; {MINUS} is fewer", color=MUTED)
    _few_ticks(axes, DOT_TICKS)


def _say_same(axes: Axes, difference: float, index: int) -> None:
    """Say that what looks like one dot is one for every draw."""
    axes.annotate(
        "the same in every draw", (difference, index), xytext=(-6, 6), textcoords="offset points", ha="right",
        color=MUTED, fontsize=8,
    )  # fmt: skip


def _name(comparison: Comparison, index: int) -> str:
    name = textwrap.shorten(name_of(comparison, index), NAME_CHARACTERS, placeholder="…")
    return f"{letter(index)}: {name}"


def _few_ticks(axes: Axes, most: int) -> None:
    """Give a narrow panel at most so many steps, spelled alike."""
    from matplotlib.ticker import MaxNLocator

    low, high = axes.get_xlim()
    ticks = [float(tick) for tick in MaxNLocator(nbins=most).tick_values(low, high) if low <= tick <= high]
    texts = [f"{tick:.{MOST_DECIMALS}f}".rstrip("0") for tick in ticks]
    decimals = max(len(text.partition(".")[2]) for text in texts) if texts else 0
    axes.set_xticks(ticks, [fixed(tick, decimals) for tick in ticks])


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
