"""Waiting at facilities against queueing theory, job by job and on average.

Sites meet at period starts, so a lot that arrives within a period passes a gate that opens at the next one.
What is tested: the queue of a facility (`Plant`) without the gate, against the textbook; whole replications
fed by inflows, against the recursion of Kiefer and Wolfowitz job by job, and against the exact mean with the
gate. A plan gives each line to one facility, so M/M/1 is a facility and M/M/c a pool of equal ones.
"""

from __future__ import annotations

import datetime as dt
from itertools import accumulate
from math import factorial

import numpy as np
import pytest
from scipy.stats import gamma, poisson

from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.destruction import Plant
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import Order, compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.working_time import WorkingTime
from demilsim.simulation.world import prepare
from stories import QUIET, TONNE, line, plan, without_accidents
from worlds import facility, lot, rate, world

START = dt.date(2026, 1, 1)


def erlang_wait(servers: int, load: float, service: float) -> float:
    """Return the mean wait of M/M/c; `load` is the offered load in servers (Erlang's C formula)."""
    last = load**servers / factorial(servers) / (1.0 - load / servers)
    waits = last / (sum(load**k / factorial(k) for k in range(servers)) + last)
    return waits * service / (servers - load)


def waits_at_plants(arrival: Floats, work: Floats, servers: int) -> Floats:
    """Return the waits of jobs that come to equal plants, each to the one with the least work left [d]."""
    end = float(arrival[-1] + work.sum())
    plants = [
        Plant(i, WorkingTime([0.0, end], [0.0, end]), [np.inf], [0.5], 0.0, 0.0) for i in range(servers)
    ]
    begins = []
    for job, (day, days) in enumerate(zip(arrival.tolist(), work.tolist(), strict=True)):
        for plant in plants:
            plant.advance(day, lambda _: None, lambda _: None)
        free = min(plants, key=lambda plant: plant.backlog_days(day))
        order = Order(job, job, free.index, 0, TONNE, days / TONNE, 0.0, 0, 0, 0.0)
        free.add(order, TONNE, (), day)
        begins.append(free.queue[-1].begin)
    return np.array(begins) - arrival


SERVICE, LOAD = 10.0, 0.6


@pytest.mark.parametrize(
    ("servers", "constant", "expected"),
    [
        pytest.param(1, False, SERVICE * LOAD / (1 - LOAD), id="M/M/1"),
        pytest.param(1, True, 0.5 * SERVICE * LOAD / (1 - LOAD), id="M/D/1"),
        pytest.param(3, False, erlang_wait(3, 3 * LOAD, SERVICE), id="M/M/3"),
    ],
)
def test_waits_at_plants_are_those_of_the_textbook(servers: int, constant: bool, expected: float) -> None:
    """20 runs of 4,000 jobs after 500 of warm-up: the mean wait within 4 standard errors."""
    means = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        arrival = np.cumsum(random.exponential(SERVICE / (LOAD * servers), 4_500))
        work = np.full(4_500, SERVICE) if constant else random.exponential(SERVICE, 4_500)
        means.append(waits_at_plants(arrival, work, servers)[500:].mean())
    error = np.std(means, ddof=1) / 20**0.5
    assert abs(np.mean(means) - expected) < 4.0 * error
    assert error < 0.05 * expected


def fed(queues: int, servers: int, arrival: Floats, work: Floats, years: int) -> Scenario:
    """Return equal facilities of 1 t a day in pools, and lots that arrive for one of them on their days."""
    plants = [
        facility(f"F{q}-{k}", pool=f"P{q}" if servers > 1 else None)
        for q in range(queues)
        for k in range(servers)
    ]
    lots = [
        lot(
            f"L{i}", gross_mass_t=mass, neq_kg=mass, arrival_probability=1.0,
            arrives=START + dt.timedelta(days=int(np.ceil(day))),
        )
        for i, (day, mass) in enumerate(zip(arrival.tolist(), work.tolist(), strict=True))
    ]  # fmt: skip
    return without_accidents(
        world(
            lots=lots, facilities=plants, parameters=QUIET, horizon_years=years, period="month",
            facility_rates=[rate(f.facility_id, unit_cost_usd_per_t=0.0) for f in plants],
        )
    )  # fmt: skip


def waits_of_inflows(scenario: Scenario, queue: Ints, due: bool) -> tuple[Floats, Floats, Floats]:
    """Return the knots, the first period start from each lot's arrival on, and when its work begins [d].

    Lines are due at once, and wait for their lots, or else in the period in which the lots are there.
    """
    made = prepare(scenario)
    gate = np.searchsorted(made.knots, made.arrival_day)
    lines = [
        line(lot.lot_id, lot.gross_mass_t, int(period) if due else 0, f"F{q}-0")
        for lot, period, q in zip(scenario.lots, gate, queue.tolist(), strict=True)
    ]
    states: list[Run] = []
    run(made, compile_plan(made, plan(*lines)), draw(made, Streams(1, 0)), states.append)
    begins = np.full(queue.size, np.inf)
    for plant in states[-1].plants:
        for segment in plant.segments:
            begins[segment.lot] = min(begins[segment.lot], segment.begin)
        for job in plant.queue:
            begins[job.order.lot] = min(begins[job.order.lot], job.begin)
    return made.knots, made.knots[gate], begins


