"""What is told of an empty cell, and of a limit of nothing."""

from __future__ import annotations

import pytest

from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.records import leaf_paths
from demilsim.scenario.settings import Settings
from demilsim.scenario.teaching import taught


@pytest.mark.parametrize(
    ("table", "path", "told"),
    [
        ("lots", "storehouse_id", "expected a storehouse_id of storehouses (where it is)"),
        ("lots", "nature_id", "expected a nature of the register (type and model of ammunition)"),
        ("lots", "gross_mass_t", "expected a number of t (with casing and packaging)"),
        ("lots", "status", "expected surplus or reserve (surplus may be destroyed; reserve stays)"),
        ("lots", "safe_to_move", "expected yes or no (no: only on-site methods)"),
        ("lots", "year_made", "expected a year (year of manufacture)"),
        ("sites", "rrpl", "expected a whole number from 0 to 3 (risk-reduction process level of IATG"),
        ("funding", "due", "expected a date as YYYY-MM-DD (promised)"),
        ("funds", "holder", "expected host or donor"),
        ("routes", "source", "expected a source_id of sources (sources of the numbers in the row"),
        ("settings", "country", "expected two capital letters as KZ (country of the host in two letters)"),
        ("settings", "horizon_years", "expected a whole number of yr (whole years from the start; 1 to 50)"),
    ],
)
def test_what_belongs_into_an_empty_cell_is_told(table: str, path: str, told: str) -> None:
    """Its kind first, then what it is for: 'where it is' alone is no sentence."""
    assert taught(table, path, "missing").startswith(f"missing: {told}")


def test_every_column_says_what_it_expects() -> None:
    """None is left with its bare meaning, new ones neither."""
    for name, layout in LAYOUT.items():
        for column in layout.columns:
            assert taught(name, column, "missing").startswith("missing: expected ")
    for path in leaf_paths(Settings):
        assert taught("settings", path, "missing").startswith("missing: expected ")
    told = taught("settings", "parameters.transport.payload_t.value", "missing")
    assert told == "missing: expected a number of t"
    assert taught("settings", "no.such", "missing") == "missing"


@pytest.mark.parametrize(
    ("table", "column", "told"),
    [
        (
            "facilities",
            "permit_t_per_year",
            "; an empty cell means no limit; take the facility out if it may process nothing",
        ),
        (
            "routes",
            "neq_limit_kg_per_vehicle",
            "; an empty cell means no limit; take the route out if nothing may go by it",
        ),
        ("facilities", "breakdown_mean_days", "; an empty cell means no breakdowns"),
        ("lots", "gross_mass_t", ""),
    ],
)
def test_a_limit_of_nothing_is_not_mended_by_an_empty_cell(table: str, column: str, told: str) -> None:
    """The natural mend of 0 would be no limit at all."""
    message = "expected > 0 (got 0)"
    assert taught(table, column, message) == f"{message}{told}"
