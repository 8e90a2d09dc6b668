"""What plans promise against what fresh replications deliver, on the scenarios that are shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.statistics import paired
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.plan import DisposalPlan, PlanLine, PlanningCoefficients
from demilsim.planning.coordinate import Programme
from demilsim.planning.draft import tonnes_left
from demilsim.planning.learned import learned_coefficients
from demilsim.planning.replay import replayed
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SHIPPED = sorted(path.parent.name for path in SCENARIOS.glob("*/scenario.yaml"))
TOLERANCE = 0.05
FRESH = 200
SWAPS, SWAP_SEED, APART, SWAP_FRESH = 50, 6, 4, 64
"""Swaps, the seed that draws them, least periods between the two lines, and replications."""

TAUGHT, TAUGHT_FIRST = 128, 10_000
"""Replications that teach what capacity and money may come to, and the first of them: none of the fresh ones.

Seen with seed 6 on central-asia: 31 of 38 right by mean capacity and money, 34 over 16 or 32 outcomes, 36
over 128. Then, not looked at before, seeds 7 to 10: 138 of 157 by the means, 143 over 128 outcomes. Since
plans release tranches (decision 0044), on another plan: 33 of 38 with seed 6, and 76 of 80 with 7 and 8.
Replay takes money as given, and a swap may delay a tranche that waits for spending.
"""

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


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sign_of_swaps_is_as_predicted(planned: tuple[Scenario, Programme]) -> None:
    """Of 50 swaps of two lines, nine in ten with a difference that simulation resolves go as predicted.

    Predicted is the mean of planning harm over what capacity and money may come to: swaps change so little
    that what lines wait for, one outcome at a time, decides the sign.
    """
    scenario, programme = planned
    plan, factor = programme.proposed[0], programme.coefficients.harm_factor
    harm, options = stock_harm(scenario).with_factor(factor), disposal_options(scenario)
    taught = replicate(scenario, {"plan": plan}, TAUGHT, first=TAUGHT_FIRST, detailed=True)
    outcomes = [
        replace(learned_coefficients([result], programme.coefficients), harm_factor=factor)
        for result in taught.results["plan"]
    ]

    def by_replay(trial: DisposalPlan, outcome: PlanningCoefficients) -> float:
        pieces = replayed(trial, scenario, outcome, harm, options).pieces
        accidents = sum(p.mass_t * float(options.accident_harm_per_t[p.lot, p.facility]) for p in pieces)
        return harm.total(tonnes_left(scenario, pieces)) + accidents

    def predicted(trial: DisposalPlan) -> float:
        return float(np.mean([by_replay(trial, outcome) for outcome in outcomes]))

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
