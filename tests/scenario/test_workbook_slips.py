"""Slips in workbooks: one message with sheet, row and cell, and none for a sheet with nothing on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from books import Sheets, cells_of, starter_book, with_cell, write_cells
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario

Bend = Callable[[Sheets], None]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return starter_book(tmp_path_factory.mktemp("slips"))


def refused(path: Path) -> str:
    """Return the only problem, without the name of the workbook."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    (problem,) = caught.value.problems
    return str(problem).removeprefix(f"{path}: ")


def put(sheet: str, row: int, column: str, value: object) -> Bend:
    def apply(sheets: Sheets) -> None:
        rows = sheets[sheet]
        rows[row - 1][rows[0].index(column)] = value

    return apply


def titled(sheets: Sheets) -> None:
    sheets["lots"].insert(0, ["Register of lots"])


def in_one_column(sheets: Sheets) -> None:
    sheets["lots"] = [[",".join(map(str, row))] for row in sheets["lots"]]


def without_rows(sheets: Sheets) -> None:
    del sheets["facilities"][2:]


def with_total(sheets: Sheets) -> None:
    sheets["lots"].append(["Total", "", "", 1310, 322250])


@pytest.mark.parametrize(
    ("bend", "told"),
    [
        (
            put("facilities", 3, "open_months", dt.date(2026, 4, 10)),
            "sheet facilities, row 3, column open_months (cell I3): expected a first and a last "
            "month such as "
            "4-10, or 1-12 (got '2026-04-10'); a spreadsheet makes a date of 4-10: format the "
            "cell as text first",
        ),
        (
            put("funding", 4, "due", 46204),
            "sheet funding, row 4, column due (cell C4): expected a date as YYYY-MM-DD (got "
            "46204); spreadsheets "
            "store 2026-07-01 as this number: format the cell as a date, or write 2026-07-01",
        ),
        (
            titled,
            "sheet lots, row 2 (cell A2): expected the names of the columns first (got them in "
            "row 2, below a "
            "row without any); take out what is above",
        ),
        (
            in_one_column,
            "sheet lots, row 1 (cell A1): expected the name of one column in a cell (got 13 "
            "names in one, commas "
            "between them); split the column into several, in Excel with Data, Text to Columns",
        ),
        (
            without_rows,
            "sheet facilities, row 1 (cell A1): expected at least one row, since facility_rates "
            "names RANGE-A "
            "and 2 more (got none)",
        ),
        (
            with_total,
            "sheet lots, row 15, column lot_id (cell A15): expected values in 6 columns, "
            "storehouse_id, nature_id, "
            "status and 3 more (got nothing); fill them in, or take the row out if it is a total or a note",
        ),
        (
            put("settings", 9, "value", ""),
            "sheet settings: horizon_years: missing: expected a whole number of yr (whole years "
            "from the start; "
            "1 to 50)",
        ),
    ],
)
def test_a_slip_in_a_workbook_is_one_message(bend: Bend, told: str, book: bytes, tmp_path: Path) -> None:
    """As in a folder, with the cell to go to."""
    sheets = cells_of(book)
    bend(sheets)
    assert refused(write_cells(tmp_path / "w.xlsx", sheets)) == told


def test_a_formula_without_a_value_is_told_once(book: bytes, tmp_path: Path) -> None:
    """The cell is refused for its formula, not a second time for being empty."""
    path = tmp_path / "w.xlsx"
    path.write_bytes(with_cell(book, "lots", "D4", "<f>A1*2</f>"))
    assert refused(path).endswith("(cell D4): expected a value (got a formula); paste its value in its place")


def test_a_sheet_with_nothing_on_it_is_no_mistake(book: bytes, tmp_path: Path) -> None:
    """The empty Sheet1 that a program adds is not read; one with a note leads to the sheet for notes."""
    sheets = cells_of(book)
    assert load_scenario(write_cells(tmp_path / "a.xlsx", {**sheets, "Sheet1": []})).lots
    told = refused(write_cells(tmp_path / "b.xlsx", {**sheets, "Sheet1": [["by A. B."]]}))
    assert told.endswith("; what is for people goes into the sheet notes, which is not read")
