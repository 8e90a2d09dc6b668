"""The figures made of bars."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from demilsim.reporting.canvas import (
    BLACK,
    BLUE,
    FAINT,
    GREEN,
    GREY,
    INK,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    number_axis,
)
from demilsim.reporting.policy_records import FacilityYears, Measures
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.wording import figure as spelled
from demilsim.reporting.wording import label, shortened, with_half_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FACILITY_COLOURS = (BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, BLACK)
MOST_FACILITIES = len(FACILITY_COLOURS)
"""Facilities with a colour of their own; the smaller ones are drawn together in grey."""

MOST_REGIONS = 10
LONGEST_NAME = 24
"""Characters of a name that fit beside a figure."""

KEY_CHARACTERS = 19
"""Characters on a line of a key beside a figure."""

HALF_BAR = 0.6
"""Room on either side of a year's middle [yr]."""

PARTS = (("public", BLUE), ("workers", ORANGE), ("road transport", PURPLE))


def draw_facilities(results: StoredResults, title: str, unit: str) -> Figure:
    """Return stacked bars of tonnes destroyed per calendar year, one colour for each facility."""
    from matplotlib.patches import Patch

    figure, axes = new_figure(title, unit, results.scenario.synthetic)
    rows = _largest(results.shown.facilities)
    first = results.scenario.start.year
    years = [first + i for i in range(len(rows[0][1]))]
    base, keys = [0.0] * len(years), []
    for i, (name, tonnes) in enumerate(rows):
        colour = FACILITY_COLOURS[i] if i < MOST_FACILITIES else GREY
        axes.bar(years, tonnes, bottom=base, width=0.78, color=colour, edgecolor="white", linewidth=0.5)
        base = [low + height for low, height in zip(base, tonnes, strict=True)]
        keys.append(Patch(color=colour, label=in_two_lines(name)))
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_xlabel("calendar year")
    axes.set_xlim(first - HALF_BAR, years[-1] + HALF_BAR)
    number_axis(axes.xaxis, integer=True, separators=False)
    number_axis(axes.yaxis)
    # the key reads from top to bottom as the bars do
    axes.legend(
        handles=keys[::-1],
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=8,
        handlelength=1,
    )
    return figure


def in_two_lines(name: str) -> str:
    """Return a name broken to fit beside a figure, with an ellipsis where two lines are not enough."""
    return "\n".join(textwrap.wrap(name, KEY_CHARACTERS, max_lines=2, placeholder="…"))


def _largest(facilities: tuple[FacilityYears, ...]) -> list[tuple[str, list[float]]]:
    """Return name and tonnes of the largest facilities, and of all others together."""
    used = sorted(
        (row for row in facilities if sum(row.destroyed_t) > 0),
        key=lambda row: (-sum(row.destroyed_t), row.name),
    )
    rows = [(row.name, list(row.destroyed_t)) for row in used[:MOST_FACILITIES]]
    rest = used[MOST_FACILITIES:]
    if rest:
        sums = [sum(tonnes) for tonnes in zip(*(row.destroyed_t for row in rest), strict=True)]
        rows.append((f"{len(rest)} others", sums))
    return rows


def draw_deaths(results: StoredResults, title: str, unit: str) -> Figure:
    """Return one bar of expected deaths for each policy, stacked by who is exposed, with intervals."""
    from matplotlib.patches import Patch

    policies = [policy for policy in results.policies if policy.measures.expected_fatalities]
    figure, axes = new_figure(title, unit, results.scenario.synthetic, height_in=1.75 + 0.34 * len(policies))
    places = range(len(policies), 0, -1)
    for place, policy in zip(places, policies, strict=True):
        total = policy.measures.expected_fatalities
        assert total, "kept for having one"
        _stack(axes, place, policy.measures, total)
        _whiskers(axes, place, total)
        end = max(total.mean + (total.half_width or 0.0), total.parameter_p95 or 0.0)
        axes.annotate(
            with_half_width(total),
            (end, place),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )
    _category_axis(axes, list(places), [label(policy.name) for policy in policies])
    for tick, policy in zip(axes.get_yticklabels(), policies, strict=True):
        tick.set_fontweight("bold" if policy is results.shown else "normal")
    keys = [Patch(color=colour, label=name) for name, colour in PARTS]
    axes.legend(
        handles=keys,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=3,
        frameon=False,
        fontsize=8,
        handlelength=1,
    )
    axes.set_xlabel("expected deaths over the horizon [persons]")
    return figure


def _stack(axes: Axes, place: int, measures: Measures, total: Spread) -> None:
    """Draw a bar in its parts, or whole where the parts are absent."""
    parts = (
        measures.expected_fatalities_public,
        measures.expected_fatalities_workers,
        measures.expected_fatalities_transport,
    )
    if not any(parts):
        axes.barh(place, total.mean, height=0.62, color=GREY)
    start = 0.0
    for part, (_, colour) in zip(parts, PARTS, strict=True):
        if part:
            axes.barh(place, part.mean, left=start, height=0.62, color=colour)
            start += part.mean


def _whiskers(axes: Axes, place: int, total: Spread) -> None:
    """Draw the parameter spread as a thin line and the Monte Carlo interval as a thick one."""
    if total.parameter_p5 is not None and total.parameter_p95 is not None:
        axes.plot([total.parameter_p5, total.parameter_p95], [place, place], color=INK, linewidth=0.9)
    if total.half_width is not None:
        ends = [total.mean - total.half_width, total.mean + total.half_width]
        axes.plot(ends, [place, place], color=INK, linewidth=3.2, solid_capstyle="butt")


def draw_regions(results: StoredResults, title: str, unit: str) -> Figure:
    """Return two bars for each of the worst regions: harm rate at the start and at the end."""
    worst = sorted(results.shown.regions, key=lambda r: (-r.harm_rate_start_per_year, r.region))[
        :MOST_REGIONS
    ]
    figure, axes = new_figure(title, unit, results.scenario.synthetic, height_in=1.75 + 0.5 * len(worst))
    places = list(range(len(worst), 0, -1))
    starts = [region.harm_rate_start_per_year for region in worst]
    ends = [region.harm_rate_end_per_year for region in worst]
    axes.barh([p + 0.2 for p in places], starts, height=0.34, color=GREY, label="start")
    axes.barh([p - 0.2 for p in places], ends, height=0.34, color=BLUE, label="end")
    for place, start, end in zip(places, starts, ends, strict=True):
        for value, shift in ((start, 0.2), (end, -0.2)):
            axes.annotate(
                spelled(value),
                (value, place + shift),
                (5, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=MUTED,
            )
    _category_axis(axes, places, [shortened(region.region, LONGEST_NAME) for region in worst])
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=8, handlelength=1
    )
    axes.set_xlabel("expected deaths per year [persons/yr]")
    return figure


def _category_axis(axes: Axes, places: list[int], names: list[str]) -> None:
    """Set up horizontal bars: names on the left, room for them and for numbers at the bars' ends."""
    left, bottom, _, height = axes.get_position().bounds
    axes.set_position((left + 0.12, bottom, 0.7, height))
    axes.set_yticks(places, names)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(0.4, len(places) + 0.6)
    axes.set_xlim(0, axes.get_xlim()[1] * 1.05 or 1)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    number_axis(axes.xaxis)
