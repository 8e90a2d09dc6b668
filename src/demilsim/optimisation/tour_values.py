"""Linear harm of the best flows for given moves of mobile plant, and what it cannot be below for other moves.

One linear program with places as columns is kept, and moves are held in it. With x[m] the columns of places
that moves m hold at 1, others at 0, H linear harm [persons] and r reduced costs after a solve for moves k:

    H(m) >= H(k) + r[k] (x[m] - x[k]),

and where rows leave no flows for moves k, a ray of their duals shows for which others they leave none. These
are the cuts of Benders (1962), Numerische Mathematik 4, 238-252, doi:10.1007/BF01386316.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.held import Cut, hold
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.tours import Tours
from demilsim.plan import Floats


class TourValues:
    """Linear harm of the best flows for given moves, less than that of doing nothing [persons].

    Parameters
    ----------
    problem
        With moves as columns, the last ones.
    model
        Its rows, and the cost of its columns.
    """

    def __init__(self, problem: Problem, model: Model) -> None:
        assert problem.tours is not None, "only asked for where plant has a place"
        self._tours = problem.tours
        plant, site, period = self._tours.pairs
        # Periods of one site follow each other.
        begins = np.flatnonzero(period == 0)
        sites = zip(plant[begins].tolist(), site[begins].tolist(), strict=True)
        self._first = dict(zip(sites, begins.tolist(), strict=True))
        self._held = hold(model, problem.tour_offset)
        self._known: dict[Tours, float] = {}
        self._cuts: list[Cut] = []

    @property
    def solves(self) -> int:
        """Number of linear programs that were solved."""
        return len(self._known)

    def known(self, moves: Tours) -> float | None:
        """Return linear harm for moves [persons] if it was solved for."""
        return self._known.get(moves)

    def of(self, moves: Tours) -> float:
        """Return linear harm for moves [persons]; infinite where there are no days or no money for them."""
        if moves not in self._known:
            values = self.held([moves]).toarray()[0]
            self._known[moves], cut = self._held.minimise(values)
            self._cuts += [] if cut is None else [cut]
        return self._known[moves]

    def held(self, several: Sequence[Tours]) -> csr_array[np.float64]:
        """Return the values at which moves hold the columns of places, shape (moves, column)."""
        columns = [self._at_1(moves) for moves in several]
        begins = np.cumsum([0, *(len(each) for each in columns)])
        index = np.array([column for each in columns for column in each], dtype=np.int64)
        shape = (len(several), 2 * self._tours.columns)
        return csr_array((np.ones(index.size), index, begins), shape=shape)

    def at_least(self, held: csr_array[np.float64], last: int | None = None) -> Floats:
        """Return what linear harm cannot be below [persons], shape (moves,).

        Parameters
        ----------
        held
            Values of `held`.
        last
            The number of cuts to look at, from the last one; None for all.
        """
        cuts = self._cuts[-last:] if last else self._cuts
        found = [np.full(held.shape[0], -np.inf), *(cut.at_least(held) for cut in cuts)]
        return np.max(found, axis=0)

    def _at_1(self, moves: Tours) -> list[int]:
        """Return the columns of places that moves hold at 1."""
        plant, found = self._tours.plant, list[int]()
        for i, f in enumerate(plant.facility.tolist()):
            stands, since = self._first[i, int(plant.home[i])], 0
            for to, period in ((to, period) for facility, period, to in moves if facility == f):
                found += range(stands + since, stands + period)
                stands, since = self._first[i, to], period
                found.append(self._tours.columns + stands + period)
            found += range(stands + since, stands + self._tours.periods)
        return found
