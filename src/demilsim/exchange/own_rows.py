"""The rows of somebody's own sheet as text of one of our tables, each cell with its place in the sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from demilsim.errors import Problem
from demilsim.exchange.own_cells import CellReader, collapsed, normal
from demilsim.exchange.own_mapping import ColumnRule, SheetMapping
from demilsim.exchange.own_sheet import DELIMITERS, ENCODINGS, Held, OwnSheet
from demilsim.scenario.choices import choice_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.phrases import MOST_CHOICES, NUMBER, did_you_mean, plain, shown
from demilsim.scenario.tables import TextRow, TextTable
from demilsim.scenario.text import CONTROL
from demilsim.scenario.workbook_scan import letter

ADDED_UP = {
    "lots": ("gross_mass_t", "neq_kg"),
    "inflows": ("gross_mass_t", "neq_kg"),
    "exposed_sites": ("persons",),
    "funding": ("amount_usd",),
}
"""Columns of a table whose totals are told, to be held against the sheet's own."""
MERGED = "repeat"
UNNAMED = "(column "
"""How the name of a column begins that has no heading of its own."""


@dataclass
class OwnRows:
    """Rows of a sheet, converted.

    Parameters
    ----------
    sheet
        The sheet.
    table
        The rows as text of our table, without `source`; a cell that could not be converted is left out.
    problems
        What could not be converted.
    headings
        Heading of the column of the sheet by column of ours.
    written
        What stands in the sheet, by row and column of ours.
    exact
        Numbers of `ADDED_UP`, by row and column, as exactly as the sheet has them.
    added
        Rows in which a value is not in the sheet, by column, value, and whether it is there for blanks alone.
    ruled_out
        Rows that the mapping leaves out, with the heading and value that say so.
    unread
        Headings of columns from which nothing is read.
    blank, formulas, own_units
        Rows in which nothing stands; cells with the value of a formula, and with a unit of their own.
    """

    sheet: OwnSheet
    table: TextTable
    problems: list[Problem] = field(default_factory=list)
    headings: dict[str, str] = field(default_factory=dict)
    written: dict[tuple[int, str], str] = field(default_factory=dict)
    exact: dict[tuple[int, str], Fraction] = field(default_factory=dict)
    added: dict[tuple[str, str, bool], list[int]] = field(default_factory=dict)
    ruled_out: dict[int, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    blank: int = 0
    formulas: int = 0
    own_units: int = 0

    def small_percents(self, mapping: SheetMapping) -> list[str]:
        """Return columns said to be in percent whose numbers are all 1 or less: Excel shows 0.35 as 35%."""
        small = []
        for name, rule in mapping.columns.items():
            texts = [t for (_, c), t in self.written.items() if c == name] if rule.unit == "%" else []
            numbers = [float(text) for text in texts if NUMBER.fullmatch(text)]
            if numbers and max(numbers) <= 1:
                small.append(name)
        return small


def headings_of(sheet: OwnSheet, first: int, last: int) -> list[str]:
    """Return a name for each column: its heading over all heading rows, with its letter if that is no name.

    Parameters
    ----------
    sheet
        The sheet.
    first, last
        Rows of the headings. Where there are several, a cell that is merged into one at its left counts as
        that one, so that a heading over two columns is part of the names of both.
    """
    names = []
    for column in range(1, sheet.width + 1):
        parts: list[str] = []
        for row in range(first, last + 1):
            at = sheet.merged.get((row, column), (row, column))
            text = collapsed(sheet.cell(*at)) if at[0] >= first else ""
            if text and text not in parts:
                parts.append(text)
        names.append(" / ".join(parts))
    count = Counter(map(normal, names))
    return [
        name if name and count[normal(name)] == 1 else f"{name} {UNNAMED}{letter(number)})".strip()
        for number, name in enumerate(names, start=1)
    ]


def readers_of(mapping: SheetMapping) -> dict[str, CellReader]:
    """Return how the cells of each column of ours are read that comes from the sheet."""
    layout = LAYOUT[mapping.table]
    return {
        name: CellReader(
            mapping.table, name, choice_of(layout.record, name), rule.values, rule.unit, rule.date,
            rule.spelling, mapping.form.get("decimal", "."), mapping.form.get("thousands", ""),
        )
        for name, rule in mapping.columns.items()
        if rule.column
    }  # fmt: skip


def own_rows(sheet: OwnSheet, mapping: SheetMapping) -> OwnRows:
    """Return the rows of a sheet as a mapping says."""
    first, last = mapping.headings
    names = headings_of(sheet, first, last)
    kind = list(_of_another_kind(sheet, mapping))
    named = [name for name in names if not name.startswith(UNNAMED)]
    columns = tuple(column for column in LAYOUT[mapping.table].columns if column in mapping.columns)
    table = TextTable(sheet.name, last, columns, (), ())
    if kind:
        return OwnRows(sheet, table, kind)
    if not named:
        message = f"expected rows with headings (got {mapping.form['headings']}, where the sheet has none)"
        return OwnRows(sheet, table, [mapping.problem("headings", message)])
    numbers = {normal(name): number for number, name in enumerate(names, start=1)}
    asked = {f"columns.{name}.column": mapping.columns[name].column for name in columns}
    asked |= {f"leave_out.{head}": head for head in mapping.leave_out}
    problems = [
        _no_column(mapping, path, head, named, last)
        for path, head in asked.items()
        if head and normal(head) not in numbers
    ]
    if problems:
        return OwnRows(sheet, table, problems)
    found = {name: numbers[normal(rule.column)] for name, rule in mapping.columns.items() if rule.column}
    rules = {numbers[normal(head)]: set(map(normal, own)) for head, own in mapping.leave_out.items()}
    rows = OwnRows(
        sheet,
        replace(table, letters={name: letter(number) for name, number in found.items()}),
        headings={name: names[number - 1] for name, number in found.items()},
        unread=tuple(n for number, n in enumerate(names, 1) if number not in {*found.values(), *rules}),
    )
    _Filler(sheet, mapping, rows, found, rules, names).fill()
    return rows


def _of_another_kind(sheet: OwnSheet, mapping: SheetMapping) -> Iterator[Problem]:
    """Find what a mapping leaves to be guessed of a CSV file, or says of another kind of file."""
    for key, words in (("encoding", tuple(ENCODINGS)), ("delimiter", tuple(DELIMITERS))):
        if not sheet.sheet and key not in mapping.form:
            yield mapping.problem(key, f"missing: how the CSV file is written, one of {', '.join(words)}")
        elif sheet.sheet and key in mapping.form:
            yield mapping.problem(key, "expected only for a CSV file (got it for a workbook); take it out")
    if "sheet" in mapping.form and not sheet.sheet:
        yield mapping.problem("sheet", "expected only for a workbook (got it for a CSV file); take it out")


def _no_column(mapping: SheetMapping, path: str, head: str, names: list[str], row: int) -> Problem:
    hint = did_you_mean(head, names)
    few = len(names) <= MOST_CHOICES and not hint
    listed = f"; row {row} has {', '.join(map(plain, names))}" if few else ""
    return mapping.problem(path, f"expected a heading of the sheet (got {shown(head)}{hint}){listed}")


class _Filler:
    """Fills `OwnRows` row by row."""

    def __init__(
        self, sheet: OwnSheet, mapping: SheetMapping, rows: OwnRows, found: Mapping[str, int],
        rules: Mapping[int, set[str]], names: list[str],
    ) -> None:  # fmt: skip
        self._sheet, self._mapping, self._rows = sheet, mapping, rows
        self._found, self._rules, self._names = found, rules, names
        self._readers = readers_of(mapping)
        self._spelt: dict[tuple[str, str], tuple[str, int]] = {}
        self._totals = ADDED_UP.get(mapping.table, ())

    def fill(self) -> None:
        """Read every row from the first to the last that the mapping names."""
        last = min(self._mapping.row_of("last_row") or len(self._sheet.rows), len(self._sheet.rows))
        texts = []
        for row in range(self._mapping.row_of("first_row"), last + 1):
            if not any(cell.strip() for cell in self._sheet.rows[row - 1]) and not self._odd(row):
                self._rows.blank += 1
                continue
            cells = dict(self._cells(row))
            out = self._ruled_out(row)
            if out:
                self._rows.ruled_out[row] = out
                self._rows.problems = [p for p in self._rows.problems if p.line != row]
            texts.append(TextRow(row, cells))
        table = self._rows.table
        self._rows.table = replace(table, rows=tuple(texts))
        if not texts:
            first = self._mapping.form["first_row"]
            message = f"expected rows from row {first} on (got none of {len(self._sheet.rows):,} rows)"
            self._rows.problems.append(self._mapping.problem("first_row", message))

    def _odd(self, row: int) -> bool:
        """Return whether a cell of a row is refused, which a reader may show as blank."""
        return any((row, column) in self._sheet.refused for column in self._found.values())

    def _ruled_out(self, row: int) -> str:
        for column, values in self._rules.items():
            text = self._sheet.cell(row, column)
            if normal(text) in values and (row, column) not in self._sheet.refused:
                return f"{plain(self._names[column - 1])} is {shown(text)}"
        return ""

    def _cells(self, row: int) -> Iterator[tuple[str, str]]:
        """Yield column and text of each cell of a row that can be converted; the others become problems."""
        for name in self._rows.table.columns:
            rule = self._mapping.columns[name]
            if rule.value is not None:
                yield name, rule.value
                self._rows.added.setdefault((name, rule.value, False), []).append(row)
                continue
            try:
                yield name, self._cell(row, name, rule)
            except ValueError as error:
                cell = f"{self._rows.table.letters[name]}{row}"
                self._rows.problems.append(Problem(self._sheet.name, row, name, str(error), cell))

    def _cell(self, row: int, name: str, rule: ColumnRule) -> str:
        at = (row, self._found[name])
        if rule.merged == MERGED:
            at = self._sheet.merged.get(at, at)
        if at in self._sheet.refused:
            raise ValueError(self._sheet.refused[at])
        cell = self._sheet.cell(*at)
        if CONTROL.search(cell):
            raise ValueError("expected text without control characters")
        text = collapsed(cell)
        reader = self._readers[name]
        self._rows.written[row, name] = text
        self._rows.formulas += at in self._sheet.formulas
        if not text and "" not in rule.values:
            return self._blank(row, at, name, rule)
        ours = reader.read(Held(text) if isinstance(cell, Held) else text)
        self._rows.own_units += reader.has_own_unit(text)
        given = normal(text) in map(normal, reader.values)
        self._add_up(row, name, ours if given else cell, given)
        if rule.spelling and ours:
            self._once(row, name, text, ours)
        return ours

    def _blank(self, row: int, at: tuple[int, int], name: str, rule: ColumnRule) -> str:
        if rule.blank is not None:
            self._rows.added.setdefault((name, rule.blank, True), []).append(row)
            self._add_up(row, name, rule.blank, given=True)
            return rule.blank
        if at in self._sheet.merged and not rule.merged:
            top = self._sheet.merged[at]
            message = f"missing: merged into cell {letter(top[1])}{top[0]} {shown(self._sheet.cell(*top))}"
            raise ValueError(f"{message}; say merged = 'repeat' in the mapping if it counts for this row too")
        return ""

    def _add_up(self, row: int, name: str, text: str, given: bool) -> None:
        """Keep a number exactly, for the totals; what the mapping has given is in our unit."""
        if name in self._totals:
            reader = replace(self._readers[name], unit="") if given else self._readers[name]
            quantity = reader.quantity(collapsed(text), given or isinstance(text, Held))
            if quantity:
                self._rows.exact[row, name] = Fraction(quantity[0]) * quantity[1]

    def _once(self, row: int, name: str, text: str, ours: str) -> None:
        """Refuse ids that only look alike once they are in Latin letters."""
        before, where = self._spelt.setdefault((name, ours), (text, row))
        if normal(before) != normal(text):
            raise ValueError(
                f"expected ids that stay apart in Latin letters (got {shown(text)}, and {shown(before)} in "
                f"row {where}, both {ours}); give one another among the values of the column in the mapping"
            )
