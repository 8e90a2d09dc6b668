"""Mobile plant in results: the table by hand, sums as in plan.csv, and who sees sites and dates."""

from __future__ import annotations

import csv
import datetime as dt
import json
import shutil
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from demilsim.errors import ResultsError
from demilsim.experiments.ensemble import replicate
from demilsim.experiments.programme import policies_of
from demilsim.planning.coordinate import Programme
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.plan_file import write_plan_files
from demilsim.reporting.reading import read_results
from demilsim.reporting.report import write_report
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes
from mobile_plans import crowded, programme_of
from optimisation.test_tours import sites_with
from pages import Page
from stories import line, plan, without_accidents
from worlds import one_lot

HOW = HowRun(("demilsim", "simulate"), 0.0, 1)
HORIZON = ("2026-01-01", "2028-01-01")
TITLE = "Where mobile plant stands"
BY_HAND = """\
policy,basis,facility_id,stay,from_site_id,site_id,leaves_period,leaves,move_days,move_cost_usd,\
first_period,last_period,stands_from,stands_until,tonnes
story,implied,F1,1,,S1,,,,,0,0,2026-01-01,2026-02-10,40.0
story,implied,F1,2,S1,S2,0,2026-02-10,9.0,3000.0,0,7,2026-02-19,2028-01-01,30.0
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return results of 40 t at S1 and 30 t at S2 beside those of doing nothing, for a partner."""
    scenario, out = without_accidents(sites_with(40.0, 30.0)), tmp_path_factory.mktemp("told")
    plans = {"do_nothing": DO_NOTHING, "story": plan(line("L1", 40.0), line("L2", 30.0))}
    write_results(out, replicate(scenario, plans, 2, jobs=1), seed=1, how=HOW, audience="partner")
    return out


@pytest.fixture
def story(told: Path, tmp_path: Path) -> Path:
    """Return a copy of these results to change."""
    return Path(shutil.copytree(told, tmp_path / "story"))


@pytest.fixture(scope="module")
def programme() -> tuple[Scenario, Programme]:
    """Return three sites of which the plant does the farthest from home first, and a programme for them."""
    scenario = crowded((200.0, 500.0), (60.0, 5_000.0), (60.0, 50_000.0))
    return scenario, programme_of(scenario)


