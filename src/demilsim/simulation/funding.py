"""Money as integer cents: budget = spent + committed + unspent + lapsed for every fund at every instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

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
    """

    funds: int
    drawing_order: Sequence[int]
    received: list[int] = field(init=False)
    available: list[int] = field(init=False)
    committed: list[int] = field(init=False)
    spent: list[int] = field(init=False)
    lapsed: list[int] = field(init=False)
    expired: list[bool] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("received", "available", "committed", "spent", "lapsed"):
            setattr(self, name, [0] * self.funds)
        self.expired = [False] * self.funds

    def receive(self, fund: int, amount: int) -> None:
        """Take in a tranche [cents]; money for a fund that has expired lapses at once."""
        self.received[fund] += amount
        if self.expired[fund]:
            self.lapsed[fund] += amount
        else:
            self.available[fund] += amount

    def expire(self, fund: int) -> None:
        """Close a fund: what is neither spent nor committed lapses."""
        self.expired[fund] = True
        self.lapsed[fund] += self.available[fund]
        self.available[fund] = 0

    def commit(self, eligible: Sequence[int], amount: int) -> Payment | None:
        """Set money aside from the eligible funds, in drawing order; None if they hold too little [cents]."""
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

    def spend(self, payment: Payment) -> None:
        """Turn committed money into spent money."""
        for fund, amount in payment:
            self.committed[fund] -= amount
            self.spent[fund] += amount

    def release(self, payment: Payment) -> None:
        """Free committed money; it lapses if its fund has expired."""
        for fund, amount in payment:
            self.committed[fund] -= amount
            if self.expired[fund]:
                self.lapsed[fund] += amount
            else:
                self.available[fund] += amount


def split(payment: Payment, part: int, whole: int) -> tuple[Payment, Payment]:
    """Return a payment divided in the ratio part : whole - part, rounded down, and the rest."""
    first = tuple((fund, amount * part // whole) for fund, amount in payment)
    rest = tuple((fund, amount - done[1]) for (fund, amount), done in zip(payment, first, strict=True))
    return first, rest
