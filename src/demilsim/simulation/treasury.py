"""What comes into the funds besides plain tranches, and what they pay besides the plan.

Matching, tranches that wait for a milestone, income from scrap; clean-up after explosions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from demilsim.model.money import NO_FUND, Match
from demilsim.scenario.schema import Tranche
from demilsim.simulation.destruction import Plant, Segment
from demilsim.simulation.funding import Ledger, split
from demilsim.simulation.income import Income, Promise, Receipt
from demilsim.simulation.storage import Detonation, Stock
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE, cents


@dataclass(slots=True)
class Treasury:
    """The programme's income, and its emergency account.

    Parameters
    ----------
    world, income
        The scenario, and the money that chance decides.
    ledger, plants, stock
        The replication's.
    payers
        Funds that the plan may use, in drawing order: only these pay for clean-up.
    received
        Tranches and what they were matched with, in order; not scrap, which follows from the plan.
    paid
        Clean-up paid: (day, fund, cents).
    unfunded_cents
        Clean-up that no emergency account could pay [cents].
    scrap_cents
        Income from scrap by fund [cents], and, last, that of the host's treasury outside the programme.
    earned
        Tranches, by index, whose milestone has been met.
    waiting
        Tranches whose own day has come before their milestone.
    """

    world: World
    income: Income
    ledger: Ledger
    plants: Sequence[Plant]
    stock: Stock
    payers: Sequence[int]
    received: list[Receipt] = field(default_factory=list)
    paid: list[tuple[float, int, int]] = field(default_factory=list)
    unfunded_cents: int = 0
    scrap_cents: list[int] = field(init=False)
    earned: set[int] = field(default_factory=set)
    waiting: list[Promise] = field(default_factory=list)
    _basis_cents: dict[int, int] = field(default_factory=dict)
    _matched_cents: dict[int, int] = field(default_factory=dict)
    _watched: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.scrap_cents = [0] * (self.ledger.funds + 1)
        self._watched = sorted(promise.tranche for promise in self.income.promises)

    @property
    def buys_scrap(self) -> bool:
        """Whether anyone pays for scrap in this scenario."""
        return self.income.scrap_cents_per_g.size > 0

    def receive(self, receipt: Receipt) -> None:
        """Take in a tranche, and what others add to it on the same day."""
        self._take(receipt)
        for match in self.world.matches:
            if receipt.fund in match.matched:
                self._match(match, receipt)

    def _take(self, receipt: Receipt) -> None:
        self.received.append(receipt)
        self.ledger.receive(receipt.fund, receipt.amount_cents)

    def _match(self, match: Match, receipt: Receipt) -> None:
        # On totals, so that rounding of many small tranches does not add up.
        fund = match.fund
        basis = self._basis_cents[fund] = self._basis_cents.get(fund, 0) + receipt.gross_cents
        before = self._matched_cents.get(fund, 0)
        matched = round(match.ratio * basis)
        if match.cap_usd != float("inf"):
            matched = min(matched, cents(match.cap_usd))
        self._matched_cents[fund] = matched
        kept = 1.0 - match.overhead_fraction
        net = round(matched * kept) - round(before * kept)
        if net:
            self._take(Receipt(receipt.day, fund, net))

    def come_due(self, promise: Promise) -> None:
        """Pay a tranche with a milestone on its own day, or let it wait for the milestone."""
        if promise.tranche in self.earned:
            self._pay_out(promise, promise.day)
        else:
            self.waiting.append(promise)

    def look_at_milestones(self, day: float) -> None:
        """Pay, at the start of a period, what has come due and has now been earned."""
        if not self._watched:
            return
        tranches = self.world.scenario.tranches
        met = [i for i in self._watched if self._is_met(tranches[i], day)]
        if not met:
            return
        self.earned.update(met)
        self._watched = [i for i in self._watched if i not in self.earned]
        due = [promise for promise in self.waiting if promise.tranche in self.earned]
        self.waiting = [promise for promise in self.waiting if promise.tranche not in self.earned]
        for promise in due:
            self._pay_out(promise, day)

    def _pay_out(self, promise: Promise, day: float) -> None:
        tranche = self.world.scenario.tranches[promise.tranche]
        self.receive(self.income.receipt(self.world, tranche, promise.fund, day))

    def _is_met(self, tranche: Tranche, day: float) -> bool:
        """Return whether the milestone of a tranche is met, work under way counted as far as it is done."""
        under_way = [(*plant.in_progress_g(day), plant.queue[0]) for plant in self.plants if plant.queue]
        if tranche.milestone_destroyed_t is not None:
            done_g = sum(self.stock.destroyed_g) + sum(done for _, done, _ in under_way)
            if done_g < tranche.milestone_destroyed_t * GRAMS_PER_TONNE:
                return False
        if tranche.milestone_fund is None or tranche.milestone_spent_fraction is None:
            return True
        fund = self.world.fund_index[tranche.milestone_fund]
        spent = self.ledger.spent[fund]
        for _, done, job in under_way:
            if done:
                spent += sum(share for k, share in split(job.payment, done, job.mass_g)[0] if k == fund)
        received = self.ledger.received[fund]
        return received > 0 and spent >= tranche.milestone_spent_fraction * received

    def sell(self, segment: Segment) -> None:
        """Sell the scrap of a finished stretch of work, if there is a buyer."""
        price = float(self.income.scrap_cents_per_g[segment.lot, segment.facility])
        amount = round(price * segment.mass_g)
        if not amount:
            return
        fund = self.world.scrap_fund
        self.scrap_cents[fund] += amount
        if fund != NO_FUND:
            self.ledger.receive(fund, amount)

    def clean_up(self, day: float, site: int, happened: Sequence[Detonation]) -> None:
        """Pay for clearing the land around what went up, from the emergency accounts for the site."""
        per_t = self.world.scenario.register.consequence.cleanup_usd_per_t
        lost_g = round(sum(detonation.lost_t for detonation in happened) * GRAMS_PER_TONNE)
        amount = cents(per_t * lost_g / GRAMS_PER_TONNE)
        accounts = [fund for fund in self.payers if self.world.emergency[fund][site]]
        payment = self.ledger.pay_what_is_there(accounts, amount) if accounts else ()
        self.paid.extend((day, fund, share) for fund, share in payment)
        self.unfunded_cents += amount - sum(share for _, share in payment)
