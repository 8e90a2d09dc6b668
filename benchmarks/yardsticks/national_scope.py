"""What the SimPy reference does not model, so that it refuses it and tests can leave it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, FacilityRate, Fund, Record, Route
from demilsim.simulation.draws import Draws
from demilsim.simulation.schedule import Schedule
from demilsim.simulation.world import World

ROUTE = ("open_months", "escort_usd_per_convoy")
FACILITY = ("pool", "move_days", "move_cost_usd")
FACILITY_RATE = ("scrap_usd_per_t",)
FUND = ("verification_usd_per_t", "match_ratio", "use")
"""Columns of which only the default value is modelled; of `use`, anything but an emergency account."""

AnyRecord = TypeVar("AnyRecord", bound=Record)


def beyond(world: World, schedule: Schedule, draws: Draws) -> list[str]:
    """Return what there is in a replication that the reference does not model."""
    scenario, supply = world.scenario, draws.supply
    found = [
        *_used(Route, scenario.routes, ROUTE),
        *_used(Facility, scenario.facilities, FACILITY),
        *_used(FacilityRate, scenario.facility_rates, FACILITY_RATE),
        *_used(Fund, scenario.funds, FUND[:-1]),
    ]
    facts = {
        "emergency accounts": any(fund.use == "emergency" for fund in scenario.funds),
        "milestones": bool(draws.income.promises),
        "measures": bool(schedule.measures),
        "accidents that hold up a load": bool(draws.road_accident_at.size),
        "thefts": bool(supply.thefts),
        "lots that arrive": bool((supply.arrival_day > 0.0).any()),
        "records that are wrong": bool((supply.lot_g != world.lot_g).any()),
    }
    return found + [name for name, there in facts.items() if there]


def _used(kind: type[Record], rows: Sequence[Record], columns: Sequence[str]) -> list[str]:
    return [
        f"{kind.__name__}.{name}"
        for name in columns
        if any(getattr(row, name) != kind.model_fields[name].default for row in rows)
    ]


def without(scenario: Scenario) -> Scenario:
    """Return a scenario with plain routes and facilities, and roads on which no accident holds up a load."""
    register = scenario.register
    transport = register.transport.model_copy(update={"accident_delay_days": 0.0})
    return replace(
        scenario,
        routes=_plain(Route, scenario.routes, ROUTE),
        facilities=_plain(Facility, scenario.facilities, FACILITY),
        register=replace(register, transport=transport),
    )


def _plain(kind: type[AnyRecord], rows: Sequence[AnyRecord], columns: Sequence[str]) -> tuple[AnyRecord, ...]:
    defaults = {name: kind.model_fields[name].default for name in columns}
    return tuple(row.model_copy(update=defaults) for row in rows)
