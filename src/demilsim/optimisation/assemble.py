"""One set of rows, two models: a PuLP problem for the MILP, sparse arrays for a kept solver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from demilsim.collector import no_collector
from demilsim.optimisation.constraints import FAMILIES
from demilsim.optimisation.deadlines import add_destroy_by
from demilsim.optimisation.licences import add_room
from demilsim.optimisation.milestones import release_rows
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Columns, Rows, Sense, over_columns
from demilsim.optimisation.tour_rows import place_rows
from demilsim.plan import Floats

if TYPE_CHECKING:
    import pulp

FEASIBILITY_TOLERANCE = 1e-6
"""Largest violation of a row, relative to 1 plus the sizes of its terms and right-hand side."""

INTEGRALITY_TOLERANCE = 1e-5
"""Largest distance of an integer column from a whole number; solvers allow 1e-6."""


LARGEST_COST = 1024.0
"""Size to which the largest cost is scaled. Harm per tonne is of order 1e-5 persons, as small as a solver's
tolerance on reduced costs (1e-7) makes it matter."""


@dataclass(frozen=True)
class Model:
    """A linear model to minimise: cost · x + constant over the rows of its families, x >= 0.

    Parameters
    ----------
    columns, families
        Columns, and rows by family.
    cost
        Objective, shape (column,).
    constant
        Objective constant. It never reaches a solver: PuLP would drop it on the way to HiGHS, and without
        it a solver's relative gap is the gap on what the plan gains. Objectives and bounds have it back.
    """

    columns: Columns
    families: tuple[Rows, ...]
    cost: Floats
    constant: float

    def __post_init__(self) -> None:
        # Solvers call NaN optimal, and PuLP lets an infinite coefficient pass.
        assert np.all(np.isfinite(self.cost)), (
            f"cost of {self._first_wild(self.cost)}: expected a finite number"
        )
        assert np.isfinite(self.constant), f"constant {self.constant}: expected a finite number"
        assert not np.any(np.isnan(self.columns.upper)), "an upper bound is not a number"
        for family in self.families:
            for part in (family.coefficient, family.rhs):
                assert np.all(np.isfinite(part)), f"{family.family}: expected finite coefficients and limits"

    def _first_wild(self, cost: Floats) -> str:
        at = int(np.argmax(~np.isfinite(cost)))
        return f"{self.columns.names[at]} is {cost[at]}"

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(len(family.names) for family in self.families)

    def lp_relaxation(self) -> Model:
        """Return the model without its integers."""
        return replace(self, columns=replace(self.columns, integer=np.zeros_like(self.columns.integer)))

    def matrix(self) -> csr_array[np.float64]:
        """Return the coefficients, shape (row, column)."""
        sizes = np.cumsum([0, *(len(family.names) for family in self.families)])
        row = np.concatenate([f.row + at for f, at in zip(self.families, sizes[:-1], strict=True)])
        column = np.concatenate([family.column for family in self.families])
        coefficient = np.concatenate([family.coefficient for family in self.families])
        shape = (int(sizes[-1]), len(self.columns.names))
        return csr_array((coefficient, (row, column)), shape=shape)

    def row_bounds(self) -> tuple[Floats, Floats]:
        """Return lower and upper bounds of the rows, each of shape (row,)."""
        lower = [np.where(f.sense == Sense.AT_MOST, -np.inf, f.rhs) for f in self.families]
        upper = [np.where(f.sense == Sense.AT_LEAST, np.inf, f.rhs) for f in self.families]
        return np.concatenate(lower), np.concatenate(upper)

    def objective(self, x: Floats) -> float:
        """Return the objective of a point, constant included."""
        return float(self.cost @ x) + self.constant

    def violations(self, x: Floats) -> tuple[str, ...]:
        """Return what is wrong with a point: rows, bounds and integrality; empty if nothing is."""
        if not np.all(np.isfinite(x)):
            return ("a value is not a number",)
        matrix = self.matrix()
        lower, upper = self.row_bounds()
        value = matrix @ x
        rhs = np.where(np.isfinite(lower), lower, upper)
        scale = 1.0 + np.abs(rhs) + abs(matrix) @ np.abs(x)
        excess = np.maximum(lower - value, value - upper) / scale
        names = [name for family in self.families for name in family.names]
        wrong = [f"row {names[i]}" for i in np.flatnonzero(excess > FEASIBILITY_TOLERANCE)]
        outside = np.maximum(-x, x - self.columns.upper) / (1.0 + np.abs(x))
        wrong += [
            f"bound of {self.columns.names[j]}" for j in np.flatnonzero(outside > FEASIBILITY_TOLERANCE)
        ]
        fraction = np.where(self.columns.integer, np.abs(x - np.rint(x)), 0.0)
        wrong += [
            f"{self.columns.names[j]} is not whole" for j in np.flatnonzero(fraction > INTEGRALITY_TOLERANCE)
        ]
        return tuple(wrong)


def assemble(problem: Problem, flow_cost: Floats, constant: float) -> Model:
    """Return the model of a problem with all constraint families.

    Parameters
    ----------
    problem
        Sets and coefficients.
    flow_cost
        Objective of each flow [persons/t], shape (flow,); other columns cost no harm.
    constant
        Objective constant [persons].
    """
    columns = problem.columns
    cost = over_columns(flow_cost, len(columns.names))
    families = (*(family(problem) for family in FAMILIES), add_destroy_by(problem), *release_rows(problem))
    families += (add_room(problem),) if problem.rooms else ()
    families += place_rows(problem)
    return Model(columns, families, cost, constant)


def cost_scale(cost: Floats) -> float:
    """Return the power of two, hence free of rounding, by which costs are multiplied for a solver [1]."""
    largest = float(np.max(np.abs(cost), initial=0.0))
    assert np.isfinite(largest), f"largest cost {largest}: expected a finite number"
    return float(2.0 ** np.floor(np.log2(LARGEST_COST / largest))) if largest > 0.0 else 1.0


@no_collector()
def pulp_problem(
    model: Model, scale: float = 1.0, name: str = "demilsim"
) -> tuple[pulp.LpProblem, list[Any]]:
    """Return the model in PuLP, without its constant, and its variables in the order of the columns.

    Built from term lists: adding expressions with + costs three times as much.

    Parameters
    ----------
    model
        The model.
    scale
        Multiplier of the objective [1].
    name
        Name of the problem.
    """
    import pulp

    prob = pulp.LpProblem(name, pulp.LpMinimize)
    columns = model.columns
    upper = np.where(np.isfinite(columns.upper), columns.upper, np.nan).tolist()
    # Only NaN differs from itself.
    variables = [
        prob.add_variable(
            column, 0.0, most if most == most else None, pulp.LpInteger if whole else pulp.LpContinuous
        )
        for column, most, whole in zip(columns.names, upper, columns.integer.tolist(), strict=True)
    ]
    priced = np.flatnonzero(model.cost)
    costs = zip(
        map(variables.__getitem__, priced.tolist()), (scale * model.cost[priced]).tolist(), strict=True
    )
    prob.setObjective(pulp.LpAffineExpression(costs))
    for family in model.families:
        first = np.searchsorted(family.row, np.arange(len(family.names) + 1)).tolist()
        terms = zip(
            map(variables.__getitem__, family.column.tolist()), family.coefficient.tolist(), strict=True
        )
        sizes = map(int.__sub__, first[1:], first[:-1])
        sense = int(family.sense)
        for row_name, size, rhs in zip(family.names, sizes, family.rhs.tolist(), strict=True):
            expression = pulp.LpAffineExpression(islice(terms, size))
            prob.addConstraint(pulp.LpConstraint(expression, sense, row_name, rhs))
    return prob, variables
