"""Model P without incidents in Ciw: facilities as nodes of an open network of queues.

Lots arrive when there is money for them and are served in order of arrival by a server whose schedule holds
winters and breakdowns. Lots that explode while they wait, and that then free money and stop the server,
cannot be expressed.
"""

from __future__ import annotations

import ciw
import numpy as np
from benchmarks.yardsticks.plain import (
    BLOCK,
    HORIZON,
    MEAN_DAYS,
    SITES,
    Outcome,
    Plain,
    outcome,
    release_days,
)

from demilsim.plan import Floats
from demilsim.simulation.stoppages import alternating
from demilsim.simulation.streams import Purpose, Streams
from demilsim.simulation.working_time import working_times

NEVER = 10.0 * HORIZON
"""When whatever comes after the last comes [d]."""


def replication(model: Plain, streams: Streams) -> Outcome:
    """Return what one replication gives if nothing explodes."""
    purposes = (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)
    start, end = alternating(streams.states(purposes), model.site_keys, MEAN_DAYS, HORIZON, BLOCK)
    calendar = model.calendar
    share = np.broadcast_to(calendar.share, (SITES, calendar.share.size))
    paths = working_times(calendar.edges, share, start, end)
    released = np.minimum(release_days(model), NEVER)
    network = ciw.create_network(
        arrival_distributions=[
            ciw.dists.Sequential([*np.diff(row, prepend=0.0).tolist(), NEVER]) for row in released
        ],
        service_distributions=[ciw.dists.Sequential([*row, 1.0]) for row in model.work.tolist()],
        number_of_servers=[schedule(np.array(path.days), np.array(path.worked)) for path in paths],
        routing=[[0.0] * SITES for _ in range(SITES)],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(HORIZON)
    removal = np.full(model.work.shape, np.inf)
    for record in simulation.get_all_records():
        if record.record_type == "service":
            site = record.node - 1
            # Lots of a tranche arrive together, and so can only be told apart by when they leave.
            removal[site, np.argmax(np.isinf(removal[site]))] = record.exit_date
    return outcome(model, np.sort(removal, axis=1), np.empty(0, dtype=np.int64))


def schedule(days: Floats, worked: Floats) -> ciw.Schedule:
    """Return a server's shifts from its working time."""
    works = np.diff(worked) > 0.0
    last = np.append(np.flatnonzero(np.diff(works.astype(int))), works.size - 1)
    ends = days[last + 1].tolist()
    return ciw.Schedule(
        numbers_of_servers=[*works[last].astype(int).tolist(), 0],
        shift_end_dates=[*ends, NEVER],
        preemption="resume",
    )
