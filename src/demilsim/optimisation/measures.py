"""Measures other than destruction as a choice of the MILP: what they cost, and the harm that they take away.

A measure in force leaves a share of the rates of base causes at its storehouses (`model/measures.py`), so
what it averts falls as stock falls: a product of two decisions. In the MILP what a storehouse still harms by
base causes is taken as proportional to the NEQ that is left, and the product with a binary is then exact.

Measures that lower no rate (tests, moves) are not in here; the loop of planning tries them by simulation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.curves import Curves, HarmCurves
from demilsim.model.harm import StockHarm, interval_years, lot_masses_t, scenario_curves, stock_harm
from demilsim.model.measures import measure_eligible, rate_factors
from demilsim.model.options import Bools
from demilsim.optimisation.blocks import fund_alive, single_periods
from demilsim.optimisation.orders import LONGEST_WITH_EVERY_PERIOD
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import HarmWeights

RATE_KINDS = ("rrpl", "guard", "lightning")
"""Kinds that lower rates for as long as they are paid for."""


@dataclass(frozen=True)
class BaseHarm:
    """Harm by base causes of storehouses, by period, of any share of their rates.

    Parameters
    ----------
    curves, weights
        Harm curves of the scenario, and weights of public and workers.
    interval_years, terminal_years
        Length of each period, and years for which the rate at the horizon counts [yr].
    factor
        Simulated over closed-form harm [1], shape (period, storehouse).
    """

    curves: HarmCurves
    weights: HarmWeights
    interval_years: Floats
    terminal_years: float
    factor: Floats

    def rate(self, share: Floats, neq_kg: Floats) -> Floats:
        """Return the weighted harm rate of a share of the rates [persons/yr], shape (knot, storehouse).

        Parameters
        ----------
        share
            Of the rate of each base cause [1], shape (storehouse, cause).
        neq_kg
            In each storehouse [kg], shape (knot, storehouse).
        """
        (base, _), _ = self._weighted(share)(neq_kg)
        return base

    def _weighted(self, share: Floats) -> Curves:
        part = replace(self.curves, base_rate_per_year=self.curves.base_rate_per_year * share)
        return part.weighted(self.weights.fatalities_public, self.weights.fatalities_workers)

    @cached_property
    def knot_years(self) -> Floats:
        """Weight of each knot in the harm of each period [yr], shape (period, 2, storehouse): start and end.

        The terminal years belong to the last period.
        """
        half = 0.5 * self.interval_years[:, None] * self.factor
        years = np.stack([half, half], axis=1)
        years[-1, 1] += self.terminal_years * self.factor[-1]
        return years

    def by_period(self, rate: Floats) -> Floats:
        """Return the harm of each period [persons], shape (period, storehouse), from rates at the knots."""
        return self.knot_years[:, 0] * rate[:-1] + self.knot_years[:, 1] * rate[1:]


def base_harm(task: Task) -> BaseHarm:
    """Return the harm by base causes of a task."""
    settings = task.scenario.settings
    return BaseHarm(
        scenario_curves(task.scenario),
        settings.harm_weights,
        interval_years(task.scenario),
        settings.terminal_years,
        task.coefficients.harm_factor.T,
    )


@dataclass(frozen=True)
class Effect:
    """What a share of the rates is worth, block by block.

    Parameters
    ----------
    averted
        Harm averted in each period if nothing is destroyed [persons], shape (period,).
    by_block
        Sums of that, shape (block,).
    lost_per_t
        Share of `by_block` that is lost for each tonne of a flow [1/t], shape (block, flow).
    """

    averted: Floats
    by_block: Floats
    lost_per_t: Floats


@dataclass(frozen=True)
class MeasureOrders:
    """Columns ``measure[i, period]`` and what goes with them; measures by index in the scenario.

    Parameters
    ----------
    measure, period, opens
        Of each order: which, when, and the first period in which it is in force, shape (order,).
    cost_usd
        Cost of each order in each period [USD], shape (order, period).
    pay_measure, pay_fund, pay_period
        Of each payment: what for, by whom and when, shape (payment,).
    effects
        By measure.
    overlaps
        What two measures at one storehouse take away twice, by pair.
    """

    measure: Ints
    period: Ints
    opens: Ints
    cost_usd: Floats
    pay_measure: Ints
    pay_fund: Ints
    pay_period: Ints
    effects: dict[int, Effect]
    overlaps: dict[tuple[int, int], Effect]


def measure_orders(task: Task, problem: Problem) -> MeasureOrders | None:
    """Return the orders of measures that may be worth their money; None if there are none."""
    scenario = task.scenario
    base = base_harm(task)
    taken_away = 1.0 - rate_factors(scenario)
    effects = {
        i: _effect(task, problem, base, taken_away[i])
        for i, measure in enumerate(scenario.measures)
        if measure.kind in RATE_KINDS
    }
    effects = {i: effect for i, effect in effects.items() if effect.by_block.max(initial=0.0) > 0.0}
    rows = _possible(scenario, problem, effects)
    if not rows:
        return None
    pairs = {
        (i, j): _effect(task, problem, base, taken_away[i] * taken_away[j])
        for i, j in combinations(effects, 2)
        if np.any(taken_away[i] * taken_away[j])
    }
    measure, period, opens = np.array(rows, dtype=np.int64).T
    cost_usd = _costs(scenario, measure, period, opens)
    payments = _payments(scenario, problem, measure, cost_usd)
    return MeasureOrders(
        measure=measure,
        period=period,
        opens=opens,
        cost_usd=cost_usd,
        pay_measure=payments[0],
        pay_fund=payments[1],
        pay_period=payments[2],
        effects=effects,
        overlaps={pair: effect for pair, effect in pairs.items() if effect.by_block.max() > 0.0},
    )


def _possible(scenario: Scenario, problem: Problem, effects: dict[int, Effect]) -> list[tuple[int, int, int]]:
    """Return measure, period and opening of each order: any period of a short horizon, else block starts."""
    short = scenario.periods <= LONGEST_WITH_EVERY_PERIOD
    periods = range(scenario.periods) if short else problem.blocks.first.tolist()
    rows = []
    for i in effects:
        for period in periods:
            opens = first_open_period(scenario, scenario.measures[i].lead_time_days, period)
            if opens < scenario.periods:
                rows.append((i, period, opens))
    return rows


def _costs(scenario: Scenario, measure: Ints, period: Ints, opens: Ints) -> Floats:
    """Return the cost of orders: the price at once, the yearly cost from the opening on."""
    at = np.arange(scenario.periods)
    price = np.array([scenario.measures[i].cost_usd for i in measure.tolist()])
    yearly = np.array([scenario.measures[i].yearly_cost_usd for i in measure.tolist()])
    in_force = at >= opens[:, None]
    return (at == period[:, None]) * price[:, None] + in_force * yearly[:, None] * interval_years(scenario)


def _payments(
    scenario: Scenario, problem: Problem, measure: Ints, cost_usd: Floats
) -> tuple[Ints, Ints, Ints]:
    """Return measure, fund and period of payments: where an order costs and a fund that may pay is alive."""
    eligible: Bools = measure_eligible(scenario)
    alive = fund_alive(scenario, single_periods(scenario))
    rows = [
        (i, k, period)
        for i in sorted(set(measure.tolist()))
        for k in np.flatnonzero(eligible[:, i]).tolist()
        for period in np.flatnonzero(cost_usd[measure == i].any(axis=0)).tolist()
        if alive[k, period] and problem.most_usd[k, : period + 1].any()
    ]
    paid_for, fund, when = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return paid_for, fund, when


def _effect(task: Task, problem: Problem, base: BaseHarm, share: Floats) -> Effect:
    """Return what taking away a share of the rates is worth; its harm is proportional to the NEQ left."""
    groups, stock, blocks = problem.groups, task.stock, problem.blocks
    periods = problem.scenario.periods
    held = stock.by_storehouse(groups.held_t(periods) * stock.blast_kg_per_t)
    rate = base.rate(share, held)
    averted = base.by_period(rate).sum(axis=1)
    by_block = blocks.sum(averted)
    per_kg = np.divide(rate, held, out=np.zeros_like(rate), where=held > 0.0)
    # Harm of each knot in each block, for each tonne that a group has lost by then.
    there = np.arange(periods + 1)[:, None] >= groups.arrival
    per_t = per_kg[:, stock.storehouse] * there * (stock.blast_kg_per_t * groups.likely)
    years = np.zeros((blocks.count, periods + 1, held.shape[1]))
    for period, block in enumerate(blocks.of_period.tolist()):
        years[block, period : period + 2] += base.knot_years[period]
    weighted = years[:, :, stock.storehouse] * per_t
    gone = _gone_by(problem)
    lost = np.einsum("bkg,ck->bgc", weighted, gone)
    flows = problem.flows
    per_flow = lost[:, flows.group, flows.block]
    whole = np.where(by_block > 0.0, by_block, 1.0)[:, None]
    return Effect(averted, by_block, per_flow / whole)


def _gone_by(problem: Problem) -> Floats:
    """Return the share of a flow of each block that is gone by each knot [1], shape (block, knot)."""
    blocks, periods = problem.blocks, problem.scenario.periods
    length = np.bincount(blocks.of_period, minlength=blocks.count)
    since = np.arange(periods + 1)[None, :] - blocks.first[:, None]
    return np.clip(since / length[:, None], 0.0, 1.0)


def with_rates(task: Task, share: Floats) -> StockHarm:
    """Return the harm of a task's stock with a share of the rates of base causes left, over its groups.

    Parameters
    ----------
    task
        The task.
    share
        Shape (storehouse, cause) [1].
    """
    curves = scenario_curves(task.scenario)
    left = replace(curves, base_rate_per_year=curves.base_rate_per_year * share)
    stock = stock_harm(task.scenario, left).with_factor(task.coefficients.harm_factor)
    return stock.grouped(task.groups.group_of_lot, lot_masses_t(task.scenario))
