"""How busy facilities are: days worked of the days on which they could work, by calendar year."""

from __future__ import annotations

from demilsim.reporting.drawing import DrawnFigure, drawn
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_records import FacilitySchedule, ScheduleFacts
from demilsim.reporting.schedule_views import WITHOUT, Steps, scale_of, steps_of
from demilsim.reporting.strips import Block, Strip, draw_strips
from demilsim.reporting.wording import ABSENT, fixed, label, sentence, the_plan

NAME, TITLE = "load", "Load of facilities"
ABSENT_LOAD = f"No load of facilities by year is stored here; {WITHOUT}."
LEAST_DAY = 0.05
"""Working days in a year below which a facility counts as closed: they would be shown as zero."""


def _shares(row: FacilitySchedule, years: Steps) -> list[tuple[float, float]]:
    """Return days worked and days that could be worked in each year."""
    return list(zip(years.sums(row.worked_days), years.sums(row.open_days), strict=True))


def _load(worked: float, could: float) -> str:
    return f"{100 * worked / could:.0f}" if could > LEAST_DAY else ABSENT


def _open(facts: ScheduleFacts | None) -> list[FacilitySchedule]:
    """Return the facilities that could work at all, the busiest first."""
    rows = [row for row in facts.facilities if sum(row.open_days) > LEAST_DAY] if facts else []
    return sorted(rows, key=lambda row: (-sum(row.worked_days) / sum(row.open_days), row.name))


def load_figure(results: StoredResults) -> DrawnFigure | None:
    """Return the load of each facility by year; None where it is not stored."""
    facts, rows = results.schedule, _open(results.schedule)
    if facts is None or not rows:
        return None
    years = steps_of(facts.starts, "public")
    heading = "Days worked, % of the days on which a facility could work; full height is 100%"
    marks, height = draw_strips(
        [Block(heading, tuple(_strip(row, years) for row in rows))],
        scale_of(facts.starts, years),
        [("work", "days worked")],
    )
    form = "Rows of bars by calendar year, days worked in % of days that could be worked"
    return drawn(NAME, TITLE, form, _caption(results, facts, rows), height, marks, results.scenario.synthetic)


def _strip(row: FacilitySchedule, years: Steps) -> Strip:
    pairs = _shares(row, years)
    told = tuple(
        f"{row.name}, {year}: {fixed(worked, 0)} of {fixed(could, 0)} days"
        for year, (worked, could) in zip(years.names, pairs, strict=True)
    )
    return Strip(
        label=row.name,
        values=tuple(worked / could if could > LEAST_DAY else 0.0 for worked, could in pairs),
        told=told,
        numbers=tuple(_load(*pair) for pair in pairs),
        sum=f"{_load(sum(row.worked_days), sum(row.open_days))}% of {fixed(sum(row.open_days), 0)} d",
    )


def _caption(results: StoredResults, facts: ScheduleFacts, rows: list[FacilitySchedule]) -> str:
    most, least = rows[0], rows[-1]
    said = (
        f"Under {the_plan(results.shown)} {most.name} works "
        f"{_load(sum(most.worked_days), sum(most.open_days))}% of the days on which it could"
    )
    if least is not most:
        said += f", {least.name} {_load(sum(least.worked_days), sum(least.open_days))}%"
    return (
        f"{said}. Days that calendar, breakdowns, weather, accidents and closures leave, after opening; mean "
        f"of {facts.load_replications} replications."
    )


def load_table(results: StoredResults) -> Table:
    """Return days worked and the load of each facility by calendar year."""
    facts, rows = results.schedule, _open(results.schedule)
    caption = (
        f"Load of each facility by calendar year, {label(results.shown.name)}: days worked, % of the days on "
        "which it could work"
    )
    lead = (Column("Facility", wide=True),)
    if facts is None:
        return Table(caption, lead, (), ABSENT_LOAD)
    years = steps_of(facts.starts, "public")
    columns = (
        *lead, *(Column(year, "%") for year in years.names), Column("Could work", "d"), Column("Worked", "d"),
        Column("Load", "%"),
    )  # fmt: skip
    body = tuple(
        Row(
            (
                sentence(row.name),
                *(_load(*pair) for pair in _shares(row, years)),
                fixed(sum(row.open_days), 0),
                fixed(sum(row.worked_days), 0),
                _load(sum(row.worked_days), sum(row.open_days)),
            )
        )
        for row in rows
    )
    return Table(caption, columns, body, "No facility could work.")
