"""Searches near known plans: mixtures of plans by their own slopes, and variants against full searches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.audit import audit
from demilsim.optimisation.hull import Mixture, descend_between
from demilsim.optimisation.kept import KeptModel
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.sequential import descend, largest_part, vertex_start
from demilsim.optimisation.solve import PlanStatus, SolveOptions
from demilsim.plan import Commissioning, DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario
from optimisation.instances import (
    build_or_not,
    coefficients,
    lot_plan,
    three_towns,
    three_towns_in_quarters,
    two_towns,
)
from optimisation.random_cases import random_scenario
from worlds import tranche

NEAR = SolveOptions(bound_steps=0, near=True)
SEEDS = (0, 1, 2, 3)


@pytest.fixture(scope="module")
def stage() -> tuple[Model, PlanningHarm, KeptModel]:
    """Return three sites in quarters, the kiln ordered at the start."""
    return three_towns_in_quarters()


def starts(stage: tuple[Model, PlanningHarm, KeptModel]) -> tuple[Floats, Floats]:
    """Return the best linear plan, and the one that does nothing."""
    model, harm, kept = stage
    vertex = vertex_start(kept, model.cost[: harm.flows], model.cost.size)
    idle = largest_part(kept, np.zeros(harm.flows), model.columns.upper)
    assert vertex is not None
    assert idle is not None
    return vertex, idle


def test_harm_and_slopes_of_a_mixture_are_those_of_its_flows(
    stage: tuple[Model, PlanningHarm, KeptModel],
) -> None:
    """At any weights: the exact harm of the mixed flows, and slopes as difference quotients have them."""
    harm = stage[1]
    vertex, idle = starts(stage)
    mixture = Mixture(harm, idle)
    mixture._plans = np.vstack([idle, vertex])
    parts = [mixture._parts(plan) for plan in (idle, vertex)]
    mixture._neq_kg, mixture._ageing = (np.array([part[i] for part in parts]) for i in (0, 1))
    mixture._accidents = np.array([part[2] for part in parts])
    for share in (0.1, 0.5, 0.8):
        weights = np.array([1.0 - share, share])
        total, slopes = mixture.harm_at(weights)
        mixed = weights @ mixture._plans
        assert total == pytest.approx(harm.total(mixed[: harm.flows]), rel=1e-9)
        step = np.array([-1e-5, 1e-5])
        quotient = (mixture.harm_at(weights + step)[0] - mixture.harm_at(weights - step)[0]) / 2e-5
        assert float(slopes @ np.array([-1.0, 1.0])) == pytest.approx(quotient, rel=1e-3)


def test_steps_between_plans_never_rise_and_keep_the_rows(
    stage: tuple[Model, PlanningHarm, KeptModel],
) -> None:
    """From either start harm falls to where it is told to be, within the rows, and stops by itself."""
    model, harm, kept = stage
    for start in starts(stage):
        found = descend_between(kept, harm, Mixture(harm, start), 60)
        assert found.status is PlanStatus.OPTIMAL
        assert np.all(np.diff(found.harm) <= 0.0)
        assert found.harm[-1] < found.harm[0]
        assert harm.total(found.values[: harm.flows]) == pytest.approx(found.harm[-1], rel=1e-12)
        assert model.violations(found.values) == ()


def test_mixtures_need_fewer_steps_than_lines(stage: tuple[Model, PlanningHarm, KeptModel]) -> None:
    """Where 40 lines from doing nothing lead, mixtures are after 15 LPs, but for 0.1% of harm averted."""
    _, harm, kept = stage
    idle = starts(stage)[1]
    lines = descend(kept, harm, idle, 40).harm[-1]
    mixed = descend_between(kept, harm, Mixture(harm, idle), 15).harm[-1]
    assert mixed <= lines + 1e-3 * (harm.do_nothing - lines)


def test_a_point_that_no_plan_betters_stays(stage: tuple[Model, PlanningHarm, KeptModel]) -> None:
    """A plan that is worse than the mixture joins without weight, and nothing moves."""
    harm = stage[1]
    vertex, idle = starts(stage)
    mixture = Mixture(harm, vertex)
    mixture.join(idle)
    assert mixture.total <= harm.total(vertex[: harm.flows])
    again = mixture.total
    mixture.join(vertex)
    assert mixture.total <= again
    assert mixture.values == pytest.approx(vertex, abs=1e-6 * max(1.0, float(vertex.max())))


@pytest.mark.parametrize("seed", SEEDS)
def test_near_a_plan_nothing_is_worse_than_it(seed: int) -> None:
    """With more money, the plan near one that is known is at least as good, and passes the audit."""
    scenario = random_scenario(seed)
    known = coefficients(scenario)
    poor = replace(known, receipts_usd=0.5 * known.receipts_usd)
    before = optimise(scenario, poor, options=SolveOptions(bound_steps=0))
    for options in (NEAR, replace(NEAR, milp=False), replace(NEAR, bound_steps=3)):
        found = optimise(scenario, known, start=lot_plan(scenario, before), options=options)
        assert found.planned_harm <= before.planned_harm * (1.0 + 1e-9)
        assert audit(scenario, lot_plan(scenario, found), known) == ()


@pytest.mark.parametrize("scenario", [two_towns(), three_towns(), build_or_not()])
def test_near_a_plan_of_less_money_as_good_as_a_full_search(scenario: Scenario) -> None:
    """From the plan of half the money, 99% of what a full search averts is averted with all of it."""
    known = coefficients(scenario)
    poor = replace(known, receipts_usd=0.5 * known.receipts_usd)
    before = optimise(scenario, poor, options=SolveOptions(bound_steps=0))
    full = optimise(scenario, known)
    near = optimise(scenario, known, start=lot_plan(scenario, before), options=replace(NEAR, bound_steps=8))
    averted = full.do_nothing_harm - full.planned_harm
    assert near.planned_harm <= full.planned_harm + 0.01 * averted
    assert near.best_bound == -np.inf
    assert "no bound on exact harm was computed" in near.notes


def test_orders_that_cannot_be_paid_are_put_off_until_they_can() -> None:
    """The kiln of a plan is ordered in the first quarter; money for it that comes in July orders it then."""
    scenario = build_or_not(
        tranches=(
            tranche("T1", "US", amount_usd=120_000.0, due="2026-07-01"),
            tranche("T3", "EU", amount_usd=50_000.0, due="2026-07-01"),
        )
    )
    start = DisposalPlan("now", "rule:now", (), (Commissioning("KILN", 0),))
    options = replace(NEAR, milp=False)
    found = optimise(scenario, coefficients(scenario), start=start, options=options)
    assert found.commissionings == (Commissioning("KILN", 2),)
    assert "no MILP was solved: commissionings are those of plans that were given" in found.notes
    never = replace(scenario, tranches=scenario.tranches[:1])
    never = replace(never, tranches=(never.tranches[0].model_copy(update={"amount_usd": 1_000.0}),))
    assert optimise(never, coefficients(never), start=start, options=options).commissionings == ()


def test_without_a_plan_there_is_nothing_to_be_near() -> None:
    """Asked to search near plans and given none, the optimiser searches in full."""
    scenario = three_towns()
    known = coefficients(scenario)
    near = optimise(scenario, known, options=NEAR)
    full = optimise(scenario, known, options=replace(NEAR, near=False))
    assert near.planned_harm == full.planned_harm
    assert near.commissionings == full.commissionings


def test_where_nothing_can_be_moved_nothing_is_searched() -> None:
    """Without a working day there is no flow to relax; doing nothing is the plan."""
    scenario = two_towns()
    known = coefficients(scenario)
    idle = replace(known, working_days=0.0 * known.working_days)
    start = DisposalPlan("nothing", "none")
    found = optimise(scenario, idle, start=start, options=replace(NEAR, bound_steps=3))
    assert found.planned_harm == found.do_nothing_harm
    assert found.flows.tonnes.size == 0
