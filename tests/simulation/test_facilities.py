"""Facilities as they really run: shifts, shots, repairs, seasons, learning, objections, lead times, pools."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.model.calendar import availability, nominal_working_days
from demilsim.model.options import disposal_options
from demilsim.model.pace import expected_pace
from demilsim.plan import Commissioning, DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.disturbance import _weibull, draw_lead_times, draw_objections
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import KNOTS, QUIET, drawn, line, plan, without_accidents
from worlds import facility, lot, one_lot, rate, world

SEED = 7
SUMMER = (5, 6, 7, 8, 9)


def played(scenario: Scenario, disposal: DisposalPlan, **changes: object) -> tuple[RunResult, Run, Draws]:
    """Return a replication without incidents, its end and its draws; `changes` replace parts of the draws."""
    made = prepare(without_accidents(scenario))
    draws = replace(draw(made, Streams(SEED, 0)), candidates=(), **changes)
    states: list[Run] = []
    result = run(made, compile_plan(made, disposal), draws, states.append)
    return result, states[-1], draws


def finished(state: Run) -> list[float]:
    """Return the day on which each stretch of work ended."""
    return [plant.path.when(s.end) for plant in state.plants for s in plant.segments]


def new_plant(**changes: object) -> Scenario:
    """Return a plant of 1 t a day to build that opens on day 273, ordered in the second quarter."""
    plant = facility("NEW", status="possible", lead_time_days=180.0, **changes)
    return one_lot(facilities=[plant], facility_rates=[rate("NEW")], parameters=QUIET)


BUILD = plan(line("L1", facility_id="NEW"), commissionings=(Commissioning("NEW", 1),))


@pytest.mark.parametrize(
    ("changes", "days_per_t"),
    [
        pytest.param({"shifts_per_day": 2.0}, 0.5, id="two shifts"),
        pytest.param({"shifts_per_day": 3.0, "neq_limit_kg_per_day": 400.0}, 0.5, id="limit of the day"),
        pytest.param({"neq_limit_kg_per_shot": 10.0, "shots_per_day": 5.0}, 4.0, id="shots"),
        pytest.param(
            {"neq_limit_kg_per_shot": 10.0, "shots_per_day": 5.0, "neq_limit_kg_per_day": 40.0},
            5.0,
            id="both",
        ),
        pytest.param({"neq_limit_kg_per_shot": 500.0, "shots_per_day": 5.0}, 1.0, id="shots to spare"),
    ],
)
def test_shifts_and_shots_by_hand(changes: dict[str, float], days_per_t: float) -> None:
    """A tonne with 200 kg NEQ takes a day by throughput; shifts divide it, limits on NEQ hold for the day."""
    scenario = one_lot(facilities=[facility(**changes)], parameters=QUIET)
    assert disposal_options(scenario).days_per_t == pytest.approx(np.array([[days_per_t]]))
    _, state, _ = played(scenario, plan(line("L1")))
    assert finished(state) == pytest.approx([100.0 * days_per_t])


def test_learning_by_hand() -> None:
    """From a half to full in 100 days, 75 t are done 100 days after opening and 100 t after 125."""
    result, state, _ = played(new_plant(learning_days=100.0, learning_start_fraction=0.5), BUILD)
    assert finished(state) == pytest.approx([273.0 + 125.0])
    assert result.destroyed_g[0, 3] / 1e6 == pytest.approx(92.0 - 0.5 * 92.0 * (1.0 - 0.46), abs=0.02)


def test_what_is_taught_of_new_plant_is_at_full_pace() -> None:
    """Working days of a plant that learns are those of one that does not: the planner adds learning."""
    slow, _, _ = played(new_plant(learning_days=300.0, learning_start_fraction=0.2), BUILD)
    quick, _, _ = played(new_plant(), BUILD)
    assert slow.working_days == pytest.approx(quick.working_days)
    assert slow.destroyed_g[0, 3] < 0.5 * quick.destroyed_g[0, 3]


@pytest.mark.parametrize(("start_fraction", "given"), [(0.1, 2), (1.0, 10)])
def test_learning_plant_is_not_given_work_for_full_pace(start_fraction: float, given: int) -> None:
    """Room for 1.25 quarters is ten lines of 10 t at full pace, but two at a tenth of it: 11.5 days."""
    changes = {"learning_days": 1e5, "learning_start_fraction": start_fraction} if start_fraction < 1 else {}
    made = prepare(without_accidents(new_plant(**changes)))
    lines = [line("L1", 10.0, facility_id="NEW") for _ in range(10)]
    compiled = compile_plan(made, plan(*lines, commissionings=(Commissioning("NEW", 1),)))
    queued: list[int] = []
    run(
        made,
        compiled,
        replace(draw(made, Streams(SEED, 0)), candidates=()),
        lambda state: queued.append(len(state.plants[0].queue)),
    )
    assert next(count for count in queued if count) == given


def test_objection_to_existing_plant_by_hand() -> None:
    """At a quarter of its throughput from the objection on, the rest of 100 t takes four times as long."""
    plant = facility(objections_per_year=2.0, objection_capacity_fraction=0.25)
    _, state, draws = played(one_lot(facilities=[plant], parameters=QUIET), plan(line("L1")))
    objection = float(draws.objection_days[0])
    assert 1.0 < objection < 99.0
    assert finished(state) == pytest.approx([objection + (100.0 - objection) / 0.25])


def test_objection_to_new_plant_counts_from_its_opening() -> None:
    """An objection 10 days after the opening on day 273 halves the pace of the other 90 t."""
    scenario = new_plant(objections_per_year=1.0, objection_capacity_fraction=0.5)
    _, state, _ = played(scenario, BUILD, objection_days=np.array([10.0]))
    assert finished(state) == pytest.approx([273.0 + 10.0 + 180.0])


def test_room_follows_what_is_known_of_objections() -> None:
    """Before the first objection a period counts in full, after it by what is left."""
    plant = facility(objections_per_year=1.0, objection_capacity_fraction=0.5)
    _, state, draws = played(one_lot(facilities=[plant], parameters=QUIET), plan(line("L1")))
    pace, objection = state.plants[0].pace, float(draws.objection_days[0])
    assert pace is not None
    assert pace.known(objection - 1.0, objection + 99.0) == 1.0
    assert pace.known(objection, objection + 99.0) == 0.5


@pytest.mark.parametrize(
    ("lead_days", "opens"), [(180.0, 273.0), (183.0, 273.0), (184.0, 365.0), (9e9, None)]
)
def test_lead_time_that_is_drawn_decides_the_opening(lead_days: float, opens: float | None) -> None:
    """Ordered on day 90, a plant opens at the first period start a realised lead time later, or never."""
    lead = np.array([min(lead_days, 731.0)])
    _, state, _ = played(new_plant(lead_time_sigma=0.4), BUILD, lead_days=lead)
    assert finished(state) == pytest.approx([] if opens is None else [opens + 100.0])


def test_lead_times_have_the_mean_that_is_given() -> None:
    """Over 2,000 replications the mean is 180 days within 4 standard errors, the log's deviation 0.4."""
    made = prepare(new_plant(lead_time_sigma=0.4))
    lead = np.array([draw_lead_times(made, Streams(SEED, k))[0] for k in range(2000)])
    assert abs(lead.mean() - 180.0) < 4.0 * lead.std() / 2000**0.5
    assert np.log(lead).std() == pytest.approx(0.4, rel=0.1)


