from __future__ import annotations

import numpy as np
import pytest

from demilsim.errors import SolverError
from demilsim.optimisation import solve as solving
from demilsim.optimisation.kept import keep
from demilsim.optimisation.rows import Sense
from demilsim.optimisation.solve import PlanStatus, Solution, SolveOptions, relative_gap, solve
from optimisation.instances import model, random_knapsacks

EXACT = SolveOptions(gap_averted=0.0)
CBC = SolveOptions(gap_averted=0.0, solvers=("CBC",))


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
def test_knapsack_by_hand(solver: str) -> None:
    """Weights 5, 4, 3 worth 10, 9, 8 in a bag of 8: the first and the last, 18; by density 17 at most."""
    bag = model([-10.0, -9.0, -8.0], [([5.0, 4.0, 3.0], Sense.AT_MOST, 8.0)], [1.0] * 3)
    found = solve(bag, SolveOptions(gap_averted=0.0, solvers=(solver,)))
    assert found.status is PlanStatus.OPTIMAL
    assert found.values is not None
    assert found.values.round(6).tolist() == [1.0, 0.0, 1.0]
    assert found.objective == pytest.approx(-18.0)
    assert found.bound == pytest.approx(-18.0)
    assert found.solver.startswith(solver)
    assert found.notes == ()


@pytest.mark.parametrize("seed", range(10))
def test_two_solvers_agree(seed: int) -> None:
    """HiGHS and CBC find the same optimum of random packing problems."""
    instance = random_knapsacks(seed, columns=14, rows=4, constant=50.0)
    assert solve(instance, EXACT).objective == pytest.approx(solve(instance, CBC).objective, abs=1e-6)


@pytest.mark.parametrize("options", [EXACT, CBC], ids=["HiGHS", "CBC"])
@pytest.mark.parametrize("integer", [True, False])
def test_infeasible_is_said_so(options: SolveOptions, integer: bool) -> None:
    """Rows x + y <= 1 and x + y >= 2 leave no point, and no values are handed over."""
    rows = [([1.0, 1.0], Sense.AT_MOST, 1.0), ([1.0, 1.0], Sense.AT_LEAST, 2.0)]
    found = solve(model([1.0, 1.0], rows, [5.0, 5.0], integer), options)
    assert found.status is PlanStatus.INFEASIBLE
    assert found.values is None
    assert found.objective == np.inf


def test_empty_row_that_cannot_hold_is_infeasible() -> None:
    """A cost that no fund may pay is a row 0 >= 3, not a row to be forgotten."""
    rows = [([1.0], Sense.AT_MOST, 1.0), ([0.0], Sense.AT_LEAST, 3.0)]
    assert solve(model([-1.0], rows, [1.0]), EXACT).status is PlanStatus.INFEASIBLE


@pytest.mark.parametrize("options", [EXACT, CBC], ids=["HiGHS", "CBC"])
def test_unbounded_is_said_so(options: SolveOptions) -> None:
    """Nothing holds back a column that pays."""
    free = model([-1.0, 0.0], [([-1.0, 1.0], Sense.AT_MOST, 1.0)], [np.inf, 1.0], integer=False)
    assert solve(free, options).status is PlanStatus.UNBOUNDED


