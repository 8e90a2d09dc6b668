from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.plan import Commissioning
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws
from demilsim.simulation.replication import run, simulate
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import World
from stories import (
    KNOTS,
    QUIET,
    TONNE,
    accidents_at,
    candidate,
    drawn,
    line,
    log,
    plan,
    play,
    told,
    with_methods,
    without_accidents,
)
from worlds import (
    facility,
    fund,
    lot,
    one_lot,
    rate,
    route,
    site,
    storehouse,
    three_sites,
    tranche,
    village,
    world,
)

WHOLE_STORE, STACK, ITEM = 0.1, 0.5, 0.9
"""Uniforms that give an event of practices each extent."""


def two_natures(**changes: object) -> Scenario:
    """Return artillery and mines of 100 t each in one storehouse, and a plant for both."""
    base = {
        "lots": [lot("L1"), lot("M1", nature_id="mine_at", stabiliser_fraction=None)],
        "facility_rates": [rate(), rate(category="mines")],
    }
    return world(**(base | changes))


def test_one_lot_by_hand() -> None:
    """100 t at 1 t a day and 500 USD/t end on day 100 at 50,000.00 USD, all else stays."""
    result, state = play(one_lot(), plan(line("L1")))
    assert log(state) == [("F1", "L1", 0.0, 100.0, 100.0)]
    assert result.events == ()
    assert result.stock_g.tolist() == [100e6, 10e6, 0, 0, 0, 0, 0, 0, 0]
    assert result.neq_kg == pytest.approx([20_000.0, 2_000.0] + [0.0] * 7)
    assert result.destroyed_g[0].tolist() == [90e6, 10e6, 0, 0, 0, 0, 0, 0]
    assert result.spent_cents[0].tolist() == [0, 5_000_000, 0, 0, 0, 0, 0, 0]
    assert result.received_cents.tolist() == [100_000_000]
    assert result.receipts_cents[0].tolist() == [100_000_000] + [0] * 7
    assert result.committed_cents.tolist() == result.lapsed_cents.tolist() == [0]
    assert result.surplus_left_g.tolist() == result.stock_g.tolist()
    assert result.working_days[0].tolist() == np.diff(KNOTS).tolist()
    assert state.ledger.available == [95_000_000]


def test_doing_nothing_leaves_everything() -> None:
    """Without a plan nothing is destroyed or spent, and the harm rate only rises with age."""
    result, _ = play(one_lot(), DO_NOTHING)
    assert result.stock_g.tolist() == [100e6] * 9
    assert result.spent_cents.sum() == 0
    assert np.all(np.diff(result.harm_rate_per_year) > 0.0)


@pytest.mark.parametrize(("day", "missed"), [(99, 1), (100, 0), (731, 0)])
def test_date_is_kept_to_the_day(day: int, missed: int) -> None:
    """A lot that is gone on day 100 keeps a date on that day, and misses one on the day before."""
    date = dt.date(2026, 1, 1) + dt.timedelta(days=day)
    result, _ = play(one_lot(lots=[lot(destroy_by=date)]), plan(line("L1")))
    assert result.dates_missed == missed


def test_dates_of_what_stays_are_missed_within_the_horizon_only() -> None:
    """Nothing is done: the date on day 200 is missed, that after the end is not to be judged."""
    dates = (dt.date(2026, 7, 20), dt.date(2029, 1, 1), None)
    lots = [lot(f"L{k}", destroy_by=date) for k, date in enumerate(dates)]
    assert play(one_lot(lots=lots), DO_NOTHING)[0].dates_missed == 1


def test_line_is_never_early() -> None:
    """A line due in the third quarter begins on its first day though plant and money wait."""
    _, state = play(one_lot(), plan(line("L1", period=2)))
    assert log(state) == [("F1", "L1", 181.0, 281.0, 100.0)]


