"""The optimum for new costs from that for old costs: a small model of the columns and rows that may matter.

A kept basis saves iterations and not their price. On the Kazakhstan scenario each works on 77,000 to 104,000
columns and up to 1,800 rows, of which the next optimum needs 4,000 to 10,000 and 900 to 1,250. The small
model is solved anew, presolve included; what it left out and should not have is added, until there is nothing
more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from demilsim.model.options import Bools
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.bridge import Arrays, check, hand_over
from demilsim.optimisation.highs import highs_status
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats

NEAR = 0.02
"""Reduced cost below which a column is let in from the beginning, as a share of the sizes of its terms [1].
On medium programmes 0.05 took as long, 0.01 up to a fifth longer."""

TOLERANCE = 1e-7
"""Reduced cost and violation of a row that count as none: those of HiGHS."""

MOST_ROUNDS = 30
"""Solves of one small model; 5 to 9 were seen after changes of 5%, 17 after larger ones."""

SMALL = 1.0 / 12.0
"""Columns times rows of the first small model beyond which none is solved, as a share of the whole [1].

At 1/18 and less it took less time than the kept basis (Kazakhstan; programmes of 200 groups after a change of
every cost) or as much (the same after a change of harm by storehouse); at 1/5 to 1/8 more (the bound of those
programmes)."""

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PricedPoint:
    """An optimal point, shape (column,), and the prices of the rows that prove it, shape (row,)."""

    values: Floats
    duals: Floats


class Sifter:
    """The rows of a model, in a form from which small models are cut.

    Parameters
    ----------
    model
        The rows; its costs and integers are left aside.
    small
        Columns times rows of the first small model at most, as a share of the whole [1].
    """

    def __init__(self, model: Model, small: float = SMALL) -> None:
        self._rows = model.matrix()
        count, columns = self._rows.shape
        self._most_cells = small * count * columns
        self._by_column = self._rows.T.tocsr()
        self._sizes = abs(self._by_column)
        self._most = model.columns.upper
        self._lower, self._upper = model.row_bounds()

    def optimum(self, cost: Floats, before: PricedPoint) -> PricedPoint | None:
        """Return the optimum for new costs; None if what may matter is not small, or leads to none.

        No column of the whole model can improve what is returned, and it breaks no row: both are looked at
        in all of them after every solve. None says nothing about the model: without some of its columns and
        rows it may have no limit.

        Parameters
        ----------
        cost
            Objective, scaled for a solver, shape (column,).
        before
            PricedPoint for other costs.
        """
        size = np.abs(cost) + self._sizes @ np.abs(before.duals)
        column = (before.values > 0.0) | (self._reduced(cost, before.duals) < NEAR * size)
        row = before.duals != 0.0
        if np.count_nonzero(column) * np.count_nonzero(row) > self._most_cells:
            return None
        small = _Small(self, cost, column, row)
        for _ in range(MOST_ROUNDS):
            found = small.optimum()
            if found is None:
                return None
            improving = ~small.has_column & (self._reduced(cost, found.duals) < -TOLERANCE)
            activity = np.asarray(self._rows @ found.values)
            outside = (activity < self._lower - TOLERANCE) | (activity > self._upper + TOLERANCE)
            broken = ~small.has_row & outside
            if not np.any(improving) and not np.any(broken):
                return found
            small.add_columns(np.flatnonzero(improving))
            small.add_rows(np.flatnonzero(broken))
        return None

    def _reduced(self, cost: Floats, duals: Floats) -> Floats:
        """Return what prices of rows leave of each cost, shape (column,)."""
        return cost - self._by_column @ duals

    def arrays(self, cost: Floats, column: Indices, row: Indices) -> Arrays:
        """Return the model of some columns and rows."""
        start, index, value = _terms(self._rows[row][:, column])
        return Arrays(
            cost=cost[column],
            most=self._most[column],
            integer=np.zeros(column.size, dtype=bool),
            lower=self._lower[row],
            upper=self._upper[row],
            start=start,
            index=index,
            value=value,
        )

    def hand_columns(self, highs: Any, cost: Floats, column: Indices, row: Indices) -> None:
        """Give a small model of some rows further columns."""
        part = self._by_column[column][:, row]
        lower, most = np.zeros(column.size), self._most[column]
        check(highs.addCols(column.size, cost[column], lower, most, part.nnz, *_terms(part)), "columns")

    def hand_rows(self, highs: Any, row: Indices, column: Indices) -> None:
        """Give a small model of some columns further rows."""
        part = self._rows[row][:, column]
        limits = (self._lower[row], self._upper[row])
        check(highs.addRows(row.size, *limits, part.nnz, *_terms(part)), "rows")


class _Small:
    """A model of some columns and rows, in HiGHS."""

    def __init__(self, whole: Sifter, cost: Floats, has_column: Bools, has_row: Bools) -> None:
        self.has_column, self.has_row = has_column, has_row
        self._whole, self._cost = whole, cost
        self._column, self._row = np.flatnonzero(has_column), np.flatnonzero(has_row)
        self._highs = hand_over(whole.arrays(cost, self._column, self._row))
        check(self._highs.setOptionValue("solver", "simplex"), "option solver")

    def optimum(self) -> PricedPoint | None:
        """Return the optimum, zero for what is left out; None without one."""
        check(self._highs.run(), "run")
        if highs_status(self._highs) is not PlanStatus.OPTIMAL:
            return None
        solution = self._highs.getSolution()
        values, duals = np.zeros(self.has_column.size), np.zeros(self.has_row.size)
        values[self._column], duals[self._row] = solution.col_value, solution.row_dual
        return PricedPoint(values, duals)

    def add_columns(self, column: Indices) -> None:
        """Add columns; the basis stays."""
        self._few_changes_follow()
        self._whole.hand_columns(self._highs, self._cost, column, self._row)
        self._column = np.concatenate([self._column, column])
        self.has_column[column] = True

    def add_rows(self, row: Indices) -> None:
        """Add rows; the basis stays."""
        self._few_changes_follow()
        self._whole.hand_rows(self._highs, row, self._column)
        self._row = np.concatenate([self._row, row])
        self.has_row[row] = True

    def _few_changes_follow(self) -> None:
        """Take no perturbed costs from here on: taking them back costs more than they save."""
        check(
            self._highs.setOptionValue("dual_simplex_cost_perturbation_multiplier", 0.0),
            "option perturbation",
        )


def _terms(
    part: csr_array[np.float64],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats]:
    """Return starts, indices and values of terms."""
    return part.indptr.astype(np.int32), part.indices.astype(np.int32), part.data
