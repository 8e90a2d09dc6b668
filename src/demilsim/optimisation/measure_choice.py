"""Measures that were chosen: the money that they take, the rates that they leave, the harm averted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.harm import interval_years
from demilsim.model.measures import rate_factors
from demilsim.optimisation.effects import base_harm, with_rates
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measures import moves_of
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, Ints, MeasureOrder


@dataclass(frozen=True)
class Taken:
    """Measures that a plan takes.

    Parameters
    ----------
    orders
        At most one for each measure, in the order of the scenario.
    paid_usd
        What each fund pays for them in each period [USD], shape (fund, period).
    notes
        What the reader of the plan should know about them.
    """

    orders: tuple[MeasureOrder, ...]
    paid_usd: Floats
    notes: tuple[str, ...] = ()

    def shares(self, task: Task) -> Floats:
        """Return what is left of the rates of base causes [1], shape (period, storehouse, cause)."""
        scenario = task.scenario
        index = {measure.measure_id: i for i, measure in enumerate(scenario.measures)}
        factors = rate_factors(scenario)
        left = np.ones((scenario.periods, *factors.shape[1:]))
        for order in self.orders:
            i = index[order.measure_id]
            opens = first_open_period(scenario, scenario.measures[i].lead_time_days, order.period)
            left[opens:] *= factors[i]
        return left

    def moves_stock(self, task: Task) -> bool:
        """Return whether a move between storehouses is among them."""
        return bool(np.any(self.places(task) != task.stock.storehouse))

    def places(self, task: Task) -> Ints:
        """Return the storehouse of each group in each period, shape (period, group)."""
        scenario, moves = task.scenario, moves_of(task)
        place = np.repeat(task.stock.storehouse[None], scenario.periods, axis=0)
        index = {measure.measure_id: i for i, measure in enumerate(scenario.measures)}
        for i, order in ((index[order.measure_id], order) for order in self.orders):
            if moves is not None and i in moves.measure:
                opens = first_open_period(scenario, scenario.measures[i].lead_time_days, order.period)
                moved = moves.after([i])
                place[opens:, moved != moves.storehouse] = moved[moved != moves.storehouse]
        return place

    def applied(self, task: Task) -> Task:
        """Return the task that is left: money set aside, rates lowered by their mean over time, stock moved.

        A mean, since harm curves do not know of dates: `averted` has the dates. Stock counts from the start
        as lying where it is at the end, and there must be room for it in time.
        """
        years = interval_years(task.scenario)
        years[-1] += task.scenario.settings.terminal_years
        mean = np.tensordot(years / years.sum(), self.shares(task), axes=1)
        coefficients = replace(
            task.coefficients, receipts_usd=set_aside(task.coefficients.receipts_usd, self.paid_usd)
        )
        stock, moves = with_rates(task, mean), moves_of(task)
        if moves is None:
            return replace(task, coefficients=coefficients, stock=stock)
        stock = replace(stock, storehouse=self.places(task)[-1])
        rooms = moves.rooms(task.scenario, self.orders)
        return replace(task, coefficients=coefficients, stock=stock, rooms=rooms)

    def averted(self, task: Task, remaining_t: Floats) -> float:
        """Return the harm that they avert on a path, with their dates [weighted persons].

        Parameters
        ----------
        task
            The task without them.
        remaining_t
            Left of each group at each knot [t], shape (knot, group).
        """
        if self.moves_stock(task):
            return self._averted_with_moves(task, remaining_t)
        base = base_harm(task)
        neq_kg = task.stock.by_storehouse(remaining_t * task.stock.blast_kg_per_t)
        gone = 1.0 - self.shares(task)
        total, kinds = 0.0, np.unique(gone, axis=0)
        for share in kinds:
            periods = np.all(gone == share, axis=(1, 2))
            total += float(base.by_period(base.rate(share, neq_kg))[periods].sum())
        return total

    def _averted_with_moves(self, task: Task, remaining_t: Floats) -> float:
        """Return the same where stock is moved."""
        base, shares, places = base_harm(task), self.shares(task), self.places(task)
        total = base.by_period(task.stock.rate_per_year(remaining_t)).sum()
        change = np.any(places[1:] != places[:-1], axis=1) | np.any(shares[1:] != shares[:-1], axis=(1, 2))
        first = [0, *(1 + np.flatnonzero(change)).tolist()]
        for begin, end in pairwise([*first, places.shape[0]]):
            stock = replace(with_rates(task, shares[begin]), storehouse=places[begin])
            total -= base.by_period(stock.rate_per_year(remaining_t))[begin:end].sum()
        return float(total)


def taken(measured: MeasureProblem, values: Floats) -> Taken:
    """Return the measures that a solution of the joined model takes, each paid in full and no more."""
    orders, problem = measured.orders, measured.problem
    chosen = np.flatnonzero(values[measured.order_offset : measured.payment_offset] > 0.5)
    paid = np.zeros_like(problem.receipts_usd)
    for order in chosen.tolist():
        mine = np.flatnonzero(orders.pay_measure == orders.measure[order])
        amount = np.maximum(values[measured.payment_offset + mine], 0.0)
        for period in np.flatnonzero(orders.cost_usd[order]).tolist():
            then = orders.pay_period[mine] == period
            whole = amount[then].sum() * USD_PER_KUSD
            scale = orders.cost_usd[order, period] / whole if whole > 0.0 else 0.0
            np.add.at(paid[:, period], orders.pay_fund[mine][then], amount[then] * USD_PER_KUSD * scale)
    measures = problem.scenario.measures
    found = [
        MeasureOrder(measures[orders.measure[o]].measure_id, int(orders.period[o])) for o in chosen.tolist()
    ]
    return Taken(tuple(found), paid)


def set_aside(receipts_usd: Floats, paid_usd: Floats) -> Floats:
    """Return receipts of which the rest can be spent at any time without touching what is set aside.

    Parameters
    ----------
    receipts_usd
        Shape (fund, period) [USD].
    paid_usd
        What must still be there in each period [USD], same shape; never more in all than has come by then.
    """
    free = np.cumsum(receipts_usd, axis=1) - np.cumsum(paid_usd, axis=1)
    # Money that a later payment needs is not free before it.
    free = np.maximum(np.minimum.accumulate(free[:, ::-1], axis=1)[:, ::-1], 0.0)
    return np.diff(free, prepend=0.0, axis=1)
