"""Can the funds pay where some of them want the work verified? A linear program over who pays what.

A dollar of work costs such a fund more than a dollar, so that the flow of money has losses and no maximum
flow says whether all bills can be met.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import csr_array

from demilsim.optimisation.bill import Bill
from demilsim.scenario.scenario import Scenario

TOLERANCE_CENTS = 100
"""Allowed shortage for each set of funds and period [cents]."""

CENTS_PER_KUSD, USD_PER_KUSD = 100_000.0, 1000.0


def verified_shortages(
    scenario: Scenario, bills: Sequence[Bill], incomes: Sequence[Sequence[int]]
) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Yield period, set of funds and what they are short of beyond the tolerance [cents].

    Parameters
    ----------
    scenario
        The scenario.
    bills
        What must be paid.
    incomes
        What each fund takes in by each period [cents], 0 once it has expired.

    Notes
    -----
    Columns, in kUSD: what fund k pays of the cost of bill b, what fund k carries over from period t, and what
    bill b is short of. The sum of the last is least.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    bills = [bill for bill in bills if bill.usd > 0]
    matrix, short = _rows(scenario, bills)
    rhs = np.array([amount for income in incomes for amount in income], dtype=float) / CENTS_PER_KUSD
    rhs = np.concatenate([rhs, [float(bill.usd) / USD_PER_KUSD for bill in bills]])
    cost = np.concatenate([np.zeros(short), np.ones(len(bills))])
    found = milp(cost, bounds=Bounds(0.0, np.inf), constraints=LinearConstraint(matrix, rhs, rhs))
    assert found.status == 0, f"every bill may be short, yet the program failed: {found.message}"
    missing: dict[tuple[int, tuple[str, ...]], float] = defaultdict(float)
    for bill, amount in zip(bills, found.x[short:].tolist(), strict=True):
        missing[bill.period, tuple(sorted(bill.funds))] += amount * CENTS_PER_KUSD
    for (period, payers), amount in sorted(missing.items()):
        beyond = round(amount) - TOLERANCE_CENTS
        if beyond > 0:
            yield period, payers, beyond


def _rows(scenario: Scenario, bills: Sequence[Bill]) -> tuple[csr_array[np.float64], int]:
    """Return the rows, of fund and period and then of bills, and the first column of what is short."""
    index = {fund.fund_id: k for k, fund in enumerate(scenario.funds)}
    starts = scenario.period_dates[:-1]
    periods, funds = len(starts), len(scenario.funds)
    rows: list[tuple[int, int, float]] = []
    column = 0
    for b, bill in enumerate(bills):
        for k in sorted(index[fund_id] for fund_id in bill.funds):
            fund = scenario.funds[k]
            if fund.expires is None or starts[bill.period] <= fund.expires:
                dearer = fund.verification_usd_per_t * float(bill.mass_t) / float(bill.usd)
                rows.append((k * periods + bill.period, column, 1.0 + dearer))
                rows.append((funds * periods + b, column, 1.0))
                column += 1
    for purse in range(funds * periods):
        rows.append((purse, column + purse, 1.0))
        if purse % periods:
            rows.append((purse, column + purse - 1, -1.0))
    short = column + funds * periods
    rows += [(funds * periods + b, short + b, 1.0) for b in range(len(bills))]
    row, columns, values = zip(*rows, strict=True)
    return csr_array(
        (values, (row, columns)), shape=(funds * periods + len(bills), short + len(bills))
    ), short
