"""Facilities that a plan orders: capital, lead time, and the standing cost that keeps them open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from demilsim.model.calendar import first_open_period
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.funding import Ledger, Payment
from demilsim.simulation.pace import Pace
from demilsim.simulation.schedule import Build
from demilsim.simulation.use import Use
from demilsim.simulation.world import World
from demilsim.units import cents, years


@dataclass(slots=True)
class Commissioning:
    """What is still to be ordered, and what must be kept open.

    Parameters
    ----------
    world, draws
        The scenario, and the chance of the replication.
    plants, ledger
        The replication's.
    to_order
        Commissionings that are not due or not paid, in the order of the plan.
    to_keep_open
        Those that were ordered.
    paid
        Capital and standing cost: (day, fund, cents).
    """

    world: World
    draws: Draws
    plants: Sequence[Plant]
    ledger: Ledger
    to_order: list[Build]
    to_keep_open: list[Build] = field(default_factory=list)
    paid: list[tuple[float, int, int]] = field(default_factory=list)

    def order(self, period: int, day: float) -> None:
        """Order the facilities that are due and can be paid; the others wait for money."""
        waiting = []
        for build in self.to_order:
            facility = self.world.scenario.facilities[build.facility]
            payment = None
            if build.period <= period:
                payment = self.ledger.commit(build.capital_payers, cents(facility.capital_cost_usd))
            if payment is None:
                waiting.append(build)
                continue
            self._pay(payment, day)
            lead_days = float(self.draws.lead_days[build.facility])
            opens = first_open_period(self.world.scenario, lead_days, period)
            self._open(build.facility, float(self.world.knots[opens]))
            self.plants[build.facility].ordered = period
            self.to_keep_open.append(build)
        self.to_order = waiting

    def _open(self, index: int, day: float) -> None:
        """Let a facility work from a day on, at its pace after that."""
        plant = self.plants[index]
        plant.open_from = day
        pace = Pace(self.world.scenario.facilities[index], day, day + float(self.draws.objection_days[index]))
        if not pace.is_full:
            plant.slow(pace)

    def keep_open(self, period: int, day: float) -> None:
        """Pay the standing cost of commissioned facilities; close for the period those that cannot."""
        end = float(self.world.knots[period + 1])
        for build in self.to_keep_open:
            plant = self.plants[build.facility]
            if plant.open_from >= end:
                continue
            yearly_usd = self.world.scenario.facilities[build.facility].fixed_cost_usd_per_year
            payment = self.ledger.commit(build.standing_payers, cents(yearly_usd * years(end - day)))
            if payment is None:
                plant.close(day, end, Use.UNPAID)
            else:
                self._pay(payment, day)

    def _pay(self, payment: Payment, day: float) -> None:
        """Spend what has just been committed."""
        self.ledger.spend(payment)
        self.paid.extend((day, fund, amount) for fund, amount in payment)