def test_line_of_the_last_period_is_done_as_far_as_it_goes() -> None:
    """From day 638 to the end on day 730, 92 t; a line for the period after is no plan, see the schedule."""
    _, state = play(one_lot(), plan(line("L1", period=7)))
    assert log(state) == [("F1", "L1", 638.0, 730.0, 92.0)]


def test_large_jobs_follow_without_a_gap() -> None:
    """Jobs of 200 days that span period starts keep their plant at work: the second ends on day 400."""
    scenario = world(lots=[lot("L1", gross_mass_t=200.0), lot("L2", gross_mass_t=200.0)])
    result, state = play(scenario, plan(line("L1", 200.0), line("L2", 200.0)))
    assert log(state) == [("F1", "L1", 0.0, 200.0, 200.0), ("F1", "L2", 200.0, 400.0, 200.0)]
    assert result.destroyed_g[0, :5] == pytest.approx(np.array([90, 91, 92, 92, 35]) * 1e6)


def test_no_more_is_committed_than_a_quarter_above_capacity() -> None:
    """Of 30 t lines on a plant of 90 days, those that begin within 112.5 days are committed, no more."""
    scenario = world(lots=[lot(f"L{k}", gross_mass_t=30.0) for k in range(8)])
    world_, draws = drawn(without_accidents(scenario))
    committed: list[int] = []
    story = plan(*(line(f"L{k}", 30.0) for k in range(8)))
    run(
        world_,
        compile_plan(world_, story),
        replace(draws, candidates=()),
        lambda state: committed.append(sum(state.orders.committed_g) // TONNE),
    )
    receipt, first, second = committed[:3]
    assert (receipt, first) == (0, 120)
    # On day 90 the 30 t left leave room for 113.75 - 30 days: three more lines.
    assert second == 120


def test_priority_decides_who_is_paid() -> None:
    """With money for 160 t the first line is done and 60 t of the second, whatever the order of tables."""
    scenario = world(lots=[lot("L1"), lot("L2")], tranches=[tranche(amount_usd=80_000.0)])
    _, state = play(scenario, plan(line("L2"), line("L1")))
    assert log(state) == [("F1", "L2", 0.0, 100.0, 100.0), ("F1", "L1", 100.0, 160.0, 60.0)]
    assert state.ledger.available == [0]


def test_less_than_a_lorry_is_not_paid_for() -> None:
    """Money for 99.98 kg of the second line stays where it is; the rest of a line follows its money."""
    later = tranche("T2", amount_usd=50_000.0, due=dt.date(2026, 4, 6))
    scenario = world(lots=[lot("L1"), lot("L2")], tranches=[tranche(amount_usd=50_049.99), later])
    _, state = play(scenario, plan(line("L2"), line("L1")))
    assert log(state) == [("F1", "L2", 0.0, 100.0, 100.0), ("F1", "L1", 181.0, 281.0, 100.0)]
    assert state.ledger.available == [4_999]


def test_blocked_line_is_passed_over_and_done_when_money_comes() -> None:
    """The first line waits for the host's money of day 95; the second, paid by a donor, goes ahead."""
    scenario = two_natures(
        funds=[fund(), fund("DONOR", holder="donor", earmark_categories=("mines",))],
        tranches=[
            tranche(due=dt.date(2026, 4, 6), amount_usd=50_000.0),
            tranche("T2", "DONOR", amount_usd=50_000.0),
        ],
    )
    result, state = play(scenario, plan(line("L1"), line("M1")))
    assert log(state) == [("F1", "M1", 0.0, 100.0, 100.0), ("F1", "L1", 181.0, 281.0, 100.0)]
    assert result.spent_cents.sum(axis=1).tolist() == [5_000_000, 5_000_000]


def test_donor_pays_first_what_only_it_may_pay() -> None:
    """Of a cost of 50,000 USD the earmarked donor pays its 20,000 and the host the rest; alone, 40 t."""
    scenario = one_lot(
        funds=[fund(), fund("DONOR", earmark_sites=("S1",))],
        tranches=[tranche(), tranche("T2", "DONOR", amount_usd=20_000.0)],
    )
    result, _ = play(scenario, plan(line("L1")))
    assert result.spent_cents.sum(axis=1).tolist() == [3_000_000, 2_000_000]
    donor_only, state = play(scenario, plan(line("L1"), funds=("DONOR",)))
    assert donor_only.spent_cents.sum(axis=1).tolist() == [0, 2_000_000]
    assert log(state) == [("F1", "L1", 0.0, 40.0, 40.0)]


def test_expired_fund_lapses_but_pays_what_it_promised() -> None:
    """A fund that expires on day 50 pays the job it has promised; the rest lapses and pays nothing more."""
    scenario = world(
        lots=[lot("L1"), lot("L2")],
        funds=[fund(expires=dt.date(2026, 2, 20))],
        tranches=[tranche(amount_usd=120_000.0), tranche("T2", due=dt.date(2026, 2, 19), amount_usd=1.0)],
    )
    result, state = play(scenario, plan(line("L1"), line("L2", period=1)))
    assert log(state) == [("F1", "L1", 0.0, 100.0, 100.0)]
    assert result.spent_cents.sum() == 5_000_000
    assert result.lapsed_cents.tolist() == [7_000_100]
    assert state.ledger.available == [0]


def test_permit_limits_each_year() -> None:
    """With a permit of 30 t a year, 30 t are done in each of two years, and a part waits for the next."""
    scenario = one_lot(facilities=[facility(permit_t_per_year=30.0)])
    result, state = play(scenario, plan(line("L1")))
    assert log(state) == [("F1", "L1", 0.0, 30.0, 30.0), ("F1", "L1", 365.0, 395.0, 30.0)]
    assert result.spent_cents.sum() == 3_000_000


def test_new_permit_counts_what_is_left_of_a_job_over_the_new_year() -> None:
    """A job of 90 t begun on day 273 counts against the first year's permit up to day 365, then the rest."""
    scenario = world(
        lots=[lot("L1", gross_mass_t=90.0), lot("L2", gross_mass_t=90.0)],
        facilities=[facility(permit_t_per_year=90.0)],
        facility_rates=[rate(throughput_t_per_day=0.5)],
    )
    _, state = play(scenario, plan(line("L1", 90.0, period=3), line("L2", 90.0, period=3)))
    # By day 365, 46 t are done; of the second permit 44 t go to the rest of L1, and 46 t are left for L2.
    assert log(state) == [("F1", "L1", 273.0, 453.0, 90.0), ("F1", "L2", 453.0, 545.0, 46.0)]


def test_permit_of_work_that_is_called_off_can_be_used_again() -> None:
    """After an explosion that spares the lot, its 60 t still go under the same year's permit of 60 t."""
    scenario = world(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=400.0)],
        lots=[lot("L1", "H1", gross_mass_t=60.0), lot("L2", "H2")],
        facilities=[facility(permit_t_per_year=60.0)],
        parameters={"consequence.site_closure_days": 50.0},
    )
    result, state = play(scenario, plan(line("L1", 60.0)), candidate(10.0, 1, extent=STACK))
    assert [e.kind for e in result.events] == ["explosion"]
    assert log(state) == [("F1", "L1", 0.0, 10.0, 10.0), ("F1", "L1", 90.0, 140.0, 50.0)]


