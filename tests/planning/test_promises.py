"""What plans promise against what fresh replications deliver, on the scenarios that are shipped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.statistics import paired
from demilsim.optimisation.releases import Waiting, waiting_tranches
from demilsim.plan import DisposalPlan, Floats, PlanLine, PlanningCoefficients
from demilsim.planning.coordinate import Programme
from demilsim.planning.draft import tonnes_left
from demilsim.planning.premises import premises_of
from demilsim.planning.replay import replayed
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.income import Income
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from demilsim.units import CENTS_PER_USD

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path.parent.name for path in SCENARIOS.glob("*/scenario.yaml"))
TOLERANCE = 0.05
FRESH = 200
SWAPS, SWAP_SEED, APART, SWAP_FRESH = 50, 6, 4, 64
"""Swaps, the seed that draws them, least periods between the two lines, and replications."""

OUTCOMES, OUTCOMES_FIRST = 128, 10_000
"""Replications whose chance lines are followed in, and the first of them: none of the fresh ones."""

RESOLVED = 2.0
"""Standard errors beyond which a simulated difference counts as resolved."""


@pytest.fixture(scope="module", params=SHIPPED)
def planned(request: pytest.FixtureRequest) -> tuple[Scenario, Programme]:
    """Return a shipped scenario and its programme."""
    scenario = load_scenario(SCENARIOS / request.param)
    return scenario, plan_with_simulation(scenario)


@pytest.mark.soak
def test_averted_harm_is_as_planned(planned: tuple[Scenario, Programme]) -> None:
    """The harm that the plan averts on fresh replications is within 5% of what was planned."""
    scenario, programme = planned
    assert programme.result is not None
    assert programme.do_nothing_harm is not None
    ensemble = replicate(scenario, {"nothing": DO_NOTHING, "plan": programme.proposed[0]}, FRESH)
    simulated = paired(ensemble.objective("nothing"), ensemble.objective("plan"))
    expected = programme.do_nothing_harm - programme.result.planned_harm
    harm = float(np.mean(ensemble.objective("plan")))
    print(f"\n{scenario.settings.name}: averted {expected:.4f} planned, {simulated} simulated")
    print(f"harm of the plan {programme.result.planned_harm:.4f} planned, {harm:.4f} simulated")
    assert expected == pytest.approx(simulated.mean, rel=TOLERANCE)


def swapped(plan: DisposalPlan, one: int, other: int) -> DisposalPlan:
    """Return a plan in which two lines change places."""
    lines: list[PlanLine] = list(plan.lines)
    first, second = lines[one], lines[other]
    lines[one] = replace(second, priority=first.priority, earliest_period=first.earliest_period)
    lines[other] = replace(first, priority=second.priority, earliest_period=second.earliest_period)
    return replace(plan, lines=tuple(lines))


def drawn_swaps(plan: DisposalPlan) -> list[tuple[int, int]]:
    """Return pairs of lines of one facility that are due at least a year apart, drawn from the seed."""
    lines = plan.lines
    pairs = [
        (i, j)
        for i, a in enumerate(lines)
        for j, b in enumerate(lines)
        if a.facility_id == b.facility_id and b.earliest_period - a.earliest_period >= APART and i < j
    ]
    chosen = np.random.default_rng(SWAP_SEED).choice(len(pairs), min(SWAPS, len(pairs)), replace=False)
    return [pairs[k] for k in chosen]


@dataclass(frozen=True)
class Outcome:
    """Capacity and money of one replication, and the tranches that come in it once a plan has earned them."""

    coefficients: PlanningCoefficients
    waiting: Waiting | None


def outcomes_of(scenario: Scenario, plan: DisposalPlan, known: PlanningCoefficients) -> list[Outcome]:
    """Return capacity and money as replications that nobody is judged on drew them.

    Days of moves count as working days, since the lines that are followed move plant themselves. Money is
    what comes if nothing is earned.
    """
    plans = {"plan": plan, "nothing": DO_NOTHING}
    taught = replicate(scenario, plans, OUTCOMES, first=OUTCOMES_FIRST, detailed=True).results
    world, expected, found = prepare(scenario), waiting_tranches(scenario, known), []
    for with_plan, without in zip(taught["plan"], taught["nothing"], strict=True):
        receipts = without.receipts_cents / CENTS_PER_USD
        days = with_plan.working_days + with_plan.moving_days
        own = replace(known, working_days=days, receipts_usd=receipts)
        income = draw(world, Streams(scenario.settings.seed, with_plan.replication)).income
        found.append(Outcome(own, expected and as_drawn(expected, world, income, receipts)))
    return found


def as_drawn(expected: Waiting, world: World, income: Income, receipts_usd: Floats) -> Waiting:
    """Return tranches that wait for a milestone with what each brings, and when, in one replication."""
    assert not expected.matches, "what a tranche is matched with is not counted here"
    starts = np.array(world.days[:-1])
    at_release, later = np.zeros_like(expected.at_release_usd), np.zeros_like(expected.later_usd)
    for promise in income.promises:
        tranche = world.scenario.tranches[promise.tranche]
        row, usable = expected.ids.index(tranche.tranche_id), int(np.searchsorted(starts, promise.day))
        for period, start in enumerate(starts[usable:].tolist(), start=usable):
            receipt = income.receipt(world, tranche, promise.fund, max(promise.day, start))
            at_release[row, period] = receipt.gross_cents / CENTS_PER_USD
        later[row, usable : usable + 1] = at_release[row, usable : usable + 1]
    return replace(expected, at_release_usd=at_release, later_usd=later, base_usd=receipts_usd)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sign_of_swaps_is_as_predicted(planned: tuple[Scenario, Programme]) -> None:
    """Of 50 swaps of two lines, nine in ten with a difference that simulation resolves go as predicted.

    Predicted is the mean of planning harm over outcomes of capacity and money, in each of which the lines are
    followed: swaps change so little that what lines wait for decides the sign.
    """
    scenario, programme = planned
    plan, coefficients = programme.proposed[0], programme.coefficients
    premises = premises_of(scenario, coefficients)
    harm, options = premises.harm, premises.options
    outcomes = outcomes_of(scenario, plan, coefficients)

    def predicted(trial: DisposalPlan) -> float:
        return float(np.mean([followed(trial, outcome) for outcome in outcomes]))

    def followed(trial: DisposalPlan, outcome: Outcome) -> float:
        expected = replace(premises, coefficients=outcome.coefficients)
        draft, _ = replayed(trial, expected, waiting=outcome.waiting)
        accidents = sum(
            p.mass_t * float(options.accident_harm_per_t[p.lot, p.facility]) for p in draft.pieces
        )
        return harm.total(tonnes_left(scenario, draft.pieces)) + accidents

    trials = {str(k): swapped(plan, i, j) for k, (i, j) in enumerate(drawn_swaps(plan))}
    ensemble = replicate(scenario, {"plan": plan, **trials}, SWAP_FRESH)
    base, right = predicted(plan), []
    for name, trial in trials.items():
        found = ensemble.objective(name) - ensemble.objective("plan")
        if abs(float(np.mean(found))) > RESOLVED * float(np.std(found, ddof=1)) / SWAP_FRESH**0.5:
            right.append((predicted(trial) > base) == (float(np.mean(found)) > 0.0))
    print(f"\n{scenario.settings.name}: {sum(right)} of {len(right)} resolved swaps right, of {len(trials)}")
    assert len(right) >= 10
    assert sum(right) >= 0.9 * len(right)
