"""Model P written on the parts that the package's own engine is made of: streams, working time, progress.

The compiled kernels of the same parts are used if they are there, and unless they are turned off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from benchmarks.yardsticks.plain import BLOCK, HORIZON, MEAN_DAYS, STOP_DAYS, Outcome, Plain, outcome

from demilsim.plan import Floats
from demilsim.simulation import progress
from demilsim.simulation.compiled import compiled as kernels_are_used
from demilsim.simulation.progress import Future, Incidents
from demilsim.simulation.queues import Queues
from demilsim.simulation.stoppages import Stoppages, alternating
from demilsim.simulation.streams import (
    Keys,
    Purpose,
    Streams,
    exceeding,
    exponential_of,
    uniform_of,
)

MANTISSA = 2.0**53
PURPOSES = (Purpose.AGEING_GAP, Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)


@dataclass(frozen=True)
class Engine:
    """What all replications of a case share.

    Parameters
    ----------
    model
        The case.
    survivor
        Hash of 53 bits above which a lot sees a candidate incident by the horizon, shape (lot,).
    scale, growth_per_day
        Of each lot's hazard, shape (lot,).
    queues
        Of the sites.
    compiled
        Whether the kernels are used.
    """

    model: Plain
    survivor: Keys
    scale: Floats
    growth_per_day: Floats
    queues: Queues
    compiled: bool


def prepare(model: Plain, compiled: bool | None = None) -> Engine:
    """Return what all replications of a case share."""
    survival = np.exp(-model.hazard_by(np.array(HORIZON))).ravel()
    return Engine(
        model,
        # One less: rounding must not hide a candidate; one too many is beyond the horizon and drops out.
        np.maximum(survival * MANTISSA - 1.0, 0.0).astype(np.uint64),
        model.scale.ravel(),
        model.growth_per_day.ravel(),
        Queues.of(model.calendar, model.work, model.cost_cents, model.tranche_day, model.received_cents),
        kernels_are_used() if compiled is None else compiled,
    )


def candidates(engine: Engine, lots: np.ndarray, mantissas: Keys) -> Incidents:
    """Return candidate incidents in order of time."""
    exponent = exponential_of(uniform_of(mantissas))
    day = np.log1p(exponent / engine.scale[lots]) / engine.growth_per_day[lots]
    order = np.argsort(day)
    order = order[: int(np.count_nonzero(day < HORIZON))]
    site, job = np.divmod(lots[order], engine.model.work.shape[1])
    return Incidents(day[order], site, job)


def replication(engine: Engine, streams: Streams) -> Outcome:
    """Return what one replication gives."""
    if engine.compiled:
        # Only here: importing it loads numba.
        from benchmarks.yardsticks import plain_fast

        return plain_fast.replication(engine, streams)
    return simulate(engine, streams)[0]


def simulate(engine: Engine, streams: Streams) -> tuple[Outcome, Future]:
    """Return what one replication gives without compiled kernels, and the future of its queues."""
    model = engine.model
    states = streams.states(PURPOSES)
    incidents = candidates(engine, *exceeding(states[:1], model.keys.ravel(), engine.survivor))
    stops = alternating(states[1:], model.site_keys, MEAN_DAYS, HORIZON, BLOCK)
    path = Stoppages.of(model.calendar, *stops)
    found = progress.futures(engine.queues, path, incidents, STOP_DAYS)
    happened = found.accepted
    lost = incidents.facility[happened] * model.work.shape[1] + incidents.job[happened]
    return outcome(model, found.removal_day, lost), found
