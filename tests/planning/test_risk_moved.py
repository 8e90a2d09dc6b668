"""Risk that a plan averts here and moves there: by hand, and against the planning harm that it is part of."""

from __future__ import annotations

import pytest

from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.task import make_task
from demilsim.plan import DisposalPlan, MeasureOrder, PlanLine
from demilsim.planning.risk_moved import GroupRisk, moved_by_kind, risk_by_group
from demilsim.reporting.risk_by_group import COLUMNS, risk_by_group_text
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams
from optimisation.instances import coefficients, few_workers, three_towns, two_groups
from worlds import measure


def done(*lines: tuple[str, str, float, int], **parts: object) -> DisposalPlan:
    """Return a plan from (lot, facility, tonnes, period)."""
    rows = tuple(PlanLine(lot, f, grams(t), period, rank) for rank, (lot, f, t, period) in enumerate(lines))
    return DisposalPlan("test", "none", rows, **parts)  # type: ignore[arg-type]


def by_name(scenario: Scenario, plan: DisposalPlan) -> dict[tuple[str, str], GroupRisk]:
    return {(g.group_id, g.kind): g for g in risk_by_group(scenario, plan)}


def test_rows_sum_to_planning_harm() -> None:
    """All deaths with the plan are its exact planning harm; without it, that of doing nothing."""
    scenario = three_towns()
    plan = done(("S1-L1", "PLANT", 60.0, 1), ("S2-L2", "PLANT", 20.0, 3), ("S1-L2", "RANGE", 50.0, 2))
    groups = risk_by_group(scenario, plan)
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(())
    harm = planning_harm(problem, task.stock)
    destroyed = task.destroyed_t(plan)
    flows = problem.flows
    amounts = destroyed[flows.group, flows.facility, flows.block]
    assert amounts.sum() == pytest.approx(130.0)
    # Planning reads curves, the rows the formulas.
    assert sum(g.deaths_with for g in groups) == pytest.approx(harm.total(amounts), rel=2e-3)
    assert sum(g.deaths_without for g in groups) == pytest.approx(harm.do_nothing, rel=2e-3)
    assert {"facility_workers", "road_users", "responders"} <= moved_by_kind(groups).keys()


def test_workers_by_hand() -> None:
    """40 t at 2e-5 accidents of 1.3 deaths a tonne, 30 t of them in one year, among 20 workers."""
    found = by_name(few_workers(), done(("L1", "F-1", 10.0, 1), ("L1", "F-1", 30.0, 4)))
    workers = found["F-1", "facility_workers"]
    assert workers.deaths_with == pytest.approx(40.0 * 2.6e-5)
    assert workers.highest_with == pytest.approx(30.0 * 2.6e-5 / 20.0)
    assert workers.in_force_with == workers.highest_with
    assert (workers.deaths_without, workers.limit_per_year, workers.persons) == (0.0, 5e-5, 20.0)
    assert ("F-1", "road_users") not in found
    assert ("KILN", "facility_workers") not in found


def test_a_move_takes_risk_from_the_town_to_the_hamlet() -> None:
    """What the move averts in the town it adds, person by person, in the hamlet: both are told."""
    move = measure("MOVE", "move", storehouse_id="H1", to_storehouse_id="H2", lead_time_days=0.0)
    found = by_name(two_groups(measures=(move,)), done(measures=(MeasureOrder("MOVE", 0),)))
    town, hamlet = found["TOWN", "dwellings"], found["HAMLET", "dwellings"]
    assert town.moved < 0.0 < hamlet.moved
    assert town.highest_with == 0.0
    assert hamlet.highest_with is not None
    assert hamlet.highest_without is not None
    assert hamlet.highest_with > 1.8 * hamlet.highest_without
    assert hamlet.start_per_year == pytest.approx(9.35289e-8, rel=1e-4)


def test_risk_while_a_limit_is_in_force() -> None:
    """80 t of the hamlet's lot go in spring: before, its risk is above the limit, from July on below it."""
    found = by_name(two_groups(4.7e-8, limit_from="2026-07-01"), done(("L2", "F1", 80.0, 1)))
    hamlet = found["HAMLET", "dwellings"]
    assert hamlet.in_force_with is not None
    assert hamlet.highest_with is not None
    assert hamlet.in_force_with < 4.7e-8 < hamlet.highest_with
    assert found["TOWN", "dwellings"].in_force_with is None


def test_table_ends_with_those_onto_whom_most_is_moved() -> None:
    """Columns as named, numbers plain, the largest rise last."""
    scenario = two_groups()
    groups = risk_by_group(scenario, done(("L1", "F1", 50.0, 0)))
    header, *rows = risk_by_group_text(groups).splitlines()
    assert tuple(header.split(",")) == COLUMNS
    assert rows[-1].split(",")[:2] == ["F1", "facility_workers"]
    assert rows[0].split(",")[0] == "TOWN"
    assert len(rows) == len(groups) == 4