def test_first_objection_is_exponential() -> None:
    """At 2 a year the first comes after half a year on average, with the deviation of an exponential."""
    made = prepare(new_plant(objections_per_year=2.0, objection_capacity_fraction=0.5))
    days = np.array([draw_objections(made, Streams(SEED, k))[0] for k in range(2000)])
    assert abs(days.mean() - 182.625) < 4.0 * 182.625 / 2000**0.5
    assert days.std() == pytest.approx(182.625, rel=0.1)


def test_expected_pace_is_the_mean_of_what_happens() -> None:
    """Work in each quarter of a plant that learns and is objected to: within 4 standard errors, 400 times."""
    plant = facility("NEW", status="possible", learning_days=200.0, learning_start_fraction=0.3,
                     objections_per_year=1.0, objection_capacity_fraction=0.3)  # fmt: skip
    scenario = one_lot(
        facilities=[plant], facility_rates=[rate("NEW", throughput_t_per_day=0.1)], parameters=QUIET
    )
    made = prepare(without_accidents(scenario))
    compiled = compile_plan(
        made, plan(line("L1", facility_id="NEW"), commissionings=(Commissioning("NEW", 0),))
    )
    done = np.array(
        [run(made, compiled, draw(made, Streams(SEED, k))).destroyed_g[0] for k in range(400)]
    ) / 1e5  # fmt: skip
    expected = expected_pace(scenario, plant, 0.0) * np.diff(KNOTS)
    error = done.std(axis=0) / 400**0.5
    assert np.all(np.abs(done.mean(axis=0) - expected) < 4.0 * error + 0.02)
    assert error.max() > 0.5


