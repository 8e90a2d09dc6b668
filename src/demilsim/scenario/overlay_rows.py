"""The rows of a table while a layer is put over them, and the rows that it adds, each cell with its place."""

from __future__ import annotations

from collections.abc import Collection
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


class LaidTable:
    """A table while a layer is put over it.

    Rows are found as they were before the layer, so that the order of its values does not matter.
    """

    def __init__(self, table: TextTable) -> None:
        self.given = table
        self.removed: set[int] = set()
        self.new: dict[str, int] = {}
        self._rows = {row.line: row for row in table.rows}
        self._changed = False
        self._next = 1 + max(self._rows, default=table.header_line)
        # A layer may have thousands of paths: each set of columns is looked through once.
        self._found: dict[tuple[str, ...], dict[tuple[str, ...], list[TextRow]]] = {}

    def find(self, path: CellPath) -> list[TextRow]:
        """Return the rows that a path means, as they were."""
        columns = tuple(column for column, _ in path.where)
        if columns not in self._found:
            index: dict[tuple[str, ...], list[TextRow]] = {}
            for row in self.given.rows:
                index.setdefault(tuple(row.cells.get(c, "").strip() for c in columns), []).append(row)
            self._found[columns] = index
        return self._found[columns].get(tuple(value for _, value in path.where), [])

    def set(self, lines: Collection[int], column: str, text: str, place: Place) -> None:
        """Put a text into a column of some rows."""
        self._changed = True
        for line in lines:
            row = self._rows[line]
            cells, moved = row.cells | {column: text}, {**row.moved, column: place}
            self._rows[line] = TextRow(line, cells, moved)

    def remove(self, lines: Collection[int]) -> None:
        """Take rows out."""
        self._changed = True
        self.removed.update(lines)
        for line in lines:
            del self._rows[line]

    def add(self, path: CellPath, place: Place, like: TextRow | None) -> None:
        """Add the row that a path names, as a copy of another or with nothing but its name."""
        self._changed = True
        line = self._next
        self._next += 1
        self.new[path.row] = line
        copied = like and copied_row(self.given, like, path, line, place)
        self._rows[line] = copied or empty_row(path, line, place)

    @property
    def changed(self) -> bool:
        """Whether it was more than looked at."""
        return self._changed

    def result(self) -> TextTable:
        """Return the table with all that was done to it."""
        return replace(self.given, rows=tuple(self._rows.values()))
