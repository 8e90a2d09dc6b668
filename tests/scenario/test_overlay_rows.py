"""Rows that a variant or the command line adds, copies and takes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import append, cell
from demilsim.errors import ScenarioError
from demilsim.scenario.folder_write import write_folder
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.notes import borrowed_sources
from demilsim.scenario.origins import Given, Origin, origins
from demilsim.scenario.starter import write_starter
from demilsim.scenario.workbook_write import workbook_bytes

LOT = {
    "storehouse_id": "A2", "nature_id": "mine_at", "gross_mass_t": "10", "neq_kg": "4 t", "status": "surplus",
    "safe_to_move": "yes", "year_made": "1980", "source": "A-EXAMPLE",
}  # fmt: skip
ROW = "L13,A2,mine_at,10,4000,surplus,yes,1980,,A-EXAMPLE"
MEASURE = {
    "kind": "rrpl", "site_id": "A", "level": "2", "cost_usd": "5 kUSD", "yearly_cost_usd": "0",
    "lead_time_days": "0",
}  # fmt: skip
VARIANTS = """\
variants:
  more:
    set:
      lots[+L13]:
        storehouse_id: A2
        nature_id: mine_at
        gross_mass_t: 10
        neq_kg: 4 t
        status: surplus
        safe_to_move: yes
        year_made: 1980
        source: A-EXAMPLE
  changed:
    extends: more
    set:
      lots[L13].gross_mass_t: 12
      lots[status=reserve]: remove
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


def new(row: str, cells: dict[str, str]) -> dict[str, str]:
    """Return the cells of a new row as `--set` takes them."""
    return {f"{row}.{column}": value for column, value in cells.items()}


def found(folder: Path, sets: dict[str, str], path: str) -> list[Origin]:
    """Return where the values come from whose path begins so."""
    return [one for one in origins(load_resolved(folder, sets)) if one.path.startswith(path)]


def test_a_row_added_is_a_row_in_the_file(folder: Path) -> None:
    """A new row gives the same scenario, to the hash, as the same line in the table."""
    added = load_scenario(folder, new("lots[+L13]", LOT))
    append("lots.csv", ROW)(folder)
    assert added.sha256 == load_scenario(folder).sha256


def test_a_row_removed_is_a_line_gone(folder: Path) -> None:
    """So does a row that is taken out; what only it cited need not be taken out as well."""
    without = load_scenario(folder)
    append("lots.csv", ROW.replace("A-EXAMPLE", "A-NEW"))(folder)
    append("sources.csv", "A-NEW,assumed,for one lot")(folder)
    removed = load_scenario(folder, {"lots[L13]": "remove"})
    assert removed.lots == without.lots
    assert load_scenario(folder, {"lots[L13]": "remove", "sources[A-NEW]": "remove"}).sha256 == without.sha256


def test_a_row_begins_as_a_copy(folder: Path) -> None:
    """Cells that are not set are those of the row that is copied, and are said to come from there."""
    sets = {"lots[+L13]": "like L02", "lots[+L13].neq_kg": "30 t"}
    first, second = (row for row in load_scenario(folder, sets).lots if row.lot_id in ("L02", "L13"))
    assert second == first.model_copy(update={"lot_id": "L13", "neq_kg": 30_000.0})
    said = {one.path: one for one in found(folder, sets, "lots[L13]")}
    assert said["lots[L13].gross_mass_t"].place == said["lots[L13].status"].place
    assert str(said["lots[L13].gross_mass_t"].place).endswith("lots.csv:3")
    assert said["lots[L13].neq_kg"].given is said["lots[L13].lot_id"].given is Given.COMMAND_LINE


def test_a_copy_is_of_the_row_as_it_was(folder: Path) -> None:
    """What the same layer does to the row that is copied does not show, whatever comes first."""
    sets = {"lots[L02].neq_kg": "30000", "lots[+L13]": "like L02", "lots[L03]": "remove"}
    for given in (sets, dict(reversed(list(sets.items())))):
        lots = {row.lot_id: row for row in load_scenario(folder, given).lots}
        assert (lots["L02"].neq_kg, lots["L13"].neq_kg) == (30_000.0, 36_000.0)
        assert "L03" not in lots


def test_rows_of_two_names_and_of_tables_that_are_not_there(folder: Path) -> None:
    """A row with two keys is added by both; a table that a scenario may do without begins with its first."""
    sets = new("measures[+M1]", MEASURE)
    scenario = load_scenario(folder, {**sets, "facility_rates[+KILN-B,mines]": "like KILN-B,mortar"})
    assert [row.measure_id for row in scenario.measures] == ["M1"]
    assert [row.category for row in scenario.facility_rates if row.facility_id == "KILN-B"][-1] == "mines"


