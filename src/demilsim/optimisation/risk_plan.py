"""A plan that keeps all limits on risk, with its commissionings; or what would have to give way.

Found by bringing the sum of what is above the limits to nothing, first without commissionings, then with
those of a MILP on risk made linear. Limits are not convex: where no plan is found, one may exist all the
same; the message says which is known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.limited_model import LimitedModel, second_cost
from demilsim.optimisation.limited_search import RESTORE_AIM
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t, planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.relaxations import told
from demilsim.optimisation.risk_attempt import Attempt, attempt
from demilsim.optimisation.risk_limits import risk_limits
from demilsim.optimisation.risk_ways import CHOICE_GAP, risk_ways
from demilsim.optimisation.rows import Columns, Rows, Sense, rows_of, with_terms
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats

ROUNDS = 4
"""MILPs at most, each on risk made linear where the one before ended."""


def plan_within_limits(task: Task, options: SolveOptions) -> Attempt | None:
    """Return a plan that keeps every limit on risk; None where doing nothing keeps them, or there are none.

    Raises
    ------
    InfeasibleError
        If no such plan was found: says what would have to give way.
    """
    best: Attempt | None = None
    for choice in _choices(task, options):
        found = attempt(task, choice)
        if found is None:
            continue
        if found.excess == 0.0:
            return found
        if best is None or found.excess < best.excess:
            best = found
        if choice and found.limits.beyond_reach:
            # New plants only bring the nearest plan nearer: one choice of them is enough to tell it.
            break
    if best is None:
        return None
    proved = " exists" if best.limits.beyond_reach else " was found"
    ways = risk_ways(task, best, options)
    raise InfeasibleError(f"no plan that keeps all limits on risk{proved}; one would be if {told(ways)}")


def with_risk(
    model: Model, problem: Problem, harm: PlanningHarm, task: Task, destroyed_t: Floats | None
) -> Model:
    """Return a model with the rows of risk that bind in its relaxation; as it is without limits.

    Parameters
    ----------
    model, problem, harm
        Rows, columns and harm, in blocks of any length.
    task
        The task.
    destroyed_t
        A plan that keeps the limits, around which rows are linear: what it destroys [t], shape (group,
        facility, period); None without limits.
    """
    limits = risk_limits(problem, harm, task.risk)
    if destroyed_t is None or limits is None:
        return model
    flows, blocks = problem.flows, problem.blocks
    by_block = blocks.sum(destroyed_t)
    linear = limits.linear(by_block[flows.group, flows.facility, flows.block])
    limited = LimitedModel(model, limits)
    if limited.best(model.cost, linear) is None:
        return model
    return replace(model, families=(*model.families, linear.rows(limited.binding)))


def _choices(task: Task, options: SolveOptions) -> Iterator[Choice]:
    """Yield commissionings to try: none, then those of MILPs in years on risk made linear."""
    problem = task.yearly_problem()
    harm = planning_harm(problem, task.stock)
    limits = risk_limits(problem, harm, task.risk)
    if limits is None:
        return
    yield ()
    if not problem.orders.facility.size:
        return
    cost = harm.linearised(emptied_path_t(harm.held_t))
    base = assemble(problem, cost, harm.do_nothing)
    linear, seen = limits.mean(1.0 - RESTORE_AIM), [_other_than(problem, ())]
    rough = replace(options, gap_averted=max(options.gap_averted, CHOICE_GAP))
    for _ in range(ROUNDS):
        model = replace(base, families=(*base.families, *seen))
        limited = LimitedModel(model, limits)
        if limited.least_excess(linear) is None:
            return
        # Rows that do not bind in the relaxation are left out: what comes of the choice is tried anyway.
        found = solve(softened(model, linear.rows(limited.binding), harm), rough)
        if found.values is None:
            return
        choice = problem.choice_of(found.values)
        seen.append(_other_than(problem, choice))
        yield choice
        linear = limits.linear(found.values[: harm.flows], 1.0 - RESTORE_AIM)


def _other_than(problem: Problem, choice: Choice) -> Rows:
    """Order otherwise. Sum of orders out of the choice - sum of those in it >= 1 - their number [1]."""
    orders = list(zip(problem.orders.facility.tolist(), problem.orders.period.tolist(), strict=True))
    sign = np.array([-1.0 if order in choice else 1.0 for order in orders])
    column = problem.order_offset + np.arange(sign.size)
    terms = (np.zeros(sign.size, dtype=np.int64), column, sign)
    name = "_".join(("other", *(f"{f}_{t}" for f, t in choice)))
    return rows_of(name, [terms], Sense.AT_LEAST, np.array([1.0 - np.sum(sign < 0.0)]), lambda _: name)


def softened(model: Model, rows: Rows, harm: PlanningHarm) -> Model:
    """Return a model with rows that may be broken, the sum of what is missing to be minimised before harm."""
    columns, count = model.columns, len(rows.names)
    slack = np.arange(count)
    soft = with_terms(rows, slack, len(columns.names) + slack, np.ones(count))
    return replace(
        model,
        columns=Columns(
            (*columns.names, *(f"over_{name}" for name in rows.names)),
            np.append(columns.upper, np.full(count, np.inf)),
            np.append(columns.integer, np.zeros(count, dtype=bool)),
        ),
        families=(*model.families, soft),
        cost=np.append(second_cost(model.cost, harm), np.ones(count)),
        constant=0.0,
    )
