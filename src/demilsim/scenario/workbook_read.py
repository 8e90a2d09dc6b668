"""Read an .xlsx or .ods workbook as a scenario of text: one sheet a table, and one for the scalars."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.cells import OVERRIDE_COLUMNS
from demilsim.scenario.column_types import is_identifier
from demilsim.scenario.layout import LAYOUT, TableLayout
from demilsim.scenario.phrases import did_you_mean, got, plain, shown
from demilsim.scenario.place import Place
from demilsim.scenario.source import (
    BASE,
    SETTINGS,
    ScenarioText,
    SetText,
    SettingsText,
    VariantText,
    settings_text,
)
from demilsim.scenario.tables import TextTable, form_table
from demilsim.scenario.text import CONTROL, Refused, Tree
from demilsim.scenario.variants import VARIANTS, checked
from demilsim.scenario.workbook_package import Parts, read_package, repacked
from demilsim.scenario.workbook_scan import letter, scan

SETTINGS_SHEET, PARAMETERS_SHEET = SETTINGS, "parameters"
NOTES_SHEET, CHOICES_SHEET = "notes", "choices"
UNREAD_SHEETS = (NOTES_SHEET, CHOICES_SHEET)
"""Sheets for people and for the lists of the others."""
SETTINGS_COLUMNS, SETTINGS_EXTRA = ("key", "value"), ("unit", "meaning")
PARAMETER_COLUMNS = ("key", *OVERRIDE_COLUMNS)
VARIANT_HEADS = ("variant", "extends", "path", "value")
_FOR_PEOPLE = f"; what is for people goes into the sheet {NOTES_SHEET}, which is not read"
_EXACT_WHOLE = 1e15

Sheet = list[list[str]]


def read_workbook(path: Path) -> ScenarioText:
    """Return what the sheets of a workbook say.

    Parameters
    ----------
    path
        An existing ``.xlsx`` or ``.ods`` file as `workbook_write.write_workbook` makes them; sheets and
        columns may stand in any order.

    Raises
    ------
    ScenarioError
        If it cannot be read at all; what is wrong with single sheets is among the problems of the result.
    """
    try:
        parts = read_package(path)
        refused = scan(parts)
        sheets = _sheets(parts)
    except Refused as problem:
        raise ScenarioError([Problem(str(path), 0, "", problem.message)]) from None
    book = _Book(str(path), sheets)
    # Of a cell with a formula and an error in it one thing is enough.
    once = {(sheet, row, column): message for sheet, row, column, message in reversed(refused.found)}
    book.problems += [
        Problem(book.name_of(sheet), row, book.head(sheet, column), message, f"{letter(column)}{row}")
        for (sheet, row, column), message in once.items()
    ]
    return book.read()


def _sheets(parts: Parts) -> dict[str, Sheet]:
    """Return the cells of each sheet as text, from its first row and column on."""
    from python_calamine import CalamineWorkbook

    with reader_refusing():
        workbook = CalamineWorkbook.from_filelike(repacked(parts))
        sheets = {
            name: [
                [typed_text(value) for value in row]
                for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            ]
            for name in workbook.sheet_names
        }
    return sheets


@contextmanager
def reader_refusing() -> Iterator[None]:
    """Turn whatever a reader of workbooks says of a broken one into `Refused`."""
    from python_calamine import CalamineError

    try:
        yield
    except CalamineError as error:
        raise Refused(0, f"expected a workbook (got a mistake: {shown(str(error))})") from None
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        # A panic of the reader, which is not Python code, is no Exception; everything else is ours.
        if isinstance(error, Exception) and not isinstance(error, ValueError | OverflowError | OSError):
            raise
        raise Refused(0, f"expected a workbook (got a mistake: {shown(str(error))})") from None


def typed_text(value: object) -> str:
    """Return a cell as a planner would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_WHOLE:
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, dt.date) else str(value)


