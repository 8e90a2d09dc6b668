"""Random small programmes with every feature that the engine has, on top of `strategies.monied_programmes`.

Added here: lots that arrive later, records that are wrong, stabiliser that nobody knows, thieves and guards,
measures of every kind, tests among them, pools of equal plant, and plans that are renewed on the way.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from demilsim.plan import DisposalPlan, MeasureOrder, ObservedState
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, Lot, Measure, Override, Site, Storehouse
from stories import TONNE
from strategies import Programme, drawn_plan, monied_programmes
from worlds import SOURCE, lot, measure, rate, tranche

PROPELLANT = ("art_122", "rocket_122", "sa_rifle")
"""Natures with a stabiliser that tests can read."""

NATURES = (*PROPELLANT, "mine_at", "grenade_hand")


@dataclass(frozen=True)
class Again:
    """A policy that plans what it sees of the same lines once more, in the reverse order."""

    scenario: Scenario
    plan: DisposalPlan

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Return the plan for what is left of its lots, as far as the records go."""
        left = {
            row.lot_id: min(int(mass), round(row.gross_mass_t * TONNE))
            for row, mass in zip(self.scenario.lots, observed.remaining_g, strict=True)
        }
        lines = []
        for row in reversed(self.plan.lines):
            mass = min(row.mass_g, left[row.lot_id])
            if mass:
                left[row.lot_id] -= mass
                lines.append(replace(row, mass_g=mass, priority=len(lines)))
        return replace(self.plan, lines=tuple(lines))


@st.composite
def full_programmes(draw: st.DrawFn) -> Programme:
    """Return a programme in which everything that the engine knows may happen at once."""
    scenario = draw(monied_programmes()).scenario
    scenario = replace(scenario, sites=tuple(_guarded(draw, row) for row in scenario.sites))
    scenario = replace(
        scenario, lots=(*(_changed(draw, row) for row in scenario.lots), *_to_come(draw, scenario))
    )
    scenario = _with_twin(draw, scenario)
    scenario = replace(scenario, facility_rates=(*scenario.facility_rates, *_more_rates(scenario)))
    scenario = replace(scenario, measures=tuple(_measures(draw, scenario)))
    if draw(st.booleans()):
        # Else so little is paid for that most of the rest never happens.
        rich = tranche("RICH", scenario.funds[0].fund_id, amount_usd=3e6)
        scenario = replace(scenario, tranches=(*scenario.tranches, rich))
    scenario = _with_parameters(
        scenario,
        {
            "diversion.thefts_per_lot_year": draw(st.sampled_from([0.0, 0.5, 6.0])),
            "diversion.share_taken": draw(st.sampled_from([0.02, 0.4, 1.0])),
            "transport.explosion_given_accident": draw(st.sampled_from([0.0, 0.3])),
        },
    )
    plan = drawn_plan(draw, scenario)
    ordered = tuple(
        MeasureOrder(row.measure_id, draw(st.sampled_from([0, 0, 1, 3])))
        for row in scenario.measures
        if draw(st.integers(0, 2))
    )
    return Programme(
        scenario,
        replace(plan, measures=ordered),
        draw(st.integers(0, 10_000)),
        draw(st.sampled_from([0, 0, 1, 4])),
    )


def _guarded(draw: st.DrawFn, row: Site) -> Site:
    return row.model_copy(update={"guard_level": draw(st.sampled_from([None, 0, 1, 2]))})


def _changed(draw: st.DrawFn, row: Lot, natures: tuple[str, ...] = NATURES) -> Lot:
    """Return a lot of some nature whose record may be wrong and whose stabiliser may be bad or not known."""
    nature = draw(st.sampled_from(natures))
    known = draw(st.sampled_from([0.9, 0.15, "unknown"]))
    return row.model_copy(
        update={
            "nature_id": nature,
            "stabiliser_fraction": known if nature in PROPELLANT else None,
            "mass_sigma": draw(st.sampled_from([0.0, 0.0, 0.05, 0.5])),
        }
    )


