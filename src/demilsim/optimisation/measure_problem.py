"""The planning problem with measures: its columns, which come after those of the problem without."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.optimisation.effects import Effect
from demilsim.optimisation.measures import MeasureOrders
from demilsim.optimisation.moves import Crowd
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Columns, labels
from demilsim.plan import Floats, Ints

Terms = tuple[Ints, Ints, Floats]
"""Row, column and coefficient of each term."""


@dataclass(frozen=True)
class MeasureProblem:
    """A planning problem with measures; their columns come after its own.

    Parameters
    ----------
    problem
        The problem without measures.
    orders
        Orders of measures, payments and effects.
    even
        Whether work of a block of several periods makes room for moves evenly; else when the block is over.
    """

    problem: Problem
    orders: MeasureOrders
    even: bool = True

    @property
    def order_offset(self) -> int:
        """Column of the first order of a measure."""
        return len(self.problem.columns.names)

    @property
    def payment_offset(self) -> int:
        """Column of the first payment for a measure."""
        return self.order_offset + self.orders.measure.size

    @property
    def effect_offset(self) -> int:
        """Column of the first effect."""
        return self.payment_offset + self.orders.pay_measure.size

    @property
    def overlap_offset(self) -> int:
        """Column of the first overlap."""
        return self.effect_offset + len(self.orders.effects) * self.problem.blocks.count

    @cached_property
    def crowds(self) -> tuple[Crowd, ...]:
        """Where and when moves could fill a storehouse beyond its licence."""
        moves = self.orders.moves
        return () if moves is None else moves.crowds(self.orders.measure, self.orders.opens)

    @cached_property
    def _moved(self) -> dict[tuple[int, int], int]:
        """Number of the column of what a move has brought by a period."""
        places = [(number, crowd.period) for crowd in self.crowds for number in crowd.movers]
        return {place: n for n, place in enumerate(places)}

    def moved_column(self, move: int, period: int) -> int:
        """Return the column of the NEQ that a move has brought into its target by a period [t]."""
        first = self.overlap_offset + len(self.orders.overlaps) * self.problem.blocks.count
        return first + self._moved[move, period]

    @cached_property
    def columns(self) -> Columns:
        """Names, upper bounds and integrality of all columns, those of the problem first."""
        own, orders, blocks = self.problem.columns, self.orders, range(self.problem.blocks.count)
        names = [f"y{i}_{t}" for i, t in zip(orders.measure, orders.period, strict=True)]
        payments = zip(orders.pay_measure, orders.pay_fund, orders.pay_period, strict=True)
        names += [f"r{i}_{k}_{t}" for i, k, t in payments]
        names += [f"w{i}_{b}" for i in orders.effects for b in blocks]
        names += [f"v{i}_{j}_{b}" for i, j in orders.overlaps for b in blocks]
        upper = np.ones(len(names) + len(self._moved))
        upper[len(names) :] = np.inf
        upper[orders.measure.size :][: orders.pay_measure.size] = np.inf
        names += [f"q{n}_{t}" for n, t in self._moved]
        whole = np.arange(len(names)) < orders.measure.size
        return Columns(
            (*own.names, *names),
            np.concatenate([own.upper, upper]),
            np.concatenate([own.integer, whole]),
        )

    @property
    def cost(self) -> Floats:
        """Harm of the columns of measures [persons], shape (column of a measure,)."""
        averted = [effect.by_block for effect in self.orders.effects.values()]
        twice = [effect.by_block for effect in self.orders.overlaps.values()]
        free, moved = np.zeros(self.orders.pay_measure.size), np.zeros(len(self._moved))
        return np.concatenate([self.orders.harm, free, *(-part for part in averted), *twice, moved])

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of measures for rows."""
        return labels(measure.measure_id for measure in self.problem.scenario.measures)

    def in_force(self, measure: int, effect: Effect, row: int) -> Terms:
        """Return terms of rows by block: less the share of a block's effect that an order is there for.

        Parameters
        ----------
        measure
            The measure.
        effect
            What the share is of.
        row
            Row of the first block.
        """
        mine = np.flatnonzero(self.orders.measure == measure)
        blocks = self.problem.blocks
        there = np.arange(effect.averted.size) >= self.orders.opens[mine][:, None]
        share = np.divide(
            blocks.sum(there * effect.averted), effect.by_block,
            out=np.zeros((mine.size, blocks.count)), where=effect.by_block > 0.0,
        )  # fmt: skip
        order, block = np.nonzero(share)
        return row + block, self.order_offset + mine[order], -share[order, block]
