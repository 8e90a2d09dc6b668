"""Tranches that wait for milestones, and what matches them: by hand, by enumeration, and as simulated."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.errors import InfeasibleError
from demilsim.experiments.ensemble import replicate
from demilsim.optimisation.audit import audit_promises
from demilsim.optimisation.bound import bound_harm
from demilsim.optimisation.candidates import begin
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.release_columns import SPARE_T
from demilsim.optimisation.releases import (
    counted_on,
    waiting_tranches,
)
from demilsim.optimisation.solve import solve
from demilsim.optimisation.status import PlanStatus
from demilsim.optimisation.task import Task
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExchangeRate
from demilsim.simulation.replication import simulate
from demilsim.simulation.streams import Streams
from optimisation.enumeration import best_flows
from optimisation.instances import PERSONS
from optimisation.waiting import EXACT, bait, linear_model, planned, problems_of, task_of, tonnes
from stories import QUIET
from worlds import (
    SOURCE,
    fund,
    lot,
    rate,
    tranche,
    village,
)


def test_cheap_work_comes_first_to_release_a_tranche() -> None:
    """Of 50 t as many as possible are shells: a + b = 50, 1000 a + 100 b = 20,000 give a = 16.67.

    Without the tranche 20 t of shells are all that is worth paying for; with it 60 t more follow.
    """
    scenario = bait()
    result = planned(scenario)
    assert result.releases == (("M", 1),)
    shells = (20_000.0 - 100.0 * (50.0 + SPARE_T)) / 900.0
    by_lot = result.flows.destroyed_t((2, 1, scenario.periods)).sum(axis=1)
    assert by_lot[:, 0] == pytest.approx([shells, 50.0 + SPARE_T - shells], abs=1e-4)
    assert by_lot[:, 1] == pytest.approx([60.0, 0.0], abs=1e-4)
    assert problems_of(scenario, flow_plan(scenario, result), result.releases) == ()
    assert any("the plan releases M from 2026-04-01 on" in note for note in result.notes)
    plain = planned(bait(tranches=bait().tranches[:1]))
    assert tonnes(scenario, plain).sum() == pytest.approx(20.0, abs=1e-4)
    assert result.planned_harm < plain.planned_harm


def test_receipts_of_the_plan_are_those_simulated() -> None:
    """Without chance each fund receives in each period what the plan counts on, matched money too."""
    match = fund(
        "MATCH", matches_funds=("HOST",), match_ratio=0.25, match_cap_usd=10_000.0, overhead_fraction=0.1
    )
    late = tranche("M2", amount_usd=40_000.0, due="2026-09-01", milestone_destroyed_t=125.0)
    loud = bait(funds=(fund(overhead_fraction=0.05), match), tranches=(*bait().tranches, late))
    given = planned(loud, bound_steps=0)
    scenario = replace(
        loud, settings=bait(parameters=QUIET).settings, register=bait(parameters=QUIET).register
    )
    assert dict(given.releases or ()).keys() == {"M", "M2"}
    counted = counted_on(scenario, nominal_coefficients(scenario), given.releases).receipts_usd
    run = simulate(scenario, flow_plan(scenario, given), Streams(1, 0))
    assert run.receipts_cents / 100 == pytest.approx(counted, abs=0.011)


def least_over_releases(scenario: Scenario, task: Task, per_knot: np.ndarray) -> float:
    """Return the least linear harm over every period of release of the one tranche that waits, and over none.

    Each is a linear program in lots and dollars that shares no expression with the families.
    """
    (waiting,) = (t for t in scenario.tranches if t.milestone_destroyed_t)
    by_lot = per_knot[:, task.groups.group_of_lot]
    known, values = task.coefficients, []
    due = sum(date < waiting.due for date in scenario.period_dates[:-1])
    for period in [*range(due, scenario.periods), None]:
        receipts = np.zeros_like(known.receipts_usd)
        receipts[0, 0] = 20_000.0
        needed = {}
        if period is not None:
            receipts[0, period] += 60_000.0
            needed = {period: waiting.milestone_destroyed_t + SPARE_T}
        given = replace(known, receipts_usd=receipts)
        values.append(best_flows(scenario, given, by_lot, (), needed_t=needed))
    return min(values)


@pytest.mark.parametrize("needed_t", [30.0, 50.0, 70.0, 90.0, 120.0, 199.0])
def test_open_releases_are_as_good_as_the_best_of_all_releases(needed_t: float) -> None:
    """With releases open, least linear harm is the least over all releases; HiGHS and CBC agree on it."""
    waiting = tranche("M", amount_usd=60_000.0, due="2026-06-01", milestone_destroyed_t=needed_t)
    scenario = bait(tranches=(bait().tranches[0], waiting))
    task = task_of(scenario)
    problem = task.open_problem(())
    held_t = task.groups.held_t(scenario.periods)
    per_knot = task.stock.mean_gradient(held_t, emptied_path_t(held_t))
    model = linear_model(problem, task)
    by_solver = [solve(model, replace(EXACT, solvers=(name,))) for name in ("HiGHS", "CBC")]
    expected = model.constant + least_over_releases(scenario, task, per_knot)
    for found in by_solver:
        assert found.status is PlanStatus.OPTIMAL
        assert found.objective == pytest.approx(expected, rel=1e-7)


def test_milestone_out_of_reach_is_not_counted_on() -> None:
    """Where money and stock end before 200 t, the tranche is left out, and no promise is broken."""
    scenario = bait(
        tranches=(
            bait().tranches[0],
            tranche("M", amount_usd=60_000.0, due="2026-04-01", milestone_destroyed_t=150.0),
        )
    )
    result = planned(scenario)
    assert result.releases == ()
    plan, known = flow_plan(scenario, result), nominal_coefficients(scenario)
    assert problems_of(scenario, plan, result.releases) == ()
    assert "M waits for 150.0 t destroyed" in audit_promises(scenario, plan, known)[0]
    assert tonnes(scenario, result).sum() == pytest.approx(20.0, abs=1e-4)


def test_audit_catches_a_tranche_that_was_not_earned() -> None:
    """50 t before the second quarter earn it; 2 kg less, or a quarter later, do not."""
    scenario = bait()
    result = planned(scenario, bound_steps=0)
    plan = flow_plan(scenario, result)
    assert problems_of(scenario, plan, (("M", 1),)) == ()
    first = plan.lines[0]
    short = replace(plan, lines=(replace(first, mass_g=first.mass_g - 2_000), *plan.lines[1:]))
    assert "money counted on in the period of 2026-04-01, yet M waits for 50.0 t" in str(
        problems_of(scenario, short, (("M", 1),))
    )
    late = replace(plan, lines=(replace(first, earliest_period=1), *plan.lines[1:]))
    assert any(problem.startswith("milestones: ") for problem in problems_of(scenario, late, (("M", 1),)))
    early = problems_of(scenario, plan, (("M", 0),))
    assert any("M waits for 50.0 t" in problem for problem in early)


def test_matching_of_what_is_released_stops_at_its_cap() -> None:
    """Half of 20,000 at the start and of 60,000 at the release, 25,000 in all, less a tenth of overhead."""
    match = fund(
        "MATCH", matches_funds=("HOST",), match_ratio=0.5, match_cap_usd=25_000.0, overhead_fraction=0.1
    )
    scenario = bait(funds=(fund(overhead_fraction=0.2), match))
    waiting = waiting_tranches(scenario, nominal_coefficients(scenario))
    assert waiting is not None
    assert waiting.receipts_usd(())[:, :3].tolist() == [[16_000.0, 0.0, 0.0], [9_000.0, 0.0, 0.0]]
    released = waiting.receipts_usd((("M", 2),))
    assert released[:, :4].tolist() == [[16_000.0, 0.0, 48_000.0, 0.0], [9_000.0, 0.0, 13_500.0, 0.0]]


@pytest.mark.parametrize(("cap_usd", "matched_kusd"), [(25_000.0, 22.5), (None, 36.0)])
def test_all_that_can_be_matched_is_spent_and_no_more(cap_usd: float | None, matched_kusd: float) -> None:
    """With releases open, 64,000 of the host's and 0.9 of what is matched, capped or not, are paid out."""
    match = fund(
        "MATCH", matches_funds=("HOST",), match_ratio=0.5, match_cap_usd=cap_usd, overhead_fraction=0.1
    )
    task = task_of(bait(funds=(fund(overhead_fraction=0.2), match)))
    problem = task.open_problem(())
    # As many shells as money goes for, and as few rounds: all is spent.
    shells = problem.flows.group == task.groups.group_of_lot[0]
    cost = np.zeros(len(problem.columns.names))
    cost[: shells.size] = np.where(shells, -1.0, 1e-3)
    model = replace(linear_model(problem, task), cost=cost)
    found = solve(model, EXACT)
    assert found.values is not None
    releases = problem.releases_of(found.values)
    paid = found.values[problem.payment_offset : problem.payment_offset + problem.payments.fund.size]
    by_fund = np.bincount(problem.payments.fund, paid, minlength=2)
    assert releases is not None
    assert releases != ()
    assert by_fund == pytest.approx([64.0, matched_kusd], abs=1e-5)
    fixed = replace(task, releases=releases).problem(())
    rows = replace(linear_model(fixed, task), cost=cost[: len(fixed.columns.names)])
    assert solve(rows, EXACT).objective == pytest.approx(found.objective, rel=1e-7)


