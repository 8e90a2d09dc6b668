"""Rows of risk: left out where they do not bind, exact at both ends of a way; starts brought within them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import InfeasibleError
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.audit import audit
from demilsim.optimisation.kept import keep
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import restored, starts_within
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.relaxations import relaxed
from demilsim.optimisation.risk_attempt import attempt
from demilsim.optimisation.risk_limits import LinearRisk, RiskLimits, risk_limits
from demilsim.optimisation.risk_plan import _choices, plan_within_limits
from demilsim.optimisation.risk_ways import risk_ways
from demilsim.optimisation.rows import over_columns
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import Floats
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario
from optimisation.instances import coefficients, two_groups

FAST = SolveOptions(bound_steps=0)
AT_START = 9.35289e-8
"""Individual risk of each group of `two_groups` at the start [1/yr]."""


def both_limited(share: float, **changes: object) -> Scenario:
    """Return two groups of people that both have a limit, from the third quarter on."""
    scenario = two_groups(share * AT_START, limit_from="2026-07-01", horizon_years=2, **changes)
    town, hamlet = scenario.exposed_sites
    limit = {"risk_limit_per_year": hamlet.risk_limit_per_year, "risk_limit_from": hamlet.risk_limit_from}
    return replace(scenario, exposed_sites=(town.model_copy(update=limit), hamlet))


def limits_of(task: Task) -> RiskLimits:
    problem = task.problem(())
    found = risk_limits(problem, planning_harm(problem, task.stock), task.risk)
    assert found is not None
    return found


def a_plant_can_be_built(capital_usd: float, share: float = 0.8) -> Scenario:
    """Return a hamlet whose limit needs a plant that is not there yet: the old one does 0.02 t a day."""
    base = two_groups(share * AT_START, limit_from="2026-10-01")
    old = base.facilities[0]
    new = old.model_copy(
        update={
            "facility_id": "NEW",
            "status": "possible",
            "lead_time_days": 90.0,
            "capital_cost_usd": capital_usd,
        }
    )
    rates = (
        base.facility_rates[0].model_copy(update={"throughput_t_per_day": 0.02}),
        base.facility_rates[0].model_copy(update={"facility_id": "NEW", "unit_cost_usd_per_t": 700.0}),
    )
    return replace(base, facilities=(old, new), facility_rates=rates)


def values_of(linear: LinearRisk, flows: Floats) -> Floats:
    """Return the rows' left sides less their right ones, from terms in flows, shape (row,)."""
    rows = linear.rows(np.arange(linear.needed.size))
    assert len(rows.names) == linear.needed.size
    return np.bincount(rows.row, rows.coefficient * flows[rows.column], rows.rhs.size) - rows.rhs


