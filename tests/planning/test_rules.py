from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from demilsim.model.calendar import availability
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.planning.draft import Draft
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import (
    DO_NOTHING,
    RULES,
    Outlook,
    Ranking,
    cheapest_first,
    highest_risk_first,
    most_neq_first,
    nominal_coefficients,
    oldest_first,
    risk_per_day_first,
    rule_draft,
    rule_plan,
)
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.world import prepare
from stories import QUIET, RAISED, with_methods
from worlds import (
    artillery,
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

EVERY_RULE = ("host_only", *RULES)

DAYS = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def draft_of(name: str, scenario: Scenario) -> Draft:
    """Return what a rule does on nominal coefficients."""
    return rule_draft(name, premises_of(scenario, nominal_coefficients(scenario)))


def order_of(ranking: Ranking, scenario: Scenario) -> list[tuple[str, str]]:
    """Return the pairs of lot and facility in the order of a ranking at the start."""
    premises = premises_of(scenario, nominal_coefficients(scenario))
    mass = np.array([row.gross_mass_t for row in scenario.lots])
    path = np.repeat(mass[None, :], scenario.periods + 1, axis=0)
    score = np.where(premises.options.allowed, ranking(Outlook(0, mass, path, premises)), -np.inf)
    ranked = np.argsort(-score, axis=None, kind="stable")
    ranked = ranked[np.isfinite(score.ravel()[ranked])]
    lots, plants = np.unravel_index(ranked, score.shape)
    return [
        (scenario.lots[i].lot_id, scenario.facilities[j].facility_id)
        for i, j in zip(lots, plants, strict=True)
    ]


def ranked_world(**changes: object) -> Scenario:
    """Return three lots of 10 t in three storehouses and two plants, the second the cheaper."""
    base = {
        "parameters": RAISED | {"consequence.responders_per_event": 0.0},
        "storehouses": [storehouse(f"H{k}", y_m=1000.0 * k) for k in (1, 2, 3)],
        "exposed_sites": [village(f"E{k}", x_m=x, y_m=1000.0 * k) for k, x in ((1, 150), (2, 50), (3, 2500))],
        "lots": [
            lot("A", "H1", year_made=1990, neq_kg=2000.0, gross_mass_t=10.0),
            lot("B", "H2", year_made=1970, neq_kg=1000.0, gross_mass_t=10.0),
            lot("C", "H3", year_made=1980, neq_kg=3000.0, gross_mass_t=10.0),
        ],
        "facilities": [facility("F1"), facility("F2")],
        "facility_rates": [rate("F1"), rate("F2", unit_cost_usd_per_t=400.0)],
    }
    return world(**(base | changes))


@pytest.mark.parametrize(
    ("ranking", "lots"),
    [
        (oldest_first, "BCA"),
        (most_neq_first, "CAB"),
        (highest_risk_first, "BAC"),
        (risk_per_day_first, "BA"),
    ],
)
def test_order_of_lots_by_hand(ranking: Ranking, lots: str) -> None:
    """B is oldest and nearest to people, C has most NEQ and is farthest; a lot's cheaper plant is first."""
    ranked = order_of(ranking, ranked_world())
    assert list(dict.fromkeys(lot_id for lot_id, _ in ranked)) == list(lots)
    if ranking is not risk_per_day_first:
        assert ranked == [(lot_id, plant) for lot_id in lots for plant in ("F2", "F1")]


def test_cheapest_pairs_come_first() -> None:
    """All pairs at the plant of 400 USD/t come before all at 500 USD/t, lots in the order of their table."""
    expected = [(lot_id, plant) for plant in ("F2", "F1") for lot_id in "ABC"]
    assert order_of(cheapest_first, ranked_world()) == expected


def test_risk_per_day_prefers_the_faster_plant() -> None:
    """For equal harm per tonne, twice the throughput is twice the harm averted per day."""
    fast = ranked_world(facility_rates=[rate("F1", throughput_t_per_day=2.0), rate("F2")])
    first = [plant for lot_id, plant in order_of(risk_per_day_first, fast) if lot_id == "B"]
    assert first == ["F1", "F2"]


def test_risk_per_day_leaves_lots_whose_accidents_cost_more() -> None:
    """Where nobody lives near, the accidents of destruction outweigh storage, and the lot is left alone."""
    dangerous = with_methods(ranked_world(), accident_rate_per_t=1e-5)
    draft = draft_of("risk_per_day_first", dangerous)
    harm, options = stock_harm(dangerous), disposal_options(dangerous)
    assert {piece.lot for piece in draft.pieces} == {0, 1}
    full = np.repeat(np.array([[10.0, 10.0, 10.0]]), dangerous.periods + 1, axis=0)
    per_tonne = harm.total_and_gradient(full)[1][1:].sum(axis=0)
    assert np.all(per_tonne[:2] > options.accident_harm_per_t[0, 0])
    assert per_tonne[2] < options.accident_harm_per_t[0, 0]
    others = draft_of("oldest_first", dangerous)
    assert {piece.lot for piece in others.pieces} == {0, 1, 2}


def working_days(scenario: Scenario, facility_index: int, period: int) -> float:
    """Return expected working days from the calendar, month by month (no leap year within the horizon)."""
    plant, first = scenario.facilities[facility_index], scenario.period_dates[period]
    months = [first.month + k for k in range(3)]
    days = sum(DAYS[m] for m in months if m in plant.open_months) * plant.working_days_per_week / 7.0
    return days * availability(plant)


def limited() -> Scenario:
    """Return three sites with a permit on the range and money for about half."""
    scenario = three_sites(parameters=RAISED)
    plants = [
        f.model_copy(update={"permit_t_per_year": 25.0}) if f.facility_id == "RANGE" else f
        for f in scenario.facilities
    ]
    tranches = [
        tranche("T1", amount_usd=30_000.0),
        tranche("T2", due=dt.date(2027, 2, 10), amount_usd=20_000.0),
        tranche("T3", "DONOR", due=dt.date(2026, 4, 1), amount_usd=25_000.0),
    ]
    return replace(scenario, facilities=tuple(plants), tranches=tuple(tranches))


@pytest.mark.parametrize("name", EVERY_RULE)
def test_rule_keeps_within_capacity_permits_and_masses(name: str) -> None:
    """Days of each plant and quarter, the permit of each year and the mass of each lot are enough."""
    scenario = limited()
    draft = draft_of(name, scenario)
    rates = {0: 0.3, 1: 0.5}
    assert draft.pieces
    used, permit, mass = {}, {}, {}
    for p in draft.pieces:
        assert p.facility in rates, "the kiln is not built"
        used[p.facility, p.period] = used.get((p.facility, p.period), 0.0) + p.mass_t / rates[p.facility]
        if p.facility == 1:
            permit[p.period // 4] = permit.get(p.period // 4, 0.0) + p.mass_t
            assert scenario.lots[p.lot].lot_id.startswith("S1") or scenario.lots[p.lot].safe_to_move
        mass[p.lot] = mass.get(p.lot, 0.0) + p.mass_t
    for (plant, period), days in used.items():
        assert days <= working_days(scenario, plant, period) + 1e-6, (plant, period)
    assert all(total <= 25.0 + 1e-9 for total in permit.values())
    assert all(total <= scenario.lots[i].gross_mass_t + 1e-9 for i, total in mass.items())


@pytest.mark.parametrize("name", EVERY_RULE)
def test_rule_keeps_within_money(name: str) -> None:
    """What is drafted up to any quarter costs no more than has come, of which the donor's serves S3 only."""
    scenario = limited()
    draft = draft_of(name, scenario)
    cost = {0: 500.0, 1: 300.0}
    km = {frozenset("12"): 100.0, frozenset("13"): 200.0, frozenset("23"): 100.0}
    plant_site = {0: "2", 1: "1"}
    host = [30_000.0] * 5 + [50_000.0] * 7
    donor = [0.0] + [25_000.0 * 0.95] * 11
    spent = np.zeros((2, 12))
    for p in draft.pieces:
        home = scenario.lots[p.lot].lot_id[1]
        road = km.get(frozenset((home, plant_site[p.facility])), 0.0) * 0.5
        spent[int(home == "3"), p.period :] += p.mass_t * (cost[p.facility] + road)
    assert np.all(spent[0] <= np.array(host) + 0.01)
    both = np.array(host) + (0.0 if name == "host_only" else np.array(donor))
    assert np.all(spent.sum(axis=0) <= both + 0.01)
    assert spent[:, -1].sum() > 40_000.0


def test_host_only_uses_the_hosts_money() -> None:
    """The donor's baseline names the host's funds, and is the best rule when the host is alone."""
    assert draft_of("host_only", limited()).funds == ("HOST",)


def test_host_without_money_does_nothing() -> None:
    """Where donors hold all funds, what the host does alone is nothing: naming no fund would spend theirs."""
    scenario = limited()
    donors = replace(
        scenario, funds=tuple(one.model_copy(update={"holder": "donor"}) for one in scenario.funds)
    )
    assert draft_of("host_only", donors).pieces == ()
    assert draft_of("oldest_first", donors).pieces != ()
    alone = ranked_world()
    assert draft_of("host_only", alone).pieces == draft_of("risk_per_day_first", alone).pieces
    assert DO_NOTHING.lines == ()


@pytest.mark.parametrize("name", EVERY_RULE)
def test_plan_of_a_rule_can_be_run(name: str) -> None:
    """Lines name lots and facilities that exist, in whole grams, and compile for the simulation."""
    scenario = limited()
    plan = rule_plan(name, premises_of(scenario, nominal_coefficients(scenario)))
    schedule = compile_plan(prepare(scenario), plan)
    assert len(schedule.orders) == len(plan.lines) > 0
    drafted = sum(piece.mass_t for piece in draft_of(name, scenario).pieces)
    # Remainders below 100 kg join a line or are dropped.
    assert sum(row.mass_g for row in plan.lines) / 1e6 == pytest.approx(drafted, abs=0.1 * len(plan.lines))
    assert (plan.name, plan.source) == (name, f"rule:{name}")


def test_money_that_comes_late_delays_the_work() -> None:
    """With 20,000 USD at once and the rest due in February 2027, 40 t are done first and 60 t from April."""
    scenario = one_lot(
        tranches=[
            tranche(amount_usd=20_000.0), tranche("T2", due=dt.date(2027, 2, 10), amount_usd=100_000.0)
        ]
    )  # fmt: skip
    pieces = draft_of("oldest_first", scenario).pieces
    assert [(p.period, round(p.mass_t, 6)) for p in pieces] == [(0, 40.0), (5, 60.0)]


def test_expired_money_is_not_planned_with() -> None:
    """A fund that expires on 31 May 2026 pays for the first two quarters only, on the day itself still."""
    scenario = one_lot(
        funds=[fund(expires=dt.date(2026, 5, 31))], facility_rates=[rate(throughput_t_per_day=0.1)]
    )
    assert [p.period for p in draft_of("oldest_first", scenario).pieces] == [0, 1]
    on_the_day = one_lot(
        funds=[fund(expires=dt.date(2026, 4, 1))], facility_rates=[rate(throughput_t_per_day=0.1)]
    )
    assert [p.period for p in draft_of("oldest_first", on_the_day).pieces] == [0, 1]


def test_nominal_coefficients_by_hand() -> None:
    """Receipts are what can be expected by each quarter's start; the first takes what was due before."""
    scenario = world(
        facilities=[facility(open_months=(4, 5, 6), breakdown_mean_days=30.0, repair_mean_days=10.0)],
        funds=[fund(overhead_fraction=0.1)],
        tranches=[
            tranche("T1", due=dt.date(2025, 6, 1), amount_usd=1000.0),
            tranche("T2", due=dt.date(2026, 1, 1), amount_usd=100.0, probability=0.5),
            tranche("T3", due=dt.date(2026, 4, 2), amount_usd=10_000.0),
            tranche("T4", due=dt.date(2026, 1, 1), amount_usd=50_000.0, mean_delay_days=90.0),
            tranche("T5", due=dt.date(2025, 10, 3), amount_usd=70_000.0, mean_delay_days=90.0),
        ],
        parameters=QUIET,
    )
    known = nominal_coefficients(scenario)
    knots = np.array([0, 90, 181, 273, 365, 455, 546, 638])
    by_then = 0.9 * (
        1000.0 + 50.0 + 10_000.0 * (knots >= 91) + 50_000.0 * (1 - np.exp(-knots / 90.0))
        + 70_000.0 * (1 - np.exp(-(knots + 90) / 90.0))
    )  # fmt: skip
    assert np.cumsum(known.receipts_usd[0]) == pytest.approx(by_then)
    assert known.working_days[0] == pytest.approx([0, 91 * 0.75, 0, 0, 0, 91 * 0.75, 0, 0])
    assert np.all(known.harm_factor == 1.0)


def test_lot_that_cannot_be_destroyed_is_left() -> None:
    """Reserve and lots that nothing accepts are in no rule's plan."""
    scenario = world(
        sites=[site(), site("S2")],
        storehouses=[storehouse(), storehouse("H2", "S2")],
        lots=[
            lot("A"), lot("R", status="reserve"), lot("U", "H2", safe_to_move=False),
            lot("M", nature_id="mine_at", stabiliser_fraction=None), lot("B", "H2", nature_id=artillery()),
        ],
        routes=[route("S1", "S2")],
    )  # fmt: skip
    for name in RULES:
        assert {scenario.lots[p.lot].lot_id for p in draft_of(name, scenario).pieces} <= {"A", "B"}
