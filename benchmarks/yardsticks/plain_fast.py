"""Model P on the package's compiled kernels, with its own for its law of hazards and its totals."""

from __future__ import annotations

import numba
import numpy as np
from benchmarks.yardsticks.plain import BLOCK, HORIZON, MEAN_DAYS, STOP_DAYS, Outcome
from benchmarks.yardsticks.plain_engine import PURPOSES, Engine

from demilsim.simulation import fast
from demilsim.simulation.progress import Incidents
from demilsim.simulation.streams import Streams

UNIT = 2.0**-53


@numba.njit(cache=True)
def _candidates(lots, mantissas, scale, growth, per_site, day, site, job):
    """Fill in when lots would explode, in order of time; return how many do by the horizon."""
    found = 0
    for k in range(lots.size):
        i = lots[k]
        exponent = -np.log((np.float64(np.int64(mantissas[k])) + 0.5) * UNIT)
        when = np.log1p(exponent / scale[i]) / growth[i]
        if when >= HORIZON:
            continue
        at = found
        while at > 0 and day[at - 1] > when:
            day[at], site[at], job[at] = day[at - 1], site[at - 1], job[at - 1]
            at -= 1
        day[at], site[at], job[at] = when, i // per_site, i % per_site
        found += 1
    return found


@numba.njit(cache=True)
def _totals(removal, mass, scale, growth, neq):
    """Cut removals off at the horizon; return mass finished, exposure, and both integrated hazards."""
    finished, exposure, expected, expected_kg = 0.0, 0.0, 0.0, 0.0
    for site in range(removal.shape[0]):
        for job in range(removal.shape[1]):
            day = removal[site, job]
            if day <= HORIZON:
                finished += mass[site, job]
            else:
                day = HORIZON
                removal[site, job] = day
            exposure += mass[site, job] * day
            hazard = scale[site, job] * (np.exp(growth[site, job] * day) - 1.0)
            expected += hazard
            expected_kg += hazard * neq[site, job]
    return finished, exposure, expected, expected_kg


def candidates(engine: Engine, streams: Streams) -> tuple[Incidents, np.ndarray]:
    """Return candidate incidents in order of time, and the states of the other purposes."""
    states = streams.states(PURPOSES)
    lots, mantissas = fast.exceeding(states[:1], engine.model.keys.ravel(), engine.survivor)
    day = np.empty(lots.size)
    site, job = np.empty((2, lots.size), dtype=np.int64)
    per_site = engine.model.work.shape[1]
    found = _candidates(lots, mantissas, engine.scale, engine.growth_per_day, per_site, day, site, job)
    return Incidents(day[:found], site[:found], job[:found]), states[1:]


def replication(engine: Engine, streams: Streams) -> Outcome:
    """Return what one replication gives."""
    model = engine.model
    incidents, states = candidates(engine, streams)
    path = fast.alternating_stoppages(model.calendar, states, model.site_keys, MEAN_DAYS, BLOCK)
    found = fast.futures(engine.queues, path, incidents, STOP_DAYS)
    removal, lost = found.removal_day, np.flatnonzero(found.accepted)
    lost_t = lost_kg = 0.0
    for k in lost.tolist():
        where = incidents.facility[k], incidents.job[k]
        lost_t += model.mass_t[where]
        lost_kg += model.neq_kg[where]
    finished, *rest = _totals(removal, model.mass_t, model.scale, model.growth_per_day, model.neq_kg)
    return Outcome(removal, lost.size, lost_kg, finished - lost_t, *rest)
