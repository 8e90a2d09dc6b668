"""The MILP against enumeration, and against textbook problems with known optima written as scenarios."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.model.harm import lot_masses_t
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.objective import emptied_path_t
from demilsim.optimisation.problem import make_problem
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import make_task
from demilsim.scenario.scenario import Scenario
from optimisation.enumeration import least_harm
from optimisation.instances import coefficients
from optimisation.random_cases import case, flow_costs, random_scenario
from worlds import facility, fund, lot, rate, site, storehouse, tranche, village, world

EXACT = SolveOptions(gap_averted=0.0, node_limit=10**6)
AGREEMENT = 1e-6
"""Largest difference, as a share of averted harm [1]."""

MOST_BINARIES = 12


def check_enumeration(seed: int, years: int, possible: int) -> float:
    """Compare the MILP in single periods with the enumeration; return the harm averted."""
    scenario = random_scenario(seed, years=years, possible=possible, plain=True)
    instance = case(scenario, by_period=True)
    assert instance.problem.orders.facility.size <= MOST_BINARIES
    # One lot a storehouse: every group is a lot, but they may be numbered otherwise.
    assert instance.task.groups.count == len(scenario.lots)
    held = instance.task.groups.held_t(scenario.periods)
    by_group = instance.task.stock.mean_gradient(held, emptied_path_t(held))
    by_lot = by_group[:, instance.task.groups.group_of_lot]
    expected, choice = least_harm(scenario, coefficients(scenario), by_lot)
    found = solve(instance.model, EXACT)
    averted = instance.model.constant - found.objective
    assert averted == pytest.approx(-expected, rel=AGREEMENT, abs=1e-12), (seed, choice)
    return averted


@pytest.mark.parametrize("seed", range(8))
def test_two_plants_in_one_year_against_enumeration(seed: int) -> None:
    """Two possible plants in four quarters: all 25 choices are tried one by one."""
    assert check_enumeration(seed, years=1, possible=2) > 0.0


@pytest.mark.parametrize("seed", range(100, 106))
def test_one_plant_in_two_years_against_enumeration(seed: int) -> None:
    """One possible plant in eight quarters, with permits of two years and money that comes and goes."""
    assert check_enumeration(seed, years=2, possible=1) > 0.0


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2000, 2060))
def test_many_cases_against_enumeration(seed: int) -> None:
    """Sixty more, three possible plants in four quarters among them: 125 choices."""
    check_enumeration(seed, years=1, possible=3 if seed % 2 else 2)


def knapsack(values: list[int], costs: list[int], budget: int) -> tuple[Scenario, np.ndarray]:
    """Return plants to commission, each for the lot of its own site, and what each lot is worth."""
    names = [f"S{k}" for k in range(len(values))]
    scenario = world(
        sites=[site(name) for name in names],
        storehouses=[storehouse(f"H-{name}", name) for name in names],
        exposed_sites=[village(f"E-{name}", name) for name in names],
        lots=[lot(f"L-{name}", f"H-{name}", gross_mass_t=10.0) for name in names],
        # Ready after 270 days, a plant works in the last quarter if it is ordered in the first.
        facilities=[
            facility(
                f"F-{name}", name, status="possible", capital_cost_usd=1000.0 * cost, lead_time_days=270.0
            )
            for name, cost in zip(names, costs, strict=True)
        ],
        facility_rates=[rate(f"F-{name}", unit_cost_usd_per_t=0.0) for name in names],
        funds=[fund()],
        tranches=[tranche(amount_usd=1000.0 * budget)],
        horizon_years=1,
    )  # fmt: skip
    return scenario, np.array(values, dtype=float)


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
@pytest.mark.parametrize("seed", range(3))
def test_commissioning_is_a_knapsack(seed: int, solver: str) -> None:
    """Twelve plants, one budget: the best subset is that of dynamic programming over whole kUSD."""
    rng = np.random.default_rng(seed)
    costs = rng.integers(3, 30, 12).tolist()
    values = (np.array(costs) + rng.integers(1, 6, 12)).tolist()
    budget = sum(costs) // 2
    scenario, worth = knapsack(values, costs, budget)
    task = make_task(scenario, coefficients(scenario))
    problem = task.yearly_problem()
    assert problem.orders.facility.size == 12
    model = assemble(problem, -worth[problem.flows.group] / 10.0, 0.0)
    best = [0] * (budget + 1)
    for value, cost in zip(values, costs, strict=True):
        for money in range(budget, cost - 1, -1):
            best[money] = max(best[money], best[money - cost] + value)
    found = solve(model, replace(EXACT, solvers=(solver,)))
    assert -found.objective == pytest.approx(best[budget], rel=1e-7)


def lot_sizing(arrivals_t: list[int], setups: list[int]) -> Model:
    """Return a year in months: stock arrives, each month has a plant of its own that costs to set up.

    Cost of 1 for each tonne and month in store; a plant destroys all there is in its month.
    """
    months = len(arrivals_t)
    scenario = world(
        sites=[site()],
        storehouses=[storehouse(f"H{m}") for m in range(months)],
        lots=[
            lot(
                f"L{m}", f"H{m}", gross_mass_t=float(mass),
                arrives=dt.date(2026, m + 1, 1) if m else None,
            )
            for m, mass in enumerate(arrivals_t)
        ],
        facilities=[
            facility(f"F{m}", status="possible", open_months=(m + 1,), capital_cost_usd=1.0)
            for m in range(months)
        ],
        facility_rates=[
            rate(f"F{m}", unit_cost_usd_per_t=0.0, throughput_t_per_day=1000.0) for m in range(months)
        ],
        funds=[fund()],
        tranches=[tranche()],
        horizon_years=1,
        period="month",
    )  # fmt: skip
    task = make_task(scenario, coefficients(scenario))
    problem = make_problem(
        scenario, task.coefficients, task.options, task.groups, single_periods(scenario), None
    )
    assert problem.orders.facility.tolist() == list(range(months))
    # A tonne that leaves in month t saves its storage from t to the end of the year.
    saved = np.broadcast_to(np.arange(months, 0, -1.0), (months, months))
    constant = float(sum(mass * (months - m) for m, mass in enumerate(arrivals_t)))
    model = assemble(problem, -flow_costs(problem, saved), constant)
    cost = model.cost.copy()
    cost[problem.order_offset : problem.payment_offset] = np.array(setups, dtype=float)
    assert lot_masses_t(scenario).tolist() == arrivals_t
    return replace(model, cost=cost)


def wagner_whitin(arrivals_t: list[int], setups: list[int]) -> int:
    """Return the least set-up and storage cost by dynamic programming, after Wagner and Whitin (1958).

    Read backwards in time: production for later demand becomes destruction of what came earlier. What came
    since the last set-up i waits for set-up j; what is left after the last one waits for the year's end.
    """
    months = len(arrivals_t)

    def waiting(first: int, until: int) -> int:
        return sum(arrivals_t[m] * (until - m) for m in range(first, until))

    # least[j]: cost of all that came by month j, with a set-up in month j.
    least: list[int] = []
    for j in range(months):
        before = [waiting(0, j), *(least[i] + waiting(i + 1, j) for i in range(j))]
        least.append(setups[j] + min(before))
    return min(waiting(0, months), *(least[j] + waiting(j + 1, months) for j in range(months)))


@pytest.mark.parametrize("solver", ["HiGHS", "CBC"])
@pytest.mark.parametrize("seed", range(3))
def test_when_to_open_is_lot_sizing(seed: int, solver: str) -> None:
    """Arrivals, storage and set-ups: the optimum is that of Wagner and Whitin's recursion."""
    rng = np.random.default_rng(seed)
    arrivals, setups = rng.integers(1, 20, 12).tolist(), rng.integers(15, 60, 12).tolist()
    found = solve(lot_sizing(arrivals, setups), replace(EXACT, solvers=(solver,)))
    assert found.objective == pytest.approx(wagner_whitin(arrivals, setups), rel=1e-7)


def test_lot_sizing_by_hand() -> None:
    """10 t at once and 10 t two months later: at a set-up of 15 one for each, at 25 one for both.

    Two set-ups keep nothing in store, 2 x 15. One in the third month keeps 10 t for two months, 20 + 25;
    two would cost 50, none 10 x 12 + 10 x 10.
    """
    arrivals, setups = [10, 0, 10, *[0] * 9], [15] * 12
    assert wagner_whitin(arrivals, setups) == 30
    assert wagner_whitin(arrivals, [25] * 12) == 45
