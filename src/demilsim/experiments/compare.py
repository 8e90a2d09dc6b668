"""Scenarios and plans side by side, all simulated on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from demilsim.errors import DemilsimError
from demilsim.experiments.comparison_draws import DrawComparison, compare_under_draws
from demilsim.experiments.comparison_outputs import AlternativeOutputs, outputs_of
from demilsim.experiments.ensemble import Ensemble, Response, replicate
from demilsim.experiments.precision import (
    Case,
    Output,
    Precision,
    PrecisionReached,
    named_outputs,
    replicate_until,
)
from demilsim.experiments.programme import plan_with_simulation, policies_of
from demilsim.experiments.statistics import Estimate, paired
from demilsim.experiments.uncertainty import OPTIMISED, check_draws
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import LoopOptions, Programme
from demilsim.scenario.scenario import Scenario

COMPARED = (
    Response.EXPECTED_FATALITIES,
    Response.EXPECTED_PUBLIC,
    Response.EXPECTED_WORKERS,
    Response.EXPLOSIONS,
    Response.DESTROYED,
    Response.COST,
)

Plans = Mapping[str, DisposalPlan | None]
"""Plans of a scenario by name; None is the optimiser's."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A scenario with one of its plans: what a planner chooses between.

    Parameters
    ----------
    name
        Different from those of all others.
    scenario
        Number of the scenario.
    policy
        Name of the plan in the scenario's ensemble.
    """

    name: str
    scenario: int
    policy: str


@dataclass(frozen=True)
class Comparison:
    """Alternatives, the first of which is the reference.

    Parameters
    ----------
    names
        Of the scenarios.
    ensembles
        Of the scenarios, in the same order.
    programmes
        Likewise; None where nothing was optimised.
    alternatives
        What is compared, in order.
    outputs
        Of each alternative.
    seed
        Root seed of all.
    precision
        How precise the named outputs are, if the number of replications was chosen by that.
    draws
        The alternatives under draws of what is not known, if any.
    """

    names: tuple[str, ...]
    ensembles: tuple[Ensemble, ...]
    programmes: tuple[Programme | None, ...]
    alternatives: tuple[Alternative, ...]
    outputs: tuple[AlternativeOutputs, ...]
    seed: int
    precision: PrecisionReached | None = None
    draws: DrawComparison | None = None

    @property
    def replications(self) -> int:
        """Replications of every alternative."""
        return len(next(iter(self.ensembles[0].results.values())))

    def plan(self, index: int) -> DisposalPlan:
        """Return the plan of an alternative."""
        chosen = self.alternatives[index]
        return self.ensembles[chosen.scenario].plans[chosen.policy]

    def estimate(self, index: int, policy: str, response: Response) -> Estimate:
        """Return a mean with its half-width, of a scenario's policy."""
        return self.ensembles[index].estimate(policy, response)

    def difference(self, index: int, policy: str, response: Response) -> Estimate | None:
        """Return the paired difference of a scenario from the first, same policy, same replications.

        None if the first has no such policy. Draws are keyed by the ids of lots, storehouses and facilities,
        so that what two scenarios share is simulated with the same chance.
        """
        if policy not in self.ensembles[0].plans:
            return None
        own = self.ensembles[index].values(policy, response)
        return paired(own, self.ensembles[0].values(policy, response))


def compare(
    scenarios: Sequence[Scenario],
    replications: int = 200,
    *,
    plans: Sequence[Plans] | None = None,
    seed: int | None = None,
    jobs: int | None = None,
    options: LoopOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
    precision: Precision | None = None,
    parameter_draws: int = 0,
) -> Comparison:
    """Simulate scenarios and plans side by side.

    Parameters
    ----------
    scenarios
        Two or more, or one with several plans; names may repeat and are then numbered.
    replications
        Fresh replications of each, the same for all.
    plans
        Of each scenario, to be compared with each other and with those of the other scenarios. By default
        each scenario is optimised; its rules are then simulated besides.
    seed
        Root seed of all; the first scenario's by default.
    jobs, options, tell
        As in `run_programme`.
    precision
        Chooses the number of replications, the same for all, instead of `replications`; differences are
        those from the first scenario, same policy, or with `plans` from the first alternative.
    parameter_draws
        Draws of what is not known under which the alternatives are simulated again, the same for all; 0 for
        none, else >= 2.

    Raises
    ------
    DemilsimError
        If there are fewer than two alternatives, or no plans of a scenario.
    """
    chosen = tuple(plans) if plans is not None else ({OPTIMISED: None},) * len(scenarios)
    if len(chosen) != len(scenarios) or not all(chosen):
        raise DemilsimError(f"compare: expected plans of each scenario (got {[len(own) for own in chosen]})")
    names = _numbered([scenario.settings.name for scenario in scenarios])
    alternatives = _alternatives(names, chosen)
    if len(alternatives) < 2:
        raise DemilsimError(
            f"compare: expected two scenarios or more, or one with two plans or rules or more "
            f"(got {len(alternatives)})"
        )
    if parameter_draws:
        check_draws(parameter_draws)
    root = scenarios[0].settings.seed if seed is None else seed
    programmes, simulated = _planned(scenarios, names, chosen, plans is None, root, jobs, options, tell)
    cases = [Case(scenario, own) for scenario, own in zip(scenarios, simulated, strict=True)]
    reached = None
    if precision is None:
        tell(f"simulating {sum(map(len, simulated))} policies on {replications} fresh replications")
        found = tuple(replicate(c.scenario, c.plans, replications, seed=root, jobs=jobs) for c in cases)
    else:
        pairs = _pairs(names, alternatives, simulated, plans is None)
        found, reached = replicate_until(
            cases, precision, lambda e: _outputs(names, pairs, e, precision), seed=root, jobs=jobs, tell=tell
        )
    tell("chances of major explosions")
    places = [(one.scenario, one.policy) for one in alternatives]
    comparison = Comparison(
        names,
        found,
        programmes,
        alternatives,
        outputs_of(dict(enumerate(found)), places, root),
        root,
        reached,
    )
    if not parameter_draws:
        return comparison
    tell(f"simulating the alternatives again under {parameter_draws} draws of what is not known")
    shown = [[own[name] for name in given] for own, given in zip(simulated, chosen, strict=True)]
    spread = compare_under_draws(scenarios, shown, parameter_draws, seed=root, jobs=jobs)
    return replace(comparison, draws=spread)


