"""What is really in the storehouses: wrong records, later arrivals, theft. All drawn before the run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from demilsim.errors import StreamExhaustedError
from demilsim.plan import Floats, Ints
from demilsim.simulation.full_stock import FullStock
from demilsim.simulation.streams import Purpose, Streams, depth_for
from demilsim.simulation.world import World
from demilsim.units import DAYS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Theft:
    """A theft that may happen.

    Parameters
    ----------
    day
        When [d since start].
    lot
        From which lot.
    mark
        Uniform; it happens if it is at most what better guards leave of the rate [1].
    share
        Share of what is there that is taken [1].
    """

    day: float
    lot: int
    mark: float
    share: float


@dataclass(frozen=True)
class Supply:
    """What is really there, and when.

    Parameters
    ----------
    lot_g
        True gross mass of each lot [g]; 0 for one that never comes; shape (lot,).
    arrival_day
        Day on which each lot arrives [d], 0 for those that are there at the start, shape (lot,).
    full
        What holds as long as nothing has left.
    thefts
        In order of time.
    """

    lot_g: Ints
    arrival_day: Floats
    full: FullStock
    thefts: tuple[Theft, ...]


def draw_supply(world: World, streams: Streams) -> Supply:
    """Return what is really there in one replication."""
    thefts = _thefts(world, streams)
    if not world.has_true_stock:
        return Supply(world.lot_g, world.arrival_day, world.full, thefts)
    z = ndtri(streams.uniform(Purpose.LOT_MASS, world.lot_keys)[:, 0])
    sigma = world.mass_sigma
    # The record is the mean of what may be there.
    true_g = np.rint(world.lot_g * np.exp(sigma * z - 0.5 * sigma**2)).astype(np.int64)
    comes = streams.uniform(Purpose.ARRIVAL, world.lot_keys)[:, 0] <= world.arrival_probability
    lot_g = np.where(comes & (world.arrival_day < world.horizon), true_g, 0)
    return Supply(lot_g, world.arrival_day, world.full_stock(lot_g), thefts)


def _thefts(world: World, streams: Streams) -> tuple[Theft, ...]:
    """Return candidate thefts at the guard level of the start, lot by lot a Poisson process."""
    lots = np.flatnonzero(world.theft_rate_per_year)
    if not lots.size:
        return ()
    rate = world.theft_rate_per_year[lots] / DAYS_PER_YEAR
    expected = rate * world.horizon
    keys = world.lot_keys[lots]
    depth = depth_for(float(expected.max()))
    reached = np.cumsum(streams.exponential(Purpose.THEFT_GAP, keys, depth), axis=1)
    if np.any(reached[:, -1] < expected):
        raise StreamExhaustedError("more thefts than the block of draws holds")
    mark = streams.uniform(Purpose.THEFT_MARK, keys, depth)
    mean = world.scenario.register.diversion.share_taken
    share = np.minimum(mean * streams.exponential(Purpose.THEFT_SHARE, keys, depth), 1.0)
    found = [
        Theft(float(reached[i, k] / rate[i]), int(lots[i]), float(mark[i, k]), float(share[i, k]))
        for i, k in np.argwhere(reached < expected[:, None]).tolist()
    ]
    return tuple(sorted(found, key=lambda theft: (theft.day, theft.lot)))
