"""Where the working days of facilities go, as a table and a figure: work, and each delay with its reason."""

from __future__ import annotations

from demilsim.reporting.drawing import WIDTH, DrawnFigure, box, drawn, words
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_records import FacilityDays
from demilsim.reporting.records import StoredResults
from demilsim.reporting.strips import LEFT, LONGEST_LABEL, ROW
from demilsim.reporting.wording import fixed, label, shortened, the_plan
from demilsim.simulation.use import Use

GROUPS: tuple[tuple[str, tuple[Use, ...]], ...] = (
    ("Worked", (Use.WORKED,)),
    ("Not open", (Use.NOT_OPEN,)),
    ("Break\u00addowns", (Use.BREAKDOWN,)),
    ("Weather", (Use.WEATHER,)),
    ("Accidents, explosions", (Use.ACCIDENT, Use.EXPLOSION, Use.SITE_CLOSED)),
    ("Learning, objections", (Use.PACE,)),
    ("Roads, moves", (Use.ON_THE_ROAD, Use.ROAD_CLOSED, Use.MOVING)),
    ("Money", (Use.MONEY, Use.UNPAID)),
    ("Permit", (Use.PERMIT,)),
    ("Lot not there", (Use.LOT_MISSING,)),
    ("Ahead of plan", (Use.AHEAD,)),
    ("Nothing planned", (Use.NOTHING_DUE, Use.DONE)),
)
"""Columns, and the uses that each adds up."""

NAME, TITLE = "delays", "Where working days go"
DRAWN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("part0", "worked", ("Worked",)),
    ("part1", "nothing to do", ("Ahead of plan", "Nothing planned")),
    ("frame", "not open", ("Not open",)),
    ("part2", "breakdowns", ("Break\u00addowns",)),
    ("part6", "weather", ("Weather",)),
    ("part3", "money", ("Money",)),
    ("part4", "permit", ("Permit",)),
    ("part5", "roads, lots, learning", ("Learning, objections", "Roads, moves", "Lot not there")),
    ("part7", "accidents", ("Accidents, explosions",)),
)
"""Look, name and columns of each part of a bar, from left to right."""

NO_DELAY = ("worked", "nothing to do", "not open")
TOP = 44.0
LEAST_NUMBER = 0.06
"""Share of a bar in which its percentage has room."""

KEY_ROW = 4


def time_use(results: StoredResults) -> Table:
    """Return the share of each facility's working days that is worked, and what takes the rest."""
    rows = [row for row in results.shown.time_use if sum(row.days.values()) > 0.0]
    shown = [(head, uses) for head, uses in GROUPS if any(_share(row, uses) > 0.0 for row in rows)]
    columns = (
        Column("Facility", wide=True),
        Column("Calendar", "d"),
        *(Column(head, "%") for head, _ in shown),
    )
    caption = (
        f"Working days of each facility's calendar over the horizon and what became of them, mean, "
        f"{label(results.shown.name)}; shares sum to 100% up to rounding"
    )
    cells = tuple(
        Row(
            (
                row.name,
                fixed(sum(row.days.values()), 0),
                *(fixed(100.0 * _share(row, uses), 1) for _, uses in shown),
            ),
            False,
        )
        for row in rows
    )
    return Table(caption, columns, cells, "Where working days go is not stored.")


def _share(row: FacilityDays, uses: tuple[Use, ...]) -> float:
    return sum(row.days.get(use.value, 0.0) for use in uses) / sum(row.days.values())


def delay_figure(results: StoredResults) -> DrawnFigure | None:
    """Return a bar of working days by what became of them for each facility; None if that is not stored."""
    rows = [row for row in results.shown.time_use if sum(row.days.values()) > 0.0]
    if not rows:
        return None
    marks = [words(0, 14, "% of the working days of a facility's calendar over the horizon", "quiet")]
    for i, row in enumerate(rows):
        marks += _bar(row, TOP - 16 + i * ROW)
    y = TOP + 8 + ROW * len(rows)
    there = {name for row in rows for _, name, share in _parts(row) if share > 0.0}
    key = [(look, name) for look, name, _ in DRAWN if name in there]
    for i, (look, name) in enumerate(key):
        x, down = WIDTH / KEY_ROW * (i % KEY_ROW), y + 18 * (i // KEY_ROW)
        marks += [box(x, down - 10, 12, 10, look), words(x + 18, down, name, "quiet")]
    form = "Stacked bar for each facility, shares of its working days in %"
    height = y + 18 * ((len(key) - 1) // KEY_ROW) + 8
    return drawn(NAME, TITLE, form, _caption(results, rows), height, marks, results.scenario.synthetic)


def _parts(row: FacilityDays) -> list[tuple[str, str, float]]:
    """Return look, name and share of each part of a facility's bar."""
    uses = dict(GROUPS)
    return [(look, name, sum(_share(row, uses[head]) for head in heads)) for look, name, heads in DRAWN]


def _bar(row: FacilityDays, y: float) -> list[str]:
    marks, x, wide = [words(0, y + 17, shortened(row.name, LONGEST_LABEL))], LEFT, WIDTH - LEFT
    for look, name, share in _parts(row):
        if share <= 0.0:
            continue
        told = f"{row.name}: {100 * share:.1f}% {name}"
        marks.append(box(x, y + 3, share * wide, ROW - 6, look, told))
        if share >= LEAST_NUMBER:
            marks.append(words(x + share * wide / 2, y + 17, f"{100 * share:.0f}", "over", "middle"))
        x += share * wide
    return marks


def _days(rows: list[FacilityDays]) -> dict[str, float]:
    """Return the days of all facilities by part [d]."""
    days = dict.fromkeys((name for _, name, _ in DRAWN), 0.0)
    for row in rows:
        for _, name, share in _parts(row):
            days[name] += share * sum(row.days.values())
    return days


def largest_delay(results: StoredResults) -> tuple[str, float] | None:
    """Return the delay that takes most working days and its share of all of them; None if not stored."""
    days = _days([row for row in results.shown.time_use if sum(row.days.values()) > 0.0])
    everything = sum(days.values())
    if not everything:
        return None
    worst = max((name for name in days if name not in NO_DELAY), key=lambda name: days[name])
    return worst, days[worst] / everything


def _caption(results: StoredResults, rows: list[FacilityDays]) -> str:
    days, delay = _days(rows), largest_delay(results)
    everything = sum(days.values())
    assert delay, "drawn only where days are stored"
    return (
        f"Under {the_plan(results.shown)} {100 * days['worked'] / everything:.0f}% of all working days are "
        f"worked and {100 * days['nothing to do'] / everything:.0f}% have nothing to do; the delay that "
        f"takes most is {delay[0]}, {100 * delay[1]:.1f}%."
    )
