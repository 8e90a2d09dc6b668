"""Convoys: delay and cost are in the plan's options; here is the explosion on the road."""

from __future__ import annotations

import numpy as np

from demilsim.model.event_rate import Cause
from demilsim.model.partition import sums
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.estimate import Work
from demilsim.simulation.record import Event
from demilsim.simulation.storage import poisson_quantile
from demilsim.simulation.world import World
from demilsim.units import GRAMS_PER_TONNE


def road_events(world: World, draws: Draws, plants: list[Plant], work: Work) -> list[Event]:
    """Return explosions on the road: one for a lot whose accumulated rate passes its own unit exponential.

    A lot's loads are followed in order of work. The load itself is counted as destroyed, since it left the
    storehouse to be; a road accident changes neither roads nor plants in this model.
    """
    risk = world.options.road_rate_per_t[work.lot, work.facility] * work.mass_g / GRAMS_PER_TONNE
    total = sums(work.lot, risk, world.lot_g.size)
    constants = world.scenario.register.transport
    events = []
    for lot in np.flatnonzero(total >= draws.road_at).tolist():
        stretches = np.flatnonzero(work.lot == lot)
        reached = np.cumsum(risk[stretches]) >= draws.road_at[lot]
        stretch = int(stretches[np.argmax(reached)])
        plant = plants[int(work.facility[stretch])]
        dead = poisson_quantile(float(draws.road_deaths[lot]), constants.fatalities_per_explosion)
        events.append(
            Event(
                day=plant.path.when(float(work.begin[stretch])),
                kind="road",
                cause=Cause.TRANSPORT,
                site=int(world.storehouse_site[world.lot_storehouse[lot]]),
                lot=lot,
                facility=plant.index,
                fatalities_transport=dead,
                injuries=constants.injuries_per_fatality * dead,
            )
        )
    return events
