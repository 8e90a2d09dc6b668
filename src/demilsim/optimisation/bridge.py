"""From a PuLP problem, or from our own rows, to one HiGHS object: whole arrays, handed over once.

PuLP's own way adds columns and rows one at a time, drops the objective constant and hides the solver's
status.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from demilsim.errors import SolverError
from demilsim.model.options import Bools
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.rows import Sense
from demilsim.plan import Floats

if TYPE_CHECKING:
    import pulp


@dataclass(frozen=True)
class Arrays:
    """A linear model as solvers take it: minimise cost · x, lower <= A x <= upper, 0 <= x <= most.

    Parameters
    ----------
    cost, most, integer
        Of each column, shape (column,).
    lower, upper
        Of each row, shape (row,).
    start, index, value
        A by rows: `start` of shape (row + 1,), the others of shape (nonzero,).
    """

    cost: Floats
    most: Floats
    integer: Bools
    lower: Floats
    upper: Floats
    start: npt.NDArray[np.int32]
    index: npt.NDArray[np.int32]
    value: Floats


def arrays_of_model(model: Model, scale: float = 1.0) -> Arrays:
    """Return the arrays of a model, its cost multiplied by a scale [1]."""
    matrix = model.matrix()
    lower, upper = model.row_bounds()
    return Arrays(
        cost=scale * model.cost,
        most=model.columns.upper,
        integer=model.columns.integer,
        lower=lower,
        upper=upper,
        start=matrix.indptr.astype(np.int32, copy=False),
        index=matrix.indices.astype(np.int32, copy=False),
        value=matrix.data,
    )


def arrays_of_pulp(prob: pulp.LpProblem, variables: list[Any]) -> Arrays:
    """Return the arrays of a PuLP problem, in one walk over its expressions.

    Parameters
    ----------
    prob
        To be minimised, its variables at least zero.
    variables
        The variables in the order of the columns, those that occur nowhere included.
    """
    import pulp

    number = {id(variable): column for column, variable in enumerate(variables)}
    rows = list(prob.constraints())
    expressions = [row.expr for row in rows]
    sizes = np.fromiter(map(len, expressions), dtype=np.int32, count=len(rows))
    count = int(sizes.sum())
    index = np.fromiter(
        map(number.__getitem__, map(id, chain.from_iterable(expressions))), dtype=np.int32, count=count
    )
    value = np.fromiter(chain.from_iterable(e.values() for e in expressions), dtype=float, count=count)
    sense = np.fromiter((row.sense for row in rows), dtype=np.int8, count=len(rows))
    limit = -np.fromiter((row.constant for row in rows), dtype=float, count=len(rows))
    cost = np.zeros(len(variables))
    for variable, coefficient in prob.objective.items():
        cost[number[id(variable)]] = coefficient
    return Arrays(
        cost=cost,
        most=np.array([np.inf if v.upBound is None else v.upBound for v in variables], dtype=float),
        integer=np.array([v.cat == pulp.LpInteger for v in variables], dtype=bool),
        lower=np.where(sense == Sense.AT_MOST, -np.inf, limit),
        upper=np.where(sense == Sense.AT_LEAST, np.inf, limit),
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32),
        index=index,
        value=value,
    )


def hand_over(arrays: Arrays, whole: bool = True) -> Any:
    """Return a silent HiGHS object on one thread that holds a model.

    Parameters
    ----------
    arrays
        The model.
    whole
        Whether integer columns are to be whole; without, it is the relaxation.
    """
    import highspy

    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = arrays.lower.size, arrays.cost.size
    lp.col_cost_ = arrays.cost
    lp.col_lower_ = np.zeros(arrays.cost.size)
    lp.col_upper_ = arrays.most
    lp.row_lower_, lp.row_upper_ = arrays.lower, arrays.upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = arrays.start
    lp.a_matrix_.index_ = arrays.index
    lp.a_matrix_.value_ = arrays.value
    highs = highspy.Highs()
    for option, setting in {"output_flag": False, "threads": 1}.items():
        check(highs.setOptionValue(option, setting), f"option {option}")
    check(highs.passModel(lp), "passModel")
    if whole and arrays.integer.any():
        column = np.flatnonzero(arrays.integer).astype(np.int32)
        kind = np.full(column.size, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        check(highs.changeColsIntegrality(column.size, column, kind), "integrality")
    return highs


def check(code: Any, what: str) -> None:
    """Raise a `SolverError` if HiGHS returned an error; it carries on with defaults otherwise."""
    import highspy

    if code == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS returned an error on: {what}")


def run_kept(highs: Any) -> None:
    """Run a kept HiGHS; once more from nothing where it ends without a result.

    A basis that is kept through many changes may leave numbers that HiGHS calls unknown, where it solves
    the same program anew in an instant.
    """
    import highspy

    check(highs.run(), "run")
    if highs.getModelStatus() == highspy.HighsModelStatus.kUnknown:
        check(highs.clearSolver(), "clear solver")
        check(highs.run(), "run from nothing")
