"""What is not known and what is chance: replications of fixed plans under many draws of the constants.

The outer loop draws constants (`experiments.parameters`), the inner one replications. All policies see the
same constants and the same chance in each; replications are fresh in each draw. A second pass changes one
constant at a time. The plans stay those made with the constants as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.backends import available_cores, run_tasks
from demilsim.experiments.ensemble import Response, responses
from demilsim.experiments.parameters import (
    RATE_KEYS,
    SCRAMBLINGS,
    ParameterDraw,
    Uncertain,
    calibrated_causes,
    scrambled_draws,
    uncertain_constants,
    with_parameters,
)
from demilsim.experiments.uncertainty_result import RESPONSES, OneAtATime, Uncertainty
from demilsim.plan import DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare, refreshed

PARAMETER_DRAWS, REPLICATIONS = 32, 2
"""Draws of the constants, and replications of each, unless the user asks for another number. Few
replications are enough: what is not known is judged by the integrated estimate, which has little chance."""

DRAWS_FIRST, ONE_AT_A_TIME_FIRST = 3_000_000, 4_000_000
"""Numbers of the first replications of the draws and of the pass that changes one constant at a time."""

ONE_AT_A_TIME_REPLICATIONS = 2
"""Of each end of a range: the chance of the integrated estimate is small, and common to all settings."""

SCREEN_SHARE = 0.01
"""A constant whose effect in the first replication is below this share of the expected fatalities is not
replicated again [1]."""

LARGEST = 10
"""Constants that are reported of those changed one at a time."""

OPTIMISED, BASELINE = "optimised", "host_only"


@dataclass(frozen=True, slots=True)
class _Setting:
    """A task: constants, policies, and the numbers of the replications."""

    draw: ParameterDraw
    policies: tuple[str, ...]
    numbers: range


@dataclass(frozen=True, slots=True)
class _Ends:
    """A task: both ends of the range of one constant."""

    low: _Setting
    high: _Setting


@dataclass(frozen=True)
class _Shared:
    world: World
    plans: dict[str, DisposalPlan]
    seed: int


_SHARED: list[_Shared] = []
"""What all tasks share; one slot in each process, filled by `_initialise`."""


def _initialise(scenario: Scenario, plans: dict[str, DisposalPlan], seed: int) -> None:
    _SHARED[:] = [_Shared(prepare(scenario), plans, seed)]


def _prepared(setting: _Setting) -> tuple[World, list[Schedule]]:
    """Return the world of a setting, and its policies' schedules."""
    shared = _SHARED[0]
    world = refreshed(shared.world, with_parameters(shared.world.scenario, setting.draw))
    return world, [compile_plan(world, shared.plans[name]) for name in setting.policies]


def _results(world: World, schedules: Sequence[Schedule], numbers: range) -> list[list[RunResult]]:
    """Return the results of each policy in each replication."""
    found = []
    for number in numbers:
        chance = draw(world, Streams(_SHARED[0].seed, number))
        found.append([run(world, schedule, chance) for schedule in schedules])
    return found


def _simulate(setting: _Setting) -> tuple[Floats, Floats]:
    """Return responses of shape (policy, replication, response), and harm rates of sites at the start."""
    world, schedules = _prepared(setting)
    found = _results(world, schedules, setting.numbers)
    table = [[responses(result, world.interval_years) for result in row] for row in found]
    values = np.array([[[cell[response] for response in RESPONSES] for cell in row] for row in table])
    return values.swapaxes(0, 1), np.mean([row[0].site_rate_start for row in found], axis=0)


def _simulate_ends(ends: _Ends) -> tuple[Floats, Floats]:
    """Return expected fatalities of shape (end, policy, replication); no rates.

    One replication, or all if the constant has more than a small effect in the first.
    """
    numbers = ends.low.numbers
    settings = [_prepared(end) for end in (ends.low, ends.high)]

    def deaths(part: range) -> Floats:
        found = [_results(*setting, part) for setting in settings]
        return np.array([[[_expected(result) for result in row] for row in end] for end in found])

    values = deaths(numbers[:1])
    if np.ptp(values[:, 0, 0]) > SCREEN_SHARE * values[:, 0, 0].mean():
        values = np.concatenate([values, deaths(numbers[1:])], axis=1)
    return values.swapaxes(1, 2), np.empty(0)


