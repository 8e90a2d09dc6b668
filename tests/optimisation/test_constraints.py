from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.blocks import calendar_years, single_periods
from demilsim.optimisation.constraints import FAMILIES, add_worker_risk
from demilsim.optimisation.problem import Problem, make_problem
from demilsim.optimisation.rows import Sense, labels, rows_of
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import make_task
from demilsim.scenario.scenario import Scenario
from optimisation.instances import build_or_not, coefficients, few_workers
from optimisation.reference_models import OF_PLANS, check_reference
from worlds import fund


def yearly(scenario: Scenario) -> Problem:
    return make_task(scenario, coefficients(scenario)).yearly_problem()


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_family_writes_its_reference_lp(family: object, tmp_path: Path) -> None:
    """Each family alone, on two lots, plants, funds and years, is the text that was checked by hand."""
    problem = yearly(few_workers() if family is add_worker_risk else build_or_not())
    rows = family(problem)  # type: ignore[operator]
    check_reference(problem.columns, rows, OF_PLANS / f"{rows.family}.lp", tmp_path)


def test_names_are_unique_and_plain() -> None:
    """Every row and column has a name of its own in letters, digits and underscores."""
    problem = yearly(build_or_not(funds=(fund("US-1"), fund("US_1", use="capital")), tranches=()))
    names = [name for family in FAMILIES for name in family(problem).names]
    names += problem.columns.names
    assert len(set(names)) == len(names)
    assert all(name.replace("_", "").isalnum() and name.isascii() for name in names)


def test_labels_that_collide_are_numbered() -> None:
    """What PuLP would rewrite to one name stays three."""
    assert labels(["us-1", "US_1", "us.1"]) == ("us_1", "us_1_2", "us_1_3")


def test_rows_without_terms_are_kept_only_where_they_cannot_hold() -> None:
    """0 <= 1 says nothing and is left out; 0 <= -1 is impossible and stays."""
    terms = (np.array([2]), np.array([0]), np.array([1.0]))
    rows = rows_of("f", [terms], Sense.AT_MOST, np.array([1.0, -1.0, 5.0]), lambda row: f"r{row}")
    assert rows.names == ("r1", "r2")
    assert rows.row.tolist() == [1]
    assert rows.rhs.tolist() == [-1.0, 5.0]


def test_cumulative_cuts_cut_no_whole_order() -> None:
    """For every choice of orders the best linear plan is the same with and without the cuts."""
    scenario = build_or_not()
    problem = yearly(scenario)
    cost = np.zeros(len(problem.columns.names))
    cost[: problem.order_offset] = -1.0
    cost[: problem.order_offset] -= 0.01 * np.arange(problem.order_offset)
    families = tuple(family(problem) for family in FAMILIES)
    full = Model(problem.columns, families, cost, 0.0)
    bare = replace(full, families=tuple(f for f in families if f.family != "cumulative_cuts"))
    for order in range(problem.order_offset, problem.payment_offset):
        only = problem.columns.upper.copy()
        only[problem.order_offset : problem.payment_offset] = 0.0
        only[order] = 1.0
        columns = replace(problem.columns, upper=only)
        optima = [
            solve(replace(each, columns=columns), SolveOptions(gap_averted=0.0)).objective
            for each in (full, bare)
        ]
        assert optima[0] == pytest.approx(optima[1], rel=1e-9)


def test_blocks_are_years_cut_at_expiries() -> None:
    """Two years with a fund that ends in mid-2026 give three blocks, and single periods eight."""
    scenario = build_or_not(funds=(fund("US", expires="2026-06-30"), fund("EU")))
    blocks = calendar_years(scenario)
    assert blocks.labels == ("2026q1", "2026q3", "2027")
    assert blocks.of_period.tolist() == [0, 0, 1, 1, 2, 2, 2, 2]
    assert blocks.first.tolist() == [0, 2, 4]
    assert single_periods(scenario).labels[:5] == ("2026q1", "2026q2", "2026q3", "2026q4", "2027q1")


def test_fixed_commissioning_moves_order_to_the_right_hand_side() -> None:
    """An order in the second quarter of 2026, ready after 100 days, works from the fourth at its cost."""
    scenario = build_or_not()
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(((1, 1),))
    assert problem.orders.facility.size == 0
    assert problem.days[1].tolist() == [0.0, 0.0, 0.0, 92.0, 90.0, 91.0, 92.0, 92.0]
    capital, standing = problem.committed_usd[:2]  # by period
    assert capital.tolist() == [0.0, 60_000.0, *[0.0] * 6]
    assert standing[3] == pytest.approx(10_000.0 * 92.0 / 365.25)
    assert problem.classes.funds[:2] == ((0, 1), (0,))


def test_of_orders_that_add_the_same_days_only_the_last_is_a_choice() -> None:
    """A kiln that works in summer only gains nothing by an order before the last one in time."""
    base = build_or_not()
    summer = base.facilities[1].model_copy(update={"open_months": (7, 8, 9)})
    orders = yearly(replace(base, facilities=(base.facilities[0], summer))).orders
    # Ready after 100 days: for the third quarter of 2026 by the first, for that of 2027 by the fifth.
    assert orders.period.tolist() == [0, 4]


def test_facility_that_no_fund_may_pay_is_no_choice() -> None:
    """Without a fund for capital the kiln cannot be ordered."""
    scenario = build_or_not(funds=(fund("US", use="running"), fund("EU", use="running")))
    task = make_task(scenario, coefficients(scenario))
    assert task.yearly_problem().orders.facility.size == 0
    assert (
        make_problem(
            scenario, task.coefficients, task.options, task.groups, single_periods(scenario), {1: 0}
        ).committed_usd.sum()
        > 60_000.0
    )
