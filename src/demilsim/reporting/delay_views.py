"""Where the working days of facilities go, as a table: work done, and each delay with its reason."""

from __future__ import annotations

from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.records import FacilityDays, StoredResults
from demilsim.reporting.wording import fixed, label
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
