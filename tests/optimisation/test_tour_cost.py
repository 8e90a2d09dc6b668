"""What averting harm costs where mobile plant has to move: moves are paid, and no more than are needed."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.frontier import Frontier, frontier
from demilsim.optimisation.audit import audit
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.status import InOrder
from demilsim.optimisation.tour_choice import PLACES, ever_fewer
from demilsim.optimisation.tours import Tours
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario
from mobile_plans import crowded
from optimisation.test_tours import MOVE_USD, USD_PER_T
from optimisation.waiting import task_of

QUICK = SolveOptions(bound_steps=0)


def there_and_back() -> Scenario:
    """Return 200 t among few at S1, where plant stands, and 60 t among many at S2: it goes there and back."""
    return crowded((200.0, 500.0), (60.0, 50_000.0))


@pytest.fixture(scope="module")
def priced() -> Frontier:
    """Return what averting all and less of its harm costs."""
    return frontier(there_and_back(), [1.0, 0.95, 0.5, 1e-4], options=QUICK)


def test_the_frontier_pays_for_whole_moves(priced: Frontier) -> None:
    """Two moves for all that can be averted, one for what is at S2, none for a part of what is at S1."""
    moves = [(point.cost_usd - USD_PER_T * point.destroyed_t) / MOVE_USD for point in priced.points]
    assert moves == pytest.approx([2.0, 1.0, 1.0, 0.0], abs=1e-4)
    assert all(point.harm <= point.target * (1.0 + 1e-9) for point in priced.points)


def test_the_frontier_begins_at_a_plan_that_can_be_carried_out(priced: Frontier) -> None:
    """Its least harm is that of the plan with moves; with plant at both sites at once there was less."""
    scenario = there_and_back()
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, start=nominal_start(scenario), options=QUICK)
    assert priced.least_harm == pytest.approx(result.planned_harm, rel=1e-3)
    assert result.tours is not None
    assert audit(scenario, flow_plan(scenario, result), known, tours=result.tours) == ()


def test_cost_first_leaves_out_moves() -> None:
    """To avert 95% of what can be averted plant stays at S2; the plan says so, and its audit agrees."""
    scenario = there_and_back()
    known, wanted = nominal_coefficients(scenario), InOrder("cost", 0.0, 0.95)
    options = SolveOptions(bound_steps=0, in_order=wanted)
    result = optimise(scenario, known, start=nominal_start(scenario), options=options)
    assert [to for _, _, to in result.tours or ()] == [1]
    assert any(note.startswith(f"{PLACES} mobile plant moves once") for note in result.notes)
    assert result.cost_usd == pytest.approx(USD_PER_T * result.flows.tonnes.sum() + MOVE_USD, rel=1e-6)
    assert audit(scenario, flow_plan(scenario, result), known, tours=result.tours) == ()


def test_moves_are_left_out_where_they_avert_least() -> None:
    """Of moves to many people and on to few the second goes first, and at last plant stays where it is."""
    task = task_of(crowded((60.0, 5_000.0), (60.0, 50_000.0), (60.0, 500.0)))
    moves: Tours = ((0, 0, 1), (0, 2, 2))
    path = task.left_t(np.zeros(task.shape))
    assert ever_fewer(task, (), path, moves) == (moves, moves[:1], ())


def test_leaving_out_a_trip_leaves_out_the_way_back() -> None:
    """Without the move to S2 there is none back to S1."""
    task = task_of(there_and_back())
    moves: Tours = ((0, 0, 1), (0, 2, 0))
    found = ever_fewer(task, (), task.left_t(np.zeros(task.shape)), moves)
    assert found == (moves, moves[:1], ())
    back_only = ever_fewer(task, (), task.left_t(np.zeros(task.shape)), ((0, 0, 1),))
    assert back_only == (((0, 0, 1),), ())
