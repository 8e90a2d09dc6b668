"""Replications of several plans on common random numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np

from demilsim.errors import PlanError, StudyError
from demilsim.experiments.backends import available_cores, run_tasks
from demilsim.experiments.packing import pack_rows, unpack_rows
from demilsim.experiments.statistics import LEVEL, Estimate, counted, estimate, share
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.learned import objective
from demilsim.scenario.phrases import did_you_mean, got
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from demilsim.units import CENTS_PER_USD, DAYS_PER_YEAR, GRAMS_PER_KG, GRAMS_PER_TONNE

CLEARED_SHARE = 0.01
"""A programme counts as cleared when at most this share of the surplus is left [1]."""

Progress = Callable[[int], None]
"""Told how many replications have just been finished."""


class Response(StrEnum):
    """Performance measures of one replication, named as in ``summary.json``."""

    EXPECTED_FATALITIES = "expected_fatalities"
    EXPECTED_PUBLIC = "expected_fatalities_public"
    EXPECTED_WORKERS = "expected_fatalities_workers"
    EXPECTED_TRANSPORT = "expected_fatalities_transport"
    FATALITIES = "fatalities"
    INJURIES = "injuries"
    DISPLACED = "displaced_person_days"
    DAMAGE = "damage_usd"
    EXPLOSIONS = "unplanned_explosions"
    ANY_EXPLOSION = "p_any_explosion"
    NEQ_YEARS = "neq_tonne_years"
    DESTROYED = "destroyed_t"
    COST = "cost_usd"


COUNTS = frozenset(
    {
        Response.FATALITIES,
        Response.INJURIES,
        Response.DISPLACED,
        Response.DAMAGE,
        Response.EXPLOSIONS,
        Response.ANY_EXPLOSION,
    }
)
"""Responses that count rare events, or add up their consequences."""


def responses(result: RunResult, interval_years: Floats) -> dict[Response, float]:
    """Return every response of a replication."""
    explosions = sum(event.kind == "explosion" for event in result.events)
    neq_t = result.neq_kg / GRAMS_PER_KG
    return {
        Response.EXPECTED_FATALITIES: (
            result.expected_public + result.expected_workers + result.expected_transport
        ),
        Response.EXPECTED_PUBLIC: result.expected_public,
        Response.EXPECTED_WORKERS: result.expected_workers,
        Response.EXPECTED_TRANSPORT: result.expected_transport,
        Response.FATALITIES: float(sum(event.fatalities for event in result.events)),
        Response.INJURIES: float(sum(event.injuries for event in result.events)),
        Response.DISPLACED: float(sum(event.displaced_person_days for event in result.events)),
        Response.DAMAGE: float(sum(event.cost_usd for event in result.events)),
        Response.EXPLOSIONS: float(explosions),
        Response.ANY_EXPLOSION: float(explosions > 0),
        Response.NEQ_YEARS: float(np.sum(0.5 * (neq_t[:-1] + neq_t[1:]) * interval_years)),
        Response.DESTROYED: float(result.destroyed_g.sum()) / GRAMS_PER_TONNE,
        Response.COST: float(result.spent_cents.sum()) / CENTS_PER_USD,
    }


def response_estimate(values: Floats, response: Response, largest: float) -> Estimate:
    """Return the mean of a response with its half-width.

    Parameters
    ----------
    values
        Of each replication, shape (replication,).
    response
        What they are.
    largest
        Largest value under any policy of the same replications: what one event counts if none was seen here.
    """
    if response is Response.ANY_EXPLOSION:
        return share(values)
    return _difference_estimate(values, response, largest, LEVEL)


def _difference_estimate(values: Floats, response: Response, largest: float, level: float) -> Estimate:
    """Return the mean of a response or of its paired differences with its half-width."""
    if response not in COUNTS:
        return estimate(values, level)
    of_one = response in (Response.EXPLOSIONS, Response.ANY_EXPLOSION)
    events = int(np.abs(values).sum()) if of_one else int(np.count_nonzero(values))
    return counted(values, events, 1.0 if of_one else largest, level)


@dataclass(frozen=True)
class Ensemble:
    """Results of several plans on the same replications.

    Parameters
    ----------
    scenario
        What was simulated.
    plans
        By policy name.
    results
        By policy name, in order of replication.
    """

    scenario: Scenario
    plans: Mapping[str, DisposalPlan]
    results: Mapping[str, tuple[RunResult, ...]]

    def __repr__(self) -> str:
        names, count = ", ".join(self.results), max(map(len, self.results.values()), default=0)
        return f"<Ensemble of {self.scenario.settings.name}: {names}; {count:,} replications>"

    @cached_property
    def interval_years(self) -> Floats:
        """Length of each period [yr]."""
        return np.diff([d.toordinal() for d in self.scenario.period_dates]) / DAYS_PER_YEAR

    @cached_property
    def _responses(self) -> dict[str, dict[Response, Floats]]:
        table = {}
        for name, results in self.results.items():
            rows = [responses(result, self.interval_years) for result in results]
            table[name] = {r: np.array([row[r] for row in rows]) for r in Response}
        return table

    def results_of(self, policy: str) -> tuple[RunResult, ...]:
        """Return the results of a policy, in order of replication.

        Raises
        ------
        StudyError
            If it has not been simulated.
        """
        if policy not in self.results:
            known = ", ".join(self.results)
            raise StudyError(f"policy: expected one of {known} {got(str(policy), self.results)}")
        return self.results[policy]

    def values(self, policy: str, response: Response) -> Floats:
        """Return a response of each replication, shape (replication,).

        Raises
        ------
        StudyError
            If the policy has not been simulated, or there is no such response.
        """
        self.results_of(policy)
        if response not in self._responses[policy]:
            raise StudyError(
                f"response: expected one of {', '.join(Response)} {got(str(response), Response)}"
            )
        return self._responses[policy][response]

    def estimate(self, policy: str, response: Response) -> Estimate:
        """Return the mean of a response with its half-width."""
        return response_estimate(self.values(policy, response), response, self._largest(response))

    def difference(self, policy: str, other: str, response: Response, level: float = LEVEL) -> Estimate:
        """Return the paired difference policy - other with its half-width at a level.

        Raises
        ------
        StudyError
            If a policy has not been simulated, or the level is not between 0 and 1.
        """
        if not 0.0 < level < 1.0:
            raise StudyError(f"level: expected between 0 and 1, as {LEVEL} (got {level})")
        values = self.values(policy, response) - self.values(other, response)
        return _difference_estimate(values, response, self._largest(response), level)

    def _largest(self, response: Response) -> float:
        return max(float(self.values(policy, response).max()) for policy in self.plans)

    def followed_by(self, more: Ensemble) -> Ensemble:
        """Return the ensemble with further replications of the same plans after its own."""
        results = {name: own + more.results[name] for name, own in self.results.items()}
        return Ensemble(self.scenario, self.plans, results)

    def objective(self, policy: str) -> Floats:
        """Return the simulated planning objective of each replication, shape (replication,)."""
        return objective(self.scenario, self.results_of(policy))

    def clearance_days(self, policy: str) -> Floats:
        """Return the end of the first period with the surplus cleared [d], infinite if never."""
        knots = [(d - self.scenario.settings.start).days for d in self.scenario.period_dates]
        days = []
        for result in self.results_of(policy):
            left = result.surplus_left_g
            cleared = np.flatnonzero(left <= CLEARED_SHARE * left[0])
            days.append(float(knots[cleared[0]]) if cleared.size else np.inf)
        return np.array(days)


@dataclass(frozen=True)
class _Shared:
    world: World
    schedules: dict[str, Schedule]
    renewals: dict[str, Renewal]
    seed: int
    detailed: bool


_SHARED: list[_Shared] = []
"""What all tasks of one ensemble share; one slot in each process, filled by `_initialise`."""


def _initialise(
    scenario: Scenario,
    plans: dict[str, DisposalPlan],
    renewals: dict[str, Renewal],
    seed: int,
    detailed: bool,
) -> None:
    known = _SHARED[0].world if _SHARED else None
    world = known if known is not None and known.scenario == scenario else prepare(scenario)
    schedules = {name: compile_plan(world, plan) for name, plan in plans.items()}
    _SHARED[:] = [_Shared(world, schedules, renewals, seed, detailed)]


def _replication(number: int) -> dict[str, RunResult]:
    shared = _SHARED[0]
    draws = draw(shared.world, Streams(shared.seed, number))
    return {
        name: run(
            shared.world, schedule, draws, renewal=shared.renewals.get(name), by_storehouse=shared.detailed
        )
        for name, schedule in shared.schedules.items()
    }


def replicate(
    scenario: Scenario,
    plans: Mapping[str, DisposalPlan] | Sequence[DisposalPlan],
    replications: int,
    *,
    seed: int | None = None,
    first: int = 0,
    jobs: int | None = None,
    detailed: bool = False,
    progress: Progress | None = None,
    chunk: int | None = None,
    renewals: Mapping[str, Renewal] | None = None,
) -> Ensemble:
    """Simulate plans on common random numbers.

    Parameters
    ----------
    scenario
        The scenario.
    plans
        By policy name, or a sequence of plans with different names.
    replications
        How many, >= 1.
    seed
        Root seed, >= 0; the scenario's by default.
    first
        Number of the first replication, >= 0.
    jobs
        Worker processes; all available cores by default. Results do not depend on it.
    detailed
        Keep harm by period and storehouse.
    progress
        Told of finished replications.
    chunk
        Replications that a worker is sent at a time; chosen by measurement by default. Results do not depend
        on it.
    renewals
        Who renews which plan on the way, by policy name; nobody by default.

    Raises
    ------
    PlanError
        If a plan does not fit the scenario, there is none, two have the same name, or a plan is to be renewed
        that is not among them.
    StudyError
        If there is nothing to replicate, or seed or first replication is none.
    """
    named = dict(plans) if isinstance(plans, Mapping) else {plan.name: plan for plan in plans}
    if not named or len(named) < len(plans):
        raise PlanError("plans: expected one or more, each with a name of its own")
    for name in renewals or ():
        if name not in named:
            hint = did_you_mean(str(name), named)
            raise PlanError(f"renewals: expected names of plans, {', '.join(named)} (got {name!r}{hint})")
    root = scenario.settings.seed if seed is None else seed
    _check_whole("replications", replications, 1)
    _check_whole("first", first, 0)
    _check_whole("seed", root, 0)
    numbers = range(first, first + replications)
    rows: list[dict[str, RunResult]] = []
    shared = (scenario, named, dict(renewals or {}), root, detailed)
    for row in run_tasks(
        _replication, numbers, jobs or available_cores(), _initialise, shared,
        chunk=chunk, packing=(pack_rows, unpack_rows),
    ):  # fmt: skip
        rows.append(row)
        if progress:
            progress(1)
    results = {name: tuple(row[name] for row in rows) for name in named}
    return Ensemble(scenario, named, results)


def _check_whole(name: str, value: int, least: int) -> None:
    if not isinstance(value, int | np.integer) or value < least:
        raise StudyError(f"{name}: expected a whole number, {least} or more (got {value})")