def test_winter_closes_a_range() -> None:
    """A range open from April to October, five days a week, begins on day 90 and ends 140 days later."""
    plant = facility(open_months=tuple(range(4, 11)), working_days_per_week=5.0)
    _, state = play(one_lot(facilities=[plant]), plan(line("L1", period=0)))
    assert log(state) == [("F1", "L1", 90.0, 230.0, 100.0)]


def kiln(*tranches: object, **changes: object) -> Scenario:
    """Return a kiln to build: 100,000 USD, 180 days, then 36,525 USD a year (100 USD a day)."""
    plant = facility(
        "KILN", status="possible", capital_cost_usd=100_000.0, lead_time_days=180.0,
        fixed_cost_usd_per_year=36_525.0,
    )  # fmt: skip
    return one_lot(facilities=[plant], facility_rates=[rate("KILN")], tranches=tranches, **changes)


BUILD = plan(line("L1", facility_id="KILN"), commissionings=(Commissioning("KILN", 0),))


def test_commissioning_waits_for_capital_and_lead_time() -> None:
    """Money of day 73 is spent on day 90; the kiln opens with the first quarter 180 days later, and costs."""
    scenario = kiln(
        tranche(amount_usd=99_999.0), tranche("T2", due=dt.date(2026, 3, 15), amount_usd=500_000.0)
    )
    result, state = play(scenario, BUILD)
    assert log(state) == [("KILN", "L1", 273.0, 373.0, 100.0)]
    standing = [100 * 100 * days for days in (0, 92, 90, 91, 92, 92)]
    work = [0, 0, 5_000_000, 0, 0, 0]
    expected = [0, 10_000_000, *(a + b for a, b in zip(standing, work, strict=True))]
    assert result.spent_cents[0].tolist() == expected


