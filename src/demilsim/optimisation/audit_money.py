"""Can the funds pay? Whole cents, every earmark, carry-over and expiry, by maximum flow."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from demilsim.optimisation.audit_rows import AuditRows, exact, may_pay
from demilsim.optimisation.audit_verified import verified_shortages
from demilsim.optimisation.bill import Bill
from demilsim.optimisation.max_flow import Network
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Fund

TOLERANCE_USD = 1
"""Allowed shortage for each set of funds and period [USD]."""

CENTS_PER_USD = 100
DAYS_PER_YEAR = Fraction("365.25")


def bills_of(rows: AuditRows, plan: DisposalPlan, opened: Mapping[str, int]) -> Iterator[Bill]:
    """Yield what a plan costs: work and transport, capital at the order, standing cost once open."""
    scenario = rows.scenario
    funds = [fund for fund in scenario.funds if not plan.funds or fund.fund_id in plan.funds]
    for line in plan.lines:
        lot, facility = rows.lots[line.lot_id], rows.facilities[line.facility_id]
        where = (rows.place(rows.site(lot)), facility.method_id, rows.category(lot))
        payers = frozenset(fund.fund_id for fund in funds if may_pay(fund, "running", *where))
        mass_t = Fraction(line.mass_g, 1_000_000)
        yield Bill(line.earliest_period, payers, mass_t * rows.work_usd_per_t(lot, facility), mass_t)
    ordinal = [date.toordinal() for date in scenario.period_dates]
    for order in plan.commissionings:
        facility = rows.facilities[order.facility_id]
        place = (rows.place(facility.site_id), facility.method_id)
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


def scrap_by_period(rows: AuditRows, plan: DisposalPlan) -> Counter[int]:
    """Return what scrap is expected to bring the fund for it by each period [cents]: that after the work."""
    income: Counter[int] = Counter()
    if rows.scenario.settings.scrap_fund is None:
        return income
    usd: dict[int, Fraction] = defaultdict(Fraction)
    for line in plan.lines:
        price = rows.scrap_usd_per_t(rows.lots[line.lot_id], rows.facilities[line.facility_id])
        usd[line.earliest_period + 1] += Fraction(line.mass_g, 1_000_000) * price
    income.update({period: round(amount * CENTS_PER_USD) for period, amount in usd.items()})
    return income


def audit_money(
    scenario: Scenario,
    bills: Iterable[Bill],
    coefficients: PlanningCoefficients,
    scrap_cents: Mapping[int, int] | None = None,
) -> Iterator[str]:
    """Yield what cannot be paid, by period and set of funds; parameters as for `shortages`."""
    for period, payers, short_cents in shortages(scenario, bills, coefficients, scrap_cents):
        who = ", ".join(payers) if payers else "no fund at all"
        date = scenario.period_dates[period]
        short = short_cents / CENTS_PER_USD
        yield f"money: period of {date}: {short:.2f} USD short, of costs that may be paid by {who}"


def shortages(
    scenario: Scenario,
    bills: Iterable[Bill],
    coefficients: PlanningCoefficients,
    scrap_cents: Mapping[int, int] | None = None,
) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Return period, set of funds, and what is short of costs that these may pay [cents].

    Money flows from the period of its receipt through later ones, as long as its fund has not expired, to
    the bills that it may pay. All bills can be paid if and only if the maximum flow meets them. Where a fund
    wants work verified its dollars are worth less, and a linear program takes the place of the flow.

    Parameters
    ----------
    scenario
        The scenario.
    bills
        What must be paid.
    coefficients
        Receipts that may be counted on.
    scrap_cents
        Income of the fund for scrap by period [cents].
    """
    incomes = [
        _income_cents(scenario, fund, coefficients.receipts_usd[k].tolist(), scrap_cents or {})
        for k, fund in enumerate(scenario.funds)
    ]
    if any(fund.verification_usd_per_t for fund in scenario.funds):
        return verified_shortages(scenario, tuple(bills), incomes)
    return _shortages(scenario, bills, incomes)


def _income_cents(
    scenario: Scenario, fund: Fund, receipts_usd: list[float], scrap_cents: Mapping[int, int]
) -> list[int]:
    """Return what a fund takes in by each period [cents], until it expires."""
    sold = scrap_cents if fund.fund_id == scenario.settings.scrap_fund else {}
    return [
        round(usd * CENTS_PER_USD) + sold.get(period, 0)
        if fund.expires is None or start <= fund.expires
        else 0
        for period, (usd, start) in enumerate(zip(receipts_usd, scenario.period_dates[:-1], strict=True))
    ]


def _shortages(
    scenario: Scenario, bills: Iterable[Bill], incomes: list[list[int]]
) -> Iterator[tuple[int, tuple[str, ...], int]]:
    """Yield period, set of funds, and what is short beyond the tolerance [cents], by maximum flow."""
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
        _add_purse(network, scenario, fund, purse[fund.fund_id], incomes[k])
    ends = []
    for number, (period, payers, amount) in enumerate(owed):
        ends.append(network.add(first_bill + number, sink, amount))
        for payer in payers:
            network.add(purse[payer] + period, first_bill + number, amount)
    network.maximise(source, sink)
    for (period, payers, _), end in zip(owed, ends, strict=True):
        if network.left(end) > 0:
            yield period, payers, network.left(end)


def _add_purse(network: Network, scenario: Scenario, fund: Fund, first: int, income_cents: list[int]) -> None:
    """Add what a fund receives, and carries over until it expires; what comes later lapses."""
    alive = [fund.expires is None or start <= fund.expires for start in scenario.period_dates[:-1]]
    total = sum(income_cents)
    for period, amount in enumerate(income_cents):
        if not alive[period]:
            break
        if period > 0:
            network.add(first + period - 1, first + period, total)
        if amount > 0:
            network.add(0, first + period, amount)
