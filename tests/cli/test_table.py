"""`demilsim table`: from a sheet to a mapping to edit, from both to a table, and into a scenario."""

# ruff: noqa: RUF001 (a register in Russian has Cyrillic letters)
from __future__ import annotations

import csv
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from commands import CommandLine
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_scenario
from own_sheets import csv_file, mapping_file, toml, workbook_file

KG = 1000
TYPES = {
    "charge_propelling": "заряды метательные",
    "art_122": "122-мм выстрелы",
    "art_152": "152-мм выстрелы",
    "mortar_82": "мины 82 мм",
    "mine_at": "мины противотанковые",
    "bomb_he": "авиабомбы фугасные",
    "sa_rifle": "патроны 7,62 мм",
}
HEADS = ("№ партии", "Хранилище", "Тип боеприпаса", "Масса брутто, кг", "Масса ВВ, кг", "Статус",
         "Можно перевозить", "Год изготовления", "Остаток стабилизатора")  # fmt: skip
OWN = {"surplus": "излишек", "reserve": "резерв", "yes": "да", "no": "нет", "unknown": "н/д"}


def sheet_of(alpha: Path) -> list[list[str]]:
    """Return the lots of a scenario as somebody else keeps them: in kilograms and Russian words."""
    with (alpha / "lots.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    told = [
        [
            lot, house, TYPES[nature], f"{float(mass) * KG:g}".replace(".", ","), neq, OWN[status],
            OWN[moves], made, OWN.get(stabiliser, stabiliser.replace(".", ",")),
        ]
        for lot, house, nature, mass, neq, status, moves, made, stabiliser, _ in rows
    ]  # fmt: skip
    return [["Ведомость учёта"], [], list(HEADS), *told, ["Итого", "", "", "1310000"]]


