"""A scenario of text becomes a checked `Scenario`, or a list of everything wrong with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.capped import MOST_FAULTY, capped
from demilsim.scenario.checks import problems_of
from demilsim.scenario.draft import DRAFT_NAMES, Draft, Essentials, Rows, SettingsDraft
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.place import Place
from demilsim.scenario.quantities import Reading, Understood
from demilsim.scenario.readings import TableReading, setting_unit, settings_reading
from demilsim.scenario.records import to_record
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Override, Record
from demilsim.scenario.settings import Settings
from demilsim.scenario.source import SET_SOURCE, SETTINGS, ScenarioText
from demilsim.scenario.tables import TextTable
from demilsim.scenario.teaching import one_for_a_group, one_for_a_note, taught
from demilsim.scenario.text import Tree


class _Span(Record):
    """The settings that dates are checked against."""

    start: dt.date | None = None
    horizon_years: int | None = None


@dataclass(frozen=True)
class Resolved:
    """A scenario with what it came from.

    Parameters
    ----------
    scenario
        The scenario, checked.
    text
        What was read, with everything laid over it that was asked for.
    draft
        The typed rows, which know their place.
    understood
        Quantities that were not plain numbers of their column's unit, each with its place.
    """

    scenario: Scenario
    text: ScenarioText
    draft: Draft
    understood: tuple[tuple[Place, Understood], ...] = ()

    def place_of(self, table: str, row: int, column: str) -> Place:
        """Return where a value stands that a table of the scenario has in a row, lots and inflows as one."""
        tables = (self.draft.lots, self.draft.inflows) if table == "lots" else (getattr(self.draft, table),)
        for rows in tables:
            if row < len(rows.records):
                return rows.place(rows.lines[row], column)
            row -= len(rows.records)
        raise IndexError(f"{table} has no row {row}")


def resolve(text: ScenarioText) -> Resolved:
    """Return the scenario that a text describes.

    Parameters
    ----------
    text
        From any reader, with variants and the command line already laid over it.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its place.
    """
    problems = list(text.problems)
    understood: list[tuple[Place, Understood]] = []
    draft = draft_of(text, problems, understood)
    problems += problems_of(draft, readable=not text.problems)
    if problems:
        raise ScenarioError(capped(problems))
    return Resolved(_scenario(draft), text, draft, tuple(understood))


def draft_of(
    text: ScenarioText, problems: list[Problem], understood: list[tuple[Place, Understood]]
) -> Draft:
    """Return what can be typed of a text; what cannot, and what was no plain number, goes to the lists."""
    settings = _settings(text, problems, understood)
    rows: dict[str, Any] = {
        DRAFT_NAMES.get(name, name): _rows(text, layout, problems, understood)
        for name, layout in LAYOUT.items()
    }
    return Draft(settings=settings, **rows, register=shipped_register())


def _scenario(draft: Draft) -> Scenario:
    settings = draft.settings.record
    assert settings is not None, "settings that cannot be typed are a problem"
    sources = draft.sources.records
    sourced = (*settings.parameters.values(), *(row for rows in draft.sourced for row in rows.records))
    if any(SET_SOURCE.source_id in own.source for own in sourced):
        sources += (SET_SOURCE,)
    confidence = {source.source_id: source.confidence for source in sources}
    return Scenario(
        settings=settings,
        sites=draft.sites.records,
        storehouses=draft.storehouses.records,
        exposed_sites=draft.exposed_sites.records,
        lots=(*draft.lots.records, *draft.inflows.records),
        facilities=draft.facilities.records,
        facility_rates=draft.facility_rates.records,
        routes=draft.routes.records,
        funds=draft.funds.records,
        tranches=draft.tranches.records,
        measures=draft.measures.records,
        exchange_rates=draft.exchange_rates.records,
        programme=draft.programme.records,
        sources=sources,
        register=draft.register.overridden(settings.parameters, confidence),
    )


def _settings(
    text: ScenarioText, problems: list[Problem], understood: list[tuple[Place, Understood]]
) -> SettingsDraft:
    given = text.settings
    if given is None:
        return SettingsDraft(text.name, None, {}, Essentials(), frozenset())
    reading = settings_reading()
    record, findings = to_record(Settings, given.tree, reading)
    essentials = _essentials(given.tree, {finding.path for finding in findings})
    draft = SettingsDraft(given.file, record, given.places, essentials, given.cited)
    problems += [draft.at(f.path, taught(SETTINGS, f.path, f.message)) for f in one_for_a_group(findings)]
    understood += [(draft.place(one.path), one) for one in reading.understood]
    return draft


def _essentials(tree: Tree, failed: Collection[str]) -> Essentials:
    """Return what can be typed of the settings that other checks lean on."""
    known = {name: value for name, value in tree.items() if name in _Span.model_fields and name not in failed}
    span = to_record(_Span, known, settings_reading())[0] or _Span()
    given = tree.get("parameters")
    members = given.items() if isinstance(given, dict) else ()
    typed = {key: _constant(key, own) for key, own in members if isinstance(own, dict)}
    parameters = {key: own for key, own in typed.items() if own is not None}
    return Essentials(span.start, span.horizon_years, parameters)


def _constant(key: str, own: Tree) -> Override | None:
    unit = setting_unit(f"{PARAMETERS}{key}.value")
    return to_record(Override, own, Reading(unit_of=lambda path: unit if path == "value" else ""))[0]


def _rows(
    text: ScenarioText,
    layout: TableLayout,
    problems: list[Problem],
    understood: list[tuple[Place, Understood]],
) -> Rows[Any]:
    """Return the typed rows of a table; what cannot be typed becomes problems."""
    name = text.names[layout.name]
    table = text.tables.get(layout.name)
    if table is None:
        return Rows(name, (), (), layout.id_column, (), complete=layout.optional)
    before = len(problems)
    problems += table.problems
    moved = {(row.line, column): place for row in table.rows for column, place in row.moved.items()}
    places: Rows[Any] = Rows(name, (), (), layout.id_column, (), False, moved, table.letters)
    if table.header_line and not (table.rows or table.problems or layout.may_be_empty or layout.optional):
        problems.append(places.at(table.header_line, "", "expected at least one row (got none)"))
    lines, records = [], []
    written = TableReading(table, layout)
    faulty, seen = 0, set()
    refused = {(one.file, one.cell) for one in text.problems if one.cell}
    for number, row in enumerate(table.rows):
        if faulty >= MOST_FAULTY:
            left = (
                f"and {len(table.rows) - number:,} rows from here on, not looked at; mend those above first"
            )
            problems.append(places.at(row.line, layout.keys[0], left))
            break
        reading = written.of(row)
        # An empty cell of a column that may be left out is as if it were left out.
        cells: Tree = {c: cell for c, cell in row.cells.items() if c not in layout.allowed or cell.strip()}
        record, findings = to_record(layout.record, cells, reading)
        if record is not None:
            lines.append(row.line)
            records.append(record)
        understood += [(places.place(row.line, one.path), one) for one in reading.understood]
        own = tuple(row.cells.get(key, "").strip() for key in layout.keys)
        faulty += bool(findings) or own in seen
        seen.add(own)
        if not findings:
            continue
        # A column that is not there is said once, at the header; a cell that was refused, where it was.
        found = [f for f in findings if f.path in row.cells]
        found = [f for f in found if (name, places.place(row.line, f.path).cell) not in refused]
        found = found if row.moved else one_for_a_note(found, layout)
        problems += [places.at(row.line, f.path, taught(layout.name, f.path, f.message)) for f in found]
    return replace(
        places,
        lines=tuple(lines),
        records=tuple(records),
        complete=len(problems) == before,
        header_line=table.header_line,
        **_names(table, layout),
    )


def _names(table: TextTable, layout: TableLayout) -> dict[str, Any]:
    """Return how the rows of a table are named, also of those that cannot be typed."""
    column = layout.id_column
    ids = tuple((row.line, row.cells[column].strip()) for row in table.rows if column in row.cells)
    half_read = [row.cells.get(column, "").strip() for row in table.ragged] if column else []
    # Where an id names a row, `ids` has it already.
    many = () if column else table.rows
    keys = [(row.line, tuple(row.cells.get(key, "").strip() for key in layout.keys)) for row in many]
    return {
        "ids": ids,
        "named": tuple((line, values) for line, values in keys if all(values)),
        "half_read": frozenset(filter(None, half_read)),
        "all_ids": all(half_read) and not table.cut,
    }
