"""Harm is estimated twice, by counting and by integrating rate × consequence; here both, and by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from demilsim.plan import Floats
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients, rule_plan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.estimate import StorageHarm, storage_harm
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.stock_path import stock_path
from demilsim.simulation.streams import Streams
from demilsim.simulation.work import work_of
from demilsim.simulation.world import World, prepare
from stories import (
    BASE,
    QUIET,
    TONNE,
    candidate,
    drawn,
    line,
    plan,
    play,
    told,
    with_methods,
    without_accidents,
)
from worlds import facility, lot, one_lot, rate, storehouse, village, world

REPLICATIONS = 2000


def test_path_by_hand() -> None:
    """Half a tonne a day and a stack of 25% on day 100 leave what the calendar says at every knot."""
    scenario = one_lot(
        facility_rates=[rate(throughput_t_per_day=0.5)], parameters={"consequence.site_closure_days": 0.0}
    )
    result, state = play(scenario, plan(line("L1")), candidate(100.0, extent=0.5))
    lost = 50.0 * 5000.0 / 10_000.0
    # Work stops on day 100, is committed again on day 181, and 25 t are done on day 231.
    expected = [100.0, 55.0, 50.0 - lost, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert result.stock_g / TONNE == pytest.approx(expected, abs=1e-5)
    work = work_of(state.world, state.draws, state.plants)
    path = stock_path(state.world, state.draws, work, state.stock)
    assert np.array_equal(path.stock_g, result.stock_g)
    assert path.blast_kg[:, 0] == pytest.approx(result.neq_kg)
    assert work.destroyed_g({})[:4, 0] / TONNE == pytest.approx([0.0, 45.0, 50.0, 75.0], abs=1e-5)


def test_loss_on_a_knot_counts_from_that_knot() -> None:
    """An explosion at the instant a period begins is in that period's first reading."""
    result, _ = play(one_lot(), DO_NOTHING, candidate(90.0, extent=0.1))
    assert (result.stock_g / TONNE).tolist() == [100.0] + [0.0] * 8


def test_integral_is_trapezoidal() -> None:
    """Rates of 1, 3 and 0 a year over half a year and a year are 1 + 1.5 = 2.5 deaths."""
    rates, none = np.array([[1.0], [3.0], [0.0]]), np.zeros((3, 1))
    assert StorageHarm(rates, 2.0 * rates, none, none).integrated(np.array([0.5, 1.0])) == (2.5, 5.0)


def held(world_: World, draws: Draws, left_t: Floats) -> StorageHarm:
    """Return the harm of a path of tonnes in store of each lot, shape (knot, lot)."""
    blast_kg = world_.houses.sum(left_t * world_.blast_kg_per_t)
    return storage_harm(world_, draws, blast_kg, world_.houses.sum(left_t * draws.ageing_rate_per_t_year))


def test_storage_harm_by_hand() -> None:
    """Ten metres from 100 people the rate is rate × share × people caught, for base causes and ageing."""
    scenario = one_lot(
        exposed_sites=[village(x_m=10.0)],
        parameters=QUIET
        | {
            "event_rate.storage_per_storehouse_year": 0.02,
            "event_rate.ageing_per_t_year": 1e-4,
            "consequence.responders_per_event": 0.0,
        },
    )
    world_, draws = drawn(scenario)
    harm = held(world_, draws, np.repeat(world_.lot_t[None, :], 9, axis=0))
    caught_in_fire = 0.2 * 100 + 0.8 * 100 * 0.3333 / 3.3333
    base = 0.02 * (0.45 * 100 + 0.30 * caught_in_fire)
    ageing = 100.0 * draws.ageing_rate_per_t_year[:, 0] * (0.45 * 100 + 0.35 * caught_in_fire)
    assert harm.public_per_year[:, 0] == pytest.approx(base + ageing)
    assert np.all(harm.workers_per_year == 0.0)
    empty = held(world_, draws, np.zeros((9, 1)))
    assert np.all(empty.public_per_year == 0.0)


def test_chain_adds_the_deaths_of_those_set_off() -> None:
    """If H1 sets off H2 and H2 nobody, H1's rate gains rate × share × deaths around H2, and H2's nothing."""
    scenario = world(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=50.0)],
        lots=[lot("L1", "H1"), lot("L2", "H2")],
        exposed_sites=[village(x_m=10.0, y_m=50.0)],
        parameters=QUIET | {"event_rate.storage_per_storehouse_year": 0.02},
    )
    world_, draws = drawn(scenario)
    links = world_.links
    critical = np.where(links.donor == 0, 10_000.0, np.inf)
    fated = replace(draws, link_critical_kg=critical, open_links=np.arange(critical.size))
    full = np.repeat(world_.lot_t[None, :], 9, axis=0)
    harm = held(world_, fated, full)
    gained = harm.public_per_year - harm.root_public_per_year
    staying = (0.2 + 0.8 * 0.3333 / 3.3333) * 0.3333 / 2.3333
    assert gained[:, 0] == pytest.approx(np.full(9, 0.02 * 0.30 * staying * 100.0))
    assert gained[:, 1].tolist() == [0.0] * 9
    half = held(world_, fated, np.array([0.49, 1.0]) * full)
    assert np.all(half.public_per_year == half.root_public_per_year)


