"""The figures that stand in the page itself: what they draw follows the stored numbers, for each audience."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from demilsim.reporting.diagrams import absences, draw_diagrams, numbers_behind
from demilsim.reporting.disclosure import Audience, for_audience
from demilsim.reporting.drawing import LOOKS, DrawnFigure
from demilsim.reporting.grid import Table
from demilsim.reporting.reading import read_results
from demilsim.reporting.records import StoredResults
from demilsim.reporting.region_map import frame_of, yearly
from demilsim.reporting.report import write_report
from demilsim.reporting.waterfall_views import waterfall_steps
from demilsim.reporting.wording import ABSENT
from reporting.conftest import FIRST_YEAR, EditSummary
from reporting.facts import series, with_facts

SVG = "{http://www.w3.org/2000/svg}"
MINUS = "\N{MINUS SIGN}"
NAMES = ["waterfall", "schedule", "map", "finishing", "load", "delays"]

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def stored(folder: Path, edit: EditSummary) -> Callable[..., StoredResults]:
    """Return a function that gives results with all facts, and a change to them if wanted, to an audience."""

    def read(audience: Audience = "public", change: Change = lambda document: None) -> StoredResults:
        edit(with_facts)
        edit(change)
        return for_audience(read_results(folder), audience)

    return read


def drawn(results: StoredResults, audience: Audience = "public") -> dict[str, DrawnFigure]:
    return {figure.name: figure for figure in draw_diagrams(results, audience)}


def told(figure: DrawnFigure) -> list[str]:
    """Return what is said under the pointer."""
    return [title.text or "" for title in ET.fromstring(figure.svg).iter(f"{SVG}title")]


def texts(figure: DrawnFigure) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(figure.svg).iter(f"{SVG}text")]


def rows(table: Table) -> dict[str, tuple[str, ...]]:
    return {row.cells[0]: row.cells[1:] for row in table.rows}


def test_each_is_a_small_marked_document_with_words(stored: Callable[..., StoredResults]) -> None:
    """Well-formed, named, SYNTHETIC, one sentence, no script, every look known to the page's style."""
    css = (Path(__file__).parents[2] / "src/demilsim/reporting/templates/report.css").read_text()
    figures = draw_diagrams(stored(), "public")
    assert [figure.name for figure in figures] == NAMES
    for figure in figures:
        root = ET.fromstring(figure.svg)
        assert root.get("role") == "img"
        assert root.get("aria-label") == f"{figure.title}. {figure.alt}"
        assert "SYNTHETIC" in texts(figure)
        assert figure.caption.endswith(".")
        assert not list(root.iter(f"{SVG}script"))
        assert len(figure.svg) < 60_000
        used = {element.get("class") for element in root.iter()} - {None, ""}
        assert used <= LOOKS.keys()
        assert all(f".{look}" in css for look in used)


def test_the_public_schedule_has_years_and_regions(stored: Callable[..., StoredResults]) -> None:
    """4 quarters of 25 t are 100 t a year; work is by region and method; guards and sites are not there."""
    figure = drawn(stored())["schedule"]
    said = told(figure)
    assert f"Rotary kiln, {FIRST_YEAR}: 100 t destroyed, 120 t planned" in said
    assert f"South: Rotary kiln, {FIRST_YEAR + 5}: 120 t planned" in said
    assert f"South: risk-reduction process level, {FIRST_YEAR}" in said
    assert any(f"ordered {FIRST_YEAR + 1}, ready {FIRST_YEAR + 2}" in text for text in said)
    assert "North: Contained" in texts(figure)
    assert not re.search(r"SECRET|guard|Idle|\d{4}-\d\d|January", figure.svg)
    assert "most of it in" in figure.caption


