"""What differs in the inputs of two scenarios: nothing, one value, rows; and which draws are common."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from changes import NEW_LOT, append, cell
from demilsim.experiments.comparison_inputs import Change, CommonIds, InputComparison, compare_inputs
from demilsim.scenario.loader import load_resolved
from demilsim.scenario.origins import Given
from demilsim.scenario.starter import write_starter

VARIANT = (
    "variants:\n  late:\n    set:\n      name: late\n      title: Money comes late\n      seed: 7\n"
    "      funding[DONOR-1].due: 2028-07-01\n"
)
KINDS = ("lots", "storehouses", "facilities", "tranches")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


def between(first: str | Path, other: str | Path) -> InputComparison:
    """Return what differs between two scenarios on disk."""
    return compare_inputs(load_resolved(first), load_resolved(other))


def test_a_scenario_does_not_differ_from_itself(folder: Path) -> None:
    """Nothing is listed, and every id that owns draws is in both."""
    found = between(folder, folder)
    assert found.identical
    assert found.differences == ()
    assert tuple(row.kind for row in found.ids) == KINDS
    assert all(row.both > 0 and row.only_first == row.only_other == 0 for row in found.ids)


def test_one_changed_input_is_listed_with_both_values_and_who_says_so(folder: Path) -> None:
    """A variant with another date: one line with both dates, file and line, and the variant's name.

    Name, title and seed, which the variant also sets, are no inputs of a comparison.
    """
    append("scenario.yaml", VARIANT)(folder)
    (one,) = between(folder, f"{folder}@late").differences
    assert (one.path, one.table, one.column, one.change) == (
        "funding[DONOR-1].due", "funding", "due", Change.CHANGED,
    )  # fmt: skip
    assert one.first is not None
    assert one.other is not None
    assert (one.first.value, one.first.given, str(one.first.place)[-13:]) == (
        "2026-07-01", Given.SCENARIO, "funding.csv:5",
    )  # fmt: skip
    assert (one.other.value, one.other.given) == ("2028-07-01", Given.VARIANT)
    assert one.other.place is not None
    assert (one.other.place.variant, str(one.other.place)[-16:]) == ("late", "scenario.yaml:29")


def test_the_same_quantity_in_other_units_does_not_differ(folder: Path, tmp_path: Path) -> None:
    """180 t and 180000 kg are one value; 181000 kg is another, told in the column's unit."""
    twin = tmp_path / "twin"
    shutil.copytree(folder, twin)
    cell("lots.csv", 3, "gross_mass_t", "180000 kg")(twin)
    assert between(folder, twin).identical
    cell("lots.csv", 3, "gross_mass_t", "181000 kg")(twin)
    (one,) = between(folder, twin).differences
    assert (one.path, one.unit) == ("lots[L02].gross_mass_t", "t")
    assert [side.value for side in (one.first, one.other) if side] == ["180", "181"]


def test_rows_that_come_or_go_are_listed_once(folder: Path, tmp_path: Path) -> None:
    """A further lot is one row more, seen the other way round one less; its draws are its own."""
    twin = tmp_path / "twin"
    shutil.copytree(folder, twin)
    append("lots.csv", NEW_LOT.format(house="A1", nature="art_122", safe="yes", stabiliser="0.5"))(twin)
    there, back = between(folder, twin), between(twin, folder)
    for found, change in ((there, Change.ADDED), (back, Change.REMOVED)):
        (one,) = found.differences
        assert (one.path, one.change, one.column) == ("lots[L13]", change, "")
    assert there.ids[0] == CommonIds("lots", 12, 0, 1)
    assert back.ids[0] == CommonIds("lots", 12, 1, 0)


def test_another_source_is_told_apart_from_another_value(folder: Path, tmp_path: Path) -> None:
    """A row that cites something else is listed, and the inputs are identical all the same."""
    twin = tmp_path / "twin"
    shutil.copytree(folder, twin)
    cell("lots.csv", 3, "source", "A-EXAMPLE")(twin)
    found = between(folder, twin)
    assert [one.path for one in found.differences] == ["lots[L02].source"]
    assert found.differences[0].documents
    assert found.identical
