"""Checks of a replication that has ended: capacity, permits, calendars, dates, closures, roads, arrays."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from demilsim.model.consequence import Extent
from demilsim.plan import DisposalPlan
from demilsim.simulation.destruction import Plant, Segment
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run
from demilsim.units import date_of
from stories import TONNE

SLACK = 1e-6
"""Days that rounding may cost."""


def check_work(state: Run, plan: DisposalPlan, renewed: bool = False) -> None:
    """Check that work is in sequence, at its pace, within its line, never early, and within each permit."""
    scenario = state.world.scenario
    done: dict[int, int] = defaultdict(int)
    for plant in state.plants:
        assert all(a.end <= b.begin + 1e-9 for a, b in pairwise(plant.segments))
        for segment in plant.segments:
            done[segment.lot] += segment.mass_g
            check_pace(state, plant, segment)
            check_dates(state, plan, plant, segment)
        check_permit(state, plant)
        check_moves(state, plant)
        check_calendar(state, plant)
    tested = {row.storehouse_id for row in scenario.measures if row.kind == "surveillance"}
    for lot, mass in done.items():
        row = scenario.lots[lot]
        assert row.status == "surplus"
        lines = sum(line.mass_g for line in plan.lines if line.lot_id == row.lot_id)
        whole = lines == state.world.lot_g[lot]
        more = max(state.stock.full_g[lot] - int(state.world.lot_g[lot]), 0) if whole else 0
        assert mass <= lines + more or renewed or tested
    check_closures(state)


def check_pace(state: Run, plant: Plant, segment: Segment) -> None:
    """Check a stretch against throughput, shifts and limits on NEQ, and the lot against the facility."""
    scenario = state.world.scenario
    facility, lot = scenario.facilities[plant.index], scenario.lots[segment.lot]
    category = scenario.natures[lot.nature_id].category
    rate = next(
        row
        for row in scenario.facility_rates
        if row.facility_id == facility.facility_id and row.category == category
    )
    t_per_day = rate.throughput_t_per_day * facility.shifts_per_day
    limits = [facility.neq_limit_kg_per_day or np.inf]
    if facility.neq_limit_kg_per_shot:
        limits.append(facility.neq_limit_kg_per_shot * (facility.shots_per_day or np.inf))
    neq_kg_per_t = lot.neq_kg / lot.gross_mass_t
    per_g = max(1.0 / t_per_day, neq_kg_per_t / min(limits)) / TONNE
    # A settlement floors to whole grams, so that a stretch may be up to a gram slower.
    assert -1e-9 < segment.end - segment.begin - segment.mass_g * per_g < 1.01 * per_g + 1e-9
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    on_site = facility.mobile or facility.site_id == site_of[lot.storehouse_id]
    assert on_site or lot.safe_to_move


def check_dates(state: Run, plan: DisposalPlan, plant: Plant, segment: Segment) -> None:
    """Check that nothing begins before its line is due, its lot and load are there, and its plant opens."""
    scenario, world = state.world.scenario, state.world
    facility, lot = scenario.facilities[plant.index], scenario.lots[segment.lot]
    same = {f.facility_id for f in scenario.facilities if f.pool and f.pool == facility.pool}
    due = [
        line.earliest_period
        for line in plan.lines
        if line.lot_id == lot.lot_id and line.facility_id in same | {facility.facility_id}
    ]
    due += [
        begins
        for index, begins in state.measures.begins.items()
        if scenario.measures[index].kind == "surveillance"
    ]
    travel = float(world.options.travel_days[segment.lot, plant.index])
    arrives = float(state.draws.supply.arrival_day[segment.lot])
    ready = max(float(world.knots[min(due)]), arrives)
    assert segment.arrival >= max(ready + travel, plant.open_from) - SLACK
    assert segment.begin >= plant.path.at(segment.arrival) - 1e-9
    assert segment.ready >= ready - SLACK
    if facility.status == "possible":
        lead = float(state.draws.lead_days[plant.index])
        assert plant.ordered >= 0
        assert plant.open_from >= float(world.knots[plant.ordered]) + lead - SLACK
    road = int(world.options.road[segment.lot, plant.index])
    held_up = scenario.register.transport.accident_delay_days and state.draws.road_accident_at.size
    if road >= 0 and not held_up and segment.arrival > plant.open_from:
        left = date_of(segment.arrival - travel, scenario.settings.start)
        assert left.month in scenario.routes[road].open_months


def check_moves(state: Run, plant: Plant) -> None:
    """Check that mobile plant with a place takes the days of a move from one site to another."""
    house = state.world.lot_storehouse
    if plant.place < 0:
        return
    for before, after in pairwise(plant.segments):
        if state.world.storehouse_site[house[before.lot]] != state.world.storehouse_site[house[after.lot]]:
            left, begins = plant.path.when(before.end), plant.path.when(after.begin + 1e-9)
            assert begins - left >= plant.move_days - 1e-6


def check_permit(state: Run, plant: Plant) -> None:
    """Check that a facility destroys no more than its permit in any calendar year, to a gram a job."""
    permit = state.world.scenario.facilities[plant.index].permit_t_per_year
    if permit is None:
        return
    dates = state.world.scenario.period_dates
    years = [i for i, date in enumerate(dates) if i == 0 or date.year != dates[i - 1].year]
    for first, last in pairwise(sorted({*years, len(dates) - 1})):
        a, b = (plant.path.at(float(state.world.knots[k])) for k in (first, last))
        mass = sum(
            s.mass_g * max(0.0, min(b, s.end) - max(a, s.begin)) / (s.end - s.begin) for s in plant.segments
        )
        assert mass <= permit * TONNE + len(plant.segments) + 1


def check_calendar(state: Run, plant: Plant) -> None:
    """Check that a facility works in no month in which it is closed, and no more than its days a week."""
    scenario = state.world.scenario
    facility, start = scenario.facilities[plant.index], scenario.settings.start
    first = start
    while (begin := (first - start).days) < state.world.horizon:
        following = (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        end = min((following - start).days, state.world.horizon)
        worked = plant.path.at(float(end)) - plant.path.at(float(begin))
        share = facility.working_days_per_week / 7.0 if first.month in facility.open_months else 0.0
        assert -1e-9 <= worked <= share * (end - begin) + SLACK
        first = following


def check_closures(state: Run) -> None:
    """Check that after an explosion neither plant at its site nor work on its lots goes on until it opens."""
    world = state.world
    closed = world.curves.exposure.parameters.site_closure_days
    blown = {
        (d.candidate.day, int(world.storehouse_site[d.storehouse]))
        for d in state.detonations
        if d.is_root and d.extent is not Extent.ITEM
    }
    for day, site in blown:
        until = min(day + closed, world.horizon)
        for plant in state.plants:
            a, b = plant.path.at(day), plant.path.at(until)
            if plant.place < 0 and world.facility_site[plant.index] == site:
                assert b - a <= SLACK
            for segment in plant.segments:
                if world.storehouse_site[world.lot_storehouse[segment.lot]] == site:
                    assert segment.end <= a + SLACK or segment.begin >= b - SLACK


def check_result(result: RunResult, state: Run) -> None:
    """Check that arrays and events agree with the ledgers, knot by knot."""
    stock, money = state.stock, state.ledger
    # A load that went up on the road had left its storehouse, but nobody destroyed it.
    assert result.destroyed_g.sum() + result.road_g == pytest.approx(sum(stock.destroyed_g), abs=1.0)
    check_road(result, state)
    assert result.stock_g[-1] == pytest.approx(sum(stock.present_g), abs=1.0)
    assert (result.exploded_g, result.stolen_g) == (sum(stock.exploded_g), sum(stock.stolen_g))
    check_balance(result, state)
    check_stock(result, state)
    assert result.spent_cents.sum(axis=1).tolist() == money.spent
    assert result.received_cents.tolist() == money.received
    # What comes in the last period can no longer be committed.
    assert np.all(result.receipts_cents.sum(axis=1) <= result.received_cents)
    assert result.committed_cents.tolist() == money.committed
    assert result.lapsed_cents.tolist() == money.lapsed
    assert result.lapses_cents.sum(axis=1).tolist() == money.lapsed
    sold, treasury = result.scrap_cents, state.treasury
    came = [sum(r.amount_cents for r in treasury.received if r.fund == k) for k in range(money.funds)]
    assert [a + b for a, b in zip(came, sold[:-1].tolist(), strict=True)] == money.received
    assert result.cleanup_unfunded_cents == treasury.unfunded_cents >= 0
    days = [e.day for e in result.events]
    assert days == sorted(days)
    assert all(0.0 <= day <= state.world.horizon for day in days)
    thefts = [e for e in result.events if e.kind == "theft"]
    assert bool(thefts) == bool(result.stolen_g)
    assert all(e.neq_kg == 0.0 for e in thefts)
    stolen_t = [e.stolen_t for e in result.events]
    assert sum(stolen_t) * TONNE == pytest.approx(result.stolen_g, abs=1.0)
    assert all((mass > 0.0) == (e.kind == "theft") for mass, e in zip(stolen_t, result.events, strict=True))


def check_balance(result: RunResult, state: Run) -> None:
    """Check that what was there or came is destroyed, lost in one of three ways, or left, to a gram."""
    supply = state.draws.supply
    there = supply.lot_g[supply.arrival_day <= 0.0].sum()
    came = supply.lot_g[(supply.arrival_day > 0.0) & (supply.arrival_day <= state.world.horizon)].sum()
    assert result.arrived_g == came
    lost = (result.exploded_g, result.stolen_g, result.road_g)
    gone = result.destroyed_g.sum() + sum(lost)
    assert there + came == pytest.approx(gone + result.stock_g[-1], abs=1.0)
    assert result.lost_g.sum(axis=1).tolist() == list(lost)
    assert result.lost_g.shape[1] == result.destroyed_g.shape[1]


def check_stock(result: RunResult, state: Run) -> None:
    """Check that stock changes from knot to knot by what arrived, was lost and was destroyed, to a gram."""
    knots, supply = state.world.knots, state.draws.supply
    coming = np.where(supply.arrival_day > 0.0, supply.lot_g, 0)
    assert result.stock_g[0] == pytest.approx(
        sum(state.stock.full_g) - coming.sum() - sum(m for d, _, m in state.stock.losses if d <= 0.0), abs=1.0
    )
    for k, (a, b) in enumerate(pairwise(knots.tolist())):
        came = coming[(supply.arrival_day > a) & (supply.arrival_day <= b)].sum()
        lost = sum(mass for day, _, mass in state.stock.losses if a < day <= b)
        change = came - lost - result.destroyed_g[:, k].sum()
        went = result.stock_g[k + 1] - result.stock_g[k]
        assert change - result.road_g - 1.0 <= went <= change + 1.0
        assert result.road_g or went == pytest.approx(change, abs=1.0)


def check_road(result: RunResult, state: Run) -> None:
    """Check that each explosion on the road took one vehicle's load at most, of a lot that went by road."""
    payload_t = state.world.scenario.register.transport.payload_t
    lost_t = 0.0
    for event in (e for e in result.events if e.kind == "road"):
        lot, route = state.world.scenario.lots[event.lot], state.world.options.road[event.lot, event.facility]
        assert route >= 0
        if lot.neq_kg:
            limit_kg = state.world.scenario.routes[route].neq_limit_kg_per_vehicle or np.inf
            assert 0.0 < event.neq_kg <= min(limit_kg, payload_t * lot.neq_kg / lot.gross_mass_t) + 1e-3
            lost_t += event.neq_kg * lot.gross_mass_t / lot.neq_kg
    assert result.road_g == pytest.approx(lost_t * TONNE, abs=1.0)