def raised() -> Scenario:
    """Return two storehouses close enough to set off each other, with events every few years."""
    base = {f"event_rate.{cause}_per_storehouse_year": 0.06 for cause in BASE}
    return without_accidents(
        world(
            storehouses=[storehouse("H1"), storehouse("H2", y_m=45.0)],
            lots=[
                lot("L1", "H1"),
                lot("L2", "H1", gross_mass_t=40.0, neq_kg=6_000.0),
                lot("L3", "H2", neq_kg=15_000.0),
            ],
            exposed_sites=[village(x_m=120.0), village("W", kind="workers", x_m=60.0, persons=20.0)],
            facilities=[facility()],
            facility_rates=[rate(throughput_t_per_day=0.4)],
            parameters=base | {"event_rate.ageing_per_t_year": 1.5e-3},
            horizon_years=1,
            period="month",
        )
    )


@cache
def both_estimates(replications: int) -> dict[str, np.ndarray]:
    """Return (counted, expected, counted workers, expected workers, propagated) of each replication."""
    scenario = raised()
    world_ = prepare(scenario)
    risky = rule_plan("risk_per_day_first", premises_of(scenario, nominal_coefficients(scenario)))
    schedules = {story.name: compile_plan(world_, story) for story in (DO_NOTHING, risky)}
    rows: dict[str, list[tuple[float, ...]]] = {name: [] for name in schedules}
    for replication in range(replications):
        draws = draw(world_, Streams(11, replication))
        for name, schedule in schedules.items():
            result = run(world_, schedule, draws)
            rows[name].append(
                (
                    sum(e.fatalities_public for e in result.events),
                    result.expected_public,
                    sum(e.fatalities_workers for e in result.events),
                    result.expected_workers,
                    sum(e.kind == "propagated" for e in result.events),
                )
            )
    return {name: np.array(values, dtype=float) for name, values in rows.items()}


def check_agreement(policy: str, column: int, replications: int, precision: float) -> None:
    """Check that counted and integrated deaths agree, that this says something, and that chains took part."""
    table = both_estimates(replications)[policy]
    counted, expected = table[:, column], table[:, column + 1]
    difference = counted - expected
    error = np.std(difference, ddof=1) / np.sqrt(replications)
    assert abs(np.mean(difference)) < 4.0 * error
    assert error < precision * np.mean(expected), "too few replications to show anything"
    assert table[:, 4].sum() > 0.02 * replications
    assert np.var(expected) < 0.1 * np.var(counted)


POLICIES = pytest.mark.parametrize("policy", ["do_nothing", "risk_per_day_first"])
PEOPLE = pytest.mark.parametrize("column", [0, 2], ids=["public", "workers"])


@POLICIES
@PEOPLE
def test_two_estimates_agree(policy: str, column: int) -> None:
    """Counted and integrated deaths have equal means, within four standard errors, chains included."""
    check_agreement(policy, column, REPLICATIONS, 0.06)


@pytest.mark.soak
@POLICIES
@PEOPLE
def test_two_estimates_agree_closely(policy: str, column: int) -> None:
    """The same with standard errors below 2% of the mean."""
    check_agreement(policy, column, 10 * REPLICATIONS, 0.02)


def test_destruction_lowers_both_estimates() -> None:
    """The plan's expected deaths are below those of doing nothing, in nearly every replication."""
    table = both_estimates(REPLICATIONS)
    averted = table["do_nothing"][:, 1] - table["risk_per_day_first"][:, 1]
    assert np.mean(averted) > 0.1 * np.mean(table["do_nothing"][:, 1])
    assert np.mean(averted > 0.0) > 0.95


def test_two_estimates_of_handling_agree() -> None:
    """Deaths in processing, counted, have the mean tonnes × rate × deaths of an accident."""
    scenario = with_methods(
        one_lot(parameters=QUIET, horizon_years=1),
        accident_rate_per_t=0.02,
        worker_fatalities_per_accident=1.3,
    )
    world_ = prepare(scenario)
    counted, expected = [], []
    for replication in range(800):
        result, _ = told(world_, draw(world_, Streams(2, replication)), plan(line("L1")))
        counted.append(result.events)
        expected.append(result.expected_workers)
    # An accident stops the plant for weeks, so that a year may end before the lot does.
    assert max(expected) == pytest.approx(100 * 0.02 * 1.3)
    assert {e.kind for events in counted for e in events} == {"processing"}
    difference = np.array([sum(e.fatalities_workers for e in events) for events in counted]) - expected
    assert abs(np.mean(difference)) < 4.0 * np.std(difference) / np.sqrt(800)
    assert np.std(difference) / np.sqrt(800) < 0.04 * np.mean(expected)
