"""What planners and donors read of facilities under draws: which pay, by how much, and in how many draws."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from demilsim.experiments.facilities import FacilitiesOutcome
from demilsim.experiments.facility_options import OptionWorth
from demilsim.optimisation.recourse import Order
from demilsim.reporting.again import printed_command, record_of
from demilsim.reporting.canvas import (
    BLUE,
    FAINT,
    GREY,
    INK,
    MARK,
    new_figure,
    number_axis,
    settings,
    svg_text,
)
from demilsim.reporting.comparison_words import spelled
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.funding_words import planned_count, short_name
from demilsim.reporting.grid import Column, Row, Table, plain_rows
from demilsim.reporting.study_page import StudyTold, places_left_aside
from demilsim.reporting.wording import ABSENT, figure, fixed, million, shortened, spelled_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "Which facilities to order"
UNIT = (
    "Deaths averted by ordering it, linear and not simulated [weighted expected deaths]; a dot for each draw"
)
ROOM_IN, ROW_IN, LEFT, WIDTH = 1.5, 0.42, 0.3, 0.66
"""Height of title and axis and of a facility [inch], and place of the axes as shares of the width."""

NAME_CHARACTERS = 34

LEAST_SHARE = 0.001
"""Share of the harm averted below which a difference is within the gap at which choices stop [1]."""

LATER_MONEY = "It is judged on that date alone: money that comes later may pay for it, and is not looked at."
"""Said wherever a facility that is not ordered needs money beyond the funds."""

NO_OPTION = "No facility could be ordered."


def told(outcome: FacilitiesOutcome, sentences: tuple[str, ...]) -> StudyTold:
    """Return all that the page says; it names facilities, and no site, stock or road.

    Parameters
    ----------
    outcome
        What was found.
    sentences
        What it comes to under draws, as told on the terminal.
    """
    return StudyTold(
        title=TITLE,
        heading="What each facility is worth",
        findings=(advice(outcome), *sentences),
        reading=reading(outcome),
        table=options_table(outcome),
        drawn=options_figure(outcome),
        more=(worth_table(outcome),),
        notes=notes(outcome),
        command=command(outcome),
    )


def advice(outcome: FacilitiesOutcome) -> str:
    """Return which facilities to order, and what they avert."""
    draws = f"over {_draws(outcome)} draws"
    ordered = [one for one in outcome.options if one.ordered]
    if not ordered:
        return f"No facility is worth ordering {draws}. {_best_left(outcome)}".rstrip()
    counts = [one for one in ordered if _is_told(outcome, one)]
    few = [_name(outcome, one) for one in ordered if not _is_told(outcome, one)]
    said = "; ".join(
        f"{_name(outcome, one)} ({_date(outcome, one.order)}), which averts {_worth(outcome, one)} deaths "
        f"more, {_span(one)} by draw"
        for one in counts
    )
    little = f"{', '.join(few)}, which changes less than {figure(_gap(outcome), 2)} deaths" if few else ""
    return f"Order, on average {draws}: {'; '.join(filter(None, (said, little)))}."


def _best_left(outcome: FacilitiesOutcome) -> str:
    """Return what the best facility that is not ordered would avert, and why it is not."""
    best = max(outcome.options, key=lambda one: float(one.averted.mean()), default=None)
    if best is None or best.averted.mean() < _gap(outcome):
        return "None averts more deaths than its money does elsewhere." if best else ""
    beyond = million(float(best.beyond_usd.mean()))
    return (
        f"Ordered on {_date(outcome, best.order)}, {_name(outcome, best)} would avert "
        f"{_worth(outcome, best)} deaths more, with USD {beyond} million beyond what the funds have for it "
        f"by then. {LATER_MONEY}"
    )


def reading(outcome: FacilitiesOutcome) -> tuple[str, ...]:
    """Return how to read table and figure, and what they are not."""
    return (
        f"A draw is one set of what is not known: constants, money that comes, and working days. In each of "
        f"{_draws(outcome)} draws the flows are chosen anew with and without a facility, the other orders as "
        "chosen; left of zero its money averts more elsewhere. What the funds cannot pay stands beside it as "
        "money beyond the funds.",
        "Deaths are as planned, and linear along a rule's plan: they compare facilities with one another, "
        "not with planning harm in other outputs. Nothing here was simulated but what money and days come.",
    )


def options_table(outcome: FacilitiesOutcome) -> Table:
    """Return a row for each facility that could be ordered: its price, its orders and what it averts."""
    year, tail = outcome.scenario.settings.price_year, outcome.tail
    columns = (
        Column("Facility", wide=True),
        Column("To order", f"million USD of {year}"),
        Column("Ready after", "days"),
        Column("To keep", f"million USD of {year} a year"),
        Column("Order", "for all draws", wide=True),
        Column("Order", "for their mean", wide=True),
        *((Column("Order", "for the worst draws", wide=True),) if tail else ()),
        Column("Ordered on", "as judged here"),
        Column("Deaths averted", "if ordered on that date, mean of draws"),
        Column("By draw", "least to most"),
        Column("Averts", f"in draws of {_draws(outcome)}"),
        Column("Beyond the funds", "on that date, million USD, mean of draws"),
    )
    rows = []
    for one in outcome.options:
        row = outcome.scenario.facilities[one.facility]
        plans = [outcome.worth.stochastic.orders, outcome.worth.for_mean, *([tail.orders] if tail else [])]
        cells = (
            _name(outcome, one),
            million(row.capital_cost_usd),
            fixed(row.lead_time_days, 0),
            million(row.fixed_cost_usd_per_year),
            *(_ordered(outcome, orders, one.facility) for orders in plans),
            _date(outcome, one.order),
            _worth(outcome, one),
            _span(one),
            str(int((one.averted > 0.0).sum())),
            million(float(one.beyond_usd.mean())),
        )
        rows.append(Row(cells, strong=one.ordered))
    caption = (
        "Facilities that could be ordered; those to order stand out. A facility that is not ordered is "
        "judged on one date alone, that which promises most: money that comes later is not looked at"
    )
    return Table(caption, columns, tuple(rows), NO_OPTION)


def worth_table(outcome: FacilitiesOutcome) -> Table:
    """Return what the orders come to over draws, beside those for the mean and with the draw known."""
    worth, gap = outcome.worth, outcome.fresh_gap
    year = outcome.scenario.settings.price_year
    fresh = ABSENT if gap is None else spelled(gap)
    if gap is not None and gap.high <= _gap(outcome):
        fresh = f"below {figure(_gap(outcome), 2)}"
    cells = [
        ("Deaths if nothing is done", figure(outcome.do_nothing)),
        ("Deaths with the orders for all draws", figure(worth.stochastic.objective)),
        ("No orders do better than", figure(worth.stochastic.bound)),
        ("Deaths with the orders for mean draws", figure(float(worth.for_mean_harm.mean()))),
        ("Deaths if the draw were known before", figure(float(worth.wait_and_see.mean()))),
        ("More deaths on fresh draws than with the best orders of each batch", fresh),
        (
            f"Money beyond the funds, mean [million USD of {year}]",
            million(float(outcome.emergency_usd.mean())),
        ),
        (
            f"Money beyond the funds, most [million USD of {year}]",
            million(float(outcome.emergency_usd.max())),
        ),
    ]
    caption = "What the orders come to, weighted expected deaths, mean of draws"
    return Table(caption, (Column("Quantity", wide=True), Column("Value")), plain_rows(cells))


def notes(outcome: FacilitiesOutcome) -> tuple[str, ...]:
    """Return what the reader must know."""
    return (
        f"{planned_count(outcome.scenario)}.",
        f"Differences below {figure(_gap(outcome), 2)} deaths are within the gap at which a choice stops: no "
        "number is given.",
        "Whatever is ordered is paid in every draw: what the funds lack comes from an account that is as "
        "dear as the best other use of money. In a simulation, and in life, such an order waits.",
        *places_left_aside(outcome.scenario),
        "The draws are few and judge the orders that were chosen for them; the fresh ones judge them anew.",
    )


def command(outcome: FacilitiesOutcome) -> str:
    """Return the command that gives the same numbers again."""
    worst = "" if outcome.tail_share is None else f" --worst {spelled_out(outcome.tail_share)}"
    words = (
        f"facilities {shlex.quote(outcome.scenario.command_name)} --draws {_draws(outcome)}{worst} "
        f"--batches {outcome.batches} --seed {outcome.seed}"
    )
    return printed_command(words, outcome.scenario.values_set, record_of("facilities"))


def options_figure(outcome: FacilitiesOutcome) -> DrawnFigure:
    """Return a row of dots for each facility, one for each draw, and a line at their mean."""
    options = outcome.options
    height = ROOM_IN + ROW_IN * max(len(options), 1)
    words = "; ".join(
        f"{_name(outcome, one)}: {figure(float(one.averted.mean()))}, {_span(one)} by draw" for one in options
    )
    alt = f"Deaths averted by each facility, mean and range over draws: {words or NO_OPTION}."
    with settings():
        drawing, axes = new_figure(TITLE, UNIT, outcome.scenario.settings.synthetic, height_in=height)
        place = axes.get_position()
        axes.set_position((LEFT, place.y0, WIDTH, place.height))
        _dots(axes, options)
        names = [shortened(_name(outcome, one), NAME_CHARACTERS) for one in options]
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
        axes.set_xlabel("deaths averted; left of zero its money averts more elsewhere")
        number_axis(axes.xaxis)
        svg = svg_text(drawing, TITLE, alt)
    caption = "Blue: to order. Grey: not. The line in each row is the mean of its draws."
    return DrawnFigure("facility-options", TITLE, caption, alt, svg)


def _dots(axes: Axes, options: Sequence[OptionWorth]) -> None:
    axes.axvline(0.0, color=MARK, linewidth=0.9)
    for number, one in enumerate(options):
        colour, mean = BLUE if one.ordered else GREY, float(one.averted.mean())
        axes.plot(one.averted, [number] * one.averted.size, "o", color=colour, markersize=5, alpha=0.6)
        axes.plot([mean, mean], [number - 0.28, number + 0.28], color=INK, linewidth=2.0)


def _draws(outcome: FacilitiesOutcome) -> int:
    return len(outcome.worth.wait_and_see)


def _gap(outcome: FacilitiesOutcome) -> float:
    return LEAST_SHARE * max(outcome.averted, 0.0)


def _name(outcome: FacilitiesOutcome, one: OptionWorth) -> str:
    return short_name(outcome.scenario.facilities[one.facility].name)


def _date(outcome: FacilitiesOutcome, order: Order | None) -> str:
    return ABSENT if order is None else outcome.scenario.period_dates[order[1]].isoformat()


def _ordered(outcome: FacilitiesOutcome, orders: Sequence[Order], facility: int) -> str:
    return next((_date(outcome, order) for order in orders if order[0] == facility), "no")


def _worth(outcome: FacilitiesOutcome, one: OptionWorth) -> str:
    """Return the mean of what a facility averts; what is within the gap is said to be below it."""
    mean = float(one.averted.mean())
    if one.order is None or mean == 0.0:
        return "0"
    return figure(mean) if _is_told(outcome, one) else f"below {figure(_gap(outcome), 2)}"


def _is_told(outcome: FacilitiesOutcome, one: OptionWorth) -> bool:
    """Return whether what a facility averts is more than the gap at which choices stop."""
    return abs(float(one.averted.mean())) >= _gap(outcome)


def _span(one: OptionWorth) -> str:
    return f"{figure(float(one.averted.min()))} to {figure(float(one.averted.max()))}"
