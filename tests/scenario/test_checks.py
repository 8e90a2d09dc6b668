from __future__ import annotations

from pathlib import Path

import pytest

from changes import append, cell, fund, lot, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.checks import REFERENCES, ROWS, WHOLE
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter

FAR_SITE = "D,Dale,Centre,-10,100,1,0,0,0,0,0,0,0,0,0,0,0,0,5,A-EXAMPLE"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_starter("pilot", tmp_path)


def problems(folder: Path) -> list[tuple[str, int, str]]:
    """Return file, line and column of every problem."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    return [(Path(p.file).name, p.line, p.path) for p in caught.value.problems]


def test_every_check_has_its_own_place() -> None:
    """No check runs twice."""
    checks = [*REFERENCES, *ROWS, *WHOLE]
    assert len(set(checks)) == len(checks)


def test_each_duplicate_names_the_first(folder: Path) -> None:
    """Three rows of one id are two problems, both pointing at the first."""
    for line in (4, 6):
        cell("lots.csv", line, "lot_id", "L01")(folder)
    assert problems(folder) == [("lots.csv", 4, "lot_id"), ("lots.csv", 6, "lot_id")]


def test_broken_reference_is_not_judged_further(folder: Path) -> None:
    """A misspelt storehouse is one problem; whether the lot can be reached is not asked."""
    cell("lots.csv", 2, "storehouse_id", "A9")(folder)
    assert problems(folder) == [("lots.csv", 2, "storehouse_id")]


def test_several_bad_references_in_a_cell_are_all_named(folder: Path) -> None:
    """Each unknown site of a list is a problem."""
    cell("facilities.csv", 2, "serves_sites", "A;Y;Z")(folder)
    assert problems(folder) == [("facilities.csv", 2, "serves_sites")] * 2


def test_neq_may_equal_the_mass(folder: Path) -> None:
    """Bulk explosive without casing is possible."""
    cell("lots.csv", 2, "neq_kg", "60000")(folder)
    assert load_scenario(folder).lots[0].neq_kg == 60_000


def test_lot_made_in_the_year_of_the_start_is_accepted(folder: Path) -> None:
    """Only years after that of the start are refused."""
    cell("lots.csv", 2, "year_made", "2026")(folder)
    assert load_scenario(folder).lots[0].year_made == 2026


@pytest.mark.parametrize("route", ["A,B,90,1,A-EXAMPLE", "B,A,90,1,A-EXAMPLE"])
def test_a_route_serves_both_directions(folder: Path, route: str) -> None:
    """Small arms at A reach the kiln at B whichever way the road is written."""
    swap("routes.csv", "A,B,90,1,A-EXAMPLE", route)(folder)
    lot("sa_rifle")(folder)
    assert load_scenario(folder).lots[-1].lot_id == "L13"


def test_mobile_facility_reaches_unsafe_lots(folder: Path) -> None:
    """What must not be moved can be destroyed by a facility that comes."""
    cell("facilities.csv", 2, "mobile", "yes")(folder)
    lot("art_122", house="B1", safe="no")(folder)
    assert load_scenario(folder).lots[-1].lot_id == "L13"


def test_reserve_needs_no_facility(folder: Path) -> None:
    """Reserve of a category that nobody destroys is no problem."""
    append("lots.csv", "L13,A1,rocket_122,10,1000,reserve,yes,1980,0.5,A-EXAMPLE")(folder)
    assert load_scenario(folder).lots[-1].lot_id == "L13"


def test_surplus_outside_the_served_sites_is_stranded(folder: Path) -> None:
    """A facility with a list of sites serves no other; a lot that this strands is named."""
    cell("facilities.csv", 3, "serves_sites", "A;C")(folder)
    assert problems(folder) == [("lots.csv", 8, "lot_id")]


def test_site_with_only_a_facility_is_used(folder: Path) -> None:
    """A plant may stand where nothing is stored."""
    append("sites.csv", "D,Dale,Centre,45.2,20.2,1,0,0,0,0,0,0,0,0,0,0,0,0,5,A-EXAMPLE")(folder)
    cell("facilities.csv", 4, "site_id", "D")(folder)
    append("routes.csv", "A,D,50,1,A-EXAMPLE")(folder)
    assert load_scenario(folder).sites[-1].site_id == "D"


def test_far_site_is_not_taken_for_a_swap(folder: Path) -> None:
    """Being far away is no mistake unless swapping the coordinates would bring it near."""
    append("sites.csv", FAR_SITE)(folder)
    append("storehouses.csv", "D1,D,masonry,0,0,A-EXAMPLE")(folder)
    assert load_scenario(folder).sites[-1].latitude_deg == -10


def test_capital_earmark_counts_possible_facilities(folder: Path) -> None:
    """Money to build is usable where something can be built, and only there."""
    fund(use="capital", sites="C")(folder)
    assert load_scenario(folder).funds[-1].fund_id == "X"


def test_running_earmark_counts_lots_that_can_go(folder: Path) -> None:
    """Running money for a category is unusable at a method that does not accept it."""
    fund(use="running", methods="rotary_kiln", categories="artillery")(folder)
    assert problems(folder) == [("funds.csv", 4, "earmark_methods")]


def test_tranche_on_the_last_day_of_a_fund_is_accepted(folder: Path) -> None:
    """Money may come until the day on which its fund expires."""
    cell("funding.csv", 6, "due", "2031-12-31")(folder)
    assert load_scenario(folder).tranches[-1].due.year == 2031


def test_money_paid_before_the_start_is_accepted_for_ten_years(folder: Path) -> None:
    """Money may be there already; dates of another century are a slip."""
    cell("funding.csv", 2, "due", "2016-01-01")(folder)
    cell("funding.csv", 3, "due", "2015-12-31")(folder)
    assert problems(folder) == [("funding.csv", 3, "due")]


def test_unused_weather_length_is_said(folder: Path) -> None:
    """A length of weather stops that never come would silently do nothing."""
    cell("facilities.csv", 3, "weather_stop_mean_days", "3")(folder)
    assert problems(folder) == [("facilities.csv", 3, "weather_stop_mean_days")]


def test_weakest_source_decides_the_confidence_of_a_constant(folder: Path) -> None:
    """A constant that leans on an assumption is an assumption, whatever else it names."""
    swap("scenario.yaml", "source: A-EXAMPLE", "source: D-NEQ; A-EXAMPLE")(folder)
    entry = load_scenario(folder).register.entries["transport.payload_t"]
    assert (entry.source, entry.confidence) == ("D-NEQ;A-EXAMPLE", "assumed")