def test_weibull_times_by_hand() -> None:
    """Shape 2 with mean 60 has scale 60 / gamma(1.5) = 120 / sqrt(pi), and goes with the root of E."""
    times = _weibull(np.array([[1.0, 4.0], [1.0, 4.0]]), np.array([60.0, 60.0]), np.array([2.0, 1.0]))
    scale = 120.0 / np.pi**0.5
    assert times == pytest.approx(np.array([[scale, 2.0 * scale], [60.0, 240.0]]))


@pytest.mark.parametrize(("up", "down"), [(1.0, 1.0), (2.5, 1.0), (0.6, 3.0), (0.5, 0.5)])
def test_availability_by_renewal_theory(up: float, down: float) -> None:
    """Whatever the shapes, the share of 50 years that is worked is mean up / (mean up + down), within 1%."""
    plants = [
        facility(
            f"F{i}", breakdown_mean_days=40.0, repair_mean_days=10.0, breakdown_shape=up, repair_shape=down
        )
        for i in range(40)
    ]
    scenario = world(
        facilities=plants, facility_rates=[rate(f.facility_id) for f in plants], horizon_years=50
    )
    worked = [path.at(1e9) / path.days[-1] for r in range(3) for path in drawn(scenario, r)[1].working_time]
    assert availability(plants[0]) == pytest.approx(0.8)
    assert np.mean(worked) == pytest.approx(0.8, rel=0.01)


def test_weibull_repairs_differ_from_exponential_ones() -> None:
    """Up times of shape 10 hardly vary: 20 first breakdowns lie within a tenth of their mean, mostly."""
    plants = [
        facility(f"F{i}", breakdown_mean_days=50.0, repair_mean_days=5.0, breakdown_shape=10.0)
        for i in range(20)
    ]
    scenario = world(facilities=plants, facility_rates=[rate(f.facility_id) for f in plants])
    paths = drawn(scenario)[1].working_time
    first = np.array([path.days[int(np.argmin(np.diff(path.worked)))] for path in paths])
    assert 1.0 < np.abs(first - 50.0).mean() < 8.0


def seasonal(count: int = 30) -> Scenario:
    """Return plants with weather stops that begin from May to September, on average every 20 days up."""
    plants = [
        facility(
            f"F{i}", weather_stops_per_year=365.25 / 20.0, weather_stop_mean_days=12.0, weather_months=SUMMER
        )
        for i in range(count)
    ]
    return world(facilities=plants, facility_rates=[rate(f.facility_id) for f in plants], period="month")


def test_weather_stops_begin_in_their_season_only() -> None:
    """Each stop begins from May to September; some outlast it; without stops all year is worked."""
    made, draws = drawn(seasonal())
    months = np.array([date.month for date in made.scenario.period_dates])
    began, ended = [], []
    for path in draws.working_time:
        flat = np.flatnonzero(np.diff(path.worked) == 0.0)
        starts = [i for i in flat if i == 0 or path.worked[i] != path.worked[i - 1]]
        began += [path.days[i] for i in starts]
        ended += [
            path.days[i + 1] for i in flat if i + 2 == len(path.days) or path.worked[i + 2] > path.worked[i]
        ]
    in_month = months[np.searchsorted(made.knots, began, side="right") - 1]
    assert set(in_month.tolist()) == set(SUMMER)
    assert 10 in months[np.searchsorted(made.knots, ended, side="right") - 1]
    assert [path.at(120.0) for path in draws.working_time] == pytest.approx([120.0] * 30)


