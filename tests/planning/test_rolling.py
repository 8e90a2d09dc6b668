"""The policy `rolling`: what it sees, what it makes of it, and that it sees nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.rolling import static_against_rolling
from demilsim.optimisation.candidates import begin
from demilsim.optimisation.objective import emptied_path_t
from demilsim.optimisation.task import make_task
from demilsim.plan import Commissioning, DisposalPlan, ObservedState
from demilsim.planning.coordinate import LoopOptions
from demilsim.planning.draft import with_lead
from demilsim.planning.premises import premises_of
from demilsim.planning.remaining import remaining_coefficients, remaining_scenario
from demilsim.planning.replay import replayed, unfinished
from demilsim.planning.rolling import Rolling
from demilsim.planning.rules import nominal_coefficients, rule_draft, rule_plan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import Draws, draw
from demilsim.simulation.income import Receipt
from demilsim.simulation.record import RunResult
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from stories import TONNE, line, plan
from worlds import facility, lot, one_lot, rate, three_sites, village

CROWD = [village(f"S{k}-E", f"S{k}", x_m=300.0 * k, persons=50_000.0) for k in (1, 2, 3)]


class Recorder:
    """Asks `rolling`, and remembers what it saw and decided."""

    def __init__(self, policy: Rolling) -> None:
        self.policy = policy
        self.seen: list[ObservedState] = []
        self.decided: list[DisposalPlan] = []

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Return what it decides."""
        self.seen.append(observed)
        self.decided.append(self.policy.decide(observed))
        return self.decided[-1]


@pytest.fixture(scope="module")
def crowded() -> Scenario:
    """Return four years with lots of unknown condition and mass and a plant to build, near many people."""
    lots = [
        row.model_copy(update={"stabiliser_fraction": "unknown", "mass_sigma": 0.2})
        for row in three_sites().lots
    ]
    coming = lot("S1-L9", "S1-H1", arrives=dt.date(2028, 3, 1), arrival_probability=0.5, neq_kg=30_000.0)
    rates = [rate(plant, throughput_t_per_day=0.1) for plant in ("PLANT", "RANGE", "KILN")]
    return three_sites(exposed_sites=CROWD, lots=[*lots, coming], facility_rates=rates, horizon_years=4)


def first_plan(scenario: Scenario) -> DisposalPlan:
    """Return the plan of the best simple rule, with the kiln ordered in the third period."""
    found = rule_plan("risk_per_day_first", premises_of(scenario, nominal_coefficients(scenario)))
    return replace(with_lead(found, 2), commissionings=(Commissioning("KILN", 2),))


def followed(
    scenario: Scenario, change: Callable[[Draws], Draws] = lambda d: d
) -> tuple[RunResult, Recorder]:
    """Return a replication whose plan is renewed every year, and what was seen and decided."""
    world, first = prepare(scenario), first_plan(scenario)
    draws = change(replace(draw(world, Streams(5, 0)), candidates=()))
    recorder = Recorder(Rolling(scenario, first, nominal_coefficients(scenario)))
    result = run(world, compile_plan(world, first), draws, renewal=Renewal(recorder, 4))
    return result, recorder


def future(comes: bool) -> Callable[[Draws], Draws]:
    """Return a change to draws after two years: the announced lot comes, or money and worse lots instead."""

    def change(draws: Draws) -> Draws:
        lot_g = draws.supply.lot_g.copy()
        lot_g[-1] = 100 * TONNE if comes else 0
        changed = replace(draws, supply=replace(draws.supply, lot_g=lot_g))
        if comes:
            return changed
        late = (*draws.income.receipts, Receipt(1_000.0, 0, 9_000_000))
        return replace(
            changed, income=replace(draws.income, receipts=late), lot_factor=9.0 * draws.lot_factor
        )

    return change


