"""How a single value of a scenario is named: ``horizon_years``, ``funding[tranche=T3].amount_usd``.

A key of ``scenario.yaml`` is named by its dotted path, with or without ``settings.`` in front. A cell is
named by its table, the rows that are meant and its column. Rows are named by id, ``lots[L01]``, by the
values of the columns that name them in order, ``facility_rates[KILN,mortar]``, or by any columns,
``lots[status=reserve]``; ``_id`` may be left out of a column's name there. Without a column, whole rows are
named; with ``+`` before its name, ``lots[+L99]``, a row that is new.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.phrases import did_you_mean, got, plain, shown
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.register import shipped_register
from demilsim.scenario.settings import Settings
from demilsim.scenario.source import SETTINGS
from demilsim.scenario.tables import TextRow

PARAMETERS = "parameters."
_CELL = re.compile(r"\s*(\w+)\s*\[([^\]]*)\]\s*(?:\.\s*(\w+)\s*)?", re.ASCII)
NEW = "+"
"""Stands before the name of a row that is not there yet."""
_ALIASES = {"tranches": "funding"}


class UnknownPathError(Exception):
    """A path that names nothing, with a sentence that says why."""


@dataclass(frozen=True, slots=True)
class ScalarPath:
    """A key of the settings.

    `key` is empty for a plain scalar, else the constant's key of the register, and `path` its `value` or
    `source` below it.
    """

    path: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class CellPath:
    """A column of those rows of a table that have the values of `where`, or of a new row that gets them.

    `column` is empty where the rows themselves are meant.
    """

    table: TableLayout
    where: tuple[tuple[str, str], ...]
    column: str
    new: bool = False

    @property
    def row(self) -> str:
        """The row, or what is said of the rows, as a path has it between its brackets."""
        keys = tuple(column for column, _ in self.where) == self.table.keys
        return ",".join(value if keys else f"{column}={value}" for column, value in self.where)

    def matches(self, row: TextRow) -> bool:
        """Return whether a row is meant."""
        return all(row.cells.get(column, "").strip() == value for column, value in self.where)

    def nothing_found(self, rows: Collection[TextRow]) -> str:
        """Return the sentence for a table in which no row is meant."""
        wanted = " and ".join(f"{column} {shown(value)}" for column, value in self.where)
        hint = ""
        for column, value in self.where:
            known = {row.cells.get(column, "").strip() for row in rows}
            if value not in known and not hint:
                hint = did_you_mean(value, known)
        return f"expected a row of {self.table.name} with {wanted} (got none{hint})"


@cache
def scalar_paths() -> tuple[str, ...]:
    """Return every path of the settings that can be set."""
    return (*leaf_paths(Settings), *(f"{PARAMETERS}{key}" for key in shipped_register().entries))


def split_assignment(text: str) -> tuple[str, str] | None:
    """Return path and value of ``path=value``, in which a path may have ``=`` between brackets; or None."""
    bracket, equals = text.find("["), text.find("=")
    if 0 <= bracket < equals:
        equals = text.find("=", max(text.find("]", bracket), 0))
    if equals < 0 or not text[:equals].strip():
        return None
    return text[:equals].strip(), text[equals + 1 :].strip()


def parse_path(text: str) -> ScalarPath | CellPath:
    """Return what a path names.

    Raises
    ------
    UnknownPathError
        If it names nothing, with what it could have meant.
    """
    cell = _CELL.fullmatch(text)
    table = re.split(r"[\[.]", text.strip(), maxsplit=1)[0].strip()
    if cell:
        return _cell(_layout(cell[1]), cell[2], cell[3] or "")
    if table in LAYOUT or table in _ALIASES:
        raise UnknownPathError(_as_cell(_ALIASES.get(table, table), text))
    if "[" in text and table != SETTINGS:
        raise UnknownPathError(f"expected TABLE[ROW].COLUMN {got(text)}")
    path = text.strip().removeprefix(f"{SETTINGS}.")
    constant = _constant(path)
    if constant:
        return constant
    if path not in scalar_paths():
        raise UnknownPathError(f"unknown path{did_you_mean(path, (*scalar_paths(), *LAYOUT))}")
    return ScalarPath(path)


def _constant(path: str) -> ScalarPath | None:
    """Return the path of a constant's value or source, if it is one."""
    key = path.removeprefix(PARAMETERS)
    above, _, member = key.rpartition(".")
    entries = shipped_register().entries
    if not path.startswith(PARAMETERS):
        return None
    if key in entries:
        return ScalarPath(f"{path}.value", key)
    return ScalarPath(path, above) if above in entries and member in ("value", "source") else None


def _layout(name: str) -> TableLayout:
    if name in LAYOUT:
        return LAYOUT[name]
    alias = _ALIASES.get(name)
    hint = f"; did you mean {alias}?" if alias else did_you_mean(name, LAYOUT)
    raise UnknownPathError(f"unknown table {plain(name)}{hint or '; the tables are ' + ', '.join(LAYOUT)}")


def _cell(layout: TableLayout, rows: str, column: str) -> CellPath:
    new = rows.strip().startswith(NEW)
    parts = [part.strip() for part in rows.strip().removeprefix(NEW).split(",")]
    where: list[tuple[str, str]] = []
    if new and (len(parts) != len(layout.keys) or not all(parts) or "=" in rows):
        raise UnknownPathError(f"expected {layout.name}[{NEW}{_key_names(layout)}] for a new row {got(rows)}")
    if any("=" in part for part in parts):
        for part in parts:
            name, separator, value = part.partition("=")
            if not separator:
                raise UnknownPathError(f"expected COLUMN=VALUE between the brackets {got(part)}")
            where.append((_column(layout, name.strip(), short=True), value.strip()))
    elif len(parts) == len(layout.keys) and all(parts):
        where += zip(layout.keys, parts, strict=True)
    else:
        wanted = _key_names(layout)
        raise UnknownPathError(f"expected {layout.name}[{wanted}] or COLUMN=VALUE there {got(rows)}")
    return CellPath(layout, tuple(where), column and _column(layout, column, short=False), new)


def _key_names(layout: TableLayout) -> str:
    return ",".join(name.upper() for name in layout.keys)


def _column(layout: TableLayout, name: str, *, short: bool) -> str:
    if name in layout.columns:
        return name
    if short and f"{name}_id" in layout.columns:
        return f"{name}_id"
    hint = did_you_mean(name, layout.columns) or f"; the columns are {', '.join(layout.columns)}"
    raise UnknownPathError(f"unknown column {plain(name)} of {layout.name}{hint}")


def _as_cell(table: str, text: str) -> str:
    """Return a sentence for a path that names a table but not in the form of a cell."""
    keys = _key_names(LAYOUT[table])
    parts = text.strip().split(".")
    if len(parts) == 3 and "[" not in text:
        return f"expected TABLE[ROW].COLUMN {got(text)}; write {table}[{parts[1]}].{parts[2]}"
    return f"expected TABLE[ROW].COLUMN, as {table}[{keys}].{LAYOUT[table].columns[-1]} {got(text)}"
