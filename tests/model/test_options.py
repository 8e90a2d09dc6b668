from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.options import disposal_options, drawing_order
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, Fund, HarmWeights, Lot
from worlds import facility, fund, lot, one_lot, rate, route, site, storehouse, three_sites, world


def two_sites(
    lots: list[Lot] | None = None, plant: Facility | None = None, funds: list[Fund] | None = None
) -> Scenario:
    """Return a lot at S1, a range there, a plant at S2, and a road of 250 km and 1.5 days between."""
    return world(
        sites=[site("S1"), site("S2")],
        lots=lots,
        facilities=[facility("RANGE", "S1"), plant or facility("PLANT", "S2", method_id="disassembly")],
        facility_rates=[
            rate("RANGE", throughput_t_per_day=0.5, unit_cost_usd_per_t=300.0),
            rate("PLANT", throughput_t_per_day=2.0, unit_cost_usd_per_t=700.0),
        ],
        routes=[route("S2", "S1", distance_km=250.0, travel_days=1.5)],
        funds=funds,
    )


def test_days_are_the_inverse_of_throughput() -> None:
    """Half a tonne a day takes two days a tonne; a road is used both ways and takes whole days."""
    options = disposal_options(two_sites())
    assert options.days_per_t == pytest.approx(np.array([[2.0, 0.5]]))
    assert options.travel_days.tolist() == [[0.0, 2.0]]
    assert options.allowed.all()


def test_costs_by_hand() -> None:
    """On site only the unit cost counts; 250 km at 0.5 USD/(t km) add 125 USD/t."""
    assert disposal_options(two_sites()).cost_usd_per_t == pytest.approx(np.array([[300.0, 825.0]]))


def test_accidents_by_hand() -> None:
    """Processing by its method's rate; road by 250 km × 6e-7 × 0.002 / 12 t; both times their deaths."""
    options = disposal_options(two_sites())
    road = 250.0 * 6e-7 * 0.002 / 12.0
    assert options.handling_rate_per_t == pytest.approx(np.array([[2e-5, 2.5e-5]]))
    assert options.road_rate_per_t == pytest.approx(np.array([[0.0, road]]))
    assert options.worker_fatalities_per_t == pytest.approx(np.array([[2.6e-5, 3.25e-5]]))
    assert options.road_fatalities_per_t == pytest.approx(np.array([[0.0, 5.0 * road]]))
    assert options.accident_harm_per_t == pytest.approx(np.array([[2.6e-5, 3.25e-5 + 5.0 * road]]))


def test_accident_harm_uses_the_weights() -> None:
    """Deaths of workers and on the road count by their own weights."""
    weights = HarmWeights(fatalities_workers=0.5, fatalities_transport=3.0)
    options = disposal_options(three_sites(harm_weights=weights))
    expected = 0.5 * options.worker_fatalities_per_t + 3.0 * options.road_fatalities_per_t
    assert options.accident_harm_per_t == pytest.approx(expected)
    assert options.road_fatalities_per_t.max() > 0.0


@pytest.mark.parametrize(
    ("limit_kg", "days"), [(1_000.0, 1.0), (50.0, 4.0), (200.0, 1.0), (199.0, 200 / 199)]
)
def test_neq_limit_per_day_slows_destruction(limit_kg: float, days: float) -> None:
    """A tonne with 200 kg NEQ takes a day by throughput, longer where fewer kg are allowed a day."""
    scenario = one_lot(facilities=[facility(neq_limit_kg_per_day=limit_kg)])
    assert disposal_options(scenario).days_per_t == pytest.approx(np.array([[days]]))


def test_mobile_plant_comes_to_the_lot() -> None:
    """A mobile plant works at the lot's site: no road, no haulage."""
    plant = facility("PLANT", "S2", method_id="contained_detonation", mobile=True)
    options = disposal_options(two_sites(plant=plant))
    assert (options.cost_usd_per_t[0, 1], options.travel_days[0, 1], options.road_rate_per_t[0, 1]) == (
        700,
        0,
        0,
    )


