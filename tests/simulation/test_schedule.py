from __future__ import annotations

from dataclasses import replace

import pytest

from demilsim.errors import PlanError
from demilsim.plan import Commissioning, MeasureOrder
from demilsim.simulation.schedule import compile_plan, line_problems
from demilsim.simulation.world import prepare
from stories import TONNE, line, plan
from worlds import (
    artillery,
    facility,
    fund,
    lot,
    measure,
    rate,
    route,
    site,
    storehouse,
    three_sites,
    world,
)


def test_line_becomes_an_order() -> None:
    """A load over 100 km pays running cost and road, travels a day, and is paid by who may, in order."""
    schedule = compile_plan(
        prepare(three_sites()),
        plan(
            line("S3-L1", 80.0, 2, "PLANT"), line("S1-L2", 50.0, 1, "RANGE"), line("S2-L1", 1.0, 11, "PLANT")
        ),
    )
    first, second, third = schedule.orders
    road = 100.0 * 0.5
    assert first.cents_per_t == pytest.approx((500.0 + road) * 100)
    assert (first.rank, first.lot, first.facility, first.site) == (0, 4, 0, 2)
    assert (first.mass_g, first.earliest_period, first.travel_days) == (80 * TONNE, 2, 1.0)
    assert first.days_per_g == pytest.approx(1 / 0.3 / TONNE)
    assert schedule.payers[first.payers] == (1, 0)
    assert schedule.payers[second.payers] == schedule.payers[third.payers] == (0,)
    assert second.travel_days == 0.0
    assert [len(rows) for rows in schedule.due] == [0, 1, 1] + [0] * 8 + [1]


def test_cost_of_a_part_is_rounded_to_cents() -> None:
    """One gram at 500 USD/t costs 0.05 cents, that is none; 30 g cost 1.5 cents, that is 2."""
    (order,) = compile_plan(prepare(world()), plan(line("L1"))).orders
    assert [order.cost_cents(g) for g in (1, 30, 100 * TONNE)] == [0, 2, 5_000_000]


def test_commissionings_come_in_order_with_their_payers() -> None:
    """Capital is paid by capital funds, standing cost by running funds, none by a fund for one category."""
    scenario = world(
        facilities=[facility("A", status="possible"), facility("B", status="possible")],
        facility_rates=[rate("A"), rate("B")],
        funds=[
            fund("RUN", use="running"), fund("CAP", use="capital"),
            fund("MINES", earmark_categories=("mines",)),
        ],
    )  # fmt: skip
    story = plan(commissionings=(Commissioning("B", 3), Commissioning("A", 1)))
    schedule = compile_plan(prepare(scenario), story)
    assert schedule.builds == ((1, 0, (1,), (0,)), (3, 1, (1,), (0,)))
    host = plan(commissionings=(Commissioning("A", 0),), funds=("CAP",))
    assert compile_plan(prepare(scenario), host).builds == ((0, 0, (1,), ()),)


BAD = [
    (plan(line("NONE")), "line 1: unknown lot or facility"),
    (plan(line("L1"), line("L2", facility_id="NONE")), "line 2: unknown lot or facility"),
    (plan(line("R1", 1.0)), "F1 cannot take lot R1"),
    (plan(line("U1", 1.0)), "F1 cannot take lot U1"),
    (plan(line("L1", 60.0), line("L1", 40.0), line("L1", 0.000001)), r"line 3: expected 0 < mass"),
    (plan(line("L1", 0.0)), "expected 0 < mass"),
    (plan(line("L1", 1.0, facility_id="KILN")), "KILN is never commissioned"),
    (plan(line("L1", 1.0, period=-1)), r"line 1: expected a period from 0 to 7 \(got -1\)"),
    (plan(line("L1", 1.0), line("L1", 1.0, period=8)), r"line 2: expected a period from 0 to 7 \(got 8\)"),
    (plan(commissionings=(Commissioning("KILN", 8),)), r"commissioning of KILN: .* 0 to 7 \(got 8\)"),
    (plan(commissionings=(Commissioning("KILN", -3),)), r"commissioning of KILN: .* 0 to 7 \(got -3\)"),
    (replace(plan(), measures=(MeasureOrder("GUARD", 8),)), r"measure GUARD: .* 0 to 7 \(got 8\)"),
    (replace(plan(), measures=(MeasureOrder("GUARD", -1),)), r"measure GUARD: .* 0 to 7 \(got -1\)"),
    (plan(funds=("HSOT",)), r"funds of the scenario \(got 'HSOT'; did you mean HOST\?\)"),
    (plan(funds=("HOST", "X")), r"funds of the scenario \(got 'X'\); choose from HOST"),
    (plan(commissionings=(Commissioning("NONE", 0),)), r"possible facility to commission \(got NONE\)"),
    (plan(commissionings=(Commissioning("F1", 0),)), r"possible facility to commission \(got F1\)"),
]


@pytest.mark.parametrize(("story", "message"), BAD, ids=[message for _, message in BAD])
def test_plan_that_does_not_fit_is_refused(story: object, message: str) -> None:
    """Each way in which a plan can fail to fit its scenario names the line and what is wrong."""
    scenario = world(
        sites=[site(), site("S2")],
        storehouses=[storehouse(), storehouse("H2", "S2")],
        lots=[
            lot(), lot("L2", nature_id=artillery()), lot("R1", status="reserve"),
            lot("U1", "H2", safe_to_move=False),
        ],
        facilities=[facility(), facility("KILN", status="possible")],
        facility_rates=[rate(), rate("KILN")],
        routes=[route("S1", "S2")],
        measures=[measure("GUARD")],
    )  # fmt: skip
    with pytest.raises(PlanError, match=message):
        compile_plan(prepare(scenario), story)


def test_all_lines_that_do_not_fit_are_found_at_once() -> None:
    """Each is told by its place; what does not fit takes nothing from the lot, what fits does."""
    story = plan(line("NONE"), line("L1", 60.0), line("L1", 60.0), line("L1", 40.0), line("L1", 1e-6))
    assert line_problems(prepare(world()), story) == [
        (0, "unknown lot or facility (NONE, F1)"),
        (2, "expected 0 < mass <= 40 t, what is left of lot L1 (got 60 t)"),
        (4, "expected 0 < mass <= 0 t, what is left of lot L1 (got 1e-06 t)"),
    ]
