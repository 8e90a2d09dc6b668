"""Tables from somebody's own sheet: what comes back is what went in, what is wrong is told in their words."""

# ruff: noqa: RUF001 (a register in Russian has Cyrillic letters)

from __future__ import annotations

import datetime as dt
import hashlib
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from demilsim.errors import ScenarioError
from demilsim.exchange.own_cells import normal, our_unit
from demilsim.exchange.own_mapping import read_mapping
from demilsim.exchange.own_mapping_checks import TABLES
from demilsim.exchange.own_sources import MOST_RANGES
from demilsim.exchange.own_table import totals
from demilsim.scenario.cells import cell_text, records_of, row_of, used_columns
from demilsim.scenario.choices import choice_of
from demilsim.scenario.columns import meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_scenario, read_text
from demilsim.scenario.starter import write_starter
from demilsim.units import conversion_factor, units_like
from own_sheets import csv_file, decimal_text, made, mapping_file, workbook_file

SCENARIO = load_scenario(Path(__file__).parents[2] / "scenarios" / "central-asia")
FILLED = [table for table in TABLES if records_of(SCENARIO, table)]
MOST_ROWS = 12
FORMS: dict[str, Callable[[dt.date], str]] = {
    "YYYY-MM-DD": dt.date.isoformat,
    "DD.MM.YYYY": lambda day: f"{day:%d.%m.%Y}",
    "MM/DD/YYYY": lambda day: f"{day.month}/{day.day}/{day.year}",
}
LETTERS = st.characters(codec="utf-8", categories=("Lu", "Ll", "Nd", "Po", "Sm"), exclude_characters="\u0130")
HEADINGS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: normal(text) not in ("", "?"))


class Retold:
    """A table told in other words: the sheet's cells, and the mapping that leads back."""

    def __init__(self, draw: st.DrawFn, table: str) -> None:
        self._draw, self._table = draw, table
        layout = LAYOUT[table]
        self.records = list(records_of(SCENARIO, table))[:MOST_ROWS]
        rows = [row_of(record, layout) for record in self.records]
        used = [n for n in used_columns(layout, rows) if layout.columns[n] != "source"]
        self.decimal = draw(st.sampled_from(",."))
        self.columns: dict[str, dict[str, Any]] = {}
        sheet = [self._column(layout.columns[n], [row[n] for row in rows]) for n in used]
        order = draw(st.permutations(range(len(sheet))))
        heads = draw(
            st.lists(HEADINGS, min_size=len(used), max_size=len(used), unique_by=normal)
        )  # fmt: skip
        for n, head in zip(used, heads, strict=True):
            self.columns[layout.columns[n]]["column"] = head
        self.rows = [[heads[n] for n in order], *([sheet[n][r] for n in order] for r in range(len(rows)))]

    def _column(self, column: str, cells: list[Any]) -> list[str]:
        """Return the cells of a column in other units, dates or words, and note how."""
        choice, unit = choice_of(LAYOUT[self._table].record, column), our_unit(self._table, column)
        rule = self.columns.setdefault(column, {})
        if choice.kind == "date":
            rule["date"] = self._draw(st.sampled_from(sorted(FORMS)))
            return ["" if cell is None else FORMS[rule["date"]](cell) for cell in cells]
        if choice.kind in ("number", "whole") and meaning_of(self._table, column).unit != "year":
            if len(units_like(unit)) > 1:
                rule["unit"] = self._draw(st.sampled_from(self._exact_units(unit, cells)))
            factor = conversion_factor(rule["unit"], unit) if rule.get("unit") else Fraction(1)
            return [self._number(cell, factor or Fraction(1)) for cell in cells]
        if choice.words or choice.ids_of in ("natures", "methods", "categories"):
            texts = [cell_text(cell) for cell in cells]
            words = {text: f"слово {n}" for n, text in enumerate(dict.fromkeys(texts)) if text}
            rule["values"] = {own: ours for ours, own in words.items()}
            return [words.get(text, "") for text in texts]
        return [cell_text(cell) for cell in cells]

    def _exact_units(self, unit: str, cells: list[Any]) -> list[str]:
        """Return the units in which every number of a column can be written with all its decimals."""
        numbers = [Fraction(cell_text(cell)) for cell in cells if isinstance(cell, int | float)]
        return [
            one
            for one in units_like(unit)
            if (factor := conversion_factor(one, unit)) and all(decimal_text(n / factor) for n in numbers)
        ]

    def _number(self, cell: Any, factor: Fraction) -> str:
        if not isinstance(cell, int | float):
            return cell_text(cell)
        text = decimal_text(Fraction(cell_text(cell)) / factor)
        assert text, "only units are drawn in which numbers end"
        return text.replace(".", self.decimal)