def recursion(ready: Floats, work: Floats, servers: int) -> Floats:
    """Return when work on each job begins, first come, first served (Kiefer and Wolfowitz 1955)."""
    free, begins = [0.0] * servers, []
    for day, days in zip(ready.tolist(), work.tolist(), strict=True):
        begins.append(max(day, free[0]))
        free[0] = begins[-1] + days
        free.sort()
    return np.array(begins)


def poisson_inflow(seed: int, queues: int, gap: float, days: float) -> tuple[Floats, Ints]:
    """Return days of arrival up to two months before the end, and the queue of each, in order of time."""
    random = np.random.default_rng(seed)
    each = [np.cumsum(random.exponential(gap, int(3 * days / gap) + 20)) for _ in range(queues)]
    arrival = np.concatenate([own[own < days] for own in each])
    queue = np.repeat(np.arange(queues), [int((own < days).sum()) for own in each])
    order = np.argsort(arrival, kind="stable")
    return arrival[order], queue[order]


@pytest.mark.parametrize("servers", [1, 3])
def test_inflows_wait_as_the_recursion_says(servers: int) -> None:
    """Job by job over ten years, in queues of one facility or pools of three: the same days of beginning."""
    arrival, queue = poisson_inflow(3, 2, 60.0 / servers, 3_500.0)
    work = np.random.default_rng(4).exponential(45.0, arrival.size).round(6) + 1e-6
    scenario = fed(2, servers, arrival, work, 10)
    _, ready, begins = waits_of_inflows(scenario, queue, due=False)
    assert np.all((ready >= arrival) & (ready < arrival + 32.0))
    seen = 0
    for q in range(2):
        own = queue == q
        expected = recursion(ready[own], work[own], servers)
        known = np.isfinite(begins[own])
        # Lots that a full facility was not given by the end have no day yet.
        assert np.all(expected[~known] > 3_500.0)
        assert begins[own][known] == pytest.approx(expected[known], abs=1e-3)
        seen += int(np.count_nonzero(expected[known] > ready[own][known] + 1.0))
    assert seen > 40


def total_wait_behind_gate(rate_per_day: float, gates: Floats, constant: bool, service: float) -> float:
    """Return the exact expected sum of waits from the gate on, in one queue that starts empty [d].

    Work Y_k that has come by gate k is compound Poisson. By Spitzer's identity the mean work left just before
    the batch of gate n, of equal periods P, is the sum over k < n of E[(Y_k - k P)+] / k; within a batch of
    Poisson size those before a job add rate · P · service / 2 on average. Months count as equal here.
    """
    period = float(np.diff(gates).mean())
    excess = []
    for k in range(1, gates.size - 1):
        mean, level = rate_per_day * period * k, period * k
        jobs = np.arange(1, int(poisson.isf(1e-12, mean)) + 2)
        if constant:
            above = np.maximum(jobs * service - level, 0.0)
        else:
            above = jobs * service * gamma.sf(level, jobs + 1, scale=service)
            above -= level * gamma.sf(level, jobs, scale=service)
        excess.append(float(poisson.pmf(jobs, mean) @ above) / k)
    left = np.array([0.0, *accumulate(excess)])
    size = rate_per_day * np.diff(gates)
    return float(size @ left + 0.5 * service * (size**2).sum())


@pytest.mark.parametrize("constant", [False, True])
def test_gate_vanishes_in_the_limit(constant: bool) -> None:
    """With periods of a twentieth of a service the exact mean nears M/M/1 and M/D/1 from above, within 3%."""
    gates = np.linspace(0.0, 500.0, 1_001)
    grown, half = (total_wait_behind_gate(0.05, gates[:n], constant, 10.0) for n in (1_001, 501))
    mean = (grown - half) / (0.05 * 250.0)
    textbook = (0.5 if constant else 1.0) * 10.0 * 0.5 / 0.5
    assert 0.97 * textbook < mean < 1.03 * textbook


@pytest.mark.parametrize("constant", [False, True], ids=["M/M/1", "M/D/1"])
def test_waits_of_inflows_are_those_of_theory(constant: bool) -> None:
    """60 queues over 20 years, half loaded: the mean wait behind the gate within 4 standard errors."""
    runs, queues, service, gap, years = 6, 10, 40.0, 80.0, 20
    days = float((dt.date(START.year + years, 1, 1) - START).days)
    sums, knots = [], np.empty(0)
    for seed in range(runs):
        # What comes in the last month meets no gate.
        arrival, queue = poisson_inflow(seed, queues, gap, days - 31.0)
        random = np.random.default_rng(100 + seed)
        work = random.exponential(service, arrival.size).round(6) + 1e-6
        if constant:
            work = np.full(arrival.size, service)
        scenario = fed(queues, 1, arrival, work, years)
        knots, ready, begins = waits_of_inflows(scenario, queue, due=True)
        for q in range(queues):
            own = queue == q
            # Jobs that a full facility was not given by the end begin later: when, the recursion says.
            last = np.where(np.isfinite(begins[own]), begins[own], recursion(ready[own], work[own], 1))
            sums.append(float((last - ready[own]).sum()))
    expected = total_wait_behind_gate(1.0 / gap, knots[:-1], constant, service)
    error = float(np.std(sums, ddof=1)) / len(sums) ** 0.5
    assert abs(np.mean(sums) - expected) < 4.0 * error
    assert error < 0.1 * expected
