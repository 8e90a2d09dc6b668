"""The planning model with slack on what might give way, weighed by how far it stretches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.blocks import fund_alive
from demilsim.optimisation.deadlines import ROUNDING, due_period
from demilsim.optimisation.places import places
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Columns, Rows, Sense, rows_of, with_terms
from demilsim.plan import Floats, Ints

ELASTIC = ("destroy_by", "budget", "permits", "working_days", "worker_risk")
"""Families that may give way."""

NOTHING = 1e-6
"""Share of a group that is not late [1]; solvers allow 1e-7."""


@dataclass(frozen=True)
class Slack:
    """Slack of one family.

    Parameters
    ----------
    column
        Columns, shape (slack,).
    entity, time
        Group, fund or facility that each belongs to, and when, shape (slack,): a knot for dates, 0 for
        permits, else a period.
    """

    column: Ints
    entity: Ints
    time: Ints

    def of(self, entity: int, values: Floats, times: int) -> Floats:
        """Return the slack of a group, fund or facility at each time, shape (time,)."""
        mine = self.entity == entity
        result = np.zeros(times)
        np.add.at(result, self.time[mine], values[self.column[mine]])
        return result


@dataclass(frozen=True)
class Elastic:
    """A model to minimise stretch.

    Parameters
    ----------
    model
        The rows with slack; costs are shares of what there is in all [1].
    slack
        By family.
    due
        Groups with a date, with the last period of it.
    mass_t
        Gross mass of each group [t], shape (group,).
    periods
        Periods of the horizon.
    """

    model: Model
    slack: dict[str, Slack]
    due: tuple[tuple[int, int], ...]
    mass_t: Floats
    periods: int

    def by_period(self, family: str, entity: int, values: Floats) -> Floats:
        """Return the slack of a fund or facility in each period, shape (period,)."""
        return self.slack[family].of(entity, values, self.periods)

    def late_t(self, group: int, values: Floats) -> Floats:
        """Return what should be gone of a group and is not at each knot [t], shape (knot,)."""
        return self.slack["destroy_by"].of(group, values, self.periods + 1)

    def nothing(self, group: int) -> float:
        """Return the tonnes of a group that do not count as late [t]."""
        return NOTHING * float(self.mass_t[group])


def elastic(problem: Problem) -> Elastic:
    """Return the model of a problem in single periods with slack.

    A date has slack at the end of its last period and at every later one: tonnes that are not yet destroyed
    then, so that the date that can be kept is read off. A permit, or a limit on the risk of workers, has one
    slack for all years.
    """
    model = assemble(problem, np.zeros(problem.flows.group.size), 0.0)
    families, slack, cost = list[Rows](), dict[str, Slack](), [model.cost]
    free = len(model.columns.names)
    for rows in model.families:
        if rows.family not in ELASTIC:
            families.append(rows)
            continue
        softened, slack[rows.family], share = _softened(problem, rows, free)
        families.append(softened)
        added = slack[rows.family].column.size
        cost.append(np.full(added, share))
        free += added
    added = free - len(model.columns.names)
    columns = Columns(
        (*model.columns.names, *(f"s{i}" for i in range(added))),
        np.append(model.columns.upper, np.full(added, np.inf)),
        np.append(model.columns.integer, np.zeros(added, dtype=bool)),
    )
    due = due_period(problem)
    return Elastic(
        model=replace(model, columns=columns, families=tuple(families), cost=np.concatenate(cost)),
        slack=slack,
        due=tuple((int(g), int(due[g])) for g in np.flatnonzero(due < problem.scenario.periods)),
        mass_t=problem.groups.mass_t,
        periods=problem.scenario.periods,
    )


def _softened(problem: Problem, rows: Rows, free: int) -> tuple[Rows, Slack, float]:
    """Return rows with slack in columns from a free one on, that slack, and the stretch of its unit [1]."""
    if rows.family == "destroy_by":
        rows, entity, time = _every_later_knot(problem)
        row, sign = np.arange(entity.size), 1.0
        whole = float(problem.groups.mass_t[np.unique(entity)].sum()) * problem.scenario.periods
    else:
        row, entity, time, whole = _slack_of(problem, rows)
        sign = -1.0
    number = np.arange(row.size)
    if rows.family in ("permits", "worker_risk"):
        entity, number = np.unique(entity, return_inverse=True)
        time = np.zeros_like(entity)
    slack = Slack(free + np.arange(entity.size), entity, time)
    softened = with_terms(rows, row, slack.column[number], np.full(row.size, sign))
    return softened, slack, 1.0 / whole if whole > 0.0 else 1.0


def _every_later_knot(problem: Problem) -> tuple[Rows, Ints, Ints]:
    """Return the rows of dates, again for every knot after, with their groups and knots, each (row,).

    Sum over f and periods b before the knot of x[g,f,b] >= W[g], both in gross tonnes: all of it is gone by
    then. A date before the first period ends can only be kept at the start.
    """
    flows, due, knots = problem.flows, due_period(problem), problem.scenario.periods + 1
    dated = due < problem.scenario.periods
    group, knot = np.nonzero(dated[:, None] & (np.arange(knots)[None, :] > due[:, None]))
    batches = [
        (np.full(own.size, g * knots + k, dtype=np.int64), own, np.ones(own.size))
        for g, k in zip(group.tolist(), knot.tolist(), strict=True)
        for own in [np.flatnonzero((flows.group == g) & (flows.block < k))]
    ]
    rhs = np.zeros(problem.groups.count * knots)
    rhs[group * knots + knot] = problem.groups.mass_t[group] * (1.0 - ROUNDING)
    return rows_of("destroy_by", batches, Sense.AT_LEAST, rhs, lambda row: f"due_{row}"), group, knot


def _slack_of(problem: Problem, rows: Rows) -> tuple[Ints, Ints, Ints, float]:
    """Return rows of money, days, permits or risk with slack, entities, times, and what there is in all."""
    scenario, where = problem.scenario, places(problem, rows)
    if rows.family == "budget":
        usable = np.array([fund.use != "emergency" for fund in scenario.funds], dtype=bool)
        kept = (fund_alive(scenario, problem.blocks) & usable[:, None])[where.entity, where.time]
        whole = float(rows.rhs.sum())
    else:
        there = np.array([f.status == "existing" for f in scenario.facilities], dtype=bool)
        days = rows.family == "working_days"
        kept = there[where.entity] if days else np.ones(where.entity.size, dtype=bool)
        whole = float(rows.rhs[kept].sum())
    row = np.flatnonzero(kept)
    return row, where.entity[row], where.time[row], whole
