"""Does a plan count on money that its funds cannot bring? Tranches, matching and milestones.

The receipts that a plan is checked with are an outlook, learned or assumed. Here they are held against the
most that the tranches of each fund can bring by each date, and against milestones that the plan itself does
not reach. A breach is no fault of the flows, so `audit` takes receipts as given, and this is asked beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from demilsim.optimisation.audit_rows import AuditRows, exact
from demilsim.optimisation.bill import Bill
from demilsim.optimisation.releases import Releases, waiting_tranches
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.scenario.exchange import promised_usd
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Fund, Tranche
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE

TOLERANCE_USD = 1
"""Allowed excess of what is counted on by a date [USD]."""


@dataclass(frozen=True)
class Progress:
    """How far a plan has come at the start of each period, as well as can be.

    Parameters
    ----------
    scenario
        The scenario.
    destroyed_t
        Destroyed before each period [t], by period.
    payable_usd
        Cost, before each period, of all that a fund may pay for, and have verified [USD], by fund and period.
    counted_usd
        Receipts of a fund counted on, up to and with each period [USD], by fund and period.
    at_once_usd
        What comes of that at the release of tranches at the start of the period, after their milestones have
        been looked at [USD], by fund and period.
    sold_usd
        Income from scrap up to and with each period [USD], by fund and period.
    """

    scenario: Scenario
    destroyed_t: dict[int, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    payable_usd: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    counted_usd: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    at_once_usd: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    sold_usd: dict[tuple[str, int], Fraction] = field(default_factory=lambda: defaultdict(Fraction))

    def waits_for(self, tranche: Tranche, period: int) -> str:
        """Return what a tranche still waits for at the start of a period; nothing if it does not wait."""
        reasons = [self._missing(tranche, earlier) for earlier in range(period + 1)]
        return "" if "" in reasons else reasons[-1]

    def _missing(self, tranche: Tranche, period: int) -> str:
        name, wanted_t = tranche.tranche_id, tranche.milestone_destroyed_t
        if wanted_t is not None and self.destroyed_t[period] < exact(wanted_t):
            return f"{name} waits for {wanted_t} t destroyed, {float(self.destroyed_t[period]):.3f} t are"
        fund, share = tranche.milestone_fund, tranche.milestone_spent_fraction
        if fund is None or share is None:
            return ""
        now = fund, period
        received = self.counted_usd[now] - self.at_once_usd[now] + self.sold_usd[now]
        if received <= 0 or self.payable_usd[fund, period] < exact(share) * received:
            spent = float(self.payable_usd[fund, period])
            return (
                f"{name} waits for {share:.0%} of {fund} spent, {spent:.2f} of {float(received):.2f} USD are"
            )
        return ""


def progress(
    scenario: Scenario,
    plan: DisposalPlan,
    bills: Iterable[Bill],
    coefficients: PlanningCoefficients,
    scrap_cents: Mapping[int, int],
    releases: Releases = (),
) -> Progress:
    """Return how far a plan has come, with what it must pay, counts on, sells in each period and releases."""
    mass_g, owed = defaultdict[int, int](int), defaultdict[tuple[str, int], Fraction](Fraction)
    for line in plan.lines:
        mass_g[line.earliest_period] += line.mass_g
    verified = {fund.fund_id: exact(fund.verification_usd_per_t) for fund in scenario.funds}
    for bill in bills:
        for fund_id in bill.funds:
            owed[fund_id, bill.period] += bill.usd + bill.mass_t * verified[fund_id]
    found = Progress(scenario)
    for period in range(scenario.periods):
        before = period - 1
        found.destroyed_t[period] = found.destroyed_t[before] + Fraction(mass_g[before], GRAMS_PER_TONNE)
        for k, fund in enumerate(scenario.funds):
            now, then = (fund.fund_id, period), (fund.fund_id, before)
            found.payable_usd[now] = found.payable_usd[then] + owed[then]
            counted = float(coefficients.receipts_usd[k, period])
            found.counted_usd[now] = found.counted_usd[then] + exact(counted)
            sold = scrap_cents.get(period, 0) if fund.fund_id == scenario.settings.scrap_fund else 0
            found.sold_usd[now] = found.sold_usd[then] + Fraction(sold, CENTS_PER_USD)
    found.at_once_usd.update(_at_once_usd(scenario, coefficients, releases))
    return found


def _at_once_usd(
    scenario: Scenario, coefficients: PlanningCoefficients, releases: Releases
) -> Iterator[tuple[tuple[str, int], Fraction]]:
    """Yield fund and period with what releases at its start bring then, matched money with it [USD]."""
    waiting = waiting_tranches(scenario, coefficients)
    if waiting is None:
        return
    for period in {period for _, period in releases}:
        until = tuple(release for release in releases if release[1] <= period)
        before = tuple(release for release in until if release[1] < period)
        more = waiting.receipts_usd(until)[:, period] - waiting.receipts_usd(before)[:, period]
        for fund, usd in zip(scenario.funds, more.tolist(), strict=True):
            yield (fund.fund_id, period), exact(usd)


def unmet_promises(rows: AuditRows, known: Progress) -> Iterator[str]:
    """Yield funds of which more is counted on than they can bring, at the first such period.

    Tranches count in full from the period in which they are due, without chance or delay, at the best of
    the exchange rates in the table: what is counted on must be below that. Funds whose currency may wander
    and the fund that takes scrap are left aside.
    """
    scenario = rows.scenario
    open_ended = _open_ended(scenario)
    for fund in scenario.funds:
        if fund.fund_id in open_ended or not open_ended.isdisjoint(fund.matches_funds):
            continue
        for period in range(scenario.periods):
            counted = known.counted_usd[fund.fund_id, period]
            most, waiting = _most(fund, period, known)
            if counted > most + TOLERANCE_USD:
                why = f"; {', '.join(waiting)}" if waiting else ""
                yield (
                    f"receipts: {fund.fund_id}, period of {scenario.period_dates[period]}: "
                    f"{float(counted):.2f} USD counted on, {float(most):.2f} USD can have come{why}"
                )
                break


def _open_ended(scenario: Scenario) -> set[str | None]:
    """Return the funds whose income has no ceiling in the tables."""
    wandering = {rate.currency for rate in scenario.exchange_rates if rate.sigma_per_year > 0.0}
    found: set[str | None] = {t.fund_id for t in scenario.tranches if t.currency in wandering}
    return found | {scenario.settings.scrap_fund}


def _most(fund: Fund, period: int, known: Progress) -> tuple[Fraction, list[str]]:
    """Return the most that a fund can have received in a period [USD], and what its tranches wait for."""
    scenario = known.scenario
    waiting: list[str] = []
    own, matched = Fraction(0), Fraction(0)
    givers = {giver.fund_id: giver for giver in scenario.funds}
    for tranche in scenario.tranches:
        mine = tranche.fund_id == fund.fund_id
        theirs = fund.may_match(givers[tranche.fund_id], scenario.settings.country)
        if not (mine or theirs) or tranche.due >= scenario.period_dates[period + 1]:
            continue
        wait = known.waits_for(tranche, period)
        if wait:
            waiting.append(wait)
            continue
        worth = _most_usd(scenario, tranche)
        own, matched = own + worth * mine, matched + worth * theirs
    matched *= exact(fund.match_ratio)
    if fund.match_cap_usd is not None:
        matched = min(matched, exact(fund.match_cap_usd))
    return (own + matched) * (1 - exact(fund.overhead_fraction)), waiting


def _most_usd(scenario: Scenario, tranche: Tranche) -> Fraction:
    """Return the most that a tranche is worth by the table of rates [USD]."""
    rates = scenario.exchange_rates
    days = {tranche.due, *(r.valid_from for r in rates if r.currency == tranche.currency)}
    return max(exact(promised_usd(tranche, rates, day)) for day in days)
