"""Two solvers on the same random programmes, built through every constraint family.

The scale of all comparisons is the averted harm: do nothing less the optimum, in weighted persons.
"""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.optimisation.constraints import FAMILIES
from demilsim.optimisation.kept import keep
from demilsim.optimisation.solve import PlanStatus, SolveOptions, solve
from optimisation.random_cases import Case, case, random_scenario

AGREEMENT = 1e-6
"""Largest difference of two optima, as a share of averted harm [1]."""

FAST, MANY = 30, 240
UNLIMITED = 10**6
"""Nodes: these models are solved to the end."""


def averted(instance: Case, solver: str) -> float:
    """Return the harm averted at the optimum that a solver claims and we have checked [persons]."""
    options = SolveOptions(gap_averted=0.0, node_limit=UNLIMITED, solvers=(solver,))
    found = solve(instance.model, options)
    assert found.status is PlanStatus.OPTIMAL, (solver, found.status, found.notes)
    assert found.solver.startswith(solver)
    assert found.values is not None
    assert found.objective - found.bound <= AGREEMENT * max(instance.model.constant - found.objective, 1e-9)
    return instance.model.constant - found.objective


def check_agreement(seed: int) -> None:
    """Check that HiGHS and CBC find the same optimum, in blocks of years and in single periods."""
    scenario = random_scenario(seed)
    for by_period in (False, True):
        instance = case(scenario, by_period)
        highs, cbc = averted(instance, "HiGHS"), averted(instance, "CBC")
        assert abs(highs - cbc) <= AGREEMENT * max(highs, cbc), (seed, by_period, highs, cbc)


@pytest.mark.parametrize("seed", range(FAST // 2))
def test_two_solvers_agree_on_programmes(seed: int) -> None:
    """HiGHS and CBC agree on commissioning, earmarks, carry-over, expiry, permits and limits together."""
    check_agreement(seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1000, 1000 + MANY // 2))
def test_two_solvers_agree_on_many_programmes(seed: int) -> None:
    """The same on two models each of a hundred and twenty more."""
    check_agreement(seed)


@pytest.mark.parametrize("seed", range(5))
def test_kept_model_and_milp_agree_when_nothing_is_to_be_commissioned(seed: int) -> None:
    """With orders fixed at none, the array path and the PuLP path give one optimum."""
    scenario = random_scenario(seed, possible=0)
    instance = case(scenario, by_period=True)
    vertex = keep(instance.model).minimise(instance.model.cost)
    assert vertex.values is not None
    kept = -float(instance.model.cost @ vertex.values)
    assert kept == pytest.approx(averted(instance, "CBC"), rel=AGREEMENT, abs=1e-12)


def test_random_programmes_bind_every_family() -> None:
    """Over the fast seeds each family has a row that is tight at the optimum, and orders are placed.

    Without it agreement could be that of two solvers on nothing.
    """
    tight: set[str] = set()
    placed = 0
    for seed in range(FAST // 2):
        instance = case(random_scenario(seed))
        found = solve(instance.model, SolveOptions(gap_averted=0.0, node_limit=UNLIMITED))
        assert found.values is not None
        problem = instance.problem
        placed += int(found.values[problem.order_offset : problem.payment_offset].round().sum())
        for rows in instance.model.families:
            value, size = np.zeros(len(rows.names)), np.zeros(len(rows.names))
            terms = rows.coefficient * found.values[rows.column]
            np.add.at(value, rows.row, terms)
            np.add.at(size, rows.row, np.abs(terms))
            if np.any((np.abs(value - rows.rhs) <= 1e-7 * (1.0 + size)) & (size > 1e-3)):
                tight.add(rows.family)
    assert placed >= 5
    assert tight >= {family(case(random_scenario(0)).problem).family for family in FAMILIES}
