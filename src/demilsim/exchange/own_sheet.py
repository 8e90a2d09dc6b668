"""Read a sheet that somebody keeps in their own form: cells as they stand, each with what is odd about it."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.phrases import got, shown
from demilsim.scenario.tables import MAX_COLUMNS, MAX_TABLE_BYTES
from demilsim.scenario.text import Refused, read_bytes
from demilsim.scenario.workbook_package import MAX_FILE_BYTES, read_package, repacked
from demilsim.scenario.workbook_read import reader_refusing, typed_text
from demilsim.scenario.workbook_scan import MAX_CELLS, Scan, scan

ENCODINGS = {"utf-8": "utf-8-sig", "cp1251": "cp1251", "kz1048": "kz1048"}
"""What a CSV file may be written in: UTF-8 with or without byte order mark, Windows Cyrillic, and the
Kazakh standard that adds the letters of that language to it."""
DELIMITERS = {";": ";", ",": ",", "tab": "\t"}
NO_VALUE = (
    "expected a value (got a formula whose value is not kept in the file); open it in your spreadsheet "
    "program, save it and try again"
)
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
Position = tuple[int, int]


class Held(str):
    """A number, date or truth value that a sheet holds as such, not as text: there is one way to read it."""

    __slots__ = ()


@dataclass(frozen=True)
class OwnSheet:
    """The cells of a sheet, rows and columns counted from 1 as a spreadsheet program shows them.

    Parameters
    ----------
    file
        Name of the file, without its folder.
    sha256
        Hash of the file.
    name
        The sheet as messages name it.
    sheet
        Name of the sheet; empty for a CSV file.
    rows
        Cells of each row from A1 on; empty text where nothing stands. Numbers and dates are `Held`.
    refused
        What is wrong with a cell before anybody looks at its value.
    formulas
        Cells with the value that a formula had when the file was saved.
    merged
        First cell of the range that a cell is merged into.
    """

    file: str
    sha256: str
    name: str
    sheet: str
    rows: tuple[tuple[str, ...], ...]
    refused: Mapping[Position, str] = field(default_factory=dict)
    formulas: frozenset[Position] = frozenset()
    merged: Mapping[Position, Position] = field(default_factory=dict)

    def cell(self, row: int, column: int) -> str:
        """Return what stands in a cell; empty text beyond the last one."""
        cells = self.rows[row - 1] if 0 < row <= len(self.rows) else ()
        return cells[column - 1] if 0 < column <= len(cells) else ""

    @property
    def width(self) -> int:
        """Number of columns."""
        return max(map(len, self.rows), default=0)


def is_csv(path: Path) -> bool:
    """Return whether a file is read as CSV; refuse what is neither that nor a workbook of Excel."""
    suffix = path.suffix.lower()
    if path.is_dir():
        raise _refused(path, "expected an .xlsx or .csv file (got a folder)")
    if suffix not in (".xlsx", ".csv", ".txt"):
        raise _refused(path, f"expected an .xlsx or .csv file {got(suffix)}; save it as one of them")
    return suffix != ".xlsx"


def read_own_sheet(path: Path, sheet: str = "", encoding: str = "", delimiter: str = "") -> OwnSheet:
    """Return a sheet of a file that exists.

    Parameters
    ----------
    path
        An ``.xlsx`` or ``.csv`` file.
    sheet
        Name of the sheet; may be empty if the workbook has only one.
    encoding
        Of a CSV file, one of `ENCODINGS`; UTF-8 if empty, and refused if it is not that.
    delimiter
        Of a CSV file, one of `DELIMITERS`; if empty, that which stands most often in it.

    Raises
    ------
    ScenarioError
        If the file cannot be read, or not in that way.
    """
    csv_file = is_csv(path)
    try:
        data = read_bytes(path, MAX_TABLE_BYTES if csv_file else MAX_FILE_BYTES)
        digest = hashlib.sha256(data).hexdigest()
        if csv_file:
            rows = _csv_rows(_decoded(data, encoding or "utf-8", said=bool(encoding)), delimiter)
            return _filled(OwnSheet(path.name, digest, str(path), "", rows))
        return _filled(_workbook_sheet(path, digest, sheet))
    except Refused as refused:
        raise ScenarioError([Problem(str(path), refused.line, "", refused.message)]) from None


def _filled(sheet: OwnSheet) -> OwnSheet:
    """Return a sheet in which something stands; refuse one in which nothing does."""
    if not any(cell.strip() for row in sheet.rows for cell in row):
        raise ScenarioError([Problem(sheet.name, 0, "", "expected headings and rows (got an empty sheet)")])
    return sheet


def delimiter_of(path: Path, encoding: str) -> str:
    """Return the name of the sign that parts the cells of a CSV file: the one that it has most of."""
    try:
        text = _decoded(read_bytes(path, MAX_TABLE_BYTES), encoding or "utf-8", said=bool(encoding))
    except Refused as refused:
        raise ScenarioError([Problem(str(path), refused.line, "", refused.message)]) from None
    return max(DELIMITERS, key=lambda name: text.count(DELIMITERS[name]))


def _decoded(data: bytes, encoding: str, said: bool) -> str:
    if data.startswith(_ZIP):
        raise Refused(0, "expected CSV text (got a workbook, or another zip file); name it .xlsx")
    if data.startswith(_UTF16):
        raise Refused(0, "expected CSV text (got UTF-16 text); save it as CSV UTF-8")
    if said and encoding != "utf-8" and _is_utf8(data):
        raise Refused(0, f"expected {encoding} text (got UTF-8 text); say utf-8 as its encoding")
    try:
        return data.decode(ENCODINGS[encoding])
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        todo = (
            "say cp1251 (or kz1048, if it has Kazakh letters) as its encoding if Excel saved it as plain "
            "CSV, or save it as CSV UTF-8"
            if encoding == "utf-8"
            else "is it in another encoding?"
        )
        found = f"expected {encoding} text (got byte 0x{data[error.start]:02x}); {todo}"
        raise Refused(line, found) from None


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes that are not all ASCII are UTF-8 text: Cyrillic of another encoding never is."""
    if data.isascii():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _csv_rows(text: str, delimiter: str) -> tuple[tuple[str, ...], ...]:
    sign = DELIMITERS[delimiter] if delimiter else max(DELIMITERS.values(), key=text.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    rows = []
    try:
        for cells in reader:
            if len(cells) > MAX_COLUMNS:
                message = f"expected at most {MAX_COLUMNS} columns (got {len(cells):,})"
                raise Refused(reader.line_num, message)
            rows.append(tuple(cells))
    except csv.Error as error:
        raise Refused(reader.line_num, f"expected a CSV row (got a mistake: {error})") from None
    return tuple(rows)


class _OwnScan(Scan):
    """Notes every refused cell, and takes formulas whose value is there."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[tuple[str, int, int], str] = {}
        self.formulas: set[tuple[str, int, int]] = set()

    def refuse(self, sheet: str, row: int, column: int, message: str) -> None:
        self.refused.setdefault((sheet, row, column), message)

    def formula(self, sheet: str, row: int, column: int, kept: bool) -> None:
        if kept:
            self.formulas.add((sheet, row, column))
        else:
            self.refuse(sheet, row, column, NO_VALUE)


def _workbook_sheet(path: Path, digest: str, sheet: str) -> OwnSheet:
    from python_calamine import CalamineWorkbook

    parts = read_package(path)
    found = _OwnScan()
    scan(parts, found)
    with reader_refusing():
        workbook = CalamineWorkbook.from_filelike(repacked(parts))
        name = _chosen(sheet, workbook.sheet_names)
        opened = workbook.get_sheet_by_name(name)
        values = opened.to_python(skip_empty_area=False)
        ranges = opened.merged_cell_ranges or []
    rows = tuple(tuple(_held(value) for value in row) for row in values)
    merged = _merged(ranges, len(rows))
    own = {place[1:]: message for place, message in found.refused.items() if place[0] == name}
    formulas = frozenset(place[1:] for place in found.formulas if place[0] == name)
    return OwnSheet(path.name, digest, f"{path}: sheet {name}", name, rows, own, formulas, merged)


def _merged(ranges: Iterable[tuple[Position, Position]], height: int) -> dict[Position, Position]:
    """Return the first cell of the range that each other cell is merged into."""
    merged: dict[Position, Position] = {}
    for (top, left), (bottom, right) in ranges:
        for row in range(top, min(bottom + 1, height)):
            for column in range(left, min(right + 1, MAX_COLUMNS)):
                if (row, column) != (top, left):
                    merged[row + 1, column + 1] = (top + 1, left + 1)
        if len(merged) > MAX_CELLS:
            raise Refused(0, f"expected at most {MAX_CELLS:,} merged cells (got more)")
    return merged


def _chosen(sheet: str, names: list[str]) -> str:
    if sheet in names:
        return sheet
    if not sheet and len(names) == 1:
        return names[0]
    listed = ", ".join(map(shown, names))
    raise Refused(
        0,
        f"expected a sheet, one of {listed} (got {shown(sheet)}); name it by --sheet or in the mapping",
    )


def _held(value: object) -> str:
    """Return a cell as text; a time of day beside a date is of no use to a scenario."""
    if isinstance(value, str):
        return value
    return Held(value.date().isoformat() if isinstance(value, dt.datetime) else typed_text(value))


def _refused(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(str(path), 0, "", message)])
