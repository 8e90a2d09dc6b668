"""A disposal plan compiled against a world: what a replication reads without looking up ids."""

from __future__ import annotations

from dataclasses import dataclass

from demilsim.errors import PlanError
from demilsim.plan import DisposalPlan
from demilsim.simulation.world import World
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE


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
        Running and transport cost [cents/t].
    payers
        Index of the set of funds that may pay.
    earliest_period, travel_days
        When it may start, and how long the load travels [d].
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

    def cost_cents(self, mass_g: int) -> int:
        """Return the cost of part of the line [cents], rounded."""
        return round(self.cents_per_t * mass_g / GRAMS_PER_TONNE)


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
    commissionings
        (period, facility, capital payers, standing payers) in order of period.
    """

    orders: tuple[Order, ...]
    due: tuple[tuple[Order, ...], ...]
    payers: tuple[tuple[int, ...], ...]
    commissionings: tuple[tuple[int, int, tuple[int, ...], tuple[int, ...]], ...]


def compile_plan(world: World, plan: DisposalPlan) -> Schedule:
    """Return the schedule of a plan.

    Raises
    ------
    PlanError
        If a line names an unknown lot or facility, a facility that cannot take the lot, a facility that
        is neither existing nor commissioned, more of a lot than there is, or a period before the first;
        or if a commissioning names anything but a possible facility.
    """
    scenario = world.scenario
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {f.facility_id: i for i, f in enumerate(scenario.facilities)}
    allowed_funds = {
        i for i, fund in enumerate(scenario.funds) if not plan.funds or fund.fund_id in plan.funds
    }
    usable = {i for i, f in enumerate(scenario.facilities) if f.status == "existing"}
    for commissioning in plan.commissionings:
        built = facilities.get(commissioning.facility_id)
        if built is None or scenario.facilities[built].status == "existing":
            raise PlanError(
                f"plan {plan.name}: expected a possible facility to commission "
                f"(got {commissioning.facility_id})"
            )
        usable.add(built)
    payers: dict[tuple[int, ...], int] = {}
    planned_g = [0] * len(lots)
    orders = []
    for rank, line in enumerate(plan.lines):
        where = f"plan {plan.name}, line {rank + 1}"
        if line.lot_id not in lots or line.facility_id not in facilities:
            raise PlanError(f"{where}: unknown lot or facility ({line.lot_id}, {line.facility_id})")
        lot, facility = lots[line.lot_id], facilities[line.facility_id]
        if not world.options.allowed[lot, facility]:
            raise PlanError(f"{where}: {line.facility_id} cannot take lot {line.lot_id}")
        if facility not in usable:
            raise PlanError(f"{where}: {line.facility_id} is never commissioned")
        planned_g[lot] += line.mass_g
        if line.mass_g <= 0 or planned_g[lot] > world.lot_g[lot]:
            raise PlanError(f"{where}: expected 0 < mass <= what is left of lot {line.lot_id}")
        if line.earliest_period < 0:
            raise PlanError(f"{where}: expected earliest period >= 0 (got {line.earliest_period})")
        funds = tuple(
            f
            for f in world.drawing_order
            if f in allowed_funds and world.options.running_eligible[f, lot, facility]
        )
        orders.append(
            Order(
                rank=rank,
                lot=lot,
                facility=facility,
                site=int(world.storehouse_site[world.lot_storehouse[lot]]),
                mass_g=line.mass_g,
                days_per_g=float(world.options.days_per_t[lot, facility]) / GRAMS_PER_TONNE,
                cents_per_t=float(world.options.cost_usd_per_t[lot, facility]) * CENTS_PER_USD,
                payers=payers.setdefault(funds, len(payers)),
                earliest_period=line.earliest_period,
                travel_days=float(world.options.travel_days[lot, facility]),
            )
        )
    due: list[list[Order]] = [[] for _ in range(scenario.periods)]
    for order in orders:
        if order.earliest_period < scenario.periods:
            due[order.earliest_period].append(order)
    commissionings = [
        (
            c.period,
            facilities[c.facility_id],
            tuple(
                f
                for f in world.drawing_order
                if f in allowed_funds and world.options.capital_eligible[f, facilities[c.facility_id]]
            ),
            tuple(
                f
                for f in world.drawing_order
                if f in allowed_funds and world.options.standing_eligible[f, facilities[c.facility_id]]
            ),
        )
        for c in plan.commissionings
    ]
    return Schedule(
        orders=tuple(orders),
        due=tuple(tuple(rows) for rows in due),
        payers=tuple(payers),
        commissionings=tuple(sorted(commissionings)),
    )
