"""Mobile plant goes where the optimiser sends it, when it sends it: by hand, and simulated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.result import GroupFlows
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan
from demilsim.planning.decided import NO_STAY, NOTHING_DECIDED, decided_stays
from demilsim.planning.disaggregate import decided_pieces
from demilsim.planning.stays import planned_stays
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from mobile_plans import crowded, programme_of
from optimisation.test_tours import sites_with
from stories import drawn

REPLICATIONS = 20

CASES = {
    "two sites": ((200.0, 500.0), (60.0, 50_000.0)),
    "three sites in one period": ((200.0, 500.0), (60.0, 20_000.0), (60.0, 100_000.0)),
    "three sites": ((300.0, 5_000.0), (60.0, 50_000.0), (200.0, 500.0)),
}
"""Tonnes and people by site. Plant stands at the first, where there is most to do for the fewest."""


def sites_of_work(scenario: Scenario, plan: DisposalPlan, replication: int) -> list[str]:
    """Return where mobile plant works one after the other in a replication in which nothing explodes."""
    states: list[Run] = []
    world, draws = drawn(scenario, replication)
    run(world, compile_plan(world, plan), replace(draws, candidates=()), states.append)
    (plant,) = states[-1].plants
    lots = [segment.lot for segment in plant.segments]
    sites = [scenario.sites[int(world.storehouse_site[world.lot_storehouse[lot]])].site_id for lot in lots]
    return [site for k, site in enumerate(sites) if k == 0 or site != sites[k - 1]]


@pytest.mark.parametrize("sites", CASES.values(), ids=CASES.keys())
def test_simulated_plant_follows_the_moves_of_its_plan(sites: tuple[tuple[float, float], ...]) -> None:
    """Sites come in the planned order, also if plant breaks down; harm is the planned one, not a rule's.

    No explosion closes a site for half a year, in which plant would work elsewhere, where order is looked at.
    Plans count work as spread over the period in which it is done, and let plant leave in the midst of one;
    simulated moves that open a period wait for it. That is worth less than a quarter.
    """
    scenario = crowded(*sites)
    programme = programme_of(scenario)
    assert programme.result is not None
    stays = planned_stays(scenario, programme.plan, programme.coefficients, programme.result)
    assert stays is not None
    wanted = [stay.site_id for stay in stays.stays if stay.destroyed_t > 0.0]
    assert len(wanted) >= len(sites)
    breaks = {"breakdown_mean_days": 90.0, "repair_mean_days": 10.0}
    stopped = replace(scenario, facilities=(scenario.facilities[0].model_copy(update=breaks),))
    for replication in range(REPLICATIONS):
        assert sites_of_work(stopped, programme.plan, replication) == wanted
    plans = {"optimised": programme.plan, "rule": programme.rules["host_only"]}
    found = replicate(scenario, plans, REPLICATIONS, jobs=1)
    harm = found.objective("optimised").mean()
    assert harm == pytest.approx(programme.result.planned_harm, rel=0.25)
    assert harm < 0.5 * found.objective("rule").mean()


S1_S2_S1: Tours = ((0, 0, 1), (0, 3, 0))
"""To S2 in the first period, and back in the fourth."""


@pytest.mark.parametrize(
    ("lot_id", "period", "number", "earliest"),
    [
        ("L1", 0, 0, 0),
        ("L2", 2, 1, 0),
        ("L2", 3, 1, 1),
        ("L1", 3, 2, 3),
        ("L1", 4, 2, 3),
        ("L1", 7, 2, 5),
        ("L2", 4, NO_STAY, 4),
    ],
)
def test_a_line_runs_ahead_within_its_stay(lot_id: str, period: int, number: int, earliest: int) -> None:
    """Two periods ahead where plant stands by then; what S1 gets after S2 waits until it is to come back."""
    stays = decided_stays(sites_with(200.0, 60.0), S1_S2_S1)
    assert stays.number(lot_id, "F1", period) == number
    assert stays.earliest(lot_id, "F1", period, 2) == earliest
    assert stays.earliest(lot_id, "F1", period, 0) == period


def test_what_comes_after_a_round_trip_within_a_period_waits_for_the_next() -> None:
    """S1, S2 and S1 again in the first period: what is planned for the second may not hold up the trip."""
    stays = decided_stays(sites_with(200.0, 60.0), ((0, 0, 1), (0, 0, 0)))
    assert [stays.earliest("L1", "F1", period, 2) for period in range(4)] == [0, 1, 1, 1]


def test_where_nothing_was_decided_all_lines_run_ahead() -> None:
    """A plan without moves, or a facility that makes none, has no stays."""
    for stays in (NOTHING_DECIDED, decided_stays(sites_with(200.0, 60.0), None)):
        assert stays.number("L1", "F1", 5) == NO_STAY
        assert [stays.earliest("L1", "F1", period, 2) for period in (0, 1, 5)] == [0, 0, 3]


def test_work_of_a_period_comes_in_the_order_of_stays() -> None:
    """S3 first, then S2, though more people live at S2; without decided moves those at S2 come first."""
    scenario = crowded((20.0, 500.0), (20.0, 50_000.0), (20.0, 5_000.0))
    programme = programme_of(scenario)
    assert programme.result is not None
    lots = programme.result.groups.group_of_lot[[1, 2]]
    flows = GroupFlows(lots, np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64), np.array([20.0, 20.0]))
    harm, options = stock_harm(scenario), disposal_options(scenario)
    moves: Tours = ((0, 0, 2), (0, 0, 1))
    for tours, order in ((moves, [2, 1]), (None, [1, 2])):
        result = replace(programme.result, flows=flows, tours=tours)
        assert [piece.lot for piece in decided_pieces(scenario, result, harm, options)] == order
