"""Money as integer cents: received = spent + committed + available + lapsed for every fund at every instant.

Where it comes from, and what it pays besides work, is in `treasury`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from demilsim.units import GRAMS_PER_TONNE


class Lapse(IntEnum):
    """Why money lapses. Overhead does not: it never reaches the fund."""

    UNSPENT = 0
    LATE = 1
    RELEASED = 2


Payment = tuple[tuple[int, int], ...]
"""Who pays how much: (fund, cents) pairs."""


@dataclass(slots=True)
class Ledger:
    """The purses of all funds.

    Parameters
    ----------
    funds
        Number of funds.
    drawing_order
        Funds in the order in which they are drawn on.
    verification_cents_per_t
        What each fund pays on top for each tonne of work that it pays for [cents/t]; empty if none does.
    lapses
        What has lapsed by fund and reason, as in `Lapse` [cents].
    """

    funds: int
    drawing_order: Sequence[int]
    verification_cents_per_t: Sequence[float] = ()
    received: list[int] = field(init=False)
    available: list[int] = field(init=False)
    committed: list[int] = field(init=False)
    spent: list[int] = field(init=False)
    lapsed: list[int] = field(init=False)
    lapses: list[list[int]] = field(init=False)
    expired: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("received", "available", "committed", "spent", "lapsed"):
            setattr(self, name, [0] * self.funds)
        self.expired = [False] * self.funds
        self.lapses = [[0] * len(Lapse) for _ in range(self.funds)]

    def receive(self, fund: int, amount: int) -> None:
        """Take in a tranche [cents]; money for a fund that has expired lapses at once."""
        self.received[fund] += amount
        self._put(fund, amount, Lapse.LATE)

    def expire(self, fund: int) -> None:
        """Close a fund: what is neither spent nor committed lapses."""
        self.expired[fund] = True
        left, self.available[fund] = self.available[fund], 0
        self._put(fund, left, Lapse.UNSPENT)

    def held(self, eligible: Sequence[int]) -> int:
        """Return what some funds hold that is neither spent nor committed [cents]."""
        return sum(self.available[fund] for fund in eligible)

    def commit(self, eligible: Sequence[int], amount: int, mass_g: int = 0) -> Payment | None:
        """Set money aside from the eligible funds, in drawing order; None if they hold too little [cents].

        Parameters
        ----------
        eligible
            Funds that may pay.
        amount
            What must be paid [cents].
        mass_g
            Mass that it destroys [g], for funds that want that verified; 0 if it is for something else.
        """
        if mass_g and self.verification_cents_per_t:
            return self._commit_verified(eligible, amount, mass_g)
        if eligible and self.available[eligible[0]] >= amount > 0:
            fund = eligible[0]
            self.available[fund] -= amount
            self.committed[fund] += amount
            return ((fund, amount),)
        held = 0
        for fund in eligible:
            held += self.available[fund]
        if held < amount:
            return None
        shares = []
        for fund in eligible:
            share = min(self.available[fund], amount)
            if share:
                self.available[fund] -= share
                self.committed[fund] += share
                amount -= share
                shares.append((fund, share))
        return tuple(shares)

    def _commit_verified(self, eligible: Sequence[int], amount: int, mass_g: int) -> Payment | None:
        """Do what `commit` does where funds want work verified: each for its share of the cost, in tonnes."""
        left, shares = amount, []
        for fund in eligible:
            per_cent = (
                self.verification_cents_per_t[fund] * mass_g / GRAMS_PER_TONNE / amount if amount else 0.0
            )
            held = self.available[fund]
            # Rounded division may be a cent off either way.
            work = int(held / (1.0 + per_cent)) + 2
            while work + round(work * per_cent) > held:
                work -= 1
            work = min(left, work)
            if work:
                shares.append((fund, work + round(work * per_cent)))
                left -= work
        if left:
            return None
        for fund, share in shares:
            self.available[fund] -= share
            self.committed[fund] += share
        return tuple(shares)

    def pay_what_is_there(self, eligible: Sequence[int], amount: int) -> Payment:
        """Spend an amount at once, as far as the eligible funds go; return who paid [cents]."""
        payment = self.commit(eligible, min(amount, sum(self.available[fund] for fund in eligible)))
        assert payment is not None, "no more is asked than is there"
        self.spend(payment)
        return payment

    def spend(self, payment: Payment) -> None:
        """Turn committed money into spent money."""
        for fund, amount in payment:
            self.committed[fund] -= amount
            self.spent[fund] += amount

    def release(self, payment: Payment) -> None:
        """Free committed money; it lapses if its fund has expired."""
        for fund, amount in payment:
            self.committed[fund] -= amount
            self._put(fund, amount, Lapse.RELEASED)

    def _put(self, fund: int, amount: int, reason: Lapse) -> None:
        """Make money available; of a fund that has expired it lapses."""
        if self.expired[fund]:
            self.lapsed[fund] += amount
            self.lapses[fund][reason] += amount
        else:
            self.available[fund] += amount


def split(payment: Payment, part: int, whole: int) -> tuple[Payment, Payment]:
    """Return a payment divided in the ratio part : whole - part, rounded down, and the rest."""
    first = tuple((fund, amount * part // whole) for fund, amount in payment)
    rest = tuple((fund, amount - done[1]) for (fund, amount), done in zip(payment, first, strict=True))
    return first, rest
