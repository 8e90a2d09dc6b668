"""What would have to give way for all limits on risk to be kept: limits, dates, money, permits or days."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np

from demilsim.optimisation.elastic import Elastic, elastic
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import RESTORE_AIM
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.relaxations import Relaxation, Way, way_of
from demilsim.optimisation.risk_attempt import Attempt
from demilsim.optimisation.risk_limits import risk_limits
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats

ROUNDS = 4
"""Linear programs at most, each on risk made linear where the one before ended."""

CHOICE_GAP = 0.05
"""Gap at which MILPs stop that only propose commissionings, which are tried [1]."""

GIVING = ("budget", "permits", "working_days", "worker_risk")
"""Families of which more might let the limits be kept."""

DIGITS = 2
"""Significant digits to which a limit that could be kept is rounded up."""


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
