"""At which site mobile plant works first in a period, and where it goes from there."""

from __future__ import annotations

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
        """Return the heaps that are next: of the site at which orders have been due for longest.

        Of several such sites it is that where the plant stands, else that of the next order in priority. What
        became due there after an order at another site comes after that one. So plant that is late, because
        of money or a closed site, goes on with its stays in their order.
        """
        if not self.later:
            return []
        here = self.plant.destination
        site = min((key[3], key[2] != here, rank, key[2]) for rank, key in self.later)[3]
        elsewhere = [key[3] for _, key in self.later if key[2] != site]
        found, later = list[Head](), list[Head]()
        for head in self.later:
            ready = head[1][2] == site and not (elsewhere and head[1][3] > min(elsewhere))
            (found if ready else later).append(head)
        self.later, self.open = later, len(found)
        return found


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
