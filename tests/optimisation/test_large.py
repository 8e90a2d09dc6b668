"""What keeps large models light and near the best: counts, hand-over, relax-and-fix, bounds from prices."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from demilsim.optimisation import relax_and_fix as relaxing
from demilsim.optimisation.assemble import Model, assemble, pulp_problem
from demilsim.optimisation.bridge import arrays_of_model, arrays_of_pulp
from demilsim.optimisation.highs import solve_highs
from demilsim.optimisation.interior import bound_from_duals, implied_upper, relax
from demilsim.optimisation.kept import keep
from demilsim.optimisation.relax_and_fix import relax_and_fix
from demilsim.optimisation.rows import Sense
from demilsim.optimisation.solve import PlanStatus, SolveOptions, solve
from optimisation.instances import model, random_knapsacks
from optimisation.random_cases import case, random_scenario

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from instances_optimiser import SIZES, instance

EXACT = SolveOptions(gap_averted=0.0)
STOPPED = SolveOptions(gap_averted=0.0, node_limit=0)


@pytest.fixture(scope="module")
def small() -> Model:
    """Return the small instance of the benchmark, seed 0."""
    generated = instance(SIZES["small"], 0)
    problem = generated.problem()
    harm, cost = generated.linear(problem)
    return assemble(problem, cost, harm.do_nothing)


def test_size_of_the_small_model(small: Model) -> None:
    """A formulation that grows is noticed: rows, columns and coefficients are counted to the last one."""
    by_family = {rows.family: (len(rows.names), rows.row.size) for rows in small.families}
    assert by_family == {
        "stock": (29, 1499), "working_days": (199, 1668), "permits": (5, 136), "worker_risk": (0, 0),
        "commissioning": (10, 160), "ordered": (160, 470), "cumulative_cuts": (716, 8784),
        "payments": (240, 2316), "budget": (80, 644), "commitments": (0, 0), "destroy_by": (0, 0),
    }  # fmt: skip
    assert (small.rows, small.cost.size, small.matrix().nnz) == (1439, 2387, 15677)


def test_both_ways_hand_over_the_same_model(small: Model) -> None:
    """What comes back from PuLP is, to the bit, what our own rows hold."""
    ours, theirs = arrays_of_model(small), arrays_of_pulp(*pulp_problem(small))
    for part in ("cost", "most", "integer", "lower", "upper", "start", "index", "value"):
        np.testing.assert_array_equal(getattr(ours, part), getattr(theirs, part), err_msg=part)


def _one_by_one(own: Model, whole: bool) -> float:
    """Return the optimum of a model put back into single orders, u[o] being the sum of z up to o."""
    families = {rows.family: rows for rows in own.families}
    links = replace(own, families=(families.pop("ordered"),)).matrix().toarray()
    u = np.array([name.startswith("u") for name in own.columns.names])
    z = np.array([name.startswith("o") for name in own.columns.names])
    sums = np.linalg.solve(links[:, u], -links[:, z])
    rest = replace(own, families=tuple(families.values()))
    matrix = rest.matrix().toarray()
    direct = matrix[:, ~u]
    direct[:, z[~u]] += matrix[:, u] @ sums
    found = milp(
        own.cost[~u], bounds=Bounds(0.0, own.columns.upper[~u]), integrality=z[~u] & whole,
        constraints=LinearConstraint(direct, *rest.row_bounds()), options={"mip_rel_gap": 0.0},
    )  # fmt: skip
    return float(found.fun)


def test_orders_by_date_have_the_relaxation_of_single_orders(small: Model) -> None:
    """Columns of what was ordered by then neither tighten nor loosen the relaxation."""
    assert _one_by_one(small, whole=False) == pytest.approx(_relaxed(small), rel=1e-7)


@pytest.mark.parametrize("seed", range(6))
def test_orders_by_date_have_the_optimum_of_single_orders(seed: int) -> None:
    """On small programmes both ways of writing orders have the same best plan."""
    own = case(random_scenario(seed), by_period=True).model
    found = solve(own, EXACT).objective - own.constant
    assert _one_by_one(own, whole=True) == pytest.approx(found, rel=1e-7, abs=1e-9 * own.constant)


def _relaxed(small: Model) -> float:
    values = keep(small).minimise(small.cost).values
    assert values is not None
    return float(small.cost @ values)


@pytest.mark.parametrize("seed", range(12))
def test_relax_and_fix_finds_a_plan_no_better_than_the_optimum(seed: int) -> None:
    """On small programmes the plan keeps every row, and the exact optimum is at most as harmful."""
    own = case(random_scenario(seed), by_period=True).model
    values = relax_and_fix(own)
    assert values is not None
    assert own.violations(values) == ()
    assert own.objective(values) >= solve(own, EXACT).objective - 1e-7 * abs(own.constant)


def test_relax_and_fix_from_an_interior_point(small: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large model begins with interior point: a plan all the same, in whole orders, and about as good."""
    by_simplex = relax_and_fix(small)
    monkeypatch.setattr(relaxing, "INTERIOR_COLUMNS", 1)
    values = relax_and_fix(small)
    assert values is not None
    assert by_simplex is not None
    assert not small.violations(values)
    averted = small.constant - small.objective(by_simplex)
    assert small.objective(values) == pytest.approx(small.objective(by_simplex), abs=0.02 * averted)
    assert relax_and_fix(model([1.0, 1.0], [([2.0, 2.0], Sense.EQUAL, 1.0)], [1.0, 1.0])) is None
    impossible = model([1.0], [([1.0], Sense.AT_LEAST, 2.0)], [1.0])
    assert relax_and_fix(impossible) is None


