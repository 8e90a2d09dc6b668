"""What planners and donors read of the price of harm: sentences, a table and a figure, all as planned."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from demilsim.experiments.frontier import Frontier, FrontierPoint
from demilsim.reporting.again import printed_command, record_of
from demilsim.reporting.canvas import (
    FAINT,
    INK,
    MUTED,
    new_figure,
    number_axis,
    settings,
    svg_text,
)
from demilsim.reporting.curves import COLOURS
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.funding_words import planned_count, short_name
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.stored import plain
from demilsim.reporting.study_page import StudyTold, moves_paid
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    figure,
    fixed,
    million,
    percent,
    sentence,
    spelled_out,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "What averting harm costs"
UNIT = "Deaths averted against doing nothing, as planned, not simulated [weighted expected deaths]"
MARKERS = "os^DvP"
LABEL_WIDTH, LABEL_HEIGHT = 0.055, 0.05
"""Room of a point's label, as shares of the axes' width and height."""

ROOM_FOR_LABELS = 1.16
"""How far the money axis goes beyond the dearest plan, for its label."""

MOST_DATES = 3
"""Dates that sentences speak of; the table has all."""


def told(found: Frontier) -> StudyTold:
    """Return all that the page says; it names facilities, and no site, stock or road."""
    return StudyTold(
        title=TITLE,
        heading="The cheapest plans found",
        findings=tuple(findings(found)),
        reading=reading(found),
        table=frontier_table(found),
        drawn=frontier_figure(found),
        notes=notes(found),
        command=command(found),
    )


def findings(found: Frontier) -> Iterator[str]:
    """Yield what to remember: the price of most, what less would cost, the dear end, and haste."""
    points = found.whole
    if not points:
        yield "No plan was found that averts a share that was asked for."
        return
    top = points[0]
    whole = "all" if top.share == 1.0 else share_text(top.share)
    yield (
        f"Averting {whole} of what the best plan found averts, {figure(found.averted(top))} of "
        f"{figure(found.do_nothing_harm)} expected deaths as planned, costs USD {million(top.cost_usd)} "
        f"million ({found.scenario.settings.price_year} prices)."
    )
    if len(points) > 1:
        yield _less(found, top, points[1], points[-1])
    for date in found.by[:MOST_DATES]:
        yield from _in_haste(found, [point for point in found.points if point.by == date])


def _less(found: Frontier, top: FrontierPoint, second: FrontierPoint, last: FrontierPoint) -> str:
    """Return what the next smaller share costs, and the price of a death there and at the cheap end."""
    saved = 1.0 - second.cost_usd / top.cost_usd if top.cost_usd > 0.0 else 0.0
    return (
        f"Averting {share_text(second.share)} costs USD {million(second.cost_usd)} million, "
        f"{percent(saved)} less: the step from {share_text(second.share)} to {share_text(top.share)} costs "
        f"USD {death_price(found, top, second)} million for each death averted, the first "
        f"{share_text(last.share)} USD {death_price(found, last, None)} million."
    )


def _in_haste(found: Frontier, points: Sequence[FrontierPoint]) -> Iterator[str]:
    """Yield what the largest share that is reached by a date costs, against the whole horizon."""
    if points:
        point = points[0]
        (same,) = (one for one in found.whole if one.share == point.share)
        hasty, slow = million(point.cost_usd), million(same.cost_usd)
        against = "no more than" if hasty == slow else f"against USD {slow} million"
        yield (
            f"With all work done by {point.by}, averting {share_text(point.share)} costs USD {hasty} "
            f"million, {against} with the whole horizon."
        )


def death_price(found: Frontier, point: FrontierPoint, below: FrontierPoint | None) -> str:
    """Return the cost of one more death averted between two points, or up to one [million USD]."""
    deaths = found.averted(point) - (found.averted(below) if below else 0.0)
    usd = point.cost_usd - (below.cost_usd if below else 0.0)
    return million(usd / deaths) if deaths > 0.0 else ABSENT


def share_text(share: float) -> str:
    """Return a share as it was asked for, as a percentage."""
    return f"{100 * share:g}%"


def reading(found: Frontier) -> tuple[str, ...]:
    """Return how to read table and figure, and what they are not."""
    asked = plain(found.scenario.command_name)
    return (
        "Each point is the cheapest plan found that averts its share of what the best plan found averts; its "
        "money is what its work and commissionings cost.",
        "Deaths and money are as planned, with capacity, money and harm as the scenario expects them. "
        "Nothing here was simulated: delays, breakdowns and late tranches make plans do less. To have the "
        f"plan of a point, ask for “demilsim plan {asked} --order cost,harm --averting 90%”, and simulate it "
        "before you promise anything.",
    )


def frontier_table(found: Frontier) -> Table:
    """Return a row for each point of ``frontier.csv``."""
    year = found.scenario.settings.price_year
    dated = bool(found.by)
    columns = (
        Column("Share", "of what the best plan averts", wide=True),
        *((Column("Work ends by", wide=True),) if dated else ()),
        Column("Deaths averted", "as planned"),
        Column("Deaths left", "as planned"),
        Column("Cost", f"million USD of {year}"),
        Column("One death more", "million USD, over the row below"),
        Column("Destroyed", "t"),
        Column("Work done", wide=True),
        Column("Facilities ordered", wide=True),
    )
    names = {row.facility_id: short_name(row.name) for row in found.scenario.facilities}
    rows = []
    for number, point in enumerate(found.points):
        following = found.points[number + 1] if number + 1 < len(found.points) else None
        below = following if following and following.by == point.by else None
        ordered = ", ".join(names[one] for one in point.commissioned) or "none"
        end = point.by or found.scenario.period_dates[-1]
        cells = (
            share_text(point.share),
            *((end.isoformat(),) if dated else ()),
            figure(found.averted(point)),
            figure(point.harm),
            million(point.cost_usd),
            death_price(found, point, below),
            fixed(point.destroyed_t, 0),
            point.done.isoformat() if point.done else ABSENT,
            ordered,
        )
        rows.append(Row(cells))
    caption = (
        "The cheapest plans found, as planned, not simulated. One death more: what a death costs between "
        "this row and the one below; in the lowest, up to its share. Deaths left: of "
        f"{figure(found.do_nothing_harm)} if nothing is done"
    )
    return Table(caption, columns, tuple(rows), "No plan was found that averts a share that was asked for.")


def notes(found: Frontier) -> tuple[str, ...]:
    """Return what the reader must know."""
    return (
        f"{planned_count(found.scenario)}.",
        "The plans are the cheapest that were found, with the new facilities of the plan of least harm, or "
        "with none: a cheaper one may exist, so that costs are upper ends.",
        "What is not known about the model's constants is in no number here: see the parameter range of the "
        "report.",
        *moves_paid(found.scenario),
        *(f"{sentence(plain(note))}." for note in found.notes),
    )


def command(found: Frontier) -> str:
    """Return the command that gives the same numbers again."""
    shares = ",".join(spelled_out(share) for share in found.shares)
    by = f" --by {','.join(date.isoformat() for date in found.by)}" if found.by else ""
    asked = shlex.quote(found.scenario.command_name)
    words = f"frontier {asked} --shares {shares}{by}"
    return printed_command(words, found.scenario.values_set, record_of("frontier"))


def frontier_figure(found: Frontier) -> DrawnFigure:
    """Return cost against harm averted, a curve for each date, with the shares at the horizon's points."""
    own = found.scenario.settings
    curves: dict[dt.date | None, str] = {date: f"work ends by {date}" for date in found.by}
    curves[None] = f"by the end, {found.scenario.period_dates[-1]}"
    with settings():
        drawing, axes = new_figure(TITLE, UNIT, own.synthetic)
        axes.set_position((0.08, axes.get_position().y0, 0.89, axes.get_position().height))
        for (date, label), colour, marker in zip(curves.items(), cycle(COLOURS[1:]), cycle(MARKERS[1:])):
            points = [point for point in found.points if point.by == date]
            last = date is None
            axes.plot(
                [point.cost_usd / USD_PER_MILLION for point in points],
                [found.averted(point) for point in points],
                color=COLOURS[0] if last else colour,
                marker=MARKERS[0] if last else marker,
                markersize=5 if last else 7,
                markerfacecolor=COLOURS[0] if last else "none",
                linewidth=1.4,
                label=label,
            )
        axes.set_xlim(0.0, axes.get_xlim()[1] * ROOM_FOR_LABELS)
        axes.set_ylim(0.0, axes.get_ylim()[1])
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
        axes.set_xlabel(f"Cost of the plan [million USD of {own.price_year}]")
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)
        _label_points(axes, found)
        if found.by:
            axes.legend(loc="lower right", frameon=False, fontsize=8.5)
        alt = _alt(found)
        svg = svg_text(drawing, TITLE, alt)
    caption = (
        "Beside each point: its share of what the best plan found averts. A steep curve is cheap, a flat one "
        "dear; between points nothing was searched."
    )
    return DrawnFigure("frontier", TITLE, caption, alt, svg)


