"""Solve the MILP through PuLP, and believe nothing that was not read from the solver or checked."""

from __future__ import annotations

from dataclasses import replace

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.cbc import cbc_path, solve_cbc
from demilsim.optimisation.highs import highs_available, solve_highs
from demilsim.optimisation.relax_and_fix import relax_and_fix
from demilsim.optimisation.status import PlanStatus, Solution, SolveOptions, relative_gap

__all__ = ["PlanStatus", "Solution", "SolveOptions", "relative_gap", "solve"]


def solve(model: Model, options: SolveOptions) -> Solution:
    """Minimise a model with the first solver that is installed.

    Parameters
    ----------
    model
        The model.
    options
        Gap, node limit and solvers.

    Raises
    ------
    SolverError
        If none of the solvers is installed, or each of them failed.
    """
    notes: list[str] = []
    for name in options.solvers:
        path = cbc_path() if name == "CBC" else None
        if not (path or (name == "HiGHS" and highs_available())):
            notes.append(f"{name} is not installed")
            continue
        try:
            found = solve_cbc(model, options, path) if path else solve_highs(model, options)
        except SolverError as error:
            notes.append(str(error))
            continue
        if notes:
            notes.append(f"solved with {found.solver} instead")
        if found.status is PlanStatus.NO_INCUMBENT:
            found = _by_relaxations(model, found, notes)
        return _checked(model, found, tuple(notes))
    raise SolverError("; ".join(notes) + ": expected one of HiGHS (pip install highspy) or CBC")


def _by_relaxations(model: Model, found: Solution, notes: list[str]) -> Solution:
    """Return a point of relax-and-fix with the solver's bound, or what the solver found if there is none."""
    values = relax_and_fix(model)
    if values is None:
        return found
    notes.append(f"{found.solver} had no plan at its limit: this one comes from relaxations, step by step")
    return replace(found, status=PlanStatus.FEASIBLE, values=values)


def _checked(model: Model, found: Solution, notes: tuple[str, ...]) -> Solution:
    """Return the solution with the constant restored, or without incumbent if its point fails our check."""
    status, values = found.status, found.values
    if values is not None:
        wrong = model.violations(values)
        if wrong:
            notes += (f"{found.solver} returned a point that violates {wrong[0]} ({len(wrong)} in all)",)
            status, values = PlanStatus.NO_INCUMBENT, None
    objective = model.objective(values) if values is not None else float("inf")
    # A bound above the point by rounding would make a negative gap.
    bound = min(found.bound + model.constant, objective)
    return Solution(status, values, objective, bound, found.solver, notes)
