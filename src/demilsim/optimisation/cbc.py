"""CBC, the second solver: a program whose log says what its solution file leaves out."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale, pulp_problem
from demilsim.optimisation.mps import mps_text
from demilsim.optimisation.status import PlanStatus, Solution, SolveOptions
from demilsim.plan import Floats

OUTCOMES = {
    "Optimal": PlanStatus.OPTIMAL,
    "Infeasible": PlanStatus.INFEASIBLE,
    "Unbounded": PlanStatus.UNBOUNDED,
}
"""First words of the solution that CBC prints of a linear program; it says others if it stopped."""

_INTEGER, _DOUBLE = np.dtype(np.int32).itemsize, np.dtype(np.float64).itemsize


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


@dataclass(frozen=True)
class LpPoint:
    """An optimum of a linear program with its duals, in all the digits that CBC computes with.

    Parameters
    ----------
    values, reduced_cost
        Of the columns, shape (column,).
    dual
        Change of the objective per unit of right-hand side, shape (row,).
    """

    values: Floats
    reduced_cost: Floats
    dual: Floats


def solve_lp_cbc(
    model: Model, path: str, bounds: tuple[Floats, Floats] | None = None
) -> tuple[PlanStatus, LpPoint | None]:
    """Return what CBC makes of a model, integers dropped; no point unless it is optimal.

    PuLP hands over coefficients of 13 digits and reads values of eight, which is all that CBC prints.
    Objectives that are less than that apart, as those a small step of a limit apart, are lost in it; so all
    digits are written, and the point is read from the file of doubles that CBC saves.

    Parameters
    ----------
    model
        The model.
    path
        Program file of CBC.
    bounds
        Other lower and upper bounds, each of shape (column,).

    Raises
    ------
    SolverError
        If CBC cannot run, stops early, or saves no point.
    """
    scale = cost_scale(model.cost)
    with tempfile.TemporaryDirectory() as folder:
        program, printed, saved = (Path(folder) / name for name in ("lp.mps", "lp.sol", "lp.bin"))
        program.write_text(mps_text(model, scale, bounds), encoding="ascii")
        _run(path, program, "-initialSolve", "-solution", printed, "-saveSolution", saved)
        if not printed.exists():
            raise SolverError("CBC wrote no solution")
        told = printed.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
        status = OUTCOMES.get(told.partition(" ")[0])
        if status is None:
            raise SolverError(f"CBC stopped: {told}")
        if status is not PlanStatus.OPTIMAL:
            return status, None
        dual, values, reduced = _saved_point(saved, model.rows, model.cost.size)
    return status, LpPoint(values=values, reduced_cost=reduced / scale, dual=dual / scale)


def _run(path: str, *words: str | Path) -> None:
    """Run CBC without its words on the screen."""
    try:
        done = subprocess.run(
            [path, *map(str, words)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    except OSError as error:
        # A program for another processor, or one that may not be run.
        raise SolverError(f"CBC failed: {error}") from error
    if done.returncode != 0:
        raise SolverError(f"CBC failed with code {done.returncode}: {done.stdout[-200:]}{done.stderr[-200:]}")


def _saved_point(saved: Path, rows: int, columns: int) -> tuple[Floats, Floats, Floats]:
    """Return duals of rows, values of columns and reduced costs from the file that CBC saves.

    It holds two integers, the numbers of rows and columns, then doubles: the objective, what rows add up to,
    their duals, the values of columns and their reduced costs.
    """
    content = saved.read_bytes() if saved.exists() else b""
    length = 2 * _INTEGER + (1 + 2 * (rows + columns)) * _DOUBLE
    if len(content) != length or tuple(np.frombuffer(content, np.int32, 2)) != (rows, columns):
        raise SolverError(
            f"CBC saved {len(content)} bytes of a point of {rows} rows and {columns} columns; "
            f"expected {length}, as from CBC 2.10"
        )
    doubles = np.frombuffer(content, np.float64, offset=2 * _INTEGER)[1 + rows :]
    dual, values, reduced = np.split(doubles, np.cumsum([rows, columns]))
    return dual, values, reduced