def observation(scenario: Scenario, **changes: object) -> ObservedState:
    """Return what is seen at the start of the second year if nothing happened but tranches."""
    base = ObservedState(
        period=4,
        remaining_g=np.array(
            [0 if row.arrives else round(row.gross_mass_t * TONNE) for row in scenario.lots]
        ),
        available_usd=np.full(len(scenario.funds), 90_000.0),
        commissioned=np.full(len(scenario.facilities), -1),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def test_equal_histories_get_equal_plans(crowded: Scenario) -> None:
    """Two replications that part after two years get equal plans at both renewals before, and not after."""
    _, one = followed(crowded, future(comes=True))
    _, other = followed(crowded, future(comes=False))
    assert len(one.decided) == len(other.decided) == 3
    for early in (0, 1):
        assert one.decided[early] == other.decided[early]
        assert one.decided[early].lines
    assert one.seen[2].available_usd.tolist() != other.seen[2].available_usd.tolist()
    assert one.decided[2] != other.decided[2]


def test_plan_does_not_depend_on_what_was_decided_before(crowded: Scenario) -> None:
    """A policy that has decided for other states decides like a fresh one."""
    coefficients, first = nominal_coefficients(crowded), first_plan(crowded)
    used, fresh = Rolling(crowded, first, coefficients), Rolling(crowded, first, coefficients)
    state = observation(crowded)
    used.decide(observation(crowded, available_usd=np.zeros(2)))
    used.decide(observation(crowded, period=8))
    assert used.decide(state) == fresh.decide(state)


def test_renewed_plan_is_never_early_nor_more_than_there_is(crowded: Scenario) -> None:
    """Lines start at the renewal or later, and take no more of a lot than is seen, nor than its record."""
    _, recorder = followed(crowded)
    for state, renewed in zip(recorder.seen, recorder.decided, strict=True):
        assert all(own.earliest_period >= state.period for own in renewed.lines)
        for i, row in enumerate(crowded.lots):
            taken = sum(own.mass_g for own in renewed.lines if own.lot_id == row.lot_id)
            coming = row.arrives is not None and row.arrives > crowded.period_dates[state.period]
            assert taken <= round(row.gross_mass_t * TONNE)
            assert coming or taken <= int(state.remaining_g[i])


def test_what_was_ordered_stays_ordered(crowded: Scenario) -> None:
    """A facility that was ordered is in every later plan; one that waits for money stays wanted."""
    coefficients, first = nominal_coefficients(crowded), first_plan(crowded)
    policy = Rolling(crowded, first, coefficients)
    ordered = policy.decide(observation(crowded, commissioned=np.array([-1, -1, 2])))
    waiting = policy.decide(observation(crowded))
    assert ordered.commissionings == waiting.commissionings == (Commissioning("KILN", 4),)
    assert any(own.facility_id == "KILN" for own in ordered.lines)


def test_ordered_facility_opens_when_its_lead_time_is_over() -> None:
    """Ordered in period 2 with 400 days of lead time, it opens in period 7; its capital is spent."""
    plant = facility("F1", status="possible", capital_cost_usd=5e5, lead_time_days=400.0, learning_days=200.0)
    scenario = one_lot(facilities=[plant], horizon_years=4)
    seen = observation(scenario, commissioned=np.array([2]))
    dates = scenario.period_dates
    now = remaining_scenario(scenario, seen).facilities[0]
    assert now.capital_cost_usd == 0.0
    assert now.lead_time_days == (dates[7] - dates[4]).days
    assert now.learning_days == 200.0
    later = remaining_scenario(scenario, replace(seen, period=8)).facilities[0]
    assert later.lead_time_days == 0.0
    assert later.learning_days == pytest.approx(200.0 - (dates[8] - dates[7]).days)


def test_remaining_stock_is_what_is_seen() -> None:
    """Half a lot keeps half its NEQ; an emptied lot and one that did not come are gone; a later one stays."""
    scenario = one_lot(
        lots=[
            lot("HALF"), lot("EMPTY"), lot("FAILED", arrives=dt.date(2026, 5, 1), arrival_probability=0.5),
            lot("LATER", arrives=dt.date(2027, 5, 1), arrival_probability=0.5),
        ]
    )  # fmt: skip
    seen = observation(scenario, remaining_g=np.array([50 * TONNE, 0, 0, 0]))
    left = remaining_scenario(scenario, seen).lots
    assert [(row.lot_id, row.gross_mass_t, row.neq_kg) for row in left] == [
        ("HALF", 50.0, 10_000.0),
        ("LATER", 100.0, 20_000.0),
    ]


def test_a_date_that_has_passed_does_not_stop_the_renewal(crowded: Scenario) -> None:
    """Of a lot whose date is over some is left: the date is dropped, and there is a plan again."""
    late = {"destroy_by": dt.date(2026, 7, 1)}
    lots = [row.model_copy(update=late if row.lot_id == "S1-L1" else {}) for row in crowded.lots]
    scenario = replace(crowded, lots=tuple(lots))
    seen = observation(scenario)
    left = remaining_scenario(scenario, seen)
    assert [row.destroy_by for row in left.lots if row.lot_id == "S1-L1"] == [None]
    task = make_task(left, remaining_coefficients(nominal_coefficients(scenario), seen))
    assert begin(task, (), emptied_path_t(task.groups.held_t(scenario.periods)), None)


def test_a_date_that_is_to_come_stands() -> None:
    """What is left at the start of 2027 keeps a date at the end of its first quarter, and not one before."""
    for date, kept in ((dt.date(2027, 4, 1), True), (dt.date(2027, 3, 31), False)):
        scenario = one_lot(lots=[lot(destroy_by=date)], horizon_years=2)
        left = remaining_scenario(scenario, observation(scenario)).lots
        assert [row.destroy_by for row in left] == [date if kept else None]


def test_money_in_hand_is_the_first_receipt(crowded: Scenario) -> None:
    """Nothing is worked or received before the renewal; then what is there; then what was expected."""
    before = nominal_coefficients(crowded)
    after = remaining_coefficients(before, observation(crowded))
    assert not after.working_days[:, :4].any()
    assert not after.receipts_usd[:, :4].any()
    assert after.receipts_usd[:, 4].tolist() == [90_000.0, 90_000.0]
    assert after.receipts_usd[:, 5:].tolist() == before.receipts_usd[:, 5:].tolist()
    assert after.working_days[:, 4:].tolist() == before.working_days[:, 4:].tolist()


def test_nothing_is_planned_when_nothing_is_left(crowded: Scenario) -> None:
    """When all is gone and nothing is to come, the plan is empty."""
    seen = observation(crowded, period=12, remaining_g=np.zeros(len(crowded.lots), dtype=np.int64))
    policy = Rolling(crowded, first_plan(crowded), nominal_coefficients(crowded))
    assert policy.decide(seen).lines == ()


def test_what_the_plan_leaves_is_left() -> None:
    """Of 20 t and 40 t in two lines, 10 t of the second are left when 50 t are gone, nothing when 60 t."""
    scenario = one_lot(facilities=[facility("F1"), facility("F2")], horizon_years=2)
    first = plan(line("L1", mass_t=20.0), line("L1", mass_t=40.0, facility_id="F2"))
    seen = observation(scenario, remaining_g=np.array([50 * TONNE]))
    left = unfinished(first, scenario, seen)
    assert [(own.facility_id, own.mass_g) for own in left] == [("F2", 10 * TONNE)]
    assert unfinished(first, scenario, replace(seen, remaining_g=np.array([40 * TONNE]))) == ()


def test_rule_replayed_is_the_rule(crowded: Scenario) -> None:
    """Replayed without lead on the same coefficients, a rule's plan destroys all that the rule did."""
    premises = premises_of(crowded, nominal_coefficients(crowded))
    draft = rule_draft("oldest_first", premises)
    found = rule_plan("oldest_first", premises)
    again, _ = replayed(found, premises)
    assert sum(p.mass_t for p in again.pieces) == pytest.approx(sum(p.mass_t for p in draft.pieces), rel=1e-3)


def test_replayed_facility_waits_for_its_money() -> None:
    """A plant that costs more than there is before period 3 is ordered then, and works a lead time later."""
    plant = facility("F1", status="possible", capital_cost_usd=5e5, lead_time_days=100.0)
    scenario = one_lot(facilities=[plant], exposed_sites=CROWD[:1], horizon_years=3)
    coefficients = nominal_coefficients(scenario)
    late = np.zeros_like(coefficients.receipts_usd)
    late[0, 3] = 6e5
    coefficients = replace(coefficients, receipts_usd=late)
    wanted = plan(line("L1"), commissionings=(Commissioning("F1", 1),))
    pieces = replayed(wanted, premises_of(scenario, coefficients))[0].pieces
    assert min(piece.period for piece in pieces) == 5
    assert sum(piece.mass_t for piece in pieces) == pytest.approx(100.0)


def test_static_and_rolling_are_paired(crowded: Scenario) -> None:
    """Both start alike: in the first year each replication destroys the same under both, and later not."""
    outcome = static_against_rolling(crowded, 4, jobs=1, options=LoopOptions(teaching=4, choosing=8))
    assert outcome.every_periods == 4
    results = outcome.ensemble.results
    pairs = list(zip(results["optimised"], results["rolling"], strict=True))
    for static, rolling in pairs:
        assert static.destroyed_g[:, :4].tolist() == rolling.destroyed_g[:, :4].tolist()
    assert any(s.destroyed_g.tolist() != r.destroyed_g.tolist() for s, r in pairs)
    assert outcome.objective_difference().half_width is not None


def test_a_limit_on_risk_holds_from_where_it_can_be_kept(crowded: Scenario) -> None:
    """Whatever was missed, a limit is in force again when the present period ends; a later one waits."""
    limits: tuple[dict[str, object], ...] = (
        {"risk_limit_per_year": 1e-6},
        {"risk_limit_per_year": 1e-6, "risk_limit_from": dt.date(2028, 1, 1)},
        {},
    )
    people = [row.model_copy(update=limit) for row, limit in zip(crowded.exposed_sites, limits, strict=True)]
    scenario = replace(crowded, exposed_sites=tuple(people))
    seen = observation(scenario)
    left = remaining_scenario(scenario, seen).exposed_sites
    ends = scenario.period_dates[seen.period + 1]
    assert [row.risk_limit_from for row in left] == [ends, dt.date(2028, 1, 1), None]
