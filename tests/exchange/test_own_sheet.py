"""How sheets are read and guessed at: encodings, two rows of headings, letters, units, and what is told."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from demilsim.errors import ScenarioError
from demilsim.exchange.own_cells import latin, unit_words
from demilsim.exchange.own_draft import draft_mapping
from demilsim.exchange.own_guess import guess_columns, guess_date, guess_unit
from demilsim.exchange.own_mapping import read_mapping
from demilsim.exchange.own_rows import headings_of
from demilsim.exchange.own_sheet import Held, OwnSheet, read_own_sheet
from demilsim.exchange.own_table import totals
from own_sheets import csv_file, made, mapping_file, workbook_file

PLACES = {"site_id": {"value": "A"}, "construction": {"value": "masonry"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "kz1048"])
def test_letters_of_every_encoding_are_read(encoding: str, tmp_path: Path) -> None:
    """Cyrillic letters are the same whatever they were saved in; Kazakh ones where the encoding has them."""
    text = "Қойма №7" if encoding != "cp1251" else "Склад №7"
    sheet = csv_file(tmp_path / "own.csv", [["склад"], [text]], ";", encoding)
    assert read_own_sheet(sheet, "", encoding.removesuffix("-sig"), ";").rows == (("склад",), (text,))


def test_headings_over_two_rows_are_one_name(tmp_path: Path) -> None:
    """A heading over two columns is part of both names, one over two rows counts once."""
    cells = {
        "A1": "титул",
        "A2:A3": "Склад",
        "B2:C2": "Координаты, м",
        "B3": "X",
        "C3": "Y",
        "D3": "X",
        "E3": "X",
    }
    sheet = read_own_sheet(workbook_file(tmp_path / "own.xlsx", {"S": {**cells, "F4": "x"}}))
    assert headings_of(sheet, 2, 3) == [
        "Склад", "Координаты, м / X", "Координаты, м / Y", "X (column D)", "X (column E)", "(column F)",
    ]  # fmt: skip
    found = guess_columns("storehouses", headings_of(sheet, 2, 3))
    assert found == {"storehouse_id": "Склад", "x_m": "Координаты, м / X", "y_m": "Координаты, м / Y"}
    assert guess_unit("Координаты, м / X", "m", ()) == "m"


def test_rows_below_the_last_are_not_read(tmp_path: Path) -> None:
    """Blank rows are counted, rows below last_row are not read, thousands are parted if it is said."""
    rows = [
        ["склад", "x", "y"],
        ["A1", "1 200,5", "0"],
        ["", "", ""],
        ["A2", "12\u00a0345", "0"],
        ["Итого", "", ""],
    ]
    sheet = csv_file(tmp_path / "own.csv", rows)
    columns = PLACES | {
        "storehouse_id": {"column": "склад"},
        "x_m": {"column": "x", "unit": "m"},
        "y_m": {"column": "y", "unit": "m"},
    }
    said = {"delimiter": ";", "last_row": 4, "thousands": "space", "columns": columns}
    found = made(sheet, mapping_file(tmp_path, "storehouses", said), "storehouses")
    assert [(r.storehouse_id, r.x_m) for r in found.records] == [("A1", 1200.5), ("A2", 12345.0)]  # type: ignore[attr-defined]
    assert (found.rows.blank, found.lines) == (1, (2, 4))


def test_percent_that_excel_shows_is_told(tmp_path: Path) -> None:
    """A column in percent that never exceeds 1 is told: Excel keeps 35% as 0.35."""
    heads = ["exposed_site_id", "site_id", "kind", "x_m", "y_m", "persons", "day_fraction", "night_fraction"]
    cells = {f"{'ABCDEFGH'[n]}1": head for n, head in enumerate(heads)}
    row = ("E1", "A", "road", 0, 0, 5, 0.35, 90)
    cells |= {f"{'ABCDEFGH'[n]}2": value for n, value in enumerate(row)}  # type: ignore[misc]
    sheet = workbook_file(tmp_path / "own.xlsx", {"S": cells})
    columns: dict[str, dict[str, str]] = {head: {"column": head} for head in heads}
    columns |= {name: {"column": name, "unit": "m"} for name in ("x_m", "y_m")}
    columns |= {name: {"column": name, "unit": "%"} for name in ("day_fraction", "night_fraction")}
    mapping = mapping_file(tmp_path, "exposed_sites", {"sheet": "S", "columns": columns})
    found = made(sheet, mapping, "exposed_sites")
    said = read_mapping(mapping, "exposed_sites")
    assert found.rows.small_percents(said) == ["day_fraction"]
    assert [(name, float(read)) for name, read, *_ in totals(found, said)] == [("persons", 5.0)]
    with pytest.raises(AssertionError, match="persons: rows lost on the way"):
        totals(replace(found, records=()), said)


def test_a_mapping_is_for_one_kind_of_file(tmp_path: Path) -> None:
    """What is said of a CSV file is refused of a workbook and the other way round, and nothing is guessed."""
    book = workbook_file(tmp_path / "own.xlsx", {"S": {"A1": "A", "A2": "1"}})
    text = csv_file(tmp_path / "own.csv", [["A"], ["1"]])
    columns = {name: {"value": "1"} for name in ("site_id", "construction", "x_m", "y_m")}
    said = {"columns": {**columns, "storehouse_id": {"column": "A"}}}
    with pytest.raises(ScenarioError, match=r"(?s)encoding: expected only for a CSV.*delimiter: expected"):
        made(book, mapping_file(tmp_path, "storehouses", said), "storehouses")
    with pytest.raises(
        ScenarioError, match=r"(?s)delimiter: missing.*encoding: missing.*sheet: expected only"
    ):
        made(text, mapping_file(tmp_path, "storehouses", {"sheet": "S", **said}), "storehouses")


def test_a_draft_with_control_characters_is_still_toml() -> None:
    """No sign of a heading, a sheet's name or a cell ends a note or a text early."""
    wild = "№\x1b[31m\x7f\u2028\"\\ '#"
    sheet = OwnSheet(wild, "0" * 64, wild, wild, ((wild, "статус", wild), (wild, wild, "1")))
    tree = tomllib.loads(draft_mapping(sheet, "lots", {}))
    assert tree["sheet"] == wild
    assert tree["columns"]["status"]["column"] == "статус"
    assert list(tree["columns"]["status"]["values"].values()) == ["?"]


