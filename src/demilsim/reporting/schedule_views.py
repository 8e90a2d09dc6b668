"""The schedule as a figure and a table: what is destroyed where and when, aggregated, never line by line.

The public sees calendar years, facilities and regions; others see periods and sites.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from demilsim.reporting.disclosure import Audience
from demilsim.reporting.drawing import DrawnFigure, drawn
from demilsim.reporting.grid import Column, Table, by_year
from demilsim.reporting.measure_views import KINDS
from demilsim.reporting.plan_views import when_planned
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_records import FacilitySchedule, ScheduleFacts, Series
from demilsim.reporting.strips import Block, Scale, Span, Strip, draw_strips
from demilsim.reporting.wording import figure, sentence, the_plan
from demilsim.units import DAYS_PER_YEAR

NAME, TITLE = "schedule", "Schedule"
WITHOUT = "results of older versions and forecasts of past programmes have none"
ABSENT_FACTS = f"No schedule by period is stored here; {WITHOUT}."
MOST_SITES = 40
"""Sites with a row of their own; where there are more, those of a region are put together."""

MONTHS = 12


class Steps(NamedTuple):
    """The columns of the figure: the first period of each, their names, and how a column is called."""

    firsts: tuple[int, ...]
    names: tuple[str, ...]
    unit: str

    def sums(self, series: Series) -> tuple[float, ...]:
        """Return what falls into each column."""
        ends = (*self.firsts[1:], len(series))
        return tuple(sum(series[a:b]) for a, b in zip(self.firsts, ends, strict=True))


def steps_of(starts: Sequence[dt.date], audience: Audience) -> Steps:
    """Return calendar years for the public, the periods of the plan for others."""
    if audience == "public":
        firsts = [i for i, start in enumerate(starts) if i == 0 or start.year != starts[i - 1].year]
        return Steps(tuple(firsts), tuple(str(starts[i].year) for i in firsts), "year")
    names = tuple(f"{start:%B %Y}" for start in starts)
    monthly = len(starts) > 1 and (starts[1] - starts[0]).days < DAYS_PER_YEAR / MONTHS + 1
    return Steps(tuple(range(len(starts))), names, "month" if monthly else "quarter")


def scale_of(starts: Sequence[dt.date], steps: Steps) -> Scale:
    """Return the axis: a name under each calendar year."""
    own = [starts[i] for i in steps.firsts]
    years = [(i, str(date.year)) for i, date in enumerate(own) if i == 0 or date.year != own[i - 1].year]
    return Scale(len(own), tuple(years), centred=steps.unit == "year")


def schedule_figure(results: StoredResults, audience: Audience) -> DrawnFigure | None:
    """Return the schedule of the shown policy; None where it is not stored or nothing is planned.

    Parameters
    ----------
    results
        Results as the audience may see them.
    audience
        Who will read it.
    """
    facts = results.schedule
    rows = _used(facts) if facts else []
    if facts is None or not rows:
        return None
    steps = steps_of(facts.starts, audience)
    blocks = [
        Block(
            f"Facilities: tonnes by {steps.unit}, destroyed on average (bars) and planned (lines); each row "
            "to its own peak",
            tuple(_facility(row, facts, steps) for row in rows),
        ),
        Block(
            f"{_places(facts, audience)}: tonnes by {steps.unit} in which {when_planned(results)}",
            tuple(_strip(name, planned, steps) for name, planned in _groups(facts, audience)),
        ),
        Block("Measures: when ordered", tuple(_measures(facts, steps))),
    ]
    key = [("work", "destroyed, or planned for a place"), ("level", "planned for a facility")]
    if any(strip.leads for block in blocks for strip in block.strips):
        key += [("order", "ordered"), ("lead", "not ready yet")]
    marks, height = draw_strips(blocks, scale_of(facts.starts, steps), key)
    form, caption = f"Rows of bars over calendar time, tonnes by {steps.unit}", _caption(results, rows, steps)
    return drawn(NAME, TITLE, form, caption, height, marks, results.scenario.synthetic)


def _used(facts: ScheduleFacts) -> list[FacilitySchedule]:
    """Return the facilities with anything to do, the largest first."""
    used = [row for row in facts.facilities if sum(row.planned_t) + sum(row.destroyed_t) > 0 or row.ordered]
    return sorted(used, key=lambda row: (-sum(row.destroyed_t), row.name))


def _facility(row: FacilitySchedule, facts: ScheduleFacts, steps: Steps) -> Strip:
    """Return a facility's row: destroyed as bars, planned as lines, and the wait for it to be ready."""
    done, planned = steps.sums(row.destroyed_t), steps.sums(row.planned_t)
    peak = max(*done, *planned) or 1.0
    told = tuple(
        f"{row.name}, {name}: {figure(a)} t destroyed, {figure(b)} t planned"
        for name, a, b in zip(steps.names, done, planned, strict=True)
    )
    leads = (_lead(row, row.ordered, facts.starts, steps),) if row.ordered else ()
    return Strip(
        label=row.name,
        values=tuple(value / peak for value in done),
        told=told,
        levels=tuple(value / peak for value in planned),
        sum=f"{figure(sum(done))} t, peak {figure(max(done))}",
        leads=leads,
    )


