from __future__ import annotations

from pathlib import Path

import pytest

from changes import cell, swap
from demilsim.errors import ScenarioError
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from demilsim.scenario.summary import summary

SCREEN_LINES, SCREEN_COLUMNS = 24, 100


def test_starter_is_small_and_loads(tmp_path: Path) -> None:
    """The new folder holds a valid scenario of the given name, small enough to read."""
    folder = write_starter("pilot", tmp_path)
    scenario = load_scenario(folder)
    assert folder == tmp_path / "pilot"
    assert scenario.settings.name == "pilot"
    counts = len(scenario.sites), len(scenario.storehouses), len(scenario.lots), len(scenario.facilities)
    assert counts == (3, 6, 12, 3)
    assert [facility.status for facility in scenario.facilities].count("possible") == 1


def test_starter_never_overwrites(tmp_path: Path) -> None:
    """A folder or file of that name stays as it is."""
    folder = write_starter("pilot", tmp_path)
    (folder / "lots.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ScenarioError, match="pilot: is there already"):
        write_starter("pilot", tmp_path)
    assert (folder / "lots.csv").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["", "../out", "a b", "-x", ".hidden", "a" * 41, "a/b", "a\n"])
def test_bad_names_are_refused(name: str, tmp_path: Path) -> None:
    """A name that is no identifier makes nothing, least of all outside the folder."""
    with pytest.raises(ScenarioError, match="expected a name of Latin letters"):
        write_starter(name, tmp_path / "inside")
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A missing parent is an error of ours, not a traceback."""
    with pytest.raises(ScenarioError, match="pilot: cannot be written"):
        write_starter("pilot", tmp_path / "nowhere")


def test_summary_adds_up(tmp_path: Path) -> None:
    """The figures on the screen are those that a pocket calculator gives for the starter."""
    lines = summary(load_scenario(write_starter("pilot", tmp_path)))
    text = "\n".join(lines)
    assert lines[0] == "pilot: A small surplus at three sites (invented)"
    assert "SYNTHETIC" in lines[1]
    assert "2026-01-01 to 2034-01-01, 32 periods of a quarter; USD of 2025" in text
    assert "3 sites, 6 storehouses, 3 routes" in text
    assert "1,310 t gross, 322 t NEQ in 12 lots" in text
    assert "1,130 t gross, 296 t NEQ in 10 lots" in text
    # Day: (12 + 400 + 10 + 15 + 600)/2 + 30*0.15 + 250*0.4 = 623; night: 1,000*0.9 + 30*0.05 = 901.5
    assert "1,317 exposed in 7 groups, 623 present by day, 902 by night" in text
    # The permits bind: 250 + 200; the plant: 365 d * 5/7 * 3.5 t/d = 912.5
    assert "2 facilities, at most 450 t/yr" in text
    assert "1 facility, at most 912 t/yr" in text
    # 120,000 * (1 + 0.9 + 0.8); (800,000 * 0.9 + 300,000 * 0.6) * 0.93
    assert "360,000 USD promised, 324,000 USD expected" in text
    assert "1,100,000 USD promised, 837,000 USD expected" in text
    assert "0 read, 0 derived, 204 assumed in the tables" in text


def test_summary_fits_on_a_screen(tmp_path: Path) -> None:
    """A summary is one screen, and says SYNTHETIC only of what is."""
    folder = write_starter("pilot", tmp_path)
    swap("scenario.yaml", "synthetic: yes", "synthetic: no")(folder)
    cell("lots.csv", 2, "gross_mass_t", "1e6")(folder)
    lines = summary(load_scenario(folder))
    assert len(lines) <= SCREEN_LINES
    assert max(map(len, lines)) <= SCREEN_COLUMNS
    assert not any("SYNTHETIC" in line for line in lines)
