"""Moves between storehouses in plans: they wait for room, are explained, and are carried out."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.audit import audit
from demilsim.optimisation.explain import Explainer
from demilsim.optimisation.measure_choice import Taken
from demilsim.optimisation.measured import with_all_measures
from demilsim.optimisation.measures import moves_of
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.plan_model import plan_model
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import PlanStatus, SolveOptions
from demilsim.optimisation.status import InOrder
from demilsim.optimisation.task import make_task
from demilsim.plan import DisposalPlan, MeasureOrder
from demilsim.planning.disaggregate import flow_plan, pieces_of
from demilsim.planning.draft import LEAD_PERIODS, Draft, with_lead, write_plan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from optimisation.instances import coefficients
from optimisation.moving import depot, paid_moves, random_depot, random_moves
from stories import without_accidents
from worlds import lot, storehouse, tranche


def planned(scenario: Scenario, **options: Any) -> PlanResult:
    """Return the optimiser's plan."""
    return optimise(scenario, coefficients(scenario), options=SolveOptions(gap_averted=0.0, **options))


def written(scenario: Scenario, result: PlanResult) -> DisposalPlan:
    """Return a plan in lines, as the loop of planning writes it."""
    harm, options = stock_harm(scenario), disposal_options(scenario)
    pieces = tuple(pieces_of(scenario, result.flows, result.groups, harm, options))
    draft = Draft("test", result.source, pieces, result.commissionings, measures=result.measures)
    return with_lead(write_plan(draft, scenario, harm, options, lambda *_: ""), LEAD_PERIODS)


def carried_out(scenario: Scenario, result: PlanResult) -> Run:
    """Return a replication of a plan in which nothing happens by chance."""
    prepared = prepare(without_accidents(scenario))
    draws = replace(draw(prepared, Streams(5, 0)), candidates=())
    states: list[Run] = []
    run(prepared, compile_plan(prepared, written(scenario, result)), draws, states.append)
    return states[-1]


def left_behind(scenario: Scenario, result: PlanResult) -> list[str]:
    """Return lots that moves of a plan were to take along and did not."""
    ordered = {order.measure_id for order in result.measures}
    sources = {m.storehouse_id for m in scenario.measures if m.kind == "move" and m.measure_id in ordered}
    moved = {scenario.lots[k].lot_id for _, k, _ in carried_out(scenario, result).stock.moves}
    return [row.lot_id for row in scenario.lots if row.storehouse_id in sources and row.lot_id not in moved]


def test_move_waits_for_the_room_that_work_makes() -> None:
    """The move is ordered for the second quarter, work in the first makes the room, and it is carried out."""
    scenario = depot()
    result = planned(scenario)
    assert result.measures == (MeasureOrder("MOVE", 1),)
    assert result.best_bound <= result.planned_harm < planned(replace(scenario, measures=())).planned_harm
    first = result.flows.period == 0
    assert result.flows.tonnes[first].sum() >= 23.256
    assert audit(scenario, flow_plan(scenario, result), coefficients(scenario)) == ()
    assert left_behind(scenario, result) == []
    early = replace(result, measures=(MeasureOrder("MOVE", 0),))
    assert (
        "36000 kg NEQ of 31350 kg" in audit(scenario, flow_plan(scenario, early), coefficients(scenario))[0]
    )
    assert left_behind(scenario, early) == ["L1"]


def test_stock_over_its_licence_as_it_is_binds_nothing() -> None:
    """40 t where 31 t may be, and 5 t to come: with little money there is a plan, and it moves nothing."""
    legacy = (
        lot("L1", "H1", neq_kg=16_000.0, status="reserve"),
        lot("L2", "H2", neq_kg=40_000.0),
        lot("L3", "H2", neq_kg=5_000.0, arrives="2026-05-01"),
    )
    poor = planned(depot(lots=legacy, tranches=(tranche(amount_usd=10_000.0),)))
    assert poor.status is PlanStatus.OPTIMAL
    assert poor.measures == ()
    assert poor.flows.tonnes.sum() > 0.0
    rich = depot(lots=legacy, tranches=(tranche(),))
    result = planned(rich)
    assert [order.measure_id for order in result.measures] == ["MOVE"]
    assert left_behind(rich, result) == []


