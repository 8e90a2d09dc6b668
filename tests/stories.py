"""What tests of the simulation share: quiet worlds, short plans, injected chance, the end of a run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from demilsim.model.event_rate import Cause
from demilsim.plan import Commissioning, DisposalPlan, PlanLine
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Candidate, Draws, draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from worlds import storehouse, three_sites

TONNE = 1_000_000
"""Grams."""

KNOTS = [0.0, 90.0, 181.0, 273.0, 365.0, 455.0, 546.0, 638.0, 730.0]
"""First days of the quarters of 2026 and 2027, and the end."""

BASE = ("storage", "external", "security", "undetermined")

QUIET = {f"event_rate.{cause}_per_storehouse_year": 0.0 for cause in BASE} | {
    "event_rate.ageing_per_t_year": 0.0
}
"""Parameters with which nothing explodes in store."""

RAISED = {f"event_rate.{cause}_per_storehouse_year": 0.03 for cause in BASE}
"""Parameters with which storage is so dangerous that accidents in destruction matter little."""


def line(lot_id: str, mass_t: float = 100.0, period: int = 0, facility_id: str = "F1") -> PlanLine:
    """Return a plan line whose priority `plan` sets."""
    return PlanLine(lot_id, facility_id, round(mass_t * TONNE), period, 0)


def plan(
    *lines: PlanLine, commissionings: tuple[Commissioning, ...] = (), funds: tuple[str, ...] = ()
) -> DisposalPlan:
    """Return a plan of lines in their order."""
    ranked = tuple(replace(row, priority=10 * rank) for rank, row in enumerate(lines))
    return DisposalPlan("story", "none", ranked, commissionings, funds)


def with_methods(scenario: Scenario, **changes: Any) -> Scenario:
    """Return the scenario with the same change made to every disposal method."""
    methods = {k: m.model_copy(update=changes) for k, m in scenario.register.methods.items()}
    return replace(scenario, register=replace(scenario.register, methods=methods))


def without_accidents(scenario: Scenario) -> Scenario:
    """Return the scenario with no accidents in processing."""
    return with_methods(scenario, accident_rate_per_t=0.0)


def candidate(day: float, storehouse: int = 0, **changes: Any) -> Candidate:
    """Return an incident of practices that, if anything is stored, takes one stack and kills nobody."""
    base = Candidate(
        day=day, cause=Cause.STORAGE, storehouse=storehouse, lot=-1, mark=0.0, extent=0.5, prompt=0.5,
        daytime=0.0, responders=0.0, chain=0.0, deaths_public=0.0, deaths_workers=0.0,
    )  # fmt: skip
    return replace(base, **changes)


def accidents_at(draws: Draws, *tonnes: float) -> Draws:
    """Return draws with accidents of the first facility at the given cumulative tonnes, and no others."""
    at = np.full_like(draws.accident_at_g, np.inf)
    at[0, : len(tonnes)] = np.array(tonnes) * TONNE
    return replace(draws, accident_at_g=at)


def drawn(scenario: Scenario, replication: int = 0, seed: int = 1) -> tuple[World, Draws]:
    """Return a world and the chance of one replication."""
    world = prepare(scenario)
    return world, draw(world, Streams(seed, replication))


def told(world: World, draws: Draws, story: DisposalPlan) -> tuple[RunResult, Run]:
    """Return the result of a replication and its end state."""
    states: list[Run] = []
    result = run(world, compile_plan(world, story), draws, states.append)
    return result, states[-1]


def play(scenario: Scenario, story: DisposalPlan, *candidates: Candidate) -> tuple[RunResult, Run]:
    """Return the result and end state of a plan when exactly the given incidents may happen."""
    world, draws = drawn(without_accidents(scenario))
    return told(world, replace(draws, candidates=candidates), story)


def log(state: Run) -> list[tuple[str, str, float, float, float]]:
    """Return (facility, lot, first day, last day, tonnes) of every finished stretch of work, by facility."""
    scenario = state.world.scenario
    return [
        (
            scenario.facilities[plant.index].facility_id,
            scenario.lots[segment.lot].lot_id,
            # The last day on which nothing of it was done, and the first on which all was.
            round(plant.path.when(segment.begin + 1e-9), 6),
            round(plant.path.when(segment.end), 6),
            segment.mass_g / TONNE,
        )
        for plant in state.plants
        for segment in plant.segments
    ]


DANGEROUS = {f"event_rate.{cause}_per_storehouse_year": 0.03 for cause in BASE} | {
    "event_rate.ageing_per_t_year": 3e-4
}


def busy() -> Scenario:
    """Return three sites of two storehouses 20 m apart where much explodes and is destroyed meanwhile."""
    houses = [storehouse(f"{s}-H{k}", s, y_m=20.0 * k) for s in ("S1", "S2", "S3") for k in (1, 2)]
    return three_sites(parameters=DANGEROUS, storehouses=houses)


def busy_plan() -> DisposalPlan:
    """Return a plan that empties storehouses, partly empties others, and works two lots at once."""
    return plan(
        line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT"), line("S2-L2", 60.0, 1, "PLANT"),
        line("S1-L2", 70.0, 2, "RANGE"),
    )  # fmt: skip
