"""The report's figures, each with a caption and words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

from demilsim.reporting import captions
from demilsim.reporting.bars import draw_deaths, draw_facilities, draw_regions
from demilsim.reporting.canvas import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    decimal_year,
    label_ends,
    new_figure,
    settings,
    svg_text,
    year_axes,
)
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.over_time_records import OverTimeFacts
from demilsim.reporting.over_time_views import draw_money, money_caption
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED, Band, Timeline
from demilsim.reporting.records import StoredResults
from demilsim.reporting.risk_views import draw_fn, fn_caption, fn_sites
from demilsim.reporting.uncertainty_records import Bar
from demilsim.reporting.uncertainty_views import draw_tornado, tornado_caption
from demilsim.reporting.wording import USD_PER_MILLION, label, the_plan

__all__ = ["DrawnFigure", "draw_figures"]

BANDED = (DO_NOTHING, HOST_ONLY, OPTIMISED)
"""Policies that are drawn with a band, and in front."""

STYLES = {
    DO_NOTHING: (BLACK, "-"),
    HOST_ONLY: (VERMILION, "-"),
    OPTIMISED: (BLUE, "-"),
    "oldest_first": (SKY, "--"),
    "most_neq_first": (ORANGE, "-."),
    "highest_risk_first": (PURPLE, "--"),
    "risk_per_day_first": (GREEN, "-."),
    "cheapest_first": (GREY, ":"),
}
"""Colour and dash of each policy: told apart without colour too."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One policy's line: years on x, values on y, band or none."""

    policy: str
    years: tuple[float, ...]
    values: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None


def draw_figures(results: StoredResults) -> tuple[DrawnFigure, ...]:
    """Return every figure for which there are numbers, in the order of the report.

    Parameters
    ----------
    results
        Results as the audience may see them (`audience.for_audience`).
    """
    shown = results.shown
    drawn: list[DrawnFigure | None] = []
    with settings():
        if shown.timeline and shown.timeline.starts:
            drawn += [_harm_rate(results), _stock(results), _spending(results)]
        if results.over_time and shown.name in results.over_time.policies:
            drawn.append(_tranches(results, results.over_time))
        if any(sum(row.destroyed_t) > 0 for row in shown.facilities):
            drawn.append(_facilities(results))
        if any(policy.measures.expected_fatalities for policy in results.policies):
            drawn.append(_deaths(results))
        if shown.regions:
            drawn.append(_regions(results))
        if results.uncertainty and results.uncertainty.tornado:
            drawn.append(_tornado(results, results.uncertainty.tornado))
        if fn_sites(results):
            drawn.append(_frequency_number(results))
    return tuple(figure for figure in drawn if figure)


def _lines(results: StoredResults, measure: Callable[[Timeline], Band]) -> list[_Line]:
    """Return a measure's line for each policy that has a timeline, banded ones last (in front)."""
    lines = []
    for policy in results.policies:
        if not policy.timeline:
            continue
        band = measure(policy.timeline)
        years = tuple(decimal_year(start) for start in policy.timeline.starts)
        low = tuple(value for value in band.p5 if value is not None)
        high = tuple(value for value in band.p95 if value is not None)
        whole = len(low) == len(high) == len(years) and policy.name in BANDED
        lines.append(_Line(policy.name, years, band.mean, *((low, high) if whole else (None, None))))
    return sorted(lines, key=lambda line: line.policy in BANDED)


def _time_series(results: StoredResults, lines: list[_Line], title: str, unit: str, description: str) -> str:
    """Return lines over the years as SVG, each named at its end."""
    figure, axes = new_figure(title, unit, results.scenario.synthetic)
    ends = []
    for line in lines:
        colour, dash = STYLES.get(line.policy, (GREY, ":"))
        front = line.policy in BANDED
        if line.low and line.high:
            axes.fill_between(line.years, line.low, line.high, color=colour, alpha=0.13, linewidth=0)
        width = 2.0 if line.policy == results.shown.name else 1.5 if front else 1.1
        axes.plot(line.years, line.values, color=colour, linestyle=dash, linewidth=width)
        bold = line.policy == results.shown.name
        ends.append((line.years[-1], line.values[-1], label(line.policy), colour, bold))
    year_axes(axes, decimal_year(results.scenario.start), decimal_year(results.scenario.end))
    label_ends(axes, ends)
    return svg_text(figure, title, description)


def _series_figure(
    results: StoredResults, name: str, title: str, unit: str, caption: str, lines: list[_Line]
) -> DrawnFigure:
    """Return a time series with its words."""
    alt = f"Line chart, {unit}, one line for each policy. {caption}"
    svg = _time_series(results, lines, title, unit, alt)
    return DrawnFigure(name=name, title=title, caption=caption, alt=alt, svg=svg)


