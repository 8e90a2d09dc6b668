"""What a plan costs: what its funds pay, and no more than that.

The rows let funds pay more than work, orders and moves cost, since idle money harms no plan, and a solver
that looks at harm alone may well do so. Who asks what a plan costs has to take that out first.
"""

from __future__ import annotations

import numpy as np

from demilsim.optimisation.constraints import add_payments
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.rows import Sense
from demilsim.plan import Floats


def payment_cost(problem: Problem) -> Floats:
    """Return the cost of every column: what funds pay [kUSD], shape (column,).

    It is the cost of the plan at points whose payments are exact: those of least cost, and of `exactly_paid`.
    """
    cost = np.zeros(len(problem.columns.names))
    cost[_payments(problem)] = 1.0
    return cost


def exactly_paid(problem: Problem, values: Floats) -> Floats:
    """Return a plan whose funds pay what it costs, and keep the rest.

    Where several funds pay for the same, each pays its share of what they paid. All else stays as it is, so
    that a plan remains one: money that is not paid is carried over.

    Parameters
    ----------
    problem
        The problem.
    values
        A plan, shape (column,).
    """
    rows = add_payments(problem)
    if rows.sense is Sense.EQUAL:
        return values
    pays, first = problem.payments, problem.payment_offset
    amount = rows.coefficient * values[rows.column]
    payment = (rows.column >= first) & (rows.column < first + pays.fund.size)
    paid = np.bincount(rows.row[payment], amount[payment], minlength=rows.rhs.size)
    cost = rows.rhs - np.bincount(rows.row[~payment], amount[~payment], minlength=rows.rhs.size)
    # A row that is short of money by the solver's rounding stays as it is.
    share = np.clip(np.divide(cost, paid, out=np.ones_like(cost), where=paid > 0.0), 0.0, 1.0)
    exact = values.copy()
    exact[rows.column[payment]] *= share[rows.row[payment]]
    kept = np.zeros((problem.receipts_usd.shape[0], problem.blocks.count))
    np.add.at(kept, (pays.fund, pays.block), (values - exact)[_payments(problem)])
    fund, block = np.indices(kept.shape)
    exact[problem.carry_column(fund, block)] += np.cumsum(kept, axis=1)
    return exact


def paid_usd(problem: Problem, values: Floats) -> Floats:
    """Return what each fund pays for a plan [USD], shape (fund,); what it costs, as `exactly_paid` has it."""
    paid = exactly_paid(problem, values)[_payments(problem)]
    usd = np.zeros(len(problem.scenario.funds))
    np.add.at(usd, problem.payments.fund, USD_PER_KUSD * paid)
    return usd


def _payments(problem: Problem) -> slice:
    return slice(problem.payment_offset, problem.payment_offset + problem.payments.fund.size)
