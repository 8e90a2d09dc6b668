"""Places of mobile plant as decisions: by hand, by enumeration, by two solvers, audited and simulated.

The references of the families are in `tests/data/lp`. After a change that is meant, write them anew, and read
the difference before it is committed:

    DEMILSIM_WRITE_REFERENCES=1 pytest tests/optimisation/test_tours.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.audit import audit
from demilsim.optimisation.bound import bound_harm
from demilsim.optimisation.constraints import add_payments, add_working_days
from demilsim.optimisation.kept import keep
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows, over_columns
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.status import PlanStatus
from demilsim.optimisation.task import Task
from demilsim.optimisation.tour_choice import tours_of_plan
from demilsim.optimisation.tour_rows import PLACE_FAMILIES
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.learned import learned_coefficients
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario
from optimisation.instances import PERSONS, two_towns
from optimisation.reference_models import OF_PLANS, check_reference
from optimisation.waiting import EXACT, task_of
from stories import QUIET, RAISED, line, plan, play, without_accidents
from worlds import facility, fund, lot, site, storehouse, tranche, village, world

MOVE_DAYS, MOVE_USD, USD_PER_T = 9.0, 3_000.0, 500.0


def sites_with(*masses_t: float, **changes: Any) -> Scenario:
    """Return a lot at each of S1, S2, ..., mobile plant of 1 t a day that starts at S1, and two years.

    A move takes nine days and 3,000 USD. What is not of the facility goes to the scenario.
    """
    names = [f"S{k + 1}" for k in range(len(masses_t))]
    own = {"mobile": True, "move_days": MOVE_DAYS, "move_cost_usd": MOVE_USD}
    own |= {key: changes.pop(key) for key in ("move_days", "move_cost_usd", "open_months") if key in changes}
    base: dict[str, Any] = {
        "sites": [site(s) for s in names],
        "storehouses": [storehouse(f"H{k + 1}", s) for k, s in enumerate(names)],
        "exposed_sites": [village(f"E{k + 1}", s, persons=PERSONS) for k, s in enumerate(names)],
        "lots": [lot(f"L{k + 1}", f"H{k + 1}", gross_mass_t=m) for k, m in enumerate(masses_t)],
        "facilities": [facility(**own)],
        "parameters": RAISED,
    }
    return world(**(base | changes))


def worth(problem: Problem, *per_t: float) -> Floats:
    """Return the cost of each flow if a tonne at each site averts so much, whenever it is done."""
    assert problem.tours is not None
    return -np.array(per_t)[problem.tours.plant.site_of_group[problem.flows.group]]


def best(task: Task, *per_t: float, solver: str = "HiGHS") -> tuple[float, Tours]:
    """Return what the best plan averts if tonnes at each site avert so much, and its moves."""
    problem = task.touring_problem(())
    found = solve(assemble(problem, worth(problem, *per_t), 0.0), replace(EXACT, solvers=(solver,)))
    assert found.status is PlanStatus.OPTIMAL
    assert found.values is not None
    moves = problem.tours_of(found.values)
    assert moves is not None
    return -found.objective, moves


def with_moves(task: Task, moves: Tours, *per_t: float) -> float:
    """Return what the best flows for given moves avert; less than nothing where there is no way."""
    problem = replace(task, tours=moves).problem(())
    model = assemble(problem, worth(problem, *per_t), 0.0)
    values = keep(model).minimise(model.cost).values
    return -1.0 if values is None else -model.objective(values)


@pytest.mark.parametrize("family", PLACE_FAMILIES, ids=lambda family: family.__name__)
def test_family_writes_its_reference_lp(family: Callable[[Problem], Rows], tmp_path: Path) -> None:
    """Each family alone, over four quarters, is the text that was checked by hand."""
    problem = task_of(sites_with(40.0, 30.0, horizon_years=1)).touring_problem(())
    rows = family(problem)
    check_reference(problem.columns, rows, OF_PLANS / f"{rows.family}.lp", tmp_path)


@pytest.mark.parametrize("family", [add_working_days, add_payments], ids=lambda family: family.__name__)
def test_moves_take_days_and_money(family: Callable[[Problem], Rows], tmp_path: Path) -> None:
    """Tours stand in the rows of working days and payments, as in the reference."""
    problem = task_of(sites_with(40.0, 30.0, horizon_years=1)).touring_problem(())
    rows = family(problem)
    check_reference(problem.columns, rows, OF_PLANS / f"{rows.family}_moved.lp", tmp_path)


@pytest.mark.parametrize(("averted_per_t", "moves"), [(1.1, ()), (1.2, ((0, 7, 1),))])
def test_a_move_is_made_where_it_is_worth_its_days(averted_per_t: float, moves: Tours) -> None:
    """730 days for 1,000 t at home, which avert 1 each, or 69 of them for a move and 60 t elsewhere.

    60 x > 69 from x = 1.15 on; plant that goes last of all need not come back.
    """
    task = task_of(sites_with(1_000.0, 60.0))
    value, found = best(task, 1.0, averted_per_t)
    assert len(found) == len(moves)
    assert value == pytest.approx(max(730.0, 730.0 - 69.0 + 60.0 * averted_per_t), rel=1e-7)
    assert with_moves(task, moves, 1.0, averted_per_t) == pytest.approx(value, rel=1e-7)


@pytest.mark.parametrize(("usd", "averted", "moves"), [(3_400.0, 1.0, 0), (8_500.0, 11.0 * 1.2, 1)])
def test_a_move_is_made_where_there_is_money_for_it(usd: float, averted: float, moves: int) -> None:
    """1 t at home, 30 t at S2 that avert 1.2 each, 500 USD a tonne: no move for 3,400 USD, 11 t for 8,500."""
    task = task_of(sites_with(1.0, 30.0, tranches=(tranche(amount_usd=usd),)))
    value, found = best(task, 1.0, 1.2)
    assert (value, len(found)) == (pytest.approx(averted, rel=1e-6), moves)


def tours(sites: int, periods: int, place: int = 0) -> Iterator[Tours]:
    """Yield every way of at most two moves in each of some periods, no site twice in one."""
    if periods == 0:
        yield ()
        return
    for number in range(3):
        for stops in permutations(range(sites), number):
            if stops and stops[0] == place:
                continue
            end = stops[-1] if stops else place
            for rest in tours(sites, periods - 1, end):
                yield (*((0, 0, to) for to in stops), *((f, t + 1, to) for f, t, to in rest))


@pytest.mark.parametrize("per_t", [(1.0, 2.0, 3.0), (3.0, 1.0, 1.2), (2.0, 2.1, 1.9)])
def test_moves_are_those_of_every_tour_looked_at(per_t: tuple[float, ...]) -> None:
    """Open for half a year, the MILP averts what the best of all 49 tours does, its moves given."""
    task = task_of(sites_with(110.0, 40.0, 60.0, horizon_years=1, open_months=range(1, 7)))
    by_tour = {moves: with_moves(task, moves, *per_t) for moves in tours(3, 2)}
    assert len(by_tour) == 49
    value, moves = best(task, *per_t)
    assert value == pytest.approx(max(by_tour.values()), rel=1e-7)
    assert with_moves(task, moves, *per_t) == pytest.approx(value, rel=1e-7)


def random_case(seed: int) -> tuple[Task, tuple[float, ...]]:
    """Return three sites, days and money that bind, and what a tonne averts at each, drawn from a seed."""
    rng = np.random.default_rng(seed)
    masses = rng.uniform(20.0, 120.0, 3).round(1).tolist()
    scenario = sites_with(
        *masses,
        horizon_years=1,
        move_days=float(rng.integers(0, 40)),
        move_cost_usd=float(rng.integers(1, 20) * 1_000),
        open_months=tuple(range(1, int(rng.integers(7, 13)))),
        funds=(fund(), fund("S2", earmark_sites=("S2",)), fund("LATE", expires="2026-06-30")),
        tranches=[
            tranche(f"T{k}", k, amount_usd=float(rng.integers(5, 60) * 1_000)) for k in ("HOST", "S2", "LATE")
        ],
    )
    return task_of(scenario), tuple(rng.uniform(0.5, 3.0, 3).round(3).tolist())


@pytest.mark.parametrize("seed", range(4))
def test_two_solvers_agree(seed: int) -> None:
    """HiGHS and CBC avert the same, and the moves of each avert that when they are fixed."""
    task, per_t = random_case(seed)
    both = [best(task, *per_t, solver=solver) for solver in ("HiGHS", "CBC")]
    assert both[0][0] == pytest.approx(both[1][0], rel=1e-6)
    for value, moves in both:
        assert with_moves(task, moves, *per_t) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("seed", range(10, 14))
def test_places_left_out_are_a_relaxation(seed: int) -> None:
    """No plan with places averts more than the model of the bound, though a fund may expire in between."""
    task, per_t = random_case(seed)
    problem = task.every_plan()
    touring = task.touring_problem(()).tours
    assert touring is not None
    cost = -np.array(per_t)[touring.plant.site_of_group[problem.flows.group]]
    model = assemble(problem, cost, 0.0).lp_relaxation()
    values = keep(model).minimise(model.cost).values
    assert values is not None
    assert -model.objective(values) >= best(task, *per_t)[0] * (1.0 - 1e-9)


def planned(scenario: Scenario) -> tuple[DisposalPlan, PlanningCoefficients, Any]:
    """Return the optimiser's plan by period, what it may count on, and its result."""
    known = nominal_coefficients(scenario)
    result = optimise(scenario, known, start=nominal_start(scenario))
    return flow_plan(scenario, result), known, result


