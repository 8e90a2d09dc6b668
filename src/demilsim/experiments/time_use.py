"""Where working days go and where harm arises, on average over replications of one plan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare

REPLICATIONS = 32
"""Replications of a mean: its error is a few per cent of what breakdowns take."""


@dataclass(frozen=True, slots=True)
class PlanInDetail:
    """Means over replications of one plan that an ensemble does not keep.

    Parameters
    ----------
    time_use
        Working days by what became of them [d], shape (facility, use).
    stock_harm
        Expected weighted deaths of storage [persons], shape (period, storehouse).
    open_days, worked_days
        Days on which a facility could work and those that it worked [d], shape (facility, period).
    """

    time_use: Floats
    stock_harm: Floats
    open_days: Floats
    worked_days: Floats


def plan_in_detail(
    scenario: Scenario, plan: DisposalPlan, replications: int = REPLICATIONS, *, seed: int | None = None
) -> PlanInDetail:
    """Return where working days go and where harm arises under a plan.

    Parameters
    ----------
    scenario, plan
        What is simulated.
    replications
        How many, >= 1, from number 0.
    seed
        Root seed; the scenario's by default.
    """
    world = prepare(scenario)
    schedule = compile_plan(world, plan)
    root = scenario.settings.seed if seed is None else seed
    results = [
        run(world, schedule, draw(world, Streams(root, number)), explain=True)
        for number in range(replications)
    ]
    return PlanInDetail(
        time_use=np.mean([result.time_use for result in results], axis=0),
        stock_harm=np.mean([result.stock_harm for result in results], axis=0),
        open_days=np.mean([result.open_days for result in results], axis=0),
        worked_days=np.mean([result.worked_days for result in results], axis=0),
    )
