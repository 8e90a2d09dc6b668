"""Keep text from being run: what a spreadsheet would take for a formula gets a leading quote in CSV files."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a text for a formula."""

_LINE_END = "\r\n"
_FORMULA = re.compile(f"'*[{re.escape(''.join(FORMULA_STARTS))}]")


def quoted_formula(text: str) -> str:
    """Return text with a leading quote if a spreadsheet would run it, or if it looks quoted already."""
    return f"'{text}" if _FORMULA.match(text) else text


def unquoted(cell: str) -> str:
    """Return the text that `quoted_formula` was given."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_lines(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV text with LF line ends; no line break inside a cell is left without quotes.

    The writer of the standard library quotes only what holds a sign of its own line end: with LF alone, a
    text that holds CR would go on as a new row, whose first cell may be a formula.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator=_LINE_END)
    lines = []
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        lines.append(buffer.getvalue().removesuffix(_LINE_END) + "\n")
    return "".join(lines)
