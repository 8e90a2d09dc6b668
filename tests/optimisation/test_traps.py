"""Traps of PuLP, HiGHS and CBC that our wrappers must not fall into, numbered as they were collected.

Nothing here is stopped by the clock: limits are on iterations, nodes and improving solutions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import highspy
import numpy as np
import pulp
import pytest

from demilsim.errors import SolverError
from demilsim.optimisation import highs
from demilsim.optimisation import solve as solving
from demilsim.optimisation.assemble import pulp_problem
from demilsim.optimisation.kept import keep
from demilsim.optimisation.rows import Sense
from demilsim.optimisation.solve import PlanStatus, SolveOptions, solve
from demilsim.scenario.scenario import Scenario
from optimisation.instances import build_or_not, model, random_knapsacks
from optimisation.random_cases import case, random_scenario
from worlds import fund, tranche

EXACT = SolveOptions(gap_averted=0.0)
SOLVERS = ("HiGHS", "CBC")


# 1 Silent infeasibility


def test_trap_1_linear_program_stopped_early_is_not_optimal(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one simplex iteration HiGHS has a point; if it breaks a row we hand over none."""
    for option, value in {"simplex_iteration_limit": 1, "presolve": "off", "solver": "simplex"}.items():
        monkeypatch.setitem(highs.HIGHS_OPTIONS, option, value)
    for seed in range(5):
        found = solve(random_knapsacks(seed, 30, 12).lp_relaxation(), EXACT)
        assert found.status in (PlanStatus.FEASIBLE, PlanStatus.NO_INCUMBENT)
        assert (found.values is None) == (found.status is PlanStatus.NO_INCUMBENT)


def test_trap_1_milp_stopped_early_is_not_optimal(monkeypatch: pytest.MonkeyPatch) -> None:
    """At its node limit HiGHS has an incumbent, which PuLP calls optimal; we call it feasible."""
    instance = random_knapsacks(0, 60, 30)
    found = solve(instance, SolveOptions(gap_averted=0.0, node_limit=1))
    assert found.status is PlanStatus.FEASIBLE
    assert found.bound < found.objective
    # An incumbent that the solver calls optimal and that breaks a row is refused.
    claimed = replace(found, status=PlanStatus.OPTIMAL, values=np.ones(60))
    monkeypatch.setattr(solving, "solve_highs", lambda *_: claimed)
    refused = solve(instance, EXACT)
    assert refused.status is PlanStatus.NO_INCUMBENT
    assert "violates row" in refused.notes[0]


def test_trap_1_kept_model_stopped_early_has_no_vertex() -> None:
    """The kept model hands over values only of a finished solve."""
    instance = random_knapsacks(1, 30, 12).lp_relaxation()
    kept: Any = keep(instance)
    for option, value in {"simplex_iteration_limit": 1, "presolve": "off"}.items():
        kept._highs.setOptionValue(option, value)
    vertex = kept.minimise(instance.cost)
    assert vertex.status is not PlanStatus.OPTIMAL
    assert vertex.values is None


# 2 Constant


@pytest.mark.parametrize("solver", SOLVERS)
def test_trap_2_constant_changes_neither_stop_nor_gap(solver: str) -> None:
    """A constant never reaches PuLP, which would drop it; the plan and its gap are the same with any."""
    options = SolveOptions(gap_averted=0.02, solvers=(solver,))
    bare, shifted = (solve(random_knapsacks(3, 40, 10, constant=c), options) for c in (0.0, 1285.0))
    assert pulp_problem(random_knapsacks(3, 40, 10, constant=1285.0))[0].objective.constant == 0.0
    assert bare.values is not None
    assert shifted.values is not None
    assert np.array_equal(bare.values, shifted.values)
    assert shifted.objective - bare.objective == pytest.approx(1285.0)
    assert shifted.bound - bare.bound == pytest.approx(1285.0)


# 3 Threads


def test_trap_3_other_thread_count_in_the_process_is_said(capfd: pytest.CaptureFixture[str]) -> None:
    """After somebody ran HiGHS on two threads ours refuses to run: CBC takes over and the note says so."""
    other = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 2, "parallel": "on"}.items():
        other.setOptionValue(option, value)
    kept: Any = keep(random_knapsacks(0, 40, 10))
    try:
        highspy.Highs.resetGlobalScheduler(True)
        other.passModel(kept._highs.getLp())
        other.run()
        instance = random_knapsacks(1, 10, 3)
        found = solve(instance, EXACT)
        if found.solver.startswith("CBC"):
            assert "HiGHS" in found.notes[0]
            with pytest.raises(SolverError, match="returned an error on: run"):
                keep(instance.lp_relaxation()).minimise(instance.cost)
    finally:
        highspy.Highs.resetGlobalScheduler(True)
    again = solve(instance, EXACT)
    assert again.solver.startswith("HiGHS")
    assert found.objective == pytest.approx(again.objective)
    capfd.readouterr()


# 4 Solution limit


def test_trap_4_solution_limit_is_a_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """PuLP has no name for HiGHS's stop at a number of solutions; here it is feasible, with a bound."""
    monkeypatch.setitem(highs.HIGHS_OPTIONS, "mip_max_improving_sols", 1)
    found = solve(random_knapsacks(0, 60, 30), EXACT)
    assert found.status is PlanStatus.FEASIBLE
    assert found.bound < found.objective


# 5 Options


