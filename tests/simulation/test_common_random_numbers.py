"""Chance belongs to lots, storehouses, tranches and facilities, not to the plan or to the rows of a table."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.record import Event
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World, prepare
from stories import BASE, line, plan, told, without_accidents
from worlds import facility, lot, rate, three_sites

LOTS = (*(f"{s}-L{k}" for s in ("S1", "S2", "S3") for k in (1, 2)), "S2-L3")
SEEDS = st.integers(0, 10_000)

few = settings(max_examples=20, derandomize=True, deadline=None)


@cache
def busy() -> Scenario:
    """Return three sites with seven lots, two of them in one storehouse, where much goes wrong."""
    rates = {f"event_rate.{cause}_per_storehouse_year": 0.1 for cause in BASE}
    scenario = three_sites(parameters=rates | {"event_rate.ageing_per_t_year": 4e-3})
    extra = lot("S2-L3", "S2-H1", gross_mass_t=30.0, neq_kg=6_000.0)
    return without_accidents(replace(scenario, lots=(*scenario.lots, extra)))


@cache
def world_without(*removed: str) -> World:
    """Return the busy world without some lots."""
    scenario = busy()
    return prepare(replace(scenario, lots=tuple(row for row in scenario.lots if row.lot_id not in removed)))


def candidates(world: World, draws: Draws) -> list[tuple[object, ...]]:
    """Return all that was drawn of each candidate, with ids for indices."""
    lots, houses = world.scenario.lots, world.scenario.storehouses
    return [
        (
            c.day, c.cause, houses[c.storehouse].storehouse_id, lots[c.lot].lot_id if c.lot >= 0 else "",
            c.mark, c.extent, c.prompt, c.deaths_public, c.deaths_workers,
        )
        for c in draws.candidates
    ]  # fmt: skip


def links(world: World, draws: Draws) -> dict[int, float]:
    """Return the critical NEQ of each link by its key."""
    return dict(zip(world.links.keys.tolist(), draws.link_critical_kg.tolist(), strict=True))


def story(world: World, events: tuple[Event, ...]) -> list[tuple[object, ...]]:
    """Return events with ids for indices."""
    houses, lots = world.scenario.storehouses, world.scenario.lots
    return [
        (e.day, e.kind, e.cause, houses[e.storehouse].storehouse_id, lots[e.lot].lot_id if e.lot >= 0 else "",
         e.fatalities, e.neq_kg)
        for e in events
    ]  # fmt: skip


@few
@given(st.sampled_from(LOTS), SEEDS)
def test_removing_a_lot_deletes_its_candidates_and_no_others(lot_id: str, seed: int) -> None:
    """What is drawn for everything else stays: candidates, working time, receipts, accidents and links."""
    with_, without = world_without(), world_without(lot_id)
    a, b = draw(with_, Streams(seed, 0)), draw(without, Streams(seed, 0))
    before, after = candidates(with_, a), candidates(without, b)
    assert after == [row for row in before if row[3] != lot_id]
    assert (a.working_time, a.receipts) == (b.working_time, b.receipts)
    assert np.array_equal(a.accident_at_g, b.accident_at_g)
    kept = [i for i, row in enumerate(with_.scenario.lots) if row.lot_id != lot_id]
    assert np.array_equal(a.ageing_rate_per_t_year[:, kept], b.ageing_rate_per_t_year)
    assert np.array_equal(a.road_at[kept], b.road_at)
    more = links(with_, a)
    assert all(more[key] == value for key, value in links(without, b).items())


def test_removing_a_lot_removes_candidates_at_all() -> None:
    """The property above is not empty: over 20 replications every lot has candidates to lose."""
    world = world_without()
    found = {row[3] for seed in range(20) for row in candidates(world, draw(world, Streams(seed, 0)))}
    assert found == {"", *LOTS}


@few
@given(st.sampled_from(LOTS), SEEDS)
def test_emptied_storehouse_accepts_none_and_others_as_before(lot_id: str, seed: int) -> None:
    """Base candidates of an emptied storehouse are drawn but never happen; the rest happens as it did."""
    with_, without = world_without(), world_without(lot_id)
    house = next(row.storehouse_id for row in with_.scenario.lots if row.lot_id == lot_id)
    a = story(with_, told(with_, draw(with_, Streams(seed, 0)), DO_NOTHING)[0].events)
    b = story(without, told(without, draw(without, Streams(seed, 0)), DO_NOTHING)[0].events)
    if not any(row.storehouse_id == house for row in without.scenario.lots):
        assert house not in {row[3] for row in b}
    for one, two in zip_longest(a, b):
        if one != two:
            assert house in {row[3] for row in (one, two) if row}
            break


@few
@given(st.permutations(LOTS), SEEDS)
def test_order_of_rows_does_not_matter(order: list[str], seed: int) -> None:
    """The same lots in another order have the same candidates."""
    rows = {row.lot_id: row for row in busy().lots}
    shuffled = prepare(replace(busy(), lots=tuple(rows[lot_id] for lot_id in order)))
    ours = candidates(world_without(), draw(world_without(), Streams(seed, 0)))
    assert candidates(shuffled, draw(shuffled, Streams(seed, 0))) == ours


def full_plan(left_out: str = "") -> DisposalPlan:
    """Return a plan that sends every lot but one to the plant, or S1's to the range."""
    return plan(
        *(
            line(row.lot_id, row.gross_mass_t, 0, "RANGE" if row.lot_id.startswith("S1") else "PLANT")
            for row in busy().lots
            if row.lot_id != left_out
        )
    )