@given(data=st.data())
@settings(derandomize=True, deadline=None, max_examples=20, phases=[Phase.generate])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_own_tables_told_otherwise_come_back(encoding: str, data: st.DataObject) -> None:
    """Any table under other headings, in another order, other units, dates and words, comes back equal."""
    table = data.draw(st.sampled_from(FILLED))
    told = data.draw(st.builds(lambda: None).flatmap(lambda _: st.composite(Retold)(table)))
    delimiter = data.draw(st.sampled_from((";", ",", "tab")))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        said = {"encoding": "utf-8", "delimiter": delimiter, "decimal": told.decimal, "columns": told.columns}
        sheet = csv_file(folder / "own.csv", told.rows, delimiter, encoding)
        found = made(sheet, mapping_file(folder, table, said), table)
    assert [r.model_copy(update={"source": ()}) for r in found.records] == [
        r.model_copy(update={"source": ()}) for r in told.records
    ]
    assert {r.model_dump()["source"] for r in found.records} == {("REG",)}


HEADS = (
    "№ партии",
    "Склад",
    "Тип",
    "Масса, кг",
    "ВВ, кг",
    "Статус",
    "Везти",
    "Сделано",
    "Стаб.",
    "Уничтожить до",
)
COLUMNS: dict[str, Any] = {
    "lot_id": {"column": "№ партии", "spelling": "latin"},
    "storehouse_id": {"column": "Склад"},
    "nature_id": {"column": "Тип", "values": {"122-мм выстрелы": "art_122", "мины ПТ": "mine_at"}},
    "gross_mass_t": {"column": "Масса, кг", "unit": "кг"},
    "neq_kg": {"column": "ВВ, кг", "unit": "kg"},
    "status": {"column": "Статус", "values": {"излишек": "surplus", "запас": "reserve"}},
    "safe_to_move": {"column": "Везти", "values": {"да": "yes", "нет": "no"}},
    "year_made": {"column": "Сделано", "date": "DD.MM.YYYY"},
    "stabiliser_fraction": {"column": "Стаб.", "unit": "1", "values": {"н/д": "unknown"}},
    "destroy_by": {"column": "Уничтожить до", "date": "DD.MM.YYYY"},
}
FORM = {"sheet": "Лоты", "headings": "3", "first_row": 5, "columns": COLUMNS}
FIRST = 5
GOOD: tuple[object, ...] = (
    "12/78-А",
    "A1",
    "122-мм выстрелы",
    60000,
    12000.5,
    "излишек",
    "да",
    1978,
    0.45,
    "",
)


def register(folder: Path, *rows: tuple[object, ...], **more: object) -> Path:
    """Write a register with titles above and numbers below its headings, and rows from row 5 on."""
    cells: dict[str, object] = {"A1:J1": "Ведомость на 01.01.2026", "A2": "исполнитель"}
    cells |= {f"{letter}3": head for letter, head in zip("ABCDEFGHIJ", HEADS, strict=True)}
    cells |= {f"{letter}4": n for n, letter in enumerate("ABCDEFGHIJ", start=1)}
    for row, values in enumerate(rows, start=FIRST):
        cells |= {f"{a}{row}": value for a, value in zip("ABCDEFGHIJ", values, strict=True) if value != ""}
    return workbook_file(folder / "учёт.xlsx", {"Лоты": cells | more, "Прочее": {"A1": ("=1/0", None)}})


def row(**changed: object) -> tuple[object, ...]:
    """Return a good row of another lot with some cells changed, named by their letter."""
    changed.setdefault("A", "ПТМ-7")
    return tuple(changed.get("ABCDEFGHIJ"[n], value) for n, value in enumerate(GOOD))


