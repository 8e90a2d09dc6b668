"""All mistakes in one pass: what one of them hides, and what is told again because of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import Change, append, both, cell, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter

BAD_UNIT = cell("lots.csv", 3, "gross_mass_t", "180 m")


def emptied(file: str) -> Change:
    """Leave nothing of a table but its header."""

    def apply(folder: Path) -> None:
        header = (folder / file).read_text(encoding="utf-8").partition("\n")[0]
        (folder / file).write_text(f"{header}\n", encoding="utf-8")

    return apply


def told(tmp_path: Path, *changes: Change) -> list[tuple[str, int, str, str]]:
    folder = write_starter("pilot", tmp_path)
    both(*changes)(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    return [(Path(p.file).name, p.line, p.path, p.message) for p in caught.value.problems]


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("facilities.csv", "since facility_rates names RANGE-A and 2 more (got none)"),
        (
            "facility_rates.csv",
            "since facilities has RANGE-A and 2 more (got none); add one for each category",
        ),
        ("funds.csv", "since funding names HOST and 1 more (got none)"),
        ("funding.csv", "since funds has HOST and 1 more (got none); add payments, or take out the funds"),
    ],
)
def test_a_table_without_rows_is_told_once(file: str, message: str, tmp_path: Path) -> None:
    """Not for each row that names one of it; and beside a mistake elsewhere too."""
    seen = told(tmp_path, emptied(file), BAD_UNIT)
    assert [(name, line) for name, line, *_ in seen] == [(file, 1), ("lots.csv", 3)]
    assert seen[0][3].startswith(f"expected at least one row, {message}")


def test_tables_that_agree_on_nothing_may_be_empty(tmp_path: Path) -> None:
    """Without facilities and money there is a scenario, if a poor one."""
    folder = write_starter("pilot", tmp_path)
    for file in ("facilities.csv", "facility_rates.csv", "funds.csv", "funding.csv", "routes.csv"):
        emptied(file)(folder)
    assert load_scenario(folder).facilities == ()


@pytest.mark.parametrize(
    ("malformed", "again", "place", "message"),
    [
        (
            swap("facility_rates.csv", "RANGE-A,mortar,2.5", "RANGE-A,mortar,x"),
            append("facility_rates.csv", "RANGE-A,mortar,2.5,500,A-EXAMPLE"),
            ("facility_rates.csv", 11, "category"),
            "expected one rate of RANGE-A for mortar (got it on line 3 too)",
        ),
        (
            swap("routes.csv", "A,B,90", "A,B,x"),
            append("routes.csv", "B,A,90,1,A-EXAMPLE"),
            ("routes.csv", 5, "from_site_id"),
            "expected one route between two sites, good both ways (got it on line 2 too)",
        ),
        (
            swap("lots.csv", "L01,A1,charge_propelling,60", "L01,A1,charge_propelling,x"),
            append("lots.csv", "L01,A3,bomb_he,10,5000,surplus,yes,1969,,A-EXAMPLE"),
            ("lots.csv", 14, "lot_id"),
            "expected each lot_id once (got 'L01' on line 2 too)",
        ),
    ],
)
def test_a_second_row_of_a_malformed_one_is_told(
    malformed: Change, again: Change, place: tuple[str, int, str], message: str, tmp_path: Path
) -> None:
    """A name is given twice whether or not the numbers beside it can be read."""
    seen = told(tmp_path, malformed, again)
    assert len(seen) == 2
    assert any(one[:3] == place and one[3].startswith(message) for one in seen)


def test_what_is_nowhere_is_told_beside_other_mistakes(tmp_path: Path) -> None:
    """A source that nobody cites hides behind a bad lot, which may cite it; a site without use does not."""
    months = ",-1,1,6,12,17,21,23,23,18,12,6,1"
    site = append("sites.csv", f"D,Dune,Centre,46.1,20,2{months},7,A-EXAMPLE")
    source = append("sources.csv", "SPARE,assumed,of nothing")
    seen = told(tmp_path, site, source, BAD_UNIT)
    assert [one[:3] for one in seen] == [("lots.csv", 3, "gross_mass_t"), ("sites.csv", 5, "site_id")]


@pytest.mark.parametrize("row", ["A1,A,sheet_metal,0,0,A-EXAMPLE,", "A1,A,sheet_metal"])
def test_a_row_of_another_length_is_still_a_row(row: str, tmp_path: Path) -> None:
    """A cell too many or too few is told once; the lots in that storehouse are where they say."""
    seen = told(tmp_path, swap("storehouses.csv", "A1,A,sheet_metal,0,0,A-EXAMPLE", row))
    assert [one[:2] for one in seen] == [("storehouses.csv", 2)]
