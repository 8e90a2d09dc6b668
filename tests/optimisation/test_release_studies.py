"""What studies make of tranches that wait: they keep what is released, leave it open, or say so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.facilities import facilities_under_draws
from demilsim.experiments.frontier import frontier
from demilsim.experiments.programme import plan_with_simulation
from demilsim.optimisation.alternatives import alternatives
from demilsim.optimisation.explain import Explainer
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import joined
from demilsim.optimisation.measures import measure_orders
from demilsim.optimisation.plan_model import plan_model
from demilsim.optimisation.prices import limit_prices
from demilsim.optimisation.releases import (
    counted_on,
    waiting_tranches,
    with_expected_releases,
)
from demilsim.optimisation.reoptimised import strings
from demilsim.optimisation.solve import solve
from demilsim.optimisation.status import InOrder
from demilsim.plan import ObservedState
from demilsim.planning import coordinate
from demilsim.planning.coordinate import LoopOptions
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.remaining import remaining_scenario
from demilsim.planning.rules import nominal_coefficients
from demilsim.reporting.facilities import sentences
from optimisation.instances import PERSONS, build_or_not
from optimisation.waiting import EXACT, bait, linear_model, planned, problems_of, task_of
from worlds import (
    fund,
    measure,
    tranche,
    village,
)


def test_least_cost_does_not_work_for_money_it_does_not_need() -> None:
    """A twentieth of the harm is averted for less than the work that the tranche asks for would cost."""
    scenario = bait()
    wanted = InOrder("cost", 0.0, averting=0.05)
    result = planned(scenario, bound_steps=0, in_order=wanted)
    assert result.releases == ()
    assert result.cost_usd is not None
    assert result.cost_usd < 7_000.0
    assert problems_of(scenario, flow_plan(scenario, result), result.releases) == ()
    first = planned(scenario, bound_steps=0, in_order=InOrder("harm", 0.0))
    assert first.releases == (("M", 1),)
    assert problems_of(scenario, flow_plan(scenario, first), first.releases) == ()


def test_prices_and_alternatives_keep_what_is_released() -> None:
    """Shadow prices, alternatives and strings of funds are those of the plan with its releases."""
    scenario = bait()
    known = nominal_coefficients(scenario)
    result = planned(scenario, bound_steps=0)
    at = plan_model(scenario, known, result)
    assert at.task.releases == result.releases
    assert at.total == pytest.approx(result.planned_harm, rel=1e-6)
    duals = at.lp.duals(at.model.cost)
    assert duals is not None
    assert any(price.family == "budget" for price in limit_prices(at, duals))
    earned = at.row_names.index("earned_m_2026q2")
    # A tonne less for the milestone frees 900 USD for shells.
    assert duals.row[earned] < 0.0
    explainer = Explainer(at, duals)
    shells, rounds = (explainer.reason(int(at.task.groups.group_of_lot[lot]), 0, 0) for lot in (0, 1))
    assert shells is not None
    assert rounds is not None
    assert shells.why_now == "it starts at once"
    assert rounds.why_now == "it averts nothing itself, but its tonnes release money that waits for them"
    for other in alternatives(at):
        assert float(other.paid_usd.sum()) <= 80_000.0 + 1e-3
    strings(at, duals)


def test_measures_may_be_paid_with_what_is_released() -> None:
    """A measure for 40,000 USD asks for the release: without it 20,000 are there."""
    level = measure("RRPL", level=2, cost_usd=40_000.0)
    scenario = bait(measures=(level,), horizon_years=3)
    task = task_of(scenario)
    problem = task.yearly_problem()
    orders = measure_orders(task, problem)
    assert orders is not None
    measured = MeasureProblem(problem, orders)
    model = joined(linear_model(problem, task), measured)
    ordering = np.zeros(model.cost.size)
    ordering[measured.order_offset : measured.payment_offset] = -1.0
    found = solve(replace(model, cost=ordering), EXACT)
    assert found.values is not None
    assert problem.releases_of(found.values[: len(problem.columns.names)]) != ()
    upper = model.columns.upper.copy()
    upper[problem.release_offset] = 0.0
    upper[problem.release_offset + 1] = 0.0
    kept_back = replace(model, cost=ordering, columns=replace(model.columns, upper=upper))
    assert solve(kept_back, EXACT).objective == pytest.approx(model.constant)


def test_plan_with_measures_and_releases_passes_its_audit() -> None:
    """A level at a price that is worth it is taken beside the release, and all money is there in time."""
    crowd = (village(persons=10.0 * PERSONS),)
    scenario = bait(measures=(measure("RRPL", level=2, cost_usd=5_000.0),), exposed_sites=crowd)
    result = planned(scenario, bound_steps=2)
    assert result.measures
    assert result.releases
    assert problems_of(scenario, flow_plan(scenario, result), result.releases) == ()
    assert result.best_bound <= result.planned_harm


def test_learned_money_of_funds_with_milestones_stays_expected() -> None:
    """What a simulated plan released says nothing of another plan; of other funds the simulation teaches."""
    match = fund("MATCH", matches_funds=("HOST",), match_ratio=0.5)
    scenario = bait(funds=(fund(), match, fund("OWN")), tranches=(*bait().tranches, tranche("T3", "OWN")))
    known = nominal_coefficients(scenario)
    taught = with_expected_releases(scenario, replace(known, receipts_usd=0.5 * known.receipts_usd))
    assert taught.receipts_usd[:2].tolist() == known.receipts_usd[:2].tolist()
    assert taught.receipts_usd[2].tolist() == (0.5 * known.receipts_usd[2]).tolist()


def test_frontier_asks_for_no_release() -> None:
    """At little harm averted its points cost less than the work that the tranche asks for."""
    scenario = bait()
    cheap = frontier(scenario, shares=(0.05, 1.0)).points[-1]
    assert cheap.cost_usd < 7_000.0


def test_choice_of_facilities_before_draws_leaves_waiting_money_aside() -> None:
    """In a draw nothing is done: the study counts on nothing that waits, and says so."""
    waiting = tranche("M", "US", amount_usd=80_000.0, due="2026-10-01", milestone_destroyed_t=20.0)
    scenario = build_or_not(tranches=(*build_or_not().tranches, waiting))
    outcome = facilities_under_draws(scenario, count=2, batches=0)
    assert sentences(outcome)[-1].startswith("Money that waits for a milestone is left aside")
    plain = facilities_under_draws(build_or_not(), count=2, batches=0)
    assert outcome.worth.stochastic.objective == pytest.approx(plain.worth.stochastic.objective)


def test_renewal_sees_no_milestones() -> None:
    """What is left of a scenario has its tranches as the first plan expected them, without milestones."""
    scenario = bait()
    seen = ObservedState(
        period=1,
        remaining_g=np.array([80_000_000, 100_000_000]),
        available_usd=np.array([1.0]),
        commissioned=np.array([-1]),
    )
    left = remaining_scenario(scenario, seen)
    assert waiting_tranches(left, nominal_coefficients(left)) is None


def test_the_loop_plans_for_the_release_and_receives_it() -> None:
    """Chosen by simulation: rounds that avert nothing go first and say why, and their money then comes."""
    scenario = bait()
    options = LoopOptions(teaching=4, choosing=8, baseline=8)
    programme = plan_with_simulation(scenario, jobs=1, options=options)
    assert programme.plan.source == "milp"
    assert programme.result is not None
    assert programme.result.releases == (("M", 1),)
    assert not any("audit" in note for note in programme.notes)
    reasons = {line.reason for line in programme.plan.lines if line.lot_id == "ROUNDS"}
    assert all(reason.endswith("its tonnes count for money that waits") for reason in reasons)
    runs = replicate(scenario, {"plan": programme.plan}, 8, jobs=1).results["plan"]
    received = np.mean([run.receipts_cents for run in runs], axis=0) / 100
    counted = counted_on(scenario, programme.coefficients, programme.result.releases)
    assert received == pytest.approx(counted.receipts_usd, abs=0.011)


def test_loop_refuses_a_plan_that_does_not_earn_what_it_counts_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that says that it releases the tranche, without the work for it, is refused by its audit."""
    scenario = bait()
    empty = planned(bait(tranches=bait().tranches[:1]), bound_steps=0)
    lying = replace(empty, releases=(("M", 1),))
    monkeypatch.setattr(coordinate, "optimise", lambda *_, **__: lying)
    options = LoopOptions(teaching=2, choosing=2, baseline=2)
    programme = plan_with_simulation(scenario, jobs=1, options=options)
    assert programme.plan.source.startswith("rule:")
    assert any("the audit refuses" in note and "M waits for 50.0 t" in note for note in programme.notes)
