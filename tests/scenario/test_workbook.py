from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from books import (
    cells_of,
    packed,
    parts_of,
    sheet_part,
    starter_book,
    with_number,
    with_sheet,
    with_text,
    write_cells,
)
from changes import cell
from demilsim.errors import ScenarioError
from demilsim.scenario.folder_write import write_folder
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_scenario, read_text
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.workbook_read import UNREAD_SHEETS
from demilsim.scenario.workbook_write import workbook_bytes
from hostile import HOSTILE
from worlds import lot, site, storehouse, three_sites, world

SHIPPED = ("kazakhstan", "central-asia")
UNWRITABLE = ("\x01", "\x08", "\x1b[31mred\x1b[0m", "\x7f", "\ufffe", "_x005F_x0041_")
"""Those of the hostile texts that cannot stand in a sheet as they are."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return starter_book(tmp_path_factory.mktemp("starter"))


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], Scenario]:
    """Return a function that loads a workbook from its bytes."""

    def load(data: bytes) -> Scenario:
        file = tmp_path / "b.xlsx"
        file.write_bytes(data)
        return load_scenario(file)

    return load


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scenario_comes_back_from_workbook_and_folder(name: str, tmp_path: Path) -> None:
    """Folder to workbook to folder gives the equal hash at each step."""
    given = load_scenario(Path("scenarios") / name)
    (tmp_path / "b.xlsx").write_bytes(workbook_bytes(given))
    sheets = load_scenario(tmp_path / "b.xlsx")
    write_folder(sheets, tmp_path / "back")
    assert sheets.sha256 == given.sha256
    assert load_scenario(tmp_path / "back").sha256 == given.sha256


def test_every_number_and_date_comes_back(tmp_path: Path) -> None:
    """Numbers of seventeen digits, very small and very large ones, and leap days survive value by value."""
    odd = [0.1 + 0.2, 1 / 3, 1e-11, 123456789.123456789, 2.5e10, 7.0]
    days = [dt.date(1900, 1, 31), dt.date(1900, 3, 1), dt.date(2028, 2, 29), dt.date(2199, 12, 31)]
    lots = [lot(f"L{n}", neq_kg=value) for n, value in enumerate(odd)]
    dated = [lot(f"D{n}", destroy_by=day) for n, day in enumerate(days)]
    (tmp_path / "b.xlsx").write_bytes(workbook_bytes(world(lots=[*lots, *dated])))
    text = read_text(tmp_path / "b.xlsx")
    rows = text.tables["lots"].rows
    assert text.problems == ()
    assert [float(row.cells["neq_kg"]) for row in rows[: len(odd)]] == odd
    assert [row.cells["destroy_by"] for row in rows[len(odd) :]] == [day.isoformat() for day in days]


def test_ids_stay_text(read: Callable[[bytes], Scenario], tmp_path: Path) -> None:
    """A lot 0123 comes back as 0123, and a country NO as NO."""
    folder = write_starter("pilot", tmp_path)
    cell("lots.csv", 2, "lot_id", "0123")(folder)
    scenario = load_scenario(folder, {"country": "NO"})
    back = read(workbook_bytes(scenario))
    assert (back.lots[0].lot_id, back.settings.country) == ("0123", "NO")
    assert back.sha256 == scenario.sha256


def test_same_scenario_gives_the_same_bytes() -> None:
    """Nothing in a workbook depends on the time."""
    assert workbook_bytes(three_sites()) == workbook_bytes(three_sites())


def test_sheets_have_heads_and_units(book: bytes) -> None:
    """The first row of a sheet names all columns of its table, the second their units."""
    head, units = cells_of(book)["lots"][:2]
    assert tuple(head) == LAYOUT["lots"].columns
    assert units[head.index("neq_kg")] == "[kg]"
    assert units[head.index("gross_mass_t")] == "[t]"


def test_first_sheet_says_synthetic(book: bytes) -> None:
    """Invented data say so before anything else, with the version of the form."""
    lines = [str(row[0]) for row in cells_of(book)["notes"]]
    assert lines[1].startswith("SYNTHETIC")
    assert "form 1" in lines[2]
    assert "notes" in UNREAD_SHEETS


def test_numbers_and_dates_are_no_text(book: bytes) -> None:
    """A spreadsheet can sum masses and sort dates."""
    lots, funding = cells_of(book)["lots"], cells_of(book)["funding"]
    assert isinstance(lots[2][lots[0].index("gross_mass_t")], float)
    assert isinstance(funding[2][funding[0].index("due")], dt.date)


def test_lists_offer_words_and_ids(book: bytes) -> None:
    """Words have a list of their own; ids point at the column where they are defined."""
    parts = parts_of(book)
    lots = parts[sheet_part(parts, "lots")].decode()
    assert '"surplus,reserve"' in lots
    assert "storehouses!$A$3:$A$" in lots
    assert "choices!$A$2:$A$" in lots


def test_heads_are_locked_and_cells_are_not(book: bytes) -> None:
    """The sheet is protected; the style of its data cells is not locked."""
    parts = parts_of(book)
    assert b"<sheetProtection" in parts[sheet_part(parts, "lots")]
    assert b'<protection locked="0"/>' in parts["xl/styles.xml"]
    assert any(name.startswith("xl/comments") for name in parts)


def test_problem_names_sheet_row_column_and_cell(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """What is wrong in a cell is said with sheet, row, column, cell, what was expected and found."""
    where = f"{'ABCDEFGH'[LAYOUT['lots'].columns.index('neq_kg')]}3"
    with pytest.raises(ScenarioError) as caught:
        read(with_number(book, "lots", where, "-3.5"))
    assert str(caught.value).endswith(
        f"b.xlsx: sheet lots, row 3, column neq_kg (cell {where}): expected >= 0 (got -3.5)"
    )


def test_problem_in_a_scalar_names_its_cell(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """A scalar is named by the cell of its value."""
    keys = [row[0] for row in cells_of(book)["settings"]]
    where = f"B{keys.index('horizon_years') + 1}"
    with pytest.raises(ScenarioError, match=rf"sheet settings, cell {where}, horizon_years: expected <= 50"):
        read(with_number(book, "settings", where, "99"))


def test_all_problems_come_at_once(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """Two bad cells in two sheets give two problems."""
    broken = with_text(with_text(book, "lots", "D3", "many"), "sites", "F3", "7")
    with pytest.raises(ScenarioError) as caught:
        read(broken)
    assert len(caught.value.problems) == 2


def test_a_misspelt_sheet_and_a_misspelt_head_are_met(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """Unknown sheets and columns are errors with the name that was meant."""
    with pytest.raises(ScenarioError, match="did you mean neq_kg"):
        read(with_text(book, "lots", "E1", "neg_kg"))
    parts = parts_of(book)
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'name="lots"', b'name="lot"')
    with pytest.raises(ScenarioError, match=r"unknown sheet \(got 'lot'\); did you mean lots"):
        read(packed(parts))


def test_another_unit_is_refused(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """Nothing is converted by a unit that was typed over ours; it is refused where it stands."""
    with pytest.raises(ScenarioError, match=r"cell E2\): expected the unit \[kg\] \(got '\[lb\]'\)"):
        read(with_text(book, "lots", "E2", "[lb]"))


@pytest.mark.parametrize(
    ("typed", "todo"),
    [("kg", "write it in brackets"), ("lb", "convert the numbers, and write units in brackets")],
)
def test_a_unit_without_brackets_is_told_as_a_unit(
    book: bytes, read: Callable[[bytes], Scenario], typed: str, todo: str
) -> None:
    """The row of units is not taken for a lot: one problem, in the cell that was changed."""
    with pytest.raises(ScenarioError) as caught:
        read(with_text(book, "lots", "E2", typed))
    [problem] = caught.value.problems
    assert (problem.cell, problem.message) == ("E2", f"expected the unit [kg] (got '{typed}'); {todo}")


def test_a_row_of_units_without_any_bracket_is_still_one(book: bytes, tmp_path: Path) -> None:
    """Who types all units anew is told so of each, not that they are no lot."""
    sheets = cells_of(book)
    sheets["lots"][1] = [str(cell).strip("[]") for cell in sheets["lots"][1]]
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write_cells(tmp_path / "bare.xlsx", sheets))
    assert {problem.line for problem in caught.value.problems} == {2}
    assert all("; write it in brackets" in problem.message for problem in caught.value.problems)


def test_sheets_and_columns_may_stand_in_any_order(book: bytes, tmp_path: Path) -> None:
    """A workbook without rows of units, with columns turned round and sheets last first, is the same."""
    sheets = {
        name: [list(reversed(row)) for row in rows if row is not rows[1]] if name in LAYOUT else rows
        for name, rows in reversed(cells_of(book).items())
    }
    (tmp_path / "b.xlsx").write_bytes(book)
    turned = load_scenario(write_cells(tmp_path / "turned.xlsx", sheets))
    assert turned.sha256 == load_scenario(tmp_path / "b.xlsx").sha256


def test_a_note_beside_a_table_is_met(book: bytes, read: Callable[[bytes], Scenario]) -> None:
    """A word in a column without a head is no scenario: it is named, not skipped."""
    note = '<c r="Z3" t="inlineStr"><is><t>ask Ana</t></is></c></row>'

    def beside(text: str) -> str:
        before, row, after = text.partition('<row r="3"')
        return before + row + after.replace("</row>", note, 1)

    with pytest.raises(ScenarioError, match=r"sheet lots, row 1.*expected a name for column"):
        read(with_sheet(book, "lots", beside))


def test_too_long_a_text_is_refused_on_writing() -> None:
    """A cell holds 32,767 characters; nothing is cut off in silence."""
    with pytest.raises(ScenarioError, match=r"sheet sites, cell B3: expected at most 32,767 characters"):
        workbook_bytes(world(sites=[site(name="x" * 40_000)]))


def test_variants_sheet_lays_values_over(book: bytes, tmp_path: Path) -> None:
    """FILE.xlsx@NAME is the scenario with what the sheet `variants` lists for that name."""
    heads = ["variant", "extends", "path", "value"]
    rows = [["long", "", "horizon_years", 20], ["longest", "long", "horizon_years", 30]]
    write_cells(tmp_path / "v.xlsx", cells_of(book) | {"variants": [heads, *rows]})
    assert load_scenario(tmp_path / "v.xlsx@long").settings.horizon_years == 20
    assert load_scenario(tmp_path / "v.xlsx@longest").settings.horizon_years == 30


def test_zip_of_the_workbook_has_no_clock(book: bytes) -> None:
    """Parts of the file carry the fixed date of the format."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        assert {info.date_time[0] for info in archive.infolist()} == {1980}


def test_five_hundred_hostile_names_are_text(tmp_path: Path) -> None:
    """Names that would run elsewhere are text cells, read as they were."""
    names = [name for name in HOSTILE if name not in UNWRITABLE]
    sites = [site(f"S{k}", name=name) for k, name in enumerate(names)]
    data = workbook_bytes(world(sites=sites, storehouses=[storehouse("H1", "S0")]))
    for name, part in parts_of(data).items():
        assert not [mark for mark in (b"<f>", b"<f ", b"<hyperlink") if mark in part], name
    (tmp_path / "b.xlsx").write_bytes(data)
    rows = read_text(tmp_path / "b.xlsx").tables["sites"].rows
    assert [row.cells["name"] for row in rows] == [one.name for one in sites]


@pytest.mark.parametrize("name", UNWRITABLE, ids=repr)
def test_what_no_sheet_can_hold_is_refused(name: str) -> None:
    """Control characters, and an escape that readers do not agree on, are named instead of changed."""
    with pytest.raises(ScenarioError, match="sheet sites, cell B3: expected text that a sheet can hold"):
        workbook_bytes(world(sites=[site(name=name)]))
