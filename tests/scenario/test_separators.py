"""Signs between cells: what is read, and one message for what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from demilsim.scenario.tables import TextTable, form_table, read_table

COLUMNS = ("lot_id", "neq_kg", "source")
EXPECTED = "lots.csv:1: expected commas or semicolons between cells"
ROWS = "lot_id,neq_kg,source\nx,1,A\ny,2,B\n"


def read(tmp_path: Path, content: str) -> TextTable:
    file = tmp_path / "lots.csv"
    file.write_bytes(content.encode())
    return read_table(file, "lots.csv", COLUMNS, table="lots")


@pytest.mark.parametrize(
    "content",
    [
        f"sep=,\n{ROWS}",
        f"sep=,\r\n{ROWS}",
        f"SEP=;\r{ROWS.replace(',', ';')}",
        f'\ufeff"sep=;"\n{ROWS.replace(",", ";")}',
        f'"sep=,",,\n{ROWS}',
    ],
    ids=["comma", "line ends", "semicolon, old line ends", "quoted, with mark", "filled up with cells"],
)
def test_a_line_that_names_the_sign_is_followed(content: str, tmp_path: Path) -> None:
    """Excel's own first line is no header, and lines keep their numbers after it."""
    table = read(tmp_path, content)
    assert table.problems == ()
    assert table.header_line == 2
    assert [(row.line, row.cells["neq_kg"]) for row in table.rows] == [(3, "1"), (4, "2")]
    assert table.decimal_comma == (";" in content)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (ROWS.replace(",", "\t"), f"{EXPECTED} (got tabs); save it"),
        (ROWS.replace(",", "|"), f"{EXPECTED} (got vertical bars)"),
        (ROWS.replace(",", " "), f"{EXPECTED} (got spaces)"),
        (ROWS.replace(",", "¦"), f"{EXPECTED} (got the sign '¦')"),
        (f"sep=\t\n{ROWS}".replace(",", "\t"), f"{EXPECTED.replace('1', '2')} (got tabs)"),
        (
            f"sep=;\n{ROWS}",
            "lots.csv:2: expected semicolons between cells, as the line sep=; says (got commas)",
        ),
        (
            "".join(f'"{line}"\n' for line in ROWS.split()),
            "lots.csv:1: expected the name of one column in a cell (got 3 names in one, commas between them)",
        ),
        (
            "lot_id;neq_kg;source\nx;1;A;B\ny;2;A;B\n",
            "lots.csv:2: expected 3 cells (got 4 in all 2 rows); put a cell with semicolons in it, as a list "
            "in source, into quotation marks",
        ),
        (
            "lot_id,neq_kg,source\nx;1;A\ny;2;A\n",
            "lots.csv:2: expected 3 cells (got 1 in all 2 rows); here semicolons stand between cells, in the "
            "header commas",
        ),
    ],
)
def test_another_sign_is_one_message_that_names_it(content: str, told: str, tmp_path: Path) -> None:
    """Not a line for each column or row, and nothing of commas where there are none."""
    table = read(tmp_path, content)
    assert len(table.problems) == 1
    assert str(table.problems[0]).startswith(told)


def test_rows_that_differ_are_told_one_by_one(tmp_path: Path) -> None:
    """With a row that is right among them, each one that is not is told with its line."""
    table = read(tmp_path, "lot_id;neq_kg;source\nx;1;A;B\ny;2;A\nz;3;A;B\n")
    assert [(p.line, "(got 4); put a cell with semicolons" in p.message) for p in table.problems] == [
        (2, True),
        (4, True),
    ]
    assert [row.cells["lot_id"] for row in table.ragged] == ["x", "z"]


def test_a_whole_line_in_a_cell_of_a_sheet_is_told_with_the_cell() -> None:
    """A CSV file that a spreadsheet opened into one column says what to do with it."""
    lines = [(n, [line]) for n, line in enumerate(ROWS.split(), start=1)]
    table = form_table("w.xlsx: sheet lots", lines, COLUMNS, (), [], letters=["A"], table="lots")
    (problem,) = table.problems
    assert problem.cell == "A1"
    assert "got 3 names in one, commas between them); split the column into several" in problem.message
