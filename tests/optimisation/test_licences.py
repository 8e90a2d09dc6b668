"""Licences of storehouses as rows: against enumeration, two solvers, by hand, and in the simulation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from demilsim.model.licence import licences
from demilsim.optimisation.audit_measures import measure_bills
from demilsim.optimisation.audit_rows import audit_rows, first_working_period
from demilsim.optimisation.effects import BaseHarm, base_harm
from demilsim.optimisation.licences import over_licences_kg
from demilsim.optimisation.measure_choice import taken
from demilsim.optimisation.measure_problem import MeasureProblem
from demilsim.optimisation.measure_rows import joined
from demilsim.optimisation.measures import measure_orders, moves_of
from demilsim.optimisation.moves import SPARE_KG
from demilsim.optimisation.objective import emptied_path_t
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.solve import PlanStatus, Solution, SolveOptions, solve
from demilsim.optimisation.task import Task
from demilsim.plan import DisposalPlan, Floats, Ints, MeasureOrder
from demilsim.scenario.scenario import Scenario
from optimisation.enumeration import best_flows, choices
from optimisation.instances import coefficients
from optimisation.moving import depot, random_moves
from optimisation.random_cases import by_both_solvers, case

EXACT = SolveOptions(gap_averted=0.0, node_limit=10**6)
AGREEMENT = 1e-6
"""Largest difference of two optima, as a share of averted harm [1]."""


def joint(scenario: Scenario, by_period: bool = True) -> tuple[Task, MeasureProblem, Solution, float]:
    """Return task, problem with moves, solution of the joined MILP, and harm of doing nothing."""
    instance = case(scenario, by_period)
    orders = measure_orders(instance.task, instance.problem, moves_of(instance.task))
    assert orders is not None
    measured = MeasureProblem(instance.problem, orders)
    found = solve(joined(instance.model, measured), EXACT)
    assert found.status is PlanStatus.OPTIMAL
    return instance.task, measured, found, instance.model.constant


def rooms(scenario: Scenario, begun: dict[str, int]) -> Iterator[tuple[int, tuple[float, ...], float]]:
    """Yield what must be gone before each move, lot by lot: (period, kg for a tonne of each lot, kg)."""
    limit = licences(scenario, np.zeros(len(scenario.storehouses))).limit_kg.tolist()
    limits = {h.storehouse_id: kg for h, kg in zip(scenario.storehouses, limit, strict=True)}
    ends = {m.measure_id: (m.storehouse_id, m.to_storehouse_id) for m in scenario.measures}
    for name, period in begun.items():
        target = ends[name][1]
        inside = {target} | {ends[n][0] for n, t in begun.items() if t <= period and ends[n][1] == target}
        there = [row.storehouse_id in inside for row in scenario.lots]
        held = sum(row.neq_kg for row, yes in zip(scenario.lots, there, strict=True) if yes)
        per_t = [
            row.neq_kg / row.gross_mass_t if yes else 0.0
            for row, yes in zip(scenario.lots, there, strict=True)
        ]
        need = held - (limits[target or ""] - SPARE_KG)
        if need > 0.0 and any(row.storehouse_id == ends[name][0] for row in scenario.lots):
            yield period, tuple(per_t), need


def falls(task: Task, base: BaseHarm, names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Return harm that moves avert in each period with nothing destroyed, and its rate at knots."""
    scenario = task.scenario
    index = {house.storehouse_id: s for s, house in enumerate(scenario.storehouses)}
    place: Ints = task.stock.storehouse.copy()
    for m in scenario.measures:
        if m.measure_id in names:
            place[task.stock.storehouse == index[m.storehouse_id or ""]] = index[m.to_storehouse_id or ""]
    held = task.groups.held_t(scenario.periods)
    fall = task.stock.rate_per_year(held).sum(axis=1)
    fall -= replace(task.stock, storehouse=place).rate_per_year(held).sum(axis=1)
    # All harm factors are 1 here, so that weights are those of any storehouse.
    years = base.knot_years[:, :, 0]
    return years[:, 0] * fall[:-1] + years[:, 1] * fall[1:], np.maximum(fall, 0.0)


def enumerated(scenario: Scenario, task: Task) -> float:
    """Return the least change of linear harm over every choice of moves and facilities [persons]."""
    known, groups, base = coefficients(scenario), task.groups, base_harm(task)
    held = groups.held_t(scenario.periods)
    gradient = task.stock.mean_gradient(held, emptied_path_t(held))
    names, best = [m.measure_id for m in scenario.measures], np.inf
    single = {name: falls(task, base, (name,)) for name in names}
    both = falls(task, base, tuple(names))[0] if scenario.measures[0].to_storehouse_id == "H2" else None
    offered = [name for name in names if np.maximum(single[name][0], 0.0).any()]
    for times in product([None, *range(scenario.periods)], repeat=len(offered)):
        ordered = {name: t for name, t in zip(offered, times, strict=True) if t is not None}
        begun = {
            m.measure_id: first_working_period(scenario, m, ordered[m.measure_id])
            for m in scenario.measures
            if m.measure_id in ordered
        }
        if (len(begun) == 2 and both is None) or max(begun.values(), default=0) >= scenario.periods:
            continue
        change, per_t = 0.0, np.zeros_like(gradient)
        for name, first in begun.items():
            change += np.maximum(-single[name][0][first:], 0.0).sum()
            for t in range(first, scenario.periods):
                change += _averts(task, base, per_t, name, t, max(single[name][0][t], 0.0), single[name][1])
        if len(begun) == 2 and both is not None:
            twice = np.maximum(single["M0"][0] + single["M1"][0] - both, 0.0)
            for t in range(max(begun.values()), scenario.periods):
                change -= _averts(task, base, per_t, "M1", t, twice[t], single["M1"][1], sign=-1.0)
        orders = tuple(MeasureOrder(name, t) for name, t in ordered.items())
        bills = list(measure_bills(audit_rows(scenario), DisposalPlan("test", "none", measures=orders)))
        needed = tuple(rooms(scenario, begun))
        harm = (gradient - per_t)[:, groups.group_of_lot]
        for choice in choices(scenario):
            best = min(best, best_flows(scenario, known, harm, choice, bills, rooms=needed) + change)
    return float(best)