def test_node_limit_without_incumbent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped before the root, and without a plan from relaxations, we say so rather than hand over zeros."""
    monkeypatch.setattr(solving, "relax_and_fix", lambda _: None)
    found = solve(random_knapsacks(0, 60, 30), SolveOptions(node_limit=0, gap_averted=0.0))
    assert found.status is PlanStatus.NO_INCUMBENT
    assert found.values is None


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
def test_node_limit_with_incumbent(solver: str) -> None:
    """Stopped at its first node, a solver has a feasible point that is not called optimal, and a bound."""
    instance = random_knapsacks(0, 60, 30)
    found = solve(instance, SolveOptions(node_limit=1, gap_averted=0.0, solvers=(solver,)))
    assert found.status is PlanStatus.FEASIBLE
    assert found.values is not None
    assert instance.violations(found.values) == ()
    assert found.bound < found.objective


@pytest.mark.parametrize("options", [EXACT, CBC], ids=["HiGHS", "CBC"])
def test_constant_reaches_objective_and_bound(options: SolveOptions) -> None:
    """PuLP drops the constant on its way to HiGHS; ours comes back in both figures."""
    bag = model([-10.0, -9.0, -8.0], [([5.0, 4.0, 3.0], Sense.AT_MOST, 8.0)], [1.0] * 3, constant=1000.0)
    found = solve(bag, options)
    assert found.objective == pytest.approx(982.0)
    assert found.bound == pytest.approx(982.0)


def test_gap_is_of_what_is_averted_whatever_the_constant() -> None:
    """A gap of 1% is 1% of the harm averted, not 1% of a large harm that remains."""
    optimum = solve(random_knapsacks(3, 40, 10, constant=1e5), EXACT).objective
    found = solve(random_knapsacks(3, 40, 10, constant=1e5), SolveOptions(gap_averted=0.01))
    assert found.status is PlanStatus.OPTIMAL
    assert found.objective - optimum <= 0.01 * (1e5 - found.objective)
    assert found.objective - found.bound <= 0.0101 * (1e5 - found.objective)


def test_tiny_costs_are_not_lost_in_the_tolerance() -> None:
    """Harm of 1e-9 persons per tonne still decides, though solvers take reduced costs of 1e-7 as zero."""
    bag = model([-1.0e-9, -1.1e-9], [([1.0, 1.0], Sense.AT_MOST, 1.0)], [1.0, 1.0])
    found = solve(bag, EXACT)
    assert found.values is not None
    assert found.values.round(6).tolist() == [0.0, 1.0]


def test_without_highs_cbc_solves_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing first solver is a note, not an error."""
    monkeypatch.setattr(solving, "highs_available", lambda: False)
    found = solve(random_knapsacks(1, 10, 3), SolveOptions())
    assert found.solver.startswith("CBC")
    assert found.notes == ("HiGHS is not installed", f"solved with {found.solver} instead")


def test_without_any_solver_an_error_names_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """With neither solver the caller is told, and can take a rule."""
    monkeypatch.setattr(solving, "highs_available", lambda: False)
    monkeypatch.setattr(solving, "cbc_path", lambda: None)
    with pytest.raises(SolverError, match="HiGHS is not installed; CBC is not installed"):
        solve(random_knapsacks(1, 10, 3), SolveOptions())


def test_point_that_breaks_a_row_is_no_incumbent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver's word is checked: an optimal point outside the rows is refused, with the row's name."""
    claimed = Solution(PlanStatus.OPTIMAL, np.array([1.0, 1.0, 1.0]), np.inf, -27.0, "HiGHS test")
    monkeypatch.setattr(solving, "solve_highs", lambda *_: claimed)
    bag = model([-10.0, -9.0, -8.0], [([5.0, 4.0, 3.0], Sense.AT_MOST, 8.0)], [1.0] * 3)
    found = solve(bag, EXACT)
    assert found.status is PlanStatus.NO_INCUMBENT
    assert found.values is None
    assert "violates row row0" in found.notes[0]


@pytest.mark.parametrize(
    ("point", "wrong"),
    [
        ([0.5, 0.0, 0.0], "x0 is not whole"),
        ([-1.0, 0.0, 0.0], "bound of x0"),
        ([0.0, 2.0, 0.0], "bound of x1"),
        ([np.nan, 0.0, 0.0], "a value is not a number"),
    ],
)
def test_check_covers_bounds_and_integrality(point: list[float], wrong: str) -> None:
    """What PuLP and solvers leave in the values of a failed run does not pass."""
    bag = model([-10.0, -9.0, -8.0], [([5.0, 4.0, 3.0], Sense.AT_MOST, 8.0)], [1.0] * 3)
    assert wrong in bag.violations(np.array(point))


def test_standard_output_stays_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither solver prints a line, so that a JSON document on stdout stays one."""
    instance = random_knapsacks(1, 10, 3)
    solve(instance, EXACT)
    solve(instance, CBC)
    keep(instance).minimise(instance.cost)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_relative_gap_at_zero() -> None:
    """Gap is 0 if incumbent and bound are 0, infinite if only the incumbent is."""
    assert relative_gap(0.0, 0.0) == 0.0
    assert relative_gap(0.0, -1.0) == np.inf
    assert relative_gap(-10.0, -11.0) == pytest.approx(0.1)


def test_bound_of_cbc_claims_no_more_than_its_gap() -> None:
    """What CBC calls optimal within 5% is bounded by its log, or 5% below, never at the point itself."""
    instance = random_knapsacks(3, 40, 10)
    optimum = solve(instance, EXACT).objective
    found = solve(instance, SolveOptions(gap_averted=0.05, solvers=("CBC",)))
    assert found.bound <= optimum + 1e-6
    assert found.objective - found.bound <= 0.0501 * abs(found.objective)
