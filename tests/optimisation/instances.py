"""Coefficients, lot plans and small models for the tests of the optimiser."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from demilsim.model.calendar import nominal_working_days
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.kept import KeptModel, keep
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t, planning_harm
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.rows import Columns, Rows, Sense
from demilsim.optimisation.task import make_task
from demilsim.plan import DisposalPlan, PlanLine, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams
from worlds import (
    facility,
    fund,
    lot,
    measure,
    rate,
    storehouse,
    three_sites,
    tranche,
    two_lots,
    village,
    world,
)

PERSONS = 50_000.0
"""People near each storehouse: enough for destruction to avert more harm than its accidents cause."""


def coefficients(scenario: Scenario) -> PlanningCoefficients:
    """Return coefficients by the calendar: tranches come when due, by their probability, net of overhead."""
    receipts = np.zeros((len(scenario.funds), scenario.periods))
    index = {row.fund_id: k for k, row in enumerate(scenario.funds)}
    for row in scenario.tranches:
        k = index[row.fund_id]
        period = sum(date <= row.due for date in scenario.period_dates[:-1]) - 1
        receipts[k, period] += row.amount_usd * row.probability * (1.0 - scenario.funds[k].overhead_fraction)
    return PlanningCoefficients(
        working_days=nominal_working_days(scenario),
        receipts_usd=receipts,
        harm_factor=np.ones((len(scenario.storehouses), scenario.periods)),
    )


def three_towns_in_quarters() -> tuple[Model, PlanningHarm, KeptModel]:
    """Return three towns in quarters, the kiln ordered at the start: model, harm, and the model kept."""
    scenario = three_towns()
    task = make_task(scenario, coefficients(scenario))
    problem = task.problem(((2, 0),))
    harm = planning_harm(problem, task.stock)
    path = emptied_path_t(task.groups.held_t(scenario.periods))
    model = assemble(problem, harm.linearised(path), harm.do_nothing)
    return model, harm, keep(model)


def build_or_not(**changes: Any) -> Scenario:
    """Return two lots, a slow plant with a permit, a kiln to build, one free fund and one for capital."""
    base: dict[str, Any] = {
        "storehouses": (storehouse("H1"), storehouse("H2", y_m=400.0)),
        "exposed_sites": (village(persons=PERSONS),),
        "lots": (lot("L1", "H1"), lot("L2", "H2", gross_mass_t=80.0, neq_kg=24_000.0)),
        "facilities": (
            facility("F-1", permit_t_per_year=30.0),
            facility(
                "KILN", method_id="rotary_kiln", status="possible", capital_cost_usd=60_000.0,
                lead_time_days=100.0, fixed_cost_usd_per_year=10_000.0,
            ),
        ),
        "facility_rates": (
            rate("F-1", throughput_t_per_day=0.2),
            rate("KILN", throughput_t_per_day=0.5, unit_cost_usd_per_t=400.0),
        ),
        "funds": (fund("US"), fund("EU", use="capital")),
        "tranches": (
            tranche("T1", "US", amount_usd=120_000.0),
            tranche("T2", "US", amount_usd=40_000.0, due="2027-04-01"),
            tranche("T3", "EU", amount_usd=50_000.0, due="2026-07-01"),
        ),
    }  # fmt: skip
    return world(**(base | changes))


def two_towns(**changes: Any) -> Scenario:
    """Return two lots beside a town, money for one of them."""
    return two_lots(**({"exposed_sites": (village(persons=PERSONS),)} | changes))


def three_towns(**changes: Any) -> Scenario:
    """Return three sites beside towns, a plant to build, two funds."""
    towns = [row.model_copy(update={"persons": PERSONS}) for row in three_sites().exposed_sites]
    return three_sites(**({"exposed_sites": towns} | changes))


def two_groups(limit: float | None = None, **changes: Any) -> Scenario:
    """Return a lot beside a town and one beside a hamlet 3 km away, whose 20 people have a limit on risk.

    150 t can be paid at 1 t a day. The town's lot averts more; at the start each person's risk is 9.35289e-8
    a year.
    """
    hamlet = {"y_m": 3_000.0, "persons": 20.0, "risk_limit_per_year": limit}
    hamlet["risk_limit_from"] = changes.pop("limit_from", None)
    base: dict[str, Any] = {
        "storehouses": (storehouse("H1"), storehouse("H2", y_m=3_000.0)),
        "exposed_sites": (village("TOWN", persons=PERSONS), village("HAMLET", **hamlet)),
        "lots": (lot("L1", "H1"), lot("L2", "H2")),
        "tranches": (tranche(amount_usd=75_000.0),),
    }
    return two_lots(**(base | changes))


def moved_to_the_hamlet() -> Scenario:
    """Return a town's lot that may be taken to workers in place of the hamlet, at no cost, after 30 days."""
    move = measure(
        "MOVE", "move", storehouse_id="H1", to_storehouse_id="H2", cost_usd=0.0, lead_time_days=30.0
    )
    scenario = two_groups(1e-7, measures=(move,))
    # Workers set no licence.
    people = (scenario.exposed_sites[0], scenario.exposed_sites[1].model_copy(update={"kind": "workers"}))
    return replace(scenario, exposed_sites=people)


