"""Limits on risk: kept by exact risk, or told to be too low; against formulas, differences and all plans."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import InfeasibleError, StudyError
from demilsim.experiments.facilities import facilities_under_draws
from demilsim.model.harm import scenario_curves, storehouse_index
from demilsim.model.risk import limited_risk, site_risk
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.audit import audit, refused_moves
from demilsim.optimisation.audit_risk import individual_risk
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.optimisation.duals import optimum
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import descend_within, restored
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.plan_model import plan_model
from demilsim.optimisation.relaxations import Relaxation, relaxed
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.risk_attempt import attempt
from demilsim.optimisation.risk_limits import RiskLimits, risk_limits
from demilsim.optimisation.risk_plan import plan_within_limits
from demilsim.optimisation.risk_ways import risk_ways
from demilsim.optimisation.rows import Rows, over_columns
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import Floats
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus
from optimisation.instances import coefficients, few_workers, two_groups
from optimisation.reference_models import OF_MEASURES, check_reference
from optimisation.test_audit_families import VIOLATIONS, order, plan
from worlds import measure

FAST = SolveOptions(bound_steps=0)
AT_START = 9.35289e-8
"""Individual risk of each group of `two_groups` at the start [1/yr]."""

HALF = {"limit": 0.5 * AT_START, "limit_from": "2026-07-01"}
"""Half of that from the third quarter on."""


def task_of(scenario: Scenario) -> Task:
    return make_task(scenario, coefficients(scenario))


def limits_of(task: Task) -> RiskLimits:
    problem = task.problem(())
    found = risk_limits(problem, planning_harm(problem, task.stock), task.risk)
    assert found is not None
    return found


def planned(scenario: Scenario) -> PlanResult:
    return optimise(scenario, coefficients(scenario), options=FAST)


def risk_of(scenario: Scenario, result: PlanResult) -> Floats:
    """Return the risk of each group by the audit's own sums [1/yr], shape (knot, exposed site)."""
    return individual_risk(audit_rows(scenario), flow_plan(scenario, result))


def test_a_group_of_nobody_has_no_limit() -> None:
    """A limit on the risk of a place where nobody is limits nothing, and divides by nobody."""
    scenario = two_groups(AT_START)
    town, hamlet = scenario.exposed_sites
    empty = replace(scenario, exposed_sites=(town, hamlet.model_copy(update={"persons": 0.0})))
    assert limited_risk(empty, scenario_curves(empty)) is None


def test_risk_is_planned_from_above() -> None:
    """Whatever two storehouses hold, the curves give no less than the formulas, and 2% more at most."""
    scenario = two_groups(AT_START)
    curves = scenario_curves(scenario)
    limited = limited_risk(scenario, curves)
    assert limited is not None
    generator = np.random.default_rng(11)
    held_kg = 20_000.0 * generator.uniform(0.05, 1.0, (400, 2))
    ageing = generator.uniform(0.0, 1e-3, (400, 2))
    exact = site_risk(scenario, curves, held_kg, ageing).individual_risk_per_year[:, 1] / AT_START
    share = limited.share_of_limit(held_kg, ageing)[:, 0]
    assert np.all(share >= exact)
    assert share == pytest.approx(exact, rel=0.02)


def test_risk_writes_its_reference(tmp_path: Path) -> None:
    """The family alone, linear at a plan of 10 t of each lot a quarter, is the text that was read.

    Numbers come from logarithms and powers, so that six digits are compared.
    """
    limits = limits_of(task_of(two_groups(**HALF, horizon_years=1)))
    rows = limits.add_risk(np.full(limits.harm.flows, 10.0))

    def rounded(values: Floats) -> Floats:
        return np.array([float(f"{value:.6g}") for value in values.tolist()])

    rows = replace(rows, coefficient=rounded(rows.coefficient), rhs=rounded(rows.rhs))
    check_reference(limits.problem.columns, rows, OF_MEASURES / "risk.lp", tmp_path)


