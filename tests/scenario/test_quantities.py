"""Numbers as people write them: units, decimal commas, and what can be read in two ways."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from changes import cell, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.columns import column_meanings
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.quantities import Reading
from demilsim.scenario.starter import write_starter
from demilsim.units import conversion_factor


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


def read(text: str, unit: str = "", comma: bool = False, doubtful: bool = False) -> float | str:
    """Return the number that a text is read as, or the sentence that refuses it."""
    reading = Reading(lambda _: unit, lambda _: comma, doubtful)
    try:
        number = reading.number("x", text)
    except ValueError as error:
        return str(error)
    return "no number" if number is None else float(number)


# Computed by hand: 365.25 / 12 days to a month, 0.45359237 kg to a pound, 24 hours to a day.
@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("12 t", "t", 12.0),
        ("12t", "t", 12.0),
        ("350 kg", "t", 0.35),
        ("350 kg", "kg", 350.0),
        ("0.35 t", "kg", 350.0),
        ("12 tonnes", "t", 12.0),
        ("1000 lb", "kg", 453.59237),
        ("1.2 MUSD", "USD", 1_200_000.0),
        ("1.2 million USD", "USD", 1_200_000.0),
        ("USD 1.2 million", "USD", 1_200_000.0),
        ("$450", "USD", 450.0),
        ("450 kUSD", "USD", 450_000.0),
        ("2 MEUR", "EUR", 2_000_000.0),
        ("3 months", "d", 91.3125),
        ("2 years", "d", 730.5),
        ("36 h", "d", 1.5),
        ("24 months", "yr", 2.0),
        ("2 t/day", "t/d", 2.0),
        ("2000 kg per day", "t/d", 2.0),
        ("0.7 USD/kg", "USD/t", 700.0),
        ("700 USD per tonne", "USD/t", 700.0),
        ("50 kUSD/yr", "USD/yr", 50_000.0),
        ("3 per day", "1/d", 3.0),
        ("30 %", "1", 0.3),
        ("30%", "1", 0.3),
        ("1.5 km", "m", 1500.0),
        ("-3 °C", "°C", -3.0),
        ("400 persons", "persons", 400.0),
        ("0.5 USD/(t km)", "USD/(t km)", 0.5),
        ("1e3 kg", "t", 1.0),
    ],
)
def test_a_unit_is_converted_to_that_of_the_column(text: str, unit: str, value: float) -> None:
    """A quantity with a unit of the column's kind is the number of the column's unit, as by hand."""
    assert read(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "match"),
    [
        ("12 m", "t", "expected a number of t, alone or followed by kg, g, t, kt or lb (got '12 m')"),
        ("12 ton", "t", "(got '12 ton')"),
        ("5 EUR", "USD", "alone or followed by USD, kUSD or MUSD (got '5 EUR')"),
        ("5 USD", "USD/t", "alone or followed by USD/t, kUSD/t or MUSD/t (got '5 USD')"),
        ("5 USD/t", "USD", "(got '5 USD/t')"),
        ("12 t/d/d", "t/d", "(got '12 t/d/d')"),
        ("12 %", "t", "(got '12 %')"),
        ("0e999999999 kg", "t", "zero"),
        ("1e999999999 kg", "t", "expected 0 or a size from"),
        ("3 days", "", "no number"),
        ("3 m", "0-3", "no number"),
        ("many t", "t", "no number"),
        ("1" * 70 + " t", "t", "no number"),
    ],
)
def test_a_unit_of_another_kind_is_refused(text: str, unit: str, match: str) -> None:
    """Mass in metres, euro for dollars and numbers without bounds are answered with what would do."""
    found = read(text, unit)
    assert found == 0.0 if match == "zero" else match in str(found)


@pytest.mark.parametrize(
    ("text", "comma", "doubtful", "found"),
    [
        ("1,5", True, False, 1.5),
        ("-0,25", True, False, -0.25),
        ("0,350", True, False, 0.35),
        ("1234,567", True, False, 1234.567),
        ("1,2345", True, False, 1.2345),
        ("1.234", True, False, 1.234),
        ("1.234", False, False, 1.234),
        ("1,234", True, False, "may be 1.234 or 1234); write 1.2340 or 1234"),
        ("1,234", False, False, "may be 1.234 or 1234); write 1.2340 or 1234"),
        ("-12,345", True, False, "may be -12.345 or -12345)"),
        ("1.234", True, True, "may be 1.234 or 1234)"),
        ("0.234", True, True, 0.234),
        ("1.2340", True, True, 1.234),
        ("1,5", False, False, "expected a number with a decimal point (got '1,5')"),
        ("1,234,567", True, False, "without separators between thousands (got '1,234,567'); write 1234567"),
        ("1.234,5", True, False, "write 1234.5"),
        ("1 234", False, False, "write 1234"),
        ("1'234.5", False, False, "write 1234.5"),
        ("1\xa0234", False, False, "write 1234"),
        ("12,34,56", True, False, "no number"),
        ("١٢", True, False, "write 12"),
    ],
)
def test_commas_and_points(text: str, comma: bool, doubtful: bool, found: float | str) -> None:
    """A decimal comma is read where it is the custom; what has two readings is refused with both."""
    seen = read(text, "", comma, doubtful)
    assert seen == found if isinstance(found, float) else found in str(seen)


def test_another_currency_is_told_where_it_belongs(folder: Path) -> None:
    """A payment has columns of its own for it, a cost has none; advice on money is for money."""
    cell("funding.csv", 5, "amount_usd", "60000000 KZT")(folder)
    cell("facility_rates.csv", 2, "unit_cost_usd_per_t", "450 EUR/t")(folder)
    cell("facility_rates.csv", 3, "unit_cost_usd_per_t", "450 kg")(folder)
    with pytest.raises(ScenarioError) as refused:
        load_scenario(folder)
    told = [problem.message for problem in refused.value.problems]
    assert [message.partition("; ")[2] for message in told] == [
        "convert what is in another currency to US dollars of the price year",
        "",
        "give what is promised in another currency as amount and currency, and its rate in exchange_rates",
    ]


def test_every_unit_of_the_tables_is_known() -> None:
    """What the description of the tables calls a unit can be written behind a number."""
    units = {
        meaning.unit
        for (table, column), meaning in column_meanings().items()
        if table in LAYOUT and column in LAYOUT[table].record.model_fields
        if LAYOUT[table].record.model_fields[column].annotation in (float, float | None)
    }
    assert {unit for unit in units if conversion_factor(unit, unit) is None} <= {"as currency", "-"}
    assert len(units) > 8


def test_a_scenario_with_units_is_the_scenario(folder: Path) -> None:
    """Units in tables, settings and constants change no value and no hash, and are shown as understood."""
    before = load_scenario(folder).sha256
    cell("lots.csv", 2, "gross_mass_t", "60000 kg")(folder)
    cell("lots.csv", 2, "stabiliser_fraction", "35 %")(folder)
    cell("funding.csv", 5, "amount_usd", "0.8 MUSD")(folder)
    swap("scenario.yaml", "horizon_years: 8", "horizon_years: 96 months")(folder)
    swap("scenario.yaml", "value: 10", "value: 10000 kg")(folder)
    resolved = load_resolved(folder)
    assert resolved.scenario.sha256 == before
    shown = [(Path(p.file).name, p.line, u.path, u.text, u.value) for p, u in resolved.understood]
    assert shown == [
        ("scenario.yaml", 10, "horizon_years", "96 months", "8 yr"),
        ("scenario.yaml", 21, "parameters.transport.payload_t.value", "10000 kg", "10 t"),
        ("lots.csv", 2, "gross_mass_t", "60000 kg", "60 t"),
        ("lots.csv", 2, "stabiliser_fraction", "35 %", "0.35"),
        ("funding.csv", 5, "amount_usd", "0.8 MUSD", "800000 USD"),
    ]


def test_a_semicolon_table_with_decimal_commas_is_the_same_table(folder: Path) -> None:
    """What a spreadsheet writes in half the world gives the same scenario, to the hash."""
    before = load_scenario(folder).sha256
    file = folder / "lots.csv"
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    body = [[value.replace(".", ",") if value[:1].isdigit() else value for value in row] for row in rows[1:]]
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";").writerows([rows[0], *body])
    assert "0,35" in file.read_text(encoding="utf-8")
    assert load_scenario(folder).sha256 == before


def test_a_point_among_decimal_commas_is_doubtful(folder: Path) -> None:
    """1.234 beside 0,35 may be one thousand: it is refused, and alone it is not."""
    text = (folder / "facility_rates.csv").read_text(encoding="utf-8").replace(",", ";")
    text = text.replace("3;450", "3;1.234")
    (folder / "facility_rates.csv").write_text(text, encoding="utf-8")
    assert load_scenario(folder).facility_rates[0].unit_cost_usd_per_t == 1.234
    (folder / "facility_rates.csv").write_text(text.replace(";2.5;500", ";2,5;500"), encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"csv:2: unit_cost_usd_per_t: .*which may be 1\.234 or 1234\)"):
        load_scenario(folder)


def test_a_value_from_the_command_line_has_a_point(folder: Path) -> None:
    """What is laid over a semicolon table is no part of it; units are understood there too."""
    text = (folder / "facility_rates.csv").read_text(encoding="utf-8").replace(",", ";").replace("2.5", "2,5")
    (folder / "facility_rates.csv").write_text(text, encoding="utf-8")
    path = "facility_rates[RANGE-A,artillery].unit_cost_usd_per_t"
    assert load_scenario(folder, {path: "1.234"}).facility_rates[0].unit_cost_usd_per_t == 1.234
    assert load_scenario(folder, {path: "0.5 USD/kg"}).facility_rates[0].unit_cost_usd_per_t == 500.0
    with pytest.raises(ScenarioError, match=r"^--set: .*with a decimal point \(got '1,5'\); write 1\.5$"):
        load_scenario(folder, {path: "1,5"})
