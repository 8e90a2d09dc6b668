from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.bound import HarmBound, bound_harm
from demilsim.optimisation.kept import keep
from demilsim.optimisation.objective import planning_harm, remaining_t
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.task import Choice, Task, make_task
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario
from optimisation.instances import PERSONS, coefficients, three_towns
from worlds import facility, fund, lot, rate, storehouse, tranche, village, world

STEPS = 30
TOLERANCE = 1e-9


def small_world(seed: int) -> Scenario:
    """Return up to two storehouses and three lots, a slow plant, a kiln to build, a year in quarters."""
    rng = np.random.default_rng(seed)
    houses = ["H1", "H2"][: rng.integers(1, 3)]
    lots = [
        lot(
            f"L{i}", str(rng.choice(houses)), gross_mass_t=float(rng.uniform(30.0, 90.0)),
            neq_kg=float(rng.uniform(2e3, 5e4)), stabiliser_fraction=float(rng.uniform(0.1, 0.6)),
        )
        for i in range(rng.integers(2, 4))
    ]  # fmt: skip
    return world(
        storehouses=[storehouse(h, y_m=150.0 * i) for i, h in enumerate(houses)],
        exposed_sites=(village(persons=PERSONS, x_m=float(rng.uniform(200.0, 900.0))),),
        lots=lots,
        facilities=(
            facility("F1"),
            facility(
                "KILN", method_id="rotary_kiln", status="possible", lead_time_days=60.0,
                capital_cost_usd=float(rng.uniform(1e4, 6e4)), fixed_cost_usd_per_year=5_000.0,
            ),
        ),
        facility_rates=(
            rate("F1", throughput_t_per_day=float(rng.uniform(0.1, 0.4))),
            rate("KILN", throughput_t_per_day=0.6, unit_cost_usd_per_t=200.0),
        ),
        funds=(fund(), fund("EU", use="capital", expires=dt.date(2026, 8, 1))),
        tranches=(
            tranche("T1", amount_usd=float(rng.uniform(2e4, 8e4))),
            tranche("T2", "EU", amount_usd=float(rng.uniform(0.0, 5e4)) + 1.0),
        ),
        horizon_years=1,
    )  # fmt: skip


def bound_of(task: Task) -> HarmBound:
    problem = task.every_plan()
    return bound_harm(problem, planning_harm(problem, task.stock), STEPS)


def choices(task: Task) -> list[Choice]:
    """Return every way to commission the one possible facility, and not to."""
    possible = [f for f, row in enumerate(task.scenario.facilities) if row.status == "possible"]
    orders = [((f, period),) for f in possible for period in range(task.scenario.periods)]
    return [(), *orders]


def random_plans(task: Task, choice: Choice, count: int, seed: int) -> list[float]:
    """Return the exact harm of vertices for random costs, and of points between them; [] if not payable."""
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    kept = keep(assemble(problem, np.zeros(harm.flows), 0.0))
    columns = len(problem.columns.names)
    rng = np.random.default_rng(seed)
    points: list[Floats] = []
    for _ in range(count):
        cost = np.zeros(columns)
        cost[: harm.flows] = rng.normal(-1.0, 1.0, harm.flows)
        values = kept.minimise(cost).values
        if values is None:
            return []
        points.append(values[: harm.flows])
    shares = rng.dirichlet(np.full(count, 0.3), count)
    return [harm.total(point) for point in (*points, *(shares @ np.array(points)))]


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_of_random_flows_is_below_the_bound(seed: int) -> None:
    """Over every choice of commissioning, at least 50 random feasible plans of each world obey its bound."""
    scenario = small_world(seed)
    task = make_task(scenario, coefficients(scenario))
    bound = bound_of(task)
    found = [harm for choice in choices(task) for harm in random_plans(task, choice, 25, seed)]
    assert len(found) >= 50
    assert min(found) >= bound.harm - TOLERANCE


def exact_harm(task: Task, gone_t: Floats) -> float:
    """Return the exact harm of what one plant destroys, shape (period, group), with its accidents."""
    left = remaining_t(task.groups.held_t(task.scenario.periods), gone_t)
    return task.stock.total(left) + float(gone_t.sum(axis=0) @ task.groups.accident_harm_per_t[:, 0])