def test_others_see_quarters_and_sites(stored: Callable[..., StoredResults]) -> None:
    """A partner's schedule is by period and site, with dates; rows come in the order of their work."""
    figure = drawn(stored("partner"), "partner")["schedule"]
    assert f"SITE-SECRET-A, October {FIRST_YEAR + 5}: 30.0 t planned" in told(figure)
    assert any(
        f"ordered {FIRST_YEAR + 1}-04-01, ready {FIRST_YEAR + 2}-10-12" in text for text in told(figure)
    )
    found = texts(figure)
    assert found.index("SITE-SECRET-A") < found.index("SITE-SECRET-B")
    assert any("guards" in text for text in found)


def test_sites_of_a_large_country_are_put_together(stored: Callable[..., StoredResults]) -> None:
    """Above 40 sites there is one row for each region, and as many tonnes."""

    def many(document: dict[str, Any]) -> None:
        site = document["schedule"]["sites"][0]
        document["schedule"]["sites"] = [site | {"site_id": f"S{i}", "name": f"Site {i}"} for i in range(50)]

    results = stored("partner", many)
    figure = drawn(results, "partner")["schedule"]
    assert f"South, January {FIRST_YEAR}: 1,500 t planned" in told(figure)
    assert "Site 0" not in texts(figure)


def test_the_schedule_follows_its_numbers(stored: Callable[..., StoredResults]) -> None:
    """Twice the tonnes of one quarter change bar, words, sentence and table."""

    def double(document: dict[str, Any]) -> None:
        document["schedule"]["facilities"][0]["destroyed_t"][8] = 2_000.0
        document["schedule"]["groups"][0]["planned_t"][8] = 1_111.0

    before, after = stored(), stored("public", double)
    assert f"most of it in {FIRST_YEAR + 2} (2,075 t)" in drawn(after)["schedule"].caption
    assert f"Rotary kiln, {FIRST_YEAR + 2}: 2,075 t destroyed, 120 t planned" in told(
        drawn(after)["schedule"]
    )
    tables = [numbers_behind(results, "public")["schedule"] for results in (before, after)]
    assert [rows(table)["South: Rotary kiln"][2] for table in tables] == ["120", "1,201"]


@pytest.mark.parametrize("place", ["groups", "measures"])
def test_a_region_that_is_too_small_is_not_public(stored: Callable[..., StoredResults], place: str) -> None:
    """Even where the folder holds it: no region is named then, facilities stay."""

    def lone(document: dict[str, Any]) -> None:
        document["schedule"][place][0].update(region="LONE-PLACE", sites=2)

    figure = drawn(stored("public", lone))["schedule"]
    assert "LONE-PLACE" not in figure.svg
    assert "Rotary kiln" in texts(figure)
    assert "LONE-PLACE" in drawn(stored("partner", lone), "partner")["schedule"].svg or place == "groups"


def test_the_map_has_areas_in_proportion(stored: Callable[..., StoredResults]) -> None:
    """West has half the harm of South: half the area, before and in each year; the words give the values."""
    figure = drawn(stored())["map"]
    circles = list(ET.fromstring(figure.svg).iter(f"{SVG}circle"))
    after = [one for one in circles if one.get("data-radii")]
    south, west = ([float(r) ** 2 for r in (one.get("data-radii") or "").split()] for one in after)
    assert west == pytest.approx([area / 2 for area in south], rel=1e-2)
    assert south[10] / south[0] == pytest.approx(0.5, rel=1e-2)
    assert [float(one.get("r") or 0) ** 2 for one in after] == pytest.approx([south[-1], west[-1]])
    assert (after[0].get("data-values") or "").split()[0] == "0.600"
    assert f"South, {FIRST_YEAR}, if nothing is destroyed: 0.600 expected deaths per year" in told(figure)
    assert f"South, {FIRST_YEAR + 14}: 0.180 expected deaths per year" in told(figure)
    assert "0.600 of 0.900 expected deaths per year" in figure.caption
    assert "against 2.16 if nothing is destroyed" in figure.caption


