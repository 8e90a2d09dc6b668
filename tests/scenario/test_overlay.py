"""Values set over a scenario: by path, of scalars, constants and cells."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import cell, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.paths import split_assignment
from demilsim.scenario.starter import write_starter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


@pytest.mark.parametrize(
    ("path", "file", "line", "column"),
    [
        ("funding[tranche=DONOR-2].amount_usd", "funding.csv", 6, "amount_usd"),
        ("funding[tranche_id=DONOR-2].amount_usd", "funding.csv", 6, "amount_usd"),
        ("funding[DONOR-2].amount_usd", "funding.csv", 6, "amount_usd"),
        ("funding[fund=DONOR,due=2028-01-01].amount_usd", "funding.csv", 6, "amount_usd"),
        (
            "facility_rates[KILN-B,mortar].unit_cost_usd_per_t",
            "facility_rates.csv",
            8,
            "unit_cost_usd_per_t",
        ),
        (" routes[ A , C ] . distance_km ", "routes.csv", 3, "distance_km"),
    ],
)
def test_a_cell_set_is_a_cell_edited(
    folder: Path, tmp_path: Path, path: str, file: str, line: int, column: str
) -> None:
    """A value laid over a cell gives the same scenario, to the hash, as the same value in the file."""
    before = load_scenario(folder).sha256
    set_ = load_scenario(folder, {path: "1234.5"})
    cell(file, line, column, "1234.5")(folder)
    assert set_.sha256 == load_scenario(folder).sha256 != before


def test_a_scalar_set_is_a_scalar_edited(folder: Path) -> None:
    """The same holds of a key of scenario.yaml."""
    set_ = load_scenario(folder, {"settings.horizon_years": "9"})
    swap("scenario.yaml", "horizon_years: 8", "horizon_years: 9")(folder)
    assert set_.sha256 == load_scenario(folder).sha256


def test_a_column_that_the_table_lacks_can_be_set(folder: Path) -> None:
    """Columns that may be left out are there for every row, with their default elsewhere."""
    lots = load_scenario(folder, {"lots[L02].mass_sigma": "0.1"}).lots
    assert [lot.mass_sigma for lot in lots[:3]] == [0.0, 0.1, 0.0]


def test_rows_can_be_set_together(folder: Path) -> None:
    """A path means every row that has its values."""
    scenario = load_scenario(folder, {"lots[status=surplus].mass_sigma": "0.1"})
    assert {lot.mass_sigma for lot in scenario.lots if lot.status == "surplus"} == {0.1}
    assert {lot.mass_sigma for lot in scenario.lots if lot.status == "reserve"} == {0.0}


def test_rows_are_found_as_they_were(folder: Path) -> None:
    """Which rows a path means does not depend on what the same layer sets, in either order."""
    sets = {"lots[status=reserve].status": "surplus", "lots[status=surplus].mass_sigma": "0.1"}
    forth = load_scenario(folder, {**sets, "lots[L11].safe_to_move": "yes"})
    back = load_scenario(folder, dict(reversed(list(sets.items()))))
    assert forth.sha256 == back.sha256
    assert [lot.mass_sigma for lot in forth.lots if lot.lot_id in ("L10", "L11")] == [0.0, 0.0]


def test_a_constant_may_bring_its_source(folder: Path) -> None:
    """A source that is given with a constant is kept, in whatever order the two are given."""
    sets = {"parameters.transport.payload_t.source": "D-NEQ", "parameters.transport.payload_t": "14"}
    entry = load_scenario(folder, sets).register.entries["transport.payload_t"]
    assert (entry.value, entry.source, entry.confidence) == (14.0, "D-NEQ", "derived")


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        ("fundin[DONOR-1].amount_usd", "1", r"^--set: .*: unknown table fundin; did you mean funding\?$"),
        ("tranches[DONOR-1].amount_usd", "1", r"unknown table tranches; did you mean funding\?$"),
        ("funding[DONOR-1].amout_usd", "1", r"unknown column amout_usd of funding; did you mean amount_usd"),
        ("funding[tranch=DONOR-1].due", "1", r"unknown column tranch of funding; did you mean tranche_id\?$"),
        ("funding[DONOR1].due", "1", r"with tranche_id 'DONOR1' \(got none; did you mean DONOR-1\?\)$"),
        ("funding[].due", "1", r"expected funding\[TRANCHE_ID\] or COLUMN=VALUE there \(got nothing\)$"),
        ("routes[A].distance_km", "1", r"expected routes\[FROM_SITE_ID,TO_SITE_ID\] or .* \(got 'A'\)$"),
        ("funding.DONOR-1.due", "1", r"got 'funding\.DONOR-1\.due'\); write funding\[DONOR-1\]\.due$"),
        ("funding", "1", r"expected TABLE\[ROW\]\.COLUMN, as funding\[TRANCHE_ID\]"),
        ("settings.horizon", "1", r"^--set: settings\.horizon: unknown path; did you mean horizon_years\?$"),
        ("measures[M1].level", "1", r"expected a scenario with measures \(got one without\)$"),
        (
            "funding[DONOR-1].due",
            "soon",
            r"^--set: funding\[DONOR-1\]\.due: expected a date as YYYY-MM-DD \(got 'soon'\)$",
        ),
        ("lots[L01].storehouse_id", "A7", r"^--set: lots\[L01\]\.storehouse_id: expected a storehouse_id of"),
        ("lots[L01].gross_mass_t", "1", r"^.*lots\.csv:2: neq_kg: expected <= 1000, the lot's gross mass"),
    ],
)
def test_a_path_that_names_nothing_is_answered(folder: Path, path: str, value: str, match: str) -> None:
    """An unknown table, row, column or key is an error that says what was near, at the place of the value."""
    with pytest.raises(ScenarioError, match=match) as caught:
        load_scenario(folder, {path: value})
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("horizon_years", "settings.horizon_years"),
        ("lots[L01].mass_sigma", "lots[status=surplus].mass_sigma"),
        ("parameters.transport.payload_t", "parameters.transport.payload_t.value"),
    ],
)
def test_one_value_is_set_once(folder: Path, first: str, second: str) -> None:
    """Two values for one thing in one layer are an error, however they are spelt: neither is ignored."""
    with pytest.raises(ScenarioError, match="expected each value once"):
        load_scenario(folder, {first: "0.1", second: "0.2"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("horizon_years=9", ("horizon_years", "9")),
        ("funding[tranche=T3].amount_usd=2e6", ("funding[tranche=T3].amount_usd", "2e6")),
        ("title = a=b", ("title", "a=b")),
        ("sites[name=A].name=x[1]=2", ("sites[name=A].name", "x[1]=2")),
        ("title=a [b]", ("title", "a [b]")),
        ("novalue", None),
        ("=3", None),
        ("funding[tranche=T3].amount_usd", None),
    ],
)
def test_an_assignment_is_split_behind_its_brackets(text: str, expected: tuple[str, str] | None) -> None:
    """The sign that parts path and value is the first one outside the brackets of the path."""
    assert split_assignment(text) == expected