def _lead(row: FacilitySchedule, ordered: dt.date, starts: Sequence[dt.date], steps: Steps) -> Span:
    ready = row.ready or ordered
    said = f"{row.name}: ordered {ordered.year}, ready {ready.year} if nothing is late"
    if steps.unit != "year":
        said = f"{row.name}: ordered {ordered.isoformat()}, ready {ready.isoformat()} if nothing is late"
    return Span(_column(ordered, starts, steps), _column(ready, starts, steps), said)


def _column(date: dt.date, starts: Sequence[dt.date], steps: Steps) -> float:
    """Return where a date is, in columns; within a column it is shown at its beginning."""
    return float(sum(starts[i] <= date for i in steps.firsts) - 1)


def _places(facts: ScheduleFacts, audience: Audience) -> str:
    if audience == "public":
        return "Regions and methods"
    return "Sites" if len(facts.sites) <= MOST_SITES else "Regions"


def _groups(facts: ScheduleFacts, audience: Audience) -> list[tuple[str, Series]]:
    """Return the name and the planned tonnes of each row of places, the earliest work first."""
    if audience == "public":
        rows = [(f"{row.region}: {_short(row.method)}", row.planned_t) for row in facts.groups]
    elif len(facts.sites) <= MOST_SITES:
        rows = [(row.name, row.planned_t) for row in facts.sites]
    else:
        rows = list(_together((row.region, row.planned_t) for row in facts.sites))
    return sorted(rows, key=lambda row: (_centre(row[1]), row[0]))


def _short(method: str) -> str:
    """Return a method's name without what its reference table adds in brackets."""
    return method.partition(" (")[0].replace("_", " ")


def _together(rows: Iterable[tuple[str, Series]]) -> Iterable[tuple[str, Series]]:
    found: dict[str, list[Series]] = {}
    for name, series in rows:
        found.setdefault(name, []).append(series)
    return ((name, tuple(map(sum, zip(*every, strict=True)))) for name, every in found.items())


def _centre(series: Series) -> float:
    """Return the mean period of what is planned."""
    return sum(i * value for i, value in enumerate(series)) / (sum(series) or 1.0)


def _strip(label: str, series: Series, steps: Steps) -> Strip:
    sums = steps.sums(series)
    peak = max(sums) or 1.0
    told = tuple(f"{label}, {name}: {figure(t)} t planned" for name, t in zip(steps.names, sums, strict=True))
    return Strip(
        label=label,
        values=tuple(tonnes / peak for tonnes in sums),
        told=told,
        sum=f"{figure(sum(sums))} t, peak {figure(peak)}",
    )


def _measures(facts: ScheduleFacts, steps: Steps) -> Iterable[Strip]:
    """Return a row for each kind and region of measures, with a diamond for each order."""
    empty = (0.0,) * len(steps.firsts)
    found: dict[str, list[Span]] = {}
    for row in facts.measures:
        label = f"{row.region}: {KINDS.get(row.kind, row.kind)}"
        column = _column(row.ordered, facts.starts, steps)
        found.setdefault(label, []).append(Span(column, column, f"{label}, {steps.names[int(column)]}"))
    for label, spans in found.items():
        yield Strip(label, empty, ("",) * len(empty), sum=f"{len(spans)} ordered", leads=tuple(spans))


def _caption(results: StoredResults, rows: list[FacilitySchedule], steps: Steps) -> str:
    """Return what the figure shows, in a sentence."""
    done = tuple(map(sum, zip(*(steps.sums(row.destroyed_t) for row in rows), strict=True)))
    working = [row for row in rows if sum(row.destroyed_t) > 0]
    busiest = steps.names[done.index(max(done))]
    when = busiest if steps.unit == "year" else f"the {steps.unit} from {busiest}"
    said = (
        f"{sentence(the_plan(results.shown))} destroys {figure(sum(done))} t on average at {len(working)} "
        f"facilit{'y' if len(working) == 1 else 'ies'}, most of it in {when} "
        f"({figure(max(done))} t)"
    )
    waits = [row for row in rows if row.ordered and row.ready]
    if waits:
        said += "; " + "; ".join(
            f"{row.name}, ordered in {row.ordered.year}, can begin in {row.ready.year} at the earliest"
            for row in waits
            if row.ordered and row.ready
        )
    return f"{said}."


def schedule_table(results: StoredResults, audience: Audience) -> Table:
    """Return the planned tonnes of the figure's rows of places by calendar year."""
    facts = results.schedule
    head = "Region and method" if audience == "public" else "Place"
    lead = (Column(head, wide=True),)
    caption = f"Tonnes by calendar year in which {when_planned(results)}, {_places_text(facts, audience)}"
    if facts is None:
        return Table(caption, lead, (), ABSENT_FACTS)
    years = steps_of(facts.starts, "public")
    rows = [((name,), years.sums(series)) for name, series in _groups(facts, audience)]
    return by_year(caption, lead, facts.starts[0].year, rows)


def _places_text(facts: ScheduleFacts | None, audience: Audience) -> str:
    return "by place" if facts is None else f"by {_places(facts, audience).lower()}"
