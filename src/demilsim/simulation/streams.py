"""Keyed random draws: a number depends on (seed, replication, purpose, entity, position) and nothing else.

A counter-based hash replaces a generator's state, so that leaving out an entity changes no other entity's
draws, whatever the order of use. Entities are keyed by a hash of their id, not by their row.

| purpose | entity | positions |
|---|---|---|
| LOT_FACTOR | lot | one normal deviate |
| AGEING_GAP, AGEING_MARK | lot | unit exponentials between candidates; uniform marks |
| BASE_GAP | storehouse and base cause | unit exponentials between candidates |
| EXTENT, PROMPT, DEATHS_PUBLIC, DEATHS_WORKERS | lot, or storehouse and cause | one per candidate |
| DAYTIME, RESPONDERS, CHAIN_DELAY | lot, or storehouse and cause | one per candidate |
| PROPAGATION | root, from, to | one mark |
| TRANCHE_PAID, TRANCHE_DELAY | tranche | one each |
| BREAKDOWN_UP, BREAKDOWN_DOWN, WEATHER_UP, WEATHER_DOWN | facility | unit exponentials in turn |
| HANDLING_GAP, HANDLING_DEATHS | facility | gaps in cumulative tonnes; deaths of each accident |
| ROAD, ROAD_DEATHS | lot | one each |
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats

Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A = np.uint64(0xBF58476D1CE4E5B9)
_MIX_B = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


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


def entity_keys(ids: Iterable[str]) -> Keys:
    """Return a 64-bit key of each id, the same on every machine."""
    digests = [hashlib.blake2b(text.encode(), digest_size=8).digest() for text in ids]
    return np.array([int.from_bytes(digest, "little") for digest in digests], dtype=np.uint64)


def _mix(x: Keys) -> Keys:
    """Return the finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195)."""
    x = (x ^ (x >> np.uint64(30))) * _MIX_A
    x = (x ^ (x >> np.uint64(27))) * _MIX_B
    return x ^ (x >> np.uint64(31))


def _purpose_state(*words: int) -> int:
    """Return `_mix` chained over small integers, in Python's own since the arrays would be tiny."""
    state = 0
    for word in words:
        state = (state + int(_GOLDEN) + word) & _MASK
        state = ((state ^ (state >> 30)) * int(_MIX_A)) & _MASK
        state = ((state ^ (state >> 27)) * int(_MIX_B)) & _MASK
        state ^= state >> 31
    return state


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

    def uniform(self, purpose: Purpose, keys: Keys, positions: int = 1) -> Floats:
        """Return uniform deviates in (0, 1), shape (entity, position)."""
        state = _purpose_state(self.seed, self.replication, int(purpose))
        entity = _mix(_mix(keys + _GOLDEN) ^ np.uint64(state))
        counter = np.arange(1, positions + 1, dtype=np.uint64) * _GOLDEN
        bits = _mix(_mix(entity[:, None] + counter[None, :]))
        return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) * _UNIT

    def exponential(self, purpose: Purpose, keys: Keys, positions: int = 1) -> Floats:
        """Return unit exponential deviates, shape (entity, position)."""
        return -np.log(self.uniform(purpose, keys, positions))


def depth_for(mean: float) -> int:
    """Return how many positions hold a Poisson count of a given mean but for a chance below 1e-12."""
    return int(np.ceil(mean + 8.0 * np.sqrt(mean) + 12.0))
