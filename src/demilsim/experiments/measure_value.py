"""What a measure is worth: harm averted per dollar paid for it, by simulating with and without it.

A surveillance test averts harm because what it finds below the action level is destroyed at once, and it
costs more than itself: that destruction, and what cannot be destroyed with the same money. Both are in the
paired difference; the dollars that it is divided by are those of the measure alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from demilsim.experiments.statistics import Estimate, estimate, paired, ratio
from demilsim.model.measures import measure_eligible
from demilsim.plan import DisposalPlan, Floats, MeasureOrder
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Measure
from demilsim.simulation.draws import draw
from demilsim.simulation.measures import ONCE
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from demilsim.units import CENTS_PER_USD

REPLICATIONS = 64
"""Replications of a value: paired differences, and only lots that a test condemns differ."""

USD_PER_MILLION = 1e6


@dataclass(frozen=True)
class MeasureValue:
    """The value of one measure of a plan, or of one that could be added to it.

    Parameters
    ----------
    measure
        Its row.
    in_plan
        Whether the plan takes it; else it is added at the start.
    affordable
        Whether it costs no more than the plan leaves, on average, of the money that may pay for it; always
        so for one that the plan takes.
    averted
        Expected deaths without it less those with it [persons over the horizon]; None if not affordable.
    paid_usd
        Paid for it alone [USD].
    spent_usd
        Paid more in all, the destruction that it causes included [USD].
    per_million_usd
        Averted over paid [persons per million USD]; None if it is free, or never paid.
    """

    measure: Measure
    in_plan: bool
    affordable: bool
    averted: Estimate | None = None
    paid_usd: Estimate | None = None
    spent_usd: Estimate | None = None
    per_million_usd: Estimate | None = None


@dataclass(frozen=True)
class _Outcome:
    """Expected deaths, spending, and what each measure cost, by replication.

    Shapes (replication,), (replication,), (replication, measure); `left_usd` is received, neither spent nor
    committed, shape (replication, fund).
    """

    deaths: Floats
    spent_usd: Floats
    paid_usd: Floats
    left_usd: Floats


def measure_values(
    scenario: Scenario, plan: DisposalPlan, replications: int = REPLICATIONS, *, seed: int | None = None
) -> tuple[MeasureValue, ...]:
    """Return the value of each measure of a plan, and of each surveillance that could be added to it.

    Parameters
    ----------
    scenario, plan
        What is simulated.
    replications
        How many, >= 2 for half-widths, from number 0; with and without the measure on common random numbers.
    seed
        Root seed; the scenario's by default.

    Raises
    ------
    PlanError
        If the plan does not fit the scenario.
    """
    taken = {order.measure_id for order in plan.measures}
    asked = [m for m in scenario.measures if m.measure_id in taken or m.kind == "surveillance"]
    if not asked:
        return ()
    root = scenario.settings.seed if seed is None else seed
    base = _simulated(scenario, plan, replications, root)
    values = []
    for measure in asked:
        in_plan = measure.measure_id in taken
        if not in_plan and not _affordable(scenario, plan, measure, base):
            values.append(MeasureValue(measure, in_plan=False, affordable=False))
            continue
        other = _simulated(scenario, _switched(plan, measure), replications, root)
        values.append(_value(scenario, measure, in_plan, *((base, other) if in_plan else (other, base))))
    return tuple(values)


def _switched(plan: DisposalPlan, measure: Measure) -> DisposalPlan:
    """Return the plan without a measure that it takes, or with one that it does not, at the start."""
    others = tuple(order for order in plan.measures if order.measure_id != measure.measure_id)
    added = () if len(others) < len(plan.measures) else (MeasureOrder(measure.measure_id, 0),)
    return replace(plan, measures=(*others, *added))


def _value(
    scenario: Scenario, measure: Measure, in_plan: bool, with_it: _Outcome, without: _Outcome
) -> MeasureValue:
    averted = without.deaths - with_it.deaths
    paid = with_it.paid_usd[:, scenario.measures.index(measure)]
    return MeasureValue(
        measure=measure,
        in_plan=in_plan,
        affordable=True,
        averted=estimate(averted),
        paid_usd=estimate(paid),
        spent_usd=paired(with_it.spent_usd, without.spent_usd),
        per_million_usd=ratio(averted, paid / USD_PER_MILLION),
    )


def _affordable(scenario: Scenario, plan: DisposalPlan, measure: Measure, base: _Outcome) -> bool:
    """Return whether a plan leaves, on average, the money for one more measure."""
    eligible = measure_eligible(scenario)[:, scenario.measures.index(measure)]
    allowed = np.array([not plan.funds or fund.fund_id in plan.funds for fund in scenario.funds], dtype=bool)
    years = 0.0 if measure.kind in ONCE else scenario.settings.horizon_years
    cost = measure.cost_usd + measure.yearly_cost_usd * years
    return bool(base.left_usd[:, eligible & allowed].sum(axis=1).mean() >= cost)


def _simulated(scenario: Scenario, plan: DisposalPlan, replications: int, seed: int) -> _Outcome:
    """Return what becomes of a plan."""
    rows = list(_replications(scenario, plan, replications, seed))
    deaths, spent, paid, left = (np.array(column) for column in zip(*rows, strict=True))
    return _Outcome(deaths, spent, paid, left)


def _replications(
    scenario: Scenario, plan: DisposalPlan, replications: int, seed: int
) -> Iterator[tuple[float, float, list[float], Floats]]:
    """Yield expected deaths, spending, what each measure cost and what is left of each fund."""
    world = prepare(scenario)
    schedule = compile_plan(world, plan)
    measures = range(len(scenario.measures))
    last: list[Run] = []

    def keep(state: Run) -> None:
        last[:] = [state]

    for number in range(replications):
        result = run(world, schedule, draw(world, Streams(seed, number)), keep)
        deaths = result.expected_public + result.expected_workers + result.expected_transport
        spent = result.spent_cents.sum(axis=1)
        left = result.received_cents - spent - result.committed_cents
        paid = [last[0].measures.spent_cents.get(m, 0) / CENTS_PER_USD for m in measures]
        yield deaths, float(spent.sum()) / CENTS_PER_USD, paid, left / CENTS_PER_USD
