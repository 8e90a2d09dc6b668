"""Convoys: delay and cost are in the plan's options; here is the explosion on the road."""

from __future__ import annotations

from demilsim.model.event_rate import Cause
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.record import Event
from demilsim.simulation.storage import poisson_quantile
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE


def road_events(world: World, draws: Draws, plants: list[Plant]) -> list[Event]:
    """Return explosions on the road: one for a lot whose accumulated rate passes its own unit exponential.

    A lot's loads are followed in order of work. The load itself is counted as destroyed, since it left the
    storehouse to be; a road accident changes neither roads nor plants in this model.
    """
    reached = [0.0] * len(world.scenario.lots)
    fatalities = world.scenario.register.transport.fatalities_per_explosion
    injuries = world.scenario.register.transport.injuries_per_fatality
    events = []
    for plant in plants:
        rates = world.options.road_rate_per_t[:, plant.index]
        for segment in plant.segments:
            before = reached[segment.lot]
            risk = float(rates[segment.lot]) * segment.mass_g / GRAMS_PER_TONNE
            reached[segment.lot] = before + risk
            if before < draws.road_at[segment.lot] <= before + risk:
                dead = poisson_quantile(float(draws.road_deaths[segment.lot]), fatalities)
                events.append(
                    Event(
                        day=plant.path.when(segment.begin),
                        kind="road",
                        cause=Cause.TRANSPORT,
                        site=int(world.storehouse_site[world.lot_storehouse[segment.lot]]),
                        lot=segment.lot,
                        facility=plant.index,
                        fatalities_transport=dead,
                        injuries=injuries * dead,
                    )
                )
    return events
