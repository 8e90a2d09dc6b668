"""Sets, columns and coefficients of the planning model: what the constraint families read.

Columns, in this order: tonnes of a group at a facility in a block, orders of a facility, payments of a
fund for a cost class in a block [kUSD], money carried over by a fund [kUSD], and facilities ordered by then;
where tranches wait for milestones, also what is released (`release_columns`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.calendar import roads_open
from demilsim.model.money import NO_FUND, scrap_fund
from demilsim.model.options import Bools, DisposalOptions
from demilsim.optimisation.blocks import Blocks, fund_alive, single_periods
from demilsim.optimisation.groups import Groups
from demilsim.optimisation.moves import Room
from demilsim.optimisation.orders import (
    NO_CLASS,
    ClassNumbers,
    CostClasses,
    Orders,
    make_orders,
    possible_orders,
)
from demilsim.optimisation.release_columns import SPARE_T, USD_PER_KUSD, ReleaseColumns
from demilsim.optimisation.releases import Releases, waiting_tranches
from demilsim.optimisation.rows import Columns, labels
from demilsim.optimisation.tours import TourColumns, Tours, tour_columns
from demilsim.plan import Floats, Ints, PlanningCoefficients
from demilsim.scenario.scenario import Scenario

__all__ = ["USD_PER_KUSD", "Flows", "Payments", "Problem", "make_problem"]


@dataclass(frozen=True)
class Flows:
    """Columns ``tonnes[group, facility, block]``: index arrays of shape (flow,) and cost class."""

    group: Ints
    facility: Ints
    block: Ints
    cost_class: Ints

    def only(self, kept: Bools) -> Flows:
        """Return some of the flows, by a mask."""
        return Flows(self.group[kept], self.facility[kept], self.block[kept], self.cost_class[kept])


@dataclass(frozen=True)
class Payments:
    """Columns ``pay[class, fund, period]`` [kUSD]: index arrays of shape (payment,).

    Parameters
    ----------
    cost_class, fund
        What for, and by whom.
    period
        When: any period for capital and standing cost, the first of its block for work.
    block
        The block of that period.
    """

    cost_class: Ints
    fund: Ints
    period: Ints
    block: Ints


@dataclass(frozen=True)
class Problem:
    """The planning model before its constraints are written down.

    Parameters
    ----------
    scenario, groups, blocks, classes
        Sets.
    flows, orders, payments
        Columns; `orders` is empty where commissioning is fixed.
    days
        Working days without any order that is still a choice [d], shape (facility, block).
    committed_usd
        Cost of fixed commissionings [USD], shape (class, period).
    receipts_usd
        Money received in a period whatever is released, or with what is if that is fixed [USD], shape
        (fund, period).
    scrap_fund
        Fund that scrap is sold for, or `NO_FUND`.
    released
        What may be released, or is; None where no tranche waits for a milestone.
    rooms
        Room that must be made in storehouses for moves that are decided.
    tours
        Where mobile plant may move, or does; None where it has no place, or places are left out.
    """

    scenario: Scenario
    groups: Groups
    blocks: Blocks
    classes: CostClasses
    flows: Flows
    orders: Orders
    payments: Payments
    days: Floats
    committed_usd: Floats
    receipts_usd: Floats
    scrap_fund: int
    released: ReleaseColumns | None = None
    rooms: tuple[Room, ...] = ()
    tours: TourColumns | None = None

    @property
    def most_usd(self) -> Floats:
        """Money received in a period if all that may be released is [USD], shape (fund, period)."""
        return self.receipts_usd if self.released is None else self.released.most_usd

    @property
    def verification_usd_per_t(self) -> Floats:
        """What each fund pays on top for each tonne of work that it pays for [USD/t], shape (fund,)."""
        return np.array([fund.verification_usd_per_t for fund in self.scenario.funds], dtype=float)

    @property
    def facility_labels(self) -> tuple[str, ...]:
        """Names of facilities for rows."""
        return labels(facility.facility_id for facility in self.scenario.facilities)

    @property
    def fund_labels(self) -> tuple[str, ...]:
        """Names of funds for rows."""
        return labels(fund.fund_id for fund in self.scenario.funds)

    @property
    def order_offset(self) -> int:
        """Column of the first order."""
        return self.flows.group.size

    @property
    def payment_offset(self) -> int:
        """Column of the first payment."""
        return self.order_offset + self.orders.facility.size

    def choice_of(self, values: Floats) -> tuple[tuple[int, int], ...]:
        """Return (facility, period) of the orders that a point of shape (column,) places, in order."""
        chosen = values[self.order_offset : self.payment_offset] > 0.5
        facility, period = self.orders.facility[chosen], self.orders.period[chosen]
        return tuple(sorted(zip(facility.tolist(), period.tolist(), strict=True)))

    def carry_column(self, fund: Ints, block: Ints) -> Ints:
        """Return the column of the money that a fund carries over at the end of a block [kUSD]."""
        offset = self.payment_offset + self.payments.fund.size
        return offset + fund * self.blocks.count + block

    @property
    def ordered_offset(self) -> int:
        """Column of the first ``ordered[facility, period]``: whether an order was placed by then [1].

        One for each order, in the order of the orders.
        """
        return self.payment_offset + self.payments.fund.size + self.receipts_usd.shape[0] * self.blocks.count

    @property
    def release_offset(self) -> int:
        """Column of the first ``released[tranche, block]``."""
        return self.ordered_offset + self.orders.facility.size

    @property
    def tour_offset(self) -> int:
        """Column of the first ``stands[facility, site, period]``."""
        return self.release_offset + (0 if self.released is None else len(self.released.names))

    def tours_of(self, values: Floats) -> Tours | None:
        """Return the moves that a point of shape (column,) makes; None where places are left out."""
        return None if self.tours is None else self.tours.tours_of(values[self.tour_offset :])

    def releases_of(self, values: Floats) -> Releases | None:
        """Return what a point of shape (column,) releases; None where no tranche waits."""
        return None if self.released is None else self.released.releases_of(values[self.release_offset :])

    @cached_property
    def columns(self) -> Columns:
        """Names, upper bounds and integrality of all columns."""
        flows, pays, blocks = self.flows, self.payments, self.blocks.count
        names = [f"t{g}_{f}_{b}" for g, f, b in zip(flows.group, flows.facility, flows.block, strict=True)]
        names += [f"o{f}_{b}" for f, b in zip(self.orders.facility, self.orders.period, strict=True)]
        names += [f"p{c}_{k}_{b}" for c, k, b in zip(pays.cost_class, pays.fund, pays.period, strict=True)]
        names += [f"c{k}_{b}" for k in range(self.receipts_usd.shape[0]) for b in range(blocks)]
        names += [f"u{f}_{b}" for f, b in zip(self.orders.facility, self.orders.period, strict=True)]
        choice = self.released
        names += choice.names if choice is not None else ()
        names += self.tours.names if self.tours is not None else ()
        upper = np.full(len(names), np.inf)
        last = np.append(self.blocks.first[1:], self.scenario.periods) - 1
        there = self.groups.arrival[flows.group] <= last[flows.block]
        upper[: self.order_offset] = self.groups.mass_t[flows.group] * there
        whole = np.zeros(len(names), dtype=bool)
        whole[self.order_offset : self.payment_offset] = True
        whole[self.ordered_offset : self.release_offset] = True
        whole[self.tour_offset :] = True
        if choice is not None:
            upper[self.release_offset : self.tour_offset] = choice.upper
            whole[self.release_offset :][: choice.pairs[0].size] = True
        upper[whole] = 1.0
        return Columns(tuple(names), upper, whole)


def make_problem(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    options: DisposalOptions,
    groups: Groups,
    blocks: Blocks,
    commissioned: Mapping[int, int] | None,
    every_order: bool = False,
    releases: Releases | None = None,
    tours: Tours | None = None,
    open_tours: bool = False,
) -> Problem:
    """Return the planning model in given blocks.

    Parameters
    ----------
    scenario, coefficients, options, groups
        What is known.
    blocks
        Time blocks.
    commissioned
        Period in which each facility is ordered, by index of the facility; None leaves it to the model.
    every_order
        Whether the model weighs every order that some fund may pay, in any period, as a bound must. It then
        asks for no spare tonnes beyond a milestone.
    releases
        Tranches that are released, where some wait for milestones; None leaves it to the model.
    tours
        Moves of mobile plant, in single periods; None leaves places out.
    open_tours
        Whether moves are left to the model instead.
    """
    numbers = ClassNumbers(np.array([f.verification_usd_per_t > 0.0 for f in scenario.funds], dtype=bool))
    wanted = possible_orders(scenario, every_order) if commissioned is None else tuple(commissioned.items())
    orders = make_orders(scenario, coefficients, options, blocks, wanted, numbers)
    existing = np.array([f.status == "existing" for f in scenario.facilities], dtype=bool)
    days = blocks.sum(np.where(existing[:, None], coefficients.working_days, 0.0))
    most = days.copy()
    if commissioned is None:
        alive = fund_alive(scenario, single_periods(scenario))
        choice = orders.worthwhile(numbers, alive, every_order)
        fixed = orders.only(np.empty(0, dtype=np.int64))
        np.maximum.at(most, choice.facility, choice.days)
    else:
        choice, fixed = orders.only(np.empty(0, dtype=np.int64)), orders
        np.add.at(days, fixed.facility, fixed.days)
        most = days
    # A load can leave in a block if its road is open in any of its periods.
    roads = blocks.sum(roads_open(scenario).astype(float)) > 0.0
    touring = None
    if tours is not None or open_tours:
        touring, groups = tour_columns(scenario, coefficients, groups, numbers, tours)
    flows = _flows(groups, most, roads, numbers)
    if touring is not None:
        flows, days = (
            flows.only(touring.possible(flows.group, flows.facility, flows.block)),
            touring.left(days),
        )
    classes = numbers.classes()
    sold_for = scrap_fund(scenario) if groups.scrap_usd_per_t.any() else NO_FUND
    waiting = waiting_tranches(scenario, coefficients)
    spare_t = 0.0 if every_order else SPARE_T
    released = None if waiting is None else ReleaseColumns(waiting, blocks, spare_t, releases)
    receipts = coefficients.receipts_usd.reshape(len(scenario.funds), scenario.periods)
    most = receipts if released is None else released.most_usd
    committed_usd = fixed.cost_by_class_usd(len(classes.funds)).sum(axis=0)
    if touring is not None:
        touring.charge(committed_usd)
    return Problem(
        scenario=scenario,
        groups=groups,
        blocks=blocks,
        classes=classes,
        flows=flows,
        orders=choice,
        payments=_payments(classes, blocks, fund_alive(scenario, blocks), most, sold_for),
        days=days,
        committed_usd=committed_usd,
        receipts_usd=receipts if released is None else released.receipts_usd,
        scrap_fund=sold_for,
        released=released,
        tours=touring,
    )


def _flows(groups: Groups, possible_days: Floats, roads: Bools, numbers: ClassNumbers) -> Flows:
    """Return the flows that are allowed, have time and a road, and cost nothing or have a fund that may pay.

    Parameters
    ----------
    groups
        Groups of lots.
    possible_days
        Working days at most [d], shape (facility, block).
    roads
        Whether a load can leave by a route, or on site in the last row, shape (route + 1, block).
    numbers
        Numbers of the cost classes, which it adds to.
    """
    number = np.full(groups.days_per_t.shape, NO_CLASS, dtype=np.int64)
    allowed = groups.allowed & (groups.mass_t > 0.0)[:, None]
    for g, f in np.argwhere(allowed & (groups.cost_usd_per_t > 0.0)):
        eligible = np.flatnonzero(groups.running_eligible[:, g, f])
        if eligible.size:
            cost = float(groups.cost_usd_per_t[g, f])
            number[g, f] = numbers.number(eligible, committed=False, usd_per_t=cost)
        else:
            allowed[g, f] = False
    group, facility, block = np.nonzero(
        allowed[:, :, None] & (possible_days > 0.0)[None, :, :] & roads[groups.road]
    )
    return Flows(group, facility, block, number[group, facility])


def _payments(
    classes: CostClasses, blocks: Blocks, alive: Bools, receipts_usd: Floats, sold_for: int
) -> Payments:
    """Return a payment wherever a fund of the class is alive and has received money, or may have by scrap."""
    by_block = np.cumsum(blocks.sum(receipts_usd), axis=1)
    by_period = np.cumsum(receipts_usd, axis=1)
    rows = [
        (c, k, period, block)
        for c, (funds, committed) in enumerate(zip(classes.funds, classes.committed, strict=True))
        for k in funds
        for period, block in enumerate(blocks.of_period.tolist())
        if alive[k, block]
        and ((by_period[k, period] if committed else by_block[k, block]) > 0.0 or k == sold_for)
        and (committed or period == blocks.first[block])
    ]
    cost_class, fund, when, block = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return Payments(cost_class, fund, when, block)
