"""What left the storehouses, and when, read at the knots.

Most stretches of work lie between two knots: how much of each is done at each knot is nothing, then for a few
knots a part, then all. Only those parts and the first knot of the whole are kept, and sums over stretches are
running totals over time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from demilsim.plan import Floats, Ints
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import Draws
from demilsim.simulation.funding import Payment
from demilsim.simulation.world import World


@dataclass(frozen=True, slots=True)
class Steps:
    """Amounts that count from some knot on, or at one knot only.

    Parameters
    ----------
    knot
        The knot from which an amount counts, or at which; from the number of knots on it never does. Shape
        (step,).
    of
        What each is an amount of: a lot, a facility; shape (step,).
    amount
        Shape (step,).
    """

    knot: Ints
    of: Ints
    amount: Floats


def joined(steps: Sequence[Steps]) -> Steps:
    """Return all steps of some as one."""
    knots, of, amounts = zip(*((one.knot, one.of, one.amount) for one in steps), strict=True)
    return Steps(np.concatenate(knots), np.concatenate(of), np.concatenate(amounts))


def running_totals(knots: int, members: int, lasting: Steps, passing: Steps) -> Floats:
    """Return what has come together at each knot, shape (knot, member).

    Whole amounts of grams are summed exactly: what leaves a storehouse bit by bit leaves nothing behind.

    Parameters
    ----------
    knots, members
        How many there are.
    lasting, passing
        Amounts that count from a knot on, and at one knot only.
    """
    cells = np.minimum(lasting.knot, knots) * members + lasting.of
    counted = np.asarray(np.bincount(cells, lasting.amount, (knots + 1) * members), dtype=float)
    total = counted.reshape(knots + 1, members)[:-1]
    # Row upon row takes a third of the time of np.cumsum along columns.
    for earlier, later in pairwise(total):
        later += earlier
    np.add.at(total, (passing.knot, passing.of), passing.amount)
    return total


@dataclass(frozen=True, slots=True)
class Work:
    """What all facilities did, as arrays over their stretches of work.

    Parameters
    ----------
    clock
        Working time of each facility at each knot [working d], shape (knot, facility).
    facility, lot, mass_g, begin, end
        Of each stretch, in order of the facility, shape (stretch,); begin and end on the facility's clock.
    done_from
        The first knot at which each stretch is done, the number of knots if none, shape (stretch,).
    under_way, under_way_knot, under_way_share
        Stretches that a knot finds begun and not done, the knot, and the share that is done [1]; a stretch
        once for each such knot, shape (part,).
    payments, arrival
        Of each stretch; the day on which its load was there [d], shape (stretch,).
    """

    clock: Floats
    facility: Ints
    lot: Ints
    mass_g: Floats
    begin: Floats
    end: Floats
    done_from: Ints
    under_way: Ints
    under_way_knot: Ints
    under_way_share: Floats
    payments: tuple[Payment, ...]
    arrival: Floats

    def done(self, of: Ints, amount: Floats) -> Steps:
        """Return when the amount of each stretch is done, both of shape (stretch,)."""
        return Steps(self.done_from, of, amount)

    def part_done(self, of: Ints, amount: Floats) -> Steps:
        """Return what of the amount of each stretch a knot finds done before all is."""
        amounts = amount[self.under_way] * self.under_way_share
        return Steps(self.under_way_knot, of[self.under_way], amounts)

    def destroyed_g(self, lost_g: dict[int, int]) -> Floats:
        """Return what each facility has destroyed at each knot [g], shape (knot, facility).

        Parameters
        ----------
        lost_g
            What went up on the road and is never destroyed [g], by stretch; it is taken off evenly.
        """
        mass_g = self.mass_g
        if lost_g:
            mass_g = mass_g.copy()
            mass_g[list(lost_g)] -= list(lost_g.values())
        knots, facilities = self.clock.shape
        parts = self.part_done(self.facility, mass_g)
        return running_totals(knots, facilities, self.done(self.facility, mass_g), parts)


def work_of(world: World, draws: Draws, plants: list[Plant]) -> Work:
    """Return what all facilities did."""
    clock = draws.clock
    if any(plant.path is not draws.working_time[plant.index] for plant in plants):
        clock = clock.copy()
        for plant in plants:
            if plant.path is not draws.working_time[plant.index]:
                clock[:, plant.index] = np.interp(world.knots, plant.path.days, plant.path.worked)
    segments = [segment for plant in plants for segment in plant.segments]
    if not segments:
        none, no_index = np.empty(0), np.empty(0, dtype=np.int64)
        indices = no_index, no_index, no_index
        return Work(clock, no_index, no_index, none, none, none, *indices, none, (), none)
    facilities, lots, masses, begins, ends, payments, arrivals, _ = zip(*segments, strict=True)
    facility, lot = (np.fromiter(column, np.int64, len(segments)) for column in (facilities, lots))
    mass_g, begin, end, arrival = (
        np.fromiter(column, float, len(segments)) for column in (masses, begins, ends, arrivals)
    )
    done_from, under_way, knot = _readings(clock, facility, begin, end)
    share = (clock[knot, facility[under_way]] - begin[under_way]) / (end - begin)[under_way]
    whole = clock, facility, lot, mass_g, begin, end, done_from
    return Work(*whole, under_way, knot, share, payments, arrival)


def _readings(clock: Floats, facility: Ints, begin: Floats, end: Floats) -> tuple[Ints, Ints, Ints]:
    """Return the first knot at which each stretch is done, and stretch and knot of all that are under way."""
    begun_from, done_from = np.empty((2, facility.size), dtype=np.int64)
    bounds = np.searchsorted(facility, np.arange(clock.shape[1] + 1)).tolist()
    for path, first, last in zip(np.ascontiguousarray(clock.T), bounds[:-1], bounds[1:], strict=True):
        begun_from[first:last] = np.searchsorted(path, begin[first:last], side="right")
        done_from[first:last] = np.searchsorted(path, end[first:last])
    readings = np.maximum(done_from - begun_from, 0)
    under_way = np.repeat(np.arange(facility.size), readings)
    before = np.cumsum(readings) - readings
    return done_from, under_way, np.arange(under_way.size) + np.repeat(begun_from - before, readings)