def test_the_map_is_labelled_in_degrees_and_keeps_its_shape(stored: Callable[..., StoredResults]) -> None:
    """Round degrees on both axes; a degree of longitude is drawn shorter by the cosine of the latitude."""
    results = stored()
    assert {"46° N", "60° E"} <= {*texts(drawn(results)["map"])}
    assert results.over_time
    frame = frame_of(results.over_time.regions)
    across, down = frame.x(61) - frame.x(60), frame.y(45) - frame.y(46)
    assert across / down == pytest.approx(0.696, abs=0.01)  # cos 45.9 degrees
    assert frame.west < 55.5 < 68.5 < frame.east


def test_a_year_cut_by_the_horizon_counts_as_a_rate(stored: Callable[..., StoredResults]) -> None:
    """A programme that begins in July has half a first year: 0.3 deaths in it are 0.6 a year."""

    def july(document: dict[str, Any]) -> None:
        document["scenario"]["start"] = f"{FIRST_YEAR}-07-02"

    found = yearly((0.3, 0.3), stored("public", july), (FIRST_YEAR, FIRST_YEAR + 1))
    assert found == pytest.approx((0.3 * 365 / 183, 0.3))


def test_a_place_that_is_too_exact_gives_no_map(stored: Callable[..., StoredResults]) -> None:
    """The public sees no place that is not rounded."""

    def exact(document: dict[str, Any]) -> None:
        document["over_time"]["regions"][0]["latitude_deg"] = 43.517

    assert "map" not in drawn(stored("public", exact))


def test_finishing_years_add_up(stored: Callable[..., StoredResults]) -> None:
    """25, 30, 5 and 2% finish in the last four years and 38% not in time; doing nothing never does."""
    results = stored()
    figure = drawn(results)["finishing"]
    shares = [re.search(r"Optimised, (.*): (\d+)%", text) for text in told(figure)]
    found = {match[1]: match[2] for match in shares if match}
    assert found == {
        str(FIRST_YEAR + 11): "25", str(FIRST_YEAR + 12): "30", str(FIRST_YEAR + 13): "5",
        str(FIRST_YEAR + 14): "2", "not within the horizon": "38",
    }  # fmt: skip
    assert "in 62.0% (58.0 to 66.0%) of replications" in figure.caption
    assert "Never in time: do nothing." in figure.caption
    assert rows(numbers_behind(results, "public")["finishing"])["Optimised"][-4:] == ("25", "55", "60", "62")


def test_load_is_days_worked_of_days_that_could_be(stored: Callable[..., StoredResults]) -> None:
    """45 of 60 days are 75%; the new plant could not work before it opened in its third year."""
    results = stored()
    figure = drawn(results)["load"]
    assert f"Rotary kiln, {FIRST_YEAR}: 180 of 240 days" in told(figure)
    table = rows(numbers_behind(results, "public")["load"])
    assert table["Rotary kiln"][0] == "75"
    assert table["Rotary kiln"][-3:] == ("3,600", "900", "25")
    assert table["<script>alert(1)</script> plant"][:3] == (ABSENT, ABSENT, "75")


def test_delays_are_shares_of_working_days(stored: Callable[..., StoredResults]) -> None:
    """600 of 1,000 days are worked, 25% wait for money: the largest delay, here and among the risks."""
    results = stored()
    figure = drawn(results)["delays"]
    assert "Rotary kiln: 25.0% money" in told(figure)
    assert "60% of all working days are worked and 5% have nothing to do" in figure.caption
    assert "most is money, 25.0%" in figure.caption
    moved = stored("public", lambda d: d["time_use"]["optimised"][0]["days"].update(weather=900.0))
    assert "most is weather, 50.0%" in drawn(moved)["delays"].caption


def test_the_waterfall_steps_from_policy_to_policy(stored: Callable[..., StoredResults]) -> None:
    """20 to 17.5 to 8.25: each step ends where the next begins, and stored paired intervals are told."""
    results = stored()
    steps = waterfall_steps(results)
    assert [step.name for step in steps if step.total] == ["Do nothing", "Host only", "Optimised"]
    ends = [step.end for step in steps]
    assert ends == pytest.approx([20, 17.875, 17.55, 17.5, 17.5, 9.6375, 8.435, 8.25, 8.25])
    assert [step.begin for step in steps[1:4]] == pytest.approx(ends[:3])
    assert steps[1].said == f"{MINUS}2.12 ± 0.10"
    assert steps[2].said == f"{MINUS}0.33"
    caption = drawn(results)["waterfall"].caption
    assert "The host's own money alone averts 2.50 ± 0.11 against doing nothing" in caption
    assert "the optimised plan averts a further 9.25 ± 0.21" in caption


