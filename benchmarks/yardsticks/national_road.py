"""Explosions on the road in the SimPy reference of the national model, noted once all loads are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import simpy
from benchmarks.yardsticks.national_books import Books
from benchmarks.yardsticks.national_incident import poisson_count
from benchmarks.yardsticks.national_records import Done, Lot

from demilsim.model.event_rate import Cause
from demilsim.simulation.draws import Draws
from demilsim.simulation.record import Event
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE

Parts = Mapping[tuple[int, simpy.Event | None], float]
"""What was done of a stretch that was under way at a knot [g], by knot and by the event that ended it."""


def road_explosions(world: World, draws: Draws, lots: Sequence[Lot], books: Books, parts: Parts) -> None:
    """Note each lot's explosion on the road: the load with which its rate passes its mark."""
    transport = world.scenario.register.transport
    for lot in lots:
        rate = 0.0
        for done, risk in sorted(lot.loads, key=lambda load: (load[0].job.arrival, load[0].facility)):
            before, rate = rate, rate + risk
            if not before < draws.road_at[lot.index] <= rate:
                continue
            dead = poisson_count(float(draws.road_deaths[lot.index]), transport.fatalities_per_explosion)
            lost_g = _lose_vehicle(world, lot, done, books, parts)
            books.events.append(
                Event(
                    day=done.job.arrival,
                    kind="road",
                    cause=Cause.TRANSPORT,
                    site=int(world.storehouse_site[lot.house]),
                    lot=lot.index,
                    facility=done.facility,
                    neq_kg=lot.neq_kg_per_t * lost_g / GRAMS_PER_TONNE,
                    fatalities_transport=dead,
                    injuries=transport.injuries_per_fatality * dead,
                )
            )


def _lose_vehicle(world: World, lot: Lot, done: Done, books: Books, parts: Parts) -> int:
    """Take what one vehicle carries off what was destroyed of a load, knot by knot; return it [g]."""
    route = world.scenario.routes[int(world.options.road[lot.index, done.facility])]
    full_t = world.scenario.register.transport.payload_t
    if route.neq_limit_kg_per_vehicle and lot.neq_kg_per_t:
        full_t = min(full_t, route.neq_limit_kg_per_vehicle / lot.neq_kg_per_t)
    lost_g = min(round(full_t * GRAMS_PER_TONNE), done.mass_g)
    for knot, day in enumerate(world.knots.tolist()):
        part = parts.get((knot, done.booked), done.mass_g if day >= done.ended else 0.0)
        books.destroyed_g[done.facility, knot] -= lost_g * part / done.mass_g
    books.road_g += lost_g
    books.lose(2, lost_g, done.job.arrival)
    return lost_g
