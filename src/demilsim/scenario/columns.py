"""What each column of a table means and in which unit, for workbooks, editors and people."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files

from demilsim.scenario.phrases import got
from demilsim.scenario.schema import Record


class ColumnMeaning(Record):
    """One row of ``reference/columns.csv``.

    `unit` is a unit, or what stands in its place: ``id``, ``ids``, ``text``, ``date``, ``yes/no``,
    ``months``, the code list, or ``-``. `inert` is why a change of it alone changes no output; empty for
    almost all, which do.
    """

    table: str
    column: str
    unit: str
    meaning: str
    inert: str = ""

    @property
    def bracketed(self) -> str:
        """The unit as it stands below the head of a column, as ``[kg]``."""
        return f"[{self.unit}]"


ANY_TABLE = "*"
"""Stands for the table of a column that means the same in every table."""


def meaning_of(table: str, column: str) -> ColumnMeaning:
    """Return what a column of a table means; scalars are columns of ``settings``, by dotted path."""
    known = column_meanings()
    return known.get((table, column)) or known[ANY_TABLE, column]


@cache
def lists_of(table: str) -> frozenset[str]:
    """Return the columns of a table that may hold several ids, with ``;`` between."""
    known = column_meanings().values()
    return frozenset(one.column for one in known if one.unit == "ids" and one.table in (table, ANY_TABLE))


@cache
def column_meanings() -> dict[tuple[str, str], ColumnMeaning]:
    """Return the meanings as they stand in the file, by table and column."""
    text = files("demilsim.scenario").joinpath("reference", "columns.csv").read_text(encoding="utf-8")
    rows = [ColumnMeaning.model_validate(row) for row in csv.DictReader(text.splitlines(), restval="")]
    return {(row.table, row.column): row for row in rows}


def is_units_row(table: str, header: Sequence[str], cells: Sequence[str]) -> bool:
    """Return whether a row holds units, as the second row of our workbooks.

    It does if most of its cells are in brackets, or are the unit of their column without them.
    """
    given = [(head, cell.strip()) for head, cell in zip(header, cells, strict=False) if cell.strip()]
    return sum(_is_unit(table, head, cell) for head, cell in given) > len(given) / 2


def _is_unit(table: str, head: str, cell: str) -> bool:
    """Return whether a cell is in brackets or the unit of its column; 1 and - stand among data too."""
    known = _known(table, head)
    return _bracketed(cell) or bool(known and cell == known.unit and cell not in ("1", "-"))


def _bracketed(cell: str) -> bool:
    return cell.startswith("[") and cell.endswith("]")


def _known(table: str, head: str) -> ColumnMeaning | None:
    return column_meanings().get((table, head)) or column_meanings().get((ANY_TABLE, head))


def wrong_units(table: str, header: Sequence[str], cells: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield number, name and what is wrong of each column whose unit is not ours: nothing is converted by it.

    Columns that are not known are left to others.
    """
    for number, (head, cell) in enumerate(zip(header, cells, strict=False), start=1):
        known, given = _known(table, head), cell.strip()
        if known and given not in ("", known.bracketed):
            todo = "write it in brackets" if given == known.unit else "convert the numbers"
            todo += "" if given == known.unit or _bracketed(given) else ", and write units in brackets"
            yield number, head, f"expected the unit {known.bracketed} {got(cell)}; {todo}"