def test_rows_are_tangents_and_meet_both_ends() -> None:
    """At a plan the rows have exact risk and its differences; the averaged ones meet it full and empty."""
    limits = limits_of(task_of(two_groups(**HALF)))
    generator = np.random.default_rng(3)
    here = generator.uniform(0.0, 8.0, limits.harm.flows)

    def linear(rows: Rows, flows: Floats) -> Floats:
        dense = np.zeros((limits.count, flows.size))
        dense[rows.row, rows.column] = rows.coefficient
        return rows.rhs + 1.0 - dense @ flows

    rows = limits.add_risk(here)
    assert linear(rows, here) == pytest.approx(limits.shares(here))
    for way in generator.uniform(-1.0, 1.0, (5, here.size)):
        step = 1e-4 * way
        up, down = limits.shares(here + step), limits.shares(here - step)
        assert linear(rows, here + step) - linear(rows, here - step) == pytest.approx(up - down, rel=1e-4)
    mean = limits.mean(1.0).rows(np.arange(limits.count))
    flows = limits.problem.flows
    nothing, all_at_once = np.zeros(here.size), np.where(flows.block == 0, 100.0, 0.0)
    assert linear(mean, nothing) == pytest.approx(limits.shares(nothing))
    assert linear(mean, all_at_once) == pytest.approx(limits.shares(all_at_once), abs=0.05)


@pytest.mark.parametrize("share", [0.9, 0.3])
def test_a_plan_keeps_the_limit_and_no_plan_of_a_grid_does_better(share: float) -> None:
    """Of all plans in steps of 15 t that keep the limit, none does a thousandth less harm."""
    scenario = two_groups(share * AT_START, limit_from="2026-07-01")
    result = planned(scenario)
    assert audit(scenario, flow_plan(scenario, result), coefficients(scenario)) == ()
    risk = risk_of(scenario, result)[2:, 1] / (share * AT_START)
    assert risk.max() <= 1.0
    assert risk.max() == pytest.approx(1.0, abs=0.03)
    limits = limits_of(task_of(scenario))
    flows, harm = limits.problem.flows, limits.harm
    town, hamlet = (limits.problem.groups.group_of_lot[i] for i in (0, 1))
    least = np.inf
    for a, b, c, d in product(range(0, 91, 15), repeat=4):
        tonnes = {(town, 0): a, (hamlet, 0): b, (town, 1): c, (hamlet, 1): d}
        # 90 days, then 91; 100 t of each lot; money for 150 t.
        if max(a + b, c + d) > 90 or max(a + c, b + d) > 100 or a + b + c + d > 150:
            continue
        point = np.array([tonnes.get(key, 0.0) for key in zip(flows.group, flows.block, strict=True)])
        if limits.excess(point) == 0.0:
            least = min(least, harm.total(point))
    assert np.isfinite(least)
    assert result.planned_harm <= least + 1e-3 * harm.do_nothing


def test_a_limit_costs_harm_and_one_that_is_kept_anyway_does_not() -> None:
    """Without limits the hamlet's lot waits; a limit above what doing nothing comes to changes no plan."""
    free, loose, tight = (planned(two_groups(limit)) for limit in (None, 1e-3, 0.5 * AT_START))
    assert loose.planned_harm == free.planned_harm
    assert loose.flows.tonnes.tolist() == free.flows.tonnes.tolist()
    assert tight.planned_harm > 1.2 * free.planned_harm
    assert risk_of(two_groups(), free)[1:, 1].max() > 0.9 * AT_START


def test_the_bound_holds_for_plans_with_limits() -> None:
    """The bound leaves limits aside: it is that without them, and below the plan's harm."""
    options = SolveOptions(bound_steps=3)
    free, tight = (
        optimise(scenario, coefficients(scenario), options=options)
        for scenario in (two_groups(), two_groups(**HALF))
    )
    assert tight.best_bound == pytest.approx(free.best_bound, rel=1e-9)
    assert tight.best_bound < free.planned_harm < tight.planned_harm


