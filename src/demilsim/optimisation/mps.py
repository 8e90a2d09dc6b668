"""A linear model as an MPS file, every number with all its digits.

PuLP writes 13 digits. The optimum of a programme so rounded differs from ours in the last third of a double,
where small steps of a limit are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.rows import Sense
from demilsim.plan import Floats

LETTERS = {Sense.AT_MOST: "L", Sense.EQUAL: "E", Sense.AT_LEAST: "G"}


def mps_text(model: Model, scale: float = 1.0, bounds: tuple[Floats, Floats] | None = None) -> str:
    """Return a model to be minimised, integers dropped, its constant left out.

    Rows are ``R0``, ``R1``, ... in the order of the families, columns ``C0``, ``C1``, ...; every column is
    there, if it occurs nowhere with a cost of zero.

    Parameters
    ----------
    model
        The model.
    scale
        Multiplier of the objective [1].
    bounds
        Lower and upper bounds in place of the model's, each of shape (column,).
    """
    lower, upper = bounds or (np.zeros(model.cost.size), model.columns.upper)
    return "\n".join(
        (
            "NAME demilsim FREE",
            *_rows(model),
            *_columns(model, scale),
            *_right_hand_sides(model),
            "BOUNDS",
            *_bounds(lower, upper),
            "ENDATA",
            "",
        )
    )


def _rows(model: Model) -> Iterator[str]:
    yield "ROWS"
    yield " N COST"
    senses = (LETTERS[Sense(family.sense)] for family in model.families for _ in family.names)
    yield from (f" {letter} R{row}" for row, letter in enumerate(senses))


def _columns(model: Model, scale: float) -> Iterator[str]:
    yield "COLUMNS"
    matrix = model.matrix().tocsc()
    start, row, value = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    for column, cost in enumerate((scale * model.cost).tolist()):
        yield f" C{column} COST {cost!r}"
        for at in range(start[column], start[column + 1]):
            yield f" C{column} R{row[at]} {value[at]!r}"


def _right_hand_sides(model: Model) -> Iterator[str]:
    yield "RHS"
    limits = (limit for family in model.families for limit in family.rhs.tolist())
    yield from (f" RHS R{row} {limit!r}" for row, limit in enumerate(limits) if limit)


def _bounds(lower: Floats, upper: Floats) -> Iterator[str]:
    for column, (low, high) in enumerate(zip(lower.tolist(), upper.tolist(), strict=True)):
        if low == high:
            yield f" FX BOUND C{column} {low!r}"
            continue
        if low:
            yield f" LO BOUND C{column} {low!r}"
        if np.isfinite(high):
            yield f" UP BOUND C{column} {high!r}"