def _averts(
    task: Task,
    base: BaseHarm,
    per_t: Floats,
    name: str,
    t: int,
    amount: float,
    rate: Floats,
    sign: float = 1.0,
) -> float:
    """Add what a tonne less in its source takes from what a move averts in a period; return the change."""
    house = next(m.storehouse_id for m in task.scenario.measures if m.measure_id == name)
    inside = [h.storehouse_id for h in task.scenario.storehouses].index(house or "")
    mine = task.stock.storehouse == inside
    kg = task.groups.held_t(task.scenario.periods) * task.stock.blast_kg_per_t
    years = base.knot_years[t, :, inside]
    whole = float(years @ rate[t : t + 2])
    for k in (t, t + 1):
        source = float(kg[k, mine].sum())
        if whole > 0.0 and source > 0.0:
            share = amount / whole * years[k - t] * rate[k] / source
            there = mine & (task.groups.arrival <= k)
            per_t[k] += sign * there * share * task.stock.blast_kg_per_t
    return -amount


def check_enumeration(seed: int, possible: int = 0) -> tuple[int, bool]:
    """Compare the joined MILP with the enumeration; return moves taken, and whether a licence cost harm."""
    scenario = random_moves(seed, possible=possible)
    task, measured, found, do_nothing = joint(scenario)
    assert found.values is not None
    averted = do_nothing - found.objective
    assert averted == pytest.approx(-enumerated(scenario, task), rel=AGREEMENT)
    assert over_licences_kg(measured, found.values) == {}
    model = joined(case(scenario, True).model, measured)
    free = replace(model, families=tuple(f for f in model.families if f.family != "licences"))
    without = do_nothing - solve(free, EXACT).objective
    return len(taken(measured, found.values).orders), without > averted * (1.0 + AGREEMENT)


@pytest.mark.parametrize("seed", range(2))
def test_moves_within_licences_against_enumeration(seed: int) -> None:
    """Two moves in four quarters, eight binaries at most: all 25 choices are tried one by one."""
    check_enumeration(seed)


@pytest.mark.soak
def test_moves_within_licences_against_enumeration_many_times() -> None:
    """Forty more, a quarter with a plant to order, so twelve binaries at most.

    None, one and two moves are taken, and in a few cases at least a licence costs harm.
    """
    found = [check_enumeration(seed) for seed in range(100, 130)]
    found += [check_enumeration(seed, possible=1) for seed in range(130, 140)]
    assert {count for count, _ in found} == {0, 1, 2}
    assert sum(binds for _, binds in found) >= 5


@pytest.mark.parametrize("seed", range(3))
def test_two_solvers_agree_on_moves(seed: int) -> None:
    """HiGHS and CBC find the same optimum of programmes with moves and plants, in blocks of years."""
    scenario = random_moves(seed, years=2, possible=1, plain=False)
    instance = case(scenario)
    orders = measure_orders(instance.task, instance.problem, moves_of(instance.task))
    assert orders is not None
    model = joined(instance.model, MeasureProblem(instance.problem, orders))
    highs, cbc = by_both_solvers(model, EXACT)
    assert highs > 0.0
    assert highs == pytest.approx(cbc, rel=AGREEMENT)


def test_what_a_licence_forbids_is_named_and_enough() -> None:
    """4,652 kg more would let the move be ordered at once; with them it is, with less it is not."""
    scenario = depot()
    note = next(
        note for note in optimise(scenario, coefficients(scenario), options=EXACT).notes if "licence" in note
    )
    assert "the licence of H2 keeps MOVE from being ordered on 2026-01-01" in note
    assert "4,652 kg NEQ more" in note
    instance = case(scenario)
    moves = moves_of(instance.task)
    assert moves is not None
    for more, at_once in ((4_652.0, True), (4_000.0, False)):
        wider = replace(moves, limit_kg=moves.limit_kg + more)
        orders = measure_orders(instance.task, instance.problem, wider)
        assert orders is not None
        measured = MeasureProblem(instance.problem, orders)
        found = solve(joined(instance.model, measured), EXACT).values
        assert found is not None
        assert (MeasureOrder("MOVE", 0) in taken(measured, found).orders) is at_once
