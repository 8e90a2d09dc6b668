"""Every working day of a facility is worked or lost to a reason, and nothing is left over."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from demilsim.plan import Commissioning, DisposalPlan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Candidate, draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.use import USES, Use
from demilsim.simulation.world import prepare
from stories import QUIET, candidate, line, plan, without_accidents
from strategies import Programme, programmes
from worlds import facility, lot, one_lot, rate, route, site, storehouse, tranche, world

HALF_YEAR = 181.0
"""From 1 January to 1 July."""


def used(scenario: Scenario, story: DisposalPlan, *candidates: Candidate) -> dict[Use, float]:
    """Return the working days of the first facility by use, where there are any."""
    prepared = prepare(without_accidents(scenario))
    draws = replace(draw(prepared, Streams(3, 0)), candidates=candidates)
    row = run(prepared, compile_plan(prepared, story), draws, explain=True).time_use[0]
    return {use: days for use, days in zip(USES, row.tolist(), strict=True) if abs(days) > 1e-9}


def test_work_and_then_nothing_left() -> None:
    """100 t at 1 t a day are 100 days of work; the other 630 of two years there is nothing left to do."""
    assert used(one_lot(parameters=QUIET), plan(line("L1"))) == pytest.approx(
        {Use.WORKED: 100.0, Use.DONE: 630.0}
    )


def test_line_that_is_due_later() -> None:
    """A line of the third period leaves the 181 days before it without anything due."""
    found = used(one_lot(parameters=QUIET), plan(line("L1", period=2)))
    assert found == pytest.approx({Use.NOTHING_DUE: HALF_YEAR, Use.WORKED: 100.0, Use.DONE: 449.0})


def test_money_that_comes_in_july() -> None:
    """Without money before July, half a year is lost to money."""
    scenario = one_lot(parameters=QUIET, tranches=[tranche(due=dt.date(2026, 7, 1))])
    found = used(scenario, plan(line("L1")))
    assert found == pytest.approx({Use.MONEY: HALF_YEAR, Use.WORKED: 100.0, Use.DONE: 449.0})


def test_permit_of_forty_tonnes() -> None:
    """40 t a year are 80 of the 100 t; the rest of both years is lost to the permit."""
    scenario = one_lot(parameters=QUIET, facilities=[facility(permit_t_per_year=40.0)])
    found = used(scenario, plan(line("L1")))
    assert found == pytest.approx({Use.WORKED: 80.0, Use.PERMIT: 650.0})


def test_load_that_travels() -> None:
    """A load that is a day on the road costs a day of work."""
    scenario = world(
        sites=[site("S1"), site("S2")], facilities=[facility(site_id="S2")], parameters=QUIET,
        routes=[route("S1", "S2")],
    )  # fmt: skip
    found = used(scenario, plan(line("L1")))
    assert found == pytest.approx({Use.ON_THE_ROAD: 1.0, Use.WORKED: 100.0, Use.DONE: 629.0})


def test_explosion_next_door() -> None:
    """An explosion on day 50 closes the site; lines of the other storehouse go on when it opens again."""
    scenario = one_lot(
        storehouses=[storehouse("H1"), storehouse("H2", y_m=5_000.0)],
        lots=[lot("L1", "H1", gross_mass_t=50.0), lot("L2", "H2", gross_mass_t=50.0)],
        parameters=QUIET | {"consequence.site_closure_days": 60.0},
    )
    blown = candidate(50.0, storehouse=0, extent=0.01)
    found = used(scenario, plan(line("L2", 50.0), line("L1", 50.0)), blown)
    # L2 is done by day 50. On 1 April the site is closed, so that L1 is not known to be gone until July.
    closed = {Use.EXPLOSION: 60.0, Use.SITE_CLOSED: 71.0}
    assert found == pytest.approx({Use.WORKED: 50.0, Use.DONE: 549.0} | closed)


def test_plant_that_is_not_there_yet() -> None:
    """A plant that is ordered at the start with 181 days' lead is not open for half a year."""
    scenario = one_lot(parameters=QUIET, facilities=[facility(status="possible", lead_time_days=HALF_YEAR)])
    story = plan(line("L1"), commissionings=(Commissioning("F1", 0),))
    assert used(scenario, story)[Use.NOT_OPEN] == pytest.approx(HALF_YEAR)


