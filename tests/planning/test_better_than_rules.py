"""The optimiser's plans against the simple rules on 100 scenarios fixed before any was looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.coordinate import LoopOptions, plan_programme
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from optimisation.random_cases import random_scenario

SEEDS = range(201, 301)
"""Seeds 1 to 100 served to find and mend why plans lost; these had not been looked at before."""

YEARS = 4
FRESH = 128
OPTIONS = LoopOptions(teaching=16, choosing=32)
ERRORS = 4.0
"""Standard errors of a paired difference that count as Monte Carlo error, over 100 scenarios, six rules."""


@dataclass(frozen=True)
class Row:
    """Gains over the rule that turns out best, as shares of its harm, of both plans."""

    seed: int
    rule: str
    proposed: float
    chosen: float
    error: float
    source: str


def registered(seed: int) -> Scenario:
    """Return a scenario as it was when the seeds were fixed: without limits on risk, which rules break."""
    scenario = random_scenario(seed, years=YEARS)
    plants = (plant.model_copy(update={"worker_risk_limit_per_year": None}) for plant in scenario.facilities)
    return replace(scenario, facilities=tuple(plants))


def judged(seed: int) -> Row:
    """Return how a scenario's plans do on fresh replications; a rule is judged with hindsight."""
    scenario = registered(seed)
    programme = plan_programme(scenario, simulator(scenario), OPTIONS)
    assert programme.proposed, f"seed {seed}: {programme.notes}"
    plans = {**programme.rules, "proposed": programme.proposed[0], "chosen": programme.plan}
    ensemble = replicate(scenario, plans, FRESH, jobs=1)
    values: dict[str, Floats] = {name: ensemble.objective(name) for name in plans}
    rule = min(programme.rules, key=lambda name: float(np.mean(values[name])))
    whole = float(np.mean(values[rule]))
    gain = {name: (values[rule] - values[name]) / whole for name in ("proposed", "chosen")}
    error = float(np.std(gain["chosen"], ddof=1)) / FRESH**0.5
    means = {name: float(np.mean(value)) for name, value in gain.items()}
    return Row(seed, rule, means["proposed"], means["chosen"], error, programme.plan.source)


def simulator(scenario: Scenario):  # type: ignore[no-untyped-def]
    """Return how the loop simulates, in this process."""

    def simulate(plans: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Sequence[RunResult]]:
        return dict(replicate(scenario, plans, count, first=first, jobs=1, detailed=True).results)

    return simulate


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Return the 100 scenarios' rows, and print what they come to."""
    found = [judged(seed) for seed in SEEDS]
    gains = np.array([row.proposed for row in found])
    print(f"\nmedian gain {np.median(gains):.4f}, quartiles {np.quantile(gains, [0.25, 0.75])}")
    print(f"loss beyond 1%: {[(r.seed, round(r.proposed, 4)) for r in found if r.proposed < -0.01]}")
    print(f"chosen, worst: {min((r.chosen, r.error, r.seed) for r in found)}")
    print(f"a rule was chosen in {sum(row.source != 'milp' for row in found)}")
    return found


@pytest.mark.soak
def test_optimiser_beats_the_best_rule_in_the_median(rows: list[Row]) -> None:
    """Before any fallback the median gain is positive."""
    assert float(np.median([row.proposed for row in rows])) > 0.0


@pytest.mark.soak
def test_optimiser_seldom_loses_to_the_best_rule(rows: list[Row]) -> None:
    """Before any fallback at most 5 of 100 plans lose more than 1% to the best rule."""
    assert sum(row.proposed < -0.01 for row in rows) <= 5


@pytest.mark.soak
def test_chosen_plan_is_never_worse_than_the_best_rule_beyond_its_error(rows: list[Row]) -> None:
    """After choice no plan is worse than the rule that turns out best, beyond Monte Carlo error."""
    worse = [row for row in rows if row.chosen < -ERRORS * row.error]
    assert not worse
