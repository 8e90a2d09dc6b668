"""What a choice of facilities is worth in one draw: the best flows for it, and its slopes.

The facilities are ordered before the draw is known, the flows after it. Whatever was ordered can be paid:
money that the funds do not have then comes from an emergency account, at the price of the most harm that it
could have averted elsewhere. So every choice has a recourse, but where lots have dates (refused by
`experiments.facilities`), and what it lacks in some draw is seen in its harm. (An order of the simulation
waits for its money instead.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demilsim.errors import SolverError
from demilsim.model.options import Bools
from demilsim.optimisation.assemble import Model, assemble, cost_scale
from demilsim.optimisation.bridge import check
from demilsim.optimisation.highs import highs_status, silent_stdout
from demilsim.optimisation.kept import pass_model
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.rows import Columns, with_terms
from demilsim.optimisation.status import PlanStatus
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, Ints

Order = tuple[int, int]
"""Facility, and the period in which it is ordered."""


class Recourse:
    """The flows of one draw as a kept linear program, in which the orders are given.

    Parameters
    ----------
    task
        Scenario and coefficients of the draw.
    path_t
        Stock of each group along which harm is made linear [t], shape (period + 1, group).

    Attributes
    ----------
    do_nothing
        Planning harm of doing nothing in this draw [persons].
    emergency_price
        Harm that a dollar of emergency money counts for [persons/USD]; 0 where none can be needed.
    """

    def __init__(self, task: Task, path_t: Floats) -> None:
        problem = task.yearly_problem()
        assert problem.released is None, "a linear program would release fractions of tranches"
        harm = planning_harm(problem, task.stock)
        self.do_nothing = harm.do_nothing
        model = with_emergency_money(assemble(problem, harm.linearised(path_t), harm.do_nothing), problem)
        self._orders = np.arange(problem.order_offset, problem.payment_offset, dtype=np.int32)
        self._names = list(zip(problem.orders.facility.tolist(), problem.orders.period.tolist(), strict=True))
        self._emergency = np.arange(len(problem.columns.names), len(model.columns.names))
        self.emergency_price = float(model.cost[self._emergency].max(initial=0.0)) / USD_PER_KUSD
        self._constant, self._scale = model.constant, cost_scale(model.cost)
        with silent_stdout():
            self._highs = pass_model(replace(model, cost=self._scale * model.cost))

    @property
    def orders(self) -> tuple[Order, ...]:
        """Orders that add working days of their own in this draw."""
        return tuple(self._names)

    def evaluate(self, chosen: Ints) -> tuple[float, Floats]:
        """Return the harm of the best flows for some orders, and its slopes.

        Parameters
        ----------
        chosen
            Indices of this draw's orders.

        Returns
        -------
        harm, slopes
            Planning harm [persons], emergency money priced in; its change per order [persons], of shape
            (order,): harm is convex in the orders, so that the plane lies below it.
        """
        self._solve(chosen)
        slopes = np.array(self._highs.getSolution().col_dual)[self._orders] / self._scale
        value = self._highs.getInfo().objective_function_value / self._scale + self._constant
        return float(value), slopes

    def emergency_usd(self, chosen: Ints) -> float:
        """Return the emergency money that some orders need, by index, with the best flows for them [USD]."""
        self._solve(chosen)
        values = np.array(self._highs.getSolution().col_value)
        return USD_PER_KUSD * float(values[self._emergency].sum())

    def _solve(self, chosen: Ints) -> None:
        fixed = np.zeros(self._orders.size)
        fixed[chosen] = 1.0
        with silent_stdout():
            if fixed.size:
                check(self._highs.changeColsBounds(fixed.size, self._orders, fixed, fixed), "bounds")
            check(self._highs.run(), "run")
        status = highs_status(self._highs)
        if status is not PlanStatus.OPTIMAL:
            raise SolverError(f"the flows of a draw ended {status.value}: expected every choice to have some")


def first_from(wanted: Sequence[Order], orders: Sequence[Order]) -> Ints:
    """Return the order that does what each wanted one does, by index; -1 where none adds a day.

    It is the first one of the facility then or after: an order that adds the same days as a later one is left
    out, since that is paid later.
    """
    found = np.full(len(wanted), -1, dtype=np.int64)
    for i, (facility, period) in enumerate(wanted):
        later = [(t, j) for j, (f, t) in enumerate(orders) if f == facility and t >= period]
        if later:
            found[i] = min(later)[1]
    return found


def with_emergency_money(model: Model, problem: Problem) -> Model:
    """Return the model with a column of emergency money [kUSD] for each row that pays for orders."""
    price = emergency_price(problem, model.cost[: problem.flows.group.size], model.constant)
    families, names = list(model.families), list[str]()
    for at, rows in enumerate(families):
        if rows.family != "payments":
            continue
        paid = np.unique(rows.row[_orders_something(problem, rows.column)])
        names = [f"e_{rows.names[row]}" for row in paid]
        column = len(model.columns.names) + np.arange(paid.size)
        families[at] = with_terms(rows, paid, column, np.ones(paid.size))
    columns = Columns(
        model.columns.names + tuple(names),
        np.append(model.columns.upper, np.full(len(names), np.inf)),
        np.append(model.columns.integer, np.zeros(len(names), dtype=bool)),
    )
    cost = np.append(model.cost, np.full(len(names), price))
    return Model(columns, tuple(families), cost, model.constant)


def emergency_price(problem: Problem, flow_cost: Floats, do_nothing: float) -> float:
    """Return the price of emergency money: the most harm that money averts by destruction [persons/kUSD].

    Where all work that averts harm is free, it is the harm of doing nothing for each kUSD: no order of 1 kUSD
    or more can avert what emergency money for it then costs.

    Parameters
    ----------
    problem
        The problem.
    flow_cost
        Linear harm of the flows [persons/t], shape (flow,).
    do_nothing
        Planning harm of doing nothing [persons].
    """
    flows = problem.flows
    unit_cost = problem.groups.cost_usd_per_t[flows.group, flows.facility] / USD_PER_KUSD
    costly = unit_cost > 0.0
    averted = float(np.max(-flow_cost[costly] / unit_cost[costly], initial=0.0))
    return averted if averted > 0.0 else do_nothing


def _orders_something(problem: Problem, column: Ints) -> Bools:
    """Return whether columns are orders, or say that one was placed by then."""
    ordered = (column >= problem.order_offset) & (column < problem.payment_offset)
    return ordered | (column >= problem.ordered_offset)
