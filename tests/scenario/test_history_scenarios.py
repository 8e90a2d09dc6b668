"""Past programmes as shipped: what the facts give is in them, and their script writes their tables."""

from __future__ import annotations

import datetime as dt
import runpy
import shutil
from pathlib import Path

import pytest

from demilsim.experiments.history import planned_end, planned_t
from demilsim.scenario.loader import load_scenario

HISTORY = Path(__file__).parents[2] / "scenarios" / "history"
ALBANIA_2010_T = {
    "sa_rifle": 16931.6, "grenade_hand": 5558.0, "rpg_40": 335.2, "rocket_122": 1417.2, "mortar": 24442.2,
    "mc_23_30": 1981.1, "tank_100": 124.1, "recoilless_73_82": 5169.2, "art_122": 2448.1, "mine_at": 13763.0,
}  # fmt: skip
PLANS = {
    "albania-2010": (72_170.0, "2013-12-31"), "ukraine-2005": (33_250.0, "2008-12-31"),
    "albania-2003": (11_600.0, "2006-12-31"), "bosnia-2007": (27_500.0, "2011-12-31"),
}  # fmt: skip


@pytest.mark.parametrize("programme", sorted(PLANS))
def test_plan_is_the_announced_one(programme: str) -> None:
    """Tonnes and end of each plan are those of the facts; all of the stock is in the plan."""
    scenario = load_scenario(HISTORY / programme)
    total, end = PLANS[programme]
    assert sum(lot.gross_mass_t for lot in scenario.lots) == pytest.approx(total, abs=1.0)
    assert planned_t(scenario, scenario.period_dates[-1]) == pytest.approx(total, abs=1.0)
    assert 0 <= (dt.date.fromisoformat(end) - planned_end(scenario)).days <= 1


def test_albania_2010_has_the_published_tonnes_of_each_type() -> None:
    """Tonnes by type are those of the action plan, to the rounding of lots."""
    scenario = load_scenario(HISTORY / "albania-2010")
    for nature, tonnes in ALBANIA_2010_T.items():
        own = sum(lot.gross_mass_t for lot in scenario.lots if lot.nature_id.startswith(nature))
        assert own == pytest.approx(tonnes, abs=0.2), nature


def test_script_writes_what_is_shipped(tmp_path: Path) -> None:
    """Run in a copy without tables, it writes the same bytes."""
    copy = tmp_path / "history"
    shutil.copytree(HISTORY, copy)
    kept = {"sources.csv"}
    tables = [path for path in sorted(copy.rglob("*.csv")) if path.name not in kept]
    for path in tables:
        path.unlink()
    runpy.run_path(str(copy / "generate.py"), run_name="__main__")
    for path in tables:
        assert path.read_bytes() == (HISTORY / path.relative_to(copy)).read_bytes(), path.name
