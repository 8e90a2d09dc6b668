"""A plan from relaxations alone, for the MILP that ends at its limit without any."""

from __future__ import annotations

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import INTEGRALITY_TOLERANCE, Model
from demilsim.optimisation.highs import highs_available
from demilsim.optimisation.interior import relax
from demilsim.optimisation.kept import KeptModel, keep
from demilsim.plan import Floats

NEAR_WHOLE = 0.1
"""Distance from a whole number within which all columns are fixed at once [1]."""

INTERIOR_COLUMNS = 50_000
"""Columns from which the first relaxation is by interior point, whole columns are fixed from that, and the
simplex meets a model that has become small: a third of the time on programmes of 1,000 groups."""


def relax_and_fix(model: Model) -> Floats | None:
    """Return a point of a model, found by fixing integer columns after the relaxation, a few at a time.

    Columns that are nearly whole are fixed together, else the one that is nearest to whole; where that leaves
    no point, only the nearest one is fixed, and where that leaves none, it is fixed to its other side. One
    relaxation for each few columns, each from the last one's basis.

    Parameters
    ----------
    model
        The model.

    Returns
    -------
    ndarray or None
        Shape (column,), not yet checked; None if the relaxation has no point, or both sides of a column lead
        to none: fixed columns are never set free again, so this proves nothing.
    """
    kept = keep(model)
    integer = model.columns.integer
    lower, upper = np.zeros(integer.size), model.columns.upper.copy()
    values = _first(kept, model, lower, upper)
    while values is not None:
        distance = np.where(integer & (lower < upper), np.abs(values - np.rint(values)), np.inf)
        if not np.any(np.isfinite(distance)):
            return values
        values = _fixed_further(kept, model, values, distance, lower, upper)
    return None


def _first(kept: KeptModel, model: Model, lower: Floats, upper: Floats) -> Floats | None:
    """Return the relaxation; of a large model that has whole columns to fix, as interior point leaves it."""
    whole = model.columns.integer & (lower < upper)
    if model.cost.size >= INTERIOR_COLUMNS and np.any(whole) and highs_available():
        try:
            return relax(model).values
        except SolverError:
            # It found no optimum: whether there is one, the simplex tells.
            pass
    return _relaxed(kept, model, lower, upper)


def _fixed_further(
    kept: KeptModel, model: Model, values: Floats, distance: Floats, lower: Floats, upper: Floats
) -> Floats | None:
    """Fix columns in `lower` and `upper`, which it changes, and return the relaxation that is left."""
    first = int(np.argmin(distance))
    whole = float(np.rint(values[first]))
    near = np.flatnonzero(distance <= max(NEAR_WHOLE, distance[first]))
    other = whole - 1.0 if values[first] < whole else whole + 1.0
    exact = distance[first] <= INTEGRALITY_TOLERANCE
    attempts = [(near, np.rint(values[near])), (np.array([first]), np.array([whole]))]
    if exact:
        attempts.append((np.array([first]), np.array([whole - 1.0])))
        other = whole + 1.0
    attempts.append((np.array([first]), np.array([other])))
    for columns, fixed in attempts:
        if np.any(fixed < lower[columns]) or np.any(fixed > upper[columns]):
            continue
        at = lower.copy(), upper.copy()
        at[0][columns] = at[1][columns] = fixed
        found = _relaxed(kept, model, *at)
        if found is not None:
            lower[:], upper[:] = at
            return found
    return None


def _relaxed(kept: KeptModel, model: Model, lower: Floats, upper: Floats) -> Floats | None:
    return kept.minimise(model.cost, (lower, upper)).values
