"""Better moves of mobile plant for linear harm, a step at a time.

A step puts in a move, leaves one out, makes it a period earlier or later, has it lead to another site, or
swaps two sites that follow each other. Of all steps the best is taken. It is found without solving for most:
they are looked at in the order of what linear harm cannot be below, by what solves have told so far.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demilsim.optimisation.tour_values import TourValues
from demilsim.optimisation.tours import MobilePlant, Tours

LEAST_STEP = 1e-5
"""Decrease of linear harm, in parts of the harm averted, that counts as a step [1]."""


class TourSearch:
    """Steps from moves to better ones.

    Parameters
    ----------
    values
        Linear harm for given moves.
    plant, periods
        What moves, and over how many periods.
    """

    def __init__(self, values: TourValues, plant: MobilePlant, periods: int) -> None:
        self._values, self._plant, self._periods = values, plant, periods

    def improved(self, moves: Tours) -> Tours:
        """Return moves that no step improves by more than a little.

        Where there are no days or no money for the moves that are given, the search begins from none.
        """
        better: Tours | None = moves if np.isfinite(self._values.of(moves)) else ()
        while better is not None:
            moves, better = better, self._best_step(better)
        return moves

    def _best_step(self, moves: Tours) -> Tours | None:
        """Return the best moves one step away, the first of equals; None where none is better by enough."""
        value, steps = self._values.of(moves), list(dict.fromkeys(self._steps(moves)))
        if not steps:
            return None
        held = self._values.held(steps)
        least = self._values.at_least(held)
        known = [self._values.known(step) for step in steps]
        least = np.array([low if of is None else of for low, of in zip(least.tolist(), known, strict=True)])
        while True:
            number = int(np.argmin(least))
            if not least[number] < value - LEAST_STEP * abs(value):
                return None
            if self._values.known(steps[number]) is not None:
                return steps[number]
            found = self._values.of(steps[number])
            least = np.maximum(least, self._values.at_least(held, last=1))
            least[number] = found

    def with_one_less(self, moves: Tours) -> Iterator[Tours]:
        """Yield moves with one left out, and with it those that then lead to where plant stands."""
        for i in range(len(moves)):
            yield self._from_site_to_site((*moves[:i], *moves[i + 1 :]))

    def _steps(self, moves: Tours) -> Iterator[Tours]:
        """Yield moves one step away, each going from site to site."""
        yield from self.with_one_less(moves)
        for i, (f, period, to) in enumerate(moves):
            before, after = moves[:i], moves[i + 1 :]
            for other in (period - 1, period + 1):
                if self._plant.first <= other < self._periods:
                    yield self._from_site_to_site(_with((*before, *after), (f, other, to)))
            if after and after[0][0] == f:
                (_, then, there), rest = after[0], after[1:]
                yield self._from_site_to_site((*before, (f, period, there), (f, then, to), *rest))
            for other in self._sites(f):
                if other != to:
                    yield self._from_site_to_site((*before, (f, period, other), *after))
        for f in self._plant.facility.tolist():
            for site in self._sites(f):
                for period in range(self._plant.first, self._periods):
                    yield self._from_site_to_site(_with(moves, (f, period, site)))

    def _sites(self, facility: int) -> list[int]:
        """Return the sites to which plant may go."""
        number = int(np.flatnonzero(self._plant.facility == facility)[0])
        sites: list[int] = np.flatnonzero(self._plant.reach[number]).tolist()
        return sites

    def _from_site_to_site(self, moves: Tours) -> Tours:
        """Return moves without those to where plant stands, or to a site a second time in one period."""
        found: list[tuple[int, int, int]] = []
        place = dict(zip(self._plant.facility.tolist(), self._plant.home.tolist(), strict=True))
        for f, period, to in moves:
            if to != place[f] and (f, period, to) not in found:
                found.append((f, period, to))
                place[f] = to
        return tuple(found)


def _with(moves: Tours, one: tuple[int, int, int]) -> Tours:
    """Return moves with one more, the last of its facility in its period."""
    return tuple(sorted((*moves, one), key=lambda move: move[:2]))