def _harm_rate(results: StoredResults) -> DrawnFigure:
    """Return expected deaths per year over time."""
    return _series_figure(
        results,
        "harm-rate",
        "Expected deaths per year",
        "persons per year, by policy",
        captions.harm_rate(results),
        _lines(results, lambda timeline: timeline.harm_rate_per_year),
    )


def _stock(results: StoredResults) -> DrawnFigure:
    """Return the stock over time."""
    return _series_figure(
        results,
        "stock",
        "Stock",
        "tonnes gross mass, by policy",
        captions.stock(results),
        _lines(results, lambda timeline: timeline.stock_t),
    )


def _spending(results: StoredResults) -> DrawnFigure:
    """Return cumulative spending over time; quantiles of periods do not add up, so there is no band."""
    lines = []
    for line in _lines(results, lambda timeline: timeline.spent_usd):
        years = (*line.years, decimal_year(results.scenario.end))
        total = (0.0, *(value / USD_PER_MILLION for value in accumulate(line.values)))
        lines.append(_Line(line.policy, years, total))
    return _series_figure(
        results,
        "spending",
        "Cumulative spending",
        f"million USD, {results.scenario.price_year} prices, by policy",
        captions.spending(results),
        lines,
    )


def _tranches(results: StoredResults, facts: OverTimeFacts) -> DrawnFigure:
    """Return money as it comes and as it is spent under the plan."""
    title, year = "Money: received and spent", results.scenario.price_year
    caption = money_caption(facts, results.shown.name, year)
    alt = f"Line chart, cumulative million USD, received and spent by host and donors. {caption}"
    unit = f"cumulative million USD, {year} prices, under {the_plan(results.shown)}"
    svg = draw_money(facts, results.shown.name, title, unit, results.scenario.synthetic, alt)
    return DrawnFigure(name="tranches", title=title, caption=caption, alt=alt, svg=svg)


def _facilities(results: StoredResults) -> DrawnFigure:
    """Return tonnes destroyed by facility and year under the shown policy."""
    title, unit = (
        "Tonnes destroyed, by facility and year",
        f"tonnes per calendar year, {label(results.shown.name)}",
    )
    caption = captions.facilities(results.shown.facilities, results.scenario.start.year, results.shown)
    alt = f"Stacked bar chart, {unit}. {caption}"
    figure = draw_facilities(results, title, unit)
    return DrawnFigure("facilities", title, caption, alt, svg_text(figure, title, alt))


def _deaths(results: StoredResults) -> DrawnFigure:
    """Return expected deaths by policy and by who dies."""
    title, unit = "Expected deaths over the horizon", "persons, by policy and by who is exposed"
    caption = captions.deaths(results)
    alt = f"Horizontal stacked bar chart, {unit}. {caption}"
    figure = draw_deaths(results, title, unit)
    return DrawnFigure("deaths", title, caption, alt, svg_text(figure, title, alt))


def _regions(results: StoredResults) -> DrawnFigure:
    """Return harm rates by region at the start and the end."""
    title, unit = (
        "Regions at the start and at the end",
        f"expected deaths per year, {label(results.shown.name)}",
    )
    caption = captions.regions(results.shown)
    alt = f"Horizontal bar chart, {unit}. {caption}"
    figure = draw_regions(results, title, unit)
    return DrawnFigure("regions", title, caption, alt, svg_text(figure, title, alt))


def _tornado(results: StoredResults, bars: tuple[Bar, ...]) -> DrawnFigure:
    """Return expected deaths of the optimised plan at both ends of single constants' ranges."""
    title, unit = (
        "What the result depends on most",
        "expected deaths, optimised, one constant at a time at both ends of its range",
    )
    caption = tornado_caption(bars)
    alt = f"Horizontal bar chart, {unit}. {caption}"
    figure = draw_tornado(bars, results.scenario.synthetic, title, unit)
    return DrawnFigure("tornado", title, caption, alt, svg_text(figure, title, alt))


def _frequency_number(results: StoredResults) -> DrawnFigure:
    """Return F-N curves of the worst sites; results for other audiences hold no sites."""
    title, unit = "How often many die, by site", "events per year with n deaths or more"
    sites = fn_sites(results)
    caption = fn_caption(sites)
    alt = f"Step chart with logarithmic axes, {unit}. {caption}"
    figure = draw_fn(sites, results.scenario.synthetic, title, unit)
    return DrawnFigure("frequency-number", title, caption, alt, svg_text(figure, title, alt))
