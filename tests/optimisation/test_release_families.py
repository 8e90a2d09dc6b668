"""One reference model for each family of tranches that wait, and for the rows of money that they enter.

The references of the families are in `tests/data/lp`. After a change that is meant, write them anew, and read
the difference before it is committed:

    DEMILSIM_WRITE_REFERENCES=1 pytest tests/optimisation/test_release_families.py
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from demilsim.optimisation.constraints import FAMILIES, add_budget, add_commitments
from demilsim.optimisation.milestones import RELEASE_FAMILIES
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows
from optimisation.instances import build_or_not
from optimisation.reference_models import OF_PLANS, check_reference
from optimisation.waiting import all_strings, linear_model, planned, task_of


@pytest.mark.parametrize("family", RELEASE_FAMILIES, ids=lambda family: family.__name__)
def test_family_writes_its_reference_lp(family: Callable[[Problem], Rows], tmp_path: Path) -> None:
    """Each family alone, in two years, is the text that was checked by hand."""
    problem = task_of(all_strings()).yearly_problem()
    rows = family(problem)
    check_reference(problem.columns, rows, OF_PLANS / f"{rows.family}.lp", tmp_path)


@pytest.mark.parametrize("family", [add_budget, add_commitments], ids=lambda family: family.__name__)
def test_released_money_stands_in_rows_of_money(family: Callable[[Problem], Rows], tmp_path: Path) -> None:
    """What releases bring is on the left of the budget and of the commitments, as in the reference."""
    problem = task_of(all_strings()).yearly_problem()
    rows = family(problem)
    check_reference(problem.columns, rows, OF_PLANS / f"{rows.family}_released.lp", tmp_path)


def test_names_with_releases_are_unique_and_plain() -> None:
    """Every row and column has a name of its own in letters, digits and underscores."""
    problem = task_of(all_strings()).every_plan()
    names = [name for family in (*FAMILIES, *RELEASE_FAMILIES) for name in family(problem).names]
    names += problem.columns.names
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in names)


def test_without_milestones_there_is_nothing_of_this() -> None:
    """No column, row or family more where no tranche waits, and nothing in the result."""
    scenario = build_or_not()
    task = task_of(scenario)
    for problem in (task.yearly_problem(), task.every_plan(), task.problem(())):
        assert problem.released is None
        assert len(problem.columns.names) == problem.release_offset
        model = linear_model(problem, task)
        assert len(model.families) == len(FAMILIES) + 1
    assert planned(scenario, bound_steps=0).releases is None
