"""One reference model for each family of measures, and for the budget that pays for them.

The references of the other families are in `tests/data/lp` (`test_constraints`). After a change that is
meant, write them anew, and read the difference before it is committed:

    DEMILSIM_WRITE_REFERENCES=1 pytest tests/optimisation/test_families.py
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.licences import add_licences, add_move_pairs, add_room
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import MEASURE_FAMILIES, joined
from demilsim.optimisation.measures import measure_orders, moves_of
from demilsim.optimisation.task import make_task
from demilsim.plan import MeasureOrder
from demilsim.scenario.scenario import Scenario
from optimisation.instances import coefficients
from optimisation.reference_models import OF_MEASURES, check_reference
from worlds import facility, fund, lot, measure, rate, site, storehouse, tranche, village, world


def two_measures() -> Scenario:
    """Return a lot, a plant, a fund that takes scrap and one that expires, a level to raise and guards.

    The level costs 5,000 USD and is in force 100 days after its order; the guards cost 365.25 USD a year.
    """
    return world(
        sites=(site(guard_level=0),),
        storehouses=(storehouse(),),
        exposed_sites=(village(persons=1000.0),),
        lots=(lot(),),
        facilities=(facility(),),
        facility_rates=(rate(scrap_usd_per_t=50.0),),
        funds=(fund("US"), fund("EU", expires="2026-12-31")),
        tranches=(
            tranche("T1", "US", amount_usd=20_000.0),
            tranche("T2", "US", amount_usd=8_000.0, due="2027-04-01"),
            tranche("T3", "EU", amount_usd=6_000.0, due="2026-07-01"),
        ),
        measures=(
            measure("RRPL", level=2, cost_usd=5_000.0, lead_time_days=100.0),
            measure("GUARD", "guard", level=3, cost_usd=0.0, yearly_cost_usd=365.25),
        ),
        scrap_fund="US",
    )


def measured() -> MeasureProblem:
    """Return the problem of the references, in blocks of years."""
    scenario = two_measures()
    task = make_task(scenario, coefficients(scenario))
    problem = task.yearly_problem()
    orders = measure_orders(task, problem)
    assert orders is not None
    return MeasureProblem(problem, orders)


def two_moves() -> Scenario:
    """Return four storehouses and moves away from a village, two into H3 and one into H1.

    H3 is 600 m from the village and may hold (600 / 22.2)^3 = 19,743 kg. It has 12 t NEQ and 3 t to come;
    H1 would bring 8 t, H2 6 t a month after its order. H1 is at 500 m and may hold 11,425 kg; H4 would bring
    4 t.
    """
    return world(
        storehouses=(
            storehouse(),
            storehouse("H2"),
            storehouse("H3", x_m=-100.0),
            storehouse("H4", x_m=100.0),
        ),
        exposed_sites=(village(persons=50_000.0),),
        lots=(
            lot("L1", "H1", neq_kg=8_000.0),
            lot("L2", "H2", neq_kg=6_000.0),
            lot("L3", "H3", neq_kg=12_000.0),
            lot("L4", "H3", gross_mass_t=15.0, neq_kg=3_000.0, arrives="2026-05-01"),
            lot("L5", "H4", neq_kg=4_000.0, status="reserve"),
        ),
        measures=(
            measure("ONE", "move", to_storehouse_id="H3", cost_usd=500.0),
            measure("TWO", "move", storehouse_id="H2", to_storehouse_id="H3", lead_time_days=30.0),
            measure("ON", "move", storehouse_id="H4", to_storehouse_id="H1"),
        ),
        horizon_years=1,
    )


def moved() -> MeasureProblem:
    """Return the problem of the references with moves, in single periods, facility by facility."""
    scenario = two_moves()
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(())
    orders = measure_orders(task, problem, moves_of(task))
    assert orders is not None
    return MeasureProblem(problem, orders)


@pytest.mark.parametrize("family", MEASURE_FAMILIES, ids=lambda family: family.__name__)
def test_family_of_measures_writes_its_reference(family: object, tmp_path: Path) -> None:
    """Each family alone, on a lot, two measures, two funds and two years, is the text that was read.

    Those of moves are on four storehouses in four quarters.
    """
    problem = moved() if family in (add_move_pairs, add_licences) else measured()
    rows = family(problem)  # type: ignore[operator]
    check_reference(problem.columns, rows, OF_MEASURES / f"{rows.family}.lp", tmp_path)


def test_budget_with_measures_writes_its_reference(tmp_path: Path) -> None:
    """Payments for measures stand beside those for work in the carry-over of each fund."""
    problem = measured()
    flows = problem.problem.flows.group.size
    model = joined(assemble(problem.problem, np.zeros(flows), 0.0), problem)
    budget = next(rows for rows in model.families if rows.family == "budget")
    check_reference(problem.columns, budget, OF_MEASURES / "budget.lp", tmp_path)


def test_room_for_moves_writes_its_reference(tmp_path: Path) -> None:
    """With ONE ordered at once and TWO in the second quarter, H3 needs room for one, and later for both."""
    scenario = two_moves()
    task = make_task(scenario, coefficients(scenario))
    moves = moves_of(task)
    assert moves is not None
    rooms = moves.rooms(scenario, (MeasureOrder("ONE", 1), MeasureOrder("TWO", 1)))
    problem = replace(task, rooms=rooms).problem(())
    check_reference(problem.columns, add_room(problem), OF_MEASURES / "room.lp", tmp_path)


def test_every_reference_belongs_to_a_family() -> None:
    """No reference outlives its family."""
    problem = measured()
    known = {family(problem).family for family in MEASURE_FAMILIES} | {"budget", "risk", "room"}
    assert {path.stem for path in OF_MEASURES.glob("*.lp")} == known


def test_names_of_measures_are_unique_and_plain() -> None:
    """Columns and rows of measures have names of their own in letters, digits and underscores."""
    for problem in (measured(), moved()):
        names = list(problem.columns.names)
        names += [name for family in MEASURE_FAMILIES for name in family(problem).names]
        assert len(set(names)) == len(names)
        assert all(name.replace("_", "").isalnum() and name.isascii() for name in names)
