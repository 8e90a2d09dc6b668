"""What a reader does with the report in a browser: views, tables, the map, printing, and its numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator

from browser.conftest import AUDIENCES, VIEWS
from demilsim.reporting.wording import MINUS
from screens import Screen, opened

pytestmark = pytest.mark.chromium

SHOWN = "one.checkVisibility()"
STEP_MS = 900
"""Time for which the map shows a year [ms]."""


def shown_views(screen: Screen) -> list[str]:
    """Return the views that can be seen."""
    visible = zip(screen.all("one.id", ".view"), screen.all(SHOWN, ".view"), strict=True)
    return [name for name, is_shown in visible if is_shown]


def column(table: Locator, place: int) -> list[float]:
    """Return the numbers of a column, from top to bottom, totals left out."""
    texts = table.locator(f"tbody tr:not(.total) > :nth-child({place + 1})").all_inner_texts()
    return [float(text.replace(",", "").replace(MINUS, "-").rstrip("%")) for text in texts]


def test_views_are_tabs_for_mouse_and_keyboard(screens: dict[str, Screen]) -> None:
    """One view at a time: by click, by arrow, Home and End, and by the address of a part of it."""
    screen = screens["public"]
    page = screen.page
    page.click("#tab-donor")
    assert shown_views(screen) == ["donor"]
    page.click("#tab-researcher")
    assert shown_views(screen) == ["researcher"]
    page.keyboard.press("ArrowLeft")
    assert shown_views(screen) == ["planner"]
    assert page.evaluate("document.activeElement.id") == "tab-planner"
    page.keyboard.press("Home")
    assert shown_views(screen) == ["donor"]
    page.keyboard.press("End")
    assert screen.all("one.getAttribute('aria-selected')", ".tabs a") == ["false", "false", "true"]
    page.goto(f"{page.url.partition('#')[0]}#money")
    assert shown_views(screen) == ["planner"]
    assert screen.quiet()


def test_tables_are_sorted_by_click_and_by_key(screens: dict[str, Screen]) -> None:
    """A head sorts up, then down, by the value of its numbers; a total stays last."""
    screen = screens["restricted"]
    screen.page.click("#tab-planner")
    lines = screen.page.locator("#planner table", has_text="lines of the plan").first
    heads = lines.locator("thead th")
    place = next(i for i, text in enumerate(heads.all_inner_texts()) if text.startswith("Gross mass"))
    before = column(lines, place)
    assert sorted(before) != before != sorted(before, reverse=True)
    heads.nth(place).get_by_role("button").click()
    assert column(lines, place) == sorted(before)
    assert heads.nth(place).get_attribute("aria-sort") == "ascending"
    screen.page.keyboard.press("Enter")
    assert column(lines, place) == sorted(before, reverse=True)
    assert heads.nth(place).get_attribute("aria-sort") == "descending"
    funds = screen.page.locator("#planner table:has(tr.total):not(details *)").first
    for _ in ("up", "down"):
        funds.locator("thead button").first.click()
        assert "total" in (funds.locator("tbody tr").last.get_attribute("class") or "")
    assert screen.quiet()


def test_tables_are_filtered_as_one_types(screens: dict[str, Screen]) -> None:
    """Only rows that hold the text are shown, and how many of how many is said; all come back."""
    screen = screens["restricted"]
    screen.page.click("#tab-planner")
    lines = screen.page.locator("#planner .scroll", has_text="lines of the plan").first
    texts = lines.locator("tbody tr").all_inner_texts()
    hits = [text for text in texts if "L01" in text]
    assert 0 < len(hits) < len(texts)
    area = lines.locator("xpath=preceding-sibling::p[1]")
    area.get_by_role("searchbox").press_sequentially(" l01")
    assert [row.inner_text() for row in lines.locator("tbody tr:visible").all()] == hits
    assert f"{len(hits)} of {len(texts)} rows" in area.inner_text()
    area.get_by_role("searchbox").fill("")
    assert lines.locator("tbody tr:visible").count() == len(texts)
    assert screen.quiet()


def test_the_map_plays_its_years(browser: Browser, reports: dict[str, Path]) -> None:
    """The years run from the first, circles grow and shrink with them; a pause holds them, the last ends."""
    with opened(browser, reports["public"]) as screen:
        page = screen.page
        screen.stop_clock()
        page.click("#tab-planner")
        years = page.locator("svg[data-years]").get_attribute("data-years").split()
        radii = page.locator("circle[data-radii]").first.get_attribute("data-radii").split()
        assert len(years) == len(radii) > 3
        assert len(set(radii)) > 1, "the harm changes, and so does what is drawn"
        button = page.locator(".years button")

        def now() -> tuple[str, str, str]:
            circle = page.locator("circle[data-radii]").first
            return (
                page.locator(".years output").inner_text(),
                circle.get_attribute("r"),
                button.inner_text(),
            )

        assert now() == (years[-1], radii[-1], "Play the years")
        button.click()
        assert now() == (years[0], radii[0], "Pause")
        page.clock.run_for(STEP_MS)
        assert now() == (years[1], radii[1], "Pause")
        button.click()
        page.clock.run_for(10 * STEP_MS)
        assert now() == (years[1], radii[1], "Play the years")
        button.click()
        page.clock.run_for(len(years) * STEP_MS)
        assert now() == (years[-1], radii[-1], "Play the years")
        page.locator(".years input").focus()
        page.keyboard.press("ArrowLeft")
        assert now() == (years[-2], radii[-2], "Play the years")
        page.emulate_media(reduced_motion="reduce")
        page.keyboard.press("ArrowLeft")
        assert now() == (years[-3], radii[-3], "Next year")
        button.click()
        page.clock.run_for(10 * STEP_MS)
        assert now() == (years[-2], radii[-2], "Next year"), "who wants no motion gets a year at a time"
        assert screen.quiet()


def test_printed_it_is_whole(browser: Browser, reports: dict[str, Path]) -> None:
    """On paper all views and rows are there, and nothing that only works on a screen."""
    with opened(browser, reports["public"]) as screen:
        assert shown_views(screen) == ["donor"]
        screen.page.click("#tab-planner")
        screen.page.get_by_role("searchbox").first.fill("nothing has this")
        controls = ".tabs, .filter, .years, .way"
        assert True in screen.all(SHOWN, controls)
        screen.page.emulate_media(media="print")
        assert shown_views(screen) == list(VIEWS)
        assert set(screen.all(SHOWN, ".view > section tbody tr:not(details *)")) == {True}
        assert set(screen.all(SHOWN, controls)) == {False}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_headline_numbers_are_those_of_the_summary(
    screens: dict[str, Screen], results: Path, audience: str
) -> None:
    """Deaths of every policy, averted deaths, tonnes and money that a reader sees are in summary.json."""
    stored = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    policies = stored["policies"]
    screen = screens[audience]
    screen.page.click("#tab-donor")
    finding = screen.page.locator(".finding").inner_text()
    bought = screen.page.locator("#donor table").first.locator("tbody tr").all_inner_texts()
    screen.page.click("#tab-planner")
    key = screen.page.locator("#planner table").first.locator("tbody tr").all_inner_texts()
    assert screen.quiet()
    averted = {name: -both["expected_fatalities"]["mean"] for name, both in stored["differences"].items()}
    later = {name: found["averted"]["mean"] for name, found in stored["later_years"]["against"].items()}
    rules = [name for name in policies if name not in ("host_only", "do_nothing", "optimised")]
    rule = min(rules, key=lambda name: policies[name]["expected_fatalities"]["mean"])
    for i, row in enumerate(bought):
        # Two rows for each: as the plan counts, with the years after the horizon, and without them.
        cells = row.split("\t")
        name = ("host_only", "do_nothing", rule)[i // 2]
        assert ("years after" in cells[0]) == (i % 2 == 0)
        assert says(cells[1], averted[f"optimised - {name}"] if i % 2 else later[name])
        more = policies["optimised"]["destroyed_t"]["mean"] - policies[name]["destroyed_t"]["mean"]
        assert says(re.split(" [±(]", cells[5])[0], more)
    assert len(bought) == 6
    first = re.search(r"(?:avert|cause) ([\d.]+) .*?the ([\d.]+)", finding)
    assert first
    assert says(first[1], abs(averted["optimised - host_only"]))
    assert says(first[2], policies["host_only"]["expected_fatalities"]["mean"])
    assert len(key) == len(policies)
    for row, found in zip(key, policies.values(), strict=True):
        mean, half_width = row.split("\t")[1].split(" ± ")
        assert says(mean, found["expected_fatalities"]["mean"])
        assert says(half_width, found["expected_fatalities"]["half_width"])


def says(text: str, number: float) -> bool:
    """Return whether a text is a number, rounded as far as the text goes."""
    digits = text.replace(",", "").replace(MINUS, "-").strip()
    decimals = len(digits.partition(".")[2])
    return digits.lstrip("-").replace(".", "").isdigit() and float(digits) == round(number, decimals)
