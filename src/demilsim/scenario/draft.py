"""A scenario between text and `Scenario`: typed rows that still know their line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from demilsim.errors import Problem
from demilsim.scenario.place import Place
from demilsim.scenario.register import Register
from demilsim.scenario.schema import (
    ExchangeRate,
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Inflow,
    Lot,
    Measure,
    Override,
    PlannedWork,
    Record,
    Route,
    Site,
    Source,
    Sourced,
    Storehouse,
    Tranche,
)
from demilsim.scenario.settings import Settings

R = TypeVar("R", bound=Record, covariant=True)

DRAFT_NAMES = {"funding": "tranches"}
"""Tables that a draft names otherwise than their file."""


@dataclass(frozen=True)
class Rows(Generic[R]):
    """The rows of one table that could be typed, with their lines.

    Parameters
    ----------
    file
        The file as messages name it.
    lines, records
        Line and record of each typed row.
    id_column
        Column that names a row; empty if none does.
    ids
        Line and id of every row, also of those that could not be typed.
    complete
        Whether every row could be typed.
    moved
        Place of each cell, by line and column, that is set elsewhere.
    letters
        Letter of each column in a sheet.
    header_line
        Line of the column names; 0 if there is no such table.
    named
        Line of every row with its values of the columns that name it, where several do and it has them.
    half_read
        Ids of rows that have not as many cells as the header: others may name them.
    all_ids
        Whether every row's id is among `ids` and `half_read`, so that a name that is not is unknown.
    """

    file: str
    lines: tuple[int, ...]
    records: tuple[R, ...]
    id_column: str
    ids: tuple[tuple[int, str], ...]
    complete: bool
    moved: Mapping[tuple[int, str], Place] = field(default_factory=dict)
    letters: Mapping[str, str] = field(default_factory=dict)
    header_line: int = 0
    named: tuple[tuple[int, tuple[str, ...]], ...] = ()
    half_read: frozenset[str] = frozenset()
    all_ids: bool = True

    def __iter__(self) -> Iterator[tuple[int, R]]:
        return zip(self.lines, self.records, strict=True)

    @property
    def known(self) -> frozenset[str]:
        """All ids."""
        return frozenset(name for _, name in self.ids) | self.half_read

    @property
    def knows(self) -> bool:
        """Whether it can be told which names are unknown; one without rows is a problem of its own."""
        return self.all_ids and bool(self.ids or self.half_read)

    @property
    def empty(self) -> bool:
        """Whether it is there, could be read, and has no rows."""
        return self.complete and self.header_line > 0 and not self.records

    def there(self, line: int) -> str:
        """Return a row in words, for messages about another one."""
        return f"in row {line}" if self.letters else f"on line {line}"

    def at(self, line: int, column: str, message: str) -> Problem:
        """Return a problem in one of the rows."""
        return self.place(line, column).problem(column, message)

    def place(self, line: int, column: str) -> Place:
        """Return where a cell is written."""
        # What is said of a header is at its first cell.
        letter = self.letters.get(column) if column else next(iter(self.letters.values()), None)
        here = Place(self.file, line, f"{letter}{line}" if letter else "")
        return self.moved.get((line, column), here)


@dataclass(frozen=True)
class Essentials:
    """The settings that cross-checks lean on; None where they could not be typed."""

    start: dt.date | None = None
    horizon_years: int | None = None
    parameters: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True)
class SettingsDraft:
    """The scalars with the place of each.

    Parameters
    ----------
    file
        The file as messages name it.
    record
        The settings, None if they could not be typed.
    places
        Place of each dotted path that is given.
    essentials
        What other checks need, as far as it could be typed even if the whole could not.
    cited
        Source ids that the file names, whether or not something else is laid over them.
    """

    file: str
    record: Settings | None
    places: Mapping[str, Place]
    essentials: Essentials
    cited: frozenset[str]

    def at(self, path: str, message: str) -> Problem:
        """Return a problem with one of the scalars, at its place or that of the key above it."""
        return self.place(path).problem(path, message)

    def place(self, path: str) -> Place:
        """Return where a scalar is written, or the nearest key above it."""
        above = path
        while above and above not in self.places:
            above = above.rpartition(".")[0]
        in_sheet = any(place.cell for place in self.places.values())
        return self.places.get(above, Place(self.file, 0 if in_sheet else 1))


@dataclass(frozen=True)
class Draft:
    """Everything that was read, before the cross-checks."""

    settings: SettingsDraft
    sites: Rows[Site]
    storehouses: Rows[Storehouse]
    exposed_sites: Rows[ExposedSite]
    lots: Rows[Lot]
    facilities: Rows[Facility]
    facility_rates: Rows[FacilityRate]
    routes: Rows[Route]
    funds: Rows[Fund]
    tranches: Rows[Tranche]
    inflows: Rows[Inflow]
    measures: Rows[Measure]
    exchange_rates: Rows[ExchangeRate]
    programme: Rows[PlannedWork]
    sources: Rows[Source]
    register: Register

    @property
    def sourced(self) -> tuple[Rows[Sourced], ...]:
        """The tables whose rows name sources."""
        tables = (
            self.sites, self.storehouses, self.exposed_sites, self.lots, self.facilities,
            self.facility_rates, self.routes, self.funds, self.tranches, self.inflows, self.measures,
            self.exchange_rates, self.programme,
        )  # fmt: skip
        return tables

    def rows_of(self, table: str) -> Rows[Record]:
        """Return the rows of a table by the name of its file."""
        rows: Rows[Record] = getattr(self, DRAFT_NAMES.get(table, table))
        return rows
