"""Scenarios side by side: each planned on its own, all simulated on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from demilsim.errors import DemilsimError
from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.precision import (
    Case,
    Output,
    Precision,
    PrecisionReached,
    named_outputs,
    replicate_until,
)
from demilsim.experiments.programme import (
    ProgrammeOutcome,
    plan_with_simulation,
    policies_of,
    run_programme,
)
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
    precision
        How precise the named outputs are, if the number of replications was chosen by that.
    """

    names: tuple[str, ...]
    outcomes: tuple[ProgrammeOutcome, ...]
    precision: PrecisionReached | None = None

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
    precision: Precision | None = None,
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
    precision
        Chooses the number of replications, the same for all, instead of `replications`; differences are
        those from the first scenario, same policy.
    """
    if len(scenarios) < 2:
        raise DemilsimError(f"compare: expected two scenarios or more (got {len(scenarios)})")
    root = scenarios[0].settings.seed if seed is None else seed
    names: list[str] = []
    for scenario in scenarios:
        name = scenario.settings.name
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    outcomes = []
    if precision is None:
        for name, scenario in zip(names, scenarios, strict=True):
            tell(f"scenario {name}")
            outcomes.append(
                run_programme(
                    scenario, replications, seed=root, jobs=jobs, options=options, parameter_draws=0
                )
            )
        return Comparison(tuple(names), tuple(outcomes))
    programmes = []
    for name, scenario in zip(names, scenarios, strict=True):
        tell(f"scenario {name}")
        programmes.append(plan_with_simulation(scenario, seed=root, jobs=jobs, options=options))
    cases = [Case(s, policies_of(p)) for s, p in zip(scenarios, programmes, strict=True)]
    ensembles, reached = replicate_until(
        cases, precision, lambda found: _outputs(names, found, precision), seed=root, jobs=jobs, tell=tell
    )
    outcomes = [ProgrammeOutcome(p, e) for p, e in zip(programmes, ensembles, strict=True)]
    return Comparison(tuple(names), tuple(outcomes), reached)


def _outputs(names: Sequence[str], found: Sequence[Ensemble], precision: Precision) -> list[Output]:
    """Return the named outputs: of every scenario and policy, and of differences from the first scenario."""
    own = replace(precision, targets=tuple(t for t in precision.targets if not t.difference))
    outputs = []
    for name, ensemble in zip(names, found, strict=True):
        outputs += named_outputs(ensemble, own, None, f"{name}: ")
        if ensemble is found[0]:
            continue
        for target in (t for t in precision.targets if t.difference):
            for policy in ensemble.plans:
                values = ensemble.values(policy, target.response) - found[0].values(policy, target.response)
                told = f"{policy}: {name} - {names[0]}"
                outputs.append(Output(told, target.response, target.share, values))
    return outputs
