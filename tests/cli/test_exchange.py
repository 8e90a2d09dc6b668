from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim.scenario.loader import load_scenario

ACTIVITY = """<iati-activities version="2.03"><iati-activity default-currency="USD">
<iati-identifier>XM-1</iati-identifier><sector code="15250"/>
<budget status="2"><period-start iso-date="2027-01-01"/><period-end iso-date="2027-12-31"/>
<value>1000000</value></budget></iati-activity></iati-activities>"""

VARIANTS = """variants:
  long:
    set:
      horizon_years: 20
  longer:
    extends: long
    set:
      lots[L01].neq_kg: 900
"""


def test_scenario_becomes_a_workbook_and_a_folder_again(cli: CommandLine, alpha: Path) -> None:
    """Each form is accepted wherever a scenario is, with the same content; nothing is written over."""
    book, back = alpha.parent / "alpha.xlsx", alpha.parent / "back"
    assert cli("workbook", alpha, book).code == 0
    assert cli("workbook", book, back).code == 0
    checked = [json.loads(cli("check", form, "--json").out)["scenario"] for form in (alpha, book, back)]
    assert checked[0] == checked[1] == checked[2]
    before = book.read_bytes()
    again = cli("workbook", alpha, book)
    assert (again.code, book.read_bytes()) == (2, before)
    assert "is there already" in again.err


def test_other_endings_are_refused(cli: CommandLine, alpha: Path) -> None:
    """An .ods is read, not written; the sentence says what can be."""
    seen = cli("workbook", alpha, alpha.parent / "a.ods")
    assert seen.code == 2
    assert "expected a file that ends in .xlsx" in seen.err
    assert not (alpha.parent / "a.ods").exists()


def test_values_of_the_command_line_are_in_the_workbook(cli: CommandLine, alpha: Path) -> None:
    """What --set replaces is written as replaced."""
    book = alpha.parent / "a.xlsx"
    assert cli("workbook", alpha, book, "--set", "horizon_years=9").code == 0
    assert load_scenario(book).settings.horizon_years == 9


def test_variants_come_along(cli: CommandLine, alpha: Path) -> None:
    """Named variants, and what they extend, are in the workbook and in the folder made of it."""
    with (alpha / "scenario.yaml").open("a", encoding="utf-8") as file:
        file.write(VARIANTS)
    book, back = alpha.parent / "a.xlsx", alpha.parent / "back"
    assert cli("workbook", alpha, book).code == 0
    assert cli("workbook", book, back).code == 0
    for name in ("long", "longer"):
        hashes = {load_scenario(f"{form}@{name}").sha256 for form in (alpha, book, back)}
        assert len(hashes) == 1
    longer = load_scenario(f"{back}@longer")
    assert (longer.settings.horizon_years, longer.lots[0].neq_kg) == (20, 900.0)


def test_map_goes_out_and_comes_in(cli: CommandLine, alpha: Path) -> None:
    """The restricted map gives the table of sites again; the public one has no single site."""
    whole, public, table = (alpha.parent / name for name in ("a.geojson", "p.geojson", "sites.csv"))
    assert cli("geojson", alpha, whole, "--audience", "restricted").code == 0
    assert cli("geojson", alpha, public).code == 0
    assert "site_id" not in public.read_text(encoding="utf-8")
    assert cli("sites", whole, table).code == 0
    given = load_scenario(alpha)
    table.replace(alpha / "sites.csv")
    assert load_scenario(alpha).sha256 == given.sha256
    assert cli("sites", public, table).code == 2
    assert not table.exists()


def test_budgets_come_in_and_are_accepted_by_a_scenario(cli: CommandLine, alpha: Path) -> None:
    """Rows of funds, tranches and sources that `envelopes` writes can be added to a scenario as they are."""
    file, folder = alpha.parent / "a.xml", alpha.parent / "money"
    file.write_text(ACTIVITY, encoding="utf-8")
    seen = cli("envelopes", file, folder, "--scenario", alpha)
    assert seen.code == 0
    assert "civilian" in seen.err
    before = load_scenario(alpha)
    assert cli("workbook", alpha, alpha.parent / "plain").code == 0
    plain = alpha.parent / "plain"
    for name in ("funds", "funding", "sources"):
        add_rows(plain / f"{name}.csv", folder / f"{name}.csv")
    after = load_scenario(plain)
    assert len(after.tranches) == len(before.tranches) + 4
    assert sum(t.amount_usd or 0.0 for t in after.tranches[-4:]) == 1e6


def add_rows(table: Path, more: Path) -> None:
    """Add the rows of a table to another, by the names of its columns."""
    with table.open(encoding="utf-8", newline="") as old, more.open(encoding="utf-8", newline="") as new:
        rows, added = list(csv.DictReader(old)), list(csv.DictReader(new))
    heads = list(dict.fromkeys([*rows[0], *added[0]]))
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, heads, restval="")
        writer.writeheader()
        writer.writerows([*rows, *added])


def test_no_money_is_an_error_with_its_reason(cli: CommandLine, alpha: Path) -> None:
    """A file whose activities are about something else gives a reason and writes nothing."""
    file, folder = alpha.parent / "a.xml", alpha.parent / "money"
    file.write_text(ACTIVITY.replace("15250", "11220"), encoding="utf-8")
    seen = cli("envelopes", file, folder)
    assert seen.code == 2
    assert "none of its purposes is 15250, 15240, 15210 (got 11220)" in seen.err
    assert not folder.exists()


def test_draft_activity_is_written_with_its_cautions(cli: CommandLine, alpha: Path) -> None:
    """The draft is there, what to mind is said, and an unknown purpose is refused."""
    draft = alpha.parent / "draft.xml"
    seen = cli("iati", alpha, draft, "--organisation", "XX-1")
    assert seen.code == 0
    assert "civilian" in seen.err
    assert "<iati-identifier>XX-1-alpha</iati-identifier>" in draft.read_text(encoding="utf-8")
    assert cli("iati", alpha, alpha.parent / "other.xml", "--purpose", "99999").code == 2


def test_schema_is_printed(cli: CommandLine) -> None:
    """`demilsim schema` prints one JSON document and nothing else."""
    seen = cli("schema")
    assert json.loads(seen.out)["properties"]["horizon_years"]
    assert seen.err == ""


@pytest.mark.parametrize("command", ["workbook", "geojson", "iati"])
def test_bad_scenario_writes_nothing(cli: CommandLine, alpha: Path, command: str) -> None:
    """Input that is wrong ends with 2 before anything is written."""
    (alpha / "lots.csv").write_text("lot_id\n", encoding="utf-8")
    target = alpha.parent / "x.xlsx"
    assert cli(command, alpha, target).code == 2
    assert not target.exists()
