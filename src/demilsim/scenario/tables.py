"""A table as text, each row with the line on which it starts; and how a CSV file is read into one.

Comma or semicolon, with or without byte order mark: what spreadsheets write in either half of the world.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from demilsim.errors import Problem
from demilsim.scenario.capped import MOST_FAULTY
from demilsim.scenario.columns import is_units_row, lists_of, wrong_units
from demilsim.scenario.formula_guard import unquoted
from demilsim.scenario.header import header_findings, header_of, nameless, title_above
from demilsim.scenario.phrases import plain
from demilsim.scenario.place import Place
from demilsim.scenario.separators import SEMICOLON, Separated, cells_hint, separated, unsplit
from demilsim.scenario.text import Refused, read_utf8

_QUOTES = "; a quotation mark that begins a cell must end it, and one inside it is written twice"
MAX_TABLE_BYTES = 10_000_000
MAX_COLUMNS = 500
"""No table of ours has a tenth of this."""

MOST_SHARED = 10_000
"""Different texts of a table that are kept once, however often they stand in it."""

MAX_CELL_CHARACTERS = 10_000
"""The longest list of ids that makes sense is far shorter."""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A row as text: cells by column, and the line on which it starts.

    `moved` has the place of each cell that a variant or the command line has set.
    """

    line: int
    cells: dict[str, str]
    moved: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table as text, with what is wrong with its form.

    Parameters
    ----------
    name
        The file as messages name it.
    header_line
        Line of the column names; 0 if there are none.
    columns
        Known columns that it has, in its order.
    rows
        Rows that have as many cells as the header.
    problems
        Unreadable text, wrong columns, ragged rows.
    decimal_comma
        Whether ``1,5`` is one and a half, as where semicolons part the cells.
    letters
        Letter of each known column in a sheet, as ``E``; empty for text files.
    ragged
        Rows with more or fewer cells than the header, as far as their cells stand below a column: enough to
        know a row that others name.
    cut
        Whether there are rows that were not looked at.
    """

    name: str
    header_line: int
    columns: tuple[str, ...]
    rows: tuple[TextRow, ...]
    problems: tuple[Problem, ...]
    decimal_comma: bool = False
    letters: Mapping[str, str] = field(default_factory=dict)
    ragged: tuple[TextRow, ...] = ()
    cut: bool = False


def read_table(
    path: Path, name: str, columns: Collection[str], optional: Collection[str] = (), table: str = ""
) -> TextTable:
    """Return a CSV table as text.

    Parameters
    ----------
    path
        The file.
    name
        The file as messages name it.
    columns
        The columns that it must have, in any order.
    optional
        Columns that it may have; any others are problems.
    table
        Name of the table, by which a row of units below the head is known; empty if there is none.
    """
    try:
        text = read_utf8(path, MAX_TABLE_BYTES)
    except Refused as refused:
        return TextTable(name, 0, (), (), (Problem(name, refused.line, "", refused.message),))
    problems: list[Problem] = []
    separator = separated(text)
    lines = _lines(separator.text, separator.delimiter, name, problems)
    read = form_table(name, lines, columns, optional, problems, table=table, separator=separator)
    return replace(read, decimal_comma=separator.delimiter == SEMICOLON)


def form_table(
    name: str,
    lines: Iterable[tuple[int, list[str]]],
    columns: Collection[str],
    optional: Collection[str],
    problems: list[Problem],
    letters: Sequence[str] = (),
    table: str = "",
    separator: Separated | None = None,
) -> TextTable:
    """Return numbered rows of cells as a table, the first of them its header.

    Parameters
    ----------
    name
        The file or sheet as messages name it.
    lines
        Line and cells of each row that is not blank; read to the end, whatever is wrong.
    columns, optional
        As for `read_table`.
    problems
        What the reader of the lines finds wrong while they are read.
    letters
        Letter of each column in a sheet; none for text files.
    table
        As for `read_table`.
    separator
        How a text was split into cells; None for a sheet.
    """
    every = (*columns, *optional)
    first, above, lines = header_of(iter(lines), every)
    if first is None:
        if not problems:
            problems.append(
                Problem(name, 0, "", f"expected the columns {', '.join(columns)} (got no header)")
            )
        return TextTable(name, 0, (), (), tuple(problems))
    header_line, header = first[0], [cell.strip() for cell in first[1]]

    def say(line: int, findings: Iterable[tuple[int, str, str]]) -> None:
        for number, column, message in findings:
            cell = f"{letters[number - 1]}{line}" if number and letters else ""
            # What is not there has a line in a text file, and no place in a sheet.
            problems.append(Problem(name, line if cell or not letters else 0, plain(column), message, cell))

    if message := unsplit(header, every, separator):
        say(header_line, [(1, "", message)])
        return TextTable(name, 0, (), (), tuple(problems))
    if above:
        say(header_line, [(1, "", title_above(header_line, above, "row" if letters else "line"))])
    say(header_line, header_findings(header, columns, optional))
    rows: list[TextRow] = []
    nameless_cells: list[list[str]] = []
    ragged: list[tuple[int, list[str]]] = []
    for count, (line, cells) in enumerate(lines):
        if count == 0 and table and is_units_row(table, header, cells):
            say(line, wrong_units(table, header, cells))
        elif cells[0].strip() == header[0] and [cell.strip() for cell in cells] == header:
            say(line, [(1, "", "expected another row (got the names of the columns again); take it out")])
        elif len(cells) == len(header) and max(map(len, cells)) > MAX_CELL_CHARACTERS:
            say(line, _long_cells(header, cells))
        elif len(cells) == len(header):
            rows.append(_row(line, header, cells, every))
            nameless_cells += [] if all(header) else [cells]
        else:
            ragged.append((line, cells))
            if len(ragged) > MOST_FAULTY:
                break
    say(header_line, nameless(header, nameless_cells))
    lists = [column for column in header if column in lists_of(table)]
    problems += _ragged_problems(name, len(header), ragged, not rows, lists, separator)
    known = tuple(dict.fromkeys(column for column in header if column in every))
    named_letters = {c: a for c, a in zip(header, letters, strict=True) if c in every} if letters else {}
    return TextTable(
        name,
        header_line,
        known,
        tuple(rows),
        tuple(problems),
        letters=named_letters,
        ragged=tuple(_row(line, header, cells, every) for line, cells in ragged),
        cut=len(ragged) > MOST_FAULTY,
    )


def _row(line: int, header: Sequence[str], cells: Sequence[str], every: Collection[str]) -> TextRow:
    named = zip(header, cells, strict=False)
    return TextRow(line, {column: cell for column, cell in named if column in every})


def _ragged_problems(
    name: str,
    header: int,
    ragged: Sequence[tuple[int, list[str]]],
    all_of_them: bool,
    lists: Sequence[str],
    separator: Separated | None,
) -> Iterator[Problem]:
    """Yield a problem for each row that has not as many cells as the header; one where all rows have it."""
    delimiter = separator.delimiter if separator else ""
    told = [
        f"expected {header} cells (got {len(cells)}){cells_hint(header, cells, lists, delimiter)}"
        for _, cells in ragged[:MOST_FAULTY]
    ]
    if all_of_them and len(set(told)) == 1 and len(told) > 1:
        number = f"more than {MOST_FAULTY:,}" if len(ragged) > MOST_FAULTY else f"all {len(ragged):,}"
        found, _, hint = told[0].partition(")")
        yield Problem(name, ragged[0][0], "", f"{found} in {number} rows){hint}")
        return
    for (line, _), message in zip(ragged, told, strict=False):
        yield Problem(name, line, "", message)
    if len(ragged) > MOST_FAULTY:
        message = "and perhaps more rows below, not looked at; mend those above first"
        yield Problem(name, ragged[-1][0], "", message)


def _lines(text: str, delimiter: str, name: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each row that is not blank with its first line; a quoted cell may span lines."""
    narrow = _narrow(io.StringIO(text, newline=""), delimiter)
    reader = csv.reader(narrow, delimiter=delimiter, strict=True)
    line = 1
    shared: dict[str, str] = {}
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                # The same few texts stand in most rows; each is kept once.
                share = shared.setdefault if len(shared) < MOST_SHARED else shared.get
                yield line, [share(cell, cell) for cell in map(unquoted, cells)]
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(Problem(name, line, "", f"expected a CSV row (got a mistake: {error}){_QUOTES}"))
    except Refused as refused:
        problems.append(Problem(name, refused.line, "", refused.message))


def _narrow(lines: Iterable[str], delimiter: str) -> Iterator[str]:
    """Yield lines as they are until one has so many cells that they would take much memory."""
    for number, line in enumerate(lines, start=1):
        cells = line.count(delimiter) + 1
        if cells > MAX_COLUMNS:
            raise Refused(number, f"expected at most {MAX_COLUMNS} columns (got {cells:,})")
        yield line


def _long_cells(header: Sequence[str], cells: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield number, name and what is wrong of each cell that is too long to be looked at."""
    for number, cell in enumerate(cells, start=1):
        if len(cell) > MAX_CELL_CHARACTERS:
            found = f"expected at most {MAX_CELL_CHARACTERS:,} characters (got {len(cell):,})"
            yield number, header[number - 1], found
