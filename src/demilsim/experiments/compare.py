"""Scenarios side by side: each planned on its own, all simulated on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demilsim.errors import DemilsimError
from demilsim.experiments.ensemble import Response
from demilsim.experiments.programme import ProgrammeOutcome, run_programme
from demilsim.experiments.statistics import Estimate, paired
from demilsim.planning.coordinate import LoopOptions
from demilsim.scenario.scenario import Scenario

COMPARED = (
    Response.EXPECTED_FATALITIES,
    Response.EXPECTED_PUBLIC,
    Response.EXPECTED_WORKERS,
    Response.EXPLOSIONS,
    Response.DESTROYED,
    Response.COST,
)


@dataclass(frozen=True)
class Comparison:
    """Several scenarios, the first of which is the reference.

    Parameters
    ----------
    names
        Of the scenarios.
    outcomes
        In the same order.
    """

    names: tuple[str, ...]
    outcomes: tuple[ProgrammeOutcome, ...]

    def estimate(self, index: int, policy: str, response: Response) -> Estimate:
        """Return a mean with its half-width."""
        return self.outcomes[index].ensemble.estimate(policy, response)

    def difference(self, index: int, policy: str, response: Response) -> Estimate:
        """Return the paired difference of a scenario from the first, same policy, same replications.

        Draws are keyed by the ids of lots, storehouses and facilities, so that what two scenarios share is
        simulated with the same chance.
        """
        own = self.outcomes[index].ensemble.values(policy, response)
        return paired(own, self.outcomes[0].ensemble.values(policy, response))


def compare(
    scenarios: Sequence[Scenario],
    replications: int = 200,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Plan and simulate scenarios side by side.

    Parameters
    ----------
    scenarios
        Two or more; names may repeat and are then numbered.
    replications
        Fresh replications of each, the same for all.
    seed
        Root seed of all; the first scenario's by default.
    jobs, options, tell
        As in `run_programme`.
    """
    if len(scenarios) < 2:
        raise DemilsimError(f"compare: expected two scenarios or more (got {len(scenarios)})")
    root = scenarios[0].settings.seed if seed is None else seed
    names: list[str] = []
    outcomes = []
    for scenario in scenarios:
        name = scenario.settings.name
        name = name if name not in names else f"{name} ({len(names) + 1})"
        tell(f"scenario {name}")
        names.append(name)
        outcomes.append(
            run_programme(scenario, replications, seed=root, jobs=jobs, options=options, parameter_draws=0)
        )
    return Comparison(tuple(names), tuple(outcomes))
