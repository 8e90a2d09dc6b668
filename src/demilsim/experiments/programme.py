"""The main job: plan a programme, then simulate it and its comparators on fresh replications."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from demilsim.errors import SolverError
from demilsim.experiments.ensemble import Ensemble, Progress, replicate
from demilsim.experiments.precision import (
    Case,
    Precision,
    PrecisionReached,
    named_outputs,
    replicate_until,
)
from demilsim.experiments.uncertainty import OPTIMISED, PARAMETER_DRAWS, check_draws, uncertainty
from demilsim.experiments.uncertainty_result import Uncertainty
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import Before, LoopOptions, Programme, plan_programme
from demilsim.planning.explained import Explanation, explained
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult

REPLICATIONS = 400
"""Fresh replications of a run unless the user asks for another number."""


@dataclass(frozen=True)
class ProgrammeOutcome:
    """A planned programme, the ensemble that reports it, and its results under other constants.

    `precision` says how precise the ensemble is, if its size was chosen by that; `explanation` why the plan
    is as it is, if the optimiser made one.
    """

    programme: Programme
    ensemble: Ensemble
    uncertainty: Uncertainty | None = None
    precision: PrecisionReached | None = None
    explanation: Explanation | None = None


def plan_with_simulation(
    scenario: Scenario,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    before: Before | None = None,
) -> Programme:
    """Plan a programme with ensembles on all cores; parameters as in `plan_programme` and `replicate`."""

    def simulate(plans: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Sequence[RunResult]]:
        ensemble = replicate(scenario, plans, count, seed=seed, first=first, jobs=jobs, detailed=True)
        return dict(ensemble.results)

    return plan_programme(scenario, simulate, options, tell, before)


def policies_of(programme: Programme) -> dict[str, DisposalPlan]:
    """Return the policies that a programme is reported with: do-nothing, the rules, the optimised plan."""
    return {"do_nothing": DO_NOTHING, **programme.rules, OPTIMISED: programme.plan}


def _explained(scenario: Scenario, programme: Programme) -> tuple[Programme, Explanation | None]:
    """Return the programme and what explains its plan; where a solver fails, a note says so instead."""
    try:
        return programme, explained(scenario, programme)
    except SolverError as error:
        return replace(programme, notes=(*programme.notes, f"the plan is not explained: {error}")), None


def simulate_plans(
    scenario: Scenario,
    plans: Mapping[str, DisposalPlan],
    replications: int,
    precision: Precision | None = None,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
) -> tuple[Ensemble, PrecisionReached | None]:
    """Simulate plans on some number of replications, or until they are precise.

    Parameters
    ----------
    scenario, plans, seed, jobs, progress
        As in `replicate`.
    replications
        How many, unless `precision` chooses.
    precision
        What is asked of named outputs; differences are optimised - X.
    tell
        Told how precise the outputs are.
    """
    if precision is None:
        return replicate(scenario, plans, replications, seed=seed, jobs=jobs, progress=progress), None
    (ensemble,), reached = replicate_until(
        [Case(scenario, plans)],
        precision,
        lambda found: named_outputs(found[0], precision, OPTIMISED),
        seed=seed,
        jobs=jobs,
        tell=tell,
        progress=progress,
    )
    return ensemble, reached


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
    precision: Precision | None = None,
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
    precision
        Chooses the number of replications instead of `replications`; differences are optimised - X.
    """
    if parameter_draws:
        check_draws(parameter_draws)
    programme = plan_with_simulation(scenario, seed=seed, jobs=jobs, options=options, tell=tell)
    tell("explaining the plan")
    programme, explanation = _explained(scenario, programme)
    plans = policies_of(programme)
    most = f"at most {precision.most}" if precision else f"{replications}"
    tell(f"simulating {len(plans)} policies on {most} fresh replications")
    ensemble, reached = simulate_plans(
        scenario, plans, replications, precision, seed=seed, jobs=jobs, tell=tell, progress=progress
    )
    if not parameter_draws:
        return ProgrammeOutcome(programme, ensemble, None, reached, explanation)
    tell(f"simulating them again under {parameter_draws} draws of what is not known")
    spread = uncertainty(scenario, plans, parameter_draws, seed=seed, jobs=jobs)
    return ProgrammeOutcome(programme, ensemble, spread, reached, explanation)
