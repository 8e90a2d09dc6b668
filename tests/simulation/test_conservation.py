"""Mass per lot in grams and money per fund in cents close exactly at every event, whatever goes wrong."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings

from demilsim.plan import DisposalPlan
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import TONNE
from strategies import Programme, monied_programmes, programmes

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large)


def check_books(state: Run) -> None:
    """Check that mass and money close, and that promises match what is queued."""
    stock, money = state.stock, state.ledger
    queued_g, promised = defaultdict(int), defaultdict(int)
    for plant in state.plants:
        for job in plant.queue:
            queued_g[job.order.lot] += job.mass_g
            for fund, cents in (*job.payment, *(job.move or ())):
                promised[fund] += cents
    for lot, full in enumerate(stock.full_g):
        lost = (stock.exploded_g[lot], stock.stolen_g[lot])
        parts = (stock.to_come_g[lot], stock.present_g[lot], stock.destroyed_g[lot], *lost)
        assert sum(parts) == full
        assert min(parts) >= 0
        assert state.orders.committed_g[lot] == queued_g[lot]
        assert 0 <= state.orders.committed_g[lot] <= stock.present_g[lot]
    for fund in range(money.funds):
        parts = (money.available[fund], money.committed[fund], money.spent[fund], money.lapsed[fund])
        assert sum(parts) == money.received[fund]
        assert min(parts) >= 0
        assert money.committed[fund] == promised[fund]


def check_work(state: Run, plan: DisposalPlan) -> None:
    """Check that work is in sequence, within its line, never early, and within each year's permit."""
    scenario, knots = state.world.scenario, state.world.knots
    lots = {row.lot_id: i for i, row in enumerate(scenario.lots)}
    plants = {row.facility_id: i for i, row in enumerate(scenario.facilities)}
    lines = {(lots[row.lot_id], plants[row.facility_id]): row for row in plan.lines}
    done: dict[tuple[int, int], int] = defaultdict(int)
    for plant in state.plants:
        assert all(a.end <= b.begin + 1e-9 for a, b in pairwise(plant.segments))
        for segment in plant.segments:
            key = (segment.lot, plant.index)
            done[key] += segment.mass_g
            days = segment.end - segment.begin
            # A settlement floors to whole grams, so that a stretch may be up to a gram slower.
            per_g = state.world.options.days_per_t[key] / TONNE
            assert -1e-9 < days - segment.mass_g * per_g < 1.01 * per_g + 1e-9
            earliest = knots[lines[key].earliest_period] + state.world.options.travel_days[key]
            assert segment.begin >= plant.path.at(float(earliest)) - 1e-9
        check_permit(state, plant.index)
        check_moves(state, plant.index)
    assert all(mass <= lines[key].mass_g for key, mass in done.items())


def check_moves(state: Run, index: int) -> None:
    """Check that mobile plant with a place takes the days of a move from one site to another."""
    plant, house = state.plants[index], state.world.lot_storehouse
    if plant.place < 0:
        return
    for before, after in pairwise(plant.segments):
        if state.world.storehouse_site[house[before.lot]] != state.world.storehouse_site[house[after.lot]]:
            left, begins = plant.path.when(before.end), plant.path.when(after.begin + 1e-9)
            assert begins - left >= plant.move_days - 1e-6


def check_permit(state: Run, index: int) -> None:
    """Check that a facility destroys no more than its permit in any calendar year, to a gram a job."""
    scenario, plant = state.world.scenario, state.plants[index]
    permit = scenario.facilities[index].permit_t_per_year
    if permit is None:
        return
    dates = scenario.period_dates
    years = [i for i, date in enumerate(dates) if i == 0 or date.year != dates[i - 1].year]
    edges = sorted({*years, len(dates) - 1})
    for first, last in pairwise(edges):
        a, b = (plant.path.at(float(state.world.knots[k])) for k in (first, last))
        mass = sum(
            s.mass_g * max(0.0, min(b, s.end) - max(a, s.begin)) / (s.end - s.begin) for s in plant.segments
        )
        assert mass <= permit * TONNE + len(plant.segments) + 1


def check_result(result: RunResult, state: Run) -> None:
    """Check that arrays and events agree with the ledgers."""
    stock, money = state.stock, state.ledger
    assert result.destroyed_g.sum() == pytest.approx(sum(stock.destroyed_g), abs=1.0)
    assert result.stock_g[-1] == pytest.approx(sum(stock.present_g), abs=1.0)
    assert result.exploded_g == sum(stock.exploded_g)
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
    assert result.cleanup_unfunded_cents >= 0
    assert np.all(np.diff(result.stock_g) <= 1.0)
    days = [e.day for e in result.events]
    assert days == sorted(days)
    assert all(0.0 <= day <= state.world.horizon for day in days)


def check(programme: Programme) -> None:
    """Simulate a programme and check it at every event and at the end."""
    plan, world = programme.plan, prepare(programme.scenario)
    states: list[Run] = []

    def probe(state: Run) -> None:
        check_books(state)
        states[:] = [state]

    result = run(world, compile_plan(world, plan), draw(world, Streams(programme.seed, 0)), probe)
    check_work(states[0], plan)
    check_result(result, states[0])
    for kind in {e.kind for e in result.events}:
        event(kind)
    event("destroyed" if result.destroyed_g.sum() else "nothing destroyed")


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(programmes())
def test_mass_and_money_close_at_every_event(programme: Programme) -> None:
    """Initial = present + destroyed + exploded, and received = available + committed + spent + lapsed."""
    check(programme)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(monied_programmes())
def test_money_closes_whatever_its_terms(programme: Programme) -> None:
    """The same with matching, milestones, currencies, verification, emergency account and scrap at once."""
    check(programme)


@pytest.mark.soak
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(monied_programmes())
def test_money_closes_in_many_programmes(programme: Programme) -> None:
    """The same on five hundred programmes."""
    check(programme)


@pytest.mark.soak
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(programmes())
def test_mass_and_money_close_in_many_programmes(programme: Programme) -> None:
    """The same on five hundred programmes."""
    check(programme)
