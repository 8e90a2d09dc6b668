"""The later traps of PuLP, HiGHS and CBC: statuses, the clock, programs, gaps, what is kept, wild numbers.

Nothing here is stopped by the clock: limits are on iterations, nodes and improving solutions.
"""

from __future__ import annotations

import datetime as dt
import gc
from dataclasses import fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import highspy
import numpy as np
import pulp
import pytest

from demilsim.errors import SolverError
from demilsim.optimisation import cbc, highs
from demilsim.optimisation import solve as solving
from demilsim.optimisation.assemble import Model, assemble, cost_scale
from demilsim.optimisation.bridge import arrays_of_model, hand_over
from demilsim.optimisation.highs import silent_stdout
from demilsim.optimisation.kept import keep
from demilsim.optimisation.relaxations import ways_out
from demilsim.optimisation.rows import Columns, Sense
from demilsim.optimisation.solve import PlanStatus, SolveOptions, relative_gap, solve
from demilsim.optimisation.task import make_task
from optimisation.instances import coefficients, model, random_knapsacks, two_towns
from optimisation.random_cases import case, random_scenario

EXACT = SolveOptions(gap_averted=0.0)
SOLVERS = ("HiGHS", "CBC")


# 11 Status


HIGHS_MAPPING = {
    "kOptimal": PlanStatus.OPTIMAL, "kModelEmpty": PlanStatus.OPTIMAL,
    "kInfeasible": PlanStatus.INFEASIBLE, "kUnbounded": PlanStatus.UNBOUNDED,
    "kSolutionLimit": None, "kIterationLimit": None, "kTimeLimit": None, "kInterrupt": None,
}  # fmt: skip
"""Ours for each of HiGHS's; None where it depends on whether there is a point. All others are errors."""


@pytest.mark.parametrize("name", sorted(highspy.HighsModelStatus.__members__))
@pytest.mark.parametrize("point", [False, True])
def test_trap_11_every_status_of_highs(name: str, point: bool) -> None:
    """Each status that HiGHS knows is one of ours or an error; a stop is never optimal."""
    feasible = highspy.SolutionStatus.kSolutionStatusFeasible if point else 0
    fake = SimpleNamespace(
        getModelStatus=lambda: highspy.HighsModelStatus.__members__[name],
        getInfo=lambda: SimpleNamespace(primal_solution_status=int(feasible)),
        modelStatusToString=str,
    )
    if name not in HIGHS_MAPPING:
        with pytest.raises(SolverError, match="stopped with"):
            highs.highs_status(fake)
        return
    stopped = PlanStatus.FEASIBLE if point else PlanStatus.NO_INCUMBENT
    assert highs.highs_status(fake) is (HIGHS_MAPPING[name] or stopped)


@pytest.mark.parametrize(
    ("status", "solution", "log", "expected"),
    [
        (pulp.LpStatusOptimal, pulp.LpSolutionOptimal, "Result - Optimal", PlanStatus.OPTIMAL),
        (pulp.LpStatusOptimal, pulp.LpSolutionOptimal, "Result - Stopped on nodes", PlanStatus.FEASIBLE),
        (pulp.LpStatusOptimal, pulp.LpSolutionIntegerFeasible, "Result - Stopped", PlanStatus.FEASIBLE),
        (pulp.LpStatusOptimal, pulp.LpSolutionNoSolutionFound, "", PlanStatus.NO_INCUMBENT),
        (pulp.LpStatusNotSolved, pulp.LpSolutionNoSolutionFound, "Stopped", PlanStatus.NO_INCUMBENT),
        (pulp.LpStatusInfeasible, pulp.LpSolutionInfeasible, "", PlanStatus.INFEASIBLE),
        (pulp.LpStatusUnbounded, pulp.LpSolutionUnbounded, "", PlanStatus.UNBOUNDED),
        (pulp.LpStatusUndefined, pulp.LpSolutionNoSolutionFound, "", PlanStatus.NO_INCUMBENT),
    ],
)
def test_trap_11_every_status_of_cbc(status: int, solution: int, log: str, expected: PlanStatus) -> None:
    """What PuLP reads from CBC is believed only together with CBC's own log."""
    assert cbc._cbc_status(SimpleNamespace(status=status, sol_status=solution), log) is expected


