"""Keyed random draws: a number depends on (seed, replication, purpose, entity, position) and nothing else.

A counter-based hash replaces a generator's state, so that leaving out an entity changes no other entity's
draws, whatever the order of use. Entities are keyed by a hash of their id, not by their row.

| purpose | entity | positions |
|---|---|---|
| LOT_FACTOR | lot | one normal deviate |
| AGEING_GAP, AGEING_MARK | lot | unit exponentials between candidates; uniform marks |
| BASE_GAP, BASE_MARK | storehouse and base cause | unit exponentials between candidates; uniform marks |
| EXTENT, PROMPT, DEATHS_PUBLIC, DEATHS_WORKERS | lot, or storehouse and cause | one per candidate |
| DAYTIME, RESPONDERS, CHAIN_DELAY | lot, or storehouse and cause | one per candidate |
| PROPAGATION | root, from, to | one mark |
| TRANCHE_PAID, TRANCHE_DELAY | tranche | one each |
| BREAKDOWN_UP, BREAKDOWN_DOWN, WEATHER_UP, WEATHER_DOWN | facility | unit exponentials in turn |
| HANDLING_GAP, HANDLING_DEATHS | facility | gaps in cumulative tonnes; deaths of each accident |
| ROAD, ROAD_DEATHS | lot | one each |
| LOT_MASS, ARRIVAL | lot | one normal deviate; one uniform |
| THEFT_GAP, THEFT_MARK, THEFT_SHARE | lot | unit exponentials between thefts; one each per theft |
| ROAD_ACCIDENT | lot | one unit exponential |
| EXCHANGE | currency | one normal deviate a day |
| SCRAP_BUYER | facility and category | one |
| OBJECTION, LEAD_TIME | facility | one unit exponential; one normal deviate |
| RESAMPLE | bootstrap sample | which replication is drawn, one each |
| FORCED_EXPLOSION | one | nine for each explosion made to happen |
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, unique
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats
from demilsim.simulation.compiled import compiled

Keys = npt.NDArray[np.uint64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""Step of the counter of SplitMix64: 2^64 over the golden ratio, made odd."""

MIXERS = ((30, np.uint64(0xBF58476D1CE4E5B9)), (27, np.uint64(0x94D049BB133111EB)))
"""Shifts and factors of the finaliser of SplitMix64 (Stafford's Mix13)."""

LAST_SHIFT = 31
"""Shift that ends the finaliser."""

UNUSED_BITS = 11
"""Low bits of a hash that a double of 53 bits cannot hold."""

# Arrays without axes, since NumPy's functions take them in two thirds of the time of its scalars.
_STEPS = tuple((np.array(shift, dtype=np.uint64), np.array(factor)) for shift, factor in MIXERS)
_LAST = np.array(LAST_SHIFT, dtype=np.uint64)
_UNUSED = np.array(UNUSED_BITS, dtype=np.uint64)
_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


@unique
class Purpose(IntEnum):
    """What a draw is for. Numbers are part of the results: never reuse or renumber."""

    LOT_FACTOR = 1
    AGEING_GAP = 2
    AGEING_MARK = 3
    BASE_GAP = 4
    EXTENT = 5
    PROMPT = 6
    DEATHS_PUBLIC = 7
    DEATHS_WORKERS = 8
    PROPAGATION = 9
    TRANCHE_PAID = 10
    TRANCHE_DELAY = 11
    BREAKDOWN_UP = 12
    BREAKDOWN_DOWN = 13
    WEATHER_UP = 14
    WEATHER_DOWN = 15
    HANDLING_GAP = 16
    HANDLING_DEATHS = 17
    ROAD = 18
    ROAD_DEATHS = 19
    DAYTIME = 20
    RESPONDERS = 21
    CHAIN_DELAY = 22
    LOT_MASS = 30
    ARRIVAL = 31
    THEFT_GAP = 32
    THEFT_MARK = 33
    THEFT_SHARE = 34
    BASE_MARK = 35
    ROAD_ACCIDENT = 40
    EXCHANGE = 50
    SCRAP_BUYER = 51
    RESAMPLE = 60
    FORCED_EXPLOSION = 23
    OBJECTION = 70
    LEAD_TIME = 71


def entity_keys(ids: Iterable[str]) -> Keys:
    """Return a 64-bit key of each id, the same on every machine, mixed as `mixed_keys` does."""
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in ids]
    return mixed_keys(np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64))


def _mix(x: Keys, spare: Keys) -> None:
    """Apply the finaliser of SplitMix64 in place.

    Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195.
    """
    for shift, factor in _STEPS:
        np.right_shift(x, shift, spare)
        np.bitwise_xor(x, spare, x)
        np.multiply(x, factor, x)
    np.right_shift(x, _LAST, spare)
    np.bitwise_xor(x, spare, x)


