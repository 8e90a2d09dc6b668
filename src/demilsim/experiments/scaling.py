"""What a scenario says at a path, as numbers that a factor may scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import reduce
from typing import Any

from demilsim.scenario.draft import Rows
from demilsim.scenario.layout import TableLayout
from demilsim.scenario.paths import CellPath, UnknownPathError, parse_path
from demilsim.scenario.phrases import shown
from demilsim.scenario.resolve import Resolved

NumberAt = tuple[str, float]
"""A path that names one value, and the number there."""


def numbers_at(base: Resolved, path: str) -> list[NumberAt]:
    """Return the numbers that a path names, each with a path of its own.

    Raises
    ------
    ValueError
        If the path names nothing, or something that is not a number.
    """
    try:
        named = parse_path(path)
    except UnknownPathError as unknown:
        raise ValueError(str(unknown)) from None
    if isinstance(named, CellPath):
        found = list(_cells(base, named))
        if not found:
            raise ValueError(named.nothing_found(base.text.tables[named.table.name].rows))
        return found
    if named.key:
        return [(path, base.scenario.register.entries[named.key].value)]
    settings = base.scenario.settings
    return [(path, _number(path, reduce(getattr, named.path.split("."), settings)))]


def _cells(base: Resolved, path: CellPath) -> Iterator[NumberAt]:
    """Yield the cells of a path."""
    layout = path.table
    records = dict(_rows(base, layout))
    table = base.text.tables.get(layout.name)
    for row in table.rows if table else ():
        if path.matches(row):
            keys = ",".join(row.cells[key].strip() for key in layout.keys)
            name = f"{layout.name}[{keys}].{path.column}"
            yield name, _number(name, getattr(records[row.line], path.column))


def _rows(base: Resolved, layout: TableLayout) -> Iterator[tuple[int, Any]]:
    """Yield line and record of each row of a table."""
    for field in fields(base.draft):
        rows = getattr(base.draft, field.name)
        if isinstance(rows, Rows) and rows.records and type(rows.records[0]) is layout.record:
            yield from rows


def _number(path: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"scale: {path}: expected a number in the scenario (got {shown(str(value or ''))})")
    return float(value)
