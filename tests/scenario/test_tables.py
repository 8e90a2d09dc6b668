from __future__ import annotations

from pathlib import Path

import pytest

from demilsim.scenario.tables import TextTable, read_table

COLUMNS = ("lot_id", "neq_kg", "source")


def read(tmp_path: Path, content: str | bytes) -> TextTable:
    file = tmp_path / "lots.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(file, "lots.csv", COLUMNS)


@pytest.mark.parametrize(
    "content",
    [
        "lot_id,neq_kg,source\n0123,1.5,A\nx,2,B;C\n",
        "\ufefflot_id,neq_kg,source\r\n0123,1.5,A\r\nx,2,B;C\r\n",
        'lot_id;neq_kg;source\n0123;1.5;A\n"x";2;"B;C"\n',
        "lot_id,neq_kg,source\r0123,1.5,A\rx,2,B;C",
        '"lot_id", neq_kg ,source\n0123,1.5,A\n\n , ,\nx,2,B;C\n',
    ],
    ids=["plain", "spreadsheet", "semicolons", "old line ends", "spaces and blank rows"],
)
def test_spreadsheet_dialects_read_the_same(content: str, tmp_path: Path) -> None:
    """Delimiter, byte order mark, line ends, quotes and blank rows make no difference."""
    table = read(tmp_path, content)
    assert table.problems == ()
    assert [tuple(row.cells.values()) for row in table.rows] == [("0123", "1.5", "A"), ("x", "2", "B;C")]


def test_columns_may_come_in_any_order(tmp_path: Path) -> None:
    """Cells go by the name of their column, not by its place."""
    table = read(tmp_path, "source,lot_id,neq_kg\nA,x,1\n")
    assert table.rows[0].cells == {"source": "A", "lot_id": "x", "neq_kg": "1"}


def test_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    """A row is named by the line on which it starts, also after cells that span lines."""
    table = read(tmp_path, '\nlot_id,neq_kg,source\n"a\nb\nc",1,A\n\nx,2,B\n')
    assert table.header_line == 2
    assert [row.line for row in table.rows] == [3, 7]
    assert table.rows[0].cells["lot_id"] == "a\nb\nc"


def test_doubled_quotes_and_markup_are_text(tmp_path: Path) -> None:
    """Quotes, HTML and formulas are names like any other."""
    table = read(tmp_path, 'lot_id,neq_kg,source\n"say ""<b>""",=1+1,A\n')
    assert table.rows[0].cells == {"lot_id": 'say "<b>"', "neq_kg": "=1+1", "source": "A"}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "lots.csv: expected the columns lot_id, neq_kg, source (got no header)"),
        ("lot_id,source\n", "lots.csv:1: neq_kg: missing column"),
        (
            "lot_id,neq_kgs,neq_kg,source\n",
            "lots.csv:1: neq_kgs: unknown column; the columns are lot_id, neq_kg",
        ),
        ("lot_id,neq_kg,source,neq_kg\n", "lots.csv:1: neq_kg: expected each column once (got it twice)"),
        ("lot_id,neq_kg,source,\n", "lots.csv:1: expected a name for column 4 (got nothing)"),
        ("lot_id,neq_kg,source\na,1\n", "lots.csv:2: expected 3 cells (got 2)"),
        ("lot_id,neq_kg,source\na,1,A,\n", "lots.csv:2: expected 3 cells (got 4)"),
        ('lot_id,neq_kg,source\na,1,A\n"b,1,A\nc,1,A\n', "lots.csv:3: expected a CSV row"),
        ('lot_id,neq_kg,source\n"a"b,1,A\n', "lots.csv:2: expected a CSV row"),
        (f"lot_id,neq_kg,source\n{'a' * 200_000},1,A\n", "lots.csv:2: expected a CSV row"),
        (b"lot_id,neq_kg,source\na\0,1,A\n", "lots.csv:2: expected text (got the control character 0x00)"),
        (b"lot_id,neq_kg,source\n\xe4,1,A\n", "lots.csv:2: expected UTF-8 text (got byte 0xe4)"),
    ],
)
def test_wrong_form_is_a_problem_with_its_line(content: str | bytes, expected: str, tmp_path: Path) -> None:
    """What is wrong with the form of a table is said with the line, and never raised."""
    problems = [str(problem) for problem in read(tmp_path, content).problems]
    assert any(problem.startswith(expected) for problem in problems), problems


def test_unknown_column_suggests_a_missing_one(tmp_path: Path) -> None:
    """The suggestion is a column that the header lacks, whatever its case."""
    problems = [str(p) for p in read(tmp_path, "LOT_ID,neq_kg,source\n").problems]
    assert "lots.csv:1: LOT_ID: unknown column; did you mean lot_id?" in problems


def test_size_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table above the limit is not read."""
    monkeypatch.setattr("demilsim.scenario.tables.MAX_TABLE_BYTES", 10)
    table = read(tmp_path, "lot_id,neq_kg,source\n")
    assert "expected at most" in table.problems[0].message
