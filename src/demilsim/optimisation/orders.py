"""Commissioning: what an order of a facility adds and costs, and who may pay for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.options import Bools, DisposalOptions
from demilsim.model.pace import expected_pace
from demilsim.optimisation.blocks import Blocks
from demilsim.plan import Floats, Ints, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility
from demilsim.units import DAYS_PER_YEAR

NO_CLASS = -1
"""Cost class of what costs nothing."""

COST_STEP = 1.25
"""Ratio of costs per tonne that share a class where a fund wants work verified [1]."""


LONGEST_WITH_EVERY_PERIOD = 40
"""Periods of the longest horizon in which a facility may be ordered in any of them."""


@dataclass(frozen=True)
class CostClasses:
    """Costs that the same funds may pay.

    Parameters
    ----------
    funds
        Funds of each class, in rising order.
    committed
        Whether the class holds capital and standing cost, which must be paid at the start of a block,
        rather than cost of work.
    least_usd_per_t
        Least cost of the work in the class [USD/t]; infinite for capital and standing cost.
    """

    funds: tuple[tuple[int, ...], ...]
    committed: tuple[bool, ...]
    least_usd_per_t: tuple[float, ...]


class ClassNumbers:
    """Numbers of cost classes, given out as the classes are met.

    Parameters
    ----------
    verifying
        Whether each fund wants the work verified that it pays for, shape (fund,). Work that such a fund may
        pay for has a class for each step of cost, so that the price of verification is known to within it.
    """

    def __init__(self, verifying: Bools) -> None:
        self._verifying = verifying
        self._index: dict[tuple[bool, tuple[int, ...], int], int] = {}
        self._least: list[float] = []

    def number(self, eligible: Ints, committed: bool, usd_per_t: float = math.inf) -> int:
        """Return the class of costs that the eligible funds, in rising order, may pay.

        Parameters
        ----------
        eligible, committed
            The funds, and whether they pay at the start of a block.
        usd_per_t
            Cost of the work, > 0 [USD/t]; infinite for capital and standing cost.
        """
        stepped = not committed and bool(self._verifying[eligible].any())
        step = math.floor(math.log(usd_per_t) / math.log(COST_STEP)) if stepped else 0
        number = self._index.setdefault((committed, tuple(eligible.tolist()), step), len(self._index))
        if number == len(self._least):
            self._least.append(math.inf)
        self._least[number] = min(self._least[number], usd_per_t)
        return number

    def classes(self) -> CostClasses:
        """Return the classes met so far."""
        return CostClasses(
            funds=tuple(funds for _, funds, _ in self._index),
            committed=tuple(committed for committed, _, _ in self._index),
            least_usd_per_t=tuple(self._least),
        )


@dataclass(frozen=True)
class Orders:
    """Columns ``order[facility, period]``: commissioning ordered at the start of a period.

    Parameters
    ----------
    facility, period
        What, and in which period, shape (order,).
    days
        Working days that the order adds in each block, after the lead time [d], shape (order, block).
    capital_usd, standing_usd
        Cost of the order, and of keeping the facility open once it works [USD], shape (order, period).
    capital_class, standing_class
        Cost classes, shape (order,).
    """

    facility: Ints
    period: Ints
    days: Floats
    capital_usd: Floats
    standing_usd: Floats
    capital_class: Ints
    standing_class: Ints

    def only(self, kept: Ints) -> Orders:
        """Return some of the orders, by index."""
        return Orders(
            self.facility[kept],
            self.period[kept],
            self.days[kept],
            self.capital_usd[kept],
            self.standing_usd[kept],
            self.capital_class[kept],
            self.standing_class[kept],
        )

    def worthwhile(self, numbers: ClassNumbers, alive: Bools, every: bool = False) -> Orders:
        """Return the orders whose costs some fund may pay, and that add working days of their own.

        Of two orders of a facility that add the same days, as before a winter, the later one asks for money
        later and is open no longer, so the earlier one is left out. Not where a fund expires in between, as
        it may pay for the earlier one alone, nor where `every` one is wanted.

        Parameters
        ----------
        numbers
            Cost classes.
        alive
            Whether a fund may still be spent in a period, shape (fund, period).
        every
            Whether to keep orders that add the same days.
        """
        bankrupt = [c for c, funds in enumerate(numbers.classes().funds) if not funds]
        unpaid = np.isin(self.capital_class, bankrupt) | np.isin(self.standing_class, bankrupt)
        useful = ~unpaid & self.days.any(axis=1)
        same = (self.facility[:-1] == self.facility[1:]) & np.all(self.days[:-1] == self.days[1:], axis=1)
        same &= np.all(alive[:, self.period[:-1]] == alive[:, self.period[1:]], axis=0)
        useful[:-1] &= ~same | every
        return self.only(np.flatnonzero(useful))

    def cost_by_class_usd(self, classes: int) -> Floats:
        """Return the cost of every order in each class and period [USD], shape (order, class, period)."""
        cost = np.zeros((self.facility.size, classes, self.capital_usd.shape[1]))
        parts = ((self.capital_class, self.capital_usd), (self.standing_class, self.standing_usd))
        for cost_class, usd in parts:
            costly = np.flatnonzero(cost_class != NO_CLASS)
            cost[costly, cost_class[costly]] += usd[costly]
        return cost

    def beyond_next(self, values: Floats) -> Floats:
        """Return by how much each order's values exceed those of the next order of its facility.

        Sum over o of v[o] z[o] is the sum over o of (v[o] - v[o + 1]) u[o], u[o] = z[1] + ... + z[o] being
        whether the facility was ordered by then. Of what an order adds whatever its date, one term is left.

        Parameters
        ----------
        values
            Shape (order, ...); orders of a facility stand together, by period.
        """
        following = np.zeros_like(values)
        same = self.facility[:-1] == self.facility[1:]
        following[:-1][same] = values[1:][same]
        return values - following


def possible_orders(scenario: Scenario, every: bool = False) -> tuple[tuple[int, int], ...]:
    """Return (facility, period) of every order of a possible facility that the MILP weighs.

    In any period of a short horizon, or if `every` one is wanted; in every second one of a horizon of more
    than `LONGEST_WITH_EVERY_PERIOD`. On the Kazakhstan scenario both find the same orders, the first in 39 s,
    the second in 20 s.
    """
    step = 1 if every or scenario.periods <= LONGEST_WITH_EVERY_PERIOD else 2
    return tuple(
        (f, period)
        for f, facility in enumerate(scenario.facilities)
        if facility.status == "possible"
        for period in range(0, scenario.periods, step)
    )


def make_orders(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    options: DisposalOptions,
    blocks: Blocks,
    wanted: Sequence[tuple[int, int]],
    numbers: ClassNumbers,
) -> Orders:
    """Return orders with what they add and cost.

    A facility works from the first period that starts a mean lead time or more after the order, at the pace
    that can be expected after its opening, and costs its standing cost from then until the horizon.

    Parameters
    ----------
    scenario, coefficients, options, blocks
        What is known.
    wanted
        (facility, period) of each order.
    numbers
        Gives out cost classes.
    """
    count = len(wanted)
    facility, period = np.array(wanted, dtype=np.int64).reshape(-1, 2).T
    rows = [scenario.facilities[f] for f, _ in wanted]
    opened = np.array(
        [
            first_open_period(scenario, row.lead_time_days, t)
            for row, (_, t) in zip(rows, wanted, strict=True)
        ],
        dtype=int,
    )
    at = np.arange(scenario.periods)
    works = at >= opened.reshape(-1, 1)
    ordered = at == period.reshape(-1, 1)
    capital = np.array([row.capital_cost_usd for row in rows]).reshape(count, 1)
    per_year = np.array([row.fixed_cost_usd_per_year for row in rows]).reshape(count, 1)
    years = np.diff([date.toordinal() for date in scenario.period_dates]) / DAYS_PER_YEAR

    def classes(cost: Floats, eligible: np.ndarray) -> Ints:
        found = [
            numbers.number(np.flatnonzero(eligible[:, f]), committed=True) if usd > 0.0 else NO_CLASS
            for f, usd in zip(facility.tolist(), cost.ravel().tolist(), strict=True)
        ]
        return np.array(found, dtype=np.int64)

    return Orders(
        facility=facility,
        period=period,
        days=blocks.sum(works * coefficients.working_days[facility] * _pace(scenario, rows, opened)),
        capital_usd=ordered * capital,
        standing_usd=works * per_year * years,
        capital_class=classes(capital, options.capital_eligible),
        standing_class=classes(per_year, options.standing_eligible),
    )


def _pace(scenario: Scenario, rows: Sequence[Facility], opened: Ints) -> Floats:
    """Return the expected pace in each period of facilities that open in given ones [1], (order, period)."""
    dates, pace = scenario.period_dates, np.ones((len(rows), scenario.periods))
    for order, (row, period) in enumerate(zip(rows, opened.tolist(), strict=True)):
        if row.learning_days or row.objections_per_year:
            pace[order] = expected_pace(scenario, row, float((dates[period] - dates[0]).days))
    return pace
