"""Where each value of a resolved scenario came from: file, variant, command line, default or register."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from demilsim.scenario.cells import cell_of, cell_text, scalars_of
from demilsim.scenario.draft import Rows
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.place import COMMAND_LINE, Place
from demilsim.scenario.readings import column_unit, setting_unit
from demilsim.scenario.resolve import Resolved
from demilsim.scenario.schema import Record
from demilsim.scenario.source import SETTINGS

REMOVED = "(removed)"
"""Value of a row that a variant or the command line took out."""


class Given(StrEnum):
    """Who says so."""

    SCENARIO = "scenario"
    VARIANT = "variant"
    COMMAND_LINE = "command line"
    DEFAULT = "default"
    REGISTER = "register"


@dataclass(frozen=True)
class Origin:
    """A value with where it came from.

    Parameters
    ----------
    path
        As `--set` takes it.
    value
        As resolved, as text; empty where there is none.
    unit
        Its unit; empty for what has none.
    given
        Who says so.
    place
        Where it is written; None for what is not.
    written
        As written, if that reads otherwise than `value`.
    """

    path: str
    value: str
    unit: str
    given: Given
    place: Place | None
    written: str = ""


def origins(resolved: Resolved) -> Iterator[Origin]:
    """Yield every value of a scenario, settings first, constants of the model last."""
    understood = {(place, one.path): one.text for place, one in resolved.understood}
    yield from _scalars(resolved, understood)
    for layout in LAYOUT.values():
        yield from _cells(resolved, layout, understood)
        for row in resolved.text.gone:
            if row.table == layout.name:
                yield Origin(f"{row.table}[{row.row}]", REMOVED, "", _given(row.place), row.place)
    yield from _constants(resolved, understood)


def _scalars(resolved: Resolved, understood: dict[tuple[Place, str], str]) -> Iterator[Origin]:
    places = resolved.draft.settings.places
    for path, cell in scalars_of(resolved.scenario).items():
        place = places.get(path)
        written = understood.get((place, path), "") if place else ""
        yield Origin(f"{SETTINGS}.{path}", cell_text(cell), setting_unit(path), _given(place), place, written)


def _cells(
    resolved: Resolved, layout: TableLayout, understood: dict[tuple[Place, str], str]
) -> Iterator[Origin]:
    rows: Rows[Record] = resolved.draft.rows_of(layout.name)
    for line, record in rows:
        name = ",".join(cell_text(cell_of(getattr(record, key))) for key in layout.keys)
        for column in layout.columns:
            value = cell_text(cell_of(getattr(record, column)))
            # A row that was read from text knows which of its values were given.
            place = rows.place(line, column) if column in record.model_fields_set else None
            written = understood.get((place, column), "") if place else ""
            path, unit = f"{layout.name}[{name}].{column}", column_unit(layout.name, column)
            yield Origin(path, value, unit, _given(place), place, written)


def _constants(resolved: Resolved, understood: dict[tuple[Place, str], str]) -> Iterator[Origin]:
    own = resolved.scenario.settings.parameters
    for key, entry in resolved.scenario.register.entries.items():
        path = f"{PARAMETERS}{key}"
        place = resolved.draft.settings.place(f"{path}.value") if key in own else None
        given = _given(place) if place else Given.REGISTER
        written = understood.get((place, f"{path}.value"), "") if place else ""
        yield Origin(path, cell_text(cell_of(entry.value)), entry.unit, given, place, written)


def _given(place: Place | None) -> Given:
    if place is None:
        return Given.DEFAULT
    if place.variant:
        return Given.VARIANT
    return Given.COMMAND_LINE if place.file == COMMAND_LINE else Given.SCENARIO