def test_optimised_plan_is_where_it_works() -> None:
    """From S1, where nobody lives, plant first goes to S2; the audit follows its moves, or finds them."""
    scenario = sites_with(60.0, 300.0, exposed_sites=[village("E2", "S2", persons=PERSONS)])
    plan_, known, result = planned(scenario)
    assert result.tours == ((0, 0, 1), (0, 3, 0))
    assert audit(scenario, plan_, known, (), result.tours) == audit(scenario, plan_, known) == ()
    assert any("mobile plant moves 2 times" in note for note in result.notes)
    assert result.best_bound <= result.planned_harm
    done = result.flows.destroyed_t((result.groups.count, 1, scenario.periods)).sum(axis=1)
    assert done[1, 0] == pytest.approx(90.0 - MOVE_DAYS, rel=1e-6)


def test_optimised_plan_is_no_worse_than_the_rule_with_its_moves() -> None:
    """Three towns: exact harm is at most that of the rule's plan, which moves too."""
    scenario = sites_with(150.0, 60.0, 90.0)
    _, _, result = planned(scenario)
    assert result.planned_harm <= result.start_harm < result.do_nothing_harm
    task = task_of(scenario)
    problem = task.every_plan()
    assert bound_harm(problem, planning_harm(problem, task.stock), 5).harm <= result.planned_harm