def test_breakdowns_and_weather_are_told_apart() -> None:
    """What breakdowns and weather take is the share that their draws take, each by itself."""
    common = {"breakdown_mean_days": 20.0, "repair_mean_days": 5.0}
    both = common | {"weather_stops_per_year": 12.0, "weather_stop_mean_days": 4.0}
    alone = used(one_lot(parameters=QUIET, facilities=[facility(**common)]), plan(line("L1")))
    found = used(one_lot(parameters=QUIET, facilities=[facility(**both)]), plan(line("L1")))
    assert found[Use.BREAKDOWN] == pytest.approx(alone[Use.BREAKDOWN])
    assert found[Use.WEATHER] > 0.0
    assert Use.WEATHER not in alone


def test_learning_costs_pace() -> None:
    """From half its throughput to all of it over 100 days, a new plant loses 25 days to its pace."""
    scenario = one_lot(
        parameters=QUIET,
        facilities=[facility(status="possible", learning_days=100.0, learning_start_fraction=0.5)],
    )
    story = plan(line("L1"), commissionings=(Commissioning("F1", 0),))
    assert used(scenario, story)[Use.PACE] == pytest.approx(25.0, rel=1e-3)


def test_accident_stops_the_line() -> None:
    """The stoppage after an accident is the facility's own reason."""
    scenario = one_lot(
        parameters=QUIET | {"destruction.stop_after_accident_days": 30.0}, facility_rates=[rate()]
    )
    prepared = prepare(scenario)
    draws = draw(prepared, Streams(3, 0))
    at = np.full_like(draws.accident_at_g, np.inf)
    at[0, 0] = 10e6
    draws = replace(draws, candidates=(), accident_at_g=at)
    result = run(prepared, compile_plan(prepared, plan(line("L1"))), draws, explain=True)
    assert result.time_use[0, USES.index(Use.ACCIDENT)] == pytest.approx(30.0)


@settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(programmes())
def test_reasons_sum_to_the_nominal_days(programme: Programme) -> None:
    """Whatever happens, work and delays of each facility are its calendar's working days, none negative."""
    prepared = prepare(programme.scenario)
    draws = draw(prepared, Streams(programme.scenario.settings.seed, 0))
    result = run(prepared, compile_plan(prepared, programme.plan), draws, explain=True)
    share, edges = prepared.calendar_share, prepared.calendar_edges
    assert result.time_use.sum(axis=1) == pytest.approx(share @ np.diff(edges), abs=1e-9)
    assert result.time_use.min(initial=0.0) > -1e-9
    assert result.working_days.shape[0] == result.time_use.shape[0]
    worked = result.time_use[:, USES.index(Use.WORKED)]
    assert result.worked_days.sum(axis=1) == pytest.approx(worked, abs=1e-6)
    assert (result.worked_days <= result.open_days + 1e-6).all()
    assert (result.open_days.sum(axis=1) <= result.time_use.sum(axis=1) + 1e-6).all()


def test_load_by_period() -> None:
    """From July 2026 on, 100 t at 1 t a day take 92 days of the third quarter and 8 of the fourth."""
    scenario = one_lot(parameters=QUIET, tranches=[tranche(due=dt.date(2026, 7, 1))])
    prepared = prepare(without_accidents(scenario))
    draws = replace(draw(prepared, Streams(3, 0)), candidates=())
    result = run(prepared, compile_plan(prepared, plan(line("L1"))), draws, explain=True)
    assert result.worked_days[0].tolist() == pytest.approx([0.0, 0.0, 92.0, 8.0, 0.0, 0.0, 0.0, 0.0])
    assert result.open_days[0].tolist() == pytest.approx([90.0, 91.0, 92.0, 92.0, 90.0, 91.0, 92.0, 92.0])


def test_load_begins_with_the_opening() -> None:
    """Plant that the plan never orders could not work on any day; one that is there could on all."""
    scenario = one_lot(parameters=QUIET, facilities=[facility(status="possible")])
    prepared = prepare(without_accidents(scenario))
    draws = replace(draw(prepared, Streams(3, 0)), candidates=())
    result = run(prepared, compile_plan(prepared, plan()), draws, explain=True)
    assert result.open_days.tolist() == result.worked_days.tolist() == [[0.0] * 8]
