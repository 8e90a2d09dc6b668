"""Loads on the road: convoys and their cost, closed roads, accidents, and the explosion on the road.

Whole vehicles carry whole loads of one lot; all that leaves one site for one facility in a period goes in the
same convoys.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from demilsim.model.event_rate import Cause
from demilsim.model.partition import sums
from demilsim.scenario.column_types import ALL_MONTHS
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.record import Event
from demilsim.simulation.schedule import Order
from demilsim.simulation.storage import poisson_quantile
from demilsim.simulation.work import Work
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_KG, GRAMS_PER_TONNE, cents, grams


@dataclass(slots=True)
class Dispatch:
    """The loads that leave in a period, and the accidents of each lot so far.

    Parameters
    ----------
    world, draws
        The scenario, and the replication's chance.
    period
        The period that has begun.
    vehicles
        Vehicles that leave in it, by route and facility.
    accidents
        Accumulated rate of accidents without explosion of each lot that has left [1].
    plain
        Whether loads leave at once, by themselves, and are never held up: nothing here need be asked.
    """

    world: World
    draws: Draws
    period: int = 0
    vehicles: dict[tuple[int, int], int] = field(default_factory=dict)
    accidents: dict[int, float] = field(default_factory=dict)
    plain: bool = field(init=False)

    def __post_init__(self) -> None:
        routes = self.world.scenario.routes
        self.plain = not self.draws.road_accident_at.size and all(
            route.open_months == ALL_MONTHS and not route.escort_usd_per_convoy for route in routes
        )

    def begin(self, period: int) -> None:
        """Begin a period: new convoys."""
        self.period = period
        self.vehicles.clear()

    def departure(self, order: Order, day: float) -> float:
        """Return when a load leaves that is ready on `day`, the first of the period [d]."""
        return day if order.road < 0 else self.world.departs[order.road][self.period]

    def vehicles_for(self, order: Order, mass_g: int) -> int:
        """Return the whole vehicles that part of a lot needs, by mass and by the limit on NEQ."""
        scenario = self.world.scenario
        by_mass = -(-mass_g // grams(scenario.register.transport.payload_t))
        limit_kg = scenario.routes[order.road].neq_limit_kg_per_vehicle
        if limit_kg is None:
            return by_mass
        lot = scenario.lots[order.lot]
        # In whole numbers, since a vehicle more for a rounding error would be a convoy more.
        neq = round(lot.neq_kg * GRAMS_PER_KG) * mass_g
        room = grams(lot.gross_mass_t) * round(limit_kg * GRAMS_PER_KG)
        return max(by_mass, -(-neq // room))

    def escort_cents(self, order: Order, mass_g: int) -> int:
        """Return the escort of the convoys that a load adds to those of its route and period [cents]."""
        if order.road < 0:
            return 0
        route = self.world.scenario.routes[order.road]
        if not route.escort_usd_per_convoy:
            return 0
        before = self.vehicles.get((order.road, order.facility), 0)
        after = before + self.vehicles_for(order, mass_g)
        size = route.vehicles_per_convoy
        return cents(route.escort_usd_per_convoy) * (-(-after // size) + (-before // size))

    def send(self, order: Order, mass_g: int) -> float:
        """Book the vehicles of a load that is paid; return how long an accident holds it up [d]."""
        if order.road < 0:
            return 0.0
        if self.world.scenario.routes[order.road].escort_usd_per_convoy:
            key = order.road, order.facility
            self.vehicles[key] = self.vehicles.get(key, 0) + self.vehicles_for(order, mass_g)
        if not self.draws.road_accident_at.size:
            return 0.0
        before = self.accidents.get(order.lot, 0.0)
        after = self.accidents[order.lot] = before + self._accidents(order, mass_g)
        happens = before < self.draws.road_accident_at[order.lot] <= after
        return self.world.scenario.register.transport.accident_delay_days if happens else 0.0

    def recall(self, order: Order, mass_g: int) -> None:
        """Forget the way of a load that goes back to the plan: it has not left its storehouse."""
        if order.road >= 0 and self.draws.road_accident_at.size:
            self.accidents[order.lot] -= self._accidents(order, mass_g)

    def _accidents(self, order: Order, mass_g: int) -> float:
        """Return the expected accidents without explosion of a load [1]."""
        transport = self.world.scenario.register.transport
        rate = transport.accident_rate_per_vehicle_km * (1.0 - transport.explosion_given_accident)
        km_per_t = float(self.world.options.vehicle_km_per_t[order.lot, order.facility])
        return rate * km_per_t * mass_g / GRAMS_PER_TONNE


def vehicle_g(world: World, lot: int, road: int) -> int:
    """Return what one vehicle carries of a lot, by mass and by the limit on NEQ [g]."""
    scenario = world.scenario
    payload, limit = (
        grams(scenario.register.transport.payload_t),
        scenario.routes[road].neq_limit_kg_per_vehicle,
    )
    neq_kg_per_t = float(world.neq_kg_per_t[lot])
    return payload if limit is None or not neq_kg_per_t else min(payload, grams(limit / neq_kg_per_t))


def road_events(
    world: World, draws: Draws, plants: list[Plant], work: Work
) -> tuple[list[Event], dict[int, int]]:
    """Return explosions on the road: one for a lot whose accumulated rate passes its own unit exponential.

    A lot's loads are followed in the order in which they would arrive, and explode on that day. Neither roads
    nor plants are changed: the plant still spends its time on what went up.

    Returns
    -------
    events
        One for each lot that has one.
    lost_g
        What went up with one vehicle and so was never destroyed [g], by stretch of work.
    """
    risk = world.options.road_rate_per_t[work.lot, work.facility] * work.mass_g / GRAMS_PER_TONNE
    total = sums(work.lot, risk, world.lot_g.size)
    constants = world.scenario.register.transport
    events, lost_g = [], {}
    for lot in np.flatnonzero(total >= draws.road_at).tolist():
        stretches = np.flatnonzero(work.lot == lot)
        stretches = stretches[np.argsort(work.arrival[stretches], kind="stable")]
        reached = np.cumsum(risk[stretches]) >= draws.road_at[lot]
        stretch = int(stretches[np.argmax(reached)])
        plant = plants[int(work.facility[stretch])]
        vehicle = vehicle_g(world, lot, int(world.options.road[lot, plant.index]))
        lost_g[stretch] = min(vehicle, int(work.mass_g[stretch]))
        dead = poisson_quantile(float(draws.road_deaths[lot]), constants.fatalities_per_explosion)
        events.append(
            Event(
                day=float(work.arrival[stretch]),
                kind="road",
                cause=Cause.TRANSPORT,
                site=int(world.storehouse_site[world.lot_storehouse[lot]]),
                lot=lot,
                facility=plant.index,
                neq_kg=float(world.neq_kg_per_t[lot]) * lost_g[stretch] / GRAMS_PER_TONNE,
                fatalities_transport=dead,
                injuries=constants.injuries_per_fatality * dead,
            )
        )
    return events, lost_g
