"""Mobile plant has a place: moves by hand, in money and in time."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from demilsim.plan import DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility
from demilsim.simulation.destruction import Plant
from demilsim.simulation.funding import Ledger
from demilsim.simulation.replication import Run, run
from demilsim.simulation.schedule import Order, compile_plan
from demilsim.simulation.working_time import WorkingTime
from stories import KNOTS, QUIET, TONNE, candidate, drawn, line, log, plan, play, without_accidents
from worlds import facility, fund, lot, rate, site, storehouse, tranche, village, world

STACK = 0.5
"""Mark of an extent that takes one stack."""


def kiln(*masses_t: float, **changes: Any) -> Scenario:
    """Return lots L1 at S1, L2 at S2, ... and a mobile kiln of 1 t a day at S1 that moves in 10 days.

    A tonne costs 500 USD and a move 2,000 USD. What is not of the facility goes to the scenario.
    """
    names = [f"S{k}" for k in range(1, len(masses_t) + 1)]
    own = {"move_days": 10.0, "move_cost_usd": 2_000.0}
    own |= {key: changes.pop(key) for key in list(changes) if key in Facility.model_fields}
    base: dict[str, Any] = {
        "sites": [site(s) for s in names],
        "storehouses": [storehouse(f"H{k}", s) for k, s in enumerate(names, start=1)],
        "exposed_sites": [village()],
        "lots": [lot(f"L{k}", f"H{k}", gross_mass_t=m) for k, m in enumerate(masses_t, start=1)],
        "facilities": [facility(mobile=True, **own)],
        "facility_rates": [rate()],
        "parameters": QUIET,
    }
    return world(**(base | changes))


def test_a_move_takes_days_and_money() -> None:
    """20 t at home, ten days on the way, 30 t at S2: done on day 60 for 50 × 500 + 2,000 USD."""
    result, state = play(kiln(20.0, 30.0), plan(line("L1", 20.0), line("L2", 30.0)))
    assert log(state) == [("F1", "L1", 0.0, 20.0, 20.0), ("F1", "L2", 30.0, 60.0, 30.0)]
    assert result.spent_cents.sum() == 50 * 50_000 + 200_000
    assert result.working_days[0, :2] == pytest.approx([80.0, 91.0])
    assert state.plants[0].place == 1


def test_work_where_it_starts_needs_no_move() -> None:
    """A plant that never leaves its site pays and waits for nothing."""
    result, state = play(kiln(20.0, 30.0), plan(line("L1", 20.0)))
    assert log(state) == [("F1", "L1", 0.0, 20.0, 20.0)]
    assert result.spent_cents.sum() == 20 * 50_000


def test_it_finishes_the_site_where_it_stands_before_it_moves() -> None:
    """Lines S2, S1, S2, S1 are done as S1, S1, S2, S2 with one move, though S2's came first."""
    story = plan(line("L2", 5.0), line("L1", 5.0), line("L2", 5.0), line("L1", 5.0))
    result, state = play(kiln(10.0, 10.0), story)
    assert [(lot, first) for _, lot, first, _, _ in log(state)] == [
        ("L1", 0.0), ("L1", 5.0), ("L2", 20.0), ("L2", 25.0),
    ]  # fmt: skip
    assert result.spent_cents.sum() == 20 * 50_000 + 200_000


def test_it_moves_on_to_the_site_of_the_next_order_in_priority() -> None:
    """After S1 come S3, whose order ranks first, then all of S3, then S2: two moves."""
    story = plan(line("L3", 5.0), line("L2", 5.0), line("L3", 5.0), line("L1", 5.0))
    result, state = play(kiln(5.0, 5.0, 10.0), story)
    assert [(lot, first) for _, lot, first, _, _ in log(state)] == [
        ("L1", 0.0), ("L3", 15.0), ("L3", 20.0), ("L2", 35.0),
    ]  # fmt: skip
    assert result.spent_cents.sum() == 20 * 50_000 + 2 * 200_000


