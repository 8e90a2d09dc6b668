"""The main job: plan a programme, then simulate it and its comparators on fresh replications."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from demilsim.experiments.ensemble import Ensemble, Progress, replicate
from demilsim.experiments.uncertainty import PARAMETER_DRAWS, Uncertainty, check_draws, uncertainty
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import LoopOptions, Programme, plan_programme
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult

REPLICATIONS = 400
"""Fresh replications of a run unless the user asks for another number."""


@dataclass(frozen=True)
class ProgrammeOutcome:
    """A planned programme, the ensemble that reports it, and its results under other constants."""

    programme: Programme
    ensemble: Ensemble
    uncertainty: Uncertainty | None = None


def plan_with_simulation(
    scenario: Scenario,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Programme:
    """Plan a programme with ensembles on all cores."""

    def simulate(plans: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Sequence[RunResult]]:
        ensemble = replicate(scenario, plans, count, seed=seed, first=first, jobs=jobs, detailed=True)
        return dict(ensemble.results)

    return plan_programme(scenario, simulate, options, tell)


def run_programme(
    scenario: Scenario,
    replications: int = REPLICATIONS,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
    parameter_draws: int = PARAMETER_DRAWS,
) -> ProgrammeOutcome:
    """Plan, then simulate do-nothing, the rules and the optimised plan on common, fresh replications.

    Parameters
    ----------
    scenario
        The scenario.
    replications
        Fresh replications, >= 2 for half-widths.
    seed, jobs
        As in `replicate`.
    options
        How the planning loop runs.
    tell, progress
        Told what is being done, and of finished replications.
    parameter_draws
        Draws of what is not known under which the same plans are simulated again, 0 for none, else >= 2.
    """
    if parameter_draws:
        check_draws(parameter_draws)
    programme = plan_with_simulation(scenario, seed=seed, jobs=jobs, options=options, tell=tell)
    plans = {"do_nothing": DO_NOTHING, **programme.rules, "optimised": programme.plan}
    tell(f"simulating {len(plans)} policies on {replications} fresh replications")
    ensemble = replicate(scenario, plans, replications, seed=seed, jobs=jobs, progress=progress)
    if not parameter_draws:
        return ProgrammeOutcome(programme, ensemble)
    tell(f"simulating them again under {parameter_draws} draws of what is not known")
    spread = uncertainty(scenario, plans, parameter_draws, seed=seed, jobs=jobs)
    return ProgrammeOutcome(programme, ensemble, spread)
