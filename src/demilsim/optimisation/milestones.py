"""The constraint families of milestones: work and spending that release tranches.

Symbols: z[j,b] whether the milestone of tranche j was met by the start of block b; d[b] tonnes destroyed
before it; x, p as in `constraints`. Where releases are open, R[k,t] of the budget and of the commitments is
receipts without tranches that wait, plus (1 - o[k]) times, over the tranches j of fund k,
B[j,t] (z[j,b] - z[j,b-1]) + a[j,t] z[j,b-1] in the first period t of block b, a[j,t] z[j,b] in its others:
B what has come if j is released in t, a what comes in t after a release, o overhead. Where releases are
fixed, receipts are numbers, and work or spending for each is asked for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.matching import add_matching
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.release_columns import ReleaseColumns, merged
from demilsim.optimisation.rows import Rows, Sense, labels, rows_of
from demilsim.plan import Floats, Ints

Terms = tuple[Ints, Ints, Floats]
"""Row, column and coefficient of each term."""

ROUNDING = 1e-9
"""Share of a milestone that counts as nothing, so that one of all stock can be met [1]."""

SPARE_KUSD = 0.001
"""Spending beyond a share that a plan asks for [kUSD]: cents may be rounded away. A bound asks for none."""

MARGIN = 1.01
"""Factor on the most that a share of receipts can be [1]: without it a row may leave a billionth of its terms
to go, which HiGHS took for impossible."""


def add_destroyed(problem: Problem) -> Rows:
    """Count what has been destroyed before each block.

    d[b] - d[b-1] - sum over g, f of x[g,f,b-1] = 0, in gross tonnes, d[0] being nothing.
    """
    choice, flows, count = problem.released, problem.flows, problem.blocks.count
    if choice is None or not choice.counts_tonnes:
        return rows_of("destroyed", [], Sense.EQUAL, np.empty(0), str)
    at = np.arange(1, count)
    earlier = np.flatnonzero(flows.block < count - 1)
    terms = [
        (at, _destroyed_column(problem, at), np.ones(at.size)),
        (at[1:], _destroyed_column(problem, at[:-1]), -np.ones(at.size - 1)),
        (flows.block[earlier] + 1, earlier, -np.ones(earlier.size)),
    ]
    return rows_of(
        "destroyed", terms, Sense.EQUAL, np.zeros(count), lambda b: f"destroyed_{problem.blocks.labels[b]}"
    )


def add_milestones(problem: Problem) -> Rows:
    """Release a tranche for tonnes destroyed only once they are.

    M[j] z[j,b] - d[b] <= 0 where releases are open, and - sum over g, f and b before t of x[g,f,b] <= -M[j]
    for tranche j that is released at the start of period t, in gross tonnes. Only blocks wholly before count.
    """
    choice, blocks = problem.released, problem.blocks
    if choice is None:
        return rows_of("milestones", [], Sense.AT_MOST, np.empty(0), str)
    waiting, count = choice.waiting, blocks.count
    tranche, block = _looked_at(problem, choice)
    needed = choice.needed_t(tranche, _most_t(problem)) * (1.0 - ROUNDING)
    counted = np.flatnonzero(needed > 0.0)
    key = tranche * count + block
    rhs = np.zeros(len(waiting.ids) * count)
    if choice.fixed is None:
        terms = [
            (key[counted], problem.release_offset + counted, needed[counted]),
            (key[counted], _destroyed_column(problem, block[counted]), -np.ones(counted.size)),
        ]
    else:
        row, flow = np.nonzero(problem.flows.block < block[counted][:, None])
        terms = [(key[counted][row], flow, -np.ones(flow.size))]
        rhs[key[counted]] = -needed[counted]
    return rows_of("milestones", terms, Sense.AT_MOST, rhs, _namer(problem, choice, "earned"))


def add_released(problem: Problem) -> Rows:
    """Keep a milestone met once it is.

    z[j,b-1] - z[j,b] <= 0, a pure number.
    """
    choice = problem.released
    if choice is None:
        return rows_of("released", [], Sense.AT_MOST, np.empty(0), str)
    tranche, block = choice.pairs
    column = problem.release_offset + np.arange(tranche.size)
    again = np.flatnonzero(tranche[1:] == tranche[:-1]) + 1
    count = problem.blocks.count
    key = tranche[again] * count + block[again]
    terms = [(key, column[again - 1], np.ones(again.size)), (key, column[again], -np.ones(again.size))]
    rhs = np.zeros(len(choice.waiting.ids) * count)
    return rows_of("released", terms, Sense.AT_MOST, rhs, _namer(problem, choice, "stays"))


def add_spent_shares(problem: Problem) -> Rows:
    """Release a tranche for the spending of a fund at a time at which the share is spent.

    Sum over c and t before b of p[c,k,t] - s[j] (R[k,..b] + scrap of blocks before b) - U (z[j,b] - z[j,b-1])
    >= -U, in kUSD: s[j] the share, R[k,..b] receipts by the start of block b without what is released then, U
    a little more than s[j] times all receipts can be. Where releases are fixed, the same for the one block,
    without U; where they are open, less may be taken to be matched than is. A bound leaves these rows out
    where there are measures: paying for them is spending too.
    """
    choice, blocks, pays = problem.released, problem.blocks, problem.payments
    if choice is None or (choice.spare_t == 0.0 and problem.scenario.measures):
        return rows_of("spent_shares", [], Sense.AT_LEAST, np.empty(0), str)
    waiting, count = choice.waiting, blocks.count
    rhs, terms = np.zeros(len(waiting.ids) * count), list[Terms]()
    for at, (j, b) in enumerate(zip(*(part.tolist() for part in _looked_at(problem, choice)), strict=True)):
        k, share, start = int(waiting.spent_fund[j]), float(waiting.spent_fraction[j]), int(blocks.first[b])
        if k == NO_FUND:
            continue
        key = j * count + b
        paid = np.flatnonzero((pays.fund == k) & (pays.block < b))
        terms.append((np.full(paid.size, key), problem.payment_offset + paid, np.ones(paid.size)))
        sold, scrap = _sold(problem, k, b)
        terms.append((np.full(sold.size, key), sold, -share * scrap))
        if choice.fixed is None:
            given = float(choice.receipts_usd[k, : start + 1].sum())
            most = max(given, float(choice.most_usd[k, : start + 1].sum())) / USD_PER_KUSD
            most = MARGIN * share * (most + float(scrap @ problem.columns.upper[sold]))
            # Nothing of nothing is no share that was spent.
            some = SPARE_KUSD if choice.spare_t > 0.0 else 0.0
            terms += [
                *_brought(problem, choice, key, j, k, start, share),
                *_at_release(problem, choice, key, at, most + some),
            ]
            rhs[key] = share * given / USD_PER_KUSD - most
        else:
            others = tuple(release for release in choice.fixed if release[1] < start)
            received = float(waiting.receipts_usd(others)[k, : start + 1].sum())
            rhs[key] = share * received / USD_PER_KUSD + SPARE_KUSD
    return rows_of("spent_shares", terms, Sense.AT_LEAST, rhs, _namer(problem, choice, "spent"))


RELEASE_FAMILIES: tuple[Callable[[Problem], Rows], ...] = (
    add_destroyed,
    add_milestones,
    add_released,
    add_spent_shares,
    add_matching,
)
"""All families of tranches that wait, in the order in which their rows enter the model."""


def release_rows(problem: Problem) -> tuple[Rows, ...]:
    """Return the rows of all these families; none where no tranche waits."""
    return () if problem.released is None else tuple(family(problem) for family in RELEASE_FAMILIES)


def _looked_at(problem: Problem, choice: ReleaseColumns) -> tuple[Ints, Ints]:
    """Return tranche and block of each release that is possible, or of each that is fixed."""
    if choice.fixed is None:
        return choice.pairs
    pairs = [(choice.waiting.ids.index(name), int(problem.blocks.of_period[t])) for name, t in choice.fixed]
    tranche, block = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return tranche, block


def _most_t(problem: Problem) -> float:
    """Return the mass of all groups that can go anywhere [t]."""
    return float(problem.groups.mass_t[np.unique(problem.flows.group)].sum())


def _destroyed_column(problem: Problem, block: Ints) -> Ints:
    """Return the column of what was destroyed before each of some blocks, all after the first."""
    assert problem.released is not None, "only asked for where tranches wait"
    return problem.release_offset + len(problem.released.names) - problem.blocks.count + block


def _sold(problem: Problem, fund: int, block: int) -> tuple[Ints, Floats]:
    """Return the flows before a block whose scrap the fund receives, and its price [kUSD/t]."""
    flows = problem.flows
    if fund != problem.scrap_fund:
        return np.empty(0, dtype=np.int64), np.empty(0)
    price = problem.groups.scrap_usd_per_t[flows.group, flows.facility] / USD_PER_KUSD
    sold = np.flatnonzero((flows.block < block) & (price > 0.0))
    return sold, price[sold]


def _brought(
    problem: Problem, choice: ReleaseColumns, key: int, tranche: int, fund: int, start: int, share: float
) -> list[Terms]:
    """Return terms of what earlier releases of other tranches have brought a fund by a period, times a share.

    What is released at the start of that period comes after its milestones have been looked at.
    """
    waiting, (tranches, blocks) = choice.waiting, choice.pairs
    funds, period, column, usd = choice.net_usd()
    own = np.zeros(len(choice.names), dtype=bool)
    own[: tranches.size] = tranches == tranche
    kept = np.flatnonzero((funds == fund) & (period < start) & ~own[column])
    block = problem.blocks.of_period[start]
    now = np.flatnonzero((waiting.fund[tranches] == fund) & (blocks == block - 1) & (tranches != tranche))
    of_now = waiting.later_usd[tranches[now], start] * waiting.kept[tranches[now]]
    columns, amount = np.concatenate([column[kept], now]), np.concatenate([usd[kept], of_now])
    at = np.full(columns.size, key)
    return [merged(at, problem.release_offset + columns, -share * amount / USD_PER_KUSD)]


def _at_release(problem: Problem, choice: ReleaseColumns, key: int, at: int, most: float) -> list[Terms]:
    """Return the terms that ask for the share in the one block in which the column at an index rises."""
    tranche, _ = choice.pairs
    column, row = problem.release_offset + at, np.array([key])
    terms = [(row, np.array([column]), np.array([-most]))]
    if at > 0 and tranche[at - 1] == tranche[at]:
        terms.append((row, np.array([column - 1]), np.array([most])))
    return terms


def _namer(problem: Problem, choice: ReleaseColumns, prefix: str) -> Callable[[int], str]:
    """Return names such as ``earned_k_3_2030q3`` for candidate rows by tranche and block."""
    names, dates = labels(choice.waiting.ids), problem.blocks.labels
    return lambda row: f"{prefix}_{names[row // len(dates)]}_{dates[row % len(dates)]}"
