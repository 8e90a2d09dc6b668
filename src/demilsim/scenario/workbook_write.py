"""Write a scenario as an .xlsx workbook: a sheet for each table, with units, lists, notes, locked heads."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.cells import Cell, cell_text, parameters_of, records_of, row_of, scalars_of
from demilsim.scenario.choices import YES_NO, Choice, choice_of, register_lists, scalar_choice
from demilsim.scenario.columns import ColumnMeaning, meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.phrases import got
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Override
from demilsim.scenario.settled import settled
from demilsim.scenario.source import VariantText
from demilsim.scenario.text import CONTROL
from demilsim.scenario.variants import VARIANTS
from demilsim.scenario.workbook_read import (
    CHOICES_SHEET,
    NOTES_SHEET,
    PARAMETER_COLUMNS,
    PARAMETERS_SHEET,
    SETTINGS_COLUMNS,
    SETTINGS_EXTRA,
    SETTINGS_SHEET,
    VARIANT_HEADS,
)
from demilsim.scenario.workbook_scan import letter

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = 1
"""Number of this form of a workbook; a reader of another form must say so."""
FIXED_DATE = dt.datetime(2026, 1, 1)
"""Written as the date of making, so that the same scenario gives the same bytes."""
DATA_ROW = 2
"""First row with data, counted from 0, below the head and the units."""
SPARE_ROWS = 1000
"""Rows below the data in which drop-downs still work."""
MAX_CELL_CHARACTERS = 32_767
EXACT_DIGITS = 15
"""Significant digits that every spreadsheet program keeps of a number."""
FIRST_SURE_DATE = dt.date(1900, 3, 1)
"""Before it, programs disagree on the number of a day: 1900 was no leap year."""
# What XML does not have, and the escape that readers of sheets do not agree on.
_UNWRITABLE = re.compile("[\\ud800-\\udfff\\ufffe\\uffff]|_x005[Ff]_")
NARROWEST, WIDEST = 9, 40

# What people may do in a sheet whose head is locked; there is no password.
_MAY = ("format_cells", "format_columns", "format_rows", "insert_rows", "delete_rows", "sort", "autofilter")


def workbook_bytes(scenario: Scenario, variants: Iterable[VariantText] = ()) -> bytes:
    """Return a scenario as the bytes of an .xlsx file; the same for the same scenario.

    Parameters
    ----------
    scenario
        The scenario.
    variants
        Its variants, for a sheet of their own.

    Raises
    ------
    ScenarioError
        If a text is longer than a cell can hold, or cannot stand in one as it is.
    """
    return book_bytes(
        scenario.settings.name, lambda book: _Writer(book, settled(scenario), tuple(variants)).write()
    )


def book_bytes(title: str, write: Callable[[Any], None]) -> bytes:
    """Return an .xlsx file that `write` fills: no text becomes a formula or link, nothing tells the time."""
    import xlsxwriter

    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties({"title": title, "created": FIXED_DATE})
        write(book)
    return buffer.getvalue()


@dataclass(frozen=True)
class _Column:
    """One column of a sheet."""

    head: str
    choice: Choice
    meaning: ColumnMeaning


class _Writer:
    """A workbook while it is written."""

    def __init__(self, book: Any, scenario: Scenario, variants: tuple[VariantText, ...]) -> None:
        self._book, self._scenario, self._variants = book, scenario, variants
        self._text = book.add_format({"num_format": "@", "locked": False})
        self._number = book.add_format({"locked": False})
        self._date = book.add_format({"num_format": "yyyy-mm-dd", "locked": False})
        self._head = book.add_format({"bold": True, "bg_color": "#D9E2EC", "border": 1})
        self._unit = book.add_format({"italic": True, "font_color": "#555555", "bottom": 1})
        self._plain = book.add_format({"text_wrap": True, "valign": "top"})
        self._lists: Mapping[str, str] = {}

    def write(self) -> None:
        """Write all sheets."""
        more = (VARIANTS,) if self._variants else ()
        names = (NOTES_SHEET, SETTINGS_SHEET, PARAMETERS_SHEET, *more, *LAYOUT, CHOICES_SHEET)
        sheets = {name: self._book.add_worksheet(name) for name in names}
        self._lists = self._choices(sheets[CHOICES_SHEET])
        self._notes(sheets[NOTES_SHEET])
        self._settings(sheets[SETTINGS_SHEET])
        self._parameters(sheets[PARAMETERS_SHEET])
        if self._variants:
            self._write_variants(sheets[VARIANTS])
        for name, layout in LAYOUT.items():
            columns = [
                _Column(column, choice_of(layout.record, column), meaning_of(name, column))
                for column in layout.columns
            ]
            rows = [row_of(record, layout) for record in records_of(self._scenario, name)]
            self._table(sheets[name], columns, rows)

    def _choices(self, sheet: Any) -> Mapping[str, str]:
        """Write the lists of the register; return where each is, and where the ids of each table are."""
        lists = register_lists()
        for column, (name, words) in enumerate(lists.items()):
            sheet.write_string(0, column, name, self._head)
            for row, word in enumerate(words, start=1):
                sheet.write_string(row, column, word)
            sheet.set_column(column, column, WIDEST)
        entries = shipped_register().entries.values()
        for number, head in enumerate(("shipped value", "unit"), start=len(lists)):
            sheet.write_string(0, number, head, self._head)
            for row, entry in enumerate(entries, start=1):
                _put(sheet, row, number, (entry.value, entry.unit)[number - len(lists)], self._plain)
        sheet.protect()
        ranges = {
            name: f"={CHOICES_SHEET}!{_area(column, 1, len(words))}"
            for column, (name, words) in enumerate(lists.items())
        }
        for name, layout in LAYOUT.items():
            if layout.id_column:
                last = DATA_ROW + len(records_of(self._scenario, name)) + SPARE_ROWS
                ranges[name] = f"={name}!{_area(layout.columns.index(layout.id_column), DATA_ROW, last)}"
        return ranges

    def _notes(self, sheet: Any) -> None:
        """Write what a person should know before the first change."""
        settings = self._scenario.settings
        synthetic = "SYNTHETIC: sites, stock and money are invented." if settings.synthetic else ""
        lines = (
            settings.title,
            synthetic,
            f"Scenario {settings.name}, workbook form {FORM}, content {self._scenario.sha256}",
            "One sheet a table. The first row of each sheet names its columns, the second their units.",
            "Hold the pointer over a head for its meaning. Some cells offer a list of what may stand there.",
            "Type values, no formulas: paste as values. Rows may be inserted, deleted and sorted.",
            "Optional columns may stay empty. Every row names its sources, ids of the sheet sources.",
            "Heads are locked against slips, without a password. This sheet and choices are not read.",
            "Then: demilsim check FILE.xlsx, and: demilsim run FILE.xlsx --out RESULTS",
        )
        sheet.set_column(0, 0, 3 * WIDEST)
        for row, line in enumerate(line for line in lines if line):
            _put(sheet, row, 0, line, self._plain)
        sheet.protect()

    def _settings(self, sheet: Any) -> None:
        heads = (*SETTINGS_COLUMNS, *SETTINGS_EXTRA)
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, self._head)
            sheet.set_column(column, column, WIDEST)
        for row, (path, cell) in enumerate(scalars_of(self._scenario).items(), start=1):
            meaning, choice = meaning_of(SETTINGS_SHEET, path), scalar_choice(path)
            sheet.write_string(row, 0, path, self._head)
            _put(sheet, row, 1, cell, self._format_of(choice))
            sheet.write_string(row, 2, meaning.unit, self._unit)
            sheet.write_string(row, 3, meaning.meaning, self._unit)
            self._validate(sheet, row, 1, row, choice)
        self._close(sheet, 1)

    def _parameters(self, sheet: Any) -> None:
        choices = [Choice("text", (), "constants", may_be_empty=False)]
        choices += [choice_of(Override, column) for column in PARAMETER_COLUMNS[1:]]
        columns = [
            _Column(head, choice, meaning_of(PARAMETERS_SHEET, head))
            for head, choice in zip(PARAMETER_COLUMNS, choices, strict=True)
        ]
        own = parameters_of(self._scenario)
        self._table(sheet, columns, [[name, *cells] for name, cells in own.items()])

    def _write_variants(self, sheet: Any) -> None:
        """Write a row for each value that a variant sets."""
        for column, head in enumerate(VARIANT_HEADS):
            sheet.write_string(0, column, head, self._head)
            sheet.set_column(column, column, WIDEST, self._text)
        sets = [(variant, one) for variant in self._variants for one in variant.sets]
        for row, (variant, one) in enumerate(sets, start=1):
            for column, cell in enumerate((variant.name, variant.extends, one.path, one.text)):
                _put(sheet, row, column, cell, self._text)
        self._close(sheet, 1)

    def _table(self, sheet: Any, columns: Sequence[_Column], rows: Sequence[Sequence[Cell]]) -> None:
        last = DATA_ROW + len(rows) + SPARE_ROWS
        for number, column in enumerate(columns):
            form = self._format_of(column.choice)
            sheet.set_column(number, number, _width(column, [row[number] for row in rows]), form)
            sheet.write_string(0, number, column.head, self._head)
            sheet.write_string(1, number, column.meaning.bracketed, self._unit)
            sheet.write_comment(0, number, _note(column), {"x_scale": 2})
            self._validate(sheet, DATA_ROW, number, last, column.choice)
            for row, cells in enumerate(rows, start=DATA_ROW):
                _put(sheet, row, number, cells[number], form)
        self._close(sheet, DATA_ROW)

    def _close(self, sheet: Any, frozen_rows: int) -> None:
        sheet.freeze_panes(frozen_rows, 1)
        sheet.protect("", dict.fromkeys(_MAY, True))

    def _format_of(self, choice: Choice) -> Any:
        return {"number": self._number, "whole": self._number, "date": self._date}.get(
            choice.kind, self._text
        )

    def _validate(self, sheet: Any, first: int, column: int, last: int, choice: Choice) -> None:
        """Offer a list where there is one; a word that is not in a list of ids is only warned of."""
        if choice.ids_of:
            rule: dict[str, Any] = {"source": self._lists[choice.ids_of], "error_type": "warning"}
        elif choice.words and choice.kind == "text":
            rule = {"source": list(choice.words)}
        elif choice.kind == "yes_no":
            rule = {"source": list(YES_NO)}
        else:
            return
        sheet.data_validation(first, column, last, column, {"validate": "list", "ignore_blank": True} | rule)


def _put(sheet: Any, row: int, column: int, cell: Cell, form: Any) -> None:
    """Write a cell of a scenario; refuse a text that could not be read again as it is."""
    message = ""
    if isinstance(cell, str) and len(cell) > MAX_CELL_CHARACTERS:
        message = f"expected at most {MAX_CELL_CHARACTERS:,} characters in a cell (got {len(cell):,})"
    elif isinstance(cell, str) and (CONTROL.search(cell) or _UNWRITABLE.search(cell)):
        message = f"expected text that a sheet can hold {got(cell)}; leave out what is not printable"
    if message:
        place = f"sheet {sheet.get_name()}, cell {letter(column + 1)}{row + 1}"
        raise ScenarioError([Problem(place, 0, "", message)])
    put_cell(sheet, row, column, cell, form)


def put_cell(sheet: Any, row: int, column: int, cell: Cell, form: Any) -> None:
    """Write a cell; a number that a spreadsheet would round, and a date that it could shift, as text."""
    if cell is None:
        sheet.write_blank(row, column, None, form)
    elif isinstance(cell, dt.date) and cell >= FIRST_SURE_DATE:
        sheet.write_datetime(row, column, dt.datetime(cell.year, cell.month, cell.day), form)
    elif isinstance(cell, int | float) and float(f"{cell:.{EXACT_DIGITS}g}") == cell:
        sheet.write_number(row, column, cell, form)
    else:
        sheet.write_string(row, column, cell_text(cell), form)


def _area(column: int, first: int, last: int) -> str:
    """Return rows of a column, counted from 0, as ``$A$3:$A$90``."""
    name = letter(column + 1)
    return f"${name}${first + 1}:${name}${last + 1}"


def _width(column: _Column, cells: Sequence[Cell]) -> float:
    longest = max([len(column.head), *(len(cell_text(cell)) for cell in cells)])
    return min(max(longest + 2, NARROWEST), WIDEST)


def _note(column: _Column) -> str:
    """Return what is said of a column when the pointer is over its head."""
    lines = [f"{column.meaning.meaning} {column.meaning.bracketed}"]
    if column.choice.words:
        lines.append(f"one of: {', '.join(column.choice.words)}")
    if column.choice.ids_of:
        lines.append(f"an id of {column.choice.ids_of}")
    if column.choice.kind == "date":
        lines.append("a date as 2026-04-01")
    lines.append("may be empty" if column.choice.may_be_empty else "needed")
    return "\n".join(lines)