def few_workers(**changes: Any) -> Scenario:
    """Return `build_or_not` with 20 workers at the old plant, of whom one in 20,000 may die in a year."""
    base = build_or_not(**changes)
    limit = {"workers": 20.0, "worker_risk_limit_per_year": 5e-5, "permit_t_per_year": None}
    return replace(base, facilities=(base.facilities[0].model_copy(update=limit), base.facilities[1]))


def lot_plan(scenario: Scenario, result: PlanResult) -> DisposalPlan:
    """Return the flows of groups as lines of lots, in proportion to their mass."""
    mass = np.array([row.gross_mass_t for row in scenario.lots])
    flows, groups = result.flows, result.groups
    lines: list[PlanLine] = []
    rows = zip(flows.group, flows.facility, flows.period, flows.tonnes, strict=True)
    for group, where, period, tonnes in rows:
        for index in np.flatnonzero(groups.group_of_lot == group):
            mass_g = grams(tonnes * mass[index] / groups.mass_t[group])
            if mass_g > 0:
                lines.append(
                    PlanLine(
                        scenario.lots[index].lot_id, scenario.facilities[where].facility_id, mass_g,
                        int(period), len(lines),
                    )
                )  # fmt: skip
    return DisposalPlan("optimised", result.source, tuple(lines), result.commissionings)


def model(
    cost: list[float],
    rows: list[tuple[list[float], Sense, float]],
    upper: list[float],
    integer: bool = True,
    constant: float = 0.0,
) -> Model:
    """Return a model from dense rows."""
    families = []
    for i, (values, sense, rhs) in enumerate(rows):
        kept = np.flatnonzero(values)
        families.append(
            Rows(
                f"family{i}", (f"row{i}",), np.zeros(kept.size, dtype=np.int64), kept.astype(np.int64),
                np.array(values, dtype=float)[kept], sense, np.array([rhs]),
            )
        )  # fmt: skip
    columns = Columns(
        tuple(f"x{j}" for j in range(len(cost))), np.array(upper, dtype=float), np.full(len(cost), integer)
    )
    return Model(columns, tuple(families), np.array(cost, dtype=float), constant)


def random_knapsacks(seed: int, columns: int, rows: int, constant: float = 0.0) -> Model:
    """Return a packing problem over binaries with several knapsack rows."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(1, 20, (rows, columns)).astype(float)
    capacity = np.floor(weights.sum(axis=1) / 4.0)
    return model(
        (-rng.integers(5, 30, columns)).tolist(),
        [(w.tolist(), Sense.AT_MOST, float(c)) for w, c in zip(weights, capacity, strict=True)],
        [1.0] * columns,
        constant=constant,
    )