def test_relax_and_fix_goes_to_the_other_side() -> None:
    """2x + 2y = 2 with x + y <= 3 z, z nearly 1/3 in the relaxation: rounding z down leaves no point."""
    rows = [([2.0, 2.0, 0.0], Sense.EQUAL, 2.0), ([1.0, 1.0, -3.0], Sense.AT_MOST, 0.0)]
    values = relax_and_fix(model([1.0, 2.0, 5.0], rows, [1.0, 1.0, 1.0]))
    assert values is not None
    np.testing.assert_allclose(values, [1.0, 0.0, 1.0], atol=1e-9)


def test_relax_and_fix_without_any_point() -> None:
    """In whole numbers 2x + 2y = 1 has no point, although its relaxation does."""
    assert relax_and_fix(model([1.0, 1.0], [([2.0, 2.0], Sense.EQUAL, 1.0)], [1.0, 1.0])) is None


def test_a_milp_stopped_without_a_plan_gets_one_from_relaxations() -> None:
    """HiGHS stopped before its root has nothing; the plan is checked, never called optimal, and said so."""
    instance = random_knapsacks(0, 60, 30)
    assert solve_highs(instance, STOPPED).status is PlanStatus.NO_INCUMBENT
    found = solve(instance, STOPPED)
    assert found.status is PlanStatus.FEASIBLE
    assert found.values is not None
    assert instance.violations(found.values) == ()
    assert "relaxations" in found.notes[-1]


@pytest.mark.parametrize("seed", range(6))
def test_bound_from_any_prices_is_below_the_optimum(seed: int) -> None:
    """Prices drawn at random, of any sign and size, prove a bound that the optimum does not go below."""
    own = case(random_scenario(seed), by_period=True).model
    optimum = solve(own, EXACT).objective
    rng = np.random.default_rng(seed)
    duals = relax(own).duals
    for noise in (0.0, 0.1, 1.0, 10.0):
        priced = duals * (1.0 + noise * rng.normal(size=duals.size)) + noise * 1e-3 * rng.normal(
            size=duals.size
        )
        assert bound_from_duals(own, priced) <= optimum + 1e-9 * own.constant


def test_bound_by_interior_point_is_the_relaxation(small: Model) -> None:
    """Simplex and interior point agree on the relaxation to 1e-6 of what it averts."""
    averted = -_relaxed(small)
    found = relax(small)
    assert found.bound <= small.constant - averted + 1e-9 * averted
    assert found.bound >= small.constant - averted * (1.0 + 1e-6)


def test_money_is_bounded_by_what_came_in(small: Model) -> None:
    """Payments and money carried over, without bounds of their own, get finite ones from the rows."""
    most = implied_upper(small)
    assert np.isinf(small.columns.upper).any()
    assert np.all(np.isfinite(most))
    values = relax_and_fix(small)
    assert values is not None
    assert np.all(values <= most + 1e-6 * (1.0 + most))
