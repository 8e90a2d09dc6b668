"""What looks like a slip: one fault of each kind planted into a scenario without any."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from changes import Change, append, cell, extra
from demilsim.model.plausible import KINDS, doubts
from demilsim.scenario.loader import load_resolved, load_scenario
from demilsim.scenario.starter import write_starter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a starter whose neighbours live far away, so that nothing is left to doubt."""
    folder = write_starter("pilot", tmp_path)
    for line in (3, 4, 6, 8):
        cell("exposed_sites.csv", line, "x_m", "9000")(folder)
    return folder


def test_a_careful_scenario_raises_no_doubt(folder: Path) -> None:
    """Nothing is said where nothing is wrong."""
    assert doubts(load_scenario(folder)) == []


# 1000 kg of HD 1.1 need 22.2 * 10 = 222 m to dwellings: at 200 m, (200 / 22.2)^3 = 731 kg are allowed.
PLANTED: list[tuple[str, list[Change], list[tuple[str, str, int, str, str]]]] = [
    (
        "village too near",
        [
            cell("exposed_sites.csv", 3, "x_m", "120"),
            cell("exposed_sites.csv", 3, "y_m", "200"),
            cell("lots.csv", 5, "neq_kg", "0.9"),
            cell("lots.csv", 5, "gross_mass_t", "0.006"),
            cell("lots.csv", 6, "neq_kg", "1000"),
            cell("lots.csv", 6, "gross_mass_t", "2"),
            cell("lots.csv", 2, "neq_kg", "1.2"),
            cell("lots.csv", 2, "gross_mass_t", "0.0015"),
            cell("lots.csv", 3, "neq_kg", "0.2"),
            cell("lots.csv", 3, "gross_mass_t", "0.001"),
            cell("lots.csv", 4, "neq_kg", "0.2"),
            cell("lots.csv", 4, "gross_mass_t", "0.001"),
            cell("lots.csv", 7, "neq_kg", "0.5"),
            cell("lots.csv", 7, "gross_mass_t", "0.001"),
        ],
        [
            ("stock_over_licence", "storehouses.csv", 3, "storehouse_id", "at most 731 kg NEQ in A2"),
            ("people_too_near", "exposed_sites.csv", 3, "x_m", "at least 222 m from A2 .*got 200 m"),
        ],
    ),
    (
        "signals among mortar bombs",
        [append("lots.csv", "L13,B1,pyro_signal,10,2000,reserve,yes,1990,,A-EXAMPLE")],
        [("groups_apart", "lots.csv", 14, "storehouse_id", "no lot of group G in B1 .*L13 with L08")],
    ),
    (
        "tonnes for kilograms",
        [cell("lots.csv", 3, "neq_kg", "36")],
        [("share_of_explosive", "lots.csv", 3, "neq_kg", "expected 15% to 25% .*got 0.0002 of it")],
    ),
    (
        "road through the air",
        [cell("sites.csv", 4, "latitude_deg", "48")],
        [
            ("roads_long_enough", "routes.csv", 3, "distance_km", "at least 334 km"),
            ("roads_long_enough", "routes.csv", 4, "distance_km", "at least 281 km"),
        ],
    ),
    (
        "place that nobody filled in",
        [cell("sites.csv", 2, "latitude_deg", "0"), cell("sites.csv", 2, "longitude_deg", "0")],
        [("places_filled_in", "sites.csv", 2, "latitude_deg", "where A is .*latitude 0 and longitude 0")],
    ),
    (
        "places that nobody filled in",
        [cell("sites.csv", n, f"{c}_deg", "0") for n in (2, 3, 4) for c in ("latitude", "longitude")],
        [
            ("places_filled_in", "sites.csv", n, "latitude_deg", f"where {s} is")
            for n, s in ((2, "A"), (3, "B"), (4, "C"))
        ],
    ),
    (
        "kilograms a day",
        [cell("facility_rates.csv", 2, "throughput_t_per_day", "3000")],
        [("rates_of_plants", "facility_rates.csv", 2, "throughput_t_per_day", "0.01 to 100 t .*got 3,000")],
    ),
    (
        "dollars per kilogram, and free work",
        [
            cell("facility_rates.csv", 2, "unit_cost_usd_per_t", "0.45"),
            cell("facility_rates.csv", 3, "unit_cost_usd_per_t", "0"),
        ],
        [("costs_of_work", "facility_rates.csv", 2, "unit_cost_usd_per_t", "10 to 30,000 USD/t.*got 0.45")],
    ),
    (
        "payment of another decade",
        [cell("funding.csv", 2, "due", "2019-01-01")],
        [("money_before_the_start", "funding.csv", 2, "due", "from 2026-01-01 on.*got 2019-01-01")],
    ),
    (
        "date beyond the horizon",
        [extra("lots.csv", 3, destroy_by="2036-01-01")],
        [("dates_after_the_end", "lots.csv", 3, "destroy_by", "up to 2034-01-01")],
    ),
    (
        "lot pasted twice",
        [append("lots.csv", "L13,A3,bomb_he,120,60000,surplus,yes,1969,,A-EXAMPLE;D-NEQ")],
        [("rows_twice", "lots.csv", 14, "lot_id", "got L13 the same as L06 but for its id")],
    ),
    (
        "tranche pasted twice",
        [append("funding.csv", "DONOR-3,DONOR,2028-01-01,300000,0.6,120,A-EXAMPLE")],
        [("rows_twice", "funding.csv", 7, "tranche_id", "the same as DONOR-2")],
    ),
    (
        "neighbours pasted twice",
        [append("exposed_sites.csv", "C-hamlet,C,dwellings,9000,-400,600,0.5,0.9,A-EXAMPLE")],
        [("rows_twice", "exposed_sites.csv", 9, "exposed_site_id", "the same as C-village")],
    ),
]


@pytest.mark.parametrize(("name", "changes", "expected"), PLANTED, ids=[name for name, *_ in PLANTED])
def test_a_planted_fault_is_found_at_its_place(
    folder: Path, name: str, changes: list[Change], expected: list[tuple[str, str, int, str, str]]
) -> None:
    """Each fault is found once, with file, line and column, and nothing else is."""
    for change in changes:
        change(folder)
    resolved = load_resolved(folder)
    found = doubts(resolved.scenario)
    places = [(d, resolved.place_of(d.table, d.row, d.column)) for d in found]
    assert [(d.kind, Path(p.file).name, p.line, d.column) for d, p in places] == [e[:4] for e in expected]
    assert all(re.search(e[4], d.message) for d, e in zip(found, expected, strict=True)), found


def test_every_kind_is_planted() -> None:
    """No kind of doubt goes untested."""
    assert {kind.__name__ for kind in KINDS} == {one[0] for _, _, expected in PLANTED for one in expected}


def test_what_no_plan_brings_within_a_licence_comes_first(tmp_path: Path) -> None:
    """Reserve stays: 20 t of it 1,096 m from a school, for which (1096 / 44.4)^3 = 15 t is allowed.

    Where the rest is surplus a plan can help, and the warning says so.
    """
    scenario = load_scenario(write_starter("alpha", tmp_path))
    over = [doubt.message for doubt in doubts(scenario) if doubt.kind == "stock_over_licence"]
    assert "at most 15,037 kg NEQ in B2 for B-school (got 60,000 kg)" in over[0]
    assert over[0].endswith("or move some: its reserve alone is 20,000 kg, which no plan destroys")
    assert all(
        one.endswith("or plan to bring it down: without its surplus it is allowed") for one in over[1:]
    )
    assert len(over) == 4
