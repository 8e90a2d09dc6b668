"""With chance switched off, a plan is carried out as it was made: same tonnes, same money."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from demilsim.experiments.programme import plan_with_simulation
from demilsim.model.options import disposal_options
from demilsim.planning.coordinate import LoopOptions, Programme
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from demilsim.units import GRAMS_PER_TONNE
from stories import without_accidents
from worlds import facility, fund, three_sites, tranche, village


def without_chance() -> Scenario:
    """Return three crowded sites where nothing breaks down, comes late, explodes or has an accident."""
    people = [village(f"S{k}-E", f"S{k}", x_m=300.0 * k, persons=50_000.0) for k in (1, 2, 3)]
    certain = three_sites(
        exposed_sites=people,
        facilities=[
            facility("PLANT", "S2", method_id="disassembly"),
            facility("RANGE", "S1", open_months=tuple(range(4, 11)), working_days_per_week=5.0),
            facility(
                "KILN", "S3", method_id="rotary_kiln", status="possible", capital_cost_usd=60_000.0,
                lead_time_days=180.0, fixed_cost_usd_per_year=10_000.0,
            ),
        ],
        funds=[fund(), fund("DONOR", holder="donor")],
        tranches=[tranche("T1", amount_usd=150_000.0), tranche("T3", "DONOR", amount_usd=300_000.0)],
    )  # fmt: skip
    return without_accidents(certain)


@pytest.fixture(scope="module")
def replayed() -> tuple[Scenario, Programme, RunResult]:
    """Return the scenario, its programme, and the replication without incidents."""
    scenario = without_chance()
    programme = plan_with_simulation(scenario, jobs=1, options=LoopOptions(teaching=2, choosing=2))
    world = prepare(scenario)
    draws = replace(draw(world, Streams(1, 0)), candidates=())
    return scenario, programme, run(world, compile_plan(world, programme.plan), draws)


def test_every_planned_tonne_is_destroyed(replayed: tuple[Scenario, Programme, RunResult]) -> None:
    """What is destroyed is the sum of the plan's lines to the gram, and the flows' to 1%."""
    _, programme, result = replayed
    planned_g = sum(line.mass_g for line in programme.plan.lines)
    assert planned_g > 0
    assert result.destroyed_g.sum() == pytest.approx(planned_g, rel=1e-9)
    assert programme.result is not None
    flows_t = programme.result.flows.tonnes.sum()
    assert abs(planned_g / GRAMS_PER_TONNE - flows_t) <= 0.01 * flows_t


def test_every_planned_dollar_is_spent(replayed: tuple[Scenario, Programme, RunResult]) -> None:
    """To the cent: the lines' running cost, and capital and standing cost of what was ordered."""
    scenario, programme, result = replayed
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    plants = {plant.facility_id: i for i, plant in enumerate(scenario.facilities)}
    cost = disposal_options(scenario).cost_usd_per_t
    running = sum(
        round(100.0 * cost[lots[line.lot_id], plants[line.facility_id]] * line.mass_g / GRAMS_PER_TONNE)
        for line in programme.plan.lines
    )
    extra = 0
    knots = [date.toordinal() for date in scenario.period_dates]
    for order in programme.plan.commissionings:
        kiln = scenario.facilities[plants[order.facility_id]]
        opens = next(k for k, day in enumerate(knots) if day >= knots[order.period] + kiln.lead_time_days)
        extra += round(100.0 * kiln.capital_cost_usd)
        extra += sum(
            round(100.0 * kiln.fixed_cost_usd_per_year * (end - begin) / 365.25)
            for begin, end in pairwise(knots[opens:])
        )
    assert result.spent_cents.sum() == running + extra
