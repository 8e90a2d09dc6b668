"""The engine against an independent event-driven SimPy model on the same draws: every number of every result.

Integers, kinds and causes are equal, floats to 1e-12 of their size or 1e-9 absolutely, masses in tonnes.
Where work stands at a whole gram when it is booked, rounding decides whether that gram counts. The reference
counts such knife edges. Then, and only then, a gram and a cent for each of them may differ, and what follows:
all later work of the facility comes that gram's working time earlier or later, in which it does more grams of
a lot that goes faster.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest
from benchmarks.yardsticks import national
from benchmarks.yardsticks.national_scope import without
from hypothesis import HealthCheck, assume, given, settings

from demilsim.experiments.sweep import simple_plan
from demilsim.plan import Commissioning, DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.record import Event, RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import Schedule, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from demilsim.units import GRAMS_PER_TONNE
from stories import BASE, QUIET, TONNE, line, plan, with_methods
from strategies import Programme, programmes
from worlds import facility, fund, lot, rate, route, site, three_sites, tranche, two_lots, world

KAZAKHSTAN = Path(__file__).parents[2] / "scenarios" / "kazakhstan"

SEED = 20270301
"""Fixed before the tests were first run."""

RELATIVE, ABSOLUTE = 1e-12, 1e-9

GRAM_T = 1e-6
"""A gram in tonnes: the most that a knife edge may move a mass."""

EDGE = 1e-5
"""Days, and relative differences of harm, that a gram more or less may lead to."""

HARSH = 30.0
"""Factor on rates of events and of accidents in processing."""

HARSH_ROADS = 3_000.0
"""Factor on the rate of accidents on the road, so that lots do explode there."""

MASSES = ("stock_g", "site_stock_end_g", "destroyed_g", "surplus_left_g", "exploded_g", "road_g", "lost_g")

UNITS = {"neq_kg": 1e-3} | dict.fromkeys(MASSES, GRAM_T)
"""Masses are compared in tonnes."""


def harsh(scenario: Scenario) -> Scenario:
    """Return the scenario with everything that goes wrong far more often."""
    rates = scenario.register.event_rate
    names = ["ageing_per_t_year", *(f"{cause}_per_storehouse_year" for cause in BASE)]
    accident_rates = {
        k: m.model_copy(update={"accident_rate_per_t": HARSH * m.accident_rate_per_t})
        for k, m in scenario.register.methods.items()
    }
    transport = scenario.register.transport
    on_road = HARSH_ROADS * transport.accident_rate_per_vehicle_km
    register = replace(
        scenario.register,
        event_rate=rates.model_copy(update={name: HARSH * getattr(rates, name) for name in names}),
        methods=accident_rates,
        transport=transport.model_copy(update={"accident_rate_per_vehicle_km": on_road}),
    )
    return replace(scenario, register=register)


def with_new_plants(scenario: Scenario, base: DisposalPlan) -> DisposalPlan:
    """Return a plan that orders a kiln and a mobile team, and gives them two lines of three if allowed."""
    new = ("KILN2", "MOB2")
    allowed = prepare(scenario).options.allowed
    lots = {row.lot_id: i for i, row in enumerate(scenario.lots)}
    plants = {row.facility_id: i for i, row in enumerate(scenario.facilities)}
    lines = []
    for k, old in enumerate(base.lines):
        mine = [p for p in (new[k % 2], new[(k + 1) % 2]) if allowed[lots[old.lot_id], plants[p]]]
        lines.append(replace(old, facility_id=mine[0]) if k % 3 and mine else old)
    ordered = tuple(Commissioning(name, period) for period, name in enumerate(new))
    return replace(base, name="new_plants", lines=tuple(lines), commissionings=ordered)


@dataclass(frozen=True)
class Slack:
    """By how much two results of one replication may differ.

    Parameters
    ----------
    edges
        Knife edges in it.
    grams
        Most grams by which one gram of a lot moves another: what its facility does in the same time, and what
        a cent pays for where money ends, since a gram may round the price before it up or down by a cent.
    """

    edges: int
    grams: float


def slack(schedule: Schedule, edges: int) -> Slack:
    """Return by how much results of a schedule with a number of knife edges may differ."""
    days: dict[int, list[float]] = {}
    for order in schedule.orders:
        days.setdefault(order.facility, []).append(order.days_per_g)
    in_time = max((max(own) / min(own) for own in days.values()), default=1.0)
    prices = [order.cents_per_t for order in schedule.orders if order.cents_per_t]
    return Slack(edges, max(in_time, GRAMS_PER_TONNE / min(prices) if prices else 0.0))


def differences(engine: RunResult, reference: RunResult, allowed: Slack) -> list[str]:
    """Return what differs by more than rounding and knife edges allow."""
    found = [
        f"{one.name}: {getattr(engine, one.name)} != {getattr(reference, one.name)}"
        for one in fields(RunResult)
        if one.name != "events"
        and not same(one.name, getattr(engine, one.name), getattr(reference, one.name), allowed)
    ]
    found += [
        f"{a} != {b}"
        for a, b in zip_longest(engine.events, reference.events)
        if not (a and b and same_event(a, b, allowed))
    ]
    return found


def same(name: str, engine: object, reference: object, allowed: Slack) -> bool:
    """Return whether a field agrees; its shape always does."""
    unit = UNITS.get(name, 1.0)
    mine, other = np.asarray(engine), np.asarray(reference)
    if mine.shape != other.shape:
        return False
    whole = np.issubdtype(mine.dtype, np.integer)
    if not allowed.edges:
        close = np.allclose(unit * mine, unit * other, rtol=RELATIVE, atol=ABSOLUTE)
        return bool(np.array_equal(mine, other)) if whole else close
    at_most = allowed.edges * (allowed.grams * GRAM_T if name in UNITS else 1.0 if whole else EDGE) + ABSOLUTE
    relative = EDGE if not whole and name not in UNITS else RELATIVE
    return bool(np.allclose(unit * mine, unit * other, rtol=relative, atol=at_most))


def same_event(engine: Event, reference: Event, allowed: Slack) -> bool:
    """Return whether two events agree in every field."""
    relative, absolute = (EDGE, allowed.edges * EDGE) if allowed.edges else (RELATIVE, ABSOLUTE)
    pairs = zip(engine, reference, strict=True)
    return all(
        abs(a - b) <= absolute + relative * abs(b) if isinstance(a, float) else a == b for a, b in pairs
    )


@dataclass
class Seen:
    """What happened in a set of replications, so that tests can tell that they compared something."""

    kinds: Counter[str] = field(default_factory=Counter)
    replications: int = 0
    edges: int = 0
    lapsed_cents: int = 0
    destroyed_g: float = 0.0


def compare(prepared: World, story: DisposalPlan, numbers: range, seen: Seen, seed: int = SEED) -> None:
    """Check that engine and reference agree in some replications of a plan."""
    schedule = compile_plan(prepared, story)
    for number in numbers:
        draws = draw(prepared, Streams(seed, number))
        observed = national.observed(prepared, schedule, draws)
        allowed = slack(schedule, observed.knife_edges)
        found = differences(run(prepared, schedule, draws), observed.result, allowed)
        assert not found, f"{story.name}, replication {number}, {observed.knife_edges} edges: {found}"
        seen.kinds.update(happened.kind for happened in observed.result.events)
        seen.replications += 1
        seen.edges += observed.knife_edges > 0
        seen.lapsed_cents += int(observed.result.lapsed_cents.sum())
        seen.destroyed_g += float(observed.result.destroyed_g.sum())


def national_plans() -> Iterator[tuple[World, DisposalPlan]]:
    """Yield Kazakhstan as shipped with its plans, then the same plans with everything going wrong."""
    scenario = load_scenario(KAZAKHSTAN)
    plans = [simple_plan(name, scenario) for name in ("do_nothing", "host_only", "risk_per_day_first")]
    plans.append(with_new_plants(scenario, plans[-1]))
    for variant in (scenario, harsh(scenario)):
        prepared = prepare(variant)
        yield from ((prepared, story) for story in plans)


def check_kazakhstan(replications: int, most_edges: float) -> None:
    """Check all national plans, that enough went wrong, and that few results stood on a knife edge."""
    seen = Seen()
    for prepared, story in national_plans():
        compare(prepared, story, range(replications), seen)
    for kind in ("minor", "explosion", "propagated", "processing", "road"):
        assert seen.kinds[kind] >= replications, f"{seen.kinds}: too few to compare"
    assert seen.lapsed_cents > 0
    assert seen.destroyed_g > 0.0
    assert seen.edges <= most_edges * seen.replications, f"{seen.edges} of {seen.replications} replications"


def test_kazakhstan_comes_out_the_same() -> None:
    """Four plans, one with commissionings, as shipped and with everything going wrong: the same results."""
    check_kazakhstan(3, most_edges=0.25)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_kazakhstan_comes_out_the_same_at_length() -> None:
    """The same in 200 replications of each."""
    check_kazakhstan(200, most_edges=0.25)


def everything(scenario: Scenario) -> DisposalPlan:
    """Return a plan of all lots in order, each at the first facility that takes it, all plants ordered."""
    allowed = prepare(scenario).options.allowed
    lines = [
        line(
            row.lot_id,
            row.gross_mass_t,
            facility_id=scenario.facilities[int(np.argmax(allowed[i]))].facility_id,
        )
        for i, row in enumerate(scenario.lots)
        if allowed[i].any()
    ]
    possible = (f.facility_id for f in scenario.facilities if f.status == "possible")
    return plan(*lines, commissionings=tuple(Commissioning(name, 1) for name in possible))


def at_the_kiln(scenario: Scenario) -> DisposalPlan:
    """Return a plan that orders the kiln of `three_sites` and does all at it."""
    lines = (line(row.lot_id, row.gross_mass_t, facility_id="KILN") for row in scenario.lots)
    return plan(*lines, commissionings=(Commissioning("KILN", 1),))


@pytest.mark.parametrize("make", [world, two_lots, three_sites], ids=lambda make: str(make.__name__))
@pytest.mark.parametrize("variant", [lambda scenario: scenario, harsh], ids=["shipped", "harsh"])
def test_small_worlds_come_out_the_same(
    make: Callable[[], Scenario], variant: Callable[[Scenario], Scenario]
) -> None:
    """The worlds of the other tests, undisturbed and with much going wrong, twenty replications each."""
    scenario, seen = variant(make()), Seen()
    compare(prepare(scenario), everything(scenario), range(20), seen)
    assert seen.destroyed_g > 0.0


def test_commissioned_kiln_comes_out_the_same() -> None:
    """A kiln that is ordered, paid from two funds, opened and kept open does the same in both."""
    seen = Seen()
    for scenario in (three_sites(), harsh(three_sites())):
        compare(prepare(scenario), at_the_kiln(scenario), range(20), seen)
    assert seen.destroyed_g > 0.0


def test_facilities_as_they_really_run_come_out_the_same() -> None:
    """Shifts, shots, Weibull repairs, seasons, learning, objections, drawn lead times: the same in both."""
    base, seen = three_sites(), Seen()
    plant, outdoors, kiln = base.facilities
    changed = (
        plant.model_copy(
            update={"breakdown_shape": 0.6, "repair_shape": 3.0, "shifts_per_day": 2.0,
                    "objections_per_year": 0.5, "objection_capacity_fraction": 0.4},
        ),
        outdoors.model_copy(
            update={"weather_stops_per_year": 20.0, "weather_stop_mean_days": 6.0, "weather_months": (5, 9),
                    "neq_limit_kg_per_shot": 30.0, "shots_per_day": 3.0},
        ),
        kiln.model_copy(
            update={"lead_time_sigma": 0.6, "learning_days": 250.0, "learning_start_fraction": 0.2,
                    "objections_per_year": 0.7, "objection_capacity_fraction": 0.5},
        ),
    )  # fmt: skip
    scenario = replace(base, facilities=changed)
    for variant in (scenario, harsh(scenario)):
        compare(prepare(variant), everything(variant), range(20), seen)
        compare(prepare(variant), at_the_kiln(variant), range(20), seen)
    assert seen.destroyed_g > 0.0


def test_fund_pays_on_the_day_it_expires() -> None:
    """A fund that expires on the first day of the second quarter pays for a line then, in both."""
    scenario, seen = world(funds=[fund(expires=dt.date(2026, 4, 1))]), Seen()
    compare(prepare(scenario), plan(line("L1", period=1)), range(1), seen)
    assert seen.destroyed_g > 0.0


def test_small_lines_fill_the_room_alike() -> None:
    """Lines of half a day show to half a day how much a facility is given in the last quarter of a year."""
    scenario = world(lots=[lot(gross_mass_t=1_000.0)], horizon_years=1, parameters=QUIET)
    prepared = prepare(scenario)
    story = plan(*(line("L1", 0.5) for _ in range(1_200)))
    compare(prepared, story, range(3), Seen())
    result = national.replication(prepared, compile_plan(prepared, story), draw(prepared, Streams(SEED, 0)))
    assert result.committed_cents[0] > 0


def test_plant_that_cannot_be_kept_open_stands_still_alike() -> None:
    """A plant whose standing cost is paid for one quarter only does nothing in the next."""
    scenario = world(
        facilities=[
            facility(status="possible", capital_cost_usd=100_000.0, fixed_cost_usd_per_year=10_000.0)
        ],
        facility_rates=[rate(throughput_t_per_day=0.05, unit_cost_usd_per_t=400.0)],
        tranches=[tranche(amount_usd=106_000.0)],
        parameters=QUIET,
    )
    prepared = prepare(scenario)
    story = plan(line("L1", 4.0), line("L1", 4.0), commissionings=(Commissioning("F1", 0),))
    compare(prepared, story, range(3), Seen())
    result = national.replication(prepared, compile_plan(prepared, story), draw(prepared, Streams(SEED, 0)))
    assert result.working_days[0, :2].tolist() == [90.0, 0.0]


def storehouses_are_apart(scenario: Scenario) -> bool:
    """Return whether no two storehouses stand at the same place, which the loader would refuse."""
    places = [(house.site_id, house.x_m, house.y_m) for house in scenario.storehouses]
    return len(set(places)) == len(places)


def check_programme(programme: Programme) -> None:
    """Check what the reference models of a random programme."""
    assume(storehouses_are_apart(programme.scenario))
    compare(prepare(without(programme.scenario)), programme.plan, range(1), Seen(), programme.seed)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(programmes())
def test_random_programmes_come_out_the_same(programme: Programme) -> None:
    """Any small programme, whatever goes wrong."""
    check_programme(programme)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(programmes())
def test_random_programmes_come_out_the_same_at_length(programme: Programme) -> None:
    """Three thousand of them."""
    check_programme(programme)


def winter_range() -> tuple[World, Draws, DisposalPlan]:
    """Return a lot ordered in the second January, by road to a range shut from November to January."""
    scenario = world(
        sites=[site("S1"), site("S2")],
        facilities=[facility(site_id="S2", open_months=tuple(range(2, 11)))],
        routes=[route("S1", "S2")],
        parameters=QUIET,
    )
    prepared = prepare(with_methods(scenario, accident_rate_per_t=0.0))
    draws = draw(prepared, Streams(SEED, 0))
    return (
        prepared,
        replace(draws, road_at=np.zeros_like(draws.road_at) + np.finfo(float).tiny),
        plan(line("L1", period=4)),
    )


def test_load_explodes_after_it_left() -> None:
    """A load that leaves on 1 January, day 365, does not explode on the road before that."""
    prepared, draws, story = winter_range()
    schedule = compile_plan(prepared, story)
    assert [e.day for e in national.replication(prepared, schedule, draws).events] == [366.0]
    assert [e.day >= 365.0 for e in run(prepared, schedule, draws).events] == [True]


def test_first_load_explodes() -> None:
    """Of a lot that two plants share, the load that is done first explodes if its rate is enough."""
    scenario = world(
        sites=[site("S1"), site("S2"), site("S3")],
        facilities=[facility("F1", "S2"), facility("F2", "S3")],
        facility_rates=[rate("F1"), rate("F2")],
        routes=[route("S1", "S2"), route("S1", "S3")],
        parameters=QUIET,
    )
    prepared = prepare(with_methods(scenario, accident_rate_per_t=0.0))
    draws = draw(prepared, Streams(SEED, 0))
    draws = replace(draws, road_at=np.full_like(draws.road_at, np.finfo(float).tiny))
    story = plan(line("L1", 50.0, period=3, facility_id="F1"), line("L1", 50.0, facility_id="F2"))
    schedule = compile_plan(prepared, story)
    assert [e.facility for e in national.replication(prepared, schedule, draws).events] == [1]
    assert [e.facility for e in run(prepared, schedule, draws).events] == [1]


def test_what_went_up_on_the_road_is_not_destroyed() -> None:
    """Of 100 t that arrive one vehicle of the payload went up: it is lost, and the rest destroyed."""
    prepared, draws, story = winter_range()
    schedule = compile_plan(prepared, story)
    payload_t = prepared.scenario.register.transport.payload_t
    for result in (run(prepared, schedule, draws), national.replication(prepared, schedule, draws)):
        assert result.road_g == payload_t * TONNE
        assert result.destroyed_g.sum() == pytest.approx((100.0 - payload_t) * TONNE)
        assert result.stock_g[-1] == pytest.approx(0.0)
        assert [e.neq_kg for e in result.events] == pytest.approx([200.0 * payload_t])


def test_fund_lapses_on_the_last_day() -> None:
    """What a fund has left lapses at the end of the day on which it expires, also if that is the last."""
    scenario = world(funds=[fund(expires=dt.date(2027, 12, 31))])
    prepared = prepare(scenario)
    draws, schedule = draw(prepared, Streams(SEED, 0)), compile_plan(prepared, DO_NOTHING)
    assert national.replication(prepared, schedule, draws).lapsed_cents.tolist() == [100_000_000]
    assert run(prepared, schedule, draws).lapsed_cents.tolist() == [100_000_000]