def late_for_s2(*funds_usd: tuple[str, float, int], **changes: Any) -> tuple[Scenario, DisposalPlan]:
    """Return 5 t at S1, 10 t at S2 and 45 t at S1 that are due in April, and money by fund and month."""
    rows = [
        tranche(f"T{k}", name, amount_usd=usd, due=dt.date(2026, month, 1))
        for k, (name, usd, month) in enumerate(funds_usd)
    ]
    story = plan(line("L1", 5.0), line("L2", 10.0), line("L1", 45.0, period=1))
    return kiln(50.0, 10.0, tranches=tuple(rows), **changes), story


def test_what_has_been_due_for_longer_elsewhere_comes_first() -> None:
    """Without money for S2 in the first quarter it goes there in April, before what is due at S1 by then."""
    _, state = play(*late_for_s2(("HOST", 2_500.0, 1), ("HOST", 1e5, 4)))
    assert log(state) == [
        ("F1", "L1", 0.0, 5.0, 5.0), ("F1", "L2", 100.0, 110.0, 10.0), ("F1", "L1", 120.0, 165.0, 45.0),
    ]  # fmt: skip


def test_what_it_left_behind_does_not_call_plant_back() -> None:
    """20 t at S2 are paid in July, when it has come back to S1 for 200 t: these are done before it goes."""
    money = (("ONE", 2_000.0 + 205 * 500.0, 1), ("TWO", 2_000.0 + 10 * 500.0, 1), ("TWO", 1e5, 7))
    rows = [
        tranche(f"T{k}", name, amount_usd=usd, due=dt.date(2026, month, 1))
        for k, (name, usd, month) in enumerate(money)
    ]
    funds = (fund("ONE", earmark_sites=("S1",)), fund("TWO", earmark_sites=("S2",)))
    later = (line("L1", 50.0, period=1) for _ in range(4))
    story = plan(line("L1", 5.0), line("L2", 30.0), *later)
    _, state = play(kiln(205.0, 30.0, tranches=tuple(rows), funds=funds), story)
    assert [(lot, first) for _, lot, first, _, _ in log(state)] == [
        ("L1", 0.0), ("L2", 15.0), *(("L1", 100.0 + 50.0 * k) for k in range(4)), ("L2", 310.0),
    ]  # fmt: skip


def test_plant_does_not_wait_for_what_nobody_can_pay() -> None:
    """S2's own money comes in the third quarter: until then it goes on at S1."""
    funds = (fund("ONE", earmark_sites=("S1",)), fund("TWO", earmark_sites=("S2",)))
    _, state = play(*late_for_s2(("ONE", 1e5, 1), ("TWO", 1e5, 7), funds=funds))
    assert log(state) == [
        ("F1", "L1", 0.0, 5.0, 5.0), ("F1", "L1", 90.0, 135.0, 45.0), ("F1", "L2", 191.0, 201.0, 10.0),
    ]  # fmt: skip


def test_moves_are_calendar_days_also_in_the_closed_season() -> None:
    """Open from January to March, it moves in April and begins on 1 January, without another ten days."""
    scenario = kiln(90.0, 10.0, open_months=(1, 2, 3))
    _, state = play(scenario, plan(line("L1", 90.0), line("L2", 10.0)))
    assert log(state) == [("F1", "L1", 0.0, 90.0, 90.0), ("F1", "L2", 365.0, 375.0, 10.0)]


def test_a_move_that_cannot_be_paid_is_not_made() -> None:
    """With a move and 98 kg paid for, nothing is committed; with the rest, next quarter, both are."""
    short = tranche(amount_usd=2_000.0 + 49.0)
    _, state = play(kiln(10.0, 10.0, tranches=(short,)), plan(line("L2", 10.0)))
    assert log(state) == []
    assert (state.ledger.committed, state.ledger.spent) == ([0], [0])
    rest = tranche("T2", amount_usd=10 * 500.0 - 49.0, due=short.due.replace(month=4))
    _, state = play(kiln(10.0, 10.0, tranches=(short, rest)), plan(line("L2", 10.0)))
    assert log(state) == [("F1", "L2", 100.0, 110.0, 10.0)]


