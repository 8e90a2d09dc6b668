"""Random small programmes for property tests: a scenario, a plan that fits it, and a seed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from demilsim.plan import Commissioning, DisposalPlan, PlanLine
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExchangeRate
from demilsim.simulation.world import prepare
from stories import BASE, TONNE, with_methods
from worlds import facility, fund, lot, rate, route, site, storehouse, tranche, village, world

START = dt.date(2026, 1, 1)
METHODS = ("open_detonation", "disassembly", "rotary_kiln")
SITES = ("S1", "S2", "S3")


@dataclass(frozen=True)
class Programme:
    """A scenario, a plan that fits it, the seed to simulate it with, and periods between renewals if any."""

    scenario: Scenario
    plan: DisposalPlan
    seed: int
    renewal_periods: int = 0

    def __repr__(self) -> str:
        # Hypothesis warns of the 40,000 characters of a scenario.
        return f"Programme({len(self.scenario.lots)} lots, {self.plan}, seed {self.seed})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))


@st.composite
def programmes(draw: st.DrawFn) -> Programme:
    """Return a programme of up to three sites, six lots and four facilities in which much goes wrong."""
    sites = SITES[: draw(st.integers(1, 3))]
    houses = [
        storehouse(f"{s}-H{k}", s, y_m=draw(st.sampled_from([30.0, 60.0, 200.0])) * k, construction=c)
        for s in sites
        for k in range(draw(st.integers(1, 3)))
        for c in [draw(st.sampled_from(["masonry", "sheet_metal", "open_stack", "earth_covered"]))]
    ]
    lots = [_lot(draw, f"L{k}", [h.storehouse_id for h in houses]) for k in range(draw(st.integers(1, 6)))]
    plants = [_facility(draw, f"F{k}", sites) for k in range(draw(st.integers(1, 4)))]
    funds = [_fund(draw, f"M{k}", sites) for k in range(draw(st.integers(1, 3)))]
    scenario = world(
        sites=[site(s) for s in sites],
        storehouses=houses,
        exposed_sites=[village(f"{s}-E", s) for s in sites],
        lots=lots,
        facilities=plants,
        facility_rates=[
            rate(
                f.facility_id,
                category,
                throughput_t_per_day=draw(st.sampled_from([0.2, 1.0, 3.0])),
                unit_cost_usd_per_t=draw(st.sampled_from([0.0, 123.45, 900.0])),
            )
            for f in plants
            for category in ("artillery", "mines")
        ],
        routes=[
            route(
                a,
                b,
                travel_days=draw(st.sampled_from([0.5, 2.0, 40.0])),
                open_months=draw(st.sampled_from([tuple(range(1, 13)), (2, 3, 11), (6,)])),
                vehicles_per_convoy=draw(st.sampled_from([1, 5])),
                neq_limit_kg_per_vehicle=draw(st.sampled_from([None, 777.7])),
                escort_usd_per_convoy=draw(st.sampled_from([0.0, 333.33])),
            )
            for i, a in enumerate(sites)
            for b in sites[i + 1 :]
        ],
        funds=funds,
        tranches=[
            tranche(
                f"T{k}",
                draw(st.sampled_from(funds)).fund_id,
                due=START + dt.timedelta(days=draw(st.integers(-200, 700))),
                amount_usd=draw(st.sampled_from([0.01, 9_999.99, 60_000.0, 1e6])),
                probability=draw(st.sampled_from([0.5, 1.0])),
                mean_delay_days=draw(st.sampled_from([0.0, 45.0])),
            )
            for k in range(draw(st.integers(1, 5)))
        ],
        parameters=_rates(draw),
        start=draw(st.sampled_from([START, dt.date(2026, 7, 1)])),
        horizon_years=draw(st.integers(1, 2)),
        period=draw(st.sampled_from(["quarter", "month"])),
    )
    scenario = with_methods(scenario, accident_rate_per_t=draw(st.sampled_from([0.0, 0.01])))
    return Programme(scenario, drawn_plan(draw, scenario), draw(st.integers(0, 10_000)))


@st.composite
def monied_programmes(draw: st.DrawFn) -> Programme:
    """Return a programme with every way for money to come and go: no fund and no tranche is a plain one."""
    programme = draw(programmes())
    scenario = programme.scenario
    plain = [row.fund_id for row in scenario.funds]
    funds = [
        row.model_copy(
            update={
                "verification_usd_per_t": draw(st.sampled_from([0.0, 33.33, 900.0])),
                "earmark_countries": draw(st.sampled_from([(), (), (), ("KZ",)])),
            }
        )
        for row in scenario.funds
    ]
    funds += [
        fund(
            "MATCH", matches_funds=tuple(plain), match_ratio=draw(st.sampled_from([0.333, 1.0])),
            match_cap_usd=draw(st.sampled_from([None, 20_000.01])), overhead_fraction=0.07,
            match_countries=draw(st.sampled_from([(), ("KZ",)])),
            expires=draw(st.sampled_from([None, START + dt.timedelta(days=300)])),
        ),
        fund(
            "EMERGENCY", use="emergency",
            expires=draw(st.sampled_from([None, START + dt.timedelta(days=200)])),
        ),
    ]  # fmt: skip
    tranches = [_on_terms(draw, row, plain) for row in scenario.tranches]
    tranches += [tranche(f"PLAIN-{k}", k, amount_usd=9_999.99, due=START) for k in plain]
    tranches.append(tranche("E", "EMERGENCY", amount_usd=draw(st.sampled_from([0.01, 1_000.0, 1e6]))))
    rates = [
        row.model_copy(
            update={
                "scrap_usd_per_t": 17.77,
                "scrap_buyer_probability": draw(st.sampled_from([0.0, 0.5, 1.0])),
            }
        )
        for row in scenario.facility_rates
    ]
    sold_for = draw(st.sampled_from([None, *plain, "EMERGENCY"]))
    scenario = replace(
        scenario,
        settings=scenario.settings.model_copy(update={"scrap_fund": sold_for}),
        sites=tuple(
            row.model_copy(update={"country": draw(st.sampled_from([None, "UZ"]))}) for row in scenario.sites
        ),
        funds=tuple(funds),
        tranches=tuple(tranches),
        facility_rates=tuple(rates),
        exchange_rates=(
            ExchangeRate(
                currency="EUR", valid_from=START - dt.timedelta(days=400), usd_per_unit=1.1,
                sigma_per_year=0.2, source=("T-TEST",),
            ),
        ),
    )  # fmt: skip
    return replace(programme, scenario=scenario, plan=_fitting(scenario, programme.plan))


def _on_terms(draw: st.DrawFn, row: Any, funds: list[str]) -> Any:
    """Return a tranche in dollars or euro, at once or after a milestone."""
    changes: dict[str, Any] = {}
    if draw(st.booleans()):
        changes |= {"amount_usd": None, "amount": row.amount_usd, "currency": "EUR"}
    milestone = draw(st.sampled_from(["", "", "spent", "tonnes", "both"]))
    if milestone in ("spent", "both"):
        fraction = draw(st.sampled_from([0.001, 0.3]))
        changes |= {"milestone_fund": draw(st.sampled_from(funds)), "milestone_spent_fraction": fraction}
    if milestone in ("tonnes", "both"):
        changes |= {"milestone_destroyed_t": draw(st.sampled_from([0.01, 3.0]))}
    return row.model_copy(update=changes)


def _fitting(scenario: Scenario, plan: DisposalPlan) -> DisposalPlan:
    """Return a plan without the lines of mobile plant that may not cross the new borders."""
    allowed = prepare(scenario).options.allowed
    lots = {row.lot_id: i for i, row in enumerate(scenario.lots)}
    plants = {row.facility_id: i for i, row in enumerate(scenario.facilities)}
    return replace(plan, lines=tuple(r for r in plan.lines if allowed[lots[r.lot_id], plants[r.facility_id]]))


def _lot(draw: st.DrawFn, lot_id: str, houses: list[str]) -> Any:
    mass = draw(st.sampled_from([3.141592, 40.0, 99.999999, 180.0]))
    propellant = draw(st.booleans())
    changes = {} if propellant else {"nature_id": "mine_at", "stabiliser_fraction": None}
    return lot(
        lot_id,
        draw(st.sampled_from(houses)),
        gross_mass_t=mass,
        neq_kg=mass * draw(st.sampled_from([100.0, 200.0, 400.0])),
        status=draw(st.sampled_from(["surplus", "surplus", "surplus", "reserve"])),
        safe_to_move=draw(st.sampled_from([True, True, False])),
        **changes,
    )


def _facility(draw: st.DrawFn, facility_id: str, sites: tuple[str, ...]) -> Any:
    breaks, storms = draw(st.booleans()), draw(st.booleans())
    plant = facility(
        facility_id,
        draw(st.sampled_from(sites)),
        method_id=draw(st.sampled_from(METHODS)),
        status=draw(st.sampled_from(["existing", "existing", "possible"])),
        mobile=(mobile := draw(st.sampled_from([False, False, True]))),
        move_days=draw(st.sampled_from([0.0, 12.0])) if mobile else 0.0,
        move_cost_usd=draw(st.sampled_from([0.0, 4_321.09])) if mobile else 0.0,
        open_months=draw(st.sampled_from([tuple(range(1, 13)), tuple(range(4, 11)), (11, 12, 1, 2)])),
        working_days_per_week=draw(st.sampled_from([5.0, 7.0])),
        breakdown_mean_days=20.0 if breaks else None,
        repair_mean_days=5.0 if breaks else None,
        weather_stops_per_year=12.0 if storms else 0.0,
        weather_stop_mean_days=4.0 if storms else None,
        permit_t_per_year=draw(st.sampled_from([None, 20.000001, 60.0])),
        neq_limit_kg_per_day=draw(st.sampled_from([None, 90.0])),
        fixed_cost_usd_per_year=draw(st.sampled_from([0.0, 20_000.0])),
        capital_cost_usd=draw(st.sampled_from([0.0, 25_000.0])),
        lead_time_days=draw(st.sampled_from([0.0, 75.0, 300.0])),
    )
    return plant.model_copy(update=_as_it_runs(draw, plant)) if draw(st.booleans()) else plant


def _as_it_runs(draw: st.DrawFn, plant: Any) -> dict[str, Any]:
    """Return shifts, shots, shapes, a season, objections and, of new plant, learning and a late opening."""
    changes: dict[str, Any] = {
        "shifts_per_day": draw(st.sampled_from([1.0, 2.5])),
        "objections_per_year": draw(st.sampled_from([0.0, 2.0])),
        "objection_capacity_fraction": 0.3,
    }
    if draw(st.booleans()):
        changes |= {"neq_limit_kg_per_shot": 15.0, "shots_per_day": 4.0}
    if plant.breakdown_mean_days:
        changes |= {"breakdown_shape": draw(st.sampled_from([0.6, 2.0])), "repair_shape": 1.5}
    if plant.weather_stops_per_year:
        changes["weather_months"] = draw(st.sampled_from([(11, 12, 1, 2), (6,), tuple(range(1, 13))]))
    if plant.status == "possible":
        changes |= {"learning_days": 120.0, "learning_start_fraction": draw(st.sampled_from([0.1, 0.8]))}
        changes["lead_time_sigma"] = 0.5 if plant.lead_time_days else 0.0
    return changes


def _fund(draw: st.DrawFn, fund_id: str, sites: tuple[str, ...]) -> Any:
    return fund(
        fund_id,
        use=draw(st.sampled_from(["any", "any", "running", "capital"])),
        earmark_sites=draw(st.sampled_from([(), (), sites[:1]])),
        earmark_methods=draw(st.sampled_from([(), (), METHODS[:2]])),
        earmark_categories=draw(st.sampled_from([(), (), ("mines",)])),
        overhead_fraction=draw(st.sampled_from([0.0, 0.07])),
        expires=draw(
            st.one_of(st.none(), st.integers(20, 700).map(lambda days: START + dt.timedelta(days=days)))
        ),
    )


def _rates(draw: st.DrawFn) -> dict[str, float]:
    rates = {f"event_rate.{cause}_per_storehouse_year": draw(st.sampled_from([0.0, 0.3])) for cause in BASE}
    return rates | {
        "event_rate.ageing_per_t_year": draw(st.sampled_from([0.0, 2e-3])),
        "destruction.stop_after_accident_days": draw(st.sampled_from([0.0, 15.0])),
        "consequence.site_closure_days": draw(st.sampled_from([0.0, 60.0, 900.0])),
        "transport.accident_rate_per_vehicle_km": draw(st.sampled_from([0.0, 0.1])),
        "transport.accident_delay_days": draw(st.sampled_from([0.0, 9.5])),
    }


def drawn_plan(draw: st.DrawFn, scenario: Scenario) -> DisposalPlan:
    """Return lines for some allowed pairs in any order, within each lot's mass, one for each pair."""
    allowed = prepare(scenario).options.allowed
    pairs = [(i, j) for i in range(allowed.shape[0]) for j in range(allowed.shape[1]) if allowed[i, j]]
    left = [round(row.gross_mass_t * TONNE) for row in scenario.lots]
    lines, priority, last = [], draw(st.integers(-5, 5)), scenario.periods - 1
    for lot_index, plant in draw(st.permutations(pairs)) if pairs else ():
        mass = draw(st.sampled_from([left[lot_index], left[lot_index] // 3, min(left[lot_index], 1)]))
        if mass == 0 or draw(st.integers(0, 3)) == 0:
            continue
        left[lot_index] -= mass
        priority += draw(st.sampled_from([1, 7, 100]))
        period = draw(st.sampled_from([0, 0, 1, 3, last]))
        lines.append(
            PlanLine(
                scenario.lots[lot_index].lot_id,
                scenario.facilities[plant].facility_id,
                mass,
                period,
                priority,
            )
        )
    possible = [f.facility_id for f in scenario.facilities if f.status == "possible"]
    built = tuple(Commissioning(f, draw(st.sampled_from([0, 1, last]))) for f in possible)
    every = tuple(row.fund_id for row in scenario.funds)
    return replace(
        DisposalPlan("random", "none", tuple(lines), built), funds=draw(st.sampled_from([(), (), every[:1]]))
    )