def test_simulation_follows_the_moves_of_a_plan() -> None:
    """Its lines alone make plant move as often as planned: money spent is that of the work and the moves."""
    scenario = without_accidents(sites_with(60.0, 90.0, 40.0, parameters=QUIET))
    plan_, _, result = planned(sites_with(60.0, 90.0, 40.0))
    assert result.tours
    found, state = play(scenario, plan_)
    done_t = sum(row.mass_g for row in plan_.lines) / 1e6
    spent = done_t * USD_PER_T + len(result.tours) * MOVE_USD
    assert found.spent_cents.sum() / 100.0 == pytest.approx(spent, rel=1e-4)
    assert state.plants[0].place == result.tours[-1][2]


def test_moves_of_a_rule_are_taken_over() -> None:
    """All that a rule plans can be done with the moves that are read from it."""
    scenario = sites_with(60.0, 90.0, 40.0)
    task, start = task_of(scenario), nominal_start(scenario)
    destroyed_t = task.destroyed_t(start)
    problem = replace(task, tours=tours_of_plan(task.touring_problem(()), destroyed_t)).problem(())
    flows = problem.flows
    model = assemble(problem, np.zeros(flows.group.size), 0.0)
    upper = destroyed_t[flows.group, flows.facility, flows.block] + 1e-6
    limits = (np.zeros(model.cost.size), np.concatenate([upper, model.columns.upper[upper.size :]]))
    values = keep(model).minimise(over_columns(-np.ones(upper.size), model.cost.size), limits).values
    assert values is not None
    assert values[: upper.size].sum() == pytest.approx(destroyed_t.sum(), rel=1e-4)