class _Book:
    """The sheets of a workbook while they are read."""

    def __init__(self, path: str, sheets: dict[str, Sheet]) -> None:
        self.path, self.sheets = path, sheets
        self.problems: list[Problem] = []

    def name_of(self, sheet: str) -> str:
        """Return how messages name a sheet."""
        return f"{self.path}: sheet {sheet}"

    def head(self, sheet: str, column: int) -> str:
        """Return what stands at the head of a column, as far as anything does."""
        rows = self.sheets.get(sheet, [])
        return rows[0][column - 1].strip() if rows and column <= len(rows[0]) else ""

    def read(self) -> ScenarioText:
        """Return the scenario."""
        self._check_names()
        settings = self._settings()
        tables = {name: table for name, layout in LAYOUT.items() if (table := self._table(layout))}
        names = {name: self.name_of(name) for name in LAYOUT}
        variants = self._variants()
        text = ScenarioText(self.path, settings, tables, names, tuple(self.problems))
        return checked(text, variants)

    def _check_names(self) -> None:
        known = (SETTINGS_SHEET, PARAMETERS_SHEET, VARIANTS, *LAYOUT)
        for sheet in self.sheets:
            filled = any(cell.strip() for row in self.sheets[sheet] for cell in row)
            if filled and sheet not in known and sheet not in UNREAD_SHEETS:
                hint = did_you_mean(sheet, known) or f"; the sheets are {', '.join(known)}{_FOR_PEOPLE}"
                self.problems.append(Problem(self.path, 0, "", f"unknown sheet {got(sheet)}{hint}"))

    def _form(self, sheet: str, needed: Iterable[str], allowed: Iterable[str]) -> TextTable | None:
        """Return a sheet as a table; None if it is not there."""
        if sheet not in self.sheets:
            return None
        rows = _cropped(self.sheets[sheet])
        letters = [letter(number + 1) for number in range(len(rows[0]) if rows else 0)]
        problems: list[Problem] = []
        lines = self._lines(sheet, rows, problems)
        return form_table(self.name_of(sheet), lines, tuple(needed), tuple(allowed), problems, letters, sheet)

    def _lines(self, sheet: str, rows: Sheet, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
        """Yield row number and cells of each row that is neither blank nor the row of units."""
        header: list[str] = []
        for number, cells in enumerate(rows, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            header = header or cells
            for column, cell in enumerate(cells):
                if CONTROL.search(cell):
                    message = f"expected text without control characters {got(cell)}"
                    place = Place(self.name_of(sheet), number, f"{letter(column + 1)}{number}")
                    problems.append(place.problem(header[column].strip(), message))
            yield number, cells

    def _table(self, layout: TableLayout) -> TextTable | None:
        table = self._form(layout.name, layout.needed, layout.allowed)
        if table is None:
            if not layout.optional:
                message = f"missing sheet {layout.name}: every scenario needs it"
                self.problems.append(Problem(self.path, 0, "", message))
            return None
        unused = layout.optional and not table.rows and not table.problems
        return None if unused else table

    def _settings(self) -> SettingsText | None:
        table = self._form(SETTINGS_SHEET, SETTINGS_COLUMNS, SETTINGS_EXTRA)
        if table is None:
            message = f"missing sheet {SETTINGS_SHEET}: every scenario needs it"
            self.problems.append(Problem(self.path, 0, "", message))
            return None
        self.problems += table.problems
        tree: Tree = {}
        places: dict[str, Place] = {}
        for row in table.rows:
            path, value = plain(row.cells.get("key", "").strip()), row.cells.get("value", "")
            place = _key_place(table, row.line, "key")
            if path in places:
                message = f"expected each key once (got it in cell {places[path].cell} too)"
                self.problems.append(place.problem(path, message))
            elif value.strip():
                self._plant(tree, path, value, place)
                places[path] = _key_place(table, row.line, "value")
                places.setdefault(path.partition(".")[0], places[path])
        self._parameters(tree, places)
        return settings_text(table.name, tree, places)

    def _plant(self, tree: Tree, path: str, value: str, place: Place) -> None:
        """Put a value at a dotted path."""
        *above, key = path.split(".")
        target: str | Tree = tree
        for name in above:
            target = target.setdefault(name, {}) if isinstance(target, dict) else target
        if isinstance(target, dict) and not isinstance(target.get(key), dict):
            target[key] = value
        else:
            self.problems.append(place.problem(path, "expected one value or several keys (got both)"))

    def _parameters(self, tree: Tree, places: dict[str, Place]) -> None:
        table = self._form(PARAMETERS_SHEET, PARAMETER_COLUMNS[:3], PARAMETER_COLUMNS[3:])
        if table is None:
            return
        self.problems += table.problems
        members: Tree = {}
        for row in table.rows:
            key = plain(row.cells.get("key", "").strip())
            path = f"{PARAMETERS_SHEET}.{key}"
            if key in members:
                message = f"expected each key once (got it in cell {places[path].cell} too)"
                self.problems.append(_key_place(table, row.line, "key").problem(path, message))
                continue
            given = {
                name: row.cells[name] for name in PARAMETER_COLUMNS[1:] if row.cells.get(name, "").strip()
            }
            members[key] = dict(given)
            places[path] = _key_place(table, row.line, "key")
            places |= {f"{path}.{name}": _key_place(table, row.line, name) for name in given}
        if members:
            places.setdefault(PARAMETERS_SHEET, Place(table.name, table.header_line))
            tree[PARAMETERS_SHEET] = members

    def _variants(self) -> list[VariantText]:
        table = self._form(VARIANTS, ("variant", "path", "value"), ("extends",))
        if table is None:
            return []
        self.problems += table.problems
        variants: dict[str, VariantText] = {}
        for row in table.rows:
            name, extends = row.cells.get("variant", "").strip(), row.cells.get("extends", "").strip()
            places = {
                column: replace(_key_place(table, row.line, column), variant=name) for column in table.letters
            }
            here = places.get("variant", Place(table.name))
            if not is_identifier(name) or name == BASE:
                found = f"not {BASE} {got(name)}"
                message = f"expected a name of Latin letters, digits and . _ -, at most 40, {found}"
                self.problems.append(here.problem("variant", message))
            known = variants.get(name) or VariantText(name, extends or BASE, (), here)
            if extends not in ("", known.extends):
                message = f"expected {known.extends} as in cell {known.place.cell} {got(extends)}"
                self.problems.append(places["extends"].problem("extends", message))
            path, value = row.cells.get("path", "").strip(), row.cells.get("value", "")
            one = SetText(path, value, places.get("value", here))
            variants[name] = VariantText(name, known.extends, (*known.sets, one), known.place)
        return list(variants.values())


def _key_place(table: TextTable, row: int, column: str) -> Place:
    """Return where a cell is that holds a key, its value or its source."""
    cell = f"{table.letters[column]}{row}" if column in table.letters else ""
    return Place(table.name, 0 if cell else row, cell)


def _cropped(rows: Sheet) -> Sheet:
    """Return rows without the columns at the right in which nothing stands, all of one length."""
    width = max((n for row in rows for n, cell in enumerate(row, start=1) if cell.strip()), default=0)
    return [[*row[:width], *[""] * (width - len(row))] for row in rows]
