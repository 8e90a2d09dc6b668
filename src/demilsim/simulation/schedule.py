"""A disposal plan compiled against a world: what a replication reads without looking up ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import NamedTuple

import numpy as np

from demilsim.errors import PlanError
from demilsim.model.measures import measure_eligible
from demilsim.model.options import Bools
from demilsim.plan import Commissioning, DisposalPlan, MeasureOrder, PlanLine
from demilsim.scenario.phrases import choice, got
from demilsim.scenario.schema import Facility
from demilsim.simulation.world import World
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE, tonnes

EMERGENCY_RANK = -1
"""Before every line of a plan."""


@dataclass(frozen=True, slots=True)
class Order:
    """One plan line as the simulation sees it.

    Parameters
    ----------
    rank
        Position in the plan's priority.
    lot, facility, site
        Indices; the site is the lot's.
    mass_g
        Gross mass [g].
    days_per_g
        Working days per gram [d/g].
    cents_per_t
        Running and transport cost, without escort and moves [cents/t].
    payers
        Index of the set of funds that may pay.
    earliest_period, travel_days
        When it may start, and how long the load travels [d].
    road
        Row of its route; -1 on site.
    """

    rank: int
    lot: int
    facility: int
    site: int
    mass_g: int
    days_per_g: float
    cents_per_t: float
    payers: int
    earliest_period: int
    travel_days: float
    road: int = -1

    def cost_cents(self, mass_g: int) -> int:
        """Return the cost of part of the line [cents], rounded."""
        return round(self.cents_per_t * mass_g / GRAMS_PER_TONNE)


class Build(NamedTuple):
    """A commissioning: period of the order, facility, and who may pay capital and standing cost."""

    period: int
    facility: int
    capital_payers: tuple[int, ...]
    standing_payers: tuple[int, ...]


class MeasureStep(NamedTuple):
    """A measure of the plan: period of the order, measure, and who may pay."""

    period: int
    measure: int
    payers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A plan that a replication can run.

    Parameters
    ----------
    orders
        In priority.
    due
        Orders that become due at the start of each period.
    payers
        Sets of funds, each in drawing order.
    builds
        In order of period.
    planned_g
        Mass of each lot that the plan destroys [g].
    funds
        Funds that it may use at all, in drawing order.
    measures
        In order of period.
    emergency
        How a lot that a test condemns would be destroyed, before all else, by lot; none if no facility can.
    pools
        Facilities that do each facility's orders, itself among them.
    """

    orders: tuple[Order, ...]
    due: tuple[tuple[Order, ...], ...]
    payers: tuple[tuple[int, ...], ...]
    builds: tuple[Build, ...]
    planned_g: tuple[int, ...]
    funds: tuple[int, ...]
    measures: tuple[MeasureStep, ...]
    emergency: Mapping[int, Order]
    pools: tuple[tuple[int, ...], ...]


def compile_plan(world: World, plan: DisposalPlan, payers: Sequence[tuple[int, ...]] = ()) -> Schedule:
    """Return the schedule of a plan.

    Parameters
    ----------
    world, plan
        What is compiled, and against what.
    payers
        Sets of funds that keep their numbers, from the schedule that this one takes over from.

    Raises
    ------
    PlanError
        If a line names an unknown lot or facility, a facility that cannot take the lot, a facility that
        is neither existing nor commissioned, or more of a lot than there is; if a commissioning names
        anything but a possible facility; if any of these, or a measure, is for a period that the scenario
        does not have; or if the plan names a fund that it does not have.
    """
    return _Compiler(world, plan, payers).schedule()


def line_problems(world: World, plan: DisposalPlan) -> list[tuple[int, str]]:
    """Return what keeps lines of a plan from fitting a world: position of the line, first 0, and why.

    Raises
    ------
    PlanError
        If what is ordered, or a fund, does not fit.
    """
    return _Compiler(world, plan, ()).line_problems()


