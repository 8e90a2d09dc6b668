"""A plan that a person edited: every slip with its line, and what comes too late is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from demilsim.errors import ScenarioError
from demilsim.plan import Commissioning, DisposalPlan, MeasureOrder, PlanLine
from demilsim.reporting.plan_file import read_plan, within_horizon
from demilsim.units import GRAMS_PER_TONNE
from worlds import facility, measure, one_lot, rate

HEADER = "lot_id,facility_id,tonnes,earliest_period,priority"
BUILDABLE = one_lot(
    facilities=[facility("F1"), facility("F2", status="possible", capital_cost_usd=1.0)],
    facility_rates=[rate("F1"), rate("F2")],
    measures=[measure("GUARD")],
)


def written(folder: Path, **tables: str) -> Path:
    """Write a plan of one line and tables beside it; return its file."""
    (folder / "plan.csv").write_text(f"{HEADER}\nL1,F1,1,0,1\n")
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return folder / "plan.csv"


def test_tables_beside_a_plan_are_read_with_it(tmp_path: Path) -> None:
    """Facilities to commission and measures come in the order of their tables."""
    plan = read_plan(
        written(
            tmp_path,
            commissionings="facility_id,period\nF2,3\n",
            plan_measures="measure_id,period\nGUARD,1\n",
        ),
        BUILDABLE,
    )
    assert plan.lines == (PlanLine("L1", "F1", GRAMS_PER_TONNE, 0, 1),)
    assert plan.commissionings == (Commissioning("F2", 3),)
    assert plan.measures == (MeasureOrder("GUARD", 1),)


def test_every_slip_beside_a_plan_is_told_with_its_line(tmp_path: Path) -> None:
    """Existing and unknown facilities, what is ordered twice and a period that is none: all at once."""
    built = "facility_id,period\nF1,0\nNO,0\nF2,soon\nF2,2\n"
    path = written(tmp_path, commissionings=built, plan_measures="measure_id,period\nNO,0\n")
    with pytest.raises(ScenarioError) as refused:
        read_plan(path, BUILDABLE)
    told = [(Path(one.file).name, one.line, one.message) for one in refused.value.problems]
    assert told == [
        ("commissionings.csv", 2, "expected a possible facility (got 'F1')"),
        ("commissionings.csv", 3, "expected a possible facility (got 'NO')"),
        ("commissionings.csv", 4, "expected a whole number >= 0 (got 'soon')"),
        ("commissionings.csv", 5, "expected each possible facility once (got 'F2' again)"),
        ("plan_measures.csv", 2, "expected a measure of the scenario (got 'NO')"),
    ]


def test_lines_that_cannot_be_done_are_told_with_file_and_line(tmp_path: Path) -> None:
    """Plant that is never ordered, or too late, and more than there is: by the file's lines, not by rank."""
    rows = ("L1,F2,1,0,4", "L1,F1,99,0,3", "L1,F1,5,999,2", "L1,F1,2,0,1")
    path = written(tmp_path, commissionings="facility_id,period\nF2,999\n")
    path.write_text("\n".join((HEADER, *rows)))
    with pytest.raises(ScenarioError) as refused:
        read_plan(path, BUILDABLE)
    assert [str(problem) for problem in refused.value.problems] == [
        f"{path}:2: F2 is never commissioned",
        f"{path}:3: expected 0 < mass <= 98 t, what is left of lot L1 (got 99 t)",
    ]


def test_what_begins_after_the_horizon_is_left_out_and_told() -> None:
    """The last period stays; what is later goes, and the sentence counts it. A plan within it stays."""
    last = BUILDABLE.periods - 1
    lines = tuple(PlanLine("L1", "F1", 1000, last + k, k + 1) for k in range(3))
    plan = DisposalPlan(
        "plan", "file", lines, (Commissioning("F2", last + 9),), measures=(MeasureOrder("GUARD", last),)
    )
    kept, told = within_horizon(plan, BUILDABLE)
    assert (kept.lines, kept.commissionings, kept.measures) == (lines[:1], (), plan.measures)
    assert told.startswith(
        "Of the plan, 2 lines, 1 commissioning would not begin before the horizon ends on "
    )
    assert told.endswith(f"(periods are 0 to {last}), and are left out.")
    assert within_horizon(kept, BUILDABLE) == (kept, "")