def edited(draft: str) -> str:
    """Return a draft as its reader leaves it: gaps filled, guesses looked at, the row of totals left out."""
    for nature, own in TYPES.items():
        draft = draft.replace(f'"{own}" = "?"', f'"{own}" = "{nature}"')
    changes = {
        "guesses_checked = false": "guesses_checked = true",
        '# [leave_out]\n# "№ партии" = "Итого"': '[leave_out]\n"№ партии" = "Итого"',
        'id = "?"  # an id': 'id = "REG-2026"  # an id',
        'confidence = "?"  # read': 'confidence = "read"  # read',
        '# Optional. since when': "# since when",
        'unit = "?"  # one of 1, %': 'unit = "1"  # one of 1, %',
    }  # fmt: skip
    for old, new in changes.items():
        assert old in draft, old
        draft = draft.replace(old, new, 1)
    return draft


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_register_becomes_the_lots_of_a_scenario(
    kind: str, alpha: Path, cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet of the starter's lots in Russian leads back to the starter, by the mapping that is drafted."""
    monkeypatch.chdir(tmp_path)
    before, sheet = load_scenario("alpha"), f"учёт.{kind}"
    if kind == "csv":
        csv_file(Path(sheet), sheet_of(alpha), ";", "cp1251")
        refused = cli("table", "lots", sheet)
        assert (refused.code, refused.out) == (2, "")
        assert "expected utf-8 text (got byte" in refused.err
        assert "say cp1251" in refused.err
        options = ("--encoding", "cp1251")
    else:
        cells = {
            f"{'ABCDEFGHI'[c]}{r}": v for r, row in enumerate(sheet_of(alpha), 1) for c, v in enumerate(row)
        }
        workbook_file(Path(sheet), {"Лоты": cells, "Склады": {"A1": "x"}})
        assert "one of 'Лоты', 'Склады' (got nothing)" in cli("table", "lots", sheet).err
        options = ("--sheet", "Лоты")
    drafted = cli("table", "lots", sheet, *options, "--out", "lots.toml")
    assert drafted.code == 0, drafted.err
    unfinished = cli("table", "lots", sheet, "--mapping", "lots.toml", "--out", "new")
    assert unfinished.code == 2
    assert unfinished.err.count("expected something in place of ?") == len(TYPES)
    assert not Path("new").exists()
    Path("lots.toml").write_text(edited(Path("lots.toml").read_text("utf-8")), encoding="utf-8")

    looked = cli("table", "lots", sheet, "--mapping", "lots.toml", "--scenario", "alpha")
    assert (looked.code, Path("new").exists()) == (0, False)
    assert "nothing written" in looked.out
    done = cli("table", "lots", sheet, "--mapping", "lots.toml", "--scenario", "alpha", "--out", "new")
    assert done.out.splitlines()[0] == (
        "13 rows, 2,620 t gross mass, 322,250 kg NEQ read; "
        "12 rows, 1,310 t gross mass, 322,250 kg NEQ written; 1 row, 1,310 t gross mass, 0 kg NEQ left out"
    )
    assert "left out: row 16: № партии is 'Итого'" in done.err
    cli("table", "lots", sheet, "--mapping", "lots.toml", "--scenario", "alpha", "--out", "again")
    for table in ("lots.csv", "sources.csv"):
        assert (Path("new") / table).read_bytes() == (Path("again") / table).read_bytes()
    for table in ("lots.csv", "sources.csv"):
        shutil.copy(Path("new") / table, alpha / table)
    assert cli("check", "alpha").code == 0
    after = load_scenario("alpha")
    plain = {"source": ()}
    assert [lot.model_copy(update=plain) for lot in after.lots] == [
        lot.model_copy(update=plain) for lot in before.lots
    ]
    assert [source.source_id for source in after.sources] == ["A-EXAMPLE", "REG-2026"]


def test_a_draft_is_the_same_bytes_and_keeps_what_was_said(cli: CommandLine, tmp_path: Path) -> None:
    """A draft can be read, is deterministic, and drafted again lists the words of a column that was named."""
    rows = [["партия", "что", "сколько"], ["A-1", "мина", "5"], ["A-2", "Мина", "6"], ["A-3", "граната", "7"]]
    sheet = csv_file(tmp_path / "own.csv", rows)
    first, again = (cli("table", "lots", sheet).out for _ in range(2))
    assert first == again
    tree = tomllib.loads(first)
    assert tree["columns"]["lot_id"] == {"column": "партия"}
    assert tree["columns"]["nature_id"] == {"column": "?"}
    named = first.replace('[columns.nature_id]\ncolumn = "?"', '[columns.nature_id]\ncolumn = "что"')
    mapping = tmp_path / "own.toml"
    mapping.write_text(named, encoding="utf-8")
    redrafted = cli("table", "lots", sheet, "--mapping", mapping, "--out", tmp_path / "own-2.toml")
    assert redrafted.code == 0, redrafted.err
    text = (tmp_path / "own-2.toml").read_text("utf-8")
    assert tomllib.loads(text)["columns"]["nature_id"]["values"] == {"мина": "?", "граната": "?"}
    assert '"мина" = "?"  # in 2 rows' in text


HOSTILE = (
    '=HYPERLINK("http://x")',
    "+1",
    "@SUM(A1)",
    "-x",
    '"quoted"',
    "line\nbreak",
    "tab\tbed",
    "# [columns]",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_leaves_its_place(text: str, cli: CommandLine, tmp_path: Path) -> None:
    """Whatever a heading, a cell or a name is, it is no TOML, no row and no formula in what is written."""
    rows = [[text, "name"], ["A", text]]
    sheet = csv_file(tmp_path / "own.csv", rows)
    draft = cli("table", "sites", sheet, "--headings", "1")
    assert draft.code == 0, draft.err
    assert set(tomllib.loads(draft.out)["columns"]) >= {"site_id", "name"}
    months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
    given = {f"temperature_{month}_c": "1" for month in months} | {
        "region": "R", "latitude_deg": "45", "longitude_deg": "70", "rrpl": "1", "daily_half_swing_c": "5",
    }  # fmt: skip
    columns: dict[str, Any] = {name: {"value": value} for name, value in given.items()}
    columns |= {"site_id": {"column": " ".join(text.split())}, "name": {"column": "name"}}
    said = {"encoding": "utf-8", "delimiter": ";", "columns": columns}
    done = cli(
        "table", "sites", sheet, "--mapping", mapping_file(tmp_path, "sites", said), "--out", tmp_path / "new"
    )
    assert done.code == 0, done.err
    with (tmp_path / "new" / "sites.csv").open(encoding="utf-8", newline="") as stream:
        heads, row = list(csv.reader(stream))
    cell = dict(zip(heads, row, strict=True))["name"]
    assert cell.removeprefix("'") == " ".join(text.split())
    assert cell[0] not in "=+-@\t\r"


BAD_MAPPINGS = (
    ({"table": "sites"}, "table: expected lots, as the command says (got 'sites')"),
    ({"headings": "0"}, "headings: expected the row of the headings, as 4, or 4-5 (got 0)"),
    ({"first_row": 1}, "first_row: expected a row below the headings (got 1)"),
    ({"last_row": 1}, "last_row: expected a row below first_row (got 1)"),
    ({"decimal": ";"}, "decimal: expected one of ',', '.' (got ';')"),
    ({"delimeter": ";"}, "delimeter: unknown key (got 'delimeter'; did you mean delimiter?)"),
    (
        {"guesses_checked": False},
        "guesses_checked: expected true, once every line with GUESS has been looked at",
    ),
    (
        {"source": {"id": "Учёт", "confidence": "read"}},
        "source.id: expected an id of at most 30 Latin letters",
    ),
    (
        {"source": {"id": "R", "confidence": "sure"}},
        "source.confidence: expected one of read, derived, assumed",
    ),
    (
        {"columns": {"lot_id": {"column": "A", "value": "B"}}},
        "columns.lot_id: expected a column or a value for",
    ),
    (
        {"columns": {"lotid": {"column": "A"}}},
        "columns.lotid: unknown column of lots (got 'lotid'; did you mean lot",
    ),
    (
        {"columns": {"source": {"column": "A"}}},
        "columns.source: expected no rule: what rows cite is said under",
    ),
    (
        {"columns": {"neq_kg": {"column": "A"}}},
        "columns.neq_kg.unit: missing: the unit of the numbers in the sheet",
    ),
    (
        {"columns": {"neq_kg": {"column": "A", "unit": "m"}}},
        "columns.neq_kg.unit: expected one of kg, g, t, kt, lb",
    ),
    (
        {"columns": {"destroy_by": {"column": "A", "date": "D.M.Y"}}},
        "columns.destroy_by.date: expected DD, MM and",
    ),
    (
        {"columns": {"status": {"column": "A", "values": {"x": "?"}}}},
        "columns.status.values.x: expected something",
    ),
    ({"columns": {}}, "columns.gross_mass_t: missing: with casing and packaging [t]; name a column"),
)


@pytest.mark.parametrize(("said", "told"), BAD_MAPPINGS, ids=[told[:40] for _, told in BAD_MAPPINGS])
def test_a_wrong_mapping_is_told_before_the_sheet(
    said: dict[str, Any], told: str, cli: CommandLine, tmp_path: Path
) -> None:
    """What is wrong with a mapping by itself is told with its key, and nothing is written."""
    sheet = csv_file(tmp_path / "own.csv", [["A"], ["1"]])
    mapping = mapping_file(tmp_path, "lots", said)
    seen = cli("table", "lots", sheet, "--mapping", mapping, "--out", tmp_path / "new")
    assert seen.code == 2
    assert any(told in line and line.startswith(str(mapping)) for line in seen.err.splitlines()), seen.err
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_read_is_told(cli: CommandLine, tmp_path: Path) -> None:
    """Files of another kind or encoding, tables and headings that are not there, TOML that is none."""
    rows = [["Партия"], ["А-1"]]
    utf8, mapping = csv_file(tmp_path / "own.csv", rows), tmp_path / "lots.toml"
    utf16 = csv_file(tmp_path / "wide.csv", rows, ";", "utf-16")
    columns = {name: {"value": "1"} for name in LAYOUT["lots"].needed if name != "source"}
    columns["lot_id"] = {"column": "Партиа"}
    mapping_file(tmp_path, "lots", {"encoding": "utf-8", "delimiter": ";", "columns": columns})
    (tmp_path / "bad.toml").write_text('table = "lots', encoding="utf-8")
    old = tmp_path / "old.xls"
    old.write_bytes(b"")
    cases: tuple[tuple[tuple[object, ...], str], ...] = (
        (("stock", utf8), "expected one of sites, storehouses"),
        (("lots", old), "expected an .xlsx or .csv file (got '.xls'"),
        (("lots", tmp_path / "none.csv"), "cannot be read: No such file"),
        (("lots", utf16), "expected CSV text (got UTF-16 text); save it as CSV UTF-8"),
        (("lots", utf8, "--encoding", "cp1251"), "expected cp1251 text (got UTF-8 text); say utf-8"),
        (("lots", utf8, "--encoding", "latin1"), "--encoding: expected one of utf-8, cp1251, kz1048"),
        (("lots", utf8, "--headings", "x"), "--headings: expected a row, as 4, or 4-5 (got 'x')"),
        (("lots", utf8, "--out", tmp_path / "new"), "--out: expected a new .toml file for the mapping"),
        (("lots", utf8, "--out", mapping), "is there already; choose another name"),
        (("lots", utf8, "--mapping", mapping, "--sheet", "x"), "expected in the mapping, once there is one"),
        (("lots", utf8, "--mapping", tmp_path / "bad.toml"), "bad.toml: expected TOML (got a mistake:"),
        (("lots", utf8, "--mapping", mapping), ".column: expected a heading of the sheet (got 'Партиа'"),
    )  # fmt: skip
    for arguments, told in cases:
        seen = cli("table", *arguments)
        assert (seen.code, told in seen.err) == (2, True), (arguments, seen.err)


ROWS = (("headings", "900", "headings: expected rows with headings (got 900, where the sheet has none)"),
        ("first_row", 500, "first_row: expected rows from row 500 on (got none of 2 rows)"))  # fmt: skip


@pytest.mark.parametrize(("key", "row", "told"), ROWS)
def test_rows_that_are_not_there_are_told_once(
    key: str, row: object, told: str, cli: CommandLine, tmp_path: Path
) -> None:
    """Headings and rows beyond the sheet are one problem of the mapping, not one of every column."""
    sheet = csv_file(tmp_path / "own.csv", [["A"], ["1"]])
    columns = {name: {"column": "A", "unit": "1"} for name in LAYOUT["lots"].needed if name != "source"}
    columns |= {name: {"column": "A", "unit": "kg"} for name in ("gross_mass_t", "neq_kg")}
    for name in ("lot_id", "storehouse_id", "nature_id", "status", "safe_to_move", "year_made"):
        columns[name] = {"column": "A"}
    said = {"first_row": 901, "delimiter": ";", "columns": columns, key: row}
    seen = cli("table", "lots", sheet, "--mapping", mapping_file(tmp_path, "lots", said))
    assert seen.code == 2
    assert len(seen.err.splitlines()) == 1
    assert told in seen.err


def test_toml_of_these_tests_is_read_as_it_was_meant() -> None:
    """The helper that writes mappings writes what TOML reads back."""
    tree = {"a": True, "b": 2, "c": {"d": {"е ё": 'x"y'}}}
    assert tomllib.loads(toml(tree)) == tree
