"""How the numbers of tables and settings are written: in which units, with which decimal sign."""

from __future__ import annotations

import re
from functools import cache

from demilsim.scenario.columns import column_meanings, meaning_of
from demilsim.scenario.layout import TableLayout
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.quantities import Reading
from demilsim.scenario.register import shipped_register
from demilsim.scenario.source import SETTINGS
from demilsim.scenario.tables import TextRow, TextTable
from demilsim.units import conversion_factor

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*", re.ASCII)
_CALENDAR_YEAR = "year"
"""Unit of a date, not of a length of time: 1980 years would be no answer to when a lot was made."""

_AS_CURRENCY = "as currency"


def settings_reading() -> Reading:
    """Return how the scalars are written: they are no spreadsheet's, so that a decimal comma is none."""
    return Reading(unit_of=setting_unit)


@cache
def setting_unit(path: str) -> str:
    """Return the unit of a scalar or constant; empty if none can be written."""
    key = path.removeprefix(PARAMETERS).removesuffix(".value")
    if path.startswith(PARAMETERS) and key in shipped_register().entries:
        return shipped_register().entries[key].unit
    return column_unit(SETTINGS, path) if (SETTINGS, path) in column_meanings() else ""


@cache
def column_unit(table: str, column: str) -> str:
    """Return the unit that a number of a column may be followed by; empty if none."""
    unit = meaning_of(table, column).unit
    return unit if unit == _AS_CURRENCY or (unit != _CALENDAR_YEAR and conversion_factor(unit, unit)) else ""


class TableReading:
    """How the rows of one table are written."""

    def __init__(self, table: TextTable, layout: TableLayout) -> None:
        self._table, self._layout = table, layout
        self._doubtful = table.decimal_comma and any(
            _DECIMAL_COMMA.fullmatch(cell)
            for row in table.rows
            for column, cell in row.cells.items()
            if column not in row.moved
        )

    def of(self, row: TextRow) -> Reading:
        """Return how one row is written: what is laid over it is no part of its file."""

        def unit_of(column: str) -> str:
            unit = column_unit(self._layout.name, column)
            return row.cells.get("currency", "").strip() if unit == _AS_CURRENCY else unit

        def comma_in(column: str) -> bool:
            return self._table.decimal_comma and column not in row.moved

        return Reading(unit_of, comma_in, self._doubtful)