FEATURES = (
    "arrival", "wrong record found", "lot taken to another storehouse", "condemned by a test",
    "pool of plants at work", "plant moved", "new plant at work", "pace below full", "on the road",
    "escorted", "held up on the road", "matched", "milestone met", "foreign currency", "verified",
    "scrap sold", "clean-up paid", "clean-up unpaid", "lapse 0", "lapse 1", "lapse 2", "measure rrpl",
    "measure guard", "measure lightning", "measure surveillance", "measure move", "minor", "explosion",
    "propagated", "processing", "road", "theft",
)  # fmt: skip
"""What `features` may name."""


def features(result: RunResult, state: Run) -> set[str]:
    """Return which features of the engine a replication has used, in words."""
    scenario, world, stock = state.world.scenario, state.world, state.stock
    supply, segments = state.draws.supply, [s for plant in state.plants for s in plant.segments]
    worked = {scenario.facilities[s.facility] for s in segments}
    kinds = {scenario.measures[i].kind for i in (*state.measures.begins,)}
    roads = {int(world.options.road[s.lot, s.facility]) for s in segments} - {-1}
    payers = {scenario.funds[fund] for s in segments for fund, _ in s.payment}
    lapses = np.array(state.ledger.lapses).sum(axis=0)
    happened = {
        "arrival": bool(np.any((supply.arrival_day > 0.0) & (supply.lot_g > 0))),
        "wrong record found": any(stock.full_g[lot] != world.lot_g[lot] for lot in state.orders.opened),
        "lot taken to another storehouse": bool(stock.moves),
        "condemned by a test": result.condemned_g > 0,
        "pool of plants at work": any(f.pool for f in worked),
        "plant moved": any(plant.moves for plant in state.plants),
        "new plant at work": any(f.status == "possible" for f in worked),
        "pace below full": any(plant.pace is not None for plant in state.plants),
        "on the road": bool(roads),
        "escorted": any(scenario.routes[r].escort_usd_per_convoy for r in roads),
        "held up on the road": any(
            total >= state.draws.road_accident_at[lot]
            for lot, total in state.orders.dispatch.accidents.items()
        ),
        "matched": any(r.fund >= 0 and not r.gross_cents for r in state.treasury.received),
        "milestone met": bool(state.treasury.earned),
        "foreign currency": any(t.currency != "USD" for t in scenario.tranches),
        "verified": any(f.verification_usd_per_t for f in payers),
        "scrap sold": bool(result.scrap_cents.sum()),
        "clean-up paid": bool(state.treasury.paid),
        "clean-up unpaid": state.treasury.unfunded_cents > 0,
        **{f"lapse {reason}": bool(cents) for reason, cents in enumerate(lapses.tolist())},
        **{f"measure {kind}": True for kind in kinds},
        **{event.kind: True for event in result.events},
    }
    return {name for name, did in happened.items() if did}
