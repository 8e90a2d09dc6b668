"""A past programme forecast from its plan: as announced, under many draws of how late such plans are.

The outer loop draws slips (`experiments.slip`), the inner one is a single replication: the chance within a
programme is small beside what is not known of its delays. Time goes by in months, so that a delay of a
month is seen; the timeline is told by quarters.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.experiments.backends import available_cores, run_tasks
from demilsim.experiments.ensemble import CLEARED_SHARE, Progress
from demilsim.experiments.slip import CommonSlip, Slip, slip_draws, slipped
from demilsim.plan import Commissioning, DisposalPlan, Floats, Ints, PlanLine
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from demilsim.units import GRAMS_PER_TONNE, PERIOD_MONTHS, date_of, day_of, grams

AS_PLANNED = "as_planned"
HISTORY_FIRST = 6_000_000
"""Number of the first replication."""

MONTHS_PER_QUARTER = PERIOD_MONTHS["quarter"]

Flows = TypeVar("Flows", Floats, Ints)


def as_planned(scenario: Scenario) -> DisposalPlan:
    """Return the plan that a programme announced.

    Its lines come in the order of ``programme.csv``, none earlier than it says; each facility that it needs
    and that is to be built is ordered at once.
    """
    if not scenario.programme:
        raise DemilsimError(
            f"{scenario.settings.name}: no programme.csv: there is no announced plan to forecast from"
        )
    starts = scenario.period_dates[:-1]
    lines = tuple(
        PlanLine(
            lot_id=work.lot_id,
            facility_id=work.facility_id,
            mass_g=grams(work.tonnes),
            earliest_period=bisect_right(starts, work.starts) - 1,
            priority=rank,
            reason=f"announced for {work.starts} to {work.ends}",
        )
        for rank, work in enumerate(scenario.programme, start=1)
    )
    needed = {work.facility_id for work in scenario.programme}
    orders = tuple(
        Commissioning(one.facility_id, 0)
        for one in scenario.facilities
        if one.facility_id in needed and one.status == "possible"
    )
    return DisposalPlan(AS_PLANNED, "announced", lines, orders)


def planned_t(scenario: Scenario, date: dt.date) -> float:
    """Return the tonnes that the announced plan has destroyed by a date, each row at an even pace [t]."""
    total = 0.0
    for work in scenario.programme:
        days = (work.ends - work.starts).days + 1
        total += work.tonnes * min(max((date - work.starts).days / days, 0.0), 1.0)
    return total


def planned_end(scenario: Scenario) -> dt.date:
    """Return the last day of the announced plan."""
    return max(work.ends for work in scenario.programme)


@dataclass(frozen=True)
class Forecast:
    """What may become of a programme's plan.

    Parameters
    ----------
    scenario
        The programme, as planned, in quarters.
    slips
        How late it is in each draw.
    results
        Of each draw, by quarters.
    month_knots
        First day of each month and, last, the horizon [d], shape (month + 1,).
    destroyed_t
        Destroyed by each of `month_knots`, shape (draw, month + 1).
    finish_days
        First of `month_knots` with at most `CLEARED_SHARE` of the surplus left [d], infinite if there is none
        within the horizon, shape (draw,).
    """

    scenario: Scenario
    slips: tuple[Slip, ...]
    results: tuple[RunResult, ...]
    month_knots: Floats
    destroyed_t: Floats
    finish_days: Floats

    def tonnes_by(self, date: dt.date) -> Floats:
        """Return the tonnes destroyed by the start of a date, linear within a month, shape (draw,)."""
        day = day_of(date, self.scenario.settings.start)
        return np.array([np.interp(day, self.month_knots, row) for row in self.destroyed_t])

    def finish_date(self, share: float) -> dt.date | None:
        """Return a quantile of the finishing date; None if it is beyond the horizon."""
        day = float(np.quantile(self.finish_days, share, method="inverted_cdf"))
        return date_of(day, self.scenario.settings.start) if np.isfinite(day) else None

    @property
    def quarter_end_t(self) -> Floats:
        """Tonnes destroyed by the end of each quarter, shape (draw, quarter)."""
        return self.destroyed_t[:, MONTHS_PER_QUARTER::MONTHS_PER_QUARTER]


def forecast(
    scenario: Scenario,
    common: CommonSlip,
    draws: int,
    *,
    seed: int | None = None,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Simulate the announced plan of a programme under draws of its slips.

    Parameters
    ----------
    scenario
        The programme as planned, in quarters.
    common
        What is known about the slip that all programmes share.
    draws
        How many, >= 1; draw k is the same for any number of draws up to the next power of two.
    seed
        Root seed; the scenario's by default.
    jobs
        Worker processes; all available cores by default. Results do not depend on it.
    progress
        Told of finished draws.
    """
    root = scenario.settings.seed if seed is None else seed
    return forecast_with(scenario, slip_draws(common, draws, root), seed=root, jobs=jobs, progress=progress)