@pytest.fixture(scope="module")
def folder(programme: tuple[Scenario, Programme], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return its results with all policies, written for the public."""
    scenario, made = programme
    out = tmp_path_factory.mktemp("mobile")
    ensemble = replicate(scenario, policies_of(made), 2, jobs=1)
    write_results(out, ensemble, seed=1, how=HOW, programme=made)
    return out


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table."""
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def words(folder: Path) -> str:
    """Return the words of a report, and of the workbook beside it."""
    page = Page((folder / "report.html").read_text(encoding="utf-8")).text
    book = CalamineWorkbook.from_path(str(folder / "results.xlsx"))
    sheets = [book.get_sheet_by_name(name).to_python() for name in book.sheet_names]
    cells = [str(cell) for sheet in sheets for row in sheet for cell in row]
    return "\n".join((page, *book.sheet_names, *cells))


def test_the_table_is_that_worked_out_by_hand(told: Path) -> None:
    """40 days of work, a move of nine for 3,000 USD, two years at S2; doing nothing has no rows."""
    assert (told / "mobile_plant.csv").read_text(encoding="utf-8") == BY_HAND
    summary = json.loads((told / "summary.json").read_text(encoding="utf-8"))
    assert summary["mobile_plant"] == {
        "policies": {
            "story": [
                {
                    "facility_id": "F1", "name": "F1", "basis": "implied", "moves": 1, "move_days": 9.0,
                    "move_cost_usd": 3_000.0, "tonnes": 70.0, "not_reached_t": 0.0,
                }
            ]
        }
    }  # fmt: skip


def test_the_page_shows_it_to_a_partner(told: Path) -> None:
    """Both stays stand in the planner's part, with dates, days, cost with its currency, and tonnes."""
    html = (told / "report.html").read_text(encoding="utf-8")
    planner = html[
        html.index('<section class="view" id="planner"') : html.index('<section class="view" id="res')
    ]
    text = Page(planner).text
    assert TITLE in text
    cells = [cell.strip() for cell in text.splitlines() if cell.strip()]
    second = cells.index("F1", cells.index("F1", cells.index("Destroyed there t")) + 1)
    assert cells[second : second + 10] == [
        "F1", "S1", "2026-02-10", "9.00", "3,000", "S2", "2026-02-19", "2028-01-01", "0 to 7", "30.0",
    ]  # fmt: skip
    assert "USD, 2025" in cells[cells.index("Destroyed there t") - 5]
    assert "SYNTHETIC" in text
    assert "does not follow these moves to the day" in text
    assert TITLE not in Page(html.replace(planner, "")).text


def test_tonnes_are_those_of_the_plan(programme: tuple[Scenario, Programme], folder: Path) -> None:
    """Of every policy what is done at a site and what is not reached is what its plan wants there."""
    plans = policies_of(programme[1])
    found, wanted = defaultdict[tuple[str, str], float](float), defaultdict[tuple[str, str], float](float)
    for row in rows(folder / "mobile_plant.csv"):
        found[row["policy"], row["site_id"]] += float(row["tonnes"])
    for policy, given in plans.items():
        for entry in given.lines:
            wanted[policy, entry.lot_id.replace("L", "S")] += tonnes(entry.mass_g)
    assert {key for key, mass_t in found.items() if mass_t} == set(wanted)
    assert all(found[key] == pytest.approx(mass_t, abs=1e-5) for key, mass_t in wanted.items())
    in_plan = sum(float(row["tonnes"]) for row in rows(folder / "plan.csv"))
    optimised = sum(mass_t for (policy, _), mass_t in found.items() if policy == "optimised")
    assert optimised == pytest.approx(in_plan, rel=1e-9)
    bases = {row["policy"]: row["basis"] for row in rows(folder / "mobile_plant.csv")}
    assert bases == {name: "implied" for name in plans if name != "do_nothing"} | {"optimised": "decided"}


def test_moves_follow_each_other(folder: Path) -> None:
    """Each stay begins where the one before it ends, after the days of the move, in its period."""
    starts = [dt.date(2026 + k // 4, 1 + 3 * (k % 4), 1) for k in range(8)]
    found = [row for row in rows(folder / "mobile_plant.csv") if row["stay"]]
    assert any(int(row["stay"]) > 2 for row in found)
    for before, row in pairwise(found):
        if row["stay"] == "1":
            continue
        leaves = dt.date.fromisoformat(row["leaves"])
        assert row["from_site_id"] == before["site_id"] != row["site_id"]
        assert row["leaves"] == before["stands_until"]
        assert row["leaves_period"] == row["first_period"] == before["last_period"]
        assert sum(start <= leaves for start in starts) - 1 == int(row["leaves_period"])
        stood = dt.date.fromisoformat(row["stands_from"]) - leaves
        assert abs(stood.days - float(row["move_days"])) <= 1


def test_the_public_sees_neither_sites_nor_dates(folder: Path) -> None:
    """In public: how many moves, their days and cost. A partner sees where and when; so does the workbook."""
    stays = rows(folder / "mobile_plant.csv")
    dates = {row[name] for row in stays for name in ("leaves", "stands_from", "stands_until")}
    secrets = {row["site_id"] for row in stays} | dates - {"", *HORIZON}
    public = words(folder)
    assert TITLE in public
    assert "Sites and dates of moves are not public." in public
    assert "Moves of mobile plant by policy, as planned" in public
    assert not [word for word in secrets if word in public]
    assert "mobile plant" not in CalamineWorkbook.from_path(str(folder / "results.xlsx")).sheet_names
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert not [word for word in secrets if word in json.dumps(summary["mobile_plant"])]


@pytest.mark.parametrize("audience", ["partner", "restricted"])
def test_others_see_sites_and_dates(folder: Path, audience: Audience) -> None:
    """Those of the shown plan in the page, those of all plans in the workbook."""
    stays = rows(folder / "mobile_plant.csv")
    page = Page(write_report(folder, audience).read_text(encoding="utf-8")).text
    own = [row for row in stays if row["policy"] == "optimised"]
    assert len(own) > 2
    assert not [row for row in own if not (row["site_id"] in page and row["leaves"] in page)]
    assert "Sites and dates of moves are not public." not in page
    book = CalamineWorkbook.from_path(str(folder / "results.xlsx"))
    sheet = book.get_sheet_by_name("mobile plant").to_python()[2:]
    assert [(row[0], row[8], row[13]) for row in sheet] == [
        (row["policy"], row["site_id"], pytest.approx(float(row["tonnes"]))) for row in stays
    ]


def test_without_plant_that_has_to_move_there_is_no_table_and_no_section(story: Path) -> None:
    """No file, not even that of an earlier run, null in the summary, no words in the page."""
    ensemble = replicate(one_lot(), {"story": plan(line("L1"))}, 2, jobs=1)
    write_results(story, ensemble, seed=1, how=HOW, audience="partner")
    assert not (story / "mobile_plant.csv").exists()
    assert json.loads((story / "summary.json").read_text(encoding="utf-8"))["mobile_plant"] is None
    assert "mobile plant" not in words(story).lower()


def test_plan_writes_the_same_rows(
    programme: tuple[Scenario, Programme], folder: Path, tmp_path: Path
) -> None:
    """`demilsim plan` writes the rows of its plan; that of another run without them is removed."""
    scenario, made = programme
    write_plan_files(tmp_path, scenario, made)
    own = [row for row in rows(folder / "mobile_plant.csv") if row["policy"] == "optimised"]
    assert rows(tmp_path / "mobile_plant.csv") == own
    write_plan_files(tmp_path, scenario, replace(made, plan=replace(made.plan, lines=())))
    assert not (tmp_path / "mobile_plant.csv").exists()


def test_a_damaged_table_is_told(story: Path) -> None:
    """A date that is none is named with its line; a table that is missing is missed."""
    table = story / "mobile_plant.csv"
    table.write_text(BY_HAND.replace("2026-02-10,9.0", "soon,9.0"), encoding="utf-8")
    with pytest.raises(ResultsError, match=r"mobile_plant.csv:3: leaves: expected an ISO date or nothing"):
        read_results(story)
    table.unlink()
    with pytest.raises(ResultsError, match=r"mobile_plant.csv: missing"):
        read_results(story)
