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

ELASTIC = ("destroy_by", "budget", "permits", "working_days")
"""Families that may give way."""

NOTHING = 1e-6
"""Share of a group that is not late [1]; solvers allow 1e-7."""


@dataclass(frozen=True)
class Elastic:
    """A model to minimise stretch.

    Parameters
    ----------
    model
        The rows with slack; costs are shares of what there is in all [1].
    slack
        Columns of the slack of each family, shape (slack,).
    entity, time
        What each of them belongs to (group, fund or facility) and when, by family, shape (slack,): a knot for
        dates, else a period, and nothing for permits.
    due
        Groups with a date, with the last period of it.
    mass_t
        Gross mass of each group [t], shape (group,).
    periods
        Periods of the horizon.
    """

    model: Model
    slack: dict[str, Ints]
    entity: dict[str, Ints]
    time: dict[str, Ints]
    due: tuple[tuple[int, int], ...]
    mass_t: Floats
    periods: int

    def by_period(self, family: str, entity: int, values: Floats) -> Floats:
        """Return the slack of a fund or facility in each period, shape (period,)."""
        return self._by_time(family, entity, values, self.periods)

    def late_t(self, group: int, values: Floats) -> Floats:
        """Return what should be gone of a group and is not at each knot [t], shape (knot,)."""
        return self._by_time("destroy_by", group, values, self.periods + 1)

    def _by_time(self, family: str, entity: int, values: Floats, times: int) -> Floats:
        result = np.zeros(times)
        mine = self.entity[family] == entity
        np.add.at(result, self.time[family][mine], values[self.slack[family][mine]])
        return result

    def nothing(self, group: int) -> float:
        """Return the tonnes of a group that do not count as late [t]."""
        return NOTHING * float(self.mass_t[group])


def elastic(problem: Problem) -> Elastic:
    """Return the model of a problem in single periods with slack.

    A date has slack at the end of its last period and at every later one: tonnes that are not yet destroyed
    then, so that the date that can be kept is read off. A permit has one slack for all years.
    """
    model = assemble(problem, np.zeros(problem.flows.group.size), 0.0)
    first = len(model.columns.names)
    families, cost = [], []
    slack: dict[str, Ints] = {}
    entity: dict[str, Ints] = {}
    time: dict[str, Ints] = {}
    for rows in model.families:
        if rows.family not in ELASTIC:
            families.append(rows)
            continue
        if rows.family == "destroy_by":
            rows, own, when = _every_later_knot(problem)
            row, sign = np.arange(own.size), 1.0
            whole = float(problem.groups.mass_t[np.unique(own)].sum()) * problem.scenario.periods
        else:
            row, own, when, whole = _slack_of(problem, rows)
            sign = -1.0
        if rows.family == "permits":
            owners, number = np.unique(own, return_inverse=True)
        else:
            owners, number = own, np.arange(own.size)
        column = first + number
        families.append(with_terms(rows, row, column, np.full(row.size, sign)))
        slack[rows.family] = first + np.arange(owners.size)
        entity[rows.family] = owners
        time[rows.family] = when[: owners.size]
        cost.append(np.full(owners.size, 1.0 / whole if whole > 0.0 else 1.0))
        first += owners.size
    added = np.concatenate(cost) if cost else np.empty(0)
    columns = Columns(
        (*model.columns.names, *(f"s{i}" for i in range(added.size))),
        np.concatenate([model.columns.upper, np.full(added.size, np.inf)]),
        np.concatenate([model.columns.integer, np.zeros(added.size, dtype=bool)]),
    )
    due = due_period(problem)
    dated = tuple((int(g), int(due[g])) for g in np.flatnonzero(due < problem.scenario.periods))
    return Elastic(
        replace(model, columns=columns, families=tuple(families), cost=np.concatenate([model.cost, added])),
        slack,
        entity,
        time,
        dated,
        problem.groups.mass_t,
        problem.scenario.periods,
    )


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
    """Return rows of money, days or permits that have slack, entities, times, and what there is in all."""
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