@pytest.mark.parametrize(("option", "value"), [("no_such_option", 1), ("mip_max_nodes", "many")])
def test_trap_5_option_that_highs_refuses_is_an_error(
    monkeypatch: pytest.MonkeyPatch, option: str, value: Any
) -> None:
    """HiGHS carries on with its default after a wrong option; we do not."""
    monkeypatch.setitem(highs.HIGHS_OPTIONS, option, value)
    with pytest.raises(SolverError, match=f"option {option}"):
        solve(random_knapsacks(0, 8, 2), SolveOptions(solvers=("HiGHS",)))


@pytest.mark.parametrize("solver", SOLVERS)
def test_trap_5_gap_and_nodes_reach_the_solver(solver: str) -> None:
    """Options that got lost would show: a wide gap stops at once, no gap goes on to the optimum."""
    instance = random_knapsacks(0, 60, 30)
    wide = solve(instance, SolveOptions(gap_averted=0.5, node_limit=10**6, solvers=(solver,)))
    none = solve(instance, SolveOptions(gap_averted=0.0, node_limit=1, solvers=(solver,)))
    assert wide.status is PlanStatus.OPTIMAL
    assert wide.objective > wide.bound + 1e-6
    assert none.status is PlanStatus.FEASIBLE


# 6 Names


def named(*ids: str) -> Scenario:
    """Return two plants and three funds under names of one's own."""
    base = build_or_not()
    new = dict(zip(("F-1", "KILN"), ids[:2], strict=True))
    return replace(
        base,
        facilities=tuple(f.model_copy(update={"facility_id": new[f.facility_id]}) for f in base.facilities),
        facility_rates=tuple(
            r.model_copy(update={"facility_id": new[r.facility_id]}) for r in base.facility_rates
        ),
        funds=(fund(ids[2]), fund(ids[3], use="capital")),
        tranches=(
            tranche("T1", ids[2], amount_usd=120_000.0), tranche("T2", ids[3], amount_usd=50_000.0),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("solver", SOLVERS)
def test_trap_6_names_that_pulp_would_merge(solver: str) -> None:
    """PuLP merges x-1, x.1 and X_1, and CBC crashes; with ours the optimum is that of plain names."""
    options = SolveOptions(gap_averted=0.0, solvers=(solver,))
    plain = solve(case(named("A", "B", "C", "D")).model, options)
    merged = case(named("x-1", "x.1", "X_1", "x_1")).model
    found = solve(merged, options)
    assert found.status is PlanStatus.OPTIMAL
    assert found.objective == pytest.approx(plain.objective, rel=1e-9)
    prob, variables = pulp_problem(merged)
    assert len({v.name for v in variables}) == len(variables)
    assert prob.numConstraints() == merged.rows


# 7 Infeasible results leave values


@pytest.mark.parametrize("solver", SOLVERS)
def test_trap_7_infeasible_result_has_no_values(solver: str) -> None:
    """CBC leaves a point outside the bounds, HiGHS zeros; neither is handed over."""
    rows = [([1.0, 1.0], Sense.AT_LEAST, 11.0), ([1.0, -1.0], Sense.AT_MOST, 2.0)]
    instance = model([1.0, 2.0], rows, [5.0, 5.0])
    found = solve(instance, SolveOptions(solvers=(solver,)))
    assert (found.status, found.values, found.objective) == (PlanStatus.INFEASIBLE, None, np.inf)
    assert keep(instance.lp_relaxation()).minimise(instance.cost).values is None


# 8 Signs


def test_trap_8_everything_is_minimised() -> None:
    """Signs of duals differ between solvers on maximisation only; no model of ours is maximised."""
    instance = case(random_scenario(0)).model
    assert pulp_problem(instance)[0].sense == pulp.LpMinimize
    kept: Any = keep(instance.lp_relaxation())
    assert kept._highs.getLp().sense_ == highspy.ObjSense.kMinimize


# 9 and 10 What PuLP swallows


@pytest.mark.parametrize("seed", range(3))
def test_trap_9_no_row_is_swallowed(seed: int) -> None:
    """PuLP drops what += True adds, and half of 1 <= x <= 2; row by row nothing is lost."""
    instance = case(random_scenario(seed)).model
    prob, variables = pulp_problem(instance)
    index = {v.name: j for j, v in enumerate(variables)}
    matrix, (lower, upper) = instance.matrix().toarray(), instance.row_bounds()
    names = [name for family in instance.families for name in family.names]
    assert prob.numConstraints() == len(names)
    for i, name in enumerate(names):
        row = prob.get_constraint_by_name(name)
        dense = np.zeros(len(variables))
        for variable, value in row.items():
            dense[index[variable.name]] = value
        assert np.array_equal(dense, matrix[i])
        assert {-1: upper[i], 0: lower[i], 1: lower[i]}[row.sense] == -row.constant
    objective = np.zeros(len(variables))
    for variable, value in prob.objective.items():
        objective[index[variable.name]] = value
    assert np.array_equal(objective, instance.cost)


def test_trap_10_every_variable_has_its_bounds() -> None:
    """PuLP's variables are free unless told; ours start at zero and end where the columns say."""
    instance = case(random_scenario(1)).model
    _, variables = pulp_problem(instance)
    uppers = zip(variables, instance.columns.upper, instance.columns.integer, strict=True)
    for variable, upper, integer in uppers:
        assert variable.lowBound == 0.0
        assert (variable.upBound is None) == (not np.isfinite(upper))
        assert variable.upBound is None or variable.upBound == upper
        assert (variable.cat == pulp.LpInteger) == integer