def test_kiln_without_its_standing_cost_is_closed() -> None:
    """A kiln that can be built but not kept open destroys nothing until the standing cost is paid."""
    scenario = kiln(
        tranche(amount_usd=100_000.0), tranche("T2", due=dt.date(2026, 10, 15), amount_usd=500_000.0)
    )
    result, state = play(scenario, BUILD)
    assert log(state) == [("KILN", "L1", 365.0, 465.0, 100.0)]
    assert result.spent_cents[0, :4].tolist() == [10_000_000, 0, 0, 0]
    never, _ = play(kiln(tranche(amount_usd=100_000.0)), BUILD)
    assert never.destroyed_g.sum() == 0.0


def test_load_travels_to_its_plant() -> None:
    """Three and a half days on the road mean work from day 4 on, and the road's cost per tonne."""
    scenario = world(
        sites=[site(), site("S2")],
        facilities=[facility(site_id="S2")],
        routes=[route("S1", "S2", distance_km=300.0, travel_days=3.5)],
    )
    result, state = play(scenario, plan(line("L1")))
    assert log(state) == [("F1", "L1", 4.0, 104.0, 100.0)]
    assert result.spent_cents.sum() == 100 * (500 + 300 * 0.5) * 100
    assert result.expected_transport == pytest.approx(100 / 12 * 300 * 6e-7 * 0.002 * 5)


def test_explosion_closes_the_site_and_releases_its_jobs() -> None:
    """A stack that goes up on day 40 with 60 t left takes 25 t; the other 35 t wait, and are paid once."""
    result, state = play(one_lot(), plan(line("L1")), candidate(40.0, extent=STACK))
    (event,) = result.events
    assert (event.kind, event.day, event.storehouse) == ("explosion", 40.0, 0)
    assert result.exploded_g == pytest.approx(25 * TONNE, abs=1)
    (first, second) = log(state)
    assert first == ("F1", "L1", 0.0, 40.0, 40.0)
    assert second == ("F1", "L1", 273.0, pytest.approx(308.0), pytest.approx(35.0, abs=1e-6))
    assert state.ledger.spent == [pytest.approx(75 * 50_000, abs=1)]
    assert state.ledger.committed == [0]
    assert result.stock_g[:5] == pytest.approx([100e6, 35e6, 35e6, 35e6, 0.0], abs=1.0)


def test_minor_event_closes_nothing() -> None:
    """An item that goes off on its own is recorded, what is done is booked, and work goes on."""
    result, state = play(one_lot(), plan(line("L1")), candidate(40.0, extent=ITEM))
    assert [e.kind for e in result.events] == ["minor"]
    assert log(state) == [("F1", "L1", 0.0, 40.0, 40.0), ("F1", "L1", 40.0, 100.0, 60.0)]


