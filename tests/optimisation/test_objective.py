from __future__ import annotations

import numpy as np
import pytest

from demilsim.model.harm import stock_harm
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t, planning_harm
from demilsim.optimisation.task import make_task
from demilsim.plan import Floats
from optimisation.instances import build_or_not, coefficients


@pytest.fixture(scope="module")
def quarterly() -> PlanningHarm:
    scenario = build_or_not(terminal_years=3.0)
    task = make_task(scenario, coefficients(scenario))
    return planning_harm(task.problem(((1, 0),)), task.stock)


@pytest.fixture(scope="module")
def some_flows(quarterly: PlanningHarm) -> Floats:
    """Return random flows that leave about half of every group."""
    size = quarterly.accident_harm_per_t.size
    return np.random.default_rng(5).random(size) * quarterly.held_t[0].sum() / size


def test_doing_nothing_is_the_harm_of_the_full_stock(quarterly: PlanningHarm) -> None:
    """Without flows the planning harm is that of the model over lots that nobody touches."""
    scenario = build_or_not(terminal_years=3.0)
    full = np.tile([row.gross_mass_t for row in scenario.lots], (scenario.periods + 1, 1))
    assert quarterly.do_nothing == pytest.approx(stock_harm(scenario).total(full), rel=1e-12)


def test_flow_of_a_period_lowers_the_stock_from_the_next_knot_on(quarterly: PlanningHarm) -> None:
    """One tonne of the first flow is there at the first knot and gone at all later ones."""
    flows = np.zeros(quarterly.accident_harm_per_t.size)
    flows[0] = 1.0
    gone = quarterly.held_t - quarterly.remaining_t(flows)
    assert gone[:, 0].tolist() == [0.0] + [1.0] * 8
    assert not gone[:, 1:].any()


def test_gradient_is_the_slope_of_the_exact_harm(quarterly: PlanningHarm, some_flows: Floats) -> None:
    """Central differences agree with the gradient for every flow."""
    _, gradient = quarterly.total_and_gradient(some_flows)
    step = 1e-3
    for flow in range(some_flows.size):
        change = np.zeros(some_flows.size)
        change[flow] = step
        slope = (quarterly.total(some_flows + change) - quarterly.total(some_flows - change)) / (2.0 * step)
        assert gradient[flow] == pytest.approx(slope, rel=1e-4)


def test_linear_harm_keeps_its_promise_at_the_end_of_its_path(
    quarterly: PlanningHarm, some_flows: Floats
) -> None:
    """Doing nothing plus the averaged marginal harm of a plan is the exact harm of that plan."""
    linear = quarterly.linearised(quarterly.remaining_t(some_flows))
    promised = quarterly.do_nothing + float(linear @ some_flows)
    averted = quarterly.do_nothing - quarterly.total(some_flows)
    assert abs(promised - quarterly.total(some_flows)) < 0.005 * averted


def test_harm_along_a_line_is_the_exact_harm(quarterly: PlanningHarm, some_flows: Floats) -> None:
    """The line search sees the same harm as the planning objective."""
    along = quarterly.along(np.zeros_like(some_flows), some_flows)
    for share in (0.0, 0.3, 1.0):
        assert along(share) == pytest.approx(quarterly.total(share * some_flows), rel=1e-12)


def test_flow_of_a_year_is_spread_over_its_periods() -> None:
    """Eight tonnes in a yearly block leave two in each of its quarters, and mass is kept."""
    scenario = build_or_not()
    task = make_task(scenario, coefficients(scenario))
    yearly = planning_harm(task.yearly_problem(), task.stock)
    flows = np.zeros(yearly.accident_harm_per_t.size)
    flows[1] = 8.0
    assert yearly.destroyed_t(flows)[:, 0].tolist() == [0.0] * 4 + [2.0] * 4


def test_emptied_path_keeps_the_first_knot() -> None:
    """Even the fastest plan starts from the full stock."""
    assert emptied_path_t(np.full((3, 1), 5.0)).tolist() == [[5.0], [0.0], [0.0]]


def test_simulated_harm_factors_scale_the_stock() -> None:
    """Twice the simulated harm in one storehouse doubles its share of doing nothing."""
    scenario = build_or_not()
    plain = coefficients(scenario)
    factor = np.array(plain.harm_factor)
    factor[0] = 2.0
    taught = type(plain)(plain.working_days, plain.receipts_usd, factor)
    base, doubled = make_task(scenario, plain), make_task(scenario, taught)
    full = np.tile(base.groups.mass_t, (scenario.periods + 1, 1))
    rate = base.stock.rate_per_year(full) * base.stock.weight_years
    assert doubled.stock.total(full) == pytest.approx(2.0 * rate[:, 0].sum() + rate[:, 1].sum())