def test_trap_11_optimal_without_a_solution(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that says optimal and returns no values is an error, not a plan of zeros."""

    def claim(prob: Any, *_: Any) -> int:
        prob.status, prob.sol_status = pulp.LpStatusOptimal, pulp.LpSolutionOptimal
        return pulp.LpStatusOptimal

    monkeypatch.setattr(pulp.LpProblem, "solve", claim)
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: "Result - Optimal solution found")
    with pytest.raises(SolverError, match="called its point optimal, without a value of x0"):
        cbc.solve_cbc(random_knapsacks(0, 8, 2), EXACT, "cbc")


# 12 and 13 The clock, and a program that does not run


def test_trap_12_no_clock_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """CBC counts processor time, PuLP gives elapsed time, both check late: CBC is not told of any limit."""
    given: dict[str, Any] = {}
    original = pulp.COIN_CMD.__init__

    def spy(self: Any, **options: Any) -> None:
        given.update(options)
        original(self, **options)

    monkeypatch.setattr(pulp.COIN_CMD, "__init__", spy)
    solve(random_knapsacks(0, 8, 2), SolveOptions(solvers=("CBC",)))
    assert given["maxNodes"] == SolveOptions().node_limit
    assert given["threads"] == 1
    assert given.get("timeLimit") is None
    assert "time_limit" not in highs.HIGHS_OPTIONS
    assert not any("time" in field.name and field.default is not None for field in fields(SolveOptions))


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # PuLP's, of the log
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 1\n", "not a program"])
def test_trap_13_program_that_fails_is_a_note(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str
) -> None:
    """A CBC for another processor fails on start: the next solver takes over and says so."""
    broken = tmp_path / "cbc"
    broken.write_text(script)
    broken.chmod(0o755)
    monkeypatch.setattr(solving, "cbc_path", lambda: str(broken))
    found = solve(random_knapsacks(0, 8, 2), SolveOptions(solvers=("CBC", "HiGHS")))
    assert found.solver.startswith("HiGHS")
    assert "CBC failed" in found.notes[0]
    with pytest.raises(SolverError, match="CBC failed"):
        solve(random_knapsacks(0, 8, 2), SolveOptions(solvers=("CBC",)))
    gc.collect()


# 14 Gaps


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("seed", range(4))
def test_trap_14_one_gap_for_both_solvers(seed: int, solver: str) -> None:
    """HiGHS divides by the incumbent, CBC by the bound: each stays within ours, and its bound is one."""
    gap = 0.1
    instance = random_knapsacks(seed, 40, 10)
    optimum = solve(instance, EXACT).objective
    found = solve(instance, SolveOptions(gap_averted=gap, node_limit=10**6, solvers=(solver,)))
    assert found.status is PlanStatus.OPTIMAL
    assert found.bound <= optimum + 1e-6
    assert found.objective - optimum <= gap * -found.objective
    assert relative_gap(found.objective, found.bound) <= gap * (1.0 + 1e-6)


# 15 No smallest conflict from PuLP


def test_trap_15_ways_out_are_the_families_of_the_solvers_conflict() -> None:
    """HiGHS's smallest conflict of rows names money and dates, and no room; so do the ways out."""
    lots = [lot.model_copy(update={"destroy_by": dt.date(2027, 1, 1)}) for lot in two_towns().lots]
    scenario = replace(two_towns(), lots=tuple(lots))
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(())
    instance = assemble(problem, np.zeros(problem.flows.group.size), 0.0)
    solver = hand_over(arrays_of_model(instance), whole=False)
    with silent_stdout():
        assert solver.setOptionValue("iis_strategy", 6) == highspy.HighsStatus.kOk
        solver.run()
        status, conflict = solver.getIis()
    assert status == highspy.HighsStatus.kOk
    assert solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
    family = [rows.family for rows in instance.families for _ in rows.names]
    assert {family[row] for row in conflict.row_index_} == {"payments", "budget", "destroy_by"}
    found = {name for way in ways_out(task, EXACT) for name in way.families}
    assert found == {"budget", "destroy_by"}


# 16 and 17 What is kept


def test_trap_16_kept_basis_never_changes_an_optimum() -> None:
    """After ten cost changes and bounds for one solve only, the kept model agrees with a new one."""
    instance = case(random_scenario(7, possible=0), by_period=True).model
    kept, rng = keep(instance), np.random.default_rng(0)
    for _ in range(10):
        cost = instance.cost * rng.uniform(0.2, 2.0, instance.cost.size)
        half = (np.zeros(cost.size), np.where(rng.random(cost.size) < 0.5, 0.0, instance.columns.upper))
        limited = kept.minimise(cost, half)
        assert limited.values is None or np.all(limited.values <= half[1] + 1e-7)
        found, fresh = kept.minimise(cost).values, keep(instance).minimise(cost).values
        assert found is not None
        assert fresh is not None
        assert cost @ found == pytest.approx(cost @ fresh, rel=1e-9)


def test_trap_17_two_kept_models_do_not_mix() -> None:
    """Solves of two kept models in turn give what each gives alone."""
    models = [random_knapsacks(seed, 20, 6).lp_relaxation() for seed in (1, 2)]
    alone = [keep(each).minimise(each.cost).values for each in models]
    both = [keep(each) for each in models]
    for _ in range(3):
        for each, kept, expected in zip(models, both, alone, strict=True):
            assert np.allclose(kept.minimise(each.cost).values, expected)


# 18 Numbers that are none


@pytest.mark.parametrize("wild", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["cost", "coefficient", "limit", "constant"])
def test_trap_18_wild_numbers_never_reach_a_solver(where: str, wild: float) -> None:
    """HiGHS calls NaN costs optimal, PuLP lets infinite coefficients pass: a model with either is refused."""
    values = {"cost": -1.0, "coefficient": 1.0, "limit": 1.0, "constant": 0.0, where: wild}
    with pytest.raises(AssertionError, match="finite"):
        model(
            [values["cost"], -1.0], [([values["coefficient"], 1.0], Sense.AT_MOST, values["limit"])],
            [1.0, 1.0], constant=values["constant"],
        )  # fmt: skip


def test_trap_18_wild_costs_never_reach_a_kept_model() -> None:
    """A gradient that is not a number stops the descent with a sentence, not with a wrong vertex."""
    instance = random_knapsacks(0, 8, 2).lp_relaxation()
    with pytest.raises(AssertionError, match="finite"):
        keep(instance).minimise(np.where(np.arange(8) == 3, np.nan, instance.cost))
    with pytest.raises(AssertionError, match="bound is not a number"):
        Model(Columns(("x",), np.array([np.nan]), np.array([False])), (), np.zeros(1), 0.0)


def test_trap_18_costs_are_scaled_without_rounding() -> None:
    """Harm of 1e-9 persons per tonne reaches the solver at its own scale, by a power of two."""
    costs = np.array([3e-9, -1e-12])
    scale = cost_scale(costs)
    assert np.log2(scale) == int(np.log2(scale))
    assert 512.0 < np.max(np.abs(scale * costs)) <= 1024.0
