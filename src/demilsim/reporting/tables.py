"""CSV and JSON as text: the same bytes for the same values, and safe to open in a spreadsheet."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import Any

from demilsim.errors import ResultsError
from demilsim.scenario.formula_guard import csv_lines, quoted_formula

SIGNIFICANT_DIGITS = 10
"""Digits kept in a float: enough for any result, too few to show the order of a sum."""


def cell_text(value: object) -> str:
    """Return one value as it stands in a CSV file.

    Parameters
    ----------
    value
        None (empty), a bool (``true``, ``false``), a number, or anything whose `str` is its text. A text
        that a spreadsheet would run as a formula gets a leading quote; numbers never do.

    Raises
    ------
    ResultsError
        If a number is not finite: absent values are None.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Real):
        return _float_text(float(value))
    return quoted_formula(str(value))


def _float_text(number: float) -> str:
    """Return the shortest text of a float rounded to `SIGNIFICANT_DIGITS`."""
    if not math.isfinite(number):
        raise ResultsError(f"expected a finite number in a table (got {number!r}); write None where absent")
    rounded = float(f"{number:.{SIGNIFICANT_DIGITS}g}")
    return repr(rounded + 0.0)  # adding zero turns -0.0 into 0.0


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV text with LF line ends.

    Parameters
    ----------
    header
        Names of the columns.
    rows
        Values in the order of `header`, see `cell_text`.

    Raises
    ------
    ResultsError
        If a number is not finite or a row has not one value for each column.
    """
    lines: list[Sequence[str]] = [header]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(header):
            raise ResultsError(f"row {number}: expected {len(header)} values, one a column (got {len(row)})")
        lines.append([cell_text(value) for value in row])
    return csv_lines(lines)


def json_text(document: Any) -> str:
    """Return a document as JSON text: order kept, indented by two, a newline at the end.

    Raises
    ------
    ResultsError
        If it holds NaN or an infinite number, or anything that JSON has no word for.
    """
    try:
        return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (ValueError, TypeError) as error:
        raise ResultsError(f"cannot be written as JSON: {error}; write None where absent") from error
