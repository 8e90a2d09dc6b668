"""Measures in the MILP: against enumeration, by hand, in money and in harm."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from demilsim.model.harm import stock_harm
from demilsim.model.measures import rate_factors
from demilsim.optimisation.audit import audit
from demilsim.optimisation.audit_measures import measure_bills
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.optimisation.effects import base_harm
from demilsim.optimisation.measure_choice import Taken, set_aside, taken
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import joined
from demilsim.optimisation.measured import path_of, with_all_measures
from demilsim.optimisation.measures import RATE_KINDS, measure_orders
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import PlanStatus, Solution, SolveOptions, solve
from demilsim.optimisation.task import Task, make_task
from demilsim.plan import DisposalPlan, Floats, MeasureOrder
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.draws import draw
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from optimisation.enumeration import best_flows, choices
from optimisation.instances import PERSONS, coefficients, two_towns
from optimisation.random_cases import by_both_solvers, case, random_scenario
from worlds import fund, measure, site, storehouse, tranche, village, world

EXACT = SolveOptions(gap_averted=0.0, node_limit=10**6)
AGREEMENT = 1e-6
"""Largest difference of two optima, as a share of averted harm [1]."""


def random_measures(seed: int, **changes: Any) -> Scenario:
    """Return a random programme with guards, a better level at S1 and a lightning rod at H0 on offer."""
    rng = np.random.default_rng(seed)
    scenario = random_scenario(seed, **({"years": 1, "possible": 1, "plain": True} | changes))
    leads, prices = rng.integers(0, 150, 3).tolist(), rng.integers(1, 45, 3) * 1000.0
    yearly = rng.choice([0.0, 2_000.0], 3).tolist()
    terms = [
        {"lead_time_days": float(lead), "cost_usd": price, "yearly_cost_usd": y}
        for lead, price, y in zip(leads, prices.tolist(), yearly, strict=True)
    ]
    kinds = [
        measure("RRPL", "rrpl", level=int(rng.integers(2, 4)), **terms[0]),
        measure("GUARD", "guard", level=3, **terms[1]),
        measure("ROD", "lightning", storehouse_id="H0", **terms[2]),
    ]
    guarded = tuple(row.model_copy(update={"guard_level": 1}) for row in scenario.sites)
    # No measure is paid from scrap that is yet to be sold, which the enumeration would allow.
    settings = scenario.settings.model_copy(update={"scrap_fund": None})
    offered = tuple(kinds[:2] if seed % 2 else kinds[::2])
    return replace(scenario, settings=settings, sites=guarded, measures=offered)


def joint(scenario: Scenario, by_period: bool = True) -> tuple[Task, MeasureProblem, Solution, float]:
    """Return task, problem with measures, solution of the joined MILP, and harm of doing nothing."""
    instance = case(scenario, by_period)
    orders = measure_orders(instance.task, instance.problem)
    assert orders is not None
    measured = MeasureProblem(instance.problem, orders)
    found = solve(joined(instance.model, measured), EXACT)
    assert found.status is PlanStatus.OPTIMAL
    return instance.task, measured, found, instance.model.constant


def enumerated(scenario: Scenario, task: Task) -> float:
    """Return the least change of linear harm over every choice of measures and facilities [persons].

    With measures fixed each tonne left harms less, so that the flows are those of a plan without measures.
    """
    known, periods = coefficients(scenario), scenario.periods
    groups = task.groups
    held = groups.held_t(periods)
    gradient = task.stock.mean_gradient(held, emptied_path_t(held))
    neq = task.stock.by_storehouse(held * task.stock.blast_kg_per_t)
    base, best = base_harm(task), np.inf
    names = [m.measure_id for m in scenario.measures]
    for times in product([None, *range(periods)], repeat=len(names)):
        orders = tuple(MeasureOrder(n, t) for n, t in zip(names, times, strict=True) if t is not None)
        plan = DisposalPlan("test", "none", measures=orders)
        bills = list(measure_bills(audit_rows(scenario), plan))
        shares = Taken(orders, np.zeros((1, 1))).shares(task)
        per_t, averted = np.zeros_like(gradient), 0.0
        for t in range(periods):
            rate = base.rate(1.0 - shares[t], neq[t : t + 2])
            for k, years in enumerate(base.knot_years[t]):
                averted += float(years @ rate[k])
                per_kg = np.divide(rate[k], neq[t + k], out=np.zeros_like(rate[k]), where=neq[t + k] > 0.0)
                there = groups.arrival <= t + k
                per_t[t + k] += (years * per_kg)[task.stock.storehouse] * task.stock.blast_kg_per_t * there
        harm = (gradient - per_t)[:, groups.group_of_lot]
        for choice in choices(scenario):
            best = min(best, best_flows(scenario, known, harm, choice, bills) - averted)
    return float(best)


def check_enumeration(seed: int) -> int:
    """Compare the joined MILP in single periods with the enumeration; return the measures that it takes."""
    scenario = random_measures(seed)
    task, measured, found, do_nothing = joint(scenario)
    assert found.values is not None
    averted = do_nothing - found.objective
    assert averted > 0.0
    assert averted == pytest.approx(-enumerated(scenario, task), rel=AGREEMENT)
    return len(taken(measured, found.values).orders)


@pytest.mark.parametrize("seed", range(4))
def test_measures_against_enumeration(seed: int) -> None:
    """Two measures and a plant in four quarters: all 125 choices are tried one by one."""
    check_enumeration(seed)


@pytest.mark.soak
def test_measures_against_enumeration_many_times() -> None:
    """Sixteen more, in which one, two and no measure are taken."""
    assert {check_enumeration(seed) for seed in range(100, 116)} == {0, 1, 2}


@pytest.mark.parametrize("seed", range(6))
def test_two_solvers_agree_with_measures(seed: int) -> None:
    """HiGHS and CBC find the same optimum of programmes with measures, in blocks of years."""
    scenario = random_measures(seed, years=2, possible=2, plain=False)
    instance = case(scenario)
    orders = measure_orders(instance.task, instance.problem)
    assert orders is not None
    model = joined(instance.model, MeasureProblem(instance.problem, orders))
    highs, cbc = by_both_solvers(model, EXACT)
    assert highs > 0.0
    assert highs == pytest.approx(cbc, rel=AGREEMENT)


def fort(**changes: Any) -> Scenario:
    """Return a storehouse of reserve that nothing destroys, with a village, and a level to raise."""
    base: dict[str, Any] = {
        "exposed_sites": (village(persons=PERSONS),),
        "facilities": (),
        "facility_rates": (),
        "measures": (measure("RRPL", level=3, cost_usd=900.0),),
        "tranches": (tranche(amount_usd=1_000.0),),
    }
    return world(**(base | changes))


def taken_by(scenario: Scenario) -> tuple[Taken, float]:
    """Return what the joined MILP takes, and the harm that it says is averted."""
    _, measured, found, do_nothing = joint(scenario, by_period=False)
    assert found.values is not None
    return taken(measured, found.values), do_nothing - found.objective


def test_measure_that_can_be_paid_is_taken_at_once() -> None:
    """One dollar more than its price and it is ordered at the start; 200 USD less and it is not."""
    found, averted = taken_by(fort())
    assert found.orders == (MeasureOrder("RRPL", 0),)
    assert found.paid_usd.sum() == pytest.approx(900.0)
    assert averted > 0.0
    assert taken_by(fort(tranches=(tranche(amount_usd=700.0),)))[0].orders == ()


def test_measure_averts_what_the_raised_level_does() -> None:
    """From the first day on it averts what the same scenario harms less with its site at that level."""
    scenario = fort()
    found, averted = taken_by(scenario)
    held = make_task(scenario, coefficients(scenario)).groups.held_t(scenario.periods)
    raised = replace(scenario, sites=(site(rrpl=3),))
    difference = stock_harm(scenario).total(held) - stock_harm(raised).total(held)
    assert averted == pytest.approx(difference, rel=1e-9)
    task = make_task(scenario, coefficients(scenario))
    assert found.averted(task, held) == pytest.approx(difference, rel=1e-9)
    assert found.applied(task).stock.total(held) == pytest.approx(stock_harm(raised).total(held), rel=1e-9)


def test_yearly_cost_is_paid_while_in_force() -> None:
    """At 365.25 USD a year from April 2026 on, 640 days cost 640 USD: the most that 100 + 640 allow."""
    on = {"yearly_cost_usd": 365.25, "lead_time_days": 30.0, "cost_usd": 100.0}
    enough = fort(measures=(measure("RRPL", level=3, **on),), tranches=(tranche(amount_usd=740.0),))
    found, _ = taken_by(enough)
    assert found.orders == (MeasureOrder("RRPL", 0),)
    assert found.paid_usd[0, 0] == pytest.approx(100.0)
    assert found.paid_usd[0].sum() == pytest.approx(740.0)
    later, _ = taken_by(replace(enough, tranches=(tranche(amount_usd=739.0),)))
    assert later.orders == (MeasureOrder("RRPL", 1),)


def test_measure_waits_for_its_money() -> None:
    """Paid by a tranche of October, it is ordered in October and not before, in blocks of years as well."""
    found, _ = taken_by(fort(tranches=(tranche(amount_usd=900.0, due="2026-10-01"),)))
    assert found.orders == (MeasureOrder("RRPL", 3),)


@pytest.mark.parametrize(
    "strings", [{"use": "capital"}, {"earmark_methods": ("rotary_kiln",)}, {"earmark_sites": ("S9",)}]
)
def test_measure_that_no_fund_may_pay_is_not_taken(strings: dict[str, Any]) -> None:
    """Money for plant, for a method or for elsewhere buys no measure."""
    assert taken_by(fort(funds=(fund(**strings),)))[0].orders == ()


def test_measure_and_destruction_compete_for_the_same_money() -> None:
    """A plan of the joined MILP is payable: the audit accepts its measures, and one dollar less is missed."""
    scenario = fort(tranches=(tranche(amount_usd=900.0),))
    plan = DisposalPlan("test", "milp", measures=taken_by(scenario)[0].orders)
    assert len(plan.measures) == 1
    assert audit(scenario, plan, coefficients(scenario)) == ()
    poorer = replace(scenario, tranches=(tranche(amount_usd=890.0),))
    assert "9.00 USD short" in audit(poorer, plan, coefficients(poorer))[0]


def test_two_measures_at_one_storehouse_are_counted_once() -> None:
    """A level that leaves a and guards that leave b of the rate by security leave a b, not a + b - 1."""
    scenario = fort(
        sites=(site(guard_level=0),),
        measures=(measure("RRPL", level=3), measure("GUARD", "guard", level=3)),
    )
    task, measured, found, do_nothing = joint(scenario, by_period=False)
    assert found.values is not None
    both = taken(measured, found.values)
    assert len(both.orders) == 2
    held = task.groups.held_t(scenario.periods)
    assert do_nothing - found.objective == pytest.approx(both.averted(task, held), rel=1e-9)
    alone = [Taken((o,), both.paid_usd).averted(task, held) for o in both.orders]
    assert both.averted(task, held) < sum(alone) * (1.0 - 1e-6)


def test_measure_averts_less_of_less() -> None:
    """With half the NEQ a measure averts less, with none it averts nothing."""
    scenario = fort()
    task = make_task(scenario, coefficients(scenario))
    found, _ = taken_by(scenario)
    held = task.groups.held_t(scenario.periods)
    whole, half = found.averted(task, held), found.averted(task, 0.5 * held)
    assert 0.0 < half < whole
    assert found.averted(task, 0.0 * held) == 0.0


def test_kinds_that_lower_no_rate_are_left_to_simulation() -> None:
    """Tests and moves have no place in the linear harm, and are no columns."""
    scenario = fort(
        storehouses=(storehouse(), storehouse("H2", x_m=-200.0)),
        measures=(measure("MOVE", "move", to_storehouse_id="H2"), measure("TEST", "surveillance")),
    )
    task = make_task(scenario, coefficients(scenario))
    assert measure_orders(task, task.yearly_problem()) is None
    assert not {m.kind for m in scenario.measures} & set(RATE_KINDS)


def test_money_set_aside_is_there_when_it_is_due() -> None:
    """Of 10 now and 5 later, 12 due at the end leave 3 for any time; 4 due now leave 6 now and 5 later."""
    receipts = np.array([[10.0, 5.0, 0.0], [10.0, 5.0, 0.0]])
    paid = np.array([[0.0, 0.0, 12.0], [4.0, 0.0, 0.0]])
    assert set_aside(receipts, paid).tolist() == [[3.0, 0.0, 0.0], [6.0, 5.0, 0.0]]


def test_measure_of_an_empty_storehouse_is_worth_nothing() -> None:
    """Once a storehouse is empty its measure averts nothing, in the linear model as on the exact curves."""
    scenario = random_measures(2)
    instance = case(scenario, by_period=True)
    orders = measure_orders(instance.task, instance.problem)
    assert orders is not None
    flows = instance.problem.flows
    first = np.flatnonzero(flows.block == 0)
    group = int(flows.group[first[0]])
    all_of_it: Floats = np.zeros(flows.group.size)
    all_of_it[first[0]] = instance.task.groups.mass_t[group]
    harm = planning_harm(instance.problem, instance.task.stock)
    left = harm.remaining_t(all_of_it)
    base = base_harm(instance.task)
    for i, effect in orders.effects.items():
        share = 1.0 - rate_factors(scenario)[i]
        neq = instance.task.stock.by_storehouse(left * instance.task.stock.blast_kg_per_t)
        exact = base.by_period(base.rate(share, neq)).sum(axis=1)
        linear = effect.by_block * (1.0 - effect.lost_per_t @ all_of_it)
        # From the second period on; the others are full, where both are what doing nothing averts.
        assert linear[1:] == pytest.approx(exact[1:], rel=1e-9, abs=1e-15)


def towns(**changes: Any) -> Scenario:
    """Return two lots beside a town, money for one of them, a level to raise and a rod."""
    base: dict[str, Any] = {
        "measures": (
            measure("RRPL", level=3, cost_usd=4_000.0, lead_time_days=60.0),
            measure("ROD", "lightning", cost_usd=300.0),
        )
    }
    return two_towns(**(base | changes))


def test_optimised_plan_has_measures_and_passes_its_audit() -> None:
    """Measures that avert more than the tonnes they cost come with flows that the rest of the money pays."""
    scenario = towns()
    known = coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(gap_averted=0.0))
    without = optimise(replace(scenario, measures=()), known, options=SolveOptions(gap_averted=0.0))
    assert result.measures
    assert result.planned_harm < without.planned_harm
    assert result.best_bound <= result.planned_harm
    assert result.do_nothing_harm == pytest.approx(without.do_nothing_harm)
    plan = flow_plan(scenario, result)
    assert plan.measures == result.measures
    assert audit(scenario, plan, known) == ()


def test_measures_give_way_to_dates() -> None:
    """Money for both comes within the year, but by the date there is enough for the lot alone.

    L1 costs 50,000 USD, all that there is by July; measures for 4,300 USD are worth more than as much of L2.
    """
    late = dt.date(2026, 7, 1)
    scenario = towns(
        lots=[
            row.model_copy(update={"destroy_by": late if row.lot_id == "L1" else None})
            for row in towns().lots
        ],
        tranches=(tranche(amount_usd=50_000.0), tranche("T2", due="2026-10-01", amount_usd=4_300.0)),
    )
    known = coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(gap_averted=0.0))
    without = optimise(replace(scenario, measures=()), known, options=SolveOptions(gap_averted=0.0))
    assert result.planned_harm == without.planned_harm
    assert result.best_bound <= result.planned_harm
    assert "measures left out" in result.notes[-1]
    assert audit(scenario, flow_plan(scenario, result), known) == ()


def test_planned_harm_of_measures_is_dated() -> None:
    """The planned harm is that of the flows, less what the measures in force avert from their dates on."""
    scenario = towns()
    known = coefficients(scenario)
    result = optimise(scenario, known, options=SolveOptions(gap_averted=0.0))
    task = make_task(scenario, known)
    flows = result.flows
    accidents = float(task.groups.accident_harm_per_t[flows.group, flows.facility] @ flows.tonnes)
    path = path_of(task, result)
    averted = Taken(result.measures, np.zeros((1, 1))).averted(task, path)
    assert result.planned_harm == pytest.approx(task.stock.total(path) + accidents - averted, rel=1e-9)


def test_measure_that_costs_more_than_it_averts_is_left() -> None:
    """At ten times the whole budget nothing is taken, and the plan is that without measures."""
    scenario = towns(measures=(measure("RRPL", level=3, cost_usd=500_000.0),))
    known = coefficients(scenario)
    found, without = (
        optimise(each, known, options=SolveOptions(gap_averted=0.0))
        for each in (scenario, replace(scenario, measures=()))
    )
    assert found.measures == ()
    assert found.planned_harm == without.planned_harm


def test_bound_holds_with_every_measure_at_once() -> None:
    """No choice of measures beats the bound: it is that of all of them in force, free and from the start."""
    scenario = towns()
    task = make_task(scenario, coefficients(scenario))
    held = task.groups.held_t(scenario.periods)
    least = with_all_measures(task).stock.total(held)
    for size in range(3):
        for ids in combinations(("RRPL", "ROD"), size):
            orders = tuple(MeasureOrder(name, 0) for name in ids)
            harm = task.stock.total(held) - Taken(orders, np.zeros((1, 1))).averted(task, held)
            assert least <= harm + 1e-15


@pytest.mark.parametrize("lead_days", [0.0, 100.0, 400.0])
def test_dated_effect_is_that_of_the_simulation(lead_days: float) -> None:
    """Where nothing explodes, what measures avert is the fall of the simulation's integrated harm."""
    scenario = fort(
        tranches=(tranche(),),
        sites=(site(guard_level=0),),
        measures=(
            measure("RRPL", level=3, cost_usd=900.0, lead_time_days=lead_days),
            measure("GUARD", "guard", level=3, yearly_cost_usd=100.0),
        ),
    )
    prepared = prepare(scenario)
    draws = replace(draw(prepared, Streams(5, 0)), candidates=())
    orders = (MeasureOrder("RRPL", 1), MeasureOrder("GUARD", 3))
    plans = [DisposalPlan("test", "none"), DisposalPlan("test", "none", measures=orders)]
    without, measured = (run(prepared, compile_plan(prepared, plan), draws) for plan in plans)
    task = make_task(scenario, coefficients(scenario))
    averted = Taken(orders, np.zeros((1, 1))).averted(task, task.groups.held_t(scenario.periods))
    fall = without.expected_public + without.expected_workers
    fall -= measured.expected_public + measured.expected_workers
    assert averted > 0.0
    # Ageing of the lot is drawn in the simulation and a mean in planning; measures do not touch it.
    assert fall == pytest.approx(averted, rel=1e-6)
