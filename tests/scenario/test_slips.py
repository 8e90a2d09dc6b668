"""Slips of people with spreadsheets, each with the one message that tells what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from changes import LOTS, MONEY, PLANTS, YAML, Change, append, both, cell, extra, swap, write
from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter


def lines(file: str, change: Callable[[list[str]], list[str]]) -> Change:
    """Change a file line by line."""

    def apply(folder: Path) -> None:
        rows = (folder / file).read_text(encoding="utf-8").splitlines()
        (folder / file).write_text("".join(f"{row}\n" for row in change(rows)), encoding="utf-8")

    return apply


def renamed(old: str, new: str) -> Change:
    return lambda folder: (folder / old).rename(folder / new) and None


def copied(old: str, new: str) -> Change:
    def apply(folder: Path) -> None:
        shutil.copy(folder / old, folder / new)

    return apply


def encoded(file: str, encoding: str) -> Change:
    return lambda folder: write(file, (folder / file).read_text(encoding="utf-8").encode(encoding))(folder)


IN_EURO = both(
    *(extra(MONEY, n, currency="EUR", amount="1000") for n in (3, 4)),
    *(cell(MONEY, n, "amount_usd", "") for n in (3, 4)),
)
NESTED = swap(
    YAML,
    "  transport.payload_t:\n    value: 10\n    source: A-EXAMPLE",
    "  transport:\n    payload_t:\n      value: 10\n      source: A-EXAMPLE",
)

SLIPS: list[tuple[str, Change, str]] = [
    (
        "UTF-16",
        encoded(LOTS, "utf-16"),
        "lots.csv:1: expected UTF-8 text (got UTF-16, as Excel saves Unicode",
    ),
    (
        "suffix twice",
        renamed(LOTS, "lots.csv.txt"),
        "lots.csv: missing file: lots.csv.txt is not read; name it",
    ),
    (
        "sheet of a table",
        renamed(LOTS, "lots.xlsx"),
        "lots.csv: missing file: lots.xlsx is not read in a folder;",
    ),
    (
        "copy",
        copied(LOTS, "lots (2).csv"),
        "lots (2).csv: unknown table; did you mean lots.csv? it is there; move",
    ),
    (
        "header again",
        lines(LOTS, lambda r: [*r[:4], r[0], *r[4:]]),
        "lots.csv:5: expected another row (got the",
    ),
    (
        "title",
        lines(LOTS, lambda r: ["Register", *r]),
        "lots.csv:2: expected the names of the columns first (got",
    ),
    (
        "total",
        append(LOTS, "Total,,,1310,322250,,,,,"),
        "lots.csv:14: lot_id: expected values in 6 columns, store",
    ),
    (
        "note",
        append(LOTS, "Checked by A. B.,,,,,,,,,"),
        "lots.csv:14: lot_id: expected values in 8 columns, store",
    ),
    (
        "blank columns",
        lines(LOTS, lambda r: [f"{row},," for row in r]),
        "lots.csv:1: expected a name for columns 11 and 12 (got nothing); nothing stands in "
        "them: delete them",
    ),
    (
        "date as number",
        cell(MONEY, 5, "due", "46204"),
        "funding.csv:5: due: expected a date as YYYY-MM-DD (got 46204); spreadsheets store "
        "2026-07-01 as this number",
    ),
    (
        "date without zeros",
        cell(MONEY, 5, "due", "2026-7-1"),
        "funding.csv:5: due: expected a date as YYYY-MM-DD (got '2026-7-1'); write 2026-07-01",
    ),
    (
        "date with a time",
        cell(MONEY, 5, "due", "2026-07-01 00:00:00"),
        "funding.csv:5: due: expected a date as YYYY-MM-DD (got '2026-07-01 00:00:00'); write 2026-07-01",
    ),
    (
        "months as a date",
        cell(PLANTS, 2, "open_months", "10-Apr"),
        "facilities.csv:2: open_months: expected a first and a last month such as 4-10, or 1-12 "
        "(got '10-Apr'); a spreadsheet makes a date of 4-10",
    ),
    (
        "number as a date",
        cell(LOTS, 3, "gross_mass_t", "1900-06-28"),
        "lots.csv:3: gross_mass_t: expected a number (got '1900-06-28'); a cell formatted as a "
        "date? as a number it is 180",
    ),
    (
        "error of a formula",
        cell(LOTS, 3, "neq_kg", "#N/A"),
        "lots.csv:3: neq_kg: expected a number (got '#N/A'); it is an error of a spreadsheet",
    ),
    (
        "percent",
        cell(MONEY, 3, "probability", "90"),
        "funding.csv:3: probability: expected <= 1 (got 90); write 0.9 or 90 %",
    ),
    (
        "degrees and minutes",
        cell("sites.csv", 2, "latitude_deg", "45°30'N"),
        'sites.csv:2: latitude_deg: expected a number of degrees (got "45°30\'N"); write '
        "degrees with decimals",
    ),
    (
        "list with commas",
        cell(PLANTS, 2, "serves_sites", "A, B"),
        "facilities.csv:2: serves_sites: expected Latin letters, digits and . _ - only, a "
        "letter or digit first (got 'A, B'); several ids have ; between them: write A; B",
    ),
    (
        "text of a source",
        cell(LOTS, 3, "source", "Report 2024, p. 3"),
        "lots.csv:3: source: expected a source_id of sources (got 'Report 2024, p. 3'); its "
        "text belongs into",
    ),
    (
        "name of a nature",
        cell(LOTS, 3, "nature_id", "122 mm HE"),
        "lots.csv:3: nature_id: expected a nature of the register (got '122 mm HE'); choose from sa_rifle,",
    ),
    (
        "money without rates",
        IN_EURO,
        "funding.csv:3: currency: expected a currency of exchange_rates.csv (got 'EUR', and no "
        "such table or no rows); 1 more tranches need a rate",
    ),
    (
        "tab",
        swap(YAML, "  fatalities_public", "\tfatalities_public"),
        "scenario.yaml:15: expected YAML (got a mistake: found character that cannot start any "
        "token); put spaces in place of tabs",
    ),
    (
        "colon in a text",
        swap(YAML, "title: A", "title: X: a"),
        "scenario.yaml:5: expected YAML (got a mistake: mapping values are not allowed in this "
        "context); put a text with a colon",
    ),
    (
        "open quotation",
        swap(YAML, "title: A", 'title: "A'),
        "scenario.yaml:5: expected YAML (got a quotation mark that begins here and does not end)",
    ),
    (
        "nested constant",
        NESTED,
        "scenario.yaml:20: parameters.transport: expected constants by their whole name, as "
        "transport.payload_t:",
    ),
    (
        "constant without source",
        swap(YAML, "    value: 10\n    source: A-EXAMPLE", "    value: 10"),
        "scenario.yaml:20: parameters.transport.payload_t.source: missing: expected a source_id of sources",
    ),
    (
        "bare constant",
        swap(YAML, "transport.payload_t:\n    value: 10\n    source: A-EXAMPLE", "transport.payload_t: 10"),
        "scenario.yaml:20: parameters.transport.payload_t: expected value and source below it (got 10)",
    ),
]


def refused(path: Path) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return list(caught.value.problems)


@pytest.mark.parametrize(("name", "change", "told"), SLIPS, ids=[name for name, *_ in SLIPS])
def test_a_slip_is_one_message_that_helps(name: str, change: Change, told: str, tmp_path: Path) -> None:
    """One line, at the place where it was made, with what to do."""
    folder = write_starter("pilot", tmp_path)
    change(folder)
    (problem,) = refused(folder)
    assert str(problem).removeprefix(f"{folder}/").startswith(told)


def test_what_is_near_is_named(tmp_path: Path) -> None:
    """A file of a scenario, the folder above it and another kind of workbook lead to what was meant."""
    folder = write_starter("pilot", tmp_path / ".")
    assert str(refused(folder / LOTS)[0]).endswith(f"(got a file); name the folder, {folder}")
    assert str(refused(tmp_path)[0]).endswith(f"(got none of them); did you mean {folder}?")
    (tmp_path / "book.xlsm").write_bytes(b"")
    assert str(refused(tmp_path / "book.xlsm")[0]).endswith("(got a file); save it as .xlsx")