def _expected(result: RunResult) -> float:
    return result.expected_public + result.expected_workers + result.expected_transport


def _work(task: _Setting | _Ends) -> tuple[Floats, Floats]:
    return _simulate(task) if isinstance(task, _Setting) else _simulate_ends(task)


def uncertainty(
    scenario: Scenario,
    plans: Mapping[str, DisposalPlan],
    draws: int = PARAMETER_DRAWS,
    replications: int = REPLICATIONS,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    samples: Sequence[ParameterDraw] | None = None,
) -> Uncertainty:
    """Simulate fixed plans under draws of the constants, and with one constant changed at a time.

    Parameters
    ----------
    scenario
        The scenario as given.
    plans
        By policy name. One constant at a time is changed if `OPTIMISED` and `BASELINE` are among them.
    draws, replications
        Draws of the constants and replications of each, >= 2.
    seed, jobs
        As in `replicate`.
    samples
        The draws, as many, dealt from `SCRAMBLINGS` sequences in turn; by default `scrambled_draws`.
    """
    check_draws(draws)
    root = scenario.settings.seed if seed is None else seed
    named, policies = dict(plans), tuple(plans)
    tasks: list[_Setting | _Ends] = []
    dealt = scrambled_draws(scenario, draws, root) if samples is None else samples
    for k, sample in enumerate(dealt):
        first = DRAWS_FIRST + k * replications
        tasks.append(_Setting(sample, policies, range(first, first + replications)))
    constants = uncertain_constants(scenario) if {OPTIMISED, BASELINE} <= named.keys() else ()
    tasks += _one_at_a_time_tasks(scenario, constants)
    found = list(run_tasks(_work, tasks, jobs or available_cores(), _initialise, (scenario, named, root)))
    return Uncertainty(
        values={
            name: np.array([values[i] for values, _ in found[:draws]]) for i, name in enumerate(policies)
        },
        site_rate_per_year=np.array([rates for _, rates in found[:draws]]),
        one_at_a_time=_largest(constants, [values for values, _ in found[draws:]]),
        sequence=np.arange(draws) % SCRAMBLINGS,
    )


def check_draws(draws: int) -> None:
    """Raise `DemilsimError` unless there are enough draws for a variance."""
    if draws < 2:
        raise DemilsimError(f"parameter draws: expected 0 (none) or at least 2 (got {draws})")


def _one_at_a_time_tasks(scenario: Scenario, constants: Sequence[Uncertain]) -> list[_Setting | _Ends]:
    """Return the setting as given, then both ends of each constant."""
    if not constants:
        return []
    causes = calibrated_causes(scenario)
    numbers = range(ONE_AT_A_TIME_FIRST, ONE_AT_A_TIME_FIRST + ONE_AT_A_TIME_REPLICATIONS)

    def setting(constant: Uncertain, value: float) -> _Setting:
        cause = RATE_KEYS.get(constant.key)
        if cause is not None and cause in causes:
            sample = ParameterDraw({}, {cause: value / constant.value})
        else:
            sample = ParameterDraw({constant.key: value}, {})
        return _Setting(sample, (OPTIMISED, BASELINE), numbers)

    as_given = _Setting(ParameterDraw({}, {}), (OPTIMISED, BASELINE), numbers)
    return [as_given, *(_Ends(setting(c, c.low), setting(c, c.high)) for c in constants)]


def _largest(constants: Sequence[Uncertain], found: Sequence[Floats]) -> tuple[OneAtATime, ...]:
    """Return the constants with the largest effect on the optimised plan, ties in order of key."""
    if not constants:
        return ()
    # Effects are differences in the same replications, so that screened constants compare with the others.
    given = found[0][:, :, RESPONSES.index(Response.EXPECTED_FATALITIES)]
    rows = []
    for constant, ends in zip(constants, found[1:], strict=True):
        effect = (ends - given[:, : ends.shape[2]]).mean(axis=2)
        low, value, high = given.mean(axis=1) + np.array([effect[0], np.zeros(2), effect[1]])
        rows.append(
            OneAtATime(
                constant,
                (float(low[0]), float(value[0]), float(high[0])),
                (float(low[0] - low[1]), float(value[0] - value[1]), float(high[0] - high[1])),
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.swing, row.constant.key))[:LARGEST])