def test_late_release_is_worth_the_rate_of_its_day() -> None:
    """1,000 euro due in April, with a mean delay of a quarter: at 1.0 until July, at 2.0 from then on.

    Released in July, what has come by then comes at once, at 2.0; released in time, some came at 1.0.
    """
    rates = tuple(
        ExchangeRate(
            currency="EUR", valid_from=dt.date.fromisoformat(day), usd_per_unit=usd, sigma_per_year=0.0,
            source=SOURCE,
        )
        for day, usd in (("2026-01-01", 1.0), ("2026-07-01", 2.0))
    )  # fmt: skip
    waiting = tranche(
        "M", amount_usd=None, amount=1_000.0, currency="EUR", due="2026-04-01", mean_delay_days=91.0,
        probability=0.8, milestone_destroyed_t=10.0,
    )  # fmt: skip
    scenario = bait(tranches=(bait().tranches[0], waiting), exchange_rates=rates)
    found = waiting_tranches(scenario, nominal_coefficients(scenario))
    assert found is not None
    by_july = 0.8 * (1.0 - np.exp(-1.0))
    assert found.receipts_usd((("M", 2),))[0, 1:3] == pytest.approx([0.0, 2_000.0 * by_july])
    assert found.receipts_usd((("M", 1),))[0, 1:3] == pytest.approx([0.0, 1_000.0 * by_july])
    everything = nominal_coefficients(scenario).receipts_usd
    assert found.receipts_usd((("M", 1),)) == pytest.approx(everything)