@few
@given(st.sampled_from(LOTS), SEEDS)
def test_plans_differ_only_after_the_first_incident_that_differs(lot_id: str, seed: int) -> None:
    """A plan that leaves out the last of a queue has the same events until that lot's storehouse differs."""
    world = world_without()
    draws = draw(world, Streams(seed, 0))
    rows = sorted(full_plan().lines, key=lambda row: row.lot_id == lot_id)
    whole, part = plan(*rows), plan(*rows[:-1])
    a = story(world, told(world, draws, whole)[0].events)
    b = story(world, told(world, draws, part)[0].events)
    house = next(row.storehouse_id for row in world.scenario.lots if row.lot_id == lot_id)
    for one, two in zip_longest(a, b):
        if one != two:
            assert house in {row[3] for row in (one, two) if row}
            break


def test_plans_do_come_to_differ() -> None:
    """The property above is not empty: destruction prevents incidents in some replications."""
    world = world_without()
    different = 0
    for seed in range(30):
        draws = draw(world, Streams(seed, 0))
        counts = [len(told(world, draws, p)[0].events) for p in (DO_NOTHING, full_plan())]
        different += counts[0] != counts[1]
    assert different > 3


@few
@given(SEEDS)
def test_adding_a_facility_changes_no_other(seed: int) -> None:
    """A new plant, first in its table, leaves working time, accidents, candidates and money as they were."""
    old = world_without()
    scenario = busy()
    new = prepare(
        replace(
            scenario,
            facilities=(
                facility("NEW", "S1", breakdown_mean_days=2.0, repair_mean_days=1.0), *scenario.facilities
            ),
            facility_rates=(rate("NEW"), *scenario.facility_rates),
        )
    )  # fmt: skip
    a, b = draw(old, Streams(seed, 0)), draw(new, Streams(seed, 0))
    assert a.working_time == b.working_time[1:]
    assert np.array_equal(a.accident_deaths, b.accident_deaths[1:])
    assert (a.candidates, a.receipts) == (b.candidates, b.receipts)


@pytest.mark.parametrize("replication", [0, 1_000_000])
def test_same_key_twice_is_identical(replication: int) -> None:
    """The same seed and replication give the same draws and events; the next replication gives others."""
    world = world_without()
    one, two = (draw(world, Streams(9, replication)) for _ in range(2))
    assert one.candidates == two.candidates
    assert one.working_time == two.working_time
    results = [told(world, draws, full_plan())[0] for draws in (one, two)]
    assert results[0].events == results[1].events
    assert results[0].expected_public == results[1].expected_public
    other = draw(world, Streams(9, replication + 1))
    assert not {c.day for c in one.candidates} & {c.day for c in other.candidates}
    assert one.working_time != other.working_time


@few
@given(SEEDS)
def test_raising_one_rate_keeps_the_marks_of_others(seed: int) -> None:
    """A higher rate of one cause brings its candidates forward and leaves those of the others."""
    base = busy()
    key = "event_rate.security_per_storehouse_year"
    own = {k: o.value for k, o in base.settings.parameters.items()}
    assume(own[key] == 0.1)
    higher = without_accidents(replace(three_sites(parameters=own | {key: 0.2}), lots=base.lots))
    a = candidates(world_without(), draw(world_without(), Streams(seed, 0)))
    world = prepare(higher)
    b = candidates(world, draw(world, Streams(seed, 0)))
    assert [row for row in a if row[1] != "security"] == [row for row in b if row[1] != "security"]
    days = [(row[2], row[0] / 2.0) for row in a if row[1] == "security"]
    assert {(h, round(d, 6)) for h, d in days} <= {(row[2], round(row[0], 6)) for row in b}