def _label_points(axes: Axes, found: Frontier) -> None:
    """Write the share beside each point of the horizon, below the curve where it is free."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[1]
    points = [
        (point.cost_usd / USD_PER_MILLION / width, found.averted(point) / height) for point in found.whole
    ]
    for point, (x, y), (across, up) in zip(found.whole, points, label_places(points), strict=True):
        axes.plot(
            [x, across],
            [y, up],
            transform=axes.transAxes,
            color=MUTED,
            linewidth=0.6,
            scalex=False,
            scaley=False,
        )
        axes.text(
            across,
            up,
            share_text(point.share),
            transform=axes.transAxes,
            va="center",
            color=INK,
            fontsize=8.5,
        )


def label_places(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return where to begin the label of each point, right of it and below, below those near it.

    Parameters
    ----------
    points
        As shares of the axes' width and height, the highest first.
    """
    places: list[tuple[float, float]] = []
    for x, y in points:
        across = x + LABEL_WIDTH / 4
        near = [other - LABEL_HEIGHT for at, other in places if abs(at - across) < LABEL_WIDTH]
        up = min([y - 0.7 * LABEL_HEIGHT, *near])
        places.append((across, up))
    return places


def _alt(found: Frontier) -> str:
    """Return the figure in words: the points of the horizon, and how many dates there are beside it."""
    words = "; ".join(
        f"{share_text(point.share)} for {million(point.cost_usd)} million USD averts "
        f"{figure(found.averted(point))} deaths as planned"
        for point in found.whole
    )
    dates = (
        f" Curves for {len(found.by)} earlier dates lie beside it; the table has them." if found.by else ""
    )
    return f"A curve of cost against deaths averted: {words}.{dates}"