def test_what_is_unsafe_to_move_stays_on_site() -> None:
    """A lot that is unsafe to move goes to the range at its site or a mobile plant, never on the road."""
    unsafe = [lot(safe_to_move=False)]
    assert disposal_options(two_sites(lots=unsafe)).allowed.tolist() == [[True, False]]
    mobile = facility("PLANT", "S2", mobile=True)
    assert disposal_options(two_sites(lots=unsafe, plant=mobile)).allowed.tolist() == [[True, True]]


def test_reserve_is_never_destroyed() -> None:
    """Reserve goes nowhere; surplus beside it does."""
    lots = [lot("L1", status="reserve"), lot("L2")]
    options = disposal_options(two_sites(lots=lots))
    assert options.allowed.tolist() == [[False, False], [True, True]]
    assert np.isinf(options.days_per_t[0]).all()


def test_plant_serves_only_the_sites_it_names() -> None:
    """A plant that names its sites takes nothing from others, be it mobile, near or by road."""
    for changes in ({}, {"mobile": True}, {"site_id": "S1"}):
        plant = facility(**({"facility_id": "PLANT", "site_id": "S2", "serves_sites": ("S2",)} | changes))
        assert disposal_options(two_sites(plant=plant)).allowed.tolist() == [[True, False]]
    named = facility("PLANT", "S2", serves_sites=("S2", "S1"))
    assert disposal_options(two_sites(plant=named)).allowed.tolist() == [[True, True]]


def test_no_road_no_transfer() -> None:
    """Without a route a plant elsewhere is out of reach, and with no rate so is one next door."""
    scenario = world(
        sites=[site("S1"), site("S2")],
        facilities=[facility("RANGE", "S1"), facility("PLANT", "S2")],
        facility_rates=[rate("RANGE", category="grenades"), rate("PLANT")],
    )
    assert not disposal_options(scenario).allowed.any()


def test_three_sites_by_hand() -> None:
    """Every lot reaches every plant; distances follow from its own site."""
    options = disposal_options(three_sites())
    assert options.allowed.all()
    distance = np.array([[100, 0, 200], [0, 100, 100], [100, 200, 0]]).repeat(2, axis=0)
    assert options.cost_usd_per_t == pytest.approx(np.array([500.0, 300.0, 400.0]) + 0.5 * distance)
    assert options.days_per_t == pytest.approx(np.tile([1 / 0.3, 2.0, 1.0], (6, 1)))


def eligibility(**changes: object) -> tuple[list[list[bool]], list[bool], list[bool]]:
    """Return who may be paid by a fund: lots at S1 (artillery) and S2 (mines) × range at S1, plant at S2."""
    scenario = world(
        sites=[site("S1"), site("S2")],
        storehouses=[storehouse("H1", "S1"), storehouse("H2", "S2")],
        lots=[lot("L1", "H1"), lot("L2", "H2", nature_id="mine_at")],
        facilities=[facility("RANGE", "S1"), facility("PLANT", "S2", method_id="disassembly")],
        facility_rates=[rate("RANGE"), rate("PLANT")],
        funds=[fund(**changes)],
    )
    options = disposal_options(scenario)
    assert options.running_eligible.shape == (1, 2, 2)
    return (
        options.running_eligible[0].tolist(),
        options.capital_eligible[0].tolist(),
        options.standing_eligible[0].tolist(),
    )


ALL, NONE = [[True, True], [True, True]], [[False, False], [False, False]]


def test_money_without_strings_pays_for_everything() -> None:
    """A fund without earmarks may pay for any lot, any building and any standing cost."""
    assert eligibility() == (ALL, [True, True], [True, True])


def test_use_separates_running_from_capital() -> None:
    """Running money never builds; capital money neither destroys nor keeps open."""
    assert eligibility(use="running") == (ALL, [False, False], [True, True])
    assert eligibility(use="capital") == (NONE, [True, True], [False, False])


