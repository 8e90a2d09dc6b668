"""What is really there: lots that arrive later, records that are wrong, and thieves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.lots import Theft
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from stories import QUIET, TONNE, line, plan
from worlds import lot, one_lot, rate, site, village

SEED = 11


def played(
    scenario: Scenario, disposal: DisposalPlan, replication: int = 0, **changes: object
) -> tuple[RunResult, Run]:
    """Return one replication without incidents and its end state; `changes` replace parts of the supply."""
    world, draws = ready(scenario, replication)
    quiet = replace(draws, candidates=(), supply=replace(draws.supply, **changes))
    states: list[Run] = []
    result = run(world, compile_plan(world, disposal), quiet, states.append)
    return result, states[-1]


def ready(scenario: Scenario, replication: int = 0) -> tuple[World, Draws]:
    """Return world and draws."""
    world = prepare(scenario)
    return world, draw(world, Streams(SEED, replication))


def later(date: str, probability: float = 1.0, **changes: object) -> list[object]:
    """Return a lot that is there and one that comes on a date into the same storehouse."""
    arrives = {"arrives": date, "arrival_probability": probability}
    return [lot("L1"), lot("L2", **(arrives | changes))]


def test_lot_counts_from_the_day_it_arrives() -> None:
    """100 t are there at the start; 100 t more from the 200th day, at the knots after it."""
    scenario = one_lot(lots=later("2026-07-20"), parameters=QUIET)
    result, _ = played(scenario, DO_NOTHING)
    knots = prepare(scenario).knots
    expected = np.where(knots < 200.0, 100.0, 200.0)
    assert result.stock_g / TONNE == pytest.approx(expected)
    assert result.neq_kg == pytest.approx(200.0 * expected)
    assert result.surplus_left_g / TONNE == pytest.approx(expected)


def test_harm_of_an_arrival_is_that_of_the_same_stock() -> None:
    """Once all has come, the rate of expected deaths is as if it had been there all along."""
    parameters = QUIET | {
        "event_rate.storage_per_storehouse_year": 0.02,
        "event_rate.ageing_per_t_year": 1e-4,
    }
    near = [village(x_m=100.0)]
    come = one_lot(lots=later("2026-07-20"), exposed_sites=near, parameters=parameters)
    there = one_lot(lots=[lot("L1"), lot("L2")], exposed_sites=near, parameters=parameters)
    with_arrival, all_along = (played(s, DO_NOTHING)[0].harm_rate_per_year for s in (come, there))
    assert with_arrival[4:] == pytest.approx(all_along[4:])
    assert np.all(with_arrival[:3] < all_along[:3])


def test_line_waits_for_its_lot() -> None:
    """A line that is due at once is done after the lot has come, at the next period start."""
    scenario = one_lot(lots=later("2026-07-20"), facility_rates=[rate(throughput_t_per_day=10.0)])
    result, state = played(scenario, plan(line("L2")))
    assert state.stock.destroyed_g == [0, 100 * TONNE]
    knots = state.world.knots
    first = int(np.flatnonzero(result.destroyed_g[0])[0])
    assert knots[first] == next(k for k in knots if k >= 200.0)


def test_lot_that_never_comes_is_never_there() -> None:
    """With a probability of 0 nothing arrives, and a line for it destroys nothing and costs nothing."""
    scenario = one_lot(lots=later("2026-07-20", probability=0.0))
    result, state = played(scenario, plan(line("L2")))
    assert result.stock_g / TONNE == pytest.approx(np.full(9, 100.0))
    assert state.stock.destroyed_g == [0, 0]
    assert not result.spent_cents.any()


def test_arrivals_come_with_their_probability() -> None:
    """Of 400 replications about three in ten bring a lot of probability 0.3: 4 standard errors are 37."""
    world = prepare(one_lot(lots=later("2026-07-20", probability=0.3)))
    came = sum(draw(world, Streams(SEED, k)).supply.lot_g[1] > 0 for k in range(400))
    assert abs(came - 120) < 37


def test_true_mass_has_the_record_as_its_mean() -> None:
    """A record with sigma 0.3 is right on average: over 2,000 replications within 4 standard errors."""
    world = prepare(one_lot(lots=[lot(mass_sigma=0.3)]))
    true_t = np.array([draw(world, Streams(SEED, k)).supply.lot_g[0] for k in range(2000)]) / TONNE
    assert abs(true_t.mean() - 100.0) < 4.0 * true_t.std() / len(true_t) ** 0.5
    assert np.log(true_t).std() == pytest.approx(0.3, rel=0.1)


@pytest.mark.parametrize("true_t", [60, 130])
def test_plan_for_a_whole_lot_destroys_what_is_found(true_t: int) -> None:
    """A line for the recorded 100 t ends with 60 t if there is less, and takes 130 t if there is more."""
    scenario = one_lot(lots=[lot(mass_sigma=0.3)], facility_rates=[rate(throughput_t_per_day=10.0)])
    _, state = played(scenario, plan(line("L1")), lot_g=np.array([true_t * TONNE]))
    assert state.stock.destroyed_g == [true_t * TONNE]
    assert state.stock.present_g == [0]


def test_plan_for_part_of_a_lot_leaves_what_it_did_not_know_of() -> None:
    """A line for 40 t of a recorded 100 t takes 40 t though there are 130 t."""
    scenario = one_lot(lots=[lot(mass_sigma=0.3)], facility_rates=[rate(throughput_t_per_day=10.0)])
    _, state = played(scenario, plan(line("L1", mass_t=40.0)), lot_g=np.array([130 * TONNE]))
    assert state.stock.destroyed_g == [40 * TONNE]


def test_thief_takes_a_share_of_what_is_there() -> None:
    """Two thefts of a tenth leave 81 t; both are events, and what they took is neither destroyed nor lost."""
    thefts = (Theft(30.0, 0, 0.5, 0.1), Theft(60.0, 0, 0.5, 0.1))
    result, state = played(one_lot(), DO_NOTHING, thefts=thefts)
    assert state.stock.present_g == [81 * TONNE]
    assert (result.stolen_g, result.exploded_g) == (19 * TONNE, 0)
    assert [(e.kind, e.day) for e in result.events] == [("theft", 30.0), ("theft", 60.0)]
    assert result.stock_g[1] / TONNE == pytest.approx(81.0)


def test_thief_leaves_what_a_facility_has_been_promised() -> None:
    """Of 100 t that are all in a facility's queue nothing can be stolen."""
    scenario = one_lot(facility_rates=[rate(throughput_t_per_day=1.0)])
    result, _ = played(scenario, plan(line("L1")), thefts=(Theft(30.0, 0, 0.5, 1.0),))
    assert result.stolen_g == 0


def test_rate_of_theft_follows_guards_and_attractiveness() -> None:
    """Small-arms ammunition without guards goes three times as often as at guard level 1."""
    small = lot(nature_id="sa_rifle")
    rates = [
        prepare(one_lot(sites=[site(guard_level=level)], lots=[small])).theft_rate_per_year[0]
        for level in (0, 1, None)
    ]
    assert rates == pytest.approx([0.003, 0.001, 0.0])
    heavy = prepare(one_lot(sites=[site(guard_level=1)], lots=[lot()])).theft_rate_per_year[0]
    assert heavy == pytest.approx(0.00005)


def test_number_of_thefts_is_poisson() -> None:
    """With 2 thefts a year over 2 years, 300 replications have 4 on average: within 4 standard errors."""
    parameters = {"diversion.thefts_per_lot_year": 2.0}
    world = prepare(
        one_lot(sites=[site(guard_level=1)], lots=[lot(nature_id="sa_rifle")], parameters=parameters)
    )
    years = world.horizon / 365.25
    counts = np.array([len(draw(world, Streams(SEED, k)).supply.thefts) for k in range(300)])
    assert abs(counts.mean() - 2.0 * years) < 4.0 * (2.0 * years / 300) ** 0.5