def test_spending_releases_a_tranche() -> None:
    """60% of 20,000 USD are spent by April, 40% of 50,000 would be in July, when the tranche is due."""
    scenario = bait(
        funds=(fund("DONOR"),),
        tranches=(
            tranche("T1", "DONOR", amount_usd=20_000.0),
            tranche("T2", "DONOR", amount_usd=30_000.0, due="2026-07-01"),
            tranche(
                "M", "DONOR", amount_usd=30_000.0, due="2026-07-01", milestone_fund="DONOR",
                milestone_spent_fraction=0.6,
            ),
        ),
    )  # fmt: skip
    result = planned(scenario)
    assert result.releases == (("M", 1),)
    assert problems_of(scenario, flow_plan(scenario, result), result.releases) == ()
    assert tonnes(scenario, result)[[0, 2]] == pytest.approx([20.0, 60.0], abs=1e-3)
    run = simulate(scenario, flow_plan(scenario, result), Streams(1, 0))
    counted = counted_on(scenario, nominal_coefficients(scenario), result.releases).receipts_usd
    assert run.receipts_cents / 100 == pytest.approx(counted, abs=0.011)


def test_no_money_is_thrown_away_to_release_a_tranche() -> None:
    """A donor for rounds alone can spend 10,000 of its 20,000 USD: half releases shells' money, 60% never."""
    releases = {}
    for share in (0.5, 0.6):
        scenario = bait(
            funds=(fund(), fund("DONOR", earmark_categories=("small_arms",))),
            tranches=(
                tranche("T1", "DONOR", amount_usd=20_000.0),
                tranche(
                    "M", amount_usd=60_000.0, due="2026-04-01", milestone_fund="DONOR",
                    milestone_spent_fraction=share - 1e-3,
                ),
            ),
            exposed_sites=(village(persons=5.0 * PERSONS),),
        )  # fmt: skip
        result = planned(scenario, bound_steps=0)
        releases[share] = result.releases
        assert problems_of(scenario, flow_plan(scenario, result), result.releases) == ()
    # 90 t of 100 t go in the first quarter: the rest of what half asks for goes in the second.
    assert releases == {0.5: (("M", 2),), 0.6: ()}


