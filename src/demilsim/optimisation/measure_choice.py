"""Measures that were chosen: the money that they take, the rates that they leave, the harm averted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.harm import interval_years
from demilsim.model.measures import rate_factors
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measures import base_harm, with_rates
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, MeasureOrder


@dataclass(frozen=True)
class Taken:
    """Measures that a plan takes.

    Parameters
    ----------
    orders
        At most one for each measure, in the order of the scenario.
    paid_usd
        What each fund pays for them in each period [USD], shape (fund, period).
    """

    orders: tuple[MeasureOrder, ...]
    paid_usd: Floats

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

    def applied(self, task: Task) -> Task:
        """Return the task that is left: their money set aside, and rates lowered by their mean over time.

        A mean, since harm curves do not know of dates: `averted` has the dates.
        """
        years = interval_years(task.scenario)
        years[-1] += task.scenario.settings.terminal_years
        mean = np.tensordot(years / years.sum(), self.shares(task), axes=1)
        coefficients = replace(
            task.coefficients, receipts_usd=set_aside(task.coefficients.receipts_usd, self.paid_usd)
        )
        return replace(task, coefficients=coefficients, stock=with_rates(task, mean))

    def averted(self, task: Task, remaining_t: Floats) -> float:
        """Return the harm that they avert on a path, with their dates [weighted persons].

        Parameters
        ----------
        task
            The task without them.
        remaining_t
            Left of each group at each knot [t], shape (knot, group).
        """
        base = base_harm(task)
        neq_kg = task.stock.by_storehouse(remaining_t * task.stock.blast_kg_per_t)
        gone = 1.0 - self.shares(task)
        total, kinds = 0.0, np.unique(gone, axis=0)
        for share in kinds:
            periods = np.all(gone == share, axis=(1, 2))
            total += float(base.by_period(base.rate(share, neq_kg))[periods].sum())
        return total


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