def test_words_units_dates_and_letters_are_told_apart() -> None:
    """Units in Russian are ours, dates are guessed only where one form fits, ids keep their digits."""
    assert [unit_words(text) for text in ("кг", "тн.", "кг/сут", "USD/т", "kg")] == [
        "kg", "t", "kg/d", "USD/t", "kg",
    ]  # fmt: skip
    assert guess_date(["12.05.1978", "1980", Held("1981-02-03")]) == "DD.MM.YYYY"
    assert guess_date([Held("1981-02-03")]) == "YYYY-MM-DD"
    assert guess_date(["01/02/1980"]) == ""
    assert guess_unit("доля, %", "1", [Held("45"), Held("0.3")]) == "%"
    assert [guess_unit("доля", "1", [Held(one)]) for one in ("45", "0.3")] == ["%", "1"]
    assert [latin(text) for text in ("Склад №1", "Қойма-3/Ә", "ЩУКА 7", "A1")] == [
        "Sklad-n1", "Qoima-3-A", "ShchUKA-7", "A1",
    ]  # fmt: skip


def test_files_that_are_no_sheets_are_refused(tmp_path: Path) -> None:
    """Too many columns, quotation marks that never end, nothing at all, and files of another kind."""
    wide = csv_file(tmp_path / "wide.csv", [["a"], ["x"] * 501])
    with pytest.raises(ScenarioError, match=r"wide.csv:2: expected at most 500 columns \(got 501\)"):
        read_own_sheet(wide, "", "utf-8", ";")
    (tmp_path / "empty.csv").write_text("\n;\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"empty.csv: expected headings and rows \(got an empty sheet\)"):
        read_own_sheet(tmp_path / "empty.csv")
    book = workbook_file(tmp_path / "book.xlsx", {"S": {"A1": "x"}}).rename(tmp_path / "book.csv")
    with pytest.raises(ScenarioError, match=r"expected CSV text \(got a workbook, or another zip file\)"):
        read_own_sheet(book)
    with pytest.raises(ScenarioError, match=r"expected an .xlsx or .csv file \(got a folder\)"):
        read_own_sheet(tmp_path)
    (tmp_path / "open.csv").write_text('a;b\n"c;d\n', encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"open.csv:2: expected a CSV row \(got a mistake"):
        read_own_sheet(tmp_path / "open.csv", "", "utf-8", ";")