def _to_come(draw: st.DrawFn, scenario: Scenario) -> list[Lot]:
    """Return up to three lots that arrive within the horizon, if at all."""
    start = scenario.settings.start
    last = (scenario.period_dates[-1] - start).days - 1
    return [
        _changed(
            draw,
            lot(
                f"NEW{k}",
                draw(st.sampled_from(scenario.storehouses)).storehouse_id,
                gross_mass_t=(mass := draw(st.sampled_from([0.000001, 25.0, 120.5]))),
                neq_kg=mass * 150.0,
                safe_to_move=draw(st.booleans()),
                arrives=start + dt.timedelta(days=draw(st.integers(1, last))),
                arrival_probability=draw(st.sampled_from([0.0, 0.5, 1.0])),
            ),
        )
        for k in range(draw(st.integers(0, 3)))
    ]


def _with_twin(draw: st.DrawFn, scenario: Scenario) -> Scenario:
    """Return the scenario, perhaps with a twin of its first fixed plant that shares its orders."""
    fixed = [row for row in scenario.facilities if row.status == "existing" and not row.mobile]
    if not fixed or not draw(st.booleans()):
        return scenario
    own = fixed[0]
    pooled = {own.facility_id: own.model_copy(update={"pool": "POOL"})}
    twin = own.model_copy(update={"pool": "POOL", "facility_id": "TWIN", "name": "TWIN"})
    rates = [
        row.model_copy(update={"facility_id": "TWIN"})
        for row in scenario.facility_rates
        if row.facility_id == own.facility_id
    ]
    plants: list[Facility] = [pooled.get(row.facility_id, row) for row in scenario.facilities]
    return replace(scenario, facilities=(*plants, twin), facility_rates=(*scenario.facility_rates, *rates))


def _more_rates(scenario: Scenario) -> list[Any]:
    """Return a rate of every facility for the categories that the plain programmes do not have."""
    return [
        rate(row.facility_id, category, throughput_t_per_day=0.7, unit_cost_usd_per_t=77.77)
        for row in scenario.facilities
        for category in ("small_arms", "rockets", "grenades")
    ]


def _measures(draw: st.DrawFn, scenario: Scenario) -> list[Measure]:
    """Return some of the measures that the checks of a scenario allow, one of a kind for each place."""
    found = [
        *(_at_site(draw, kind, row) for row in scenario.sites for kind in ("rrpl", "guard")),
        *(_at_house(draw, kind, row, scenario) for row in scenario.storehouses
          for kind in ("lightning", "surveillance", "move")),
    ]  # fmt: skip
    return [row for row in found if row is not None and draw(st.booleans())]


def _at_site(draw: st.DrawFn, kind: str, row: Site) -> Measure | None:
    if kind == "guard" and row.guard_level is None:
        return None
    changes = _terms(draw) | {"site_id": row.site_id, "level": 3}
    return measure(f"{kind}-{row.site_id}", kind, **changes)


def _at_house(draw: st.DrawFn, kind: str, row: Storehouse, scenario: Scenario) -> Measure | None:
    others = [
        other.storehouse_id
        for other in scenario.storehouses
        if other.site_id == row.site_id and other.storehouse_id != row.storehouse_id
    ]
    tested = any(x.nature_id in PROPELLANT and x.storehouse_id == row.storehouse_id for x in scenario.lots)
    if (kind == "move" and not others) or (kind == "surveillance" and not tested):
        return None
    changes = _terms(draw) | {"storehouse_id": row.storehouse_id}
    if kind == "move":
        changes["to_storehouse_id"] = draw(st.sampled_from(others))
    return measure(f"{kind}-{row.storehouse_id}", kind, **changes)


def _terms(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "cost_usd": draw(st.sampled_from([0.0, 1_234.56, 30_000.0])),
        "yearly_cost_usd": draw(st.sampled_from([0.0, 999.99])),
        "lead_time_days": draw(st.sampled_from([0.0, 100.0])),
    }


def _with_parameters(scenario: Scenario, values: dict[str, float]) -> Scenario:
    """Return the scenario with further constants of its own."""
    own = {key: Override(value=value, source=SOURCE) for key, value in values.items()}
    parameters = scenario.settings.parameters | own
    return replace(
        scenario,
        settings=scenario.settings.model_copy(update={"parameters": parameters}),
        register=scenario.register.overridden(own),
    )
