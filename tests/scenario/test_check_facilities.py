"""Facilities and mobile plant that are in order; those that are not are in the tables of broken scenarios."""

from __future__ import annotations

from pathlib import Path

from broken_facilities import NEW, RANGE, second_kiln
from broken_transport import ABROAD
from changes import PLANTS, both, cell, extra
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter


def test_facilities_as_they_really_run_are_read(tmp_path: Path) -> None:
    """Each column arrives; rows that leave it empty have the default, which changes nothing."""
    folder = write_starter("pilot", tmp_path)
    both(
        second_kiln(),
        extra(PLANTS, RANGE, shifts_per_day="2", neq_limit_kg_per_shot="50", shots_per_day="8"),
        extra(PLANTS, RANGE, weather_months="11-3", objections_per_year="0.1"),
        extra(PLANTS, RANGE, objection_capacity_fraction="0.6"),
        extra(PLANTS, NEW, learning_days="180", learning_start_fraction="0.4", lead_time_sigma="0.3"),
        extra(PLANTS, NEW, breakdown_shape="2", repair_shape="0.8"),
    )(folder)
    place, kiln, new, second = load_scenario(folder).facilities
    assert (place.shifts_per_day, place.neq_limit_kg_per_shot, place.shots_per_day) == (2.0, 50.0, 8.0)
    assert (place.weather_months, place.objections_per_year) == ((11, 12, 1, 2, 3), 0.1)
    assert (new.learning_days, new.learning_start_fraction, new.lead_time_sigma) == (180.0, 0.4, 0.3)
    assert (new.breakdown_shape, new.repair_shape, place.objection_capacity_fraction) == (2.0, 0.8, 0.6)
    assert (kiln.pool, second.pool, new.pool) == ("KILNS", "KILNS", None)
    assert (kiln.shifts_per_day, kiln.weather_months, kiln.breakdown_shape) == (1.0, tuple(range(1, 13)), 1.0)


def test_mobile_plant_may_serve_its_home_and_abroad(tmp_path: Path) -> None:
    """With a site of its own country served, or all sites, it goes to the other country too."""
    for number, serves in enumerate(("A;B", "")):
        folder = write_starter(f"pilot-{number}", tmp_path)
        both(ABROAD, cell(PLANTS, 3, "serves_sites", serves), extra(PLANTS, 3, move_days="20"))(folder)
        plant = load_scenario(folder).facilities[1]
        assert (plant.mobile, plant.move_days) == (True, 20.0)
