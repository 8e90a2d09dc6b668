"""The shipped scenario of a kiln that five countries share, checked and simulated at a small size."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from demilsim.experiments.sweep import simple_plan
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare

FOLDER = Path(__file__).parents[2] / "scenarios" / "central-asia"


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    """Return the scenario as shipped."""
    return load_scenario(FOLDER)


def test_it_uses_what_a_shared_programme_needs(scenario: Scenario) -> None:
    """Five countries, one mobile kiln, convoys, closed passes, earmarks, matching, euro and milestones."""
    assert set(scenario.country_of_site.values()) == {"KZ", "KG", "TJ", "TM", "UZ"}
    assert [f.facility_id for f in scenario.facilities if f.mobile and f.move_days] == ["KILN"]
    assert all(r.escort_usd_per_convoy and r.neq_limit_kg_per_vehicle for r in scenario.routes)
    assert {len(r.open_months) for r in scenario.routes} == {5, 6, 12}
    assert sum(bool(fund.earmark_countries) for fund in scenario.funds) >= 5
    assert [fund.match_countries for fund in scenario.funds if fund.matches_funds] == [("KG", "TJ")]
    assert {t.currency for t in scenario.tranches} == {"USD", "EUR"}
    assert any(t.milestone_fund for t in scenario.tranches)
    assert scenario.settings.synthetic


def test_the_kiln_goes_from_country_to_country_without_shuttling(scenario: Scenario) -> None:
    """In each of three replications it works in at least three countries, and moves once for each change."""
    world = prepare(scenario)
    schedule = compile_plan(world, simple_plan("oldest_first", scenario))
    for replication in range(3):
        states: list[Run] = []
        result = run(world, schedule, draw(world, Streams(1, replication)), states.append)
        kiln = states[-1].plants[0]
        sites = [int(world.storehouse_site[world.lot_storehouse[s.lot]]) for s in kiln.segments]
        stays = [site for site, _ in groupby(sites)]
        assert len({scenario.sites[site].country for site in stays}) >= 3
        # It starts at KG1, so that the first stay there needs no move.
        home = scenario.sites[stays[0]].site_id == "KG1"
        assert len(kiln.moves) == len(stays) - home
        ledger = states[-1].ledger
        total = np.array([ledger.spent, ledger.committed, ledger.available, ledger.lapsed]).sum(axis=0)
        assert total.tolist() == ledger.received == result.received_cents.tolist()
        assert result.destroyed_g.sum() > 5e9
