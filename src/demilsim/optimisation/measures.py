"""Measures other than destruction as a choice of the MILP: what they cost, and the harm that they take away.

A measure in force leaves a share of the rates of base causes at its storehouses (`model/measures.py`), so
what it averts falls as stock falls: a product of two decisions. In the MILP what a storehouse still harms by
base causes is taken as proportional to the NEQ that is left, and the product with a binary is then exact.

A move takes the harm of its source away and adds to that of its target; what it averts is taken as
proportional to what is left of the source. Tests average nothing in closed form and are not in here; the loop
of planning tries them by simulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.harm import interval_years
from demilsim.model.measures import measure_eligible, rate_factors
from demilsim.model.options import Bools
from demilsim.optimisation.blocks import fund_alive, single_periods
from demilsim.optimisation.effects import BaseHarm, Effect, base_harm, move_effect, move_fall, rate_effect
from demilsim.optimisation.moves import Moves, offered_moves
from demilsim.optimisation.orders import LONGEST_WITH_EVERY_PERIOD
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.task import Task
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

RATE_KINDS = ("rrpl", "guard", "lightning")
"""Kinds that lower rates for as long as they are paid for."""


@dataclass(frozen=True)
class MeasureOrders:
    """Columns ``measure[i, period]`` and what goes with them; measures by index in the scenario.

    Parameters
    ----------
    measure, period, opens
        Of each order: which, when, and the first period in which it is in force, shape (order,).
    cost_usd
        Cost of each order in each period [USD], shape (order, period).
    pay_measure, pay_fund, pay_period
        Of each payment: what for, by whom and when, shape (payment,).
    effects
        By measure.
    overlaps
        What two measures at one storehouse take away twice, by pair.
    harm
        Harm that an order causes while it is in force, in periods in which it averts none [persons], shape
        (order,): a move may be for the better early and for the worse later.
    moves
        Moves between storehouses; None where none is on offer.
    """

    measure: Ints
    period: Ints
    opens: Ints
    cost_usd: Floats
    pay_measure: Ints
    pay_fund: Ints
    pay_period: Ints
    effects: dict[int, Effect]
    overlaps: dict[tuple[int, int], Effect]
    harm: Floats = field(default_factory=lambda: np.zeros(0))
    moves: Moves | None = None


def moves_of(task: Task) -> Moves | None:
    """Return the moves that are weighed for a task; None if there are none.

    Limits on risk are rows of what lies where it is; with them moves are left to the simulation.
    """
    return offered_moves(task.scenario, task.groups, task.stock) if task.risk is None else None


def measure_orders(task: Task, problem: Problem, moves: Moves | None = None) -> MeasureOrders | None:
    """Return the orders of measures that may be worth their money; None if there are none.

    Parameters
    ----------
    task, problem
        The task, and the problem that their columns come after.
    moves
        Moves between storehouses that are weighed (`moves_of`); none by default.
    """
    scenario = task.scenario
    base = base_harm(task)
    taken_away = 1.0 - rate_factors(scenario)
    effects = {
        i: rate_effect(task, problem, base, taken_away[i])
        for i, measure in enumerate(scenario.measures)
        if measure.kind in RATE_KINDS
    }
    falls = {} if moves is None else _falls(task, base, moves)
    for i, fall in falls.items():
        assert moves is not None, "what falls falls by a move"
        effects[i] = move_effect(task, problem, base, moves, i, np.maximum(fall, 0.0))
    effects = {i: effect for i, effect in effects.items() if effect.by_block.max(initial=0.0) > 0.0}
    rows = _possible(scenario, problem, effects)
    if not rows:
        return None
    pairs = {
        (i, j): rate_effect(task, problem, base, taken_away[i] * taken_away[j])
        for i, j in combinations(effects, 2)
        if np.any(taken_away[i] * taken_away[j])
    }
    if moves is not None:
        pairs |= _pairs_with_moves(task, problem, base, moves, effects, falls)
    measure, period, opens = np.array(rows, dtype=np.int64).T
    cost_usd = _costs(scenario, measure, period, opens)
    payments = _payments(scenario, problem, measure, cost_usd)
    harm = [float(np.maximum(-falls[i][t:], 0.0).sum()) if i in falls else 0.0 for i, _, t in rows]
    return MeasureOrders(
        measure=measure,
        period=period,
        opens=opens,
        cost_usd=cost_usd,
        pay_measure=payments[0],
        pay_fund=payments[1],
        pay_period=payments[2],
        effects=effects,
        overlaps={pair: effect for pair, effect in pairs.items() if effect.by_block.max() > 0.0},
        harm=np.array(harm),
        moves=moves,
    )


def _falls(task: Task, base: BaseHarm, moves: Moves) -> dict[int, Floats]:
    """Return by how much each move lowers harm in each period [persons], by measure."""
    return {i: move_fall(task, base, moves.after([i])) for i in moves.measure.tolist()}


def _pairs_with_moves(
    task: Task,
    problem: Problem,
    base: BaseHarm,
    moves: Moves,
    effects: Mapping[int, Effect],
    falls: Mapping[int, Floats],
) -> dict[tuple[int, int], Effect]:
    """Return what a move and another measure avert twice, by pair.

    Where both avert more than the sum of the two, nothing: the sum is then too small.
    """
    left, pairs = rate_factors(task.scenario), {}
    for i, j in combinations(effects, 2):
        if i in falls and j in falls:
            if (i, j) in moves.apart:
                continue
            twice = falls[i] + falls[j] - move_fall(task, base, moves.after([i, j]))
        elif j in falls:
            twice = falls[j] - move_fall(task, base, moves.after([j]), left[i])
        else:
            continue
        pairs[i, j] = move_effect(task, problem, base, moves, j, np.maximum(twice, 0.0))
    return pairs


def _possible(scenario: Scenario, problem: Problem, effects: dict[int, Effect]) -> list[tuple[int, int, int]]:
    """Return measure, period and opening of each order: any period of a short horizon, else block starts."""
    short = scenario.periods <= LONGEST_WITH_EVERY_PERIOD
    periods = range(scenario.periods) if short else problem.blocks.first.tolist()
    rows = []
    for i in effects:
        for period in periods:
            opens = first_open_period(scenario, scenario.measures[i].lead_time_days, period)
            if opens < scenario.periods:
                rows.append((i, period, opens))
    return rows


def _costs(scenario: Scenario, measure: Ints, period: Ints, opens: Ints) -> Floats:
    """Return the cost of orders: the price at once, the yearly cost from the opening on."""
    at = np.arange(scenario.periods)
    price = np.array([scenario.measures[i].cost_usd for i in measure.tolist()])
    # What happens on one day costs nothing later.
    kept = [scenario.measures[i].kind in RATE_KINDS for i in measure.tolist()]
    yearly = np.array([scenario.measures[i].yearly_cost_usd for i in measure.tolist()]) * kept
    in_force = at >= opens[:, None]
    return (at == period[:, None]) * price[:, None] + in_force * yearly[:, None] * interval_years(scenario)


def _payments(
    scenario: Scenario, problem: Problem, measure: Ints, cost_usd: Floats
) -> tuple[Ints, Ints, Ints]:
    """Return measure, fund and period of payments: where an order costs and a fund that may pay is alive."""
    eligible: Bools = measure_eligible(scenario)
    alive = fund_alive(scenario, single_periods(scenario))
    rows = [
        (i, k, period)
        for i in sorted(set(measure.tolist()))
        for k in np.flatnonzero(eligible[:, i]).tolist()
        for period in np.flatnonzero(cost_usd[measure == i].any(axis=0)).tolist()
        if alive[k, period] and problem.most_usd[k, : period + 1].any()
    ]
    paid_for, fund, when = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return paid_for, fund, when
