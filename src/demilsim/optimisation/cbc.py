"""CBC, the second solver: a program whose log says what its solution file leaves out."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale, pulp_problem
from demilsim.optimisation.status import PlanStatus, Solution, SolveOptions


def cbc_path() -> str | None:
    """Return the program file of CBC: one on the path, else the one that PuLP brings; None without."""
    import pulp

    own = pulp.COIN_CMD(msg=False)
    if own.available():
        return str(own.path)
    bundled = getattr(pulp, "PULP_CBC_CMD", None)
    path = getattr(bundled, "pulp_cbc_path", None)
    return str(path) if path and os.access(path, os.X_OK) else None


def solve_cbc(model: Model, options: SolveOptions, path: str) -> Solution:
    """Return what CBC makes of a model; its bound is without the constant."""
    import pulp

    scale = cost_scale(model.cost)
    # CBC divides by the bound, we by the incumbent.
    ratio = options.gap_averted / (1.0 + options.gap_averted)
    prob, variables = pulp_problem(model, scale)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "cbc.log"
        solver = pulp.COIN_CMD(
            path=path, msg=False, gapRel=ratio, threads=1, logPath=str(log),
            maxNodes=options.node_limit,
        )  # fmt: skip
        solver.tmpDir = folder
        try:
            prob.solve(solver)
        except (pulp.PulpSolverError, OSError) as error:
            # OSError: a program for another processor.
            raise SolverError(f"CBC failed: {error}") from error
        text = log.read_text(encoding="utf-8", errors="replace")
    version = re.search(r"Version:\s*(\S+)", text)
    name = f"CBC {version[1]}" if version else "CBC"
    status = _cbc_status(prob, text)
    if status not in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
        return Solution(status, None, np.inf, -np.inf, name)
    # PuLP knows only variables that occur in a row or in the objective; others stay at zero.
    known = {id(variable) for variable in prob.variables()}
    lost = [v.name for v in variables if id(v) in known and v.varValue is None]
    if lost:
        raise SolverError(f"{name} called its point {status.value}, without a value of {lost[0]}")
    values = np.array([variable.varValue or 0.0 for variable in variables])
    value = float(model.cost @ values)
    lower = re.search(r"^Lower bound:\s*(\S+)", text, re.MULTILINE)
    bound = -np.inf
    if lower:
        bound = float(lower[1]) / scale
    elif status is PlanStatus.OPTIMAL:
        # CBC calls a point optimal when it gave up branches within the gap: no more than that is proved.
        bound = value - options.gap_averted * abs(value)
    return Solution(status, values, np.inf, bound, name)


def _cbc_status(prob: Any, log: str) -> PlanStatus:
    """Return our status of a CBC run: an early stop is never optimal, whatever PuLP says."""
    import pulp

    if prob.status == pulp.LpStatusUnbounded:
        return PlanStatus.UNBOUNDED
    if prob.status == pulp.LpStatusInfeasible:
        return PlanStatus.INFEASIBLE
    if prob.sol_status == pulp.LpSolutionOptimal and "Stopped" not in log:
        return PlanStatus.OPTIMAL
    if prob.sol_status in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
        return PlanStatus.FEASIBLE
    return PlanStatus.NO_INCUMBENT
