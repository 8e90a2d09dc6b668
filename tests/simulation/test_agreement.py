"""One joint test that counted and integrated deaths have equal means, cause by cause."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.record import RunResult
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import BASE, QUIET, line, plan, with_methods
from worlds import facility, lot, rate, route, site, storehouse, village, world

SEED = 20270101
"""Fixed before the test was first run."""

STORAGE = ("ageing", *BASE)
CAUSES = (*STORAGE, "handling", "transport")
QUIET_ROADS = {"transport.accident_rate_per_vehicle_km": 0.0}
LEVEL = 0.01
LEAST_DEATHS = 20
"""Counted deaths below which a comparison would show nothing."""

RARE = (1.0, 1.0)
"""Rates of storage and of handling as first chosen [1]: an event in about a quarter of the replications."""

FREQUENT = (5.0, 2.0)
"""The same for the fast test [1]: as many events in a third, and in half, of the replications.

On the road a lot explodes once at most, so that more accidents would not be more events.
"""


def near_village(**changes: object) -> Scenario:
    """Return 100 people 60 m from one storehouse of HD 1.1, fewer of them by day."""
    return world(exposed_sites=[village(x_m=60.0, day_fraction=0.4, night_fraction=0.9)], **changes)


def chain(**changes: object) -> Scenario:
    """Return three storehouses that set each other off, with guards and a village."""
    houses = [storehouse(f"H{k}", y_m=40.0 * k) for k in range(3)]
    lots = [lot(f"L{k + 1}", f"H{k}", neq_kg=12_000.0 + 4_000.0 * k) for k in range(3)]
    people = [village(x_m=110.0), village("W", kind="workers", x_m=50.0, persons=30.0, night_fraction=0.3)]
    return world(storehouses=houses, lots=lots, exposed_sites=people, **changes)


def projection(**changes: object) -> Scenario:
    """Return HD 1.2 alone with people in the open."""
    people = [village("W", kind="workers", x_m=50.0, persons=200.0, day_fraction=0.8, night_fraction=0.2)]
    return world(lots=[lot(nature_id="tank_125", neq_kg=60_000.0)], exposed_sites=people, **changes)


def mass_fire(**changes: object) -> Scenario:
    """Return HD 1.3 alone with people within its fireball."""
    lots = [lot(nature_id="charge_propelling", neq_kg=80_000.0)]
    return world(lots=lots, exposed_sites=[village(x_m=80.0, day_fraction=0.2)], **changes)


def mixed(**changes: object) -> Scenario:
    """Return HD 1.1 with 1.2 in open stacks, two lots, slow evacuation and responders close by."""
    own = changes.pop("parameters", {})
    assert isinstance(own, dict)
    slow = {"consequence.evacuation_hours_public": 2.0, "consequence.responder_distance_m": 90.0}
    return world(
        storehouses=[storehouse(construction="open_stack")],
        lots=[lot("L1"), lot("L2", nature_id="tank_125", neq_kg=9_000.0, stabiliser_fraction=0.3)],
        exposed_sites=[village(x_m=150.0), village("R", kind="road", x_m=-70.0, day_fraction=0.5)],
        parameters=own | slow,
        **changes,
    )


SCENARIOS: tuple[Callable[..., Scenario], ...] = (near_village, chain, projection, mass_fire, mixed)


def alone(
    make: Callable[..., Scenario], cause: str, often: tuple[float, float]
) -> tuple[Scenario, DisposalPlan]:
    """Return a scenario of one year in which only one cause acts, and the plan that lets it act."""
    storage, handling = often
    parameters = QUIET | QUIET_ROADS
    if cause in BASE:
        parameters |= {f"event_rate.{cause}_per_storehouse_year": 0.3 * storage}
    elif cause == "ageing":
        parameters |= {"event_rate.ageing_per_t_year": 3e-3 * storage}
    elif cause == "transport":
        parameters |= {
            # Rare, as a lot has one explosion on the road at most, and the integrated estimate no limit.
            "transport.accident_rate_per_vehicle_km": 5e-5,
            "transport.explosion_given_accident": 1.0,
        }
    shared = {"parameters": parameters, "horizon_years": 1, "period": "month"}
    if cause in STORAGE:
        return with_methods(make(**shared), accident_rate_per_t=0.0), DO_NOTHING
    scenario = make(
        **shared,
        sites=[site(), site("S2")],
        facilities=[facility(site_id="S2")],
        facility_rates=[rate(category=c) for c in ("artillery", "tank_gun", "propellant")],
        routes=[route("S1", "S2")],
    )
    accidents = {"accident_rate_per_t": 0.02 * handling if cause == "handling" else 0.0}
    everything = plan(*(line(x.lot_id, 100.0) for x in scenario.lots))
    return with_methods(scenario, worker_fatalities_per_accident=1.3, **accidents), everything


def difference(result: RunResult) -> tuple[float, float]:
    """Return counted minus integrated deaths, and counted deaths."""
    counted = sum(event.fatalities for event in result.events)
    return counted - result.expected_public - result.expected_workers - result.expected_transport, counted


def squared_z(
    make: Callable[..., Scenario], cause: str, replications: int, often: tuple[float, float]
) -> float:
    """Return the square of the mean difference over its standard error."""
    scenario, story = alone(make, cause, often)
    prepared = prepare(scenario)
    schedule = compile_plan(prepared, story)
    rows = np.array(
        [
            difference(run(prepared, schedule, draw(prepared, Streams(SEED, number))))
            for number in range(replications)
        ]
    )
    assert rows[:, 1].sum() > LEAST_DEATHS, f"{make.__name__}, {cause}: nothing to compare"
    error = rows[:, 0].std(ddof=1) / np.sqrt(replications)
    return float((rows[:, 0].mean() / error) ** 2)


def check(storage: int, handling: int, transport: int, often: tuple[float, float]) -> None:
    """Check that the sum of squares over scenarios and causes is no larger than chance allows.

    Replications are of each cause of storage, of handling and of transport.
    """
    replications = dict.fromkeys(STORAGE, storage) | {"handling": handling, "transport": transport}
    table = {
        (make.__name__, cause): squared_z(make, cause, replications[cause], often)
        for make in SCENARIOS
        for cause in CAUSES
    }
    chance = stats.chi2.sf(sum(table.values()), len(table))
    worst = sorted(table.items(), key=lambda row: -row[1])[:3]
    assert chance > LEVEL, f"p = {chance:.2g}; worst: {worst}"


def test_two_estimates_agree_for_each_cause() -> None:
    """Seven causes on five scenarios: one chi-square of 35 degrees of freedom at 1%."""
    check(100, 150, 300, FREQUENT)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_estimates_agree_closely_for_each_cause() -> None:
    """The same with intervals four times as narrow."""
    check(5_000, 5_000, 5_000, RARE)
