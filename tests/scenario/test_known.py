"""A dated forecast takes nothing that became known later, and a programme's plan must fit its scenario."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from changes import Change, cell, swap
from demilsim.errors import Problem, ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import TABLES
from demilsim.scenario.schema import Sourced

HISTORY = Path(__file__).parents[2] / "scenarios" / "history"
PROGRAMMES = ("albania-2003", "albania-2010", "bosnia-2007", "ukraine-2005")


def broken(tmp_path: Path, *changes: Change, programme: str = "albania-2010") -> tuple[Problem, ...]:
    """Return the problems of a shipped programme after some changes."""
    folder = tmp_path / programme
    shutil.copytree(HISTORY / programme, folder)
    for change in changes:
        change(folder)
    with pytest.raises(ScenarioError) as caught:
        load_scenario(folder)
    return caught.value.problems


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_every_input_of_a_shipped_programme_is_dated_by_its_forecast(programme: str) -> None:
    """Scalars, constants and all rows say since when they are known, and none came after the forecast."""
    scenario = load_scenario(HISTORY / programme)
    date = scenario.settings.forecast_at
    assert date is not None
    rows = [row for table in TABLES for row in getattr(scenario, table) if isinstance(row, Sourced)]
    dates = [scenario.settings.known_at, *(row.known_at for row in rows)]
    dates += [own.known_at for own in scenario.settings.parameters.values()]
    assert all(known_at is not None and known_at <= date for known_at in dates)
    assert scenario.programme


def test_a_rate_of_2012_is_refused_in_a_forecast_of_2010(tmp_path: Path) -> None:
    """The pace of a factory in 2012 is no input of 2010: file, line and both dates are named."""
    later = cell("facility_rates.csv", 2, "known_at", "2012-12-31")
    (problem,) = broken(tmp_path, later)
    assert str(problem).endswith(
        "facility_rates.csv:2: known_at: expected a date up to 2010-12-31, when the forecast is made (got "
        "2012-12-31); leave out what was not known yet, or date the forecast later by forecast_at"
    )


def test_a_rate_of_2012_is_accepted_in_a_forecast_of_2013(tmp_path: Path) -> None:
    """The same rate serves a forecast that is made later."""
    folder = tmp_path / "later"
    shutil.copytree(HISTORY / "albania-2010", folder)
    cell("facility_rates.csv", 2, "known_at", "2012-12-31")(folder)
    swap("scenario.yaml", "forecast_at: 2010-12-31", "forecast_at: 2013-01-31")(folder)
    assert load_scenario(folder).facility_rates[0].known_at == dt.date(2012, 12, 31)


def test_a_constant_that_became_known_later_is_refused(tmp_path: Path) -> None:
    """Own constants in scenario.yaml are inputs like any other."""
    (problem,) = broken(
        tmp_path, swap("scenario.yaml", "    known_at: 2010-12-31", "    known_at: 2011-01-01")
    )
    assert (problem.path, problem.line) == ("parameters.transport.cost_usd_per_t_km.known_at", 18)


def test_an_input_that_does_not_say_when_is_refused_once_a_table(tmp_path: Path) -> None:
    """A dated forecast wants a date from everything; a table with many silent rows is one problem."""
    silent = [cell("lots.csv", line, "known_at", "") for line in (3, 5, 8)]
    (problem,) = broken(tmp_path, *silent)
    assert (Path(problem.file).name, problem.line, problem.path) == ("lots.csv", 3, "known_at")
    assert problem.message.endswith("(and 2 rows below)")


def test_scalars_say_when_they_were_known_too(tmp_path: Path) -> None:
    """Start and horizon are inputs: without known_at a dated forecast is refused."""
    (problem,) = broken(tmp_path, swap("scenario.yaml", "\nknown_at: 2010-12-31", ""))
    assert problem.path == "known_at"


def test_without_forecast_at_the_start_is_the_date(tmp_path: Path) -> None:
    """Rows that say they came after the start are refused in any scenario."""
    problems = broken(
        tmp_path, swap("scenario.yaml", "\nforecast_at: 2005-12-31", ""),
        cell("facilities.csv", 2, "known_at", "2006-01-02"), programme="ukraine-2005",
    )  # fmt: skip
    assert [(Path(p.file).name, p.line, p.path) for p in problems] == [("facilities.csv", 2, "known_at")]
    assert "2006-01-01" in problems[0].message


def test_an_input_cannot_be_known_before_its_sources(tmp_path: Path) -> None:
    """A row that claims an early date but leans on a later source alone is refused."""
    later = swap("sources.csv", 'for all tonnes",2010-12-31', 'for all tonnes",2012-12-31')
    problems = broken(tmp_path, later)
    assert {Path(p.file).name for p in problems} == {"funding.csv"}
    assert all(p.message.startswith("expected 2012-12-31 or later") for p in problems)


BROKEN_PLANS: list[tuple[str, str, str, str]] = [
    ("lot_id", "L999", "lot_id", "expected a lot_id of lots.csv"),
    ("facility_id", "OVEN", "facility_id", "expected a facility_id of facilities.csv"),
    ("facility_id", "NEWLINE", "facility_id", "expected a facility with a rate for grenades"),
    ("tonnes", "300", "tonnes", "expected at most the lot's 205.9 t over all its rows"),
    ("ends", "2009-12-31", "ends", "expected a date after starts, 2010-01-01"),
    ("ends", "2030-01-01", "ends", "expected a date within the horizon of 15 years"),
    ("starts", "2009-12-01", "starts", "expected a date from the scenario's start on, 2010-01-01"),
]


@pytest.mark.parametrize(("column", "value", "path", "message"), BROKEN_PLANS)
def test_a_plan_that_does_not_fit_is_refused(
    tmp_path: Path, column: str, value: str, path: str, message: str
) -> None:
    """Each mistake in programme.csv is one problem at its line, with what was expected."""
    (problem,) = broken(tmp_path, cell("programme.csv", 2, column, value))
    assert (Path(problem.file).name, problem.line, problem.path) == ("programme.csv", 2, path)
    assert problem.message.startswith(message)


def test_dates_that_are_not_given_change_no_hash() -> None:
    """A scenario without dates has the hash that it had before there were any."""
    shipped = load_scenario(HISTORY.parent / "central-asia")
    assert "known_at" not in str(shipped._settings_content())
