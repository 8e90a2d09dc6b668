"""Optima with all their digits, in both solvers, and how exactly they are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.cbc import cbc_path, solve_lp_cbc
from demilsim.optimisation.duals import optimum_after, priced, rounding
from demilsim.optimisation.rows import Sense
from demilsim.optimisation.status import PlanStatus
from optimisation.instances import model

SOLVERS = ("HiGHS", "CBC")
EXACT = 1e-12
"""Relative difference of what a solver computes in doubles from what it is by hand [1]."""


def large_and_small() -> Model:
    """Return harm of thousands averted by 1/3 of a column, and of thousandths by another that has a limit."""
    rows = [([3.0, 0.0], Sense.AT_MOST, 1.0), ([0.0, 7.0], Sense.AT_MOST, 2.0)]
    return model([-6_000.0, -1e-3], rows, [np.inf, np.inf], integer=False)


@pytest.mark.parametrize("solver", SOLVERS)
def test_optimum_has_all_its_digits(solver: str) -> None:
    """Columns are 1/3 and 2/7 to the last digits, duals 2000 and 1/7000."""
    small = large_and_small()
    lp = priced(small, solver)
    values = lp.minimise(small.cost).values
    assert values is not None
    assert values.tolist() == pytest.approx([1.0 / 3.0, 2.0 / 7.0], rel=EXACT)
    duals = lp.duals(small.cost)
    assert duals is not None
    assert duals.objective == pytest.approx(-2_000.0 - 2e-3 / 7.0, rel=EXACT)
    assert duals.row.tolist() == pytest.approx([-2_000.0, -1e-3 / 7.0], rel=EXACT)
    assert duals.column.tolist() == pytest.approx([0.0, 0.0], abs=EXACT)


@pytest.mark.parametrize("solver", SOLVERS)
def test_small_step_beside_a_large_objective_is_told(solver: str) -> None:
    """A hundredth more of the second limit averts 1/700,000: 7e-10 of the objective, less than CBC prints."""
    small = large_and_small()
    lp = priced(small, solver)
    before = optimum_after(lp, small.cost, np.zeros(2))
    after = optimum_after(lp, small.cost, np.array([0.0, 0.01]))
    gain = before.objective - after.objective
    unknown = before.rounding + after.rounding
    assert gain == pytest.approx(1e-5 / 7.0, abs=unknown)
    assert unknown < 1e-5 * gain


@pytest.mark.parametrize("solver", SOLVERS)
def test_limits_are_as_before_after_a_change(solver: str) -> None:
    """Where nothing is possible the optimum is infinite; afterwards it is what it was."""
    small = large_and_small()
    lp = priced(small, solver)
    none = optimum_after(lp, small.cost, np.array([-2.0, 0.0]))
    assert none.objective == np.inf
    assert optimum_after(lp, small.cost, np.zeros(2)).objective == pytest.approx(-2_000.0 - 2e-3 / 7.0)


def test_rounding_is_what_limits_are_missed_by_times_their_duals() -> None:
    """A point off a limit by 1e-6, with a dual of 2, is known to 2e-6; a column held at 4 by -3, likewise."""
    matrix = csr_array(np.array([[1.0, 0.0]]))
    cost, dual = np.array([-2.0, -3.0]), np.array([-2.0])
    limits = (matrix, (np.array([-np.inf]), np.array([5.0])), np.array([np.inf, 4.0]), cost)
    last = 2.0 * 22.0 * np.finfo(float).eps
    assert rounding(*limits, np.array([5.0, 4.0]), dual) <= last
    assert rounding(*limits, np.array([5.0 - 1e-6, 4.0]), dual) == pytest.approx(2e-6, abs=last)
    assert rounding(*limits, np.array([5.0, 4.0 - 1e-6]), dual) == pytest.approx(3e-6, abs=last)


def test_rounding_bounds_the_error_of_printed_digits() -> None:
    """Eight digits of each value, as CBC prints them, are off by no more than their rounding says."""
    small = large_and_small()
    status, point = solve_lp_cbc(small, cbc())
    assert status is PlanStatus.OPTIMAL
    assert point is not None
    printed = np.array([float(f"{value:.8g}") for value in point.values])
    off = abs(float(small.cost @ printed) - (-2_000.0 - 2e-3 / 7.0))
    told = rounding(small.matrix(), small.row_bounds(), small.columns.upper, small.cost, printed, point.dual)
    assert 1e-6 < off <= told * (1.0 + 1e-6)


def test_a_column_that_occurs_nowhere_stays_at_zero() -> None:
    """It is handed over with no cost; and an objective of nothing is one."""
    rows = [([1.0, 0.0, 1.0], Sense.AT_LEAST, 2.0)]
    gap = model([3.0, 0.0, 1.0], rows, [9.0, 9.0, 0.5], integer=False)
    _, point = solve_lp_cbc(gap, cbc())
    assert point is not None
    assert point.values.tolist() == [1.5, 0.0, 0.5]
    assert point.dual.tolist() == [3.0]
    assert point.reduced_cost.tolist() == [0.0, 0.0, -2.0]
    _, bounded = solve_lp_cbc(gap, cbc(), (np.array([1.75, 1.0, 0.0]), np.array([9.0, np.inf, 0.1])))
    assert bounded is not None
    assert bounded.values.tolist() == pytest.approx([1.9, 1.0, 0.1])
    _, free = solve_lp_cbc(model([0.0, 0.0, 0.0], rows, [9.0] * 3, integer=False), cbc())
    assert free is not None
    assert free.dual.tolist() == [0.0]


@pytest.mark.parametrize(
    ("rows", "upper", "status"),
    [
        ([([1.0], Sense.AT_LEAST, 2.0)], 1.0, PlanStatus.INFEASIBLE),
        ([([1.0], Sense.AT_LEAST, 2.0)], np.inf, PlanStatus.UNBOUNDED),
    ],
)
def test_no_point_without_an_optimum(
    rows: list[tuple[list[float], Sense, float]], upper: float, status: PlanStatus
) -> None:
    """What CBC saves of a problem without an optimum is not handed over."""
    assert solve_lp_cbc(model([-1.0], rows, [upper], integer=False), cbc()) == (status, None)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\necho no licence; exit 3\n", "CBC failed with code 3: no licence"),
        ("not a program", "CBC failed"),
        ("#!/bin/sh\nexit 0\n", "CBC wrote no solution"),
        ('#!/bin/sh\necho "Optimal - objective value 0" > $4\n', "saved 0 bytes .* expected 80"),
        ('#!/bin/sh\necho "Stopped on time" > $4\n', "CBC stopped: Stopped on time"),
    ],
)
def test_a_program_that_saves_no_point_is_an_error(tmp_path: Path, script: str, message: str) -> None:
    """A point is never made up of printed digits instead."""
    program = tmp_path / "cbc"
    program.write_text(script)
    program.chmod(0o755)
    with pytest.raises(SolverError, match=message):
        solve_lp_cbc(large_and_small(), str(program))


def cbc() -> str:
    """Return the program file of CBC."""
    path = cbc_path()
    assert path is not None, "the tests need CBC"
    return path
