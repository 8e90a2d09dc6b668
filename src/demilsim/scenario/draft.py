"""A scenario between text and `Scenario`: typed rows that still know their line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from demilsim.errors import Problem
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
    Record,
    Route,
    Settings,
    Site,
    Source,
    Sourced,
    Storehouse,
    Tranche,
)

COMMAND_LINE = "--set"
"""Named as the file of problems in values from the command line."""

R = TypeVar("R", bound=Record, covariant=True)


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
    """

    file: str
    lines: tuple[int, ...]
    records: tuple[R, ...]
    id_column: str
    ids: tuple[tuple[int, str], ...]
    complete: bool

    def __iter__(self) -> Iterator[tuple[int, R]]:
        return zip(self.lines, self.records, strict=True)

    @property
    def known(self) -> frozenset[str]:
        """All ids."""
        return frozenset(name for _, name in self.ids)

    def at(self, line: int, column: str, message: str) -> Problem:
        """Return a problem in one of the rows."""
        return Problem(self.file, line, column, message)


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
    lines
        Line of each dotted path of the file.
    essentials
        What other checks need, as far as it could be typed even if the whole could not.
    overridden
        Dotted paths that were given on the command line instead.
    cited
        Source ids that the file names, overridden or not.
    """

    file: str
    record: Settings | None
    lines: Mapping[str, int]
    essentials: Essentials
    overridden: frozenset[str]
    cited: frozenset[str]

    def at(self, path: str, message: str) -> Problem:
        """Return a problem with one of the scalars, at its line or that of the key above it."""
        if path in self.overridden or path.rpartition(".")[0] in self.overridden:
            return Problem(COMMAND_LINE, 0, path, message)
        above = path
        while above and above not in self.lines:
            above = above.rpartition(".")[0]
        return Problem(self.file, self.lines.get(above, 1), path, message)


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
    sources: Rows[Source]
    register: Register

    @property
    def sourced(self) -> tuple[Rows[Sourced], ...]:
        """The tables whose rows name sources."""
        tables = (
            self.sites, self.storehouses, self.exposed_sites, self.lots, self.facilities,
            self.facility_rates, self.routes, self.funds, self.tranches, self.inflows, self.measures,
            self.exchange_rates,
        )  # fmt: skip
        return tables
