"""Rows that a layer adds: empty ones, and copies of others; each cell with the place that says so."""

from __future__ import annotations

from dataclasses import replace

from demilsim.scenario.layout import TableLayout
from demilsim.scenario.paths import NEW, CellPath
from demilsim.scenario.place import Place
from demilsim.scenario.source import SET_SOURCE
from demilsim.scenario.tables import TextRow, TextTable

REMOVE = "remove"
"""What is said of rows that go: ``lots[L07]: remove``."""

LIKE = "like"
"""What is said of a row that begins as a copy: ``lots[+L99]: like L07``."""


def row_name(layout: TableLayout, row: TextRow) -> str:
    """Return a row as a path names it."""
    return ",".join(row.cells.get(key, "").strip() for key in layout.keys)


def empty_row(path: CellPath, line: int, place: Place) -> TextRow:
    """Return a new row with its name and, until another is set, the source of what is laid over.

    Parameters
    ----------
    path
        Names it.
    line
        A number that no other row of its table has.
    place
        Where it is named first.
    """
    cells = dict.fromkeys(path.table.needed, "") | dict(path.where)
    if "source" in cells:
        cells["source"] = SET_SOURCE.source_id
    return TextRow(line, cells, {column: _named(path, column, place) for column in path.table.columns})


def copied_row(table: TextTable, row: TextRow, path: CellPath, line: int, place: Place) -> TextRow:
    """Return a new row with its own name and the cells of another, which keep their places.

    Parameters
    ----------
    table, row
        The other row, and its table as it was read.
    path, line, place
        As for `empty_row`.
    """
    moved = {column: row.moved.get(column) or _place(table, row.line, column) for column in row.cells}
    names = dict(path.where)
    moved |= {column: _named(path, column, place) for column in path.table.columns if column not in moved}
    moved |= {column: _named(path, column, place) for column in names}
    return TextRow(line, row.cells | names, moved)


def _named(path: CellPath, column: str, place: Place) -> Place:
    return replace(place, path=f"{path.table.name}[{NEW}{path.row}].{column}")


def _place(table: TextTable, line: int, column: str) -> Place:
    letter = table.letters.get(column)
    return Place(table.name, line, f"{letter}{line}" if letter else "")
