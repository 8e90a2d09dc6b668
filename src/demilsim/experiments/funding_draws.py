"""How sure a funding study is: its plans, as they are, under draws of what is not known about the constants.

No plan is made anew for a draw, since a planner does not know the constants better either. All plans see the
same constants and the same chance in each draw, so that differences between budgets and terms are paired.
Each draw has replications of its own, as in `demilsim.experiments.uncertainty`; what chance they leave in the
means of draws is taken off the ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from demilsim.experiments.backends import available_cores, run_tasks
from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_ranges import (
    ROUNDING,
    DrawnTerm,
    FundingDraws,
    Kind,
    Simulated,
    averted,
)
from demilsim.experiments.parameters import SCRAMBLINGS, ParameterDraw, scrambled_draws, with_parameters
from demilsim.experiments.uncertainty import BASELINE, DRAWS_FIRST, check_draws
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.learned import objective
from demilsim.scenario.register import Register
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare, refreshed
from demilsim.units import CENTS_PER_USD

REPLICATIONS = 8
"""Least replications of each draw. Differences between plans whose money may come late have long tails: with
four, as `compare` takes, the signs of half of them were left in doubt on a small scenario."""


class Case(NamedTuple):
    """A scenario and plans to simulate in it."""

    scenario: Scenario
    plans: tuple[DisposalPlan, ...]


class LateCase(NamedTuple):
    """A late tranche: its name, deaths told more with the plan followed and made again, and its case."""

    name: str
    followed: float
    made_again: float
    case: Case


class OptionCase(NamedTuple):
    """A change of terms: its name, what it promises more [USD], deaths told averted, and its case."""

    name: str
    usd: float
    averted: float
    case: Case


class TermCases(NamedTuple):
    """Terms to simulate.

    `base` holds the scenario as given with its plan as it is, and with the best plan found period by period.
    Each late case has the same two plans, the second made again; each option has its best plan.
    """

    base: Case
    late: tuple[LateCase, ...]
    options: tuple[OptionCase, ...]


class _Shared(NamedTuple):
    cases: Sequence[Case]
    samples: Sequence[ParameterDraw]
    replications: int
    seed: int


_SHARED: list[_Shared] = []
_WORLD: list[tuple[int, World]] = []
"""What all tasks share, and the world of the last case; one slot each in each process."""


def _initialise(*shared: object) -> None:
    _SHARED[:] = [_Shared(*shared)]  # type: ignore[arg-type]
    _WORLD.clear()


def _simulate(task: tuple[int, int]) -> Floats:
    """Return deaths and spending of the plans of a case in a draw, shape (plan, 2, replication)."""
    number, k = task
    shared = _SHARED[0]
    case = shared.cases[number]
    if not _WORLD or _WORLD[0][0] != number:
        _WORLD[:] = [(number, prepare(case.scenario))]
    world = refreshed(_WORLD[0][1], with_parameters(case.scenario, shared.samples[k]))
    schedules = [compile_plan(world, plan) for plan in case.plans]
    first = DRAWS_FIRST + k * shared.replications
    results = []
    for replication in range(first, first + shared.replications):
        chance = draw(world, Streams(shared.seed, replication))
        results.append([run(world, schedule, chance) for schedule in schedules])
    return np.array(
        [
            [objective(case.scenario, own), [r.spent_cents.sum() / CENTS_PER_USD for r in own]]
            for own in zip(*results, strict=True)
        ]
    )


def funding_draws(
    scenario: Scenario,
    points: Sequence[FundingPoint],
    terms: TermCases | None,
    draws: int,
    replications: int = REPLICATIONS,
    *,
    seed: int | None = None,
    jobs: int | None = None,
) -> FundingDraws:
    """Simulate the plans of a funding study under common draws of what is not known.

    Parameters
    ----------
    scenario
        As given.
    points
        The curve.
    terms
        Late tranches and changes of terms; None where they are not priced.
    draws, replications
        Draws of the constants, and replications of each, >= 2.
    seed, jobs
        As in `replicate`. Draws are those of `run` with the same seed and number.

    Raises
    ------
    DemilsimError
        If there are fewer than two draws.
    """
    check_draws(draws)
    root = scenario.settings.seed if seed is None else seed
    samples = scrambled_draws(scenario, draws, root)
    cases = [Case(p.ensemble.scenario, (p.ensemble.plans[BASELINE], p.programme.plan)) for p in points]
    if terms is not None:
        cases += [terms.base, *(one.case for one in terms.late), *(one.case for one in terms.options)]
    tasks = [(number, k) for number in range(len(cases)) for k in range(draws)]
    found = list(
        run_tasks(
            _simulate, tasks, jobs or available_cores(), _initialise, (cases, samples, replications, root)
        )
    )
    by_case = [
        [Simulated(own[:, 0], own[:, 1]) for own in np.stack(found[i : i + draws], axis=1)]
        for i in range(0, len(found), draws)
    ]
    return FundingDraws(
        budgets_usd=tuple(point.budget_usd for point in points),
        host=tuple(host for host, _ in by_case[: len(points)]),
        plan=tuple(plan for _, plan in by_case[: len(points)]),
        terms=() if terms is None else _drawn_terms(terms, by_case[len(points) :]),
        sequence=np.arange(draws) % SCRAMBLINGS,
        changed=changed_constants(scenario, samples),
    )


def _drawn_terms(terms: TermCases, found: Sequence[Sequence[Simulated]]) -> tuple[DrawnTerm, ...]:
    (as_it_is, best), *others = found
    late, options = others[: len(terms.late)], others[len(terms.late) :]
    drawn = []
    for one, (followed, again) in zip(terms.late, late, strict=True):
        drawn += [
            DrawnTerm(Kind.FOLLOWED, one.name, 0.0, one.followed, averted(followed, as_it_is)),
            DrawnTerm(Kind.MADE_AGAIN, one.name, 0.0, one.made_again, averted(again, best)),
        ]
    for option, (changed,) in zip(terms.options, options, strict=True):
        less = averted(best, changed)
        drawn.append(DrawnTerm(Kind.OPTION, option.name, option.usd, option.averted, less))
    return tuple(drawn)


def changed_constants(scenario: Scenario, samples: Sequence[ParameterDraw]) -> int:
    """Return how many constants differ in any of some draws from those of the scenario as given."""
    given = _constants(scenario, scenario.register)
    drawn = np.array([_constants(scenario, with_parameters(scenario, s).register) for s in samples])
    apart = np.abs(drawn - given) > ROUNDING * np.abs(given)
    return int(np.count_nonzero(apart.any(axis=0)))


def _constants(scenario: Scenario, register: Register) -> Floats:
    """Return all constants, and the accident rates of the methods in use, in a fixed order."""
    used = sorted({facility.method_id for facility in scenario.facilities})
    rates = [register.methods[method_id].accident_rate_per_t for method_id in used]
    return np.array([*(entry.value for entry in register.entries.values()), *rates])
