"""At which site mobile plant works first in a period, and where it goes from there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from demilsim.simulation.destruction import Plant

Key = tuple[int, int, int, int]
"""Whose heap of orders it is: facility or first of its pool, and payers; for mobile plant with a place also
the site, and the period since which they are due, else -1 twice."""

Head = tuple[int, Key]
"""A heap by the rank of its head."""


@dataclass(slots=True)
class Tour:
    """The heaps of mobile plant in one period: of one site after the other.

    Parameters
    ----------
    plant
        The plant, which stands where what it was given last leads it.
    open
        Heaps of the present site that may still give an order.
    later
        Those that are not open yet.
    """

    plant: Plant
    open: int = 0
    later: list[Head] = field(default_factory=list)

    def close_one(self) -> list[Head]:
        """Return the heaps that are next when one has no more to give: after the last open one, of a site."""
        self.open -= 1
        return self.next_site() if self.open <= 0 else []

    def next_site(self) -> list[Head]:
        """Return the heaps that are next: where the plant stands as long as it stays, else at another site.

        It leaves for an order that became due no earlier than that for which it came, but before what is
        left where it stands: so plant that is late, because of money or a closed site, goes on with its stays
        in their order. What it has left behind does not call it back. From a site it goes to that at which an
        order has been due for longest; of several to that of the next order in priority.
        """
        if not self.later:
            return []
        here = self.plant.destination
        found = self._ready(here, self.plant.came_for)
        if not found:
            due, _, site = min((key[3], rank, key[2]) for rank, key in self.later if key[2] != here)
            found = self._ready(site, due)
        self.later = [head for head in self.later if head not in found]
        self.open = len(found)
        return found

    def _ready(self, site: int, came_for: int) -> list[Head]:
        """Return the heaps of a site that were due before all others, those due before `came_for` aside."""
        others = (key[3] for _, key in self.later if key[2] != site and key[3] >= came_for)
        until = min(others, default=math.inf)
        return [head for head in self.later if head[1][2] == site and head[1][3] <= until]


def begin_tours(waiting: Sequence[Head], plants: Sequence[Plant]) -> tuple[list[Head], dict[int, Tour]]:
    """Return the heaps with which a period begins, and the tours of mobile plant on which others follow."""
    tours: dict[int, Tour] = {}
    heads: list[Head] = []
    for head in waiting:
        facility, _, site, _ = head[1]
        if site < 0:
            heads.append(head)
        else:
            tours.setdefault(facility, Tour(plants[facility])).later.append(head)
    for tour in tours.values():
        heads += tour.next_site()
    return heads, tours