def test_emptied_storehouse_cannot_explode() -> None:
    """After the last gram is destroyed on day 100, a candidate of day 101 does not happen."""
    for day, kinds in ((99.0, ["explosion"]), (101.0, [])):
        result, _ = play(one_lot(), plan(line("L1")), candidate(day, extent=STACK))
        assert [e.kind for e in result.events] == kinds


def test_ageing_candidate_happens_with_the_share_that_is_left() -> None:
    """On day 40, with 60% of the lot left, a mark of 0.6 is accepted and one just above is not."""
    for mark, count in ((0.6, 1), (0.6001, 0)):
        incident = candidate(40.0, lot=0, mark=mark, cause="ageing", extent=ITEM)
        result, _ = play(one_lot(), plan(line("L1")), incident)
        assert len(result.events) == count


def test_plant_elsewhere_loses_the_jobs_of_the_closed_site_only() -> None:
    """The central plant goes on with S2's lot at once; what is left of S1's comes when S1 opens again."""
    scenario = world(
        sites=[site(), site("S2")],
        storehouses=[storehouse(), storehouse("H2", "S2")],
        lots=[lot("L1"), lot("L2", "H2", gross_mass_t=20.0)],
        facilities=[facility(site_id="S2")],
        routes=[route("S1", "S2")],
        exposed_sites=[village()],
    )
    result, state = play(scenario, plan(line("L1"), line("L2", 20.0)), candidate(41.0, extent=STACK))
    jobs = log(state)
    assert jobs[:2] == [("F1", "L1", 1.0, 41.0, 40.0), ("F1", "L2", 41.0, 61.0, 20.0)]
    # S1 is closed up to day 221, so that the next period start is day 273, and a day on the road.
    assert jobs[2] == ("F1", "L1", 274.0, pytest.approx(309.0), pytest.approx(35.0, abs=1e-6))
    assert result.exploded_g == pytest.approx(25 * TONNE, abs=1)


def test_work_is_never_done_in_the_past() -> None:
    """A plant idle until a load arrives turns to the next job when an explosion calls the load off."""
    scenario = world(
        sites=[site(), site("S2")],
        storehouses=[storehouse(), storehouse("H2", "S2")],
        lots=[lot("L1"), lot("L2", "H2", gross_mass_t=20.0)],
        facilities=[facility(site_id="S2")],
        routes=[route("S1", "S2", travel_days=60.0)],
    )
    _, state = play(scenario, plan(line("L1"), line("L2", 20.0)), candidate(50.0, extent=STACK))
    assert log(state)[0] == ("F1", "L2", 50.0, 70.0, 20.0)


def test_orders_are_cut_to_what_an_explosion_leaves() -> None:
    """Lines of 60 t and 40 t on a lot of which 70 t explode end with 30 t destroyed and paid once."""
    scenario = one_lot(parameters={"consequence.stack_neq_kg": 14_000.0})
    result, state = play(scenario, plan(line("L1", 60.0), line("L1", 40.0)), candidate(0.0, extent=STACK))
    assert result.exploded_g == pytest.approx(70 * TONNE, abs=1)
    assert sum(state.stock.destroyed_g) + result.exploded_g == 100 * TONNE
    assert state.stock.present_g == [0]
    assert state.ledger.spent == [pytest.approx(1_500_000, abs=1)]


def test_what_an_explosion_leaves_goes_to_the_line_of_higher_priority() -> None:
    """Of lines of 60 t and 40 t at two plants, with 30 t left, the first gets all of it."""
    scenario = one_lot(
        facilities=[facility("F1"), facility("F2")],
        facility_rates=[rate("F1"), rate("F2")],
        parameters={"consequence.stack_neq_kg": 14_000.0},
    )
    for first, second in (("F1", "F2"), ("F2", "F1")):
        story = plan(line("L1", 60.0, 0, first), line("L1", 40.0, 0, second))
        _, state = play(scenario, story, candidate(1e-6, extent=STACK))
        done = [(plant_id, mass_t) for plant_id, _, _, _, mass_t in log(state) if mass_t > 1.0]
        assert done == [(first, pytest.approx(30.0, abs=1e-5))]


