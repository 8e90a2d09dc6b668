"""HiGHS, the first solver: built by PuLP, run and read by us."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model, cost_scale, pulp_problem
from demilsim.optimisation.bridge import arrays_of_pulp, check, hand_over
from demilsim.optimisation.status import PlanStatus, Solution, SolveOptions

HIGHS_OPTIONS = {
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
    "mip_heuristic_run_root_reduced_cost": False,
}
"""Heuristics that solve smaller MILPs: on few orders and many flows they took four fifths of the time, and
found nothing that rounding had not."""


def highs_available() -> bool:
    """Return whether highspy can be imported."""
    try:
        import highspy  # noqa: F401
    except ImportError:
        return False
    return True


def solve_highs(model: Model, options: SolveOptions) -> Solution:
    """Solve with HiGHS, built by PuLP; run and read by us, since PuLP knows no solution limit."""
    import highspy

    scale = cost_scale(model.cost)
    prob, variables = pulp_problem(model, scale)
    with silent_stdout():
        highs = hand_over(arrays_of_pulp(prob, variables))
        limits = {"mip_rel_gap": options.gap_averted, "mip_max_nodes": options.node_limit}
        for option, value in {**limits, **HIGHS_OPTIONS}.items():
            check(highs.setOptionValue(option, value), f"option {option}")
        check(highs.run(), "run")
        if highs.getModelStatus() == highspy.HighsModelStatus.kUnboundedOrInfeasible:
            check(highs.setOptionValue("presolve", "off"), "option presolve")
            check(highs.run(), "run without presolve")
    status = highs_status(highs)
    info = highs.getInfo()
    values = None
    if status in (PlanStatus.OPTIMAL, PlanStatus.FEASIBLE):
        values = np.array(highs.getSolution().col_value)
    bound = -np.inf
    if np.any(model.columns.integer) and np.isfinite(info.mip_dual_bound):
        bound = info.mip_dual_bound / scale
    elif status is PlanStatus.OPTIMAL:
        bound = info.objective_function_value / scale
    return Solution(status, values, np.inf, bound, highs_name())


def highs_name() -> str:
    """Return the name and version of HiGHS."""
    import highspy

    version = (highspy.HIGHS_VERSION_MAJOR, highspy.HIGHS_VERSION_MINOR, highspy.HIGHS_VERSION_PATCH)
    return "HiGHS " + ".".join(map(str, version))


def highs_status(highs: Any) -> PlanStatus:
    """Return our status of a HiGHS object that has run.

    Raises
    ------
    SolverError
        If HiGHS reports an error rather than a result.
    """
    import highspy

    status = highspy.HighsModelStatus
    found = highs.getModelStatus()
    if found in (status.kOptimal, status.kModelEmpty):
        return PlanStatus.OPTIMAL
    if found == status.kInfeasible:
        return PlanStatus.INFEASIBLE
    if found == status.kUnbounded:
        return PlanStatus.UNBOUNDED
    limits = (status.kSolutionLimit, status.kIterationLimit, status.kTimeLimit, status.kInterrupt)
    if found not in limits:
        raise SolverError(f"{highs_name()} stopped with {highs.modelStatusToString(found)!r}")
    feasible = highs.getInfo().primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
    return PlanStatus.FEASIBLE if feasible else PlanStatus.NO_INCUMBENT


@contextmanager
def silent_stdout() -> Iterator[None]:
    """Send file descriptor 1 nowhere for a while.

    HiGHS prints its banner from C++ whatever its options say; a JSON document on stdout must stay clean.
    The descriptor belongs to the whole process: what other threads print meanwhile is lost as well.
    """
    if sys.stdout is not None:
        sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:
        # Started without a standard output, there is nothing to keep clean.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
