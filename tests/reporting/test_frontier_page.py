"""The price of harm as a page: the numbers of its table, by hand where they can be; fit for the public."""

from __future__ import annotations

import csv
import html
import json
import re
import shlex
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from demilsim.cli import app
from demilsim.experiments.frontier import Frontier
from demilsim.reporting.frontier import write_frontier
from demilsim.reporting.frontier_views import (
    LABEL_HEIGHT,
    LABEL_WIDTH,
    findings,
    frontier_table,
    label_places,
    notes,
)
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.wording import ABSENT, figure, fixed, million
from pages import Page, cells
from priced import HASTE, HOSTILE, point, priced_by_hand


@pytest.fixture(scope="module")
def found() -> Frontier:
    """Return the frontier that is made by hand."""
    return priced_by_hand()


def test_the_page_tells_the_numbers_of_its_table(found: Frontier, tmp_path: Path) -> None:
    """Row by row the page has what frontier.csv has, rounded alone; deaths averted and left are all there."""
    write_frontier(tmp_path, found, HowRun(("demilsim", "frontier"), 1.0, 1))
    page = cells((tmp_path / "frontier.html").read_text("utf-8"))
    rows = list(csv.DictReader((tmp_path / "frontier.csv").read_text("utf-8").splitlines()))
    assert len(page) == len(rows) == 4
    for shown, row in zip(page, rows, strict=True):
        share, by, averted, left, cost, _, destroyed, done, ordered = shown
        assert share == f"{100 * float(row['share_averted']):g}%"
        assert by == (row["by"] or found.scenario.period_dates[-1].isoformat())
        assert averted == figure(10.0 - float(row["planning_harm"]))
        assert left == figure(float(row["planning_harm"]))
        assert cost == million(float(row["cost_usd"]))
        assert destroyed == fixed(float(row["destroyed_t"]), 0)
        assert (done, ordered) == (row["done"], HOSTILE)
    run = json.loads((tmp_path / "frontier.run.json").read_text("utf-8"))
    assert run["scenario"]["sha256"] == found.scenario.sha256
    assert run["command"] == ["demilsim", "frontier"]


def test_the_price_of_a_death_is_that_of_the_step_below(found: Frontier) -> None:
    """2 deaths for 2 million; 2 for 1; and the first 4 for 1. A row for another date is no row below."""
    assert [row.cells[5] for row in frontier_table(found).rows] == ["0.500", "1.00", "0.500", "0.250"]
    same = replace(found, points=(point(1.0, 6.0, 1e6), point(0.5, 6.0, 1e6)), by=())
    assert [row.cells[4] for row in frontier_table(same).rows] == [ABSENT, "0.250"]


def test_findings_by_hand(found: Frontier) -> None:
    """All, the next share, the price of a death at both ends, and what haste costs more."""
    most, less, haste = findings(found)
    assert "averts, 8.00 of 10.0 expected deaths as planned, costs USD 4.00 million" in most
    assert "Averting 75% costs USD 2.00 million, 50% less" in less
    assert "from 75% to 100% costs USD 1.00 million for each death averted" in less
    assert "the first 50% USD 0.250 million" in less
    assert haste == (
        "With all work done by 2027-07-01, averting 50% costs USD 2.00 million, against USD 1.00 million "
        "with the whole horizon."
    )


def test_the_page_is_fit_for_the_public(found: Frontier, tmp_path: Path) -> None:
    """It says SYNTHETIC and that nothing was simulated, runs nothing, and names no lot, store or site."""
    write_frontier(tmp_path, found)
    text = (tmp_path / "frontier.html").read_text("utf-8")
    page, drawn = Page(text), (tmp_path / "figures" / "frontier.svg").read_text("utf-8")
    assert "SYNTHETIC" in drawn
    assert page.text.count("SYNTHETIC") >= 4
    assert "Nothing here was simulated" in page.text
    assert "million USD of 2025" in page.text
    assert "million USD of 2025" in drawn
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert all(attributes["alt"] for tag, attributes in page.tags if tag == "img")
    scenario = found.scenario
    ids = [row.lot_id for row in scenario.lots] + [row.storehouse_id for row in scenario.storehouses]
    ids += [row.site_id for row in scenario.sites]
    assert not [one for one in ids if re.search(rf"\b{one}\b", page.text + drawn)]
    assert not (tmp_path / "frontier.run.json").exists()


def test_the_page_prints_a_command_that_is_understood(found: Frontier, tmp_path: Path) -> None:
    """Variant, shares and dates are what the command line makes of it."""
    write_frontier(tmp_path, found)
    (said,) = re.findall(r"demilsim frontier [^<]* DIR", (tmp_path / "frontier.html").read_text("utf-8"))
    command: Any = get_command(app)
    given = command.commands["frontier"].make_context("f", shlex.split(html.unescape(said))[2:]).params
    assert str(given["scenario"]) == "two@late"
    assert tuple(map(float, given["shares"].split(","))) == found.shares
    assert given["by"] == HASTE.isoformat()


def test_what_is_left_aside_is_said(found: Frontier) -> None:
    """Notes of the study stand on the page; of moves of mobile plant only where they cost something."""
    assert any(note.startswith("By 2027-07-01 no plan was found") for note in notes(found))
    assert not any("obile plant" in note for note in notes(found))
    team = found.scenario.facilities[0].model_copy(update={"mobile": True, "move_days": 5.0})
    mobile = replace(found.scenario, facilities=(team, found.scenario.facilities[1]))
    assert any(
        "Mobile plant moves from site to site" in note for note in notes(replace(found, scenario=mobile))
    )


def test_a_frontier_without_points_says_so(found: Frontier, tmp_path: Path) -> None:
    """Where no plan reaches a share that was asked for, the page has a sentence in place of a table."""
    write_frontier(tmp_path, replace(found, points=(), by=()))
    text = (tmp_path / "frontier.html").read_text("utf-8")
    assert text.count("No plan was found that averts a share that was asked for.") == 2
    assert cells(text) == []


def test_labels_of_points_close_together_do_not_meet() -> None:
    """Ten points within a tenth of the axes: labels stay right of and below their points, and apart."""
    points = [(0.5 - 0.01 * i, 0.95 - 0.005 * i) for i in range(10)]
    places = label_places(points)
    for (x, y), (across, up) in zip(points, places, strict=True):
        assert across > x
        assert up < y
    for one, two in combinations(places, 2):
        apart = abs(one[0] - two[0]) >= LABEL_WIDTH or abs(one[1] - two[1]) >= LABEL_HEIGHT * 0.999
        assert apart, (one, two)
    alone = label_places([(0.9, 0.9), (0.1, 0.9)])
    assert alone[0][1] == alone[1][1]