def test_linear_rows_alone_would_break_the_limit() -> None:
    """The trap: beside an empty storehouse linear rows let the lot come back as if it did nothing."""
    task = task_of(two_groups(**HALF))
    limits = limits_of(task)
    harm = limits.harm
    model = LimitedModel(assemble(limits.problem, np.zeros(harm.flows), harm.do_nothing), limits)
    flows = limits.problem.flows
    hamlet = int(limits.problem.groups.group_of_lot[1])
    away = over_columns((flows.group == hamlet) * (-10.0 + flows.block), len(limits.problem.columns.names))
    start = model.vertex(away, np.zeros(harm.flows), None)
    assert start is not None
    assert restored(model, harm, start)[1] == 0.0
    _, gradient = harm.total_and_gradient(start[: harm.flows])
    there = model.vertex(over_columns(gradient, start.size), start[: harm.flows], 1.0)
    assert there is not None
    assert limits.excess(there[: harm.flows]) > 0.01
    found = descend_within(model, harm, start, 10)
    assert limits.excess(found.values[: harm.flows]) == 0.0
    assert found.harm[-1] < found.harm[0]


def test_what_would_have_to_give_way_is_told_applied_and_enough() -> None:
    """A tenth of the risk by April: each way that is told, put into the scenario, gives a clean plan."""
    scenario = two_groups(0.1 * AT_START)
    known = coefficients(scenario)
    with pytest.raises(
        InfeasibleError, match="no plan that keeps all limits on risk was found; one would be"
    ):
        plan_within_limits(make_task(scenario, known), FAST)
    best = attempt(make_task(scenario, known), ())
    assert best is not None
    ways = risk_ways(make_task(scenario, known), best, FAST)
    assert [way.families for way in ways] == [("risk",), ("risk",), ("working_days",)]
    assert ways[0].relaxations[0].words == (
        "the risk limit of HAMLET were 1.7e-08 a year instead of 9.35289e-09"
    )
    assert ways[1].relaxations[0].words == "the risk limit of HAMLET held only from 2026-07-01"
    for way in ways:
        changed, learned = relaxed(scenario, known, way.relaxations)
        result = optimise(changed, learned, options=FAST)
        assert audit(changed, flow_plan(changed, result), learned) == ()


def test_a_limit_that_reserve_alone_breaks_is_said_to_be_beyond_any_plan() -> None:
    """Nothing may take the hamlet's lot: no plan exists, and only another limit is told."""
    lots = two_groups().lots
    reserve = lots[1].model_copy(update={"status": LotStatus.RESERVE})
    scenario = two_groups(0.5 * AT_START, lots=(lots[0], reserve))
    with pytest.raises(InfeasibleError) as told:
        planned(scenario)
    assert str(told.value) == (
        "no plan that keeps all limits on risk exists; one would be if the risk limit of HAMLET were "
        f"9.4e-08 a year instead of {0.5 * AT_START:g}"
    )


def test_a_plant_is_ordered_where_only_that_keeps_the_limit() -> None:
    """The old plant does 0.02 t a day; the limit of the last quarter needs the one that can be built."""
    base = two_groups(0.8 * AT_START, limit_from="2026-10-01")
    old = base.facilities[0]
    new = old.model_copy(update={"facility_id": "NEW", "status": "possible", "lead_time_days": 90.0})
    rates = (
        base.facility_rates[0].model_copy(update={"throughput_t_per_day": 0.02}),
        base.facility_rates[0].model_copy(update={"facility_id": "NEW", "unit_cost_usd_per_t": 700.0}),
    )
    scenario = replace(base, facilities=(old, new), facility_rates=rates)
    result = planned(scenario)
    assert [order.facility_id for order in result.commissionings] == ["NEW"]
    assert audit(scenario, flow_plan(scenario, result), coefficients(scenario)) == ()
    assert result.without_orders is None