def fill(task: Task, order: tuple[int, ...], left_from: tuple[int, ...]) -> Floats:
    """Return what is destroyed, (period, group): groups in an order, each from a period, as days allow."""
    days = task.coefficients.working_days[0].copy()
    need = task.groups.days_per_t[:, 0]
    left = task.groups.mass_t.copy()
    result = np.zeros((days.size, left.size))
    for group in order:
        for period in range(left_from[group], days.size):
            tonnes = min(left[group], days[period] / need[group])
            result[period, group] += tonnes
            left[group] -= tonnes
            days[period] -= tonnes * need[group]
    return result


def on_a_grid(task: Task) -> list[float]:
    """Return the exact harm of all plans that give each group 0, 1/3, 2/3 or all of a period's days."""
    days, need = task.coefficients.working_days[0], task.groups.days_per_t[:, 0]
    parts = [p for p in product(range(4), repeat=need.size) if sum(p) <= 3]
    found = []
    for plan in product(parts, repeat=days.size):
        gone = np.array(plan) / 3.0 * days[:, None] / need
        if np.all(gone.sum(axis=0) <= task.groups.mass_t):
            found.append(exact_harm(task, gone))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_bound_is_below_the_least_harm_on_a_grid_and_above_that_of_emptying_at_once(seed: int) -> None:
    """With money for all and one plant, every plan of thirds of a quarter's days is enumerated by hand."""
    scenario = small_world(seed)
    scenario = replace(
        scenario,
        facilities=(facility("F1"),),
        facility_rates=(rate("F1", throughput_t_per_day=0.2),),
        lots=scenario.lots[:2],
        funds=(fund(),),
        tranches=(tranche(amount_usd=1e7),),
    )
    task = make_task(scenario, coefficients(scenario))
    bound = bound_of(task)
    held = task.groups.held_t(scenario.periods)
    at_once = held.copy()
    at_once[1:] = 0.0
    enumerated = [
        exact_harm(task, fill(task, order, starts))
        for order in permutations(range(task.groups.count))
        for starts in product(range(scenario.periods), repeat=task.groups.count)
    ]
    least = min(*on_a_grid(task), *enumerated)
    assert task.stock.total(at_once) < bound.harm <= least + TOLERANCE


def test_lots_that_may_never_come_leave_the_bound_valid() -> None:
    """Of a lot that arrives with probability 0.4 plans may destroy more than is expected, and obey it."""
    scenario = small_world(5)
    late = scenario.lots[0].model_copy(update={"arrives": dt.date(2026, 3, 1), "arrival_probability": 0.4})
    scenario = replace(scenario, lots=(late, *scenario.lots[1:]))
    task = make_task(scenario, coefficients(scenario))
    bound = bound_of(task)
    found = [harm for choice in choices(task) for harm in random_plans(task, choice, 25, 1)]
    assert len(found) >= 50
    assert bound.harm <= min(found) + TOLERANCE


def test_more_steps_never_lower_the_bound() -> None:
    """The best bound of the first steps is kept."""
    scenario = three_towns()
    task = make_task(scenario, coefficients(scenario))
    problem = task.every_plan()
    harm = planning_harm(problem, task.stock)
    bounds = [bound_harm(problem, harm, steps).harm for steps in (1, 3, 10)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[-1]


def test_convex_harm_and_bound_meet() -> None:
    """Both sides of the convex problem come within 2% of the harm averted of each other in 60 steps."""
    scenario = three_towns()
    task = make_task(scenario, coefficients(scenario))
    problem = task.every_plan()
    harm = planning_harm(problem, task.stock)
    found = bound_harm(problem, harm, 60)
    assert 0.0 <= found.convex_harm - found.harm <= 0.02 * (harm.do_nothing - found.convex_harm)


def test_the_result_reports_the_bound_on_exact_harm() -> None:
    """Incumbent is the plan's exact harm; the bound is that of all plans, and both gaps follow from them."""
    scenario = three_towns()
    known = coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(bound_steps=STEPS))
    assert result.incumbent == result.planned_harm
    assert result.best_bound == pytest.approx(bound_of(make_task(scenario, known)).harm, rel=1e-12)
    assert 0.0 < result.best_bound < result.incumbent
    assert any("bound holds for the exact planning harm" in note for note in result.notes)


def test_without_steps_there_is_no_bound_and_it_is_said() -> None:
    """No steps: infinite gaps, and a note."""
    scenario = three_towns()
    result = optimise(scenario, coefficients(scenario), options=SolveOptions(bound_steps=0))
    assert result.best_bound == -np.inf
    assert result.gap_averted == np.inf
    assert result.gap_remaining == np.inf
    assert "no bound on exact harm was computed" in result.notes