def test_a_new_row_without_a_source_is_assumed(folder: Path) -> None:
    """It cites `set`, as a constant does; a copy keeps its source, and new numbers in it are doubted."""
    bare = load_scenario(folder, new("lots[+L13]", {k: v for k, v in LOT.items() if k != "source"}))
    assert bare.lots[-1].source == ("set",)
    assert (bare.sources[-1].source_id, bare.sources[-1].confidence) == ("set", "assumed")
    copied = load_resolved(folder, {"lots[+L13]": "like L02", "lots[+L13].neq_kg": "30000"})
    assert [column for _, _, column, _ in borrowed_sources(copied)] == ["neq_kg"]


def test_what_went_is_shown(folder: Path) -> None:
    """`show --resolved` names rows that were taken out, and who did."""
    gone = [one for one in found(folder, {"lots[status=reserve]": "remove"}, "lots") if one.place]
    said = [(one.path, one.given) for one in gone if one.value == "(removed)"]
    assert said == [("lots[L10]", Given.COMMAND_LINE), ("lots[L11]", Given.COMMAND_LINE)]


def test_variants_add_and_remove_in_folders_and_workbooks(folder: Path, tmp_path: Path) -> None:
    """A variant's rows are there for the next one, and come along into a workbook and a new folder."""
    append("scenario.yaml", VARIANTS)(folder)
    resolved = load_resolved(folder)
    book = tmp_path / "b.xlsx"
    book.write_bytes(workbook_bytes(resolved.scenario, resolved.text.variants.values()))
    write_folder(resolved.scenario, tmp_path / "again", resolved.text.variants.values())
    ids = {row.lot_id for row in resolved.scenario.lots}
    changed = load_scenario(f"{folder}@changed")
    assert {row.lot_id for row in changed.lots} == ids - {"L10", "L11"} | {"L13"}
    assert changed.lots[-1].gross_mass_t == 12
    for other in (book, tmp_path / "again"):
        assert load_scenario(f"{other}@changed").sha256 == changed.sha256


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ({"lots[L10]": "remve"}, r"lots\[L10\]: expected remove, .*did you mean remove\?"),
        ({"lots[L99]": "remove"}, r"expected a row of lots with lot_id 'L99'"),
        ({"lots[L10]": "remove", "lots[L10].neq_kg": "3"}, r"expected a row that stays \(got L10"),
        ({"lots[L10]": "remove", "lots[status=reserve]": "remove"}, "each value once"),
        ({"lots[+L10]": "like L02"}, r"\(got L10, which is there\); write lots\[L10\]"),
        ({"lots[+L13]": "L02"}, r"expected like and the row that it copies, as like L01 \(got 'L02'\)"),
        ({"lots[+L13]": "like L0"}, r"expected a row of lots with lot_id 'L0' .*did you mean"),
        ({"lots[+L13].neq_kg": "30"}, r"lots\[\+L13\]\.gross_mass_t: missing"),
        ({"lots[+L13]": "like L02", "lots[+L13].lot_id": "L14"}, "each value once"),
        ({"lots[+status=reserve]": "like L02"}, r"expected lots\[\+LOT_ID\] for a new row"),
        ({"facility_rates[+KILN-B]": "like KILN-B,mortar"}, r"facility_rates\[\+FACILITY_ID,CATEGORY\]"),
        ({"facility_rates[+KILN-B,mines]": "like KILN-B"}, r"a row of facility_rates with facility_id"),
        ({"lots[+L13].neq": "30"}, r"unknown column neq of lots; did you mean neq_kg\?"),
        ({"measures[+M1]": "like M0"}, "expected a scenario with measures .got one without"),
        ({"storehouses[A1]": "remove"}, r"lots\.csv:2: storehouse_id: expected a storehouse_id"),
    ],
)
def test_what_cannot_be_done_is_said(folder: Path, sets: dict[str, str], said: str) -> None:
    """Slips get their path, what was found and what to write; what still refers to a row gets its own."""
    with pytest.raises(ScenarioError, match=said):
        load_scenario(folder, sets)


def test_a_table_that_cannot_be_read_is_the_only_problem(folder: Path) -> None:
    """Nothing is said of rows for a table whose header is wrong."""
    cell("lots.csv", 1, "neq_kg", "")(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder, {"lots[+L13]": "like L02"})
    assert "L13" not in str(caught.value)


@pytest.mark.parametrize("kind", ["folder", "workbook"])
def test_what_was_laid_over_can_be_written_and_read_again(folder: Path, tmp_path: Path, kind: str) -> None:
    """In a file, an assumption of its own stands where memory says that a value was laid over."""
    append("sources.csv", "A-SET,assumed,taken")(folder)
    sets = {"parameters.transport.payload_t": "14", "funds[HOST].source": "A-SET"}
    scenario = load_scenario(
        folder, sets | new("lots[+L13]", {k: v for k, v in LOT.items() if k != "source"})
    )
    written = tmp_path / ("w" if kind == "folder" else "w.xlsx")
    if kind == "folder":
        write_folder(scenario, written)
    else:
        written.write_bytes(workbook_bytes(scenario))
    again = load_scenario(written)
    assert again.settings.parameters["transport.payload_t"].source == again.lots[-1].source == ("A-SET-2",)
    assert again.sources[-1].confidence == "assumed"
    assert again.lots[-1].neq_kg == scenario.lots[-1].neq_kg