def test_expected_days_of_a_season_are_the_mean_of_what_happens() -> None:
    """Working days of each month over 30 plants and 20 replications: within 4 standard errors."""
    scenario = seasonal()
    expected = nominal_working_days(scenario)[0]
    days = np.concatenate([np.diff(drawn(scenario, r)[1].clock, axis=0).T for r in range(20)])
    error = days.std(axis=0) / len(days) ** 0.5
    assert np.all(np.abs(days.mean(axis=0) - expected) <= 4.0 * error + 0.01)
    assert expected[6] < 0.7 * 31 < 0.99 * 31 < expected[1] + 4


def test_shapes_and_seasons_move_no_other_draw() -> None:
    """Another facility keeps its stops when one gets a shape, a season, objections and a lead time."""
    other = facility("F2", breakdown_mean_days=30.0, repair_mean_days=5.0)
    plain = facility(breakdown_mean_days=30.0, repair_mean_days=5.0)
    odd = facility(
        breakdown_mean_days=30.0, repair_mean_days=5.0, breakdown_shape=0.7, weather_stops_per_year=6.0,
        weather_stop_mean_days=3.0, weather_months=(6, 7), objections_per_year=1.0,
        objection_capacity_fraction=0.5,
    )  # fmt: skip
    before, after = (drawn(one_lot(facilities=[first, other]))[1] for first in (plain, odd))
    assert before.working_time[1] == after.working_time[1]
    assert before.working_time[0] != after.working_time[0]


def two_kilns(**changes: object) -> Scenario:
    """Return two equal plants of one pool and three lots of 60, 40 and 10 t."""
    plants = [facility(f"F{i}", pool="KILNS", **changes) for i in (1, 2)]
    lots = [lot(f"L{i}", gross_mass_t=mass) for i, mass in ((1, 60.0), (2, 40.0), (3, 10.0))]
    return one_lot(
        facilities=plants, facility_rates=[rate("F1"), rate("F2")], lots=lots, parameters=QUIET
    )  # fmt: skip


ALL_TO_ONE = plan(line("L1", 60.0), line("L2", 40.0), line("L3", 10.0))


def test_pool_does_each_line_where_there_is_most_room() -> None:
    """Lines for the first plant: 60 t stay there, 40 t go to its twin, and so do the 10 t after them."""
    _, state, _ = played(two_kilns(), ALL_TO_ONE)
    done = {s.lot: (s.facility, plant.path.when(s.end)) for plant in state.plants for s in plant.segments}
    assert {lot: who for lot, (who, _) in done.items()} == {0: 0, 1: 1, 2: 1}
    assert {lot: day for lot, (_, day) in done.items()} == pytest.approx({0: 60.0, 1: 40.0, 2: 50.0})


def test_without_pool_each_line_stays_where_the_plan_sends_it() -> None:
    """The same plants without a pool leave the second idle, and the third lot ends on day 110."""
    alone = two_kilns()
    plants = tuple(row.model_copy(update={"pool": None}) for row in alone.facilities)
    _, state, _ = played(replace(alone, facilities=plants), ALL_TO_ONE)
    assert finished(state) == pytest.approx([60.0, 100.0, 110.0])


def test_permits_of_a_pool_are_each_its_own() -> None:
    """Two permits of 30 t a year let 60 t go in each year, though all lines are for the first plant."""
    result, state, _ = played(two_kilns(permit_t_per_year=30.0), ALL_TO_ONE)
    yearly = result.destroyed_g.reshape(2, 2, 4).sum(axis=2) / 1e6
    assert yearly == pytest.approx(np.array([[30.0, 30.0], [30.0, 20.0]]))
    assert sum(state.stock.present_g) == 0
