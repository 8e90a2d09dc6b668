"""The constraint families of measures, and the model of a plan with them.

Symbols: y[o] order o of a measure; w[i,b] share of what measure i could avert in block b that it does avert;
v[i,j,b] share of what measures i and j avert twice; r[i,k,t] payment of fund k for measure i in period t
[kUSD]; x, p and m as in `constraints`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.constraints import released_kusd, released_within
from demilsim.optimisation.effects import Effect
from demilsim.optimisation.licences import add_licences, add_move_pairs
from demilsim.optimisation.measure_problem import MeasureProblem, Terms
from demilsim.optimisation.places import places
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.release_columns import merged
from demilsim.optimisation.rows import Rows, Sense, rows_of, with_terms
from demilsim.plan import Ints


def add_measure_orders(measured: MeasureProblem) -> Rows:
    """Order a measure at most once.

    Sum over o of i of y[o] <= 1, a pure number.
    """
    orders, names = measured.orders, measured.labels
    terms = (
        orders.measure,
        measured.order_offset + np.arange(orders.measure.size),
        np.ones(orders.measure.size),
    )
    limit = np.ones(len(names))
    return rows_of("measure_orders", [terms], Sense.AT_MOST, limit, lambda i: f"take_{names[i]}")


def add_measure_times(measured: MeasureProblem) -> Rows:
    """Let a measure avert nothing before it is in force.

    w[i,b] - sum over o of i of S[o,b] y[o] <= 0, shares of what i could avert in block b; S is the part of it
    that falls into periods in which o is in force.
    """
    count, terms = measured.problem.blocks.count, []
    for number, (i, effect) in enumerate(measured.orders.effects.items()):
        at = number * count + np.arange(count)
        terms += [
            (at, measured.effect_offset + at, np.ones(count)),
            measured.in_force(i, effect, number * count),
        ]
    names = _by_block(measured, "force", [measured.labels[i] for i in measured.orders.effects])
    rhs = np.zeros(len(measured.orders.effects) * count)
    return rows_of("measure_times", terms, Sense.AT_MOST, rhs, names)


def add_measure_stock(measured: MeasureProblem) -> Rows:
    """Let a measure avert no more than what is left would do.

    w[i,b] + sum over g,f,b' of H[i,b,g,f,b'] x[g,f,b'] <= 1, shares of what i could avert in block b; H in
    1/t, for NEQ that has left its storehouses by then.
    """
    count, terms = measured.problem.blocks.count, []
    for number, effect in enumerate(measured.orders.effects.values()):
        at = number * count + np.arange(count)
        terms += [(at, measured.effect_offset + at, np.ones(count)), _lost(effect, number * count)]
    names = _by_block(measured, "left", [measured.labels[i] for i in measured.orders.effects])
    rhs = np.ones(len(measured.orders.effects) * count)
    return rows_of("measure_stock", terms, Sense.AT_MOST, rhs, names)


def add_measure_overlaps(measured: MeasureProblem) -> Rows:
    """Count once what two measures at one storehouse would both take away.

    v[i,j,b] - sum over o of i and j of S[o,b] y[o] + sum over g,f,b' of H[i,j,b,g,f,b'] x[g,f,b'] >= -1,
    shares of what both take away in block b: with both in force v is at least what is left of it, else it may
    be 0. In a block of several periods in which both begin it may be too small; `Taken.averted` is exact.
    """
    count, terms = measured.problem.blocks.count, []
    for number, ((i, j), effect) in enumerate(measured.orders.overlaps.items()):
        first = number * count
        at = first + np.arange(count)
        terms += [(at, measured.overlap_offset + at, np.ones(count)), _lost(effect, first)]
        terms += [measured.in_force(k, effect, first) for k in (i, j)]
    pairs = [f"{measured.labels[i]}_{measured.labels[j]}" for i, j in measured.orders.overlaps]
    rhs = -np.ones(len(measured.orders.overlaps) * count)
    return rows_of("measure_overlaps", terms, Sense.AT_LEAST, rhs, _by_block(measured, "both", pairs))


def add_measure_payments(measured: MeasureProblem) -> Rows:
    """Cover the cost of a measure by funds that may pay for it.

    Sum over k of r[i,k,t] - sum over o of i of A[o,t] y[o] >= 0 in each period t, in kUSD.
    """
    orders, periods = measured.orders, measured.problem.scenario.periods
    order, period = np.nonzero(orders.cost_usd)
    cost = (
        orders.measure[order] * periods + period,
        measured.order_offset + order,
        -orders.cost_usd[order, period] / USD_PER_KUSD,
    )
    paid = (
        orders.pay_measure * periods + orders.pay_period,
        measured.payment_offset + np.arange(orders.pay_measure.size),
        np.ones(orders.pay_measure.size),
    )
    names, dates = measured.labels, single_periods(measured.problem.scenario).labels
    rhs = np.zeros(len(names) * periods)
    return rows_of(
        "measure_payments", [cost, paid], Sense.AT_LEAST, rhs,
        lambda row: f"measure_{names[row // periods]}_{dates[row % periods]}",
    )  # fmt: skip


def add_measure_commitments(measured: MeasureProblem) -> Rows:
    """Pay measures, capital and standing cost of a period from what a fund has received by then.

    Sum over i and s <= t in b of r[i,k,s] + sum over committed c and s <= t in b of p[c,k,s] - m[k,b-1] <=
    sum over s <= t in b of R[k,s] for each period t of a block b of several; and for the fund that takes
    scrap also sum over i and s <= t of r[i,k,s] <= sum over s <= t of R[k,s], so that no measure waits for
    scrap. In kUSD.
    """
    problem, orders = measured.problem, measured.orders
    blocks, periods, pays = problem.blocks, problem.scenario.periods, problem.payments
    funds = problem.receipts_usd.shape[0]
    received = np.cumsum(problem.receipts_usd, axis=1) / USD_PER_KUSD
    mine = measured.payment_offset + np.arange(orders.pay_measure.size)
    terms: list[Terms] = []
    rhs = np.concatenate([received.ravel(), received.ravel()])
    paying = np.unique(orders.pay_fund)
    if blocks.count < periods:
        committed = np.flatnonzero(
            np.array(problem.classes.committed, dtype=bool)[pays.cost_class] & np.isin(pays.fund, paying)
        )
        fund = np.concatenate([orders.pay_fund, pays.fund[committed]])
        period = np.concatenate([orders.pay_period, pays.period[committed]])
        column = np.concatenate([mine, problem.payment_offset + committed])
        until = np.arange(periods)
        pay, t = np.nonzero(
            (blocks.of_period[period][:, None] == blocks.of_period[None, :]) & (until >= period[:, None])
        )
        terms.append((fund[pay] * periods + t, column[pay], np.ones(pay.size)))
        terms.append(released_within(problem, np.unique(terms[0][0])))
        k, t = np.divmod(np.unique(terms[0][0]), periods)
        k, t = k[blocks.of_period[t] > 0], t[blocks.of_period[t] > 0]
        terms.append((k * periods + t, problem.carry_column(k, blocks.of_period[t] - 1), -np.ones(k.size)))
        before = np.where(blocks.first > 0, received[:, blocks.first - 1], 0.0)
        rhs[: funds * periods] = (received - before[:, blocks.of_period]).ravel()
    if problem.scrap_fund != NO_FUND:
        pay, t = np.nonzero(
            (orders.pay_fund == problem.scrap_fund)[:, None]
            & (np.arange(periods) >= orders.pay_period[:, None])
        )
        terms.append(((funds + problem.scrap_fund) * periods + t, mine[pay], np.ones(pay.size)))
        terms.append(_released_by(problem, (funds + problem.scrap_fund) * periods, np.unique(t)))
    names, dates = problem.fund_labels, single_periods(problem.scenario).labels

    def name(row: int) -> str:
        k, t = divmod(row, periods)
        return f"{'reserve' if k < funds else 'unsold'}_{names[k % funds]}_{dates[t]}"

    return rows_of("measure_commitments", terms, Sense.AT_MOST, rhs, name)


MEASURE_FAMILIES: tuple[Callable[[MeasureProblem], Rows], ...] = (
    add_measure_orders,
    add_measure_times,
    add_measure_stock,
    add_measure_overlaps,
    add_measure_payments,
    add_measure_commitments,
    add_move_pairs,
    add_licences,
)
"""All families of measures, in the order in which their rows enter the model."""


def joined(model: Model, measured: MeasureProblem) -> Model:
    """Return the model of a problem with its measures, paid from the same funds."""
    families = tuple(
        _with_payments(rows, measured) if rows.family == "budget" else rows for rows in model.families
    )
    assert any(rows.family == "budget" for rows in families), "measures are paid in the rows of the budget"
    return Model(
        measured.columns,
        families + tuple(family(measured) for family in MEASURE_FAMILIES),
        np.concatenate([model.cost, measured.cost]),
        model.constant,
    )


def _with_payments(budget: Rows, measured: MeasureProblem) -> Rows:
    """Return the budget with payments for measures: + sum over i and t in b of r[i,k,t]."""
    problem, orders = measured.problem, measured.orders
    where = places(problem, budget)
    row_of = np.full((len(where.ids), len(where.times)), -1, dtype=np.int64)
    row_of[where.entity, where.time] = np.arange(where.entity.size)
    row = row_of[orders.pay_fund, problem.blocks.of_period[orders.pay_period]]
    assert np.all(row >= 0), "every fund has a row of its budget in every block"
    column = measured.payment_offset + np.arange(orders.pay_fund.size)
    return with_terms(budget, row, column, np.ones(column.size))


def _released_by(problem: Problem, first: int, until: Ints) -> Terms:
    """Return terms, in rows from a first one on, of what releases bring the fund for scrap by periods."""
    fund, period, column, kusd = released_kusd(problem)
    own = fund == problem.scrap_fund
    term, t = np.nonzero(period[own][:, None] <= until)
    return merged(first + until[t], column[own][term], -kusd[own][term])


def _lost(effect: Effect, first: int) -> Terms:
    block, flow = np.nonzero(effect.lost_per_t)
    return first + block, flow, effect.lost_per_t[block, flow]


def _by_block(measured: MeasureProblem, prefix: str, names: list[str]) -> Callable[[int], str]:
    count, dates = measured.problem.blocks.count, measured.problem.blocks.labels
    return lambda row: f"{prefix}_{names[row // count]}_{dates[row % count]}"
