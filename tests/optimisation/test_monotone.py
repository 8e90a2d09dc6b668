"""More money, more time, or a string less: planned harm never rises, each plan begun from the one before.

Plans are handed on in whole grams, which is all that harm may rise by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.reoptimised import tied, untied
from demilsim.optimisation.solve import SolveOptions
from demilsim.plan import PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from optimisation.instances import build_or_not, coefficients, lot_plan, three_towns, two_towns
from optimisation.random_cases import random_scenario

GRAMS = 1e-5
"""Share of harm averted that rounding to grams may cost [1]."""

FEW, STEPS = (0.4, 1.0, 3.0), (0.4, 0.7, 1.0, 1.6, 3.0)
WORLDS: tuple[Callable[[], Scenario], ...] = (two_towns, build_or_not, three_towns)
FAST, SOAK = range(2), range(12)
OPTIONS = SolveOptions(bound_steps=4)


def check_chain(cases: list[tuple[Scenario, PlanningCoefficients]]) -> None:
    """Check that planned harm does not rise along cases of which each allows all that the one before did."""
    start, before, averted = None, float("inf"), 0.0
    for scenario, known in cases:
        result = optimise(scenario, known, start=start, options=OPTIONS)
        averted = max(averted, result.do_nothing_harm - result.planned_harm)
        assert result.planned_harm <= before + GRAMS * averted
        before, start = result.planned_harm, lot_plan(scenario, result)


def check_scenario(scenario: Scenario, steps: tuple[float, ...] = STEPS) -> None:
    """Check money, time and strings of a scenario; the first two at some shares of what it has."""
    known = coefficients(scenario)
    check_chain([(scenario, replace(known, receipts_usd=s * known.receipts_usd)) for s in steps])
    check_chain([(scenario, replace(known, working_days=s * known.working_days)) for s in steps])
    free, cases = scenario, [(scenario, known)]
    for fund in scenario.funds:
        if tied(fund):
            free = untied(free, fund.fund_id)
            cases.append((free, known))
    check_chain(cases)


@pytest.mark.parametrize("world", WORLDS)
def test_more_is_never_worse(world: Callable[[], Scenario]) -> None:
    """On three small worlds, one with a kiln that money decides on."""
    check_scenario(world(), FEW)


@pytest.mark.parametrize("seed", FAST)
def test_more_is_never_worse_on_random_programmes(seed: int) -> None:
    """On random programmes, most of them with earmarks."""
    check_scenario(random_scenario(seed), FEW)


@pytest.mark.soak
@pytest.mark.parametrize("world", WORLDS)
def test_more_is_never_worse_at_smaller_steps(world: Callable[[], Scenario]) -> None:
    """On the small worlds, at more shares of money and time."""
    check_scenario(world())


@pytest.mark.soak
@pytest.mark.parametrize("seed", SOAK)
def test_more_is_never_worse_on_many_programmes(seed: int) -> None:
    """The same on more of them."""
    check_scenario(random_scenario(seed))