def mixed_keys(keys: Keys) -> Keys:
    """Return keys of numbers: the part of the hash of entities that no replication changes."""
    mixed = keys + GOLDEN
    _mix(mixed, np.empty_like(mixed))
    return mixed


def keyed_mantissas(states: Keys, keys: Keys, positions: int) -> Keys:
    """Return hashes of 53 bits; m gives the uniform deviate (m + 1/2) / 2^53.

    Parameters
    ----------
    states
        State of each purpose, shape (purpose,), see `Streams.states`.
    keys
        Entities, shape (entity,), see `entity_keys`.
    positions
        Numbers for each entity and purpose.

    Returns
    -------
    ndarray
        Shape (purpose, entity, position).
    """
    if compiled():
        from demilsim.simulation import kernels

        return kernels.keyed_mantissas(states, keys, positions)
    entity = np.bitwise_xor(keys, states[:, None])
    _mix(entity, np.empty_like(entity))
    bits = entity[:, :, None] + np.arange(1, positions + 1, dtype=np.uint64) * GOLDEN
    spare = np.empty_like(bits)
    _mix(bits, spare)
    _mix(bits, spare)
    return np.right_shift(bits, _UNUSED, bits)


def exceeding(state: Keys, keys: Keys, least: Keys) -> tuple[npt.NDArray[np.int64], Keys]:
    """Return which entities' first hash of 53 bits is above a bound of their own, and those hashes.

    A rare event needs its logarithm only where its uniform deviate is extreme.

    Parameters
    ----------
    state
        Of one purpose, shape (1,).
    keys, least
        Entities, see `entity_keys`, and their bounds, shape (entity,).
    """
    mantissas = keyed_mantissas(state, keys, 1)[0, :, 0]
    found = np.flatnonzero(mantissas > least)
    return found, mantissas[found]


def uniform_of(mantissas: Keys) -> Floats:
    """Return uniform deviates in (0, 1) of hashes of 53 bits, in their shape."""
    # As signed integers, which they fit, since processors convert those faster.
    uniform = mantissas.view(np.int64).astype(np.float64)
    uniform += 0.5
    uniform *= _UNIT
    return uniform


def exponential_of(uniform: Floats) -> Floats:
    """Return unit exponential deviates of uniform ones; overwrites its argument."""
    np.log(uniform, out=uniform)
    return np.negative(uniform, out=uniform)


def _chain(state: int, word: int) -> int:
    """Return `_mix` chained over a small integer, in Python's own since the arrays would be tiny."""
    state = (state + int(GOLDEN) + word) & _MASK
    for shift, factor in MIXERS:
        state = ((state ^ (state >> shift)) * int(factor)) & _MASK
    return state ^ (state >> LAST_SHIFT)


_NUMBERS = np.arange(max(Purpose) + 1, dtype=np.uint64)


@lru_cache(maxsize=2)
def _purpose_states(seed: int, replication: int) -> Keys:
    """Return the state of every number that a purpose may have."""
    states = _NUMBERS.copy()
    states += np.uint64((_chain(_chain(0, seed), replication) + int(GOLDEN)) & _MASK)
    _mix(states, np.empty_like(states))
    return states


@dataclass(frozen=True)
class Streams:
    """All the randomness of one replication.

    Parameters
    ----------
    seed
        Root seed, >= 0.
    replication
        Number of the replication, >= 0.
    """

    seed: int
    replication: int

    def states(self, purposes: Sequence[Purpose]) -> Keys:
        """Return the state of each purpose, shape (purpose,)."""
        return _purpose_states(self.seed, self.replication).take(purposes)

    def uniforms(self, purposes: Sequence[Purpose], keys: Keys, positions: int = 1) -> Floats:
        """Return uniform deviates in (0, 1) for several purposes, shape (purpose, entity, position)."""
        return uniform_of(keyed_mantissas(self.states(purposes), keys, positions))

    def exponentials(self, purposes: Sequence[Purpose], keys: Keys, positions: int = 1) -> Floats:
        """Return unit exponential deviates for several purposes, shape (purpose, entity, position)."""
        return exponential_of(self.uniforms(purposes, keys, positions))

    def uniform(self, purpose: Purpose, keys: Keys, positions: int = 1) -> Floats:
        """Return uniform deviates in (0, 1), shape (entity, position)."""
        return self.uniforms((purpose,), keys, positions)[0]

    def exponential(self, purpose: Purpose, keys: Keys, positions: int = 1) -> Floats:
        """Return unit exponential deviates, shape (entity, position)."""
        return self.exponentials((purpose,), keys, positions)[0]


def depth_for(mean: float) -> int:
    """Return how many positions hold a Poisson count of a given mean but for a chance below 1e-12."""
    return int(np.ceil(mean + 8.0 * np.sqrt(mean) + 12.0))
