"""What a plan costs, where there is more money than it needs: its work and orders, not what is paid."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.experiments.frontier import frontier, least_harm_searches
from demilsim.optimisation.alternatives import alternatives
from demilsim.optimisation.candidates import begin
from demilsim.optimisation.least_cost import Cheapener
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.payments import exactly_paid, paid_usd, payment_cost
from demilsim.optimisation.plan_model import plan_model
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.status import InOrder, SolveOptions
from demilsim.optimisation.task import make_task
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from optimisation.instances import build_or_not, coefficients, three_towns, two_towns
from worlds import facility, fund, rate, tranche

QUICK = SolveOptions(bound_steps=0)


def rich(**changes: Any) -> Scenario:
    """Return two lots beside a town, 100,000 USD in all to destroy, and two funds with a million each."""
    return two_towns(
        funds=(fund("US"), fund("EU")),
        tranches=(tranche("T1", "US", amount_usd=1e6), tranche("T2", "EU", amount_usd=1e6)),
        **changes,
    )


def work_usd(problem: Problem, values: Floats) -> float:
    """Return the price of the work of a plan [USD]."""
    flows = problem.flows
    unit = problem.groups.cost_usd_per_t[flows.group, flows.facility]
    return float(unit @ values[: flows.group.size])


def test_money_that_is_not_needed_is_no_cost_of_a_frontier() -> None:
    """To avert all that can be averted costs 500 USD for each tonne, of two million that are there."""
    (point,) = frontier(rich(), [1.0], options=QUICK).points
    assert point.destroyed_t > 50.0
    assert point.cost_usd == pytest.approx(500.0 * point.destroyed_t, rel=1e-6)


def test_a_search_for_less_cost_begins_at_the_cost_of_its_start() -> None:
    """A start that pays all it can is not dearer than its work, even where not a step is taken."""
    (search, *_) = least_harm_searches(rich(), QUICK)
    problem, values = search.problem, wasteful(search.problem, search.descent.values)
    plan = Cheapener(search).cheapen(values, search.exact_harm * (1.0 + 1e-9), max_steps=0)
    assert plan is not None
    assert plan.cost_usd == pytest.approx(work_usd(problem, values), rel=1e-9)


def wasteful(problem: Problem, values: Floats) -> Floats:
    """Return a plan in which all money that is left at the end goes into the first payments for work."""
    exact = exactly_paid(problem, values)
    for k in range(len(problem.scenario.funds)):
        blocks = np.arange(problem.blocks.count)
        carried = problem.carry_column(np.full_like(blocks, k), blocks)
        first = problem.payment_offset + int(np.flatnonzero(problem.payments.fund == k)[0])
        after = blocks >= problem.payments.block[first - problem.payment_offset]
        spare = float(exact[carried[after]].min())
        exact[first] += spare
        exact[carried[after]] -= spare
    return exact


@pytest.mark.parametrize("make", [rich, three_towns, build_or_not])
def test_a_wasteful_plan_stays_a_plan_when_it_pays_what_it_costs(make: Any) -> None:
    """Nothing but money changes; every row holds; each row of payments pays its cost to the cent."""
    scenario = make()
    task = make_task(scenario, coefficients(scenario))
    result = optimise(scenario, coefficients(scenario), options=QUICK)
    wanted = result.flows.destroyed_t(task.shape)
    search = begin(task, task.choice_of(result.commissionings), task.left_t(wanted), wanted)[-1]
    problem, model = search.problem, search.model
    values = wasteful(problem, search.descent.values)
    exact = exactly_paid(problem, values)
    assert model.violations(values) == ()
    assert model.violations(exact) == ()
    assert np.array_equal(exact[: problem.payment_offset], values[: problem.payment_offset])
    cost = work_usd(problem, values) + problem.committed_usd.sum()
    assert USD_PER_KUSD * float(payment_cost(problem) @ values) > 1.001 * cost
    assert float(paid_usd(problem, values).sum()) == pytest.approx(cost, rel=1e-9)
    assert np.all(paid_usd(problem, values) >= 0.0)


def test_verification_is_a_cost_of_the_plan() -> None:
    """Whoever wants each tonne verified at 100 USD pays 600 for it, and no more than that."""
    scenario = rich()
    funds = tuple(one.model_copy(update={"verification_usd_per_t": 100.0}) for one in scenario.funds)
    (point,) = frontier(replace(scenario, funds=funds), [1.0], options=QUICK).points
    assert point.cost_usd == pytest.approx(600.0 * point.destroyed_t, rel=1e-6)


def test_alternatives_cost_what_they_do() -> None:
    """Each plan nearly as good costs its tonnes at 500 USD, and its funds pay that together."""
    scenario = rich(facilities=(facility("F1"), facility("F2")), facility_rates=(rate("F1"), rate("F2")))
    at = plan_model(scenario, coefficients(scenario), optimise(scenario, coefficients(scenario)))
    found = alternatives(at)
    assert found
    for plan in found:
        assert plan.cost_usd == pytest.approx(500.0 * plan.tonnes.sum(), rel=1e-6)
        assert plan.paid_usd.sum() == pytest.approx(plan.cost_usd)


def test_the_plan_of_least_harm_is_told_at_its_cost() -> None:
    """Beside a cheaper plan stands what the plan of least harm costs, not all that was received."""
    scenario = rich()
    least = optimise(scenario, coefficients(scenario), options=QUICK)
    wanted = SolveOptions(bound_steps=0, in_order=InOrder("harm", 0.05))
    note = optimise(scenario, coefficients(scenario), options=wanted).notes[-1]
    told = re.search(r"takes ([\d,]+) USD", note)
    assert told is not None
    assert float(told[1].replace(",", "")) == pytest.approx(500.0 * least.flows.tonnes.sum(), rel=1e-3)
