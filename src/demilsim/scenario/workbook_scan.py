"""Look through the XML of sheets for what a scenario does not take: formulas, errors, far too many cells."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from demilsim.scenario.text import Refused
from demilsim.scenario.workbook_package import Parts
from demilsim.scenario.xml_text import Element, parse, tree

MAX_CELLS = 100_000
"""Cells with a value in a workbook."""
MAX_AREA = 2_000_000
"""Rows times columns up to the last cell of a sheet: readers make room for all of it."""
MAX_TEXT = 50_000_000
"""Characters in all cells together, repeated ones as often as they are shown."""
MOST_FOUND = 20
"""Formulas that are named one by one; nobody needs to read of a thousand."""
_LETTERS = 26
_HUGE = 1 << 31


@dataclass
class Scan:
    """What was found in the sheets.

    Parameters
    ----------
    found
        Sheet, row, column (both from 1) and message of each cell that is refused.
    """

    found: list[tuple[str, int, int, str]] = field(default_factory=list)
    cells: int = 0
    characters: int = 0
    _rows: int = 0
    _columns: int = 0

    def begin(self) -> None:
        """Begin a sheet."""
        self._rows = self._columns = 0

    def cell(self, sheet: str, row: int, column: int, times: int = 1, text: int = 0) -> None:
        """Count a cell with a value, and refuse the whole workbook if that is one too many."""
        self.cells += times
        self.characters += times * text
        self._rows, self._columns = max(self._rows, row), max(self._columns, column)
        message = ""
        if self._rows * self._columns > MAX_AREA:
            message = (
                f"expected all cells within {MAX_AREA:,} rows times columns "
                f"(got {self._rows:,} times {self._columns:,}); remove what stands far away"
            )
        elif self.cells > MAX_CELLS:
            message = f"expected at most {MAX_CELLS:,} cells in all sheets (got more); use CSV files"
        elif self.characters > MAX_TEXT:
            message = f"expected at most {MAX_TEXT // 1_000_000} million characters in all cells (got more)"
        if message:
            raise Refused(0, f"sheet {sheet}, cell {letter(column)}{row}: {message}")

    def refuse(self, sheet: str, row: int, column: int, message: str) -> None:
        """Note a cell that is refused."""
        if len(self.found) < MOST_FOUND:
            self.found.append((sheet, row, column, message))

    def formula(self, sheet: str, row: int, column: int, kept: bool) -> None:
        """Note a cell with a formula; `kept` says whether the value that it had last is there too."""
        self.refuse(sheet, row, column, FORMULA)


FORMULA = "expected a value (got a formula); paste its value in its place"
ERROR = "expected a value (got an error such as #N/A)"


def letter(column: int) -> str:
    """Return the letters of a column, as ``F`` for 6 and ``AA`` for 27."""
    text = ""
    while column > 0:
        column, rest = divmod(column - 1, _LETTERS)
        text = chr(ord("A") + rest) + text
    return text


def scan(parts: Parts, found: Scan | None = None) -> Scan:
    """Return what the sheets of a workbook hold that a scenario does not take.

    Parameters
    ----------
    parts
        Parts of the file by name.
    found
        What notes it; by default a `Scan` that refuses formulas and errors.

    Raises
    ------
    Refused
        If there is too much of it to be read at all.
    """
    found = found or Scan()
    if "content.xml" in parts:
        _OpenDocument(found).read(parts["content.xml"])
        return found
    lengths = _shared_lengths(parts.get("xl/sharedStrings.xml"))
    for sheet, part in _sheets(parts):
        found.begin()
        _OfficeOpen(found, sheet, lengths).read(part)
    return found


def _sheets(parts: Parts) -> Iterator[tuple[str, bytes]]:
    """Yield the name and XML of every sheet of an .xlsx file, also of those that no name leads to."""
    relations = {
        relation.attributes.get("Id", ""): relation.attributes.get("Target", "")
        for relation in _children(parts.get("xl/_rels/workbook.xml.rels"))
    }
    names = {}
    sheets = tree(parts["xl/workbook.xml"]).first("sheets")
    for sheet in sheets.all("sheet") if sheets else ():
        target = relations.get(sheet.attributes.get("id", ""), "")
        part = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        names[posixpath.normpath(part)] = sheet.attributes.get("name", "")
    for part, data in parts.items():
        if part in names or part.startswith("xl/worksheets/sheet"):
            yield names.get(part, part), data


def _children(part: bytes | None) -> list[Element]:
    return tree(part).children if part else []


def _shared_lengths(part: bytes | None) -> list[int]:
    """Return the length of each text that cells of an .xlsx file may share."""
    lengths: list[int] = []

    def start(name: str, _: dict[str, str], __: int) -> None:
        if name == "si":
            lengths.append(0)

    def text(piece: str) -> None:
        if lengths:
            lengths[-1] += len(piece)

    if part:
        parse(part, start, text=text)
    return lengths


class _OfficeOpen:
    """Reader of one sheet of an .xlsx file."""

    def __init__(self, scan: Scan, sheet: str, lengths: list[int]) -> None:
        self._scan, self._sheet, self._lengths = scan, sheet, lengths
        self._row = self._column = 0
        self._kind = self._value = ""
        self._filled = self._listens = self._formula = False

    def read(self, part: bytes) -> None:
        parse(part, self._start, self._end, self._text)

    def _start(self, name: str, attributes: dict[str, str], _: int) -> None:
        if name == "row":
            self._row = _number(attributes.get("r"), self._row + 1)
            self._column = 0
        elif name == "c":
            self._place(attributes.get("r", ""))
            self._kind, self._value = attributes.get("t", ""), ""
            self._filled = self._formula = False
            if self._kind == "e":
                self._scan.refuse(self._sheet, self._row, self._column, ERROR)
        elif name == "f":
            self._formula = True
        elif name in ("v", "is"):
            self._filled = self._listens = True

    def _place(self, reference: str) -> None:
        """Go to a cell as ``F14``; without a reference, to the next one."""
        self._column += 1
        letters = reference.rstrip("0123456789")
        if reference and letters != reference:
            self._row = _number(reference[len(letters) :], self._row)
            self._column = _column(letters)

    def _text(self, piece: str) -> None:
        if self._listens:
            self._value += piece

    def _end(self, name: str) -> None:
        if name in ("v", "is"):
            self._listens = False
        elif name == "c":
            if self._formula:
                kept = self._filled and bool(self._value or self._kind == "str")
                self._scan.formula(self._sheet, self._row, self._column, kept)
            self._count()

    def _count(self) -> None:
        """Count the cell that ends, if it has a value."""
        if self._filled:
            size = len(self._value)
            if self._kind == "s":
                index = _number(self._value.strip(), -1)
                size = self._lengths[index] if 0 <= index < len(self._lengths) else 0
            self._scan.cell(self._sheet, self._row, self._column, text=size)


class _OpenDocument:
    """Reader of the sheets of an .ods file, where a cell or a row may stand for many."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._sheet = ""
        self._row = self._column = 0
        self._row_times = self._cell_times = 1
        self._filled = False
        self._size = 0

    def read(self, part: bytes) -> None:
        parse(part, self._start, self._end, self._text)

    def _start(self, name: str, attributes: dict[str, str], _: int) -> None:
        if name == "table":
            self._sheet, self._row = attributes.get("name", ""), 0
            self._scan.begin()
        elif name == "table-row":
            self._row_times = _number(attributes.get("number-rows-repeated"), 1)
            self._column = 0
        elif name in ("table-cell", "covered-table-cell"):
            self._cell_times = _number(attributes.get("number-columns-repeated"), 1)
            kind = attributes.get("value-type", "")
            self._filled, self._size = bool(kind), len(attributes.get("string-value", ""))
            if "formula" in attributes:
                self._scan.formula(self._sheet, self._row + 1, self._column + 1, bool(kind))
            elif kind == "error":
                self._scan.refuse(self._sheet, self._row + 1, self._column + 1, ERROR)

    def _text(self, piece: str) -> None:
        self._size += len(piece)

    def _end(self, name: str) -> None:
        if name in ("table-cell", "covered-table-cell"):
            self._column += self._cell_times
            if self._filled:
                times = self._cell_times * self._row_times
                row = self._row + self._row_times
                self._scan.cell(self._sheet, row, self._column, times, self._size)
        elif name == "table-row":
            self._row += self._row_times


@lru_cache(maxsize=1000)
def _column(letters: str) -> int:
    """Return the number of a column, 27 for ``AA``."""
    number = 0
    for character in letters:
        number = number * _LETTERS + ord(character.upper()) - ord("A") + 1
    return number


def _number(text: str | None, otherwise: int) -> int:
    """Return a whole number of an attribute; one beyond all bounds if it is too long to be meant."""
    if text is None or not text.isascii() or not text.isdigit():
        return otherwise
    return int(text) if len(text) <= len(str(_HUGE)) else _HUGE