def lots(folder: Path, *rows: tuple[object, ...], said: dict[str, Any] | None = None, **options: Any) -> Any:
    """Return what is made of a register with these rows."""
    mapping = mapping_file(folder, "lots", FORM | (said or {}))
    return made(register(folder, *rows), mapping, "lots", **options)


WRONG = (
    (row(A=""), "row 6, column № партии [lot_id] (cell A6): missing: "),
    (
        row(A="12-78 А"),
        "(cell A6): expected ids that stay apart in Latin letters (got '12-78 А', and '12/78-А' in",
    ),
    (row(A="12/78-А"), "(cell A6): expected each lot_id once (got '12-78-A' in row 5 too)"),
    (row(A="///"), "(cell A6): expected an id that Latin letters and digits can write, at most 40 of them"),
    (
        row(B="Склад 1"),
        "column Склад [storehouse_id] (cell B6): expected Latin letters, digits and . _ - only",
    ),
    (row(C="мина"), "column Тип [nature_id] (cell C6): expected one of sa_rifle, sa_heavy, "),
    (row(D=-5), "column Масса, кг [gross_mass_t] (cell D6): expected > 0 (got -0.005); the cell has -5"),
    (row(D="много"), "(cell D6): expected a number (got 'много')"),
    (
        row(D="12 345"),
        "(cell D6): expected a number without spaces in it (got '12 345'); if spaces part thousands",
    ),
    (row(D="60.5"), "(cell D6): expected , as decimal sign, as the mapping says (got 60.5)"),
    (row(D="60 м"), "(cell D6): expected a number alone or followed by one of kg, g, t, kt, lb (got '60 м'"),
    (
        row(D=("=1+1", None)),
        "(cell D6): expected a value (got a formula whose value is not kept in the file)",
    ),
    (row(D=("=1/0", "#DIV/0!")), "(cell D6): expected a value (got an error such as #N/A)"),
    (
        row(E=70000),
        "column ВВ, кг [neq_kg] (cell E6): expected <= 60000, the lot's gross mass in kg (got 70000)",
    ),
    (row(F="списано"), "column Статус [status] (cell F6): expected one of surplus, reserve (got 'списано'"),
    (
        row(G="может быть"),
        "column Везти [safe_to_move] (cell G6): expected one of yes, no (got 'может быть'); say what",
    ),
    (row(H="12.05.78"), "(cell H6): expected a year, or a date as DD.MM.YYYY (got '12.05.78')"),
    (row(H=1878), "column Сделано [year_made] (cell H6): expected >= 1900 (got 1878)"),
    (row(I=45), "column Стаб. [stabiliser_fraction] (cell I6): expected <= 1 or unknown (got 45)"),
    (row(I=""), "(cell I6): expected a number or unknown, since art_122 has propellant (got nothing)"),
    (
        row(J="2031-02-30"),
        "(cell J6): expected a date as YYYY-MM-DD (got '2031-02-30'); there is no such day",
    ),
    (row(J="31/12/2030"), "(cell J6): expected a date as DD.MM.YYYY (got '31/12/2030')"),
)


@pytest.mark.parametrize(("bad", "told"), WRONG, ids=[told[:60] for _, told in WRONG])
def test_what_is_wrong_is_told_by_cell(bad: tuple[object, ...], told: str, tmp_path: Path) -> None:
    """Each kind of mistake is told once, with sheet, row, heading, cell and what was expected."""
    with pytest.raises(ScenarioError) as error:
        lots(tmp_path, GOOD, bad)
    lines = str(error.value).splitlines()
    assert len(lines) == 1
    assert told in lines[0]
    assert lines[0].startswith(f"{tmp_path / 'учёт.xlsx'}: sheet Лоты, row 6, ")


def test_a_messy_sheet_is_told_at_once(tmp_path: Path) -> None:
    """All mistakes of all rows come in one list, in the order of the rows."""
    rows = [bad if told[:12] == "(cell A6): e" else (f"P{n}" if bad[0] == "ПТМ-7" else bad[0], *bad[1:])
            for n, (bad, told) in enumerate(WRONG)]  # fmt: skip
    with pytest.raises(ScenarioError) as error:
        lots(tmp_path, GOOD, *rows)
    assert [p.line for p in error.value.problems] == list(range(FIRST + 1, FIRST + 1 + len(rows)))


