"""Engines of the plain model against one another and against closed forms."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simpy
from benchmarks.yardsticks import (
    plain_ciw,
    plain_engine,
    plain_events,
    plain_fast,
    plain_naive,
    plain_salabim,
    plain_tuned,
)
from benchmarks.yardsticks.plain import (
    AVAILABILITY,
    HORIZON,
    MEAN_DAYS,
    SITES,
    Outcome,
    Plain,
    chance,
    plain,
)

from demilsim.simulation.stoppages import Stoppages, alternating
from demilsim.simulation.streams import Purpose, Streams

EQUAL = 1e-12
"""Relative difference that engines may have on the same draws."""
ERRORS = 4.0
"""Standard errors that a mean may be off its expectation."""
SEED = 11
PURPOSES = (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)

CASES = {"few": (500, 1.0, 12), "many": (500, 30.0, 12), "small": (50, 300.0, 40), "large": (5000, 100.0, 2)}
"""Lots, factor on hazards, replications."""


def outcomes(engine: object, model: Plain, replications: int) -> list[Outcome]:
    return [engine.replication(model, Streams(SEED, number)) for number in range(replications)]  # type: ignore[attr-defined]


def differ(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest relative difference."""
    gap = np.abs(found - expected)
    return float(np.max(np.divide(gap, np.abs(expected), out=gap.copy(), where=expected != 0.0)))


