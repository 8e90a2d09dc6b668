from __future__ import annotations

import numpy as np
import pytest

from demilsim.optimisation import kept as keeping
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.kept import KeptModel, keep
from demilsim.optimisation.objective import PlanningHarm, planning_harm
from demilsim.optimisation.sequential import descend, largest_part, polish, vertex_start
from demilsim.optimisation.solve import PlanStatus
from demilsim.optimisation.task import make_task
from optimisation.instances import coefficients, three_towns, three_towns_in_quarters

Stage = tuple[Model, PlanningHarm, KeptModel]


@pytest.fixture(scope="module")
def stage() -> Stage:
    """Return three sites in quarters, the kiln ordered at the start."""
    return three_towns_in_quarters()


def test_descent_never_rises_and_stays_feasible(stage: Stage) -> None:
    """From the best linear plan and from doing nothing, each step lowers exact harm within the rows."""
    model, harm, kept = stage
    flows = harm.accident_harm_per_t.size
    vertex = vertex_start(kept, model.cost[:flows], model.cost.size)
    idle = largest_part(kept, np.zeros(flows), model.columns.upper)
    assert vertex is not None
    assert idle is not None
    for start in (vertex, idle):
        found = descend(kept, harm, start, max_steps=40)
        assert found.status is PlanStatus.OPTIMAL
        assert len(found.harm) > 1
        assert all(later < earlier for earlier, later in zip(found.harm, found.harm[1:], strict=False))
        assert model.violations(found.values) == ()
        assert found.harm[-1] == pytest.approx(harm.total(found.values[:flows]), rel=1e-12)


def test_limited_steps_better_what_long_ones_leave(stage: Stage) -> None:
    """After the descent has stopped, steps of limited length still lower harm, within the rows."""
    model, harm, kept = stage
    vertex = vertex_start(kept, model.cost[: harm.flows], model.cost.size)
    assert vertex is not None
    stopped = descend(kept, harm, vertex, max_steps=40)
    found = polish(kept, harm, stopped.values, max_steps=20)
    assert found.harm[0] == stopped.harm[-1]
    assert all(later < earlier for earlier, later in zip(found.harm, found.harm[1:], strict=False))
    assert found.harm[-1] < stopped.harm[-1]
    assert model.violations(found.values) == ()


def test_limit_of_steps_is_said(stage: Stage) -> None:
    """A search cut off by its limit is feasible, not optimal; no steps at all return the start."""
    model, harm, kept = stage
    idle = largest_part(kept, np.zeros(harm.accident_harm_per_t.size), model.columns.upper)
    assert idle is not None
    assert descend(kept, harm, idle, max_steps=1).status is PlanStatus.FEASIBLE
    assert descend(kept, harm, idle, max_steps=0).values is idle


def test_largest_part_keeps_what_is_feasible_and_trims_what_is_not(stage: Stage) -> None:
    """A feasible plan is kept whole; ten times as much is cut to what the rows allow, and no more."""
    model, harm, kept = stage
    flows = harm.accident_harm_per_t.size
    vertex = vertex_start(kept, model.cost[:flows], model.cost.size)
    assert vertex is not None
    whole = largest_part(kept, vertex[:flows], model.columns.upper)
    assert whole is not None
    np.testing.assert_allclose(whole[:flows], vertex[:flows], atol=1e-6)
    trimmed = largest_part(kept, 10.0 * vertex[:flows], model.columns.upper)
    assert trimmed is not None
    assert model.violations(trimmed) == ()
    assert np.all(trimmed[:flows] <= 10.0 * vertex[:flows] + 1e-9)
    assert trimmed[:flows].sum() >= vertex[:flows].sum() - 1e-6


def test_bounds_of_one_solve_do_not_stay(stage: Stage) -> None:
    """After a trimmed start the kept model has its own bounds again."""
    model, harm, kept = stage
    flows = harm.accident_harm_per_t.size
    before = vertex_start(kept, model.cost[:flows], model.cost.size)
    largest_part(kept, np.zeros(flows), model.columns.upper)
    after = vertex_start(kept, model.cost[:flows], model.cost.size)
    assert before is not None
    assert after is not None
    assert model.objective(after) == pytest.approx(model.objective(before), rel=1e-9)


def test_without_highspy_scipy_finds_the_same_plans(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow way gives the same optimum of the linear plan, with and without other bounds."""
    model, harm, kept = stage
    monkeypatch.setattr(keeping, "highs_available", lambda: False)
    slow = keep(model)
    assert type(slow) is not type(kept)
    flows = harm.accident_harm_per_t.size
    half = model.columns.upper.copy()
    half[:flows] *= 0.5
    for bounds in (None, (np.zeros(half.size), half)):
        quick_values = kept.minimise(model.cost, bounds).values
        slow_values = slow.minimise(model.cost, bounds).values
        assert quick_values is not None
        assert slow_values is not None
        assert model.objective(slow_values) == pytest.approx(model.objective(quick_values), rel=1e-9)


def test_commissioning_beyond_the_budget_has_no_plan() -> None:
    """A kiln that costs more than all money leaves the rows infeasible, and both ways say so."""
    scenario = three_towns()
    dear = scenario.facilities[2].model_copy(update={"capital_cost_usd": 1e9})
    scenario = three_towns(facilities=[*scenario.facilities[:2], dear])
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(((2, 0),))
    harm = planning_harm(problem, task.stock)
    cost = np.zeros(harm.accident_harm_per_t.size)
    kept = keep(assemble(problem, cost, 0.0))
    assert vertex_start(kept, cost, len(problem.columns.names)) is None
