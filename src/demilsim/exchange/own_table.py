"""Make one of our tables from somebody's own sheet: convert, check, count, and say where it came from."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from demilsim.errors import Problem, ScenarioError
from demilsim.exchange.own_mapping import SheetMapping
from demilsim.exchange.own_rows import ADDED_UP, OwnRows, own_rows
from demilsim.exchange.own_sheet import OwnSheet
from demilsim.exchange.own_sources import cited_elsewhere, source_cells, sources_of
from demilsim.scenario.capped import capped, limited
from demilsim.scenario.check_references import unique_ids
from demilsim.scenario.checks import REFERENCES, ROWS
from demilsim.scenario.folder_write import records_csv
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.phrases import plain, shown
from demilsim.scenario.resolve import draft_of
from demilsim.scenario.schema import Record, Source
from demilsim.scenario.source import ScenarioText
from demilsim.scenario.tables import TextRow, TextTable

LEFT_TO_LATER = "and "
"""How messages begin that stand for rows or problems not looked at."""
_LINE = re.compile(r"\bon line (\d+)")
"""Checks speak of lines where a sheet has rows."""
CLOSE = 1e-9
"""Totals are the same if they differ by less than this share: each number is rounded once to a float."""


@dataclass(frozen=True)
class OwnTable:
    """What was made of a sheet.

    Parameters
    ----------
    records
        Rows of our table, in the order of the sheet.
    lines
        Row of the sheet of each.
    sources
        Sources that they cite.
    kept
        Sources of the scenario that its other tables cite; none without a scenario.
    left_out
        Rows of the sheet that are not among them, with why.
    rows
        What was read.
    """

    records: tuple[Record, ...]
    lines: tuple[int, ...]
    sources: tuple[Source, ...]
    kept: tuple[Source, ...]
    left_out: Mapping[int, str]
    rows: OwnRows


def table_from(
    sheet: OwnSheet, mapping: SheetMapping, scenario: ScenarioText | None = None, leave_out: bool = False
) -> OwnTable:
    """Return the table that a mapping makes of a sheet.

    Parameters
    ----------
    sheet
        The sheet that the mapping names.
    mapping
        A finished mapping.
    scenario
        What the rows must fit, by the ids that they name; its own table of that name is not looked at.
    leave_out
        Whether rows with something wrong are left out. Without it they are errors.

    Raises
    ------
    ScenarioError
        With everything that is wrong, by row and cell of the sheet.
    """
    rows = own_rows(sheet, mapping)
    _tell(rows, mapping, [p for p in rows.problems if p.file == mapping.file])
    kept, clashes = cited_elsewhere(scenario, mapping)
    _tell(rows, mapping, clashes)
    left: dict[int, str] = {}
    while True:
        problems, found = _checked(rows, mapping, scenario, kept, {*rows.ruled_out, *left})
        if not problems:
            break
        if not leave_out or any(not _of_a_row(p, sheet, mapping) for p in problems):
            _tell(rows, mapping, problems)
        told = (_in_words_of(rows, mapping, p) for p in problems if not p.message.startswith(LEFT_TO_LATER))
        for problem in told:
            left.setdefault(problem.line, f"{problem.path}: {problem.message}")
    records, lines, sources = found
    if not records:
        raise ScenarioError([Problem(sheet.name, 0, "", "expected at least one row to write (got none)")])
    return OwnTable(records, lines, sources, kept, rows.ruled_out | left, rows)


def _of_a_row(problem: Problem, sheet: OwnSheet, mapping: SheetMapping) -> bool:
    """Return whether a problem goes away with its row: not so what the mapping gives to every row."""
    rule = mapping.columns.get(problem.path)
    return problem.file == sheet.name and problem.line > 0 and not (rule and rule.value is not None)


def _tell(rows: OwnRows, mapping: SheetMapping, problems: Sequence[Problem]) -> None:
    """Raise problems, if there are any, with the heading and the text that the sheet has."""
    if problems:
        raise ScenarioError(capped(_once(_in_words_of(rows, mapping, problem) for problem in problems)))


def _in_words_of(rows: OwnRows, mapping: SheetMapping, problem: Problem) -> Problem:
    column = problem.path
    if problem.file == mapping.file:
        return problem
    rule = mapping.columns.get(column)
    if rule and rule.value is not None:
        # It is the same in every row, and to be mended in one place.
        return mapping.problem(f"columns.{column}.value", problem.message)
    if column not in rows.headings:
        return problem
    written = rows.written.get((problem.line, column), "")
    message = _LINE.sub(r"in row \1", problem.message)
    if written and shown(written) not in message and not message.startswith(LEFT_TO_LATER):
        message = f"{message}; the cell has {shown(written)}"
    return replace(problem, path=f"{plain(rows.headings[column])} [{column}]", message=message)


_Found = tuple[tuple[Record, ...], tuple[int, ...], tuple[Source, ...]]


def _checked(
    rows: OwnRows,
    mapping: SheetMapping,
    scenario: ScenarioText | None,
    kept: Iterable[Source],
    without: Collection[int],
) -> tuple[list[Problem], _Found]:
    """Return what is wrong with the rows that are not left out, and what they come to."""
    texts = [row for row in rows.table.rows if row.line not in without]
    lines = [row.line for row in texts]
    sources = sources_of(rows, mapping, lines)
    cited = source_cells(rows, mapping, lines)
    table = replace(
        rows.table,
        columns=(*rows.table.columns, "source"),
        rows=tuple(
            TextRow(row.line, {**row.cells, "source": cell}) for row, cell in zip(texts, cited, strict=True)
        ),
    )
    name = table.name
    converted = [p for p in rows.problems if p.line not in without]
    problems: list[Problem] = []
    draft = draft_of(_with(scenario, mapping, table, [*kept, *sources]), problems, [])
    checks = (*REFERENCES, *ROWS) if scenario else (unique_ids, *ROWS)
    problems += [problem for check in checks for problem in limited(check(draft))]
    failed = {(p.line, p.path) for p in converted}
    own = [p for p in problems if p.file == name and (p.line, p.path) not in failed]
    found = draft.rows_of(mapping.table)
    return _once([*converted, *own]), (tuple(found.records), found.lines, tuple(sources))


def _once(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))


def _with(
    scenario: ScenarioText | None, mapping: SheetMapping, table: TextTable, sources: Sequence[Source]
) -> ScenarioText:
    """Return a scenario of text with the table in place of its own, and the sources that it then has."""
    columns = ("source_id", "confidence", "text")
    cells = [TextRow(n, {c: getattr(s, c) for c in columns}) for n, s in enumerate(sources, start=2)]
    own = {mapping.table: table, "sources": TextTable("sources.csv", 1, columns, tuple(cells), ())}
    if scenario is None:
        names = {name: f"{name}.csv" for name in LAYOUT}
        return ScenarioText("", None, own, names | {mapping.table: table.name}, ())
    names = {**scenario.names, mapping.table: table.name, "sources": "sources.csv"}
    return replace(scenario, tables={**scenario.tables, **own}, names=names)


def totals(table: OwnTable, mapping: SheetMapping) -> list[tuple[str, Fraction, Fraction, Fraction]]:
    """Return column, total of the sheet, of the rows written and of those left out.

    What is written is added up from the text of the new table, what was read from the cells of the sheet, so
    that the two agree only if nothing was lost between them.
    """
    sums = []
    for column in ADDED_UP.get(mapping.table, ()):
        if column not in mapping.columns or mapping.columns[column].value is not None:
            continue
        read = sum((n for (_, name), n in table.rows.exact.items() if name == column), Fraction())
        out = sum(
            (n for (line, name), n in table.rows.exact.items() if name == column and line in table.left_out),
            Fraction(),
        )
        written = _added_up(records_csv(mapping.table, table.records), column)
        assert abs(read - out - written) <= CLOSE * abs(read), f"{column}: rows lost on the way"
        sums.append((column, read, written, out))
    return sums


def _added_up(text: str, column: str) -> Fraction:
    """Return the total of a column of a table of text."""
    cells = (row[column] for row in csv.DictReader(text.splitlines()))
    return sum((Fraction(cell) for cell in cells if cell), Fraction())


def unit_and_name(column: str) -> str:
    """Return the unit of a total with what it is of, as ``t gross mass``."""
    name, _, unit = column.rpartition("_")
    return f"{unit.upper() if unit == 'usd' else unit} {name.replace('_', ' ').replace('neq', 'NEQ')}".strip()
