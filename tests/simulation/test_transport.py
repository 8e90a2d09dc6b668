"""Loads on the road: convoys by hand, closed roads, and accidents that only hold up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from stories import QUIET, TONNE, candidate, drawn, line, log, plan, play, told, without_accidents
from worlds import facility, fund, lot, rate, route, site, storehouse, tranche, village, world

ESCORT = {"escort_usd_per_convoy": 1_000.0, "vehicles_per_convoy": 4}


def haul(*masses_t: float, neq_kg: float = 100.0, home_t: float = 0.0, **changes: Any) -> Scenario:
    """Return lots L1, L2, ... at S1 and, if wanted, one at S2, where 10 t a day cost 100 USD each.

    The road of 100 km costs 50 USD a tonne besides its escort. Parameters of `changes` go to the route.
    """
    lots = [lot(f"L{k}", gross_mass_t=m, neq_kg=neq_kg) for k, m in enumerate(masses_t, start=1)]
    lots += [lot("HOME", "H2", gross_mass_t=home_t, neq_kg=neq_kg)] if home_t else []
    return world(
        sites=[site(), site("S2")],
        storehouses=[storehouse(), storehouse("H2", "S2")],
        exposed_sites=[village()],
        lots=lots,
        facilities=[facility(site_id="S2")],
        facility_rates=[rate(throughput_t_per_day=10.0, unit_cost_usd_per_t=100.0)],
        routes=[route("S1", "S2", **changes)],
        parameters=QUIET,
    )


def all_of(scenario: Scenario) -> DisposalPlan:
    """Return a plan of a line for each lot, in their order."""
    return plan(*(line(row.lot_id, row.gross_mass_t) for row in scenario.lots))


def spent_usd(result: RunResult) -> float:
    """Return all that was spent [USD]."""
    return float(result.spent_cents.sum()) / 100


@pytest.mark.parametrize(
    ("masses_t", "convoys"),
    [((12.0,), 1), ((12.000001,), 1), ((48.0,), 1), ((48.000001,), 2), ((96.0,), 2), ((100.0,), 3)],
)
def test_convoys_are_whole_convoys_of_whole_vehicles(masses_t: tuple[float, ...], convoys: int) -> None:
    """Vehicles of 12 t in convoys of four: 48 t fill one, a gram more needs another vehicle and convoy."""
    scenario = haul(*masses_t, **ESCORT)
    result, _ = play(scenario, all_of(scenario))
    assert spent_usd(result) == pytest.approx(sum(masses_t) * 150 + convoys * 1_000, abs=0.005)


def test_loads_of_a_period_share_convoys_but_not_vehicles() -> None:
    """Lots of 13, 13 and 10 t take 2 + 2 + 1 vehicles: two convoys, paid by the first and third."""
    scenario = haul(13.0, 13.0, 10.0, **ESCORT)
    result, state = play(scenario, all_of(scenario))
    assert spent_usd(result) == 36 * 150 + 2 * 1_000
    paid = [segment.payment for segment in state.plants[0].segments]
    assert paid == [((0, 295_000),), ((0, 195_000),), ((0, 250_000),)]


def test_loads_of_other_periods_and_facilities_go_alone() -> None:
    """Two loads of a vehicle each share a convoy in one quarter, and pay for two in different ones."""
    scenario = haul(12.0, 12.0, **ESCORT)
    result, _ = play(scenario, plan(line("L1", 12.0), line("L2", 12.0, period=1)))
    assert spent_usd(result) == 24 * 150 + 2 * 1_000
    second = facility("F2", site_id="S2")
    rates = [*scenario.facility_rates, rate("F2", throughput_t_per_day=10.0, unit_cost_usd_per_t=100.0)]
    scenario = replace(scenario, facilities=(*scenario.facilities, second), facility_rates=tuple(rates))
    result, _ = play(scenario, plan(line("L1", 12.0), line("L2", 12.0, facility_id="F2")))
    assert spent_usd(result) == 24 * 150 + 2 * 1_000


def test_limit_on_explosive_binds_before_payload() -> None:
    """9 t with 3,000 kg NEQ at 1,000 kg a vehicle take three vehicles, with a gram more four."""
    limit = {"neq_limit_kg_per_vehicle": 1_000.0, "escort_usd_per_convoy": 1_000.0}
    for neq_kg, vehicles in ((3_000.0, 3), (3_000.001, 4), (900.0, 1)):
        scenario = haul(9.0, neq_kg=neq_kg, **limit)
        result, _ = play(scenario, all_of(scenario))
        assert spent_usd(result) == 9 * 150 + vehicles * 1_000


def test_a_limit_on_explosive_makes_more_way_and_more_explosions_on_the_road() -> None:
    """Three tonnes a vehicle instead of twelve are four times the vehicle-km, and the expected deaths."""
    plain, limited = (
        play(scenario, all_of(scenario))[0].expected_transport
        for scenario in (haul(9.0, neq_kg=3_000.0), haul(9.0, neq_kg=3_000.0, neq_limit_kg_per_vehicle=1e3))
    )
    assert plain == pytest.approx(9 / 12 * 100 * 6e-7 * 0.002 * 5)
    assert limited == pytest.approx(4 * plain)


def test_a_convoy_that_cannot_be_paid_does_not_leave() -> None:
    """2,800 USD pay a load and its escort; 1,010 more would send 67 kg: too few, the second load waits."""
    scenario = replace(
        haul(12.0, 12.0, escort_usd_per_convoy=1_000.0),
        tranches=(
            tranche(amount_usd=2_800.0 + 1_010.0),
            tranche("T2", amount_usd=1_790.0, due=dt.date(2026, 3, 1)),
        ),
    )
    result, state = play(scenario, all_of(scenario))
    assert [(name, first) for _, name, first, _, _ in log(state)] == [("L1", 1.0), ("L2", 91.0)]
    assert spent_usd(result) == 2 * 2_800
    assert state.ledger.committed == [0]


@pytest.mark.parametrize(
    ("usd", "mass_g"), [(15_000.0, 86_666_666), (8_500.0, 48 * TONNE), (1_014.0, 93_333), (1_000.0, 0)]
)
def test_a_load_is_cut_to_what_pays_it_with_its_convoys(usd: float, mass_g: int) -> None:
    """Of 96 t at 150 USD a tonne: 13,000 / 150 t in two convoys; 48 t in one; less than 100 kg waits.

    A cent pays for 67 g.
    """
    scenario = replace(haul(96.0, **ESCORT), tranches=(tranche(amount_usd=usd),))
    result, _ = play(scenario, all_of(scenario))
    assert result.destroyed_g.sum() == pytest.approx(mass_g if mass_g >= TONNE // 10 else 0, abs=34)


def test_convoys_go_back_with_their_loads() -> None:
    """A stack that explodes before the load arrives takes 25 t; 75 t leave again, in two convoys."""
    scenario = haul(100.0, neq_kg=20_000.0, travel_days=20.0, **ESCORT)
    assert spent_usd(play(scenario, all_of(scenario))[0]) == 100 * 150 + 3 * 1_000
    result, state = play(scenario, all_of(scenario), candidate(5.0, extent=0.5))
    assert result.exploded_g == pytest.approx(25 * TONNE, abs=1)
    assert spent_usd(result) == pytest.approx(75 * 150 + 2 * 1_000, abs=0.01)
    assert state.ledger.committed == [0]


def test_load_waits_for_the_month_in_which_its_road_opens() -> None:
    """Ready on 1 January by a road open from March, a load leaves on day 59 and arrives on day 60."""
    scenario = haul(10.0, open_months=tuple(range(3, 13)))
    result, state = play(scenario, all_of(scenario))
    assert log(state) == [("F1", "L1", 60.0, 61.0, 10.0)]
    assert result.stock_g[:2].tolist() == [10 * TONNE, 0.0]


def test_load_is_committed_in_the_period_in_which_it_can_leave() -> None:
    """By a road open from May to June it leaves in May, and its money is free until April."""
    scenario = haul(10.0, open_months=(5, 6))
    world_, draws = drawn(without_accidents(scenario))
    committed: list[int] = []
    result = run(
        world_,
        compile_plan(world_, all_of(scenario)),
        replace(draws, candidates=()),
        lambda state: committed.append(state.ledger.committed[0]),
    )
    # A tranche and eight quarters, of which the second begins the wait for May; done on day 122.
    assert committed == [0, 0, 150_000, 0, 0, 0, 0, 0, 0, 0]
    assert result.destroyed_g[0, :3].tolist() == [0.0, 10 * TONNE, 0.0]


def test_a_road_that_never_opens_again_keeps_its_load() -> None:
    """A load ready in July by a road open in January alone is not destroyed within the year, nor paid."""
    scenario = haul(10.0, open_months=(1,))
    scenario = replace(scenario, settings=scenario.settings.model_copy(update={"horizon_years": 1}))
    result, state = play(scenario, plan(line("L1", 10.0, period=2)))
    assert result.destroyed_g.sum() == 0.0
    assert (state.ledger.spent, state.ledger.committed) == ([0], [0])


def test_what_is_there_does_not_wait_for_a_late_load() -> None:
    """The plant works on its own lot from day 0, though the load that leaves on day 59 came first."""
    scenario = haul(10.0, home_t=20.0, open_months=tuple(range(3, 13)))
    _, state = play(scenario, all_of(scenario))
    assert log(state) == [("F1", "HOME", 0.0, 2.0, 20.0), ("F1", "L1", 60.0, 61.0, 10.0)]


def with_road_accident(scenario: Scenario, at: float, *lots: int) -> tuple[RunResult, Run]:
    """Return a run in which given lots have an accident once that much of its rate has accumulated [1]."""
    world_, draws = drawn(without_accidents(scenario))
    accidents = np.full(len(scenario.lots), np.inf)
    accidents[list(lots)] = at
    draws = replace(draws, candidates=(), road_accident_at=accidents)
    return told(world_, draws, all_of(scenario))


def delayed(*masses_t: float, **changes: Any) -> Scenario:
    """Return loads that an accident holds up by six days."""
    scenario = haul(*masses_t, **changes)
    transport = scenario.register.transport.model_copy(update={"accident_delay_days": 6.0})
    return replace(scenario, register=replace(scenario.register, transport=transport))


def test_accident_on_the_road_holds_up_the_load_that_has_it() -> None:
    """10 t over 100 km are 83.3 vehicle-km, at 6e-7 each less explosions: up to that L1 comes on day 7."""
    rate = 10 / 12 * 100 * 6e-7 * 0.998
    _, state = with_road_accident(delayed(10.0, 10.0), rate * 0.999, 0)
    assert log(state) == [("F1", "L2", 1.0, 2.0, 10.0), ("F1", "L1", 7.0, 8.0, 10.0)]
    _, state = with_road_accident(delayed(10.0, 10.0), rate * 1.001, 0)
    assert log(state) == [("F1", "L1", 1.0, 2.0, 10.0), ("F1", "L2", 2.0, 3.0, 10.0)]


def test_accidents_come_at_their_rate_and_only_if_they_hold_up() -> None:
    """At 0.2 expected accidents a share of 1 - exp(-0.2) of 4,000 lots has one, within 4 standard errors."""
    scenario = delayed(*[0.012] * 4_000, neq_kg=0.0)
    world_, draws = drawn(scenario)
    share = float(np.mean(draws.road_accident_at <= 0.2))
    expected = 1.0 - np.exp(-0.2)
    assert share == pytest.approx(expected, abs=4 * np.sqrt(expected * (1 - expected) / 4_000))
    assert world_.options.vehicle_km_per_t[0, 0] == pytest.approx(100 / 12)
    assert drawn(haul(1.0))[1].road_accident_at.size == 0


def test_funds_that_may_pay_for_the_load_pay_its_escort() -> None:
    """An escort goes to the fund that pays the haul, not to one earmarked for the plant's site."""
    scenario = replace(
        haul(12.0, escort_usd_per_convoy=1_000.0),
        funds=(fund(), fund("NEAR", earmark_sites=("S2",))),
        tranches=(tranche(), tranche("T2", "NEAR")),
    )
    result, _ = play(scenario, all_of(scenario))
    assert result.spent_cents.sum(axis=1).tolist() == [280_000, 0]
