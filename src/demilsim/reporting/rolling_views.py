"""What planners and donors read of a renewed plan: what that is worth against following it as made."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from demilsim.experiments.ensemble import Response
from demilsim.experiments.rolling import RollingOutcome
from demilsim.experiments.statistics import LEVEL, Estimate
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.plan import Floats
from demilsim.planning.rolling import ROLLING
from demilsim.planning.rules import DO_NOTHING
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
from demilsim.reporting.comparison_words import INTERVAL, is_resolved, signed, spelled
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.funding_words import planned_count
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.study_page import StudyTold
from demilsim.reporting.wording import MINUS, USD_PER_MILLION, level_text, percent, years_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TITLE = "What renewing the plan is worth"
UNIT = "Deaths averted by renewing it every year, simulated [persons]; a dot for each replication"
ROOM_IN, ROW_IN, LEFT, WIDTH = 1.5, 0.42, 0.24, 0.72
"""Height of title and axis and of a row [inch], and place of the axes as shares of the width."""

NOTHING = DO_NOTHING.name
"""Policy that tells what there is to avert."""

AS_COUNTED = "Deaths as the plan counts them"
DEATHS = (
    (Response.EXPECTED_FATALITIES, "Expected deaths"),
    (Response.EXPECTED_PUBLIC, "of the public"),
    (Response.EXPECTED_WORKERS, "of workers"),
    (Response.EXPECTED_TRANSPORT, "on the road"),
)
OTHERS = (
    (Response.DESTROYED, "Destroyed", "t", 1.0),
    (Response.COST, "Spent", "million USD", USD_PER_MILLION),
    (Response.NEQ_YEARS, "Net explosive quantity in store", "t yr", 1.0),
    (Response.EXPLOSIONS, "Unplanned explosions", "number", 1.0),
    (Response.ANY_EXPLOSION, "Chance of any explosion", "share", 1.0),
    (Response.FATALITIES, "Deaths counted", "persons", 1.0),
    (Response.INJURIES, "Injuries counted", "persons", 1.0),
    (Response.DISPLACED, "People displaced", "person-days", 1.0),
    (Response.DAMAGE, "Damage", "million USD", USD_PER_MILLION),
)


def told(outcome: RollingOutcome, seed: int) -> StudyTold:
    """Return all that the page says; it names no facility, site, stock or road."""
    scenario = outcome.ensemble.scenario
    words = (
        f"rolling {shlex.quote(scenario.command_name)} --seed {seed} --replications {replications(outcome)}"
    )
    return StudyTold(
        title=TITLE,
        heading="As made and renewed, side by side",
        findings=tuple(findings(outcome)),
        reading=reading(outcome),
        table=measures_table(outcome),
        drawn=worth_figure(outcome),
        notes=notes(outcome),
        command=printed_command(words, scenario.values_set, record_of("rolling")),
    )


def replications(outcome: RollingOutcome) -> int:
    """Return how many replications each policy was simulated on."""
    return len(outcome.ensemble.results[OPTIMISED])


def findings(outcome: RollingOutcome) -> Iterator[str]:
    """Yield what to remember: deaths, deaths as the plan counts them, money and tonnes."""
    ensemble = outcome.ensemble
    if all(
        np.array_equal(ensemble.values(OPTIMISED, one), ensemble.values(ROLLING, one)) for one in Response
    ):
        yield (
            "Renewed every year, the plan comes out the same as followed as made, in every replication and "
            "every measure: renewing it is worth nothing here."
        )
        return
    deaths, own = Response.EXPECTED_FATALITIES, ensemble.scenario.settings
    averted = ensemble.estimate(NOTHING, deaths).mean - ensemble.estimate(OPTIMISED, deaths).mean
    yield _worth(outcome.difference(deaths), averted, f"Over {years_text(own.horizon_years)}")
    if own.terminal_years:
        counted = outcome.objective(NOTHING).mean - outcome.objective(OPTIMISED).mean
        after = f"As the plan counts deaths, with the {years_text(own.terminal_years)} after the horizon"
        yield _worth(outcome.objective_difference(), counted, after)
    yield f"Renewed, it {_more(outcome, Response.COST)}, and {_more(outcome, Response.DESTROYED)}."


def _worth(difference: Estimate, averted: float, span: str) -> str:
    """Return what renewing averts, and which share that is of what the plan as made averts [persons]."""
    if not is_resolved(difference):
        return (
            f"{span}, no difference in expected deaths can be shown between the plan renewed every year and "
            f"followed as made: {signed(difference)} ({INTERVAL})."
        )
    size = Estimate(abs(difference.mean), difference.half_width)
    ways = ("renewing the plan every year", "following it as made")
    way, other = ways if difference.mean > 0.0 else ways[::-1]
    share = f", {percent(size.mean / averted)} of what the plan as made averts" if averted > 0.0 else ""
    return f"{span}, {way} averts {spelled(size)} expected deaths more than {other} ({INTERVAL}){share}."


def _more(outcome: RollingOutcome, response: Response) -> str:
    """Return whether the renewed plan spends or destroys more, if that can be shown."""
    difference = outcome.difference(response)
    money = response is Response.COST
    scale = USD_PER_MILLION if money else 1.0
    if not is_resolved(difference):
        verb, unit = ("spends", "million USD") if money else ("destroys", "t")
        more = signed(Estimate(-difference.mean, difference.half_width), scale)
        return f"{verb} as much as far as can be shown ({more} {unit})"
    size = spelled(Estimate(abs(difference.mean), difference.half_width), scale)
    way = "less" if difference.mean > 0.0 else "more"
    return f"spends USD {size} million {way}" if money else f"destroys {size} t {way}"


def reading(outcome: RollingOutcome) -> tuple[str, ...]:
    """Return how to read table and figure, and what they are not."""
    return (
        "As made: the plan is followed whatever happens. Renewed: each year what is still to be done is "
        "planned anew from what can be seen by then; facilities that are ordered stay those of the first "
        "plan.",
        f"All is simulated. Both have the same stock, explosions, breakdowns and money in each of "
        f"{replications(outcome):,} replications, so that a difference is of the plans alone; right of zero "
        "renewing averts deaths.",
    )


def measures_table(outcome: RollingOutcome) -> Table:
    """Return a row for each measure of ``rolling.csv``: nothing done, as made, renewed, difference."""
    ensemble = outcome.ensemble
    year = ensemble.scenario.settings.price_year
    columns = (
        Column("Measure", wide=True),
        Column("Unit", wide=True),
        Column("Nothing done", "±"),
        Column("As made", "±"),
        Column("Renewed", "±"),
        Column(f"As made {MINUS} renewed", "±"),
    )
    deaths = [(one, name, "persons", 1.0) for one, name in DEATHS]
    rows = []
    for response, name, unit, scale in (*deaths, *OTHERS):
        means = [ensemble.estimate(policy, response) for policy in (NOTHING, OPTIMISED, ROLLING)]
        unit = unit.replace("USD", f"USD of {year}")
        rows.append(_row(name, unit, means, outcome.difference(response), scale))
    counted = [outcome.objective(policy) for policy in (NOTHING, OPTIMISED, ROLLING)]
    rows.insert(
        len(deaths), _row(AS_COUNTED, "weighted persons", counted, outcome.objective_difference(), 1.0)
    )
    caption = (
        "Means over replications; a difference is paired, and stands out where its interval leaves out zero"
    )
    return Table(caption, columns, tuple(rows))


def _row(name: str, unit: str, means: list[Estimate], difference: Estimate, scale: float) -> Row:
    cells = (name, unit, *(spelled(mean, scale) for mean in means), signed(difference, scale))
    return Row(cells, strong=is_resolved(difference))


def notes(outcome: RollingOutcome) -> tuple[str, ...]:
    """Return what the reader must know."""
    return (
        f"± is half the width of the {level_text(LEVEL)} Monte Carlo interval, each by itself; where a "
        "count has no size to go by, there is none. What is not known about the model's constants is not "
        "in it.",
        f"{planned_count(outcome.ensemble.scenario)}. Here it is simulated.",
        "A renewal is a short search from the plan before it, and neither adds nor drops a facility: "
        "planning anew in full may gain more. It does not see which tranches are late, only the money in "
        "hand.",
    )


def worth_figure(outcome: RollingOutcome) -> DrawnFigure:
    """Return the paired difference of each kind of death with its interval, and a dot a replication."""
    ensemble = outcome.ensemble
    rows: list[tuple[str, Floats, Estimate]] = [
        (name, ensemble.values(OPTIMISED, one) - ensemble.values(ROLLING, one), outcome.difference(one))
        for one, name in DEATHS
    ]
    counted = ensemble.objective(OPTIMISED) - ensemble.objective(ROLLING)
    rows.append((AS_COUNTED, counted, outcome.objective_difference()))
    alt = (
        "Deaths averted by renewing the plan, mean with interval: "
        + "; ".join(f"{name}: {signed(mean)}" for name, _, mean in rows)
        + "."
    )
    with settings():
        height = ROOM_IN + ROW_IN * len(rows)
        drawing, axes = new_figure(TITLE, UNIT, ensemble.scenario.settings.synthetic, height_in=height)
        place = axes.get_position()
        axes.set_position((LEFT, place.y0, WIDTH, place.height))
        _intervals(axes, rows)
        axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.grid(axis="x", color=FAINT, linewidth=0.8)
        axes.set_xlabel(f"as made {MINUS} renewed; right of zero renewing averts deaths")
        number_axis(axes.xaxis)
        svg = svg_text(drawing, TITLE, alt)
    caption = (
        f"Dots: single replications. Bars: the mean with its {level_text(LEVEL)} interval; where it crosses "
        "zero, no difference can be shown."
    )
    return DrawnFigure("rolling", TITLE, caption, alt, svg)


def _intervals(axes: Axes, rows: list[tuple[str, Floats, Estimate]]) -> None:
    axes.axvline(0.0, color=MARK, linewidth=0.9)
    for number, (_, values, mean) in enumerate(rows):
        axes.plot(values, [number + 0.2] * values.size, "o", color=GREY, markersize=3.5, alpha=0.45)
        half = mean.half_width or 0.0
        axes.errorbar(
            [mean.mean],
            [number - 0.12],
            xerr=[half],
            fmt="D",
            color=BLUE,
            markersize=5,
            capsize=4,
            linewidth=2.2,
        )