def test_only_those_who_may_pay_for_the_work_pay_for_the_move() -> None:
    """A fund for S1 pays no move to S2."""
    scenario = kiln(
        10.0, 10.0,
        funds=(fund(), fund("ONE", earmark_sites=("S1",))),
        tranches=(tranche(), tranche("T2", "ONE")),
    )  # fmt: skip
    result, _ = play(scenario, plan(line("L1", 10.0), line("L2", 10.0)))
    assert result.spent_cents.sum(axis=1).tolist() == [10 * 50_000 + 200_000, 10 * 50_000]


def test_a_full_plant_is_not_committed_to_a_move() -> None:
    """With 250 t at home, 160 of them left in April, S2 and the move bind money from July on."""
    world_, draws = drawn(without_accidents(kiln(250.0, 10.0)))
    story = compile_plan(world_, plan(line("L2", 10.0), line("L1", 250.0)))
    committed: list[int] = []
    run(world_, story, replace(draws, candidates=()), lambda s: committed.append(s.ledger.committed[0]))
    assert committed[:3] == [0, 250 * 50_000, 250 * 50_000]
    assert committed[3] == 250 * 50_000 + 10 * 50_000 + 200_000


def test_days_of_a_move_leave_less_room_for_work() -> None:
    """Of 112.5 days of room L1 takes 100, the move 10 and 3 t at S2 the rest: 5 t more wait for April."""
    scenario = kiln(100.0, 3.0)
    scenario = replace(scenario, lots=(*scenario.lots, lot("MORE", "H2", gross_mass_t=5.0)))
    world_, draws = drawn(without_accidents(scenario))
    story = compile_plan(world_, plan(line("L1", 100.0), line("L2", 3.0), line("MORE", 5.0)))
    committed: list[int] = []
    run(world_, story, replace(draws, candidates=()), lambda s: committed.append(s.ledger.committed[0]))
    assert committed[1:3] == [103 * 50_000 + 200_000, 108 * 50_000 + 200_000]


def test_explosion_between_two_jobs_at_one_site_saves_both_moves() -> None:
    """S2 is lost on day 95, while S1 is at work and the way there and back is committed: it never leaves."""
    story = plan(line("L1", 100.0), line("L2", 2.0), line("L1", 5.0, period=1))
    scenario = kiln(105.0, 2.0)
    result, state = play(scenario, story, candidate(95.0, storehouse=1, extent=0.0))
    assert log(state)[-1] == ("F1", "L1", 100.0, 105.0, 5.0)
    assert result.spent_cents.sum() == pytest.approx(105 * 50_000, abs=1)
    assert state.ledger.committed == [0]


def test_explosion_at_the_next_site_calls_the_move_off_before_it_begins() -> None:
    """S2 goes up on day 10 while the plant is at S1: it moves when S2 is open again, and pays once."""
    scenario, story = kiln(20.0, 100.0), plan(line("L1", 20.0), line("L2", 100.0))
    result, state = play(scenario, story, candidate(10.0, storehouse=1, extent=STACK))
    begun = [(row[1], row[2]) for row in log(state)]
    assert begun == [("L1", 0.0), ("L1", 10.0), ("L2", KNOTS[3] + 10.0)]
    assert result.spent_cents.sum() == pytest.approx(95 * 50_000 + 200_000, abs=1)
    assert state.ledger.committed == [0]


def test_a_site_to_which_a_move_was_called_off_is_served_before_later_lines() -> None:
    """S2 goes up on day 10 and is closed until day 190: then 380 t that became due at S1 wait for it."""
    later = (line("L1", 95.0, period=1) for _ in range(4))
    story = plan(line("L1", 20.0), line("L2", 100.0), *later)
    _, state = play(kiln(400.0, 100.0), story, candidate(10.0, storehouse=1, extent=STACK))
    lots = [row[1] for row in log(state)]
    assert [lot for k, lot in enumerate(lots) if k == 0 or lot != lots[k - 1]] == ["L1", "L2", "L1"]


