"""The stock at any time against the replication's own arrays and against plain quadrature."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from demilsim.simulation.stock_history import StockHistory, stock_history
from demilsim.simulation.world import World
from stories import BASE, drawn, line, plan, told, without_accidents
from worlds import one_lot, three_sites

DANGEROUS = {f"event_rate.{cause}_per_storehouse_year": 0.05 for cause in BASE} | {
    "event_rate.ageing_per_t_year": 3e-4
}
HOUSES = np.arange(6)


def dangerous() -> Scenario:
    """Return three sites with stops, seasons and explosions."""
    return three_sites(parameters=DANGEROUS)


def story() -> DisposalPlan:
    """Return a plan for lots of two sites."""
    return plan(
        line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT"), line("S2-L2", 60.0, 1, "PLANT")
    )


def ended(scenario: Scenario, plan_: DisposalPlan, number: int = 0) -> tuple[World, RunResult, StockHistory]:
    """Return a replication with its stock over time."""
    world, draws = drawn(scenario, number)
    result, state = told(world, draws, plan_)
    return world, result, stock_history(world, draws.ageing_rate_per_t_year, state.plants, state.stock)


def test_one_lot_by_hand() -> None:
    """1 t a day leaves 100 - t tonnes, a fifth of it NEQ, until the storehouse is empty on day 100."""
    _, _, history = ended(without_accidents(one_lot()), plan(line("L1")))
    days = np.array([0.0, 12.5, 99.0, 100.0, 700.0])
    assert [history.left_t(day)[0] for day in days] == pytest.approx([100.0, 87.5, 1.0, 0.0, 0.0], abs=1e-9)
    neq, blast = history.held_kg(np.zeros(5, dtype=np.int64), days)
    assert neq == pytest.approx([20_000.0, 17_500.0, 200.0, 0.0, 0.0], abs=1e-6)
    assert blast == pytest.approx(neq)
    assert history.emptied.tolist() == pytest.approx([100.0])


@pytest.mark.parametrize("number", range(6))
def test_knots_agree_with_the_replication(number: int) -> None:
    """At every knot mass and NEQ are those of the replication, explosions included."""
    world, result, history = ended(dangerous(), story(), number)
    for knot, day in enumerate(world.knots.tolist()):
        left = history.left_t(day)
        assert left.sum() * 1e6 == pytest.approx(result.stock_g[knot], abs=2.0)
        assert left @ world.neq_kg_per_t == pytest.approx(result.neq_kg[knot], abs=1e-3)


def test_storehouses_agree_with_their_lots() -> None:
    """On any day the NEQ of a storehouse is that of its lots, also just after an explosion."""
    world, result, history = ended(dangerous(), story(), 3)
    blasts = [event.day for event in result.events if event.kind == "explosion"]
    assert blasts
    for day in [*np.linspace(0.3, world.horizon, 57).tolist(), *blasts, *(day - 1e-6 for day in blasts)]:
        held = history.held_kg(HOUSES, np.full(6, day))
        left = history.left_t(day)
        assert held[0] == pytest.approx(world.houses.sum(left * world.neq_kg_per_t), abs=1e-4)
        assert held[1] == pytest.approx(world.houses.sum(left * world.blast_kg_per_t), abs=1e-4)


def test_ageing_events_agree_with_quadrature() -> None:
    """The integrated rate of each storehouse is that of a midpoint rule, to a step at each jump."""
    world, _, history = ended(dangerous(), story(), 3)
    points = 5_000
    step = world.horizon / points
    middles = (np.arange(points) + 0.5) * step
    total = np.zeros(6)
    for day in middles.tolist():
        total += world.houses.sum(history.ageing_rate_per_year(day))
    exact = history.ageing_events(np.full(6, world.horizon))
    at_start = world.houses.sum(history.ageing_rate_per_year(0.0))
    assert np.all(np.abs(exact - total * step / 365.25) < step / 365.25 * at_start)
    assert exact.min() > 3e-3


def test_ageing_events_to_days_of_their_own() -> None:
    """Each storehouse may be asked for a day of its own, in any shape."""
    world, _, history = ended(dangerous(), story(), 3)
    days = np.linspace(10.0, world.horizon, 18).reshape(3, 6)
    together = history.ageing_events(days)
    for row, own in zip(days, together, strict=True):
        alone = [history.ageing_events(np.full(6, day))[house] for house, day in enumerate(row)]
        assert own == pytest.approx(alone, rel=1e-12)
    assert np.all(np.diff(together, axis=0) > -1e-15)