def test_share_is_of_what_the_fund_has_received_by_then() -> None:
    """90 t a quarter can be done for 9,000 USD: half of what has come by April, all of it by July."""
    scenario = bait(
        lots=(lot("SHELLS", "H1", gross_mass_t=1000.0, neq_kg=400_000.0),),
        facility_rates=(rate(unit_cost_usd_per_t=100.0),),
        tranches=(
            tranche(amount_usd=9_000.0),
            tranche("T2", amount_usd=9_000.0, due="2026-04-01"),
            tranche("M", amount_usd=30_000.0, due="2026-01-01", milestone_fund="HOST",
                    milestone_spent_fraction=0.9),
        ),
    )  # fmt: skip
    result = planned(scenario, bound_steps=0)
    assert result.releases == (("M", 2),)
    assert tonnes(scenario, result)[:3] == pytest.approx([90.0, 90.0, 92.0], abs=1.1)


def test_bound_holds_whatever_is_released() -> None:
    """No plan of any release, in any period or none, goes below the bound of fractions of releases."""
    scenario = bait()
    task = task_of(scenario)
    problem = task.every_plan()
    bound = bound_harm(problem, planning_harm(problem, task.stock), 12)
    held_t = task.groups.held_t(scenario.periods)
    harms = []
    for releases in [(), *((("M", period),) for period in range(1, scenario.periods))]:
        fixed = replace(task, releases=releases)
        for search in begin(fixed, (), emptied_path_t(held_t), None):
            harms.append(search.further(40).exact_harm)
    assert len(harms) >= scenario.periods - 1
    assert bound.harm <= min(harms) * (1.0 + 1e-9)
    result = planned(scenario)
    assert result.planned_harm <= min(harms) * (1.0 + 1e-4)
    assert result.best_bound <= result.planned_harm


def test_mean_receipts_with_chance_are_those_counted_on() -> None:
    """Paid with 70%, late by 120 days on average, released in April: 800 replications agree by quarter."""
    late = tranche(
        "M", amount_usd=60_000.0, due="2026-03-01", probability=0.7, mean_delay_days=120.0,
        milestone_destroyed_t=50.0,
    )  # fmt: skip
    crowd = (village(persons=20.0 * PERSONS),)
    loud, quiet = (
        bait(tranches=(bait().tranches[0], late), exposed_sites=crowd, parameters=given)
        for given in (None, QUIET)
    )
    result = planned(loud, bound_steps=0)
    assert result.releases == (("M", 1),)
    runs = replicate(quiet, {"plan": flow_plan(loud, result)}, 800, jobs=1).results["plan"]
    received = np.cumsum([run.receipts_cents[0] / 100 for run in runs], axis=1)
    counted = counted_on(loud, nominal_coefficients(loud), result.releases).receipts_usd[0]
    error = received.std(axis=0) / np.sqrt(len(runs))
    assert np.all(np.abs(received.mean(axis=0) - np.cumsum(counted)) <= 4.0 * error)


def test_dates_are_kept_with_money_that_has_to_be_released() -> None:
    """All shells by the end of the year cost 100,000 USD: with the tranche they go, else money is missing.

    After 120 t the tranche is out of reach: 100 t of rounds and 20 t of shells cost 30,000 of 20,000 USD.
    """
    lots = (bait().lots[0].model_copy(update={"destroy_by": dt.date(2026, 12, 31)}), bait().lots[1])

    def with_milestone(needed_t: float) -> Scenario:
        waiting = tranche("M", amount_usd=90_000.0, due="2026-04-01", milestone_destroyed_t=needed_t)
        return bait(lots=lots, tranches=(bait().tranches[0], waiting))

    result = planned(with_milestone(50.0), bound_steps=0)
    assert result.releases == (("M", 1),)
    assert problems_of(with_milestone(50.0), flow_plan(with_milestone(50.0), result), result.releases) == ()
    with pytest.raises(InfeasibleError, match="HOST had 10,000 USD more by 2026q1"):
        planned(with_milestone(120.0), bound_steps=0)