def test_processing_accident_stops_the_plant() -> None:
    """The accident at 30 t is on day 30, costs a month, and the lot ends a month later."""
    scenario = one_lot(parameters=QUIET | {"destruction.stop_after_accident_days": 30.0})
    world_, draws = drawn(scenario)
    result, state = told(world_, accidents_at(draws, 30.0), plan(line("L1")))
    assert [(e.kind, e.day, e.facility, e.lot) for e in result.events] == [("processing", 30.0, 0, 0)]
    assert log(state) == [("F1", "L1", 0.0, 130.0, 100.0)]
    assert result.expected_workers == pytest.approx(100 * 2e-5 * 1.3)
    assert result.working_days[0, :2].tolist() == [60.0, 91.0]


def over_the_road() -> tuple[World, Draws, float]:
    """Return a lot at S1 with a plant at S2, drawn, and the rate of accidents of its road [1/t]."""
    scenario = world(
        sites=[site(), site("S2")],
        facilities=[facility(site_id="S2")],
        routes=[route("S1", "S2")],
        parameters=QUIET,
    )
    world_, draws = drawn(without_accidents(scenario))
    return world_, draws, float(world_.options.road_rate_per_t[0, 0])


def test_road_accident_by_hand() -> None:
    """A lot's load explodes on the road when its accumulated rate passes its own exponential."""
    world_, draws, rate_per_t = over_the_road()
    for share, kinds in ((0.5, ["road"]), (1.5, [])):
        fated = replace(draws, road_at=np.array([100 * share * rate_per_t]), road_deaths=np.array([0.5]))
        result, _ = told(world_, fated, plan(line("L1")))
        assert [e.kind for e in result.events] == kinds
        assert sum(e.fatalities_transport for e in result.events) == 5 * len(kinds)


def test_lot_explodes_on_the_road_only_once() -> None:
    """A lot whose rate has been passed in its first load has no second explosion in the next."""
    world_, draws, rate_per_t = over_the_road()
    fated = replace(draws, road_at=np.array([30 * rate_per_t]))
    result, state = told(world_, fated, plan(line("L1", 40.0), line("L1", 60.0)))
    assert [(e.kind, e.lot, e.site) for e in result.events] == [("road", 0, 0)]
    assert len(log(state)) == 2


def test_replication_is_a_function() -> None:
    """Two calls with the same streams give the same result, and nothing given to them is changed."""
    own = {"event_rate.storage_per_storehouse_year": 1.0, "event_rate.ageing_per_t_year": 1e-3}
    scenario = with_methods(three_sites(parameters=own), accident_rate_per_t=0.01)
    story = plan(
        *(line(f"{s}-L{k}", 50.0, 0, "PLANT") for s in ("S1", "S2", "S3") for k in (1, 2)),
        line("S3-L1", 20.0, 1, "KILN"),
        commissionings=(Commissioning("KILN", 0),),
    )
    before = (scenario.sha256, story.sha256(), repr(scenario.register.entries))
    one, two = (simulate(scenario, story, Streams(5, 3)) for _ in range(2))
    assert len(one.events) > 3
    assert_equal(one, two)
    scenario.__dict__.pop("sha256", None)
    assert (scenario.sha256, story.sha256(), repr(scenario.register.entries)) == before
    world_, draws = drawn(scenario, 3, 5)
    paths = [(list(p.days), list(p.worked)) for p in draws.working_time]
    told(world_, draws, story)
    assert_equal(one, told(world_, draws, story)[0])
    assert paths == [(p.days, p.worked) for p in draws.working_time]


def assert_equal(one: object, two: object) -> None:
    """Compare two results field by field, to the last bit."""
    for name in one.__slots__:
        a, b = getattr(one, name), getattr(two, name)
        assert np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b, name