def test_good_rows_are_converted(tmp_path: Path) -> None:
    """Kilograms, dates, own words, units in cells and formulas become what our table has."""
    rows = (
        GOOD,
        row(A="ПТМ №7", C="Мины  ПТ", D="70 т", E=("=D6*0.55", 38500), H=dt.date(1980, 5, 1), I=""),
        row(A="ЗЗ", F="ЗАПАС", G="нет", H="01.02.1966", I="Н/Д", D="60000,5"),
        row(A="ДБ", J="31.12.2030"),
    )
    found = lots(tmp_path, *rows)
    first, second, third, fourth = found.records
    assert (first.lot_id, first.gross_mass_t, first.neq_kg, first.year_made) == (
        "12-78-A",
        60.0,
        12000.5,
        1978,
    )
    assert (second.lot_id, second.nature_id, second.gross_mass_t) == ("PTM-n7", "mine_at", 70.0)
    assert (second.neq_kg, second.year_made, second.stabiliser_fraction) == (38500.0, 1980, None)
    assert (third.status, third.safe_to_move, third.year_made) == ("reserve", False, 1966)
    assert (third.stabiliser_fraction, third.gross_mass_t) == ("unknown", 60.0005)
    assert fourth.destroy_by == dt.date(2030, 12, 31)
    assert (found.rows.formulas, found.rows.own_units, found.rows.unread) == (1, 1, ())


def test_rows_with_mistakes_are_left_out_only_when_asked(tmp_path: Path) -> None:
    """With the option, rows that are wrong are left out, told with why, and the totals close."""
    rows = (GOOD, row(A="Б", D=-5), row(A="В", C="мина"), row(A="Итого", D=999000, B="", C=""), row(A="Г"))
    said = {"leave_out": {"№ партии": "Всего; итого"}}
    with pytest.raises(ScenarioError, match=r"cell D6[^$]*cell C7"):
        lots(tmp_path, *rows, said=said)
    found = lots(tmp_path, *rows, said=said, leave_out=True)
    assert [record.lot_id for record in found.records] == ["12-78-A", "G"]
    assert found.lines == (5, 9)
    assert dict(found.left_out) == {
        6: "Масса, кг [gross_mass_t]: expected > 0 (got -0.005); the cell has -5",
        7: f"Тип [nature_id]: expected one of {', '.join(SCENARIO.register.natures)} (got 'мина'); say what "
        "it means under [columns.nature_id.values] of the mapping",
        8: "№ партии is 'Итого'",
    }


def test_totals_close_and_rows_are_told(tmp_path: Path) -> None:
    """What was read is what was written and what was left out, to the gram."""
    rows = (row(A="Б", D="0,1 т", E=0), row(A="В", D=200.7, E=0), row(A="Г", C="мина", D=4))
    mapping = mapping_file(tmp_path, "lots", FORM)
    found = made(register(tmp_path, *rows), mapping, "lots", leave_out=True)
    mass, neq = totals(found, read_mapping(mapping, "lots"))
    assert mass == ("gross_mass_t", Fraction("0.3047"), Fraction("0.3007"), Fraction("0.004"))
    assert neq == ("neq_kg", Fraction(12000.5), 0, Fraction(12000.5))


def test_what_the_mapping_adds_is_cited_apart(tmp_path: Path) -> None:
    """Rows cite the file with its hash and rows; those with a value of the mapping cite that too."""
    columns = COLUMNS | {
        "status": {"value": "surplus"},
        "stabiliser_fraction": {"column": "Стаб.", "unit": "1", "blank": "unknown"},
    }
    del columns["destroy_by"]
    sheet = register(tmp_path, GOOD, row(I=""), row(A="Итого"), row(A="Б"))
    said = FORM | {"columns": columns, "leave_out": {"№ партии": "Итого"}}
    found = made(sheet, mapping_file(tmp_path, "lots", said), "lots")
    digest = hashlib.sha256(sheet.read_bytes()).hexdigest()
    file, added = found.sources
    assert file.text.startswith(
        "Register of the test: учёт.xlsx, sheet Лоты, rows 5-6, 8 in the order of the"
    )
    assert f"sha256 {digest}" in file.text
    assert (added.source_id, added.confidence) == ("REG-added", "assumed")
    assert "status = surplus in all rows; stabiliser_fraction = unknown in 1 blank cells" in added.text
    assert {record.source for record in found.records} == {("REG", "REG-added")}  # type: ignore[attr-defined]