@pytest.fixture(scope="module", params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> tuple[Plain, list[Outcome]]:
    lots, hazard, replications = CASES[request.param]
    model = plain(lots, hazard=hazard)
    return model, outcomes(plain_events, model, replications)


@pytest.mark.parametrize("engine", ["parts", "fast", "salabim"])
def test_engines_agree_on_the_same_draws(case: tuple[Plain, list[Outcome]], engine: str) -> None:
    """Each lot leaves on the same day, and each total is the same, as in event-driven SimPy."""
    model, expected = case
    module, given = {
        "parts": (plain_engine, plain_engine.prepare(model, compiled=False)),
        "fast": (plain_fast, plain_engine.prepare(model, compiled=True)),
        "salabim": (plain_salabim, model),
    }[engine]
    some = expected[:3] if engine == "salabim" else expected
    for found, right in zip(outcomes(module, given, len(some)), some, strict=True):
        assert found.incidents == right.incidents
        assert differ(found.removal_day, right.removal_day) <= EQUAL
        assert differ(found.numbers(), right.numbers()) <= EQUAL


def test_tuned_loop_agrees_on_the_same_draws(case: tuple[Plain, list[Outcome]]) -> None:
    """The hand-tuned loop, which keeps totals only, gives those of event-driven SimPy."""
    model, expected = case
    tuned = plain_tuned.prepare(model)
    for number, right in enumerate(expected):
        assert differ(tuned(Streams(SEED, number)), right.numbers()) <= EQUAL


def test_incidents_happen_in_the_cases() -> None:
    """The comparison above meets many incidents, also at one site soon after another, and lost heads."""
    model = plain(CASES["many"][0], hazard=CASES["many"][1])
    engine = plain_engine.prepare(model, compiled=False)
    counts, close = [], 0
    for number in range(CASES["many"][2]):
        drawn = chance(model, Streams(SEED, number))
        found, future = plain_engine.simulate(engine, Streams(SEED, number))
        counts.append(found.incidents)
        days, sites = np.array(drawn.incident_day), np.array(drawn.incident_site)
        for site in range(SITES):
            close += int(np.sum(np.diff(days[future.accepted & (sites == site)]) < 60.0))
    assert sum(counts) > 50
    assert close > 0


def test_ciw_agrees_where_nothing_explodes() -> None:
    """Without incidents Ciw's queues with server schedules end on the same days."""
    model = plain(500, hazard=1e-9)
    for number in range(2):
        right = plain_engine.replication(plain_engine.prepare(model, compiled=False), Streams(SEED, number))
        found = plain_ciw.replication(model, Streams(SEED, number))
        assert right.incidents == 0
        assert differ(found.removal_day, right.removal_day) <= EQUAL
        assert found.destroyed_t == pytest.approx(right.destroyed_t, rel=EQUAL)


MATTERS_MORE = 10.0
"""How many times its mean over the horizon a hazard is at most."""


def naive_against_engine(lots: int, hazard: float, replications: int, known: int) -> None:
    """Compare means; one run a day late may add a day's exposure, a day's hazard, and finish a lot less."""
    model = plain(lots, hazard=hazard)
    engine = plain_engine.prepare(model, compiled=True)
    runs = [
        plain_naive.replication(model, np.random.default_rng(n))[0].numbers() for n in range(replications)
    ]
    right = np.array([plain_engine.replication(engine, Streams(SEED, n)).numbers() for n in range(known)])
    mean = right.mean(axis=0)
    error = np.sqrt(np.var(runs, axis=0, ddof=1) / replications + np.var(right, axis=0, ddof=1) / known)
    late = mean * MATTERS_MORE / HORIZON
    late[2], late[3] = model.mass_t.max(), model.mass_t.sum()
    assert np.all(np.abs(np.mean(runs, axis=0) - mean) <= ERRORS * error + late)


def test_daily_waking_agrees_statistically() -> None:
    """What wakes daily has the means of the exact engine, within its errors and the day that it rounds to."""
    naive_against_engine(lots=25, hazard=30.0, replications=6, known=1000)


@pytest.mark.soak
def test_daily_waking_agrees_statistically_at_length() -> None:
    """The same with 250 lots."""
    naive_against_engine(lots=250, hazard=20.0, replications=40, known=4000)


def test_incidents_are_as_many_as_their_hazard_says() -> None:
    """Counts and integrated hazards have the same mean, 0.22 as laid down, at two sizes."""
    for lots, replications in ((500, 6000), (5000, 1500)):
        engine = plain_engine.prepare(plain(lots), compiled=True)
        numbers = np.array([
            plain_engine.replication(engine, Streams(SEED, n)).numbers() for n in range(replications)
        ])  # fmt: skip
        gap = numbers[:, [0, 1]] - numbers[:, [4, 5]]
        error = gap.std(axis=0, ddof=1) / np.sqrt(replications)
        assert np.all(np.abs(gap.mean(axis=0)) <= ERRORS * error)
        assert numbers[:, 4].mean() == pytest.approx(0.22, rel=0.02)


def test_availability_of_a_facility() -> None:
    """The worked share of open days is mean up time over mean up and down time, but for its running in."""
    model = plain(50)
    total = []
    for number in range(400):
        bounds = alternating(
            Streams(SEED, number).states(PURPOSES), model.site_keys, MEAN_DAYS, HORIZON, block=144
        )
        path = Stoppages.of(model.calendar, *bounds)
        total.append(path.at(np.full((SITES, 1), HORIZON)).mean() / model.calendar.worked[-1])
    error = np.std(total, ddof=1) / np.sqrt(len(total))
    # Facilities are up at first: before the first winter is over that has been forgotten.
    running_in = (1.0 - AVAILABILITY) * AVAILABILITY * MEAN_DAYS[1] / model.calendar.worked[-1]
    assert abs(np.mean(total) - AVAILABILITY) <= ERRORS * error + running_in


def test_throughput_with_money_in_plenty() -> None:
    """With all money at the start, what is destroyed is what the working time holds."""
    model = plain(500, hazard=1e-9)
    rich = replace(
        model,
        received_cents=np.broadcast_to(model.cost_cents.sum(axis=1)[:, None], model.received_cents.shape),
        work=model.work * 2.0,
    )
    engine = plain_engine.prepare(rich, compiled=False)
    worked, capacity = [], model.mass_t.sum(axis=1) / rich.work.sum(axis=1)
    for number in range(200):
        found = plain_engine.replication(engine, Streams(SEED, number))
        worked.append(found.destroyed_t)
    expected = AVAILABILITY * model.calendar.worked[-1] * capacity.sum()
    error = np.std(worked, ddof=1) / np.sqrt(len(worked))
    # Of the lot under way at each site, half on average is done and does not count.
    under_way = np.sum(model.mass_t**2) / model.mass_t.sum() / 2.0 * SITES
    assert abs(np.mean(worked) + under_way - expected) <= ERRORS * error + under_way


class Counting(simpy.Environment):
    """A SimPy environment that counts what it processes."""

    processed = 0

    def step(self) -> None:
        """Process one event."""
        self.processed += 1
        super().step()


COUNTS = {
    (500, 1.0): (3301, 0),
    (500, 30.0): (3356, 5),
    (50, 300.0): (2580, 22),
    (5000, 1.0): (7791, 0),
    (5000, 100.0): (8020, 46),
}
"""SimPy events, and stretches of queues worked out again, of replication 3."""


@pytest.mark.parametrize(("lots", "hazard"), COUNTS, ids=str)
def test_event_counts(lots: int, hazard: float) -> None:
    """Events of SimPy, and how often queues are worked out anew, stay what they are: a guard on speed."""
    model = plain(lots, hazard=hazard)
    environment = Counting()
    plain_events.simulate(model, chance(model, Streams(SEED, 3)), environment)
    _, future = plain_engine.simulate(plain_engine.prepare(model, compiled=False), Streams(SEED, 3))
    assert (environment.processed, future.passes) == COUNTS[lots, hazard]