def _pools(facilities: Sequence[Facility]) -> tuple[tuple[int, ...], ...]:
    members: dict[str, list[int]] = {}
    for index, facility in enumerate(facilities):
        members.setdefault(facility.pool or "", []).append(index)
    return tuple(tuple(members[f.pool]) if f.pool else (index,) for index, f in enumerate(facilities))


class _Compiler:
    """Turns a plan's ids into indices and refuses what does not fit."""

    def __init__(self, world: World, plan: DisposalPlan, payers: Sequence[tuple[int, ...]]) -> None:
        scenario = world.scenario
        self._world, self._plan, self._periods = world, plan, scenario.periods
        self._lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
        self._facilities = {f.facility_id: i for i, f in enumerate(scenario.facilities)}
        self._check_funds()
        self._funds = [
            f for f in world.drawing_order if not plan.funds or scenario.funds[f].fund_id in plan.funds
        ]
        self._usable = {i for i, f in enumerate(scenario.facilities) if f.status == "existing"}
        self._payers: dict[tuple[int, ...], int] = {known: i for i, known in enumerate(payers)}
        self._planned_g = [0] * len(scenario.lots)
        self._allowed = world.options.allowed

    def schedule(self) -> Schedule:
        builds = tuple(sorted(self._build(c) for c in self._plan.commissionings))
        orders = self._orders()
        measures = tuple(sorted(self._measure(order) for order in self._plan.measures))
        emergency = self._emergency(measures)
        due: list[list[Order]] = [[] for _ in range(self._periods)]
        for order in orders:
            due[order.earliest_period].append(order)
        return Schedule(
            orders=orders,
            due=tuple(map(tuple, due)),
            payers=tuple(self._payers),
            builds=builds,
            planned_g=tuple(self._planned_g),
            funds=tuple(self._funds),
            measures=measures,
            emergency=emergency,
            pools=_pools(self._world.scenario.facilities),
        )

    def line_problems(self) -> list[tuple[int, str]]:
        for commissioning in self._plan.commissionings:
            self._build(commissioning)
        found = []
        for rank, line in enumerate(self._plan.lines):
            if problem := self._problem(line):
                found.append((rank, problem))
            else:
                self._planned_g[self._lots[line.lot_id]] += line.mass_g
        return found

    def _check_funds(self) -> None:
        known = [fund.fund_id for fund in self._world.scenario.funds]
        for name in self._plan.funds:
            if name not in known:
                raise PlanError(
                    f"plan {self._plan.name}: expected funds of the scenario "
                    f"{got(name, known)}{choice(name, known)}"
                )

    def _check_period(self, what: str, period: int) -> None:
        if problem := self._out_of_time(period):
            raise PlanError(f"plan {self._plan.name}, {what}: {problem}")

    def _out_of_time(self, period: int) -> str:
        """Return what is wrong with a period; nothing for one of the scenario's."""
        last = self._periods - 1
        return "" if 0 <= period <= last else f"expected a period from 0 to {last} (got {period})"

    def _measure(self, order: MeasureOrder) -> MeasureStep:
        ids = [measure.measure_id for measure in self._world.scenario.measures]
        if order.measure_id not in ids:
            raise PlanError(f"plan {self._plan.name}: unknown measure ({order.measure_id})")
        self._check_period(f"measure {order.measure_id}", order.period)
        index = ids.index(order.measure_id)
        eligible = measure_eligible(self._world.scenario)[:, index]
        return MeasureStep(order.period, index, self._paying(eligible))

    def _emergency(self, measures: tuple[MeasureStep, ...]) -> dict[int, Order]:
        """Return the fastest way to destroy each lot, if the plan tests any: all may be moved there first."""
        offered = self._world.scenario.measures
        if not any(offered[step.measure].kind == "surveillance" for step in measures):
            return {}
        usable = sorted(self._usable)
        days = self._world.options.days_per_t[:, usable]
        lots = np.flatnonzero(np.isfinite(days).any(axis=1)).tolist()
        if not lots:
            return {}
        facilities = [usable[best] for best in days[lots].argmin(axis=1).tolist()]
        masses_g = self._world.lot_g[lots].tolist()
        return dict(
            zip(lots, self._made(repeat(EMERGENCY_RANK), lots, facilities, masses_g, repeat(0)), strict=True)
        )

    def _build(self, commissioning: Commissioning) -> Build:
        index = self._facilities.get(commissioning.facility_id)
        if index is None or self._world.scenario.facilities[index].status == "existing":
            raise PlanError(
                f"plan {self._plan.name}: expected a possible facility to commission "
                f"(got {commissioning.facility_id})"
            )
        self._check_period(f"commissioning of {commissioning.facility_id}", commissioning.period)
        self._usable.add(index)
        options = self._world.options
        return Build(
            commissioning.period,
            index,
            self._paying(options.capital_eligible[:, index]),
            self._paying(options.standing_eligible[:, index]),
        )

    def _paying(self, eligible: Bools | Sequence[bool]) -> tuple[int, ...]:
        return tuple(f for f in self._funds if eligible[f])

    def _orders(self) -> tuple[Order, ...]:
        """Return the plan's lines as orders, in priority."""
        lines = self._plan.lines
        if not lines:
            return ()
        lots, facilities = zip(*map(self._checked, count(), lines), strict=False)
        masses_g = [line.mass_g for line in lines]
        earliest = [line.earliest_period for line in lines]
        return tuple(self._made(count(), lots, facilities, masses_g, earliest))

    def _made(
        self,
        ranks: Iterable[int],
        lots: Sequence[int],
        facilities: Sequence[int],
        masses_g: Sequence[int],
        earliest_periods: Iterable[int],
    ) -> Iterator[Order]:
        """Yield orders, whose options are read at once: one by one they take longer than all else here."""
        options, pairs = self._world.options, (list(lots), list(facilities))
        houses = self._world.lot_storehouse[pairs[0]]
        eligible = list(map(tuple, options.running_eligible[:, *pairs].T.tolist()))
        # There are few sets of funds.
        payers = {funds: self._payers_of(funds) for funds in dict.fromkeys(eligible)}
        return map(
            Order,
            ranks,
            lots,
            facilities,
            self._world.storehouse_site[houses].tolist(),
            masses_g,
            (options.days_per_t[pairs] / GRAMS_PER_TONNE).tolist(),
            (options.direct_usd_per_t[pairs] * CENTS_PER_USD).tolist(),
            map(payers.__getitem__, eligible),
            earliest_periods,
            options.travel_days[pairs].tolist(),
            options.road[pairs].tolist(),
        )

    def _payers_of(self, eligible: tuple[bool, ...]) -> int:
        """Return the index of the set of funds that may pay."""
        payers = self._paying(eligible)
        return self._payers.setdefault(payers, len(self._payers))

    def _checked(self, rank: int, line: PlanLine) -> tuple[int, int]:
        """Return lot and facility of a line that fits."""
        if problem := self._problem(line):
            raise PlanError(f"plan {self._plan.name}, line {rank + 1}: {problem}")
        lot = self._lots[line.lot_id]
        self._planned_g[lot] += line.mass_g
        return lot, self._facilities[line.facility_id]

    def _problem(self, line: PlanLine) -> str:
        """Return why a line does not fit what is planned before it; nothing if it does."""
        if line.lot_id not in self._lots or line.facility_id not in self._facilities:
            return f"unknown lot or facility ({line.lot_id}, {line.facility_id})"
        lot, facility = self._lots[line.lot_id], self._facilities[line.facility_id]
        if not self._allowed[lot, facility]:
            return f"{line.facility_id} cannot take lot {line.lot_id}"
        if facility not in self._usable:
            return f"{line.facility_id} is never commissioned"
        left_g = int(self._world.lot_g[lot]) - self._planned_g[lot]
        if not 0 < line.mass_g <= left_g:
            return (
                f"expected 0 < mass <= {tonnes(left_g):,.10g} t, what is left of lot {line.lot_id} "
                f"(got {tonnes(line.mass_g):,.10g} t)"
            )
        return self._out_of_time(line.earliest_period)
