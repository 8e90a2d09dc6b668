"""Better moves of mobile plant for linear harm: the MILP's, or a plan's, a step at a time.

One linear program with places as columns is kept; moves are bounds on these. A step leaves out a move, makes
it a period earlier or later, has it lead to another site, or swaps two sites that follow each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.kept import keep
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.tours import TourColumns, Tours
from demilsim.plan import Floats

LEAST_STEP = 1e-5
"""Decrease of linear harm, in parts of the harm averted, that counts as a step [1]."""


class TourSearch:
    """Linear harm of the best flows for given moves.

    Parameters
    ----------
    problem
        With moves as columns.
    model
        Its rows, and the cost of its columns.
    """

    def __init__(self, problem: Problem, model: Model) -> None:
        assert problem.tours is not None, "only asked for where plant has a place"
        self._moved: TourColumns = problem.tours
        self._offset = problem.tour_offset
        self._model = replace(model.lp_relaxation(), constant=0.0)
        self._kept = keep(self._model)
        keys = zip(*(part.tolist() for part in self._moved.pairs), strict=True)
        self._pair = {key: number for number, key in enumerate(keys)}

    def value(self, moves: Tours) -> float:
        """Return the linear harm of the best flows, less than that of doing nothing [persons].

        Infinite where there are no days or no money for the moves.
        """
        values = self._kept.minimise(self._model.cost, self._bounds(moves)).values
        return float("inf") if values is None else self._model.objective(values)

    def improved(self, moves: Tours) -> Tours:
        """Return moves that no step of this search improves by more than a little."""
        value, seen, first = self.value(moves), {moves}, 0
        while True:
            steps = list(self._steps(moves))
            for number in range(len(steps)):
                at = (first + number) % len(steps)
                if steps[at] in seen:
                    continue
                seen.add(steps[at])
                found = self.value(steps[at])
                if found < value - LEAST_STEP * abs(found):
                    # The next step is likely to be of the same kind, and to concern the same move.
                    moves, value, first = steps[at], found, at
                    break
            else:
                return moves

    def _bounds(self, moves: Tours) -> tuple[Floats, Floats]:
        """Return bounds that hold plant to its moves, each of shape (column,)."""
        lower, upper = np.zeros(self._model.cost.size), self._model.columns.upper.copy()
        upper[self._offset :] = 0.0
        plant, kinds = self._moved.plant, self._moved.columns
        for i, f in enumerate(plant.facility.tolist()):
            place = int(plant.home[i])
            for period in range(self._moved.periods):
                for to in (to for facility, t, to in moves if (facility, t) == (f, period)):
                    column, place = self._offset + kinds + self._pair[i, to, period], to
                    lower[column] = upper[column] = 1.0
                column = self._offset + self._pair[i, place, period]
                lower[column] = upper[column] = 1.0
        return lower, upper

    def _steps(self, moves: Tours) -> Iterator[Tours]:
        """Yield moves one step away, each going from site to site."""
        plant = self._moved.plant
        for i, (f, period, to) in enumerate(moves):
            before, after = moves[:i], moves[i + 1 :]
            yield self._from_site_to_site((*before, *after))
            for other in (period - 1, period + 1):
                if 0 <= other < self._moved.periods:
                    shifted = sorted((*before, (f, other, to), *after), key=lambda move: move[:2])
                    yield self._from_site_to_site(tuple(shifted))
            if after and after[0][0] == f:
                (_, then, there), rest = after[0], after[1:]
                yield self._from_site_to_site((*before, (f, period, there), (f, then, to), *rest))
            number = int(plant.index_of(np.array([f]))[0])
            for site in np.flatnonzero(plant.reach[number]).tolist():
                if site != to:
                    yield self._from_site_to_site((*before, (f, period, site), *after))

    def _from_site_to_site(self, moves: Tours) -> Tours:
        """Return moves without those to where plant stands, or to a site a second time in one period."""
        plant = self._moved.plant
        found: list[tuple[int, int, int]] = []
        place = dict(zip(plant.facility.tolist(), plant.home.tolist(), strict=True))
        for f, period, to in moves:
            if to != place[f] and (f, period, to) not in found:
                found.append((f, period, to))
                place[f] = to
        return tuple(found)
