"""Measures under way: ordered and paid at period starts, in force after their lead time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.plan import Floats
from demilsim.simulation.draws import Candidate, Draws
from demilsim.simulation.funding import Ledger, Payment
from demilsim.simulation.schedule import MeasureStep
from demilsim.simulation.storage import Stock
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE, cents, years

ONCE = ("move", "surveillance")
"""Kinds that happen on one day; the others lower rates as long as they are paid for."""


@dataclass(slots=True)
class Measures:
    """What is to be ordered, and what is in force.

    Parameters
    ----------
    world
        The scenario.
    ledger
        The replication's.
    to_order
        Steps that are not due or not paid, in the order of the plan.
    paid
        Where spending is noted: (day, fund, cents).
    begins
        Period in which each ordered measure takes effect, by measure.
    in_force
        Periods in which each measure that lowers rates does so, by measure.
    spent_cents
        What each measure has cost so far, by measure [cents].
    """

    world: World
    ledger: Ledger
    to_order: list[MeasureStep]
    paid: list[tuple[float, int, int]]
    begins: dict[int, int] = field(default_factory=dict)
    in_force: dict[int, set[int]] = field(default_factory=dict)
    spent_cents: dict[int, int] = field(default_factory=dict)
    _steps: dict[int, MeasureStep] = field(default_factory=dict)
    _now: int = 0

    def start(self, period: int, day: float) -> Iterator[int]:
        """Order and pay what is due, and yield the measures that happen now, once and for all."""
        self._now = period
        waiting = []
        for step in self.to_order:
            measure = self.world.scenario.measures[step.measure]
            if step.period > period or not self._pay(step, cents(measure.cost_usd), day):
                waiting.append(step)
                continue
            opens = bisect_left(self.world.knots.tolist(), day + measure.lead_time_days)
            self.begins[step.measure], self._steps[step.measure] = opens, step
        self.to_order = waiting
        for index, begins in self.begins.items():
            measure = self.world.scenario.measures[index]
            if measure.kind in ONCE:
                if begins == period:
                    yield index
            elif begins <= period and self._kept_up(index, period, day):
                self.in_force.setdefault(index, set()).add(period)

    def _kept_up(self, index: int, period: int, day: float) -> bool:
        yearly_usd = self.world.scenario.measures[index].yearly_cost_usd
        length = float(self.world.knots[period + 1]) - day
        return self._pay(self._steps[index], cents(yearly_usd * years(length)), day)

    def _pay(self, step: MeasureStep, amount: int, day: float) -> bool:
        payment: Payment | None = self.ledger.commit(step.payers, amount)
        if payment is None:
            return False
        self.ledger.spend(payment)
        self.paid.extend((day, fund, share) for fund, share in payment)
        self.spent_cents[step.measure] = self.spent_cents.get(step.measure, 0) + amount
        return True

    def share_left(self, candidate: Candidate) -> float:
        """Return what measures in force leave of the rate of a candidate [1]; 1 for ageing."""
        if not self.in_force or candidate.cause is Cause.AGEING:
            return 1.0
        cause = BASE_CAUSES.index(candidate.cause)
        share = 1.0
        for index in self._acting(self._now):
            share *= float(self.world.rate_factors[index, candidate.storehouse, cause])
        return share

    def theft_left(self, lot: int) -> float:
        """Return what measures in force leave of the rate of theft from a lot [1]."""
        share = 1.0
        for index in self._acting(self._now):
            share *= float(self.world.theft_factors[index, lot])
        return share

    def _acting(self, period: int) -> list[int]:
        return [index for index, periods in self.in_force.items() if period in periods]

    def base_rates(self) -> tuple[Floats, Floats]:
        """Return rates of events by base causes that involve a stack, and a storehouse [1/yr].

        Shape (storehouse,) without measures, else (knot, storehouse): at a knot the mean of the periods on
        either side by their lengths, so that the trapezoidal rule integrates a step exactly.
        """
        if not self.in_force:
            return self.world.base_rates
        curves, periods = self.world.curves, self.world.knots.size - 1
        by_period = np.repeat(curves.base_rate_per_year[None], periods, axis=0)
        for index, acting in self.in_force.items():
            by_period[sorted(acting)] *= self.world.rate_factors[index]
        length = np.concatenate([[0.0], self.world.interval_years, [0.0]])[:, None, None]
        area = length * np.concatenate([by_period[:1], by_period, by_period[-1:]])
        at_knots = (area[:-1] + area[1:]) / (length[:-1] + length[1:])
        stack, whole = np.moveaxis(at_knots @ curves.base_shares, -1, 0)
        return stack, whole


def movable(world: World, stock: Stock, lots: Sequence[int], to: int) -> Iterator[int]:
    """Yield the lots that may be taken into a storehouse, one after the other; book each before the next.

    Nothing may bring it above its limit, and nothing may come to what it may not share a storehouse with.
    """
    for lot in lots:
        there = [k for k in stock.lots_in(world, to) if stock.present_g[k] or stock.to_come_g[k]]
        adds_kg = _blast_kg(world, stock, [lot])
        fits = not adds_kg or _blast_kg(world, stock, there) + adds_kg <= world.limit_kg[to]
        if fits and all(world.may_share[lot, k] for k in there):
            yield lot


def _blast_kg(world: World, stock: Stock, lots: Sequence[int]) -> float:
    mass_g = (stock.present_g[lot] + stock.to_come_g[lot] for lot in lots)
    return sum(
        float(world.blast_kg_per_t[lot]) * mass / GRAMS_PER_TONNE
        for lot, mass in zip(lots, mass_g, strict=True)
    )


def condemned(world: World, draws: Draws, lots: Sequence[int], knot: int) -> list[int]:
    """Return the lots that a test at a knot finds below the level at which they must be destroyed.

    The test reads the true stabiliser, which no plan knows.
    """
    position = np.cumsum(world.ageing.propellant) - 1
    stabiliser = world.ageing.stabiliser(draws.lot_factor)[knot]
    level = world.scenario.register.event_rate.destroy_level_fraction
    return [lot for lot in lots if world.ageing.propellant[lot] and stabiliser[position[lot]] < level]
