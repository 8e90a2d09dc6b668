"""Random small scenarios for the optimiser, from a seed: every constraint family has something to bind."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.problem import Problem, make_problem
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import Floats
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, FacilityRate, Fund, Lot, Tranche
from optimisation.instances import PERSONS, coefficients
from worlds import facility, fund, lot, rate, route, site, storehouse, tranche, village, world

METHODS = ("open_detonation", "rotary_kiln")
SITES = ("S1", "S2")
CROWD = 20.0 * PERSONS
"""People near each site: destroying nearly any lot averts more harm than its accidents cause."""

START = dt.date(2026, 1, 1)


@dataclass(frozen=True)
class Case:
    """A scenario, its task, its planning problem with orders left open, and harm per tonne of each flow."""

    scenario: Scenario
    task: Task
    problem: Problem
    model: Model


def case(scenario: Scenario, by_period: bool = False) -> Case:
    """Return a scenario's MILP: in blocks of years, or in single periods."""
    task = make_task(scenario, coefficients(scenario))
    problem = task.yearly_problem()
    if by_period:
        blocks = single_periods(scenario)
        problem = make_problem(scenario, task.coefficients, task.options, task.groups, blocks, None)
    harm = planning_harm(problem, task.stock)
    cost = harm.linearised(emptied_path_t(task.groups.held_t(scenario.periods)))
    return Case(scenario, task, problem, assemble(problem, cost, harm.do_nothing))


def random_scenario(seed: int, *, years: int = 2, possible: int = 2, plain: bool = False) -> Scenario:
    """Return two sites in two countries with a few lots, plants and funds, drawn from a seed.

    Parameters
    ----------
    seed
        Seed.
    years
        Horizon [yr].
    possible
        Facilities that could be commissioned.
    plain
        Leave out what a model in lots and dollars would not match to the last digit: verification, which is
        priced by steps of cost, learning, and lots that may not come.
    """
    rng = np.random.default_rng(seed)
    houses = [storehouse(f"H{k}", SITES[k % 2], y_m=300.0 * k) for k in range(int(rng.integers(2, 6)))]
    lots = [_lot(rng, k, h.storehouse_id, plain) for k, h in enumerate(houses)]
    plants = [_limited(_plant(rng, "F0", "existing", plain))]
    plants += [_plant(rng, f"F{k + 1}", "possible", plain) for k in range(possible)]
    funds = [_fund(rng, f"M{k}", plain) for k in range(3)]
    return world(
        sites=[site("S1"), site("S2", country="UZ" if rng.random() < 0.3 else None)],
        storehouses=houses,
        exposed_sites=[
            village(f"{s}-E", s, persons=CROWD, x_m=float(rng.integers(200, 600))) for s in SITES
        ],
        lots=lots,
        facilities=plants,
        facility_rates=[r for f in plants for r in _rates(rng, f)],
        routes=[
            route(
                "S1", "S2", distance_km=float(rng.integers(20, 300)),
                open_months=(1, 2, 3) if rng.random() < 0.2 else tuple(range(1, 13)),
            )
        ],
        funds=funds,
        tranches=[t for f in funds for t in _tranches(rng, f, years)],
        scrap_fund="M0" if rng.random() < 0.4 else None,
        horizon_years=years,
    )  # fmt: skip


def _lot(rng: np.random.Generator, number: int, house: str, plain: bool) -> Lot:
    arrives = START + dt.timedelta(days=int(rng.integers(1, 300))) if rng.random() < 0.25 else None
    return lot(
        f"L{number}", house, gross_mass_t=float(rng.integers(20, 120)),
        neq_kg=float(rng.integers(2, 30)) * 1000.0,
        status="reserve" if rng.random() < 0.1 else "surplus", safe_to_move=bool(rng.random() < 0.85),
        arrives=arrives,
        arrival_probability=0.7 if arrives and not plain and rng.random() < 0.5 else 1.0,
    )  # fmt: skip


