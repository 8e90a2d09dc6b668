"""The constraint families of the planning model, one function each.

Symbols: x[g,f,b] tonnes of group g at facility f in block b; z[o] order o; u[o] whether the facility of o was
ordered then or before; p[c,k,t] payment of fund k for cost class c in period t [kUSD]; m[k,b] money carried
over by fund k [kUSD]. v'[o] is v[o] less v of the next order of the same facility, so that the sum of
v'[o] u[o] is the sum of v[o] z[o].
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.orders import NO_CLASS
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.release_columns import merged
from demilsim.optimisation.rows import Rows, Sense, rows_of
from demilsim.plan import Floats, Ints

PREFIXES = {"working_days": "days", "permits": "permit", "budget": "budget", "worker_risk": "workers"}
"""How the names of rows by facility or fund, and block or year, begin, by family (see `places`)."""

CUT_EVERY_BLOCKS = ((24, 2), (40, 4))
"""Blocks between cumulative facility cuts, up to a number of blocks."""

CUT_EVERY_BLOCKS_OF_MANY = 8
"""The same beyond: there these rows hold most of the coefficients, and every 4 and every 8 bounded alike."""


def add_stock(problem: Problem) -> Rows:
    """Bound what is destroyed of a group by what there is.

    Sum over f, b of x[g,f,b] <= W[g], both in gross tonnes.
    """
    flows = problem.flows
    terms = (flows.group, _flow_columns(problem), np.ones(flows.group.size))
    return rows_of("stock", [terms], Sense.AT_MOST, problem.groups.mass_t, lambda g: f"stock_g{g}")


def add_working_days(problem: Problem) -> Rows:
    """Bound work at a facility by its working days, which an order adds only after its lead time.

    Sum over g of d[g,f] x[g,f,b] - sum over o of f of D'[o,b] u[o] <= D[f,b], in working days; d in days per
    tonne. The daily limit on net explosive quantity is part of d. Days of moves, if they are open, count as
    work (see `tour_rows`).
    """
    flows, orders, blocks = problem.flows, problem.orders, problem.blocks
    work = (
        flows.facility * blocks.count + flows.block,
        _flow_columns(problem),
        problem.groups.days_per_t[flows.group, flows.facility],
    )
    days = orders.beyond_next(orders.days)
    order, block = np.nonzero(days)
    added = (
        orders.facility[order] * blocks.count + block,
        problem.ordered_offset + order,
        -days[order, block],
    )
    name = _named(PREFIXES["working_days"], problem.facility_labels, blocks.labels)
    moving = [] if problem.tours is None else [problem.tours.days_terms(problem.tour_offset)]
    return rows_of("working_days", [work, added, *moving], Sense.AT_MOST, problem.days.ravel(), name)


def add_permits(problem: Problem) -> Rows:
    """Bound what a facility destroys in a calendar year by its permit.

    Sum over g and b in year y of x[g,f,b] <= P[f], both in gross tonnes. No block crosses a year.
    """
    flows, blocks = problem.flows, problem.blocks
    permit = np.array([f.permit_t_per_year or np.inf for f in problem.scenario.facilities], dtype=float)
    years = np.unique(blocks.year)
    limited = np.isfinite(permit)[flows.facility]
    key = flows.facility * years.size + np.searchsorted(years, blocks.year[flows.block])
    terms = (key[limited], _flow_columns(problem)[limited], np.ones(int(limited.sum())))
    name = _named(PREFIXES["permits"], problem.facility_labels, tuple(str(year) for year in years))
    return rows_of("permits", [terms], Sense.AT_MOST, np.repeat(permit, years.size), name)


def add_worker_risk(problem: Problem) -> Rows:
    """Keep the individual risk of a facility's workers by its accidents in a calendar year below its limit.

    Sum over g and b in year y of r[f] / (n[f] l[f]) x[g,f,b] <= 1, in parts of the limit: r deaths of workers
    per tonne, n workers who share them, l the limit on the yearly probability of death of each. No block
    crosses a year.
    """
    flows, blocks, scenario = problem.flows, problem.blocks, problem.scenario
    per_t = np.zeros(len(scenario.facilities))
    for f, plant in enumerate(scenario.facilities):
        if plant.worker_risk_limit_per_year is not None and plant.workers is not None:
            method = scenario.methods[plant.method_id]
            deaths = method.accident_rate_per_t * method.worker_fatalities_per_accident
            per_t[f] = deaths / (plant.workers * plant.worker_risk_limit_per_year)
    years = np.unique(blocks.year)
    key = flows.facility * years.size + np.searchsorted(years, blocks.year[flows.block])
    terms = (key, _flow_columns(problem), per_t[flows.facility])
    name = _named(PREFIXES["worker_risk"], problem.facility_labels, tuple(str(year) for year in years))
    return rows_of("worker_risk", [terms], Sense.AT_MOST, np.ones(per_t.size * years.size), name)


def add_commissioning(problem: Problem) -> Rows:
    """Commission a facility at most once.

    Sum over o of f of z[o] <= 1, a pure number.
    """
    orders = problem.orders
    terms = (orders.facility, _order_columns(problem), np.ones(orders.facility.size))
    limit = np.ones(len(problem.scenario.facilities))
    facility = problem.facility_labels
    return rows_of("commissioning", [terms], Sense.AT_MOST, limit, lambda f: f"once_{facility[f]}")


def add_ordered(problem: Problem) -> Rows:
    """Say whether a facility was ordered by a date: it was before, or is now.

    u[o] - u[o-1] - z[o] = 0, a pure number; o - 1 is the order of the same facility before o, if any.
    Branching on u asks "before this date or not", which cuts both ways; on a single z it hardly matters.
    """
    orders = problem.orders
    order = np.arange(orders.facility.size)
    later = order[1:][orders.facility[1:] == orders.facility[:-1]]
    offset, ones = problem.ordered_offset, np.ones(order.size)
    now = (order, offset + order, ones)
    before = (later, offset + later - 1, -ones[later])
    chosen = (order, _order_columns(problem), -ones)
    facility, periods = problem.facility_labels, single_periods(problem.scenario).labels
    names = [
        f"ordered_{facility[f]}_{periods[t]}" for f, t in zip(orders.facility, orders.period, strict=True)
    ]
    return rows_of(
        "ordered", [now, before, chosen], Sense.EQUAL, np.zeros(order.size), lambda row: names[row]
    )


def add_cumulative_cuts(problem: Problem) -> Rows:
    """Bound what a facility has destroyed of a group by a date by what its order let it do until then.

    Sum over b' <= b of x[g,f,b'] <= sum over o of f of L'[o] u[o], L[o] = min(W[g], D[o,..b] / d[g,f]), in
    gross tonnes. Implied for whole orders, since there is one at most; it cuts off fractions of orders, which
    the rows of working days let serve every group at once.
    """
    flows, orders, groups = problem.flows, problem.orders, problem.groups
    count = problem.blocks.count
    facilities = len(problem.scenario.facilities)
    every = next((step for most, step in CUT_EVERY_BLOCKS if count <= most), CUT_EVERY_BLOCKS_OF_MANY)
    cut = np.arange(count - 1, -1, -every)[::-1]
    possible = np.isin(flows.facility, orders.facility)
    pair = flows.group * facilities + flows.facility
    flow, at = np.nonzero(possible[:, None] & (flows.block[:, None] <= cut[None, :]))
    done = (pair[flow] * cut.size + at, flow, np.ones(flow.size))
    pairs = np.unique(pair[possible])
    by_then = np.cumsum(orders.days, axis=1)[:, cut]
    batches = [done]
    for facility in np.unique(orders.facility):
        own = np.flatnonzero(orders.facility == facility)
        here = pairs[pairs % facilities == facility]
        group = here // facilities
        tonnes = by_then[own][None, :, :] / groups.days_per_t[group, facility][:, None, None]
        limit = np.minimum(tonnes, groups.mass_t[group][:, None, None])
        beyond = limit.copy()
        beyond[:, :-1] -= limit[:, 1:]
        row, order, number = np.nonzero(beyond)
        key = here[row] * cut.size + number
        batches.append((key, problem.ordered_offset + own[order], -beyond[row, order, number]))
    facility_labels = problem.facility_labels

    def name(candidate: int) -> str:
        cut_pair, number = divmod(candidate, cut.size)
        cut_group, cut_facility = divmod(cut_pair, facilities)
        return f"by_{facility_labels[cut_facility]}_g{cut_group}_{problem.blocks.labels[cut[number]]}"

    rhs = np.zeros(groups.count * facilities * cut.size)
    return rows_of("cumulative_cuts", batches, Sense.AT_MOST, rhs, name)


def add_payments(problem: Problem) -> Rows:
    """Cover the cost of a class by funds that may pay for it.

    Sum over k in E[c] of q[c,k] p[c,k,t] - sum over (g,f) in c of a[g,f] x[g,f,b] >= 0 for work, t being
    the first period of block b; sum over k in E[c] of p[c,k,t] - sum over o of (A[o,c,t] z[o] +
    B'[o,c,t] u[o]) >= C[c,t] for capital A and standing cost B. In kUSD; a in kUSD per tonne, C[c,t] the cost
    of commissionings that are fixed. Moves are paid like capital, in C if they are fixed (see `tour_rows`).
    q is 1, or a[c] / (a[c] + v[k]) for a fund that pays v kUSD on top for each tonne, a[c] the least cost in
    the class: no dollar is taken for more work than it pays. Equal where a tranche waits for spending, since
    no money is thrown away to release it.
    """
    flows, pays, blocks = problem.flows, problem.payments, problem.blocks
    periods = problem.scenario.periods
    costly = flows.cost_class != NO_CLASS
    unit_cost = problem.groups.cost_usd_per_t[flows.group, flows.facility] / USD_PER_KUSD
    work = (
        (flows.cost_class * periods + blocks.first[flows.block])[costly],
        _flow_columns(problem)[costly],
        -unit_cost[costly],
    )
    orders = problem.orders
    capital = _by_class(problem, orders.capital_class, orders.capital_usd, problem.order_offset)
    standing = _by_class(
        problem, orders.standing_class, orders.beyond_next(orders.standing_usd), problem.ordered_offset
    )
    least = np.array(problem.classes.least_usd_per_t, dtype=float)
    for_work = 1.0 / (1.0 + problem.verification_usd_per_t[pays.fund] / least[pays.cost_class])
    paid = (pays.cost_class * periods + pays.period, _payment_columns(problem), for_work)
    period_labels = single_periods(problem.scenario).labels

    def name(row: int) -> str:
        c, t = divmod(row, periods)
        committed = problem.classes.committed[c]
        return f"pay_c{c}_{period_labels[t] if committed else blocks.labels[blocks.of_period[t]]}"

    moving = [] if problem.tours is None else [problem.tours.cost_terms(problem.tour_offset)]
    rhs = problem.committed_usd.ravel() / USD_PER_KUSD
    exact = problem.released is not None and problem.released.counts_spending
    sense = Sense.EQUAL if exact else Sense.AT_LEAST
    return rows_of("payments", [work, capital, standing, *moving, paid], sense, rhs, name)


def add_budget(problem: Problem) -> Rows:
    """Carry over what a fund had and received, less what it paid.

    m[k,b] - m[k,b-1] + sum over c and t in b of p[c,k,t] - sum over g,f of s[g,f] x[g,f,b-1] = R[k,b], in
    kUSD, with m >= 0. A fund that has expired has no payments; what it still carries has lapsed. Money that
    arrives within a block may pay for work in it. Scrap, s kUSD per tonne for the one fund k that it is sold
    for, pays from the next block on. What releases bring, if they are open, is in R (see `milestones`).
    """
    pays, count = problem.payments, problem.blocks.count
    funds = problem.receipts_usd.shape[0]
    fund, block = (part.ravel() for part in np.indices((funds, count)))
    later = block > 0
    kept = (fund * count + block, problem.carry_column(fund, block), np.ones(fund.size))
    before = (
        (fund * count + block)[later],
        problem.carry_column(fund, block - 1)[later],
        -np.ones(int(later.sum())),
    )
    paid = (pays.fund * count + pays.block, _payment_columns(problem), np.ones(pays.fund.size))
    name = _named(PREFIXES["budget"], problem.fund_labels, problem.blocks.labels)
    rhs = problem.blocks.sum(problem.receipts_usd).ravel() / USD_PER_KUSD
    flows = problem.flows
    scrap = problem.groups.scrap_usd_per_t[flows.group, flows.facility] / USD_PER_KUSD
    sold = (scrap > 0.0) & (flows.block < count - 1) & (problem.scrap_fund != NO_FUND)
    income = (problem.scrap_fund * count + flows.block[sold] + 1, _flow_columns(problem)[sold], -scrap[sold])
    fund, period, column, kusd = released_kusd(problem)
    brought = merged(fund * count + problem.blocks.of_period[period], column, -kusd)
    return rows_of("budget", [kept, before, paid, income, brought], Sense.EQUAL, rhs, name)


def add_commitments(problem: Problem) -> Rows:
    """Pay capital and standing cost of a period from what a fund has by then.

    Sum over committed c and s <= t in b of p[c,k,s] - m[k,b-1] <= sum over s <= t in b of R[k,s], in kUSD,
    for each period t of a block b of several. It keeps every choice of orders payable in single periods,
    where the budget implies it. What releases bring is in R, as in the budget.
    """
    pays, blocks, periods = problem.payments, problem.blocks, problem.scenario.periods
    if blocks.count == periods:
        return rows_of("commitments", [], Sense.AT_MOST, np.empty(0), str)
    column = np.flatnonzero(np.array(problem.classes.committed, dtype=bool)[pays.cost_class])
    # A payment counts in its own period and in the later ones of its block.
    same_block = blocks.of_period[None, :] == pays.block[column][:, None]
    pay, period = np.nonzero(same_block & (np.arange(periods)[None, :] >= pays.period[column][:, None]))
    key = pays.fund[column[pay]] * periods + period
    paid = (key, problem.payment_offset + column[pay], np.ones(pay.size))
    rows = np.unique(key)
    fund, block = rows // periods, blocks.of_period[rows % periods]
    later = block > 0
    carried = problem.carry_column(fund[later], block[later] - 1)
    before = (rows[later], carried, -np.ones(carried.size))
    received = np.cumsum(problem.receipts_usd, axis=1)
    earlier = np.where(blocks.first > 0, received[:, blocks.first - 1], 0.0)
    # Less than nothing is left where money of open releases is set aside for measures: the budget sees to it.
    rhs = np.maximum((received - earlier[:, blocks.of_period]).ravel() / USD_PER_KUSD, 0.0)
    name = _named("commit", problem.fund_labels, single_periods(problem.scenario).labels)
    return rows_of("commitments", [paid, before, released_within(problem, rows)], Sense.AT_MOST, rhs, name)


def released_kusd(problem: Problem) -> tuple[Ints, Ints, Ints, Floats]:
    """Return what open releases bring: fund, period, column and amount [kUSD], each of shape (term,)."""
    if problem.released is None:
        nothing = np.empty(0, dtype=np.int64)
        return nothing, nothing, nothing, np.empty(0)
    fund, period, column, usd = problem.released.net_usd()
    return fund, period, problem.release_offset + column, usd / USD_PER_KUSD


def released_within(problem: Problem, rows: Ints) -> tuple[Ints, Ints, Floats]:
    """Return terms of what open releases have brought in a block until a period of it [kUSD].

    They stand on the left of rows by fund and period, of which those in `rows`, rising, are there.
    """
    fund, period, column, kusd = released_kusd(problem)
    of_period, periods = problem.blocks.of_period, problem.scenario.periods
    until = np.arange(periods)
    term, t = np.nonzero((of_period[period][:, None] == of_period) & (until >= period[:, None]))
    key = fund[term] * periods + t
    there = np.isin(key, rows)
    return merged(key[there], column[term][there], -kusd[term][there])


FAMILIES: tuple[Callable[[Problem], Rows], ...] = (
    add_stock,
    add_working_days,
    add_permits,
    add_worker_risk,
    add_commissioning,
    add_ordered,
    add_cumulative_cuts,
    add_payments,
    add_budget,
    add_commitments,
)
"""All families, in the order in which their rows enter the model."""


def _flow_columns(problem: Problem) -> Ints:
    return np.arange(problem.flows.group.size)


def _order_columns(problem: Problem) -> Ints:
    return problem.order_offset + np.arange(problem.orders.facility.size)


def _payment_columns(problem: Problem) -> Ints:
    return problem.payment_offset + np.arange(problem.payments.fund.size)


def _by_class(problem: Problem, cost_class: Ints, usd: Floats, offset: int) -> tuple[Ints, Ints, Floats]:
    """Return the terms of costs of orders in the rows of payments.

    Parameters
    ----------
    problem
        The problem.
    cost_class
        Class of each order, shape (order,).
    usd
        Costs [USD], shape (order, period).
    offset
        Column of the first order.
    """
    order, period = np.nonzero(usd * (cost_class != NO_CLASS)[:, None])
    key = cost_class[order] * problem.scenario.periods + period
    return key, offset + order, -usd[order, period] / USD_PER_KUSD


def _named(prefix: str, first: tuple[str, ...], second: tuple[str, ...]) -> Callable[[int], str]:
    """Return names such as ``budget_us_2027q1`` for candidate rows over two indices."""
    return lambda row: f"{prefix}_{first[row // len(second)]}_{second[row % len(second)]}"
