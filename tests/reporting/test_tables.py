import csv
import datetime as dt
import io
import json

import numpy as np
import pytest

from demilsim.errors import ResultsError
from demilsim.reporting.tables import cell_text, csv_text, json_text
from demilsim.scenario.formula_guard import unquoted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (3, "3"),
        (np.int64(-4), "-4"),
        (0.1 + 0.2, "0.3"),
        (np.float64(1 / 3), "0.3333333333"),
        (-0.0, "0.0"),
        (12345678901.4, "12345678900.0"),
        (-3.5, "-3.5"),
        (dt.date(2026, 1, 1), "2026-01-01"),
        ("plain", "plain"),
    ],
)
def test_a_value_has_one_text(value: object, text: str) -> None:
    """Floats are cut to ten significant digits, numbers are never quoted, absent is empty."""
    assert cell_text(value) == text


@pytest.mark.parametrize("text", ["=cmd", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_text_that_looks_like_a_formula_is_quoted_and_read_back(text: str) -> None:
    """A spreadsheet shows it, our reader returns it as it was."""
    assert cell_text(text) == f"'{text}"
    assert unquoted(cell_text(text)) == text


def test_an_ordinary_apostrophe_stays() -> None:
    """Only the quote before a formula is taken away."""
    assert unquoted("'s-Hertogenbosch") == "'s-Hertogenbosch"


def test_csv_is_read_back_by_the_standard_reader() -> None:
    """Commas, quotes and line breaks survive; lines end with LF only."""
    text = csv_text(["a", "b"], [["x,y", 'say "no"'], ["two\nlines", None]])
    assert "\r" not in text
    assert text.endswith("\n")
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [["x,y", 'say "no"'], ["two\nlines", ""]]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), np.float64("-inf")])
def test_numbers_that_are_not_finite_are_refused(number: float) -> None:
    """Absent is None; NaN never reaches a file."""
    with pytest.raises(ResultsError, match="finite number"):
        csv_text(["a"], [[number]])
    with pytest.raises(ResultsError, match="cannot be written as JSON"):
        json_text({"a": [float(number)]})


def test_a_row_of_another_length_is_refused() -> None:
    """The message counts rows and cells."""
    with pytest.raises(ResultsError, match=r"row 2: expected 2 values, one a column \(got 1\)"):
        csv_text(["a", "b"], [[1, 2], [3]])


def test_json_keeps_order_and_letters() -> None:
    """Keys stay where they were put, Cyrillic stays Cyrillic."""
    text = json_text({"b": 1, "a": "Тараз"})
    assert text == '{\n  "b": 1,\n  "a": "Тараз"\n}\n'
    assert list(json.loads(text)) == ["b", "a"]