def _plant(rng: np.random.Generator, facility_id: str, status: str, plain: bool) -> Facility:
    mobile = bool(rng.random() < 0.3)
    shots = rng.random() < 0.3
    months = [tuple(range(1, 13)), tuple(range(4, 11))]
    return facility(
        facility_id, str(rng.choice(SITES)), method_id=str(rng.choice(METHODS)), status=status,
        mobile=mobile, move_cost_usd=5_000.0 if mobile and rng.random() < 0.5 else 0.0,
        serves_sites=SITES if rng.random() < 0.6 else ("S1",),
        open_months=months[int(rng.random() < 0.3)],
        working_days_per_week=float(rng.choice([5.0, 7.0])),
        permit_t_per_year=float(rng.integers(10, 80)) if rng.random() < 0.4 else None,
        neq_limit_kg_per_day=float(rng.integers(20, 400)) if rng.random() < 0.4 else None,
        neq_limit_kg_per_shot=float(rng.integers(5, 50)) if shots else None,
        shots_per_day=float(rng.integers(1, 8)) if shots else None,
        capital_cost_usd=float(rng.integers(5, 40)) * 1000.0 if status == "possible" else 0.0,
        fixed_cost_usd_per_year=float(rng.integers(0, 8)) * 1000.0 if status == "possible" else 0.0,
        lead_time_days=float(rng.integers(0, 200)) if status == "possible" else 0.0,
        learning_days=100.0 if not plain and rng.random() < 0.3 else 0.0,
        learning_start_fraction=0.5,
    )  # fmt: skip


def _limited(plant: Facility) -> Facility:
    """Return a plant without a permit with a limit on the risk of its workers, at 15 t a year."""
    if plant.permit_t_per_year is not None:
        return plant
    method = shipped_register().methods[plant.method_id]
    deaths = 15.0 * method.accident_rate_per_t * method.worker_fatalities_per_accident
    return plant.model_copy(update={"workers": 10.0, "worker_risk_limit_per_year": deaths / 10.0})


def _rates(rng: np.random.Generator, plant: Facility) -> list[FacilityRate]:
    return [
        rate(
            plant.facility_id, throughput_t_per_day=float(rng.choice([0.1, 0.2, 0.5])),
            unit_cost_usd_per_t=float(rng.choice([0.0, 150.0, 400.0, 700.0], p=[0.1, 0.3, 0.3, 0.3])),
            scrap_usd_per_t=float(rng.choice([0.0, 80.0])), scrap_buyer_probability=0.5,
        )
    ]  # fmt: skip


def _fund(rng: np.random.Generator, fund_id: str, plain: bool) -> Fund:
    tied = (rng.random(4) < 0.25) & (fund_id != "M0")
    return fund(
        fund_id,
        use=str(rng.choice(["any", "running", "capital"], p=[0.6, 0.2, 0.2])) if fund_id != "M0" else "any",
        earmark_sites=("S1",) if tied[0] else (),
        earmark_methods=(str(rng.choice(METHODS)),) if tied[1] else (),
        earmark_categories=("artillery",) if tied[2] else (),
        earmark_countries=("KZ",) if tied[3] else (),
        overhead_fraction=float(rng.choice([0.0, 0.07])),
        expires=dt.date(2026, 9, 30) if rng.random() < 0.3 else None,
        verification_usd_per_t=0.0 if plain or rng.random() < 0.7 else 50.0,
    )  # fmt: skip


def _tranches(rng: np.random.Generator, holder: Fund, years: int) -> list[Tranche]:
    count = int(rng.integers(1, 4))
    return [
        tranche(
            f"{holder.fund_id}-{k}", holder.fund_id, amount_usd=float(rng.integers(5, 45)) * 1000.0,
            due=START + dt.timedelta(days=int(rng.integers(0, 365 * years - 1))),
            probability=float(rng.choice([0.5, 0.9, 1.0])),
        )
        for k in range(count)
    ]  # fmt: skip


def by_both_solvers(model: Model, options: SolveOptions) -> tuple[float, float]:
    """Return the harm that a model averts by HiGHS and by CBC [persons]."""
    solved = (solve(model, replace(options, solvers=(name,))) for name in ("HiGHS", "CBC"))
    highs, cbc = (model.constant - each.objective for each in solved)
    return highs, cbc


def flow_costs(problem: Problem, per_group_and_period: Floats) -> Floats:
    """Return the cost of every flow from that of (group, period) [1/t], for problems in single periods."""
    assert problem.blocks.count == problem.scenario.periods
    return per_group_and_period[problem.flows.group, problem.flows.block]
