"""Where mobile plant stands and when it moves as planned: dates, days, costs and tonnes by hand."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from demilsim.optimisation.result import GroupFlows, PlanResult
from demilsim.plan import Commissioning
from demilsim.planning.coordinate import Programme
from demilsim.planning.premises import premises_of
from demilsim.planning.replay import replayed
from demilsim.planning.rules import nominal_coefficients
from demilsim.planning.stays import Basis, Move, PlannedStays, Rest, Stay, planned_stays
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes
from mobile_plans import crowded, plan_of, programme_of
from optimisation.test_tours import MOVE_USD, USD_PER_T, sites_with
from stories import line, plan
from worlds import facility, fund, tranche, world

END = dt.date(2028, 1, 1)


def implied(scenario: Scenario, *lines: Any, **more: Any) -> PlannedStays:
    """Return the stays that follow from lines."""
    found = planned_stays(scenario, plan(*lines, **more), nominal_coefficients(scenario))
    assert found is not None
    assert found.basis is Basis.IMPLIED
    return found


def came(site_id: str, period: int, leaves: dt.date) -> Move:
    """Return a move of nine days for 3,000 USD."""
    return Move(site_id, period, leaves, 9.0, 3_000.0)


def stay(
    site_id: str, move: Move | None, periods: tuple[int, int], dates: tuple[dt.date, dt.date], mass_t: float
) -> Stay:
    """Return a stay of F1 that does so much."""
    return Stay("F1", site_id, move, *periods, *dates, pytest.approx(mass_t, abs=1e-5))


def test_moves_follow_from_lines_with_their_dates_days_and_costs() -> None:
    """40 t at S1 take to day 40, 30 t at S2 from day 49 to 79, and 100 t at S3 begin on day 88.

    Two days are left of the first quarter for S3, and 98 t for the next ones.
    """
    scenario = sites_with(40.0, 30.0, 100.0)
    found = implied(scenario, line("L1", 40.0), line("L2", 30.0), line("L3", 100.0))
    first, second, third = (
        (dt.date(2026, 1, 1), dt.date(2026, 2, 10)),
        dt.date(2026, 2, 19),
        dt.date(2026, 3, 21),
    )
    assert found.stays == (
        stay("S1", None, (0, 0), first, 40.0),
        stay("S2", came("S1", 0, first[1]), (0, 0), (second, third), 30.0),
        stay("S3", came("S2", 0, third), (0, 7), (dt.date(2026, 3, 30), END), 100.0),
    )
    assert found.rests == ()


def test_what_is_due_where_plant_stands_comes_before_what_is_first_in_priority() -> None:
    """S2 has priority, but the plant leaves at once, and comes back, only if nothing is due at S1."""
    scenario = sites_with(40.0, 30.0)
    found = implied(scenario, line("L2", 30.0), line("L1", 40.0))
    assert [(s.site_id, s.first_period, s.last_period) for s in found.stays] == [("S1", 0, 0), ("S2", 0, 7)]
    found = implied(scenario, line("L2", 30.0), line("L1", 40.0, period=1))
    begin, april = dt.date(2026, 1, 1), dt.date(2026, 4, 1)
    assert found.stays == (
        stay("S1", None, (0, 0), (begin, begin), 0.0),
        stay("S2", came("S1", 0, begin), (0, 1), (dt.date(2026, 1, 10), april), 30.0),
        stay("S1", came("S2", 1, april), (1, 7), (dt.date(2026, 4, 10), END), 40.0),
    )


def test_a_five_day_week_makes_work_longer_and_moves_not() -> None:
    """10 t take 14 calendar days at 5/7 working days a day; a move still takes nine."""
    scenario = sites_with(10.0, 30.0)
    slow = replace(
        scenario, facilities=(scenario.facilities[0].model_copy(update={"working_days_per_week": 5.0}),)
    )
    _, second = implied(slow, line("L1", 10.0), line("L2", 30.0)).stays
    assert second.move == came("S1", 0, dt.date(2026, 1, 15))
    assert second.stands_from == dt.date(2026, 1, 24)


def test_what_is_not_reached_is_told_beside_what_is() -> None:
    """730 days at home for 700 t, a move, and 21 of 60 t at S2: 39 t are left, and all is as in the plan."""
    found = implied(sites_with(700.0, 60.0), line("L1", 700.0), line("L2", 60.0))
    assert [s.destroyed_t for s in found.stays] == [pytest.approx(700.0), pytest.approx(21.0)]
    assert found.rests == (Rest("F1", "S2", pytest.approx(39.0)),)


def test_without_money_for_a_move_plant_stays() -> None:
    """20,000 USD pay for 40 t at S1 and then for no move of 3,000 USD: 30 t are not reached."""
    scenario = sites_with(40.0, 30.0, tranches=(tranche(amount_usd=20_000.0),))
    found = implied(scenario, line("L1", 40.0), line("L2", 30.0))
    assert [s.site_id for s in found.stays] == ["S1"]
    assert found.rests == (Rest("F1", "S2", pytest.approx(30.0)),)


def test_plant_that_is_ordered_stands_nowhere_before_it_opens() -> None:
    """Ordered in the second quarter with a lead time of 91 days it stands at S1 from the third on."""
    scenario = sites_with(40.0, 30.0)
    new = {"status": "possible", "capital_cost_usd": 1.0, "lead_time_days": 91.0}
    built = replace(scenario, facilities=(scenario.facilities[0].model_copy(update=new),))
    found = implied(built, line("L1", 40.0), commissionings=(Commissioning("F1", 1),))
    assert found.stays == (stay("S1", None, (2, 7), (dt.date(2026, 7, 1), END), 40.0),)


def test_what_has_been_due_for_longer_elsewhere_comes_first_once_it_can_be_paid() -> None:
    """Without money for S2 in the first quarter plant goes there in the second, and then back to S1."""
    money = (tranche(amount_usd=2_500.0), tranche("T2", amount_usd=1e5, due=dt.date(2026, 4, 1)))
    lines = line("L1", 5.0), line("L2", 10.0), line("L1", 35.0, period=1)
    found = implied(sites_with(40.0, 10.0, tranches=money), *lines)
    assert [(s.site_id, s.first_period) for s in found.stays] == [("S1", 0), ("S2", 1), ("S1", 1)]
    found = implied(sites_with(40.0, 10.0, tranches=money[1:]), *lines[1:])
    assert [(s.site_id, s.first_period) for s in found.stays] == [("S1", 0), ("S2", 1), ("S1", 1)]
    found = implied(sites_with(40.0, 10.0, tranches=money[:1]), *lines)
    assert [s.site_id for s in found.stays] == ["S1"]


def test_what_was_left_behind_does_not_call_plant_back() -> None:
    """20 t at S2 can be paid in July, when plant is back at S1 for 200 t: these are done before it goes."""
    money = (
        tranche("T0", "ONE", amount_usd=MOVE_USD + 205 * USD_PER_T),
        tranche("T1", "TWO", amount_usd=MOVE_USD + 10 * USD_PER_T),
        tranche("T2", "TWO", amount_usd=1e5, due=dt.date(2026, 7, 1)),
    )
    funds = (fund("ONE", earmark_sites=("S1",)), fund("TWO", earmark_sites=("S2",)))
    lines = line("L1", 5.0), line("L2", 30.0), *(line("L1", 50.0, period=1) for _ in range(4))
    found = implied(sites_with(205.0, 30.0, tranches=money, funds=funds), *lines)
    done = [(s.site_id, s.destroyed_t) for s in found.stays]
    assert done == [("S1", 5.0), ("S2", 10.0), ("S1", pytest.approx(200.0)), ("S2", pytest.approx(20.0))]


@pytest.mark.parametrize("plant", [{"mobile": False}, {"move_days": 0.0, "move_cost_usd": 0.0}])
def test_plant_without_a_place_has_no_stays(plant: dict[str, Any]) -> None:
    """Fixed plant, and mobile plant whose moves take neither time nor money, is not told of."""
    base = {"mobile": True, "move_days": 9.0, "move_cost_usd": 3_000.0}
    base |= {"move_days": 0.0, "move_cost_usd": 0.0} if plant == {"mobile": False} else {}
    scenario = world(facilities=[facility(**(base | plant))])
    assert planned_stays(scenario, plan(line("L1")), nominal_coefficients(scenario)) is None


def test_a_plan_that_does_not_use_it_has_none() -> None:
    """Doing nothing moves nothing."""
    scenario = sites_with(40.0, 30.0)
    assert planned_stays(scenario, plan(), nominal_coefficients(scenario)) is None


@pytest.fixture(scope="module")
def made() -> tuple[Scenario, Programme]:
    """Return 200 t at S1 with few people near, 60 t at S2 with 50,000, and a programme for them.

    Rules do what is at S1 first, since the plant stands there.
    """
    scenario = crowded((200.0, 500.0), (60.0, 50_000.0))
    return scenario, programme_of(scenario)


def flows(result: PlanResult, *wanted: tuple[int, int, float]) -> GroupFlows:
    """Return flows by lot, period and tonnes."""
    lots, periods, masses = zip(*wanted, strict=True)
    group = result.groups.group_of_lot[list(lots)]
    return GroupFlows(group, np.zeros(len(lots), dtype=np.int64), np.array(periods), np.array(masses))


def test_decided_moves_keep_their_periods_though_lines_may_begin_earlier(
    made: tuple[Scenario, Programme],
) -> None:
    """12 t at S1 to day 12, 60 t at S2 from day 21 to 81, and 188 t at S1 from day 90 on.

    What is for the last stay is not due in the first quarter, though it runs ahead within that stay.
    """
    scenario, programme = made
    assert programme.result is not None
    by_hand = ((1, 0, 60.0), (0, 0, 12.0), (0, 1, 91.0), (0, 2, 92.0), (0, 3, 5.0))
    result = replace(programme.result, flows=flows(programme.result, *by_hand), tours=((0, 0, 1), (0, 0, 0)))
    own = plan_of(scenario, result, programme.coefficients)
    assert [(entry.lot_id, entry.earliest_period) for entry in own.lines] == [
        ("L1", 0), ("L2", 0), ("L1", 1), ("L1", 1), ("L1", 1),
    ]  # fmt: skip
    away, back = dt.date(2026, 1, 13), dt.date(2026, 3, 23)
    assert planned_stays(scenario, own, programme.coefficients, result) == PlannedStays(
        Basis.DECIDED,
        (
            stay("S1", None, (0, 0), (dt.date(2026, 1, 1), away), 12.0),
            stay("S2", came("S1", 0, away), (0, 0), (dt.date(2026, 1, 22), back), 60.0),
            stay("S1", came("S2", 0, back), (0, 7), (dt.date(2026, 4, 1), END), 188.0),
        ),
    )


@pytest.mark.parametrize("change", ["tonnes", "moves"])
def test_a_plan_that_is_not_the_optimisers_is_not_called_decided(
    made: tuple[Scenario, Programme], change: str
) -> None:
    """Where lines, or places, are not those of the result, moves follow from the lines."""
    scenario, programme = made
    assert programme.result is not None
    result, own = programme.result, programme.plan
    assert own.source == "milp"
    if change == "moves":
        result = replace(result, tours=())
    else:
        own = replace(own, lines=own.lines[:-1])
    found = planned_stays(scenario, own, programme.coefficients, result)
    assert found is not None
    assert found.basis is Basis.IMPLIED


def test_the_programmes_own_plan_moves_as_the_optimiser_decided(made: tuple[Scenario, Programme]) -> None:
    """Periods and sites of its moves are those of the result; its tonnes are those of its lines."""
    scenario, programme = made
    assert programme.result is not None
    found = planned_stays(scenario, programme.plan, programme.coefficients, programme.result)
    assert found is not None
    assert found.basis is Basis.DECIDED
    moves = [(s.move.period, s.site_id) for s in found.stays if s.move]
    assert moves == [(period, f"S{to + 1}") for _, period, to in programme.result.tours or ()]
    assert moves[0] == (0, "S2")
    planned_t = sum(tonnes(entry.mass_g) for entry in programme.plan.lines)
    assert sum(s.destroyed_t for s in found.stays) == pytest.approx(planned_t, abs=1e-6)


@pytest.mark.parametrize(
    ("move_days", "done_t"), [(30.0, [80.0, 71.0, 29.0]), (120.0, [80.0, 0.0, 73.0, 27.0])]
)
def test_a_move_goes_on_in_the_next_period(move_days: float, done_t: list[float]) -> None:
    """Ten days are left of the first quarter of 90 days, the second has 91: what a move takes is not lost."""
    scenario = sites_with(80.0, 100.0, move_days=move_days)
    wanted = plan(line("L1", 80.0), line("L2", 100.0))
    draft, moves = replayed(wanted, premises_of(scenario, nominal_coefficients(scenario)))
    by_period = np.bincount(
        [piece.period for piece in draft.pieces], [piece.mass_t for piece in draft.pieces]
    )
    assert by_period == pytest.approx(done_t)
    assert moves == ((0, 0, 1),)