def _numbered(given: Sequence[str]) -> tuple[str, ...]:
    """Return names that differ: one that was taken already is numbered."""
    names: list[str] = []
    for name in given:
        names.append(name if name not in names else f"{name} ({len(names) + 1})")
    return tuple(names)


def _alternatives(names: Sequence[str], plans: Sequence[Plans]) -> tuple[Alternative, ...]:
    """Return every plan of every scenario, called after what tells them apart."""
    found = []
    one_plan = all(len(own) == 1 for own in plans)
    for number, (scenario, own) in enumerate(zip(names, plans, strict=True)):
        for policy in own:
            both = f"{scenario}: {policy}"
            name = policy if len(names) == 1 else scenario if one_plan else both
            found.append(Alternative(name, number, policy))
    return tuple(found)


def _planned(
    scenarios: Sequence[Scenario],
    names: Sequence[str],
    chosen: Sequence[Plans],
    with_rules: bool,
    seed: int,
    jobs: int | None,
    options: LoopOptions | None,
    tell: Callable[[str], None],
) -> tuple[tuple[Programme | None, ...], list[dict[str, DisposalPlan]]]:
    """Return the programme of each scenario where one is asked for, and all plans to simulate."""
    programmes: list[Programme | None] = []
    simulated = []
    for scenario, name, own in zip(scenarios, names, chosen, strict=True):
        programme = None
        if None in own.values():
            tell(f"planning scenario {name}")
            programme = plan_with_simulation(scenario, seed=seed, jobs=jobs, options=options)
        programmes.append(programme)
        plans = {label: plan if plan is not None else _optimised(programme) for label, plan in own.items()}
        simulated.append(policies_of(programme) if with_rules and programme is not None else plans)
    return tuple(programmes), simulated


def _optimised(programme: Programme | None) -> DisposalPlan:
    assert programme is not None, "a scenario with a plan to optimise has been planned"
    return programme.plan


Pair = tuple[str, tuple[int, str], tuple[int, str]]
"""Name of a difference, and scenario and policy of what is held against what."""


def _pairs(
    names: Sequence[str],
    alternatives: Sequence[Alternative],
    simulated: Sequence[Mapping[str, DisposalPlan]],
    by_policy: bool,
) -> list[Pair]:
    """Return the differences that may have to be precise."""
    if by_policy:
        return [
            (f"{policy}: {name} - {names[0]}", (number, policy), (0, policy))
            for number, name in enumerate(names)
            if number
            for policy in simulated[number]
        ]
    first, *others = alternatives
    reference = (first.scenario, first.policy)
    return [(f"{one.name} - {first.name}", (one.scenario, one.policy), reference) for one in others]


def _outputs(
    names: Sequence[str], pairs: Sequence[Pair], found: Sequence[Ensemble], precision: Precision
) -> list[Output]:
    """Return the named outputs: of every scenario and policy, and of differences."""
    own = replace(precision, targets=tuple(t for t in precision.targets if not t.difference))
    outputs = []
    for name, ensemble in zip(names, found, strict=True):
        outputs += named_outputs(ensemble, own, None, f"{name}: ")
    for target in (t for t in precision.targets if t.difference):
        for told, (number, policy), (other, reference) in pairs:
            values = found[number].values(policy, target.response)
            against = found[other].values(reference, target.response)
            outputs.append(Output(told, target.response, target.share, values - against))
    return outputs