def test_site_earmark_follows_the_lot_and_the_building() -> None:
    """Money for S1 destroys what lies at S1, wherever, and builds and runs only what stands there."""
    lots_of_s1 = [[True, True], [False, False]]
    assert eligibility(earmark_sites=("S1",)) == (lots_of_s1, [True, False], [True, False])


def test_method_earmark_follows_the_plant() -> None:
    """Money for disassembly pays for any lot at the plant only."""
    at_plant = [[False, True], [False, True]]
    assert eligibility(earmark_methods=("disassembly",)) == (at_plant, [False, True], [False, True])


def test_category_earmark_follows_the_nature() -> None:
    """Money for mines destroys mines; it neither builds nor keeps open a plant, which does other work too."""
    mines = [[False, False], [True, True]]
    assert eligibility(earmark_categories=("mines",)) == (mines, [False, False], [False, False])


def test_strings_add_up() -> None:
    """Two earmarks mean that both must hold; several values of one mean any of them."""
    both = eligibility(
        earmark_sites=("S1", "S2"), earmark_methods=("disassembly",), earmark_categories=("mines",)
    )
    assert both == ([[False, False], [False, True]], [False, False], [False, False])
    two = eligibility(earmark_sites=("S1",), earmark_methods=("disassembly",))
    assert two == ([[False, True], [False, False]], [False, False], [False, False])


def test_most_restricted_money_is_drawn_first() -> None:
    """Two strings before one, one before none; the use counts as a string."""
    funds = (
        fund("FREE"),
        fund("ONE", earmark_sites=("S1", "S2", "S3")),
        fund("TWO", use="running", earmark_methods=("rotary_kiln",)),
        fund("THREE", earmark_sites=("S1",), earmark_methods=("rotary_kiln",), earmark_categories=("mines",)),
        fund("CAPITAL", use="capital"),
    )
    assert [funds[k].fund_id for k in drawing_order(funds)] == ["THREE", "TWO", "CAPITAL", "ONE", "FREE"]


def test_equal_strings_are_drawn_by_expiry_then_by_name() -> None:
    """What expires first is drawn first, what never does last, and names settle the rest."""
    funds = (
        fund("NEVER"),
        fund("LATE", expires=dt.date(2030, 1, 1)),
        fund("B", expires=dt.date(2027, 1, 1)),
        fund("A", expires=dt.date(2027, 1, 1)),
        fund("TIED", use="running"),
    )
    assert [funds[k].fund_id for k in drawing_order(funds)] == ["TIED", "A", "B", "LATE", "NEVER"]


@settings(derandomize=True, deadline=None)
@given(st.permutations(range(5)))
def test_drawing_order_does_not_depend_on_the_table(order: list[int]) -> None:
    """Funds listed in any order are drawn in the same order."""
    rows = [
        fund("A"), fund("B", use="capital"), fund("C", expires=dt.date(2028, 1, 1)),
        fund("D", earmark_sites=("S1",), expires=dt.date(2029, 1, 1)), fund("E", earmark_sites=("S1",)),
    ]  # fmt: skip
    shuffled = tuple(rows[k] for k in order)
    assert [shuffled[k].fund_id for k in drawing_order(shuffled)] == ["D", "B", "E", "C", "A"]


@settings(derandomize=True, deadline=None)
@given(st.floats(0.01, 50.0), st.floats(0.1, 60.0), st.floats(1.0, 2_000.0))
def test_neither_throughput_nor_neq_limit_is_exceeded(
    throughput: float, neq_t: float, limit_kg: float
) -> None:
    """In a working day no more is destroyed than throughput and NEQ limit allow, and one of them binds."""
    scenario = one_lot(
        lots=[lot(neq_kg=1000.0 * neq_t)],
        facilities=[facility(neq_limit_kg_per_day=limit_kg)],
        facility_rates=[rate(throughput_t_per_day=throughput)],
    )
    t_per_day = 1.0 / disposal_options(scenario).days_per_t[0, 0]
    used = max(t_per_day / throughput, t_per_day * 10.0 * neq_t / limit_kg)
    assert math.isclose(used, 1.0, rel_tol=1e-9)