def test_a_step_that_costs_lives_is_told_as_one(stored: Callable[..., StoredResults]) -> None:
    """The sign of a step decides its words: what a plan causes is never told as averted."""

    def worse(document: dict[str, Any]) -> None:
        document["differences"]["optimised - host_only"]["expected_fatalities"]["mean"] = 0.5

    caption = drawn(stored("public", worse))["waterfall"].caption
    assert (
        "averts 2.50 ± 0.11 against doing nothing, the optimised plan causes 0.50 ± 0.21 deaths more than "
        "the host's own money alone:" in caption
    )


def test_more_deaths_of_a_part_are_shown_as_more(stored: Callable[..., StoredResults]) -> None:
    """A plan under which more workers die has a step to the right, with its sign."""

    def worse(document: dict[str, Any]) -> None:
        document["policies"]["optimised"]["expected_fatalities_workers"]["mean"] = 3.0

    results = stored("public", worse)
    step = next(step for step in waterfall_steps(results)[5:] if step.name == "workers")
    assert step.said.startswith("+0.7")
    assert 'class="more"' in drawn(results)["waterfall"].svg.replace('class="more" x="0"', "")


def test_old_results_say_what_they_lack(folder: Path) -> None:
    """Without the newer facts there is a report; panels say what is absent, and nothing breaks."""
    assert list(drawn(for_audience(read_results(folder), "public"))) == ["waterfall"]
    html = write_report(folder).read_text(encoding="utf-8")
    assert "No schedule by period is stored here" in html
    assert "No map:" in html
    assert "No finishing years are stored here" in html
    assert "figure-schedule" not in html


def test_a_plan_of_nothing_says_that(stored: Callable[..., StoredResults]) -> None:
    """Where a schedule is stored and empty, nobody is told that results are old."""

    def nothing(document: dict[str, Any]) -> None:
        for row in document["schedule"]["facilities"]:
            row.update(planned_t=series(0.0), destroyed_t=series(0.0), ordered=None, open_days=series(0.0))

    results = stored("public", nothing)
    assert {"schedule", "load"}.isdisjoint(drawn(results))
    assert absences(results)["schedule"] == "Nothing is planned."
    assert absences(results)["load"] == "No facility could work."


def test_the_page_holds_what_the_files_hold(stored: Callable[..., StoredResults], folder: Path) -> None:
    """Every figure stands in the page with its sentence and, in numbers, a table; and beside it as a file."""
    figures = drawn(stored())
    html = write_report(folder).read_text(encoding="utf-8")
    for name, figure in figures.items():
        assert figure.svg in html
        assert (folder / "figures" / f"{name}.svg").read_text(encoding="utf-8") == figure.svg
    assert html.count("<script") == 1
    assert html.count("Numbers behind this figure") == len(NAMES) - 1 + len(
        ("harm-rate", "stock", "spending")
    )
    assert html.count('class="synthetic">SYNTHETIC') == html.count("<caption>") + html.count("<figure")


def test_names_on_the_map_do_not_lie_on_each_other(stored: Callable[..., StoredResults]) -> None:
    """Two regions in one place have their names one below the other."""

    def together(document: dict[str, Any]) -> None:
        first, second = document["over_time"]["regions"]
        second.update(latitude_deg=first["latitude_deg"], longitude_deg=first["longitude_deg"])

    root = ET.fromstring(drawn(stored("public", together))["map"].svg)
    heights = [float(text.get("y") or 0) for text in root.iter(f"{SVG}text") if "sites)" in (text.text or "")]
    assert heights[1] - heights[0] >= 14
