"""Scenarios in which tranches wait for milestones, and what the tests of them share."""

from __future__ import annotations

from typing import Any

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.audit import audit, audit_promises
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.releases import (
    Releases,
    counted_on,
)
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.solve import SolveOptions
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import DisposalPlan
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.scenario import Scenario
from optimisation.instances import PERSONS, build_or_not
from worlds import (
    fund,
    lot,
    rate,
    storehouse,
    tranche,
    village,
    world,
)

EXACT = SolveOptions(gap_averted=0.0, node_limit=10_000)


def bait(**changes: Any) -> Scenario:
    """Return shells beside a town, dear to destroy, and rifle rounds 5 km away, cheap, that harm nobody.

    20,000 USD are there; 60,000 more come in the second quarter or later, once 50 t have been destroyed.
    """
    base: dict[str, Any] = {
        "storehouses": (storehouse("H1"), storehouse("H2", y_m=5000.0)),
        "exposed_sites": (village(persons=PERSONS),),
        "lots": (lot("SHELLS", "H1"), lot("ROUNDS", "H2", nature_id="sa_rifle")),
        "facility_rates": (
            rate(unit_cost_usd_per_t=1000.0),
            rate(category="small_arms", unit_cost_usd_per_t=100.0),
        ),
        "tranches": (
            tranche(amount_usd=20_000.0),
            tranche("M", amount_usd=60_000.0, due="2026-04-01", milestone_destroyed_t=50.0),
        ),
    }
    return world(**(base | changes))


def all_strings() -> Scenario:
    """Return a plant to build and three funds: US waits for 20 t, MATCH adds to it, EU waits for it to spend.

    Four fifths of what US has received must have been spent before the second tranche of EU.
    """
    return build_or_not(
        funds=(
            fund("US", overhead_fraction=0.1),
            fund("EU", use="capital"),
            fund("MATCH", matches_funds=("US",), match_ratio=0.5, match_cap_usd=40_000.0),
        ),
        tranches=(
            tranche("T1", "US", amount_usd=40_000.0),
            tranche("M1", "US", amount_usd=80_000.0, due="2026-10-01", milestone_destroyed_t=20.0),
            tranche("T3", "EU", amount_usd=30_000.0, due="2026-07-01"),
            tranche(
                "M2", "EU", amount_usd=30_000.0, due="2027-07-01", milestone_fund="US",
                milestone_spent_fraction=0.8,
            ),
        ),
    )  # fmt: skip


def task_of(scenario: Scenario) -> Task:
    return make_task(scenario, nominal_coefficients(scenario))


def planned(scenario: Scenario, **options: Any) -> PlanResult:
    return optimise(scenario, nominal_coefficients(scenario), options=SolveOptions(**options))


def problems_of(scenario: Scenario, plan: DisposalPlan, releases: Releases | None) -> tuple[str, ...]:
    """Return all that the audits find in a plan that counts on what it releases."""
    counted = counted_on(scenario, nominal_coefficients(scenario), releases)
    return (
        *audit(scenario, plan, counted, releases or ()),
        *audit_promises(scenario, plan, counted, releases or ()),
    )


def tonnes(scenario: Scenario, result: PlanResult) -> np.ndarray:
    """Return what is destroyed in each period [t]."""
    return np.bincount(result.flows.period, result.flows.tonnes, scenario.periods)


def linear_model(problem: Problem, task: Task) -> Model:
    """Return a problem on harm made linear along emptied storehouses."""
    harm = planning_harm(problem, task.stock)
    flow_cost = harm.linearised(emptied_path_t(harm.held_t))
    return assemble(problem, flow_cost, harm.do_nothing)
