"""A plan that keeps all limits on risk, with its commissionings; or what would have to give way.

Found by bringing the sum of what is above the limits to nothing, first without commissionings, then with
those of a MILP on risk made linear. Limits are not convex: where no plan is found, one may exist all the
same; the message says which is known.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from demilsim.errors import InfeasibleError
from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.elastic import Elastic, elastic
from demilsim.optimisation.limited_model import LimitedModel, second_cost
from demilsim.optimisation.limited_search import RESTORE_AIM, restored
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t, planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.relaxations import Relaxation, Way, told, way_of
from demilsim.optimisation.risk_limits import RiskLimits, risk_limits
from demilsim.optimisation.rows import Columns, Rows, Sense, rows_of, with_terms
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats

ROUNDS = 4
"""MILPs at most, each on risk made linear where the one before ended."""

CHOICE_GAP = 0.05
"""Gap at which these stop [1]: they only propose commissionings, which are tried."""

GIVING = ("budget", "permits", "working_days", "worker_risk")
"""Families of which more might let the limits be kept."""

DIGITS = 2
"""Significant digits to which a limit that could be kept is rounded up."""


@dataclass(frozen=True)
class Attempt:
    """Where the search for a plan within the limits came to under some commissionings.

    Parameters
    ----------
    choice
        The commissionings.
    destroyed_t
        What the plan destroys [t], shape (group, facility, period).
    excess
        Sum of what is above the limits, in parts of each [1]; 0 if all are kept.
    shares
        Risk in parts of each limit that doing nothing breaks [1], shape (row,).
    limits
        Those limits.
    """

    choice: Choice
    destroyed_t: Floats
    excess: float
    shares: Floats
    limits: RiskLimits


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


def attempt(task: Task, choice: Choice) -> Attempt | None:
    """Return where the search comes to under some commissionings; None if they or dates cannot be had."""
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    limits = risk_limits(problem, harm, task.risk)
    assert limits is not None, "only asked where doing nothing breaks a limit"
    cost = harm.linearised(emptied_path_t(harm.held_t))
    model = LimitedModel(assemble(problem, cost, harm.do_nothing), limits)
    start = model.least_excess(limits.mean(1.0 - RESTORE_AIM))
    if start is None:
        return None
    values, excess = restored(model, harm, start)
    flows, columns = problem.flows, values[: harm.flows]
    destroyed = np.zeros(task.shape)
    destroyed[flows.group, flows.facility, flows.block] = columns
    return Attempt(choice, destroyed, excess, limits.shares(columns), limits)


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


def risk_ways(task: Task, best: Attempt, options: SolveOptions) -> tuple[Way, ...]:
    """Return what would have to give way for the limits to be kept, limits themselves first.

    Parameters
    ----------
    task
        The task.
    best
        The attempt that comes nearest.
    options
        How to solve.

    Returns
    -------
    tuple of Way
        Higher limits; later dates from which they hold, if that is enough; and the smallest sets of more
        money, permits and working days with which a plan was found.
    """
    ways = [Way(("risk",), best.excess, best.choice, tuple(_higher(best)))]
    later = tuple(_later(best))
    if later:
        ways.append(Way(("risk",), best.excess, best.choice, later))
    if best.limits.beyond_reach:
        return tuple(ways)
    rough = replace(options, gap_averted=max(options.gap_averted, CHOICE_GAP))
    choices = (best.choice, *_choices_with_more(task, rough))
    more = [_More(task, choice, best) for choice in dict.fromkeys(choices)]
    if _way_with(more, GIVING) is None:
        return tuple(ways)
    for size in range(1, len(GIVING) + 1):
        sets = combinations(GIVING, size)
        found = [way for families in sets if (way := _way_with(more, families)) is not None]
        if found:
            return (*ways, *sorted(found, key=lambda way: way.stretch))
    return tuple(ways)


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


class _More:
    """Some commissionings with more money, days and permits than there are, as far as limits on risk need.

    Parameters
    ----------
    task, choice
        Scenario in groups, and the commissionings.
    best
        The attempt that comes nearest, around which risk is made linear as well.
    """

    def __init__(self, task: Task, choice: Choice, best: Attempt) -> None:
        self._choice, self._problem = choice, task.problem(choice)
        harm = planning_harm(self._problem, task.stock)
        limits = risk_limits(self._problem, harm, task.risk)
        assert limits is not None, "only asked where doing nothing breaks a limit"
        self._loose = elastic(self._problem)
        self._model = LimitedModel(self._loose.model, limits)
        flows = self._problem.flows
        here = best.destroyed_t[flows.group, flows.facility, flows.block]
        self._begin = (limits.mean(1.0 - RESTORE_AIM), limits.linear(here, 1.0 - RESTORE_AIM))

    def way(self, families: tuple[str, ...]) -> Way | None:
        """Return the least stretch found of some families that keeps the limits; None if none was."""
        cost, upper = self._loose.model.cost, _upper(self._loose, families)
        limits = self._model.limits
        for linear in self._begin:
            for _ in range(ROUNDS):
                values = self._model.best(cost, linear, (np.zeros(upper.size), upper))
                if values is None:
                    break
                there = values[: limits.harm.flows]
                if limits.excess(there) == 0.0:
                    found = way_of(self._problem, self._loose, families, values)
                    return replace(found, choice=self._choice)
                linear = limits.linear(there, 1.0 - RESTORE_AIM)
        return None


def _way_with(more: list[_More], families: tuple[str, ...]) -> Way | None:
    """Return the way of the first commissionings that have one with some families; None if none has."""
    return next((way for each in more if (way := each.way(families)) is not None), None)


def _choices_with_more(task: Task, options: SolveOptions) -> Iterator[Choice]:
    """Yield the commissionings of MILPs in years with more of all that might give way, and of money alone."""
    problem = task.yearly_problem()
    if not problem.orders.facility.size:
        return
    harm = planning_harm(problem, task.stock)
    limits = risk_limits(problem, harm, task.risk)
    assert limits is not None, "only asked where doing nothing breaks a limit"
    loose, linear = elastic(problem), limits.mean(1.0 - RESTORE_AIM)
    # More money may come in time: within a year, that of its periods does not bind.
    families = tuple(rows for rows in loose.model.families if rows.family != "commitments")
    model = replace(loose.model, families=families)
    limited = LimitedModel(model, limits)
    for giving in (GIVING, ("budget",)):
        upper = _upper(loose, giving)
        if limited.best(model.cost, linear, (np.zeros(upper.size), upper)) is None:
            continue
        binding = linear.rows(limited.binding)
        columns = replace(model.columns, upper=upper)
        found = solve(replace(model, columns=columns, families=(*families, binding)), options)
        if found.values is not None:
            yield problem.choice_of(found.values)


def _upper(loose: Elastic, families: tuple[str, ...]) -> Floats:
    """Return upper bounds of the columns, shape (column,), with slack in some families only."""
    upper = loose.model.columns.upper.copy()
    for family, slack in loose.slack.items():
        if family not in families:
            upper[slack.column] = 0.0
    return upper


def _higher(best: Attempt) -> Iterator[Relaxation]:
    """Yield the limits that the nearest plan breaks, as high as it could keep them."""
    limits, people = best.limits, best.limits.problem.scenario.exposed_sites
    for e in np.unique(limits.group[best.shares > 1.0]).tolist():
        group = people[limits.limited.exposed[e]]
        now = group.risk_limit_per_year or 0.0
        needed = _up(now * float(best.shares[limits.group == e].max()) / (1.0 - RESTORE_AIM))
        words = f"the risk limit of {group.exposed_site_id} were {needed:g} a year instead of {now:g}"
        yield Relaxation("risk", group.exposed_site_id, (needed,), None, words)


def _later(best: Attempt) -> Iterator[Relaxation]:
    """Yield the limits that the nearest plan breaks, with dates from which it keeps them; none if not all."""
    limits = best.limits
    scenario = limits.problem.scenario
    broken = best.shares > 1.0
    if np.any(broken & (limits.knot == scenario.periods)):
        return
    for e in np.unique(limits.group[broken]).tolist():
        group = scenario.exposed_sites[limits.limited.exposed[e]]
        first = int(limits.knot[broken & (limits.group == e)].max()) + 1
        words = f"the risk limit of {group.exposed_site_id} held only from {scenario.period_dates[first]}"
        yield Relaxation("risk", group.exposed_site_id, (), first, words)


def _up(value: float) -> float:
    """Return a number rounded up to `DIGITS` significant digits."""
    step = 10.0 ** (math.floor(math.log10(value)) - DIGITS + 1)
    return math.ceil(value / step) * step
