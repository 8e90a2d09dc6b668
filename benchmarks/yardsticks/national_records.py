"""Lots, funds and jobs of the SimPy reference of the national model, and events on fixed dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import simpy

from demilsim.simulation.schedule import Order

LAST = 2
"""SimPy priority behind its own two: what is fixed by date comes after work that ends at the same time."""


class CountingEnvironment(simpy.Environment):
    """An environment that counts the events it processes."""

    def __init__(self) -> None:
        super().__init__()
        self.processed = 0

    def step(self) -> None:
        """Process the next event."""
        self.processed += 1
        super().step()


class FixedDate(simpy.Event):
    """An event on a given day; on the same day those made first come first.

    Parameters
    ----------
    environment
        Where it is to happen.
    day
        When [d since start], not in the past.
    """

    def __init__(self, environment: simpy.Environment, day: float) -> None:
        super().__init__(environment)
        self._ok, self._value = True, None
        environment.schedule(self, priority=LAST, delay=day - environment.now)


@dataclass(slots=True, eq=False)
class Lot:
    """A lot: what is there, and what of it is promised to a facility.

    Parameters
    ----------
    index, house
        Of the lot and of its storehouse.
    initial_g, present_g, committed_g
        Recorded mass, mass that is neither destroyed nor lost, and mass in committed jobs [g].
    blast_kg_per_t, neq_kg_per_t
        NEQ that joins a mass explosion, and all NEQ, per gross tonne [kg/t].
    loads
        Every load that came to work: what became of it, and its expected explosions on the road.
    """

    index: int
    house: int
    initial_g: int
    present_g: int
    blast_kg_per_t: float
    neq_kg_per_t: float
    committed_g: int = 0
    loads: list[tuple[Done, float]] = field(default_factory=list)


UNSPENT, LATE, RELEASED = 0, 1, 2
"""Reasons of a lapse: not spent by expiry, come after it, set free after it."""


@dataclass(slots=True, eq=False)
class Fund:
    """A purse: received = available + committed + spent + lapsed [cents]."""

    index: int
    received: int = 0
    available: int = 0
    committed: int = 0
    spent: int = 0
    lapsed: int = 0
    lapses: list[int] = field(default_factory=lambda: [0, 0, 0])
    expired: bool = False

    def receive(self, amount: int) -> None:
        """Take in money, which lapses at once if the fund has expired."""
        self.received += amount
        self._put_back(amount, LATE)

    def expire(self) -> None:
        """Let lapse what is not committed; the fund takes in nothing from now on."""
        self.expired = True
        self.lapsed += self.available
        self.lapses[UNSPENT] += self.available
        self.available = 0

    def release(self, amount: int) -> None:
        """Free money that was committed."""
        self.committed -= amount
        self._put_back(amount, RELEASED)

    def spend(self, amount: int) -> None:
        """Pay out money that was committed."""
        self.committed -= amount
        self.spent += amount

    def _put_back(self, amount: int, reason: int) -> None:
        if self.expired:
            self.lapsed += amount
            self.lapses[reason] += amount
        else:
            self.available += amount


Payment = list[tuple[Fund, int]]
"""Who pays how much [cents]."""


def commit(payers: Sequence[Fund], amount: int) -> Payment | None:
    """Set money aside [cents], from the first payer as far as it goes; None if all hold too little."""
    if sum(fund.available for fund in payers) < amount:
        return None
    payment = []
    for fund in payers:
        part = min(fund.available, amount)
        if part > 0:
            fund.available -= part
            fund.committed += part
            amount -= part
            payment.append((fund, part))
    return payment


@dataclass(slots=True, eq=False)
class Job:
    """A line, or a part of one, that a facility is to do.

    Parameters
    ----------
    order
        The line.
    mass_g
        Still to do [g].
    payment
        Money committed to it.
    arrived, arrival
        Whether its load is at the facility, and since which day [d].
    begun
        Day on which the present stretch of work was taken up [d]; None before.
    worked
        Working days spent on the present stretch [d].
    booked
        Tells whoever asked of (mass [g], working days) when the stretch ends.
    """

    order: Order
    mass_g: int
    payment: Payment
    arrived: bool = False
    arrival: float = 0.0
    begun: float | None = None
    worked: float = 0.0
    booked: simpy.Event | None = field(default=None)

    @property
    def days(self) -> float:
        """Working days that the rest takes [d]."""
        return self.mass_g * self.order.days_per_g

    @property
    def done_g(self) -> int:
        """Whole grams done in the present stretch."""
        return min(int(self.worked / self.order.days_per_g), self.mass_g)

    def end_stretch(self, mass_g: int) -> None:
        """Tell who asked how much was done in the stretch that ends now [g], and begin none."""
        if self.booked:
            self.booked.succeed((mass_g, self.worked))
            self.booked = None
        self.begun, self.worked = None, 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """A stretch of work that has ended: facility, mass [g], first and last day [d], who paid."""

    facility: int
    job: Job
    mass_g: int
    begun: float
    ended: float
    payment: Payment
    booked: simpy.Event | None
