"""Chances of large explosions and of many deaths, without waiting for them to be counted.

Two estimators, both unbiased, on the same replications as an ensemble. A target is an explosion that
destroys at least some NEQ with its chain; 0 kg is any explosion of a stack or a storehouse.

- *Chance of a target by a day*: the mean over replications of 1 - exp(-H), H the integrated rate of targets
  along the path without them (`simulation.conditional`). It estimates what counting estimates: the share of
  replications with one. Chance that is left: disposal, money, lot factors, marks of propagation.
- *Tail of deaths*: with probability p = 1 - exp(-H) a replication is the one in which a first target is made
  to happen, else the one without; f = (1 - p) f(without) + p f(with). Deaths are all counted deaths over the
  horizon, those in processing, on the road and in explosions that are no targets included in both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.backends import run_tasks
from demilsim.experiments.risk_measures import MAJOR_NEQ_KG
from demilsim.experiments.statistics import Estimate, estimate
from demilsim.plan import DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.conditional import target_free, with_forced
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from demilsim.units import DAYS_PER_YEAR

REPLICATIONS = 8
"""Of the chances in a summary: on a national programme their half-widths are then about 0.002, where counting
has 0.04 with 400."""

ANY_NEQ_KG = 0.0
"""Every explosion of a stack or a storehouse is a target."""


@dataclass(frozen=True)
class ExplosionChances:
    """Probability of at least one target in each replication, given all else.

    Parameters
    ----------
    values
        By policy and least NEQ of a target [kg], shape (replication, day): the end of each year of the
        horizon, and the horizon itself.
    """

    values: Mapping[str, Mapping[float, Floats]]

    def by_year(self, policy: str, least_neq_kg: float = MAJOR_NEQ_KG) -> tuple[Estimate, ...]:
        """Return the probability of at least one target by the end of each year."""
        return tuple(estimate(column) for column in self.values[policy][least_neq_kg].T[:-1])

    def over_horizon(self, policy: str, least_neq_kg: float = MAJOR_NEQ_KG) -> Estimate:
        """Return the probability of at least one target over the horizon."""
        return estimate(self.values[policy][least_neq_kg][:, -1])


def is_exact(scenario: Scenario) -> bool:
    """Return whether the conditional probabilities hold: stock only falls, and no rate of events changes."""
    return not scenario.measures and not any(lot.arrives or lot.mass_sigma for lot in scenario.lots)


def explosion_chances(
    scenario: Scenario,
    plans: Mapping[str, DisposalPlan],
    replications: int = REPLICATIONS,
    *,
    least_neq_kg: tuple[float, ...] = (ANY_NEQ_KG, MAJOR_NEQ_KG),
    seed: int | None = None,
    first: int = 0,
    jobs: int = 1,
) -> ExplosionChances:
    """Return chances of at least one target under several plans, on common random numbers.

    Parameters
    ----------
    scenario, plans
        As in `replicate`.
    replications
        How many, >= 2 for half-widths.
    least_neq_kg
        NEQ of a target, one or several [kg].
    seed, first, jobs
        As in `replicate`, in this process by default.

    Raises
    ------
    ValueError
        Unless `is_exact`.
    """
    if not is_exact(scenario):
        raise ValueError("conditional probabilities need a stock that is known and only falls")
    tasks = list(range(first, first + replications))
    shared = (scenario, dict(plans), _seed(scenario, seed), least_neq_kg)
    found = np.array(list(run_tasks(_chances, tasks, jobs, _initialise, shared)))
    return ExplosionChances(
        {
            name: {least: found[:, i, k] for k, least in enumerate(least_neq_kg)}
            for i, name in enumerate(plans)
        }
    )


@dataclass(frozen=True)
class DeathTail:
    """Deaths over the horizon with and without a target, and the chance of one.

    Parameters
    ----------
    p
        Probability of at least one target in each replication [1], by policy, shape (replication,).
    without, forced
        Deaths without a target, shape (replication,), and with a first one made to happen, shape
        (replication, drawing) [persons].
    """

    p: Mapping[str, Floats]
    without: Mapping[str, Floats]
    forced: Mapping[str, Floats]

    def p_at_least(self, policy: str, deaths: int) -> Estimate:
        """Return P(at least some number of deaths over the horizon)."""
        return estimate(self.values(policy, lambda counted: (counted >= deaths).astype(float)))

    def expected_above(self, policy: str, deaths: int = 0) -> Estimate:
        """Return the expectation of max(deaths - a level, 0) over the horizon [persons]."""
        return estimate(self.values(policy, lambda counted: np.maximum(counted - deaths, 0.0)))

    def values(self, policy: str, of: Callable[[Floats], Floats]) -> Floats:
        """Return the estimate of the mean of a function of the deaths in each replication."""
        p = self.p[policy]
        return (1.0 - p) * of(self.without[policy]) + p * of(self.forced[policy]).mean(axis=1)


def death_tail(
    scenario: Scenario,
    plans: Mapping[str, DisposalPlan],
    replications: int,
    *,
    least_neq_kg: float = ANY_NEQ_KG,
    drawings: int = 1,
    seed: int | None = None,
    first: int = 0,
    jobs: int = 1,
) -> DeathTail:
    """Return deaths with and without a target under several plans, on common random numbers.

    Parameters
    ----------
    scenario, plans, replications, seed, first, jobs
        As in `explosion_chances`.
    least_neq_kg
        NEQ of a target [kg]. Any is right; best is one that the deaths in question hardly come without, and
        that is rare.
    drawings
        First targets made to happen in each replication, >= 1.
    """
    tasks = [(number, drawings) for number in range(first, first + replications)]
    shared = (scenario, dict(plans), _seed(scenario, seed), (least_neq_kg,))
    found = np.array(list(run_tasks(_deaths, tasks, jobs, _initialise, shared)))
    columns = {name: found[:, i] for i, name in enumerate(plans)}
    return DeathTail(
        p={name: values[:, 0] for name, values in columns.items()},
        without={name: values[:, 1] for name, values in columns.items()},
        forced={name: values[:, 2:] for name, values in columns.items()},
    )


@dataclass(frozen=True)
class _Shared:
    world: World
    schedules: tuple[Schedule, ...]
    seed: int
    least_neq_kg: tuple[float, ...]


_SHARED: list[_Shared] = []
"""What all tasks share; one slot in each process, filled by `_initialise`."""


def _initialise(
    scenario: Scenario, plans: dict[str, DisposalPlan], seed: int, least_neq_kg: tuple[float, ...]
) -> None:
    world = prepare(scenario)
    schedules = tuple(compile_plan(world, plan) for plan in plans.values())
    _SHARED[:] = [_Shared(world, schedules, seed, least_neq_kg)]


def _seed(scenario: Scenario, seed: int | None) -> int:
    return scenario.settings.seed if seed is None else seed


def _chances(number: int) -> Floats:
    """Return chances of one replication, shape (policy, level, day)."""
    shared = _SHARED[0]
    world = shared.world
    draws = draw(world, Streams(shared.seed, number))
    ends = DAYS_PER_YEAR * np.arange(1.0, world.scenario.settings.horizon_years + 1.0)
    days = np.append(ends, world.horizon)
    return np.array(
        [
            [target_free(world, schedule, draws, least).p_any(days) for least in shared.least_neq_kg]
            for schedule in shared.schedules
        ]
    )


def _deaths(task: tuple[int, int]) -> Floats:
    """Return p, deaths without a target, and deaths of each drawing, shape (policy, 2 + drawing)."""
    number, drawings = task
    shared = _SHARED[0]
    world, (least,) = shared.world, shared.least_neq_kg
    draws = draw(world, Streams(shared.seed, number))
    rows = []
    for schedule in shared.schedules:
        free = target_free(world, schedule, draws, least)
        p = float(free.p_any(np.array([world.horizon]))[0])
        forced = [with_forced(world, schedule, draws, free, k) for k in range(drawings)]
        # Without a possible target p is 0, and the replication counts as it is.
        rows.append([p, _killed(free.result), *(_killed(result or free.result) for result in forced)])
    return np.array(rows, dtype=float)


def _killed(result: RunResult) -> float:
    return float(sum(event.fatalities for event in result.events))
