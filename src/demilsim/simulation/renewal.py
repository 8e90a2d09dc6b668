"""Plans that are renewed during a replication, from what can be known at that time and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.errors import PlanError
from demilsim.plan import DisposalPlan, ObservedState, Policy
from demilsim.simulation.destruction import Plant
from demilsim.simulation.funding import Ledger
from demilsim.simulation.orders import OrderBook
from demilsim.simulation.storage import Stock
from demilsim.simulation.world import World
from demilsim.units import CENTS_PER_USD


@dataclass(frozen=True, slots=True)
class Renewal:
    """Who renews the plan, and how often.

    Parameters
    ----------
    policy
        Asked for a plan from the period that begins on; it never sees streams, true conditions or future
        tranches.
    every_periods
        Periods between renewals, >= 1; the first comes after so many.

    Raises
    ------
    PlanError
        If the policy cannot be asked, or the number of periods is none.
    """

    policy: Policy
    every_periods: int

    def __post_init__(self) -> None:
        if not callable(getattr(self.policy, "decide", None)):
            raise PlanError(f"renewal: expected a policy with a method decide (got {_called(self.policy)})")
        if not isinstance(self.every_periods, int | np.integer) or self.every_periods < 1:
            raise PlanError(
                f"renewal by {_called(self.policy)}: expected a whole number of periods >= 1 "
                f"(got {self.every_periods})"
            )

    def is_due(self, period: int) -> bool:
        """Return whether the plan is renewed at the start of a period."""
        return period > 0 and period % self.every_periods == 0

    def decided(self, observed: ObservedState) -> DisposalPlan:
        """Return what the policy decides.

        Raises
        ------
        PlanError
            If that is no plan.
        """
        plan = self.policy.decide(observed)
        if not isinstance(plan, DisposalPlan):
            raise PlanError(
                f"policy {_called(self.policy)}, period {observed.period}: expected decide to return a "
                f"DisposalPlan (got {_called(plan)})"
            )
        return plan


def _called(thing: object) -> str:
    """Return what a reader calls an object: the name of its class, or of itself if it has one."""
    return "None" if thing is None else getattr(thing, "__name__", type(thing).__name__)


def observe(
    world: World, period: int, stock: Stock, ledger: Ledger, orders: OrderBook, plants: Sequence[Plant]
) -> ObservedState:
    """Return what a planner can know at the start of a period."""
    full, present = np.array(stock.full_g), np.array(stock.present_g)
    arrived = np.array(stock.to_come_g) == 0
    opened = np.zeros(full.size, dtype=bool)
    opened[list(orders.opened)] = True
    # Of a lot that nobody has opened the record is known, and what has been seen to leave it.
    by_record = np.maximum(world.lot_g - (full - present), 0)
    there = np.where(opened, present, by_record) * (arrived & (full > 0))
    return ObservedState(
        period=period,
        remaining_g=np.maximum(there - np.array(orders.committed_g), 0),
        available_usd=np.array(ledger.available) / CENTS_PER_USD,
        commissioned=np.array([plant.ordered for plant in plants], dtype=np.int64),
        place=np.array([plant.destination if plant.place >= 0 else -1 for plant in plants], dtype=np.int64),
        busy_days=np.array([_busy_days(world, period, plant) for plant in plants]),
    )


def _busy_days(world: World, period: int, plant: Plant) -> float:
    """Return the working days that a facility is expected to need for its queue, moves among them [d].

    Breakdowns to come are not seen: a move takes the share of working days that is expected of the period.
    """
    day, end = world.days[period], world.days[period + 1]
    on_the_way = 0.0
    for job in plant.queue:
        if job.move is not None:
            begun = max(day - job.move_begins, 0.0)
            on_the_way += max(plant.move_days - begun, 0.0)
    share = float(world.nominal_days[plant.index, period]) / (end - day)
    return plant.backlog_days(day) + on_the_way * share