def test_workers_limit_binds_by_hand() -> None:
    """2e-5 accidents a tonne kill 1.3 each: 20 workers at 5e-5 a year allow 38.46 t a year; no kiln helps."""
    scenario = few_workers()
    scenario = replace(
        scenario, facilities=scenario.facilities[:1], facility_rates=scenario.facility_rates[:1]
    )
    result = planned(scenario)
    flows = result.flows
    years = np.array([date.year for date in scenario.period_dates])[flows.period]
    done = [flows.tonnes[(flows.facility == 0) & (years == year)].sum() for year in (2026, 2027)]
    assert max(done) <= 1.0 / 0.026 + 1e-6
    assert max(done) == pytest.approx(1.0 / 0.026, rel=1e-6)
    assert audit(scenario, flow_plan(scenario, result), coefficients(scenario)) == ()


def test_a_higher_limit_of_workers_enters_the_scenario() -> None:
    """What is told of workers, applied, is the limit of the facility."""
    scenario = few_workers()
    more = Relaxation("worker_risk", "F-1", (6e-5,), None, "")
    changed, _ = relaxed(scenario, coefficients(scenario), (more,))
    assert changed.facilities[0].worker_risk_limit_per_year == 6e-5
    assert changed.facilities[1] == scenario.facilities[1]


def test_a_limit_has_a_price_that_its_change_confirms() -> None:
    """Around the plan a row of risk that binds has a dual, and the plan solved again for a step agrees."""
    scenario = two_groups(**HALF)
    result = planned(scenario)
    at = plan_model(scenario, coefficients(scenario), result)
    duals = at.lp.duals(at.model.cost)
    assert duals is not None
    rows = [i for i, name in enumerate(at.row_names) if name.startswith("risk_hamlet")]
    binding = max(rows, key=lambda i: duals.row[i])
    assert duals.row[binding] > 0.0
    # The row asks for at least a fall of risk: 1e-4 of the limit more raises harm by that times the dual.
    change = np.zeros(len(at.row_names))
    change[binding] = 1e-4
    more = optimum(at.lp, at.model.cost, change) - duals.objective
    assert more == pytest.approx(1e-4 * duals.row[binding], rel=1e-5)


def test_studies_that_would_not_keep_limits_refuse_them() -> None:
    """Facilities for all draws would leave the hamlet at risk in some: the message says so."""
    with pytest.raises(
        StudyError, match=r"risk_limit_per_year: expected no limits.*got 1 of 2 groups: HAMLET"
    ):
        facilities_under_draws(two_groups(AT_START))


def test_storehouses_of_other_sites_do_not_count() -> None:
    """A group's pairs are with its own site's storehouses alone."""
    scenario = two_groups(AT_START)
    limited = limited_risk(scenario, scenario_curves(scenario))
    assert limited is not None
    assert sorted(limited.storehouse.tolist()) == sorted(set(storehouse_index(scenario).tolist()))
    assert limited.exposed.tolist() == [1]


def test_move_that_puts_people_at_risk_is_refused_by_itself() -> None:
    """So is one that breaks a limit on risk, with all work late; one that was broken before is not."""
    violation = VIOLATIONS["risk moved to a group"]
    assert refused_moves(violation.scenario, violation.good) == ()
    assert "1.24e-07 of 1e-07 a year" in refused_moves(violation.scenario, violation.bad)[0]
    # 45 t a quarter of the town's lot are gone when it moves in July, unless work may be two quarters late.
    lines = plan(("L1", "F1", 45.0, 0), ("L1", "F1", 45.0, 1), **order("MOVE", 1))
    loose = replace(
        violation.scenario,
        exposed_sites=tuple(
            e.model_copy(update={"risk_limit_per_year": e.risk_limit_per_year and 1.2e-7})
            for e in violation.scenario.exposed_sites
        ),
    )
    assert refused_moves(loose, lines) == ()
    assert "risk: HAMLET, 2026-07-01" in refused_moves(loose, lines, 2)[0]
    away = measure("MOVE", "move", storehouse_id="H2", to_storehouse_id="H1")
    workers = [e.model_copy(update={"kind": "workers"}) for e in two_groups(5e-8).exposed_sites]
    assert refused_moves(two_groups(measures=(away,), exposed_sites=workers), plan(**order("MOVE"))) == ()