def test_what_is_still_to_come_needs_room_too() -> None:
    """5 t that come to H2 in May need room when the move is made: 9,651 kg are 49 t, more than 48 t allow."""
    scenario = depot(
        lots=(
            lot("L1", "H1", neq_kg=16_000.0, status="reserve"),
            lot("L2", "H2", neq_kg=20_000.0),
            lot("L3", "H2", neq_kg=5_000.0, arrives="2026-05-01"),
        )
    )
    result = planned(scenario)
    assert result.measures
    assert left_behind(scenario, result) == []
    known = coefficients(scenario)
    plan = flow_plan(scenario, result)
    assert audit(scenario, plan, known) == ()
    lines = tuple(
        replace(row, mass_g=min(row.mass_g, 48_000_000)) for row in plan.lines if row.earliest_period == 0
    )
    short = replace(plan, lines=lines, measures=(MeasureOrder("MOVE", 1),))
    found = audit(scenario, short, known)
    assert "31400 kg NEQ of 31350 kg, with what is still to come" in found[0]


def test_room_that_comes_late_in_a_year_is_waited_for() -> None:
    """A plant that works from October on makes no room before, though it would in blocks of years."""
    scenario = depot()
    plant = scenario.facilities[0].model_copy(update={"open_months": (10, 11, 12)})
    late = replace(scenario, facilities=(plant,))
    result = planned(late)
    assert result.measures == (MeasureOrder("MOVE", 4),)
    assert left_behind(late, result) == []


def test_room_is_explained_and_kept_when_cost_comes_first() -> None:
    """Work that makes room says so, and does not after the move; a plan of least cost still makes it.

    400 t of L2 have 50 kg of NEQ each, so that 93.02 t must go by July; those of L3 avert more with 100 kg.
    """
    scenario = depot(
        storehouses=(storehouse("H1"), storehouse("H2", x_m=-200.0), storehouse("H3", y_m=100.0)),
        lots=(
            lot("L1", "H1", neq_kg=16_000.0, status="reserve"),
            lot("L2", "H2", gross_mass_t=400.0, neq_kg=20_000.0),
            lot("L3", "H3", gross_mass_t=200.0, neq_kg=20_000.0),
        ),
        tranches=(tranche(),),
    )
    known, result = coefficients(scenario), planned(scenario)
    assert result.measures == (MeasureOrder("MOVE", 2),)
    flows = result.flows
    assert flows.tonnes[(flows.group == 1) & (flows.period < 2)].sum() == pytest.approx(93.0234, abs=1e-3)
    at = plan_model(scenario, known, result)
    duals = at.lp.duals(at.model.cost)
    assert duals is not None
    why = [Explainer(at, duals).reason(1, 0, period) for period in (1, 3)]
    room = "its tonnes make room in time for a move between storehouses"
    assert [reason is not None and reason.why_now == room for reason in why] == [True, False]
    cheap = planned(scenario, in_order=InOrder("cost", within=0.01, averting=0.9))
    assert cheap.measures == result.measures
    assert audit(scenario, flow_plan(scenario, cheap), known) == ()
    assert left_behind(scenario, cheap) == []


def test_bound_holds_whatever_is_moved_and_when() -> None:
    """No dates of moves and no flows beat the bound's harm, in which what may be emptied harms nobody."""
    scenario = random_moves(4)
    task = make_task(scenario, coefficients(scenario))
    held, rng = task.groups.held_t(scenario.periods), np.random.default_rng(4)
    least, gaps = with_all_measures(task).stock, []
    for times in product([None, *range(scenario.periods)], repeat=2):
        orders = tuple(
            MeasureOrder(m.measure_id, t)
            for m, t in zip(scenario.measures, times, strict=True)
            if t is not None
        )
        path = held * np.minimum.accumulate(rng.uniform(0.0, 1.0, held.shape), axis=0)
        harm = task.stock.total(path) - Taken(orders, np.zeros((1, 1))).averted(task, path)
        gaps.append(harm - least.total(path))
    assert min(gaps) >= -1e-12
    assert max(gaps) > 0.0


def check_simulation(scenario: Scenario) -> tuple[int, int]:
    """Plan a random programme, and carry it out; return its moves, and how often they needed room."""
    known, result = coefficients(scenario), planned(scenario)
    assert audit(scenario, flow_plan(scenario, result), known) == ()
    assert left_behind(scenario, result) == []
    assert result.best_bound <= result.planned_harm
    moves = moves_of(make_task(scenario, known))
    assert moves is not None
    return len(result.measures), len(moves.rooms(scenario, result.measures))


def test_no_move_is_left_behind() -> None:
    """Where nothing happens by chance the simulation carries out every move of a plan, with all it is for."""
    found = [check_simulation(random_depot(seed)) for seed in (1,)]
    assert sum(room for _, room in found) > 0


@pytest.mark.soak
def test_no_move_is_left_behind_many_times() -> None:
    """Sixty random programmes: in the first thirty, few moves need room; in the others most do."""
    free = [check_simulation(paid_moves(seed)) for seed in range(200, 230)]
    assert sum(moves for moves, _ in free) >= 15
    tight = [check_simulation(random_depot(seed)) for seed in range(200, 230)]
    assert sum(room for _, room in tight) >= 15
