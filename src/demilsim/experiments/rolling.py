"""A plan carried out as it was made, against the same plan renewed every year, on the same replications."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demilsim.experiments.ensemble import Ensemble, Progress, Response, replicate
from demilsim.experiments.programme import plan_with_simulation
from demilsim.experiments.statistics import Estimate, estimate, paired
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.optimisation.releases import counted_on
from demilsim.planning.coordinate import LoopOptions, Programme
from demilsim.planning.rolling import ROLLING, Rolling
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.renewal import Renewal
from demilsim.units import MONTHS_PER_YEAR, PERIOD_MONTHS

REPLICATIONS = 50
"""Fresh replications unless the user asks for another number."""


@dataclass(frozen=True)
class RollingOutcome:
    """A programme, and do-nothing, its plan and its plan renewed, on fresh common random numbers."""

    programme: Programme
    ensemble: Ensemble
    every_periods: int

    def difference(self, response: Response) -> Estimate:
        """Return the paired difference optimised - rolling of a response."""
        return self.ensemble.difference(OPTIMISED, ROLLING, response)

    def objective(self, policy: str) -> Estimate:
        """Return the simulated planning objective of a policy [weighted persons]."""
        return estimate(self.ensemble.objective(policy))

    def objective_difference(self) -> Estimate:
        """Return the paired difference optimised - rolling of the planning objective [weighted persons]."""
        return paired(self.ensemble.objective(OPTIMISED), self.ensemble.objective(ROLLING))


def static_against_rolling(
    scenario: Scenario,
    replications: int = REPLICATIONS,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
) -> RollingOutcome:
    """Plan once; then simulate the plan as it is, and as it becomes if it is renewed every year.

    Parameters
    ----------
    scenario
        The scenario.
    replications
        Fresh replications, >= 2 for half-widths. A renewal takes about a second on a large scenario.
    seed, jobs, options, tell, progress
        As in `programme.run_programme`.
    """
    programme = plan_with_simulation(scenario, seed=seed, jobs=jobs, options=options, tell=tell)
    every = MONTHS_PER_YEAR // PERIOD_MONTHS[scenario.settings.period]
    result, plan = programme.result, programme.plan
    releases = result.releases if result is not None and plan.source == result.source else None
    policy = Rolling(scenario, plan, counted_on(scenario, programme.coefficients, releases))
    tell(f"simulating the plan, static and renewed every year, on {replications} fresh replications")
    ensemble = replicate(
        scenario,
        {"do_nothing": DO_NOTHING, OPTIMISED: programme.plan, ROLLING: programme.plan},
        replications,
        seed=seed,
        jobs=jobs,
        progress=progress,
        renewals={ROLLING: Renewal(policy, every)},
    )
    return RollingOutcome(programme, ensemble, every)
