"""Can the funds pay? Whole cents, every earmark, carry-over and expiry, by maximum flow."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from demilsim.optimisation.audit_rows import AuditRows, exact, may_pay
from demilsim.optimisation.max_flow import Network
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Fund

TOLERANCE_USD = 1
"""Allowed shortage for each set of funds and period [USD]."""

CENTS_PER_USD = 100
DAYS_PER_YEAR = Fraction("365.25")


@dataclass(frozen=True)
class Bill:
    """A cost that must be paid in a period.

    Parameters
    ----------
    period
        When.
    funds
        Ids of the funds that may pay.
    usd
        How much [USD].
    """

    period: int
    funds: frozenset[str]
    usd: Fraction


def bills_of(rows: AuditRows, plan: DisposalPlan, opened: Mapping[str, int]) -> Iterator[Bill]:
    """Yield what a plan costs: work and transport, capital at the order, standing cost once open."""
    scenario = rows.scenario
    funds = [fund for fund in scenario.funds if not plan.funds or fund.fund_id in plan.funds]
    for line in plan.lines:
        lot, facility = rows.lots[line.lot_id], rows.facilities[line.facility_id]
        where = (rows.site(lot), facility.method_id, rows.category(lot))
        payers = frozenset(fund.fund_id for fund in funds if may_pay(fund, "running", *where))
        mass_t = Fraction(line.mass_g, 1_000_000)
        yield Bill(line.earliest_period, payers, mass_t * rows.cost_usd_per_t(lot, facility))
    ordinal = [date.toordinal() for date in scenario.period_dates]
    for order in plan.commissionings:
        facility = rows.facilities[order.facility_id]
        place = (facility.site_id, facility.method_id)
        payers = frozenset(f.fund_id for f in funds if may_pay(f, "capital", *place, None))
        yield Bill(order.period, payers, exact(facility.capital_cost_usd))
        # Keeping a plant open is of no one category, so a fund for a category does not pay for it.
        keepers = frozenset(
            f.fund_id for f in funds if may_pay(f, "running", *place, None) and not f.earmark_categories
        )
        per_year = exact(facility.fixed_cost_usd_per_year)
        for period in range(opened[order.facility_id], scenario.periods):
            days = ordinal[period + 1] - ordinal[period]
            yield Bill(period, keepers, per_year * days / DAYS_PER_YEAR)


def audit_money(
    scenario: Scenario, bills: Iterable[Bill], coefficients: PlanningCoefficients
) -> Iterator[str]:
    """Yield what cannot be paid, by period and set of funds.

    Money flows from the period of its receipt through later ones, as long as its fund has not expired, to
    the bills that it may pay. All bills can be paid if and only if the maximum flow meets them.
    """
    due: dict[tuple[int, frozenset[str]], Fraction] = defaultdict(Fraction)
    for bill in bills:
        due[bill.period, bill.funds] += bill.usd
    cents = {key: math.floor((usd - TOLERANCE_USD) * CENTS_PER_USD) for key, usd in due.items()}
    owed = sorted((p, tuple(sorted(funds)), amount) for (p, funds), amount in cents.items() if amount > 0)
    periods, funds = scenario.periods, scenario.funds
    source, sink = 0, 1
    purse = {fund.fund_id: 2 + k * periods for k, fund in enumerate(funds)}
    first_bill = 2 + len(funds) * periods
    network = Network(first_bill + len(owed))
    for k, fund in enumerate(funds):
        _add_purse(network, scenario, fund, purse[fund.fund_id], coefficients.receipts_usd[k].tolist())
    ends = []
    for number, (period, payers, amount) in enumerate(owed):
        ends.append(network.add(first_bill + number, sink, amount))
        for payer in payers:
            network.add(purse[payer] + period, first_bill + number, amount)
    network.maximise(source, sink)
    for (period, payers, _), end in zip(owed, ends, strict=True):
        short = network.left(end) / CENTS_PER_USD
        if short > 0:
            who = ", ".join(payers) if payers else "no fund at all"
            date = scenario.period_dates[period]
            yield f"money: period of {date}: {short:.2f} USD short, of costs that may be paid by {who}"


def _add_purse(
    network: Network, scenario: Scenario, fund: Fund, first: int, receipts_usd: list[float]
) -> None:
    """Add what a fund receives, and carries over until it expires; what comes later lapses."""
    alive = [fund.expires is None or start <= fund.expires for start in scenario.period_dates[:-1]]
    received = [round(usd * CENTS_PER_USD) for usd in receipts_usd]
    total = sum(received)
    for period, amount in enumerate(received):
        if not alive[period]:
            break
        if period > 0:
            network.add(first + period - 1, first + period, total)
        if amount > 0:
            network.add(0, first + period, amount)