def test_explosion_at_the_next_site_finds_the_plant_under_way() -> None:
    """On day 25 it is on the way to S2: that move is paid, and no second one when S2 opens again."""
    scenario = kiln(20.0, 100.0)
    result, state = play(
        scenario, plan(line("L1", 20.0), line("L2", 100.0)), candidate(25.0, storehouse=1, extent=STACK)
    )
    assert [row[2] for row in log(state) if row[1] == "L2"] == [KNOTS[3]]
    assert result.spent_cents[0, 0] == 20 * 50_000 + 200_000
    assert result.spent_cents.sum() == pytest.approx(95 * 50_000 + 200_000, abs=1)
    assert state.ledger.committed == [0]


def test_explosion_where_mobile_plant_stands_stops_it() -> None:
    """At S2 since day 30, it is closed with S2 on day 40 for 180 days, though its home is open."""
    scenario = kiln(20.0, 100.0, 5.0)
    story = plan(line("L1", 20.0), line("L2", 100.0), line("L3", 5.0, period=1))
    _, state = play(scenario, story, candidate(40.0, storehouse=1, extent=STACK))
    begun = [(row[1], row[2]) for row in log(state)]
    assert begun[:2] == [("L1", 0.0), ("L2", 30.0)]
    # It leaves when S2 opens again on day 220, ten days before.
    assert ("L3", 230.0) in begun


def test_a_move_after_orders_were_called_off_does_not_begin_in_the_past() -> None:
    """Closed from April on, with S2 called off on day 300 it leaves for S3 then, not in March."""
    scenario = kiln(90.0, 10.0, 10.0, open_months=(1, 2, 3))
    story = plan(line("L1", 90.0), line("L2", 10.0), line("L3", 10.0))
    states: list[float] = []
    world_, draws = drawn(without_accidents(scenario))
    incident = candidate(300.0, storehouse=1, extent=STACK)

    def watch(state: Run) -> None:
        states.extend(job.move_begins for job in state.plants[0].queue if job.order.lot == 2)

    run(world_, compile_plan(world_, story), replace(draws, candidates=(incident,)), watch)
    # Committed in January: to begin when L2 is done, ten days into 2027, then without L2.
    assert sorted(set(states)) == [300.0, 375.0]


def test_a_site_called_off_between_two_jobs_saves_the_move_back() -> None:
    """Of S1, S2, S1 the middle job goes: the plant stays, and the money of the move back is free."""
    plant, ledger = mobile(), Ledger(1, (0,))
    ledger.receive(0, 1_000)
    for order in (order_at(0), order_at(1), order_at(0)):
        move = ledger.commit((0,), 100) if plant.must_move(order) else None
        plant.add(order, 10 * TONNE, (), day=0.0, move=move)
    assert (ledger.committed, [job.begin for job in plant.queue]) == ([200], [0.0, 15.0, 30.0])
    plant.keep(1.0, lambda job: job.order.site == 0)
    plant.drop_needless_moves(ledger.release)
    # That of the move to S2 is freed by `OrderBook.take_back`, which this test does without.
    assert (ledger.committed, [job.begin for job in plant.queue]) == ([100], [0.0, 10.0])


def mobile() -> Plant:
    """Return a plant at site 0 that works every day of 100 at 1 t a day and moves in five."""
    path = WorkingTime([0.0, 100.0], [0.0, 100.0])
    return Plant(0, path, [float("inf")], [0.0], 10.0, 0.0, place=0, move_days=5.0)


def order_at(where: int) -> Order:
    """Return an order of 10 t at a site."""
    return Order(
        rank=0, lot=where, facility=0, site=where, mass_g=10 * TONNE, days_per_g=1.0 / TONNE,
        cents_per_t=100.0, payers=0, earliest_period=0, travel_days=0.0,
    )  # fmt: skip
