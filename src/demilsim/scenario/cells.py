"""A scenario as rows of plain cells, the same for CSV files and for sheets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import Enum

from demilsim.scenario.layout import TableLayout
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Inflow, Override, Record
from demilsim.scenario.settings import Settings

Cell = str | int | float | dt.date | None
"""What a sheet can hold; None is an empty cell."""

_REQUIRED = [name for name, field in Override.model_fields.items() if field.is_required()]
OVERRIDE_COLUMNS = ("value", "source", *(name for name in Override.model_fields if name not in _REQUIRED))
"""What a scenario says of a constant that it overrides."""


def cell_of(value: object) -> Cell:
    """Return a value of a record as one cell: ``yes``, ids with ``;`` between, months as ``4-10``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        if value and all(isinstance(part, int) for part in value):
            return f"{value[0]}-{value[-1]}"
        return "; ".join(map(str, value)) or None
    assert value is None or isinstance(value, str | int | float | dt.date), f"no cell holds {value!r}"
    return None if value == "" else value


def cell_text(cell: Cell) -> str:
    """Return a cell as text from which the loader reads the same value."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).removesuffix(".0")
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def records_of(scenario: Scenario, table: str) -> Sequence[Record]:
    """Return the rows of a table by the name of its file."""
    lots = scenario.lots
    rows: dict[str, Sequence[Record]] = {
        "lots": [lot for lot in lots if not isinstance(lot, Inflow)],
        "inflows": [lot for lot in lots if isinstance(lot, Inflow)],
        "funding": scenario.tranches,
    }
    found: Sequence[Record] = rows[table] if table in rows else getattr(scenario, table)
    return found


def row_of(record: Record, layout: TableLayout) -> list[Cell]:
    """Return the cells of a row; one that holds the default of an optional column is empty."""
    fields = type(record).model_fields
    cells = []
    for column in layout.columns:
        value = getattr(record, column)
        default = column in layout.allowed and value == fields[column].default
        cells.append(None if default else cell_of(value))
    return cells


def used_columns(layout: TableLayout, rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Return the positions of the columns that a table needs, or that any of its rows fills."""
    needed = len(layout.needed)
    return [
        number
        for number in range(len(layout.columns))
        if number < needed or any(row[number] is not None for row in rows)
    ]


def scalars_of(scenario: Scenario) -> dict[str, Cell]:
    """Return the scalars by dotted path; the constants that it overrides are not among them."""
    scalars = {}
    for path in leaf_paths(Settings):
        value: object = scenario.settings
        for name in path.split("."):
            value = getattr(value, name)
        scalars[path] = cell_of(value)
    return scalars


def parameters_of(scenario: Scenario) -> dict[str, list[Cell]]:
    """Return the cells of each constant that the scenario overrides, in the order of `OVERRIDE_COLUMNS`."""
    own = scenario.settings.parameters
    return {key: [cell_of(getattr(one, column)) for column in OVERRIDE_COLUMNS] for key, one in own.items()}
