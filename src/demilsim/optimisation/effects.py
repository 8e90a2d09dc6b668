"""What measures other than destruction avert, block by block, and how that falls as stock falls.

Harm by base causes is taken as proportional to the NEQ left. What a move averts, which is the harm of its
source less what it adds to that of its target, is taken as proportional to the NEQ left in its source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from demilsim.model.curves import Curves, HarmCurves
from demilsim.model.harm import StockHarm, interval_years, lot_masses_t, scenario_curves, stock_harm
from demilsim.optimisation.moves import Moves
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, Ints
from demilsim.scenario.schema import HarmWeights


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


def rate_effect(task: Task, problem: Problem, base: BaseHarm, share: Floats) -> Effect:
    """Return what taking away a share of the rates of base causes is worth.

    Parameters
    ----------
    task, problem
        The task, and the problem with its blocks and flows.
    base
        Harm by base causes.
    share
        Taken away [1], shape (storehouse, cause).
    """
    rate = base.rate(share, _held_kg(task))
    return _proportional(task, problem, base, rate, base.by_period(rate).sum(axis=1))


def move_fall(task: Task, base: BaseHarm, place: Ints, share: Floats | None = None) -> Floats:
    """Return by how much harm falls in each period if stock lies elsewhere throughout [persons].

    Parameters
    ----------
    task, base
        The task, and harm by base causes for the weights of its knots.
    place
        Storehouse of each group after moves, shape (group,).
    share
        What other measures leave of the rates [1], shape (storehouse, cause); all by default.

    Returns
    -------
    ndarray
        Shape (period,), negative where harm rises. Nothing is destroyed.
    """
    stock = task.stock if share is None else with_rates(task, share)
    held = task.groups.held_t(task.scenario.periods)
    change = stock.rate_per_year(held) - replace(stock, storehouse=place).rate_per_year(held)
    return base.by_period(change).sum(axis=1)


def move_effect(
    task: Task, problem: Problem, base: BaseHarm, moves: Moves, measure: int, averted: Floats
) -> Effect:
    """Return what a move is worth, in proportion to what is left of its source.

    Parameters
    ----------
    task, problem, base
        As for `rate_effect`.
    moves, measure
        The moves, and the measure that is one of them.
    averted
        Harm averted in each period if nothing is destroyed [persons], shape (period,), zero or positive.
    """
    held = task.groups.held_t(task.scenario.periods)
    before, after = task.stock, replace(task.stock, storehouse=moves.after([measure]))
    fall = (before.rate_per_year(held) - after.rate_per_year(held)).sum(axis=1)
    rate = np.zeros((fall.size, base.knot_years.shape[2]))
    rate[:, int(moves.source[moves.measure == measure][0])] = np.maximum(fall, 0.0)
    return _proportional(task, problem, base, rate, averted)


def _held_kg(task: Task) -> Floats:
    """Return the NEQ of storehouses if nothing is destroyed [kg], shape (knot, storehouse)."""
    held = task.groups.held_t(task.scenario.periods)
    return task.stock.by_storehouse(held * task.stock.blast_kg_per_t)


def _proportional(task: Task, problem: Problem, base: BaseHarm, rate: Floats, averted: Floats) -> Effect:
    """Return an effect that is proportional to the NEQ left, from rates that it takes away if all is left.

    Rates in persons/yr, shape (knot, storehouse); harm averted in persons, shape (period,).
    """
    groups, stock, blocks = problem.groups, task.stock, problem.blocks
    periods, held = problem.scenario.periods, _held_kg(task)
    whole = blocks.sum(base.by_period(rate).sum(axis=1))
    per_kg = np.divide(rate, held, out=np.zeros_like(rate), where=held > 0.0)
    # Harm of each knot in each block, for each tonne that a group has lost by then.
    there = np.arange(periods + 1)[:, None] >= groups.arrival
    per_t = per_kg[:, stock.storehouse] * there * (stock.blast_kg_per_t * groups.likely)
    years = np.zeros((blocks.count, periods + 1, held.shape[1]))
    for period, block in enumerate(blocks.of_period.tolist()):
        years[block, period : period + 2] += base.knot_years[period]
    weighted = years[:, :, stock.storehouse] * per_t
    gone = gone_by(problem)
    lost = np.einsum("bkg,ck->bgc", weighted, gone)
    flows = problem.flows
    per_flow = lost[:, flows.group, flows.block]
    return Effect(averted, blocks.sum(averted), per_flow / np.where(whole > 0.0, whole, 1.0)[:, None])


def gone_by(problem: Problem) -> Floats:
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