def forecast_with(
    scenario: Scenario,
    slips: Sequence[Slip],
    *,
    seed: int,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Forecast:
    """Simulate the announced plan of a programme under given slips, one replication of each."""
    if scenario.settings.period != "quarter":
        raise DemilsimError(
            f"{scenario.settings.name}: period: expected quarter in a scenario with programme.csv "
            f"(got {scenario.settings.period})"
        )
    results = []
    shared = (by_months(scenario), seed)
    tasks = list(enumerate(slips))
    for result in run_tasks(_replication, tasks, jobs or available_cores(), _initialise, shared):
        results.append(result)
        if progress:
            progress(1)
    months = by_months(scenario)
    knots = np.array([day_of(date, months.settings.start) for date in months.period_dates], dtype=float)
    monthly_g = np.array([result.destroyed_g.sum(axis=0) for result in results])
    destroyed_t = np.pad(np.cumsum(monthly_g, axis=1), ((0, 0), (1, 0))) / GRAMS_PER_TONNE
    return Forecast(
        scenario=scenario,
        slips=tuple(slips),
        results=tuple(by_quarters(result) for result in results),
        month_knots=knots,
        destroyed_t=destroyed_t,
        finish_days=np.array([_finish_day(result, knots) for result in results]),
    )


def by_months(scenario: Scenario) -> Scenario:
    """Return a scenario in months."""
    return replace(scenario, settings=scenario.settings.model_copy(update={"period": "month"}))


def by_quarters(result: RunResult) -> RunResult:
    """Return a result by months as one by quarters: knots are thinned, flows added up."""

    def thinned(values: Floats) -> Floats:
        return values[::MONTHS_PER_QUARTER]

    return replace(
        result,
        harm_rate_per_year=thinned(result.harm_rate_per_year),
        stock_g=thinned(result.stock_g),
        neq_kg=thinned(result.neq_kg),
        surplus_left_g=thinned(result.surplus_left_g),
        destroyed_g=_added(result.destroyed_g),
        spent_cents=_added(result.spent_cents),
        receipts_cents=_added(result.receipts_cents),
        lost_g=_added(result.lost_g),
        working_days=_added(result.working_days),
        stock_harm=np.empty((0, 0)),
        root_harm=np.empty((0, 0)),
    )


def _added(flows: Flows) -> Flows:
    """Return flows of shape (row, month) as (row, quarter)."""
    return np.add.reduceat(flows, np.arange(0, flows.shape[1], MONTHS_PER_QUARTER), axis=1)


def _finish_day(result: RunResult, knots: Floats) -> float:
    left = result.surplus_left_g
    cleared = np.flatnonzero(left <= CLEARED_SHARE * left[0])
    return float(knots[cleared[0]]) if cleared.size else float("inf")


@dataclass(frozen=True)
class _Shared:
    scenario: Scenario
    seed: int


_SHARED: list[_Shared] = []
"""What all tasks share; one slot in each process, filled by `_initialise`."""


def _initialise(scenario: Scenario, seed: int) -> None:
    _SHARED[:] = [_Shared(scenario, seed)]


def _replication(task: tuple[int, Slip]) -> RunResult:
    number, slip = task
    late = slipped(_SHARED[0].scenario, slip)
    world = prepare(late)
    chance = draw(world, Streams(_SHARED[0].seed, HISTORY_FIRST + number))
    result = run(world, compile_plan(world, as_planned(late)), chance)
    return replace(result, stock_harm=np.empty((0, 0)), root_harm=np.empty((0, 0)))
