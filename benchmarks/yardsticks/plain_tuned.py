"""Model P as a hand-tuned compiled event loop (numba): the limit that other engines are measured against.

One function for one replication, with all that made such loops fast when they were measured: six fixed slots
of event times instead of a heap, site after site since sites do not meet (eighteen slots in the order of time
took 1.6 to 2 times as long), draws made only when they are needed, hazards tested for survival before any
logarithm, lots in the order of processing, no helper that takes arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from benchmarks.yardsticks.plain import (
    HORIZON,
    MEAN_DOWN_DAYS,
    MEAN_UP_DAYS,
    SITES,
    STOP_DAYS,
    TRANCHES,
    Plain,
)

from demilsim.plan import Floats
from demilsim.simulation.streams import Purpose, Streams

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
MIX_A = np.uint64(0xBF58476D1CE4E5B9)
MIX_B = np.uint64(0x94D049BB133111EB)
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
UNIT = 2.0**-53
ROOM = 4096
"""Candidates that one replication can hold."""


@numba.njit(inline="always")
def mix(x):
    x = (x ^ (x >> S30)) * MIX_A
    x = (x ^ (x >> S27)) * MIX_B
    return x ^ (x >> S31)


@numba.njit(inline="always")
def exponential(entity, position):
    bits = mix(mix(entity + np.uint64(position) * GOLDEN)) >> S11
    return -np.log((np.float64(np.int64(bits)) + 0.5) * UNIT)


@numba.njit(cache=True)
def loop(
    keys, survivor, scale, growth, work, cost, mass, neq, site_keys, states, edges, share, money,
    quarter_days, gone, cand_day, cand_lot,
):  # fmt: skip
    lots = work.size
    per_site = lots // SITES
    found = 0
    for i in range(lots):
        bits = mix(mix(mix(keys[i] ^ states[0]) + GOLDEN)) >> S11
        if bits > survivor[i]:
            exponent = -np.log((np.float64(np.int64(bits)) + 0.5) * UNIT)
            day = np.log1p(exponent / scale[i]) / growth[i]
            if day < HORIZON:
                if found == ROOM:
                    raise ValueError("more candidate incidents than there is room for")
                at = found
                while at > 0 and cand_day[at - 1] > day:
                    cand_day[at], cand_lot[at] = cand_day[at - 1], cand_lot[at - 1]
                    at -= 1
                cand_day[at], cand_lot[at] = day, i
                found += 1
    incidents, lost_kg, destroyed, exposure, expected, expected_kg, events = 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0
    for s in range(SITES):
        head, end = s * per_site, (s + 1) * per_site
        up, down, position, broken = mix(site_keys[s] ^ states[1]), mix(site_keys[s] ^ states[2]), 1, False
        stops, cents, left, began, paid, edge, tranche, candidate = 0, 0, 0.0, 0.0, False, 0, 0, 0
        finish, toggle, reopen = np.inf, exponential(up, 1) * MEAN_UP_DAYS, np.inf
        season, quarter, incident = 0.0, 0.0, np.inf
        while candidate < found and cand_lot[candidate] // per_site != s:
            candidate += 1
        if candidate < found:
            incident = cand_day[candidate]
        while True:
            now = min(min(min(finish, toggle), min(season, quarter)), min(reopen, incident))
            if now >= HORIZON:
                break
            events += 1
            if now == finish:
                destroyed += mass[head]
                exposure += mass[head] * now
                hazard = scale[head] * (np.exp(growth[head] * now) - 1.0)
                expected += hazard
                expected_kg += hazard * neq[head]
                head += 1
                paid = False
                finish = np.inf
            elif now == toggle:
                broken = not broken
                if broken:
                    stops += 1
                    toggle = now + exponential(down, position) * MEAN_DOWN_DAYS
                    position += 1
                    if stops == 1 and paid:
                        left -= now - began
                        finish = np.inf
                else:
                    stops -= 1
                    toggle = now + exponential(up, position) * MEAN_UP_DAYS
                    if stops == 0 and paid:
                        began = now
                        finish = now + left
                continue
            elif now == season:
                if share[edge] == 0.0:
                    stops += 1
                    if stops == 1 and paid:
                        left -= now - began
                        finish = np.inf
                elif edge:
                    stops -= 1
                    if stops == 0 and paid:
                        began = now
                        finish = now + left
                edge += 1
                season = edges[edge]
                continue
            elif now == quarter:
                cents += money[s]
                tranche += 1
                quarter = tranche * quarter_days if tranche < TRANCHES else np.inf
            elif now == reopen:
                reopen = np.inf
                stops -= 1
                if stops == 0 and paid:
                    began = now
                    finish = now + left
                continue
            else:
                i = cand_lot[candidate]
                candidate += 1
                while candidate < found and cand_lot[candidate] // per_site != s:
                    candidate += 1
                incident = cand_day[candidate] if candidate < found else np.inf
                if i < head or gone[i]:
                    continue
                gone[i] = True
                incidents += 1
                lost_kg += neq[i]
                exposure += mass[i] * now
                hazard = scale[i] * (np.exp(growth[i] * now) - 1.0)
                expected += hazard
                expected_kg += hazard * neq[i]
                if paid and stops == 0:
                    left -= now - began
                    finish = np.inf
                if i == head:
                    head += 1
                    paid = False
                if reopen == np.inf:
                    stops += 1
                reopen = now + STOP_DAYS
            if not paid:
                while head < end and gone[head]:
                    head += 1
                if head < end and cents >= cost[head]:
                    cents -= cost[head]
                    paid = True
                    left = work[head]
                    if stops == 0:
                        began = now
                        finish = now + left
        for i in range(head, end):
            if not gone[i]:
                exposure += mass[i] * HORIZON
                hazard = scale[i] * (np.exp(growth[i] * HORIZON) - 1.0)
                expected += hazard
                expected_kg += hazard * neq[i]
    for k in range(found):
        gone[cand_lot[k]] = False
    return incidents, lost_kg, destroyed, exposure, expected, expected_kg, events


def prepare(model: Plain) -> Callable[[Streams], Floats]:
    """Return a function from streams to the totals of a replication, in the order of `Outcome.numbers`."""
    survival = np.exp(-model.hazard_by(np.array(HORIZON))).ravel()
    survivor = np.maximum(survival / UNIT - 1.0, 0.0).astype(np.uint64)
    lots = model.work.size
    flat = [
        np.ascontiguousarray(a.ravel())
        for a in (model.scale, model.growth_per_day, model.work, model.cost_cents, model.mass_t, model.neq_kg)
    ]
    rest = (
        model.calendar.edges, model.calendar.share, np.ascontiguousarray(model.received_cents[:, 0]),
        float(model.tranche_day[1]), np.zeros(lots, dtype=np.bool_), np.empty(ROOM), np.empty(ROOM, np.int64),
    )  # fmt: skip
    keys, site_keys = model.keys.ravel(), model.site_keys

    def replication(streams: Streams) -> Floats:
        states = streams.states((Purpose.AGEING_GAP, Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN))
        return np.array(loop(keys, survivor, *flat, site_keys, states, *rest)[:-1])

    return replication