@pytest.mark.parametrize("highs", [True, False])
def test_rows_that_do_not_bind_change_no_optimum(highs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rows added only where they are broken, optima are those with all rows; some rows stay out."""
    monkeypatch.setattr("demilsim.optimisation.limited_model.highs_available", lambda: highs)
    limits = limits_of(make_task(both_limited(0.9), coefficients(both_limited(0.9))))
    harm = limits.harm
    base = assemble(limits.problem, np.zeros(harm.flows), harm.do_nothing)
    model = LimitedModel(base, limits)
    generator = np.random.default_rng(7)
    left_out = solved = 0
    for _ in range(20):
        here = generator.uniform(0.0, 12.0, harm.flows)
        cost = over_columns(generator.uniform(-1.0, 1.0, harm.flows), base.cost.size)
        linear = limits.linear(here, 0.98)
        whole = replace(base, families=(*base.families, linear.rows(np.arange(limits.count))))
        expected = keep(whole).minimise(cost).values
        found = model.best(cost, linear)
        assert (found is None) == (expected is None)
        if found is None or expected is None:
            continue
        solved += 1
        left_out += model.binding.size < limits.count
        assert cost @ found == pytest.approx(cost @ expected, rel=1e-6, abs=1e-6)
    assert solved >= 5
    assert left_out >= 5


def test_least_excess_is_that_of_all_rows() -> None:
    """So is the least sum of what is missing, where no plan satisfies all rows."""
    limits = limits_of(make_task(both_limited(0.2), coefficients(both_limited(0.2))))
    harm = limits.harm
    model = LimitedModel(assemble(limits.problem, np.zeros(harm.flows), harm.do_nothing), limits)
    linear = limits.mean(0.999)
    found = model.least_excess(linear)
    assert found is not None
    least = np.maximum(linear.missing(found[: harm.flows]), 0.0).sum()
    assert least > 0.01
    generator = np.random.default_rng(5)
    for _ in range(50):
        other = model.vertex(over_columns(generator.uniform(-1.0, 1.0, harm.flows), found.size), found, None)
        assert other is not None
        assert np.maximum(linear.missing(other[: harm.flows]), 0.0).sum() >= least - 1e-6


def test_what_is_missing_is_what_rows_say() -> None:
    """Tonnes gone of groups and terms in flows are the same rows."""
    limits = limits_of(make_task(both_limited(0.5), coefficients(both_limited(0.5))))
    generator = np.random.default_rng(2)
    here, there = generator.uniform(0.0, 8.0, (2, limits.harm.flows))
    for linear in (limits.linear(here), limits.mean(), limits.between(here, there)):
        assert linear.missing(there) == pytest.approx(-values_of(linear, there))


def test_rows_between_two_plans_meet_exact_risk_at_both() -> None:
    """Tangents are exact where they touch; these also at the other end, pieces of the curves aside."""
    limits = limits_of(make_task(both_limited(0.5), coefficients(both_limited(0.5))))
    generator = np.random.default_rng(4)
    for _ in range(5):
        here, there = generator.uniform(0.0, 12.0, (2, limits.harm.flows))
        linear = limits.between(here, there)
        assert 1.0 + linear.missing(here) == pytest.approx(limits.shares(here))
        assert 1.0 + linear.missing(there) == pytest.approx(limits.shares(there), abs=5e-3)


def test_starts_are_brought_within_limits_and_not_further() -> None:
    """A start that keeps limits stays; one that breaks them goes towards one that does, until it does."""
    task = make_task(both_limited(0.9), coefficients(both_limited(0.9)))
    limits = limits_of(task)
    harm = limits.harm
    flow_cost = np.full(harm.flows, -1.0)
    model = LimitedModel(assemble(limits.problem, flow_cost, harm.do_nothing), limits)
    begun = model.least_excess(limits.mean())
    assert begun is not None
    kept, excess = restored(model, harm, begun)
    assert excess == 0.0
    nothing = np.zeros(kept.size)
    assert limits.excess(nothing[: harm.flows]) > 0.0
    found = starts_within(model, harm, [(kept, True), (nothing, True)])
    marked = [point for point, mark in found if mark]
    assert len(marked) == 2
    assert all(limits.excess(point[: harm.flows]) == 0.0 for point, _ in found)
    assert any(np.array_equal(point, kept) for point in marked)
    pulled = next(point for point in marked if not np.array_equal(point, kept))
    assert limits.excess(0.99 * pulled[: harm.flows]) > 0.0


def test_each_choice_that_is_tried_is_another_one() -> None:
    """Where no plan is found, commissionings are proposed once each, the new plant among them."""
    scenario = a_plant_can_be_built(1_000.0, share=0.05)
    choices = list(_choices(make_task(scenario, coefficients(scenario)), FAST))
    assert len(choices) == len(set(choices)) == 5
    assert choices[0] == ()
    assert all(any(f == 1 for f, _ in choice) for choice in choices[1:])


def test_money_for_a_plant_that_is_too_dear_is_told_and_enough() -> None:
    """75,000 USD do not buy a plant of 500,000; with what is told they do, and the plan is clean."""
    scenario = a_plant_can_be_built(500_000.0)
    known = coefficients(scenario)
    task = make_task(scenario, known)
    with pytest.raises(InfeasibleError, match=r"HOST had 44\d,\d\d\d USD more"):
        plan_within_limits(task, FAST)
    best = attempt(task, ())
    assert best is not None
    way = next(way for way in risk_ways(task, best, FAST) if way.families == ("budget",))
    assert [facility for facility, _ in way.choice] == [1]
    changed, learned = relaxed(scenario, known, way.relaxations)
    result = optimise(changed, learned, options=FAST)
    assert audit(changed, flow_plan(changed, result), learned) == ()
    assert [order.facility_id for order in result.commissionings] == ["NEW"]