def test_audit_finds_plant_in_two_places_at_once() -> None:
    """50 t at S1 and 35 t at S2 in 90 days leave five days for a move of nine; 30 t leave enough."""
    scenario = sites_with(100.0, 60.0)
    known = nominal_coefficients(scenario)
    (found,) = audit(scenario, plan(line("L1", 50.0), line("L2", 35.0)), known)
    assert found == (
        "places: F1, period of 2026-01-01: 85.00 d of work at S1, S2 in 90.00 d, one move takes 9.00 d"
    )
    assert audit(scenario, plan(line("L1", 50.0), line("L2", 30.0)), known) == ()


def test_audit_follows_the_moves_that_a_plan_says_it_makes() -> None:
    """S1, S2, S1: where one move is said the way back is missed; with both, days and money are there."""
    scenario = sites_with(100.0, 60.0)
    known = nominal_coefficients(scenario)
    work = plan(line("L1", 20.0), line("L2", 60.0, period=1), line("L1", 20.0, period=2))
    assert audit(scenario, work, known) == ()
    assert audit(scenario, work, known, (), ((0, 1, 1), (0, 2, 0))) == ()
    (found,) = audit(scenario, work, known, (), ((0, 1, 1),))
    assert "period of 2026-07-01: 20.00 d of work at S1" in found


@pytest.mark.parametrize(("early_usd", "short"), [(28_000.0, 0), (27_990.0, 1)])
def test_audit_looks_for_dates_at_which_moves_can_be_paid(early_usd: float, short: int) -> None:
    """A fund that expires in June pays for work at S1, and for the move if it comes by then.

    50 t at S1 in the first quarter take 25,000 USD, the move 3,000; the host pays 15,000 for 30 t at S2 in
    the fourth. A plan is held to dates that it states. With 10 USD less it is told of these, less 1 for
    each of three periods and not of all 3,000.
    """
    scenario = sites_with(
        100.0,
        60.0,
        funds=(fund(), fund("EARLY", expires="2026-06-30")),
        tranches=(tranche(amount_usd=15_000.0), tranche("T2", "EARLY", amount_usd=early_usd)),
    )
    work, known = plan(line("L1", 50.0), line("L2", 30.0, period=3)), nominal_coefficients(scenario)
    found = audit(scenario, work, known)
    assert len(found) == short
    assert all("7.00 USD short" in each for each in found)
    for period in range(4):
        assert len(audit(scenario, work, known, (), ((0, period, 1),))) == max(short, int(period >= 2))


def test_audit_asks_for_the_money_of_moves() -> None:
    """80 t for 500 USD and one move for 3,000 take 43,000 USD; 10 less are too few."""
    work = plan(line("L1", 50.0), line("L2", 30.0))
    for usd, problems in ((43_000.0, 0), (42_990.0, 1)):
        scenario = sites_with(100.0, 60.0, tranches=(tranche(amount_usd=usd),))
        found = audit(scenario, work, nominal_coefficients(scenario))
        assert len(found) == problems
        assert all("9.00 USD short" in problem for problem in found)


def test_days_of_moves_are_taught_as_capacity() -> None:
    """The rule's moves take days from its work, not from that of a plan that makes others."""
    scenario = sites_with(60.0, 90.0, 40.0)
    results = replicate(scenario, {"rule": nominal_start(scenario)}, 2, jobs=1, detailed=True).results["rule"]
    taught = learned_coefficients(results, nominal_coefficients(scenario))
    assert results[0].moving_days.sum() == pytest.approx(2 * MOVE_DAYS, rel=1e-6)
    assert np.all(taught.working_days <= nominal_coefficients(scenario).working_days + 1e-9)
    assert taught.working_days[0, 0] == pytest.approx(90.0)


def test_plant_without_a_place_changes_nothing() -> None:
    """Where no move costs time or money, the model with moves left open is that without them."""
    for scenario in (two_towns(), sites_with(60.0, 90.0, move_days=0.0, move_cost_usd=0.0)):
        task = task_of(scenario)
        problem = task.touring_problem(())
        assert problem.tours is None
        assert problem.columns.names == task.problem(()).columns.names
        known = nominal_coefficients(scenario)
        assert optimise(scenario, known, options=SolveOptions(bound_steps=0)).tours is None