def test_a_blank_alone_is_cited_in_its_row_alone(tmp_path: Path) -> None:
    """Rows in which nothing is added cite the file alone."""
    columns = COLUMNS | {"stabiliser_fraction": {"column": "Стаб.", "unit": "1", "blank": "unknown"}}
    found = lots(tmp_path, GOOD, row(I=""), said={"columns": columns})
    assert [record.source for record in found.records] == [("REG",), ("REG", "REG-added")]


def test_many_broken_runs_of_rows_have_sources_of_their_own(tmp_path: Path) -> None:
    """A source never names more runs of rows than a cell can hold; each row cites the one that names it."""
    rows = [row(A=f"P{n}", C="мина" if n % 2 else GOOD[2]) for n in range(2 * MOST_RANGES + 3)]
    found = lots(tmp_path, *rows, leave_out=True)
    assert [source.source_id for source in found.sources] == ["REG", "REG.2"]
    assert [record.source for record in found.records][-3:] == [("REG",), ("REG.2",), ("REG.2",)]
    assert (
        f"rows {FIRST + 2 * MOST_RANGES}, {FIRST + 2 * MOST_RANGES + 2} in the order" in found.sources[1].text
    )


def test_merged_cells_are_told_and_repeated_when_asked(tmp_path: Path) -> None:
    """A storehouse over several rows is an error until the mapping says that it holds for each of them."""
    rows = (row(A="Б", B=""), row(A="В", B=""))
    columns = COLUMNS | {"storehouse_id": {"column": "Склад", "merged": "repeat"}}
    sheet = register(tmp_path, *rows, **{"B5:B6": "A1"})
    with pytest.raises(ScenarioError, match=r"cell B6\): missing: merged into cell B5 'A1'; say merged"):
        made(sheet, mapping_file(tmp_path, "lots", FORM), "lots")
    found = made(sheet, mapping_file(tmp_path, "lots", FORM | {"columns": columns}), "lots")
    assert [record.storehouse_id for record in found.records] == ["A1", "A1"]  # type: ignore[attr-defined]


def test_one_wrong_value_of_the_mapping_is_told_once_at_its_line(tmp_path: Path) -> None:
    """What holds for every row is no mistake of a row, and never a reason to leave one out."""
    columns = COLUMNS | {"status": {"value": "kept"}}
    with pytest.raises(ScenarioError) as error:
        lots(tmp_path, GOOD, row(), said={"columns": columns}, leave_out=True)
    (problem,) = error.value.problems
    assert problem.file.endswith("lots.toml")
    assert problem.line > 0
    assert (problem.path, problem.message) == (
        "columns.status.value",
        "expected one of surplus, reserve (got 'kept')",
    )


def test_references_are_checked_against_a_scenario(tmp_path: Path) -> None:
    """With a scenario, an id that its other tables lack is told by the cell that names it."""
    scenario = read_text(write_starter("alpha", tmp_path))
    with pytest.raises(
        ScenarioError, match=r"cell B6\): expected a storehouse_id of storehouses.csv \(got 'A9'"
    ):
        lots(tmp_path, GOOD, row(B="A9"), scenario=scenario)
    found = lots(tmp_path, GOOD, row(), scenario=scenario)
    assert [source.source_id for source in found.kept] == ["A-EXAMPLE"]
    taken = {"source": {"id": "A-EXAMPLE", "confidence": "read"}}
    with pytest.raises(
        ScenarioError, match=r"source.id: expected an id that no other table of .*alpha cites"
    ):
        lots(tmp_path, GOOD, scenario=scenario, said=taken)
