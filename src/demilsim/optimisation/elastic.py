"""The planning model with slack on what might give way, weighed by how far it stretches."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.blocks import fund_alive
from demilsim.optimisation.deadlines import ROUNDING, due_period
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
    entity, period
        What each of them belongs to (group, fund or facility) and when, by family, shape (slack,).
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
    period: dict[str, Ints]
    due: tuple[tuple[int, int], ...]
    mass_t: Floats
    periods: int

    def by_period(self, family: str, entity: int, values: Floats) -> Floats:
        """Return the slack of a group, fund or facility in each period, shape (period,)."""
        result = np.zeros(self.periods)
        mine = self.entity[family] == entity
        np.add.at(result, self.period[family][mine], values[self.slack[family][mine]])
        return result

    def nothing(self, group: int) -> float:
        """Return the tonnes of a group that do not count as late [t]."""
        return NOTHING * float(self.mass_t[group])


def elastic(problem: Problem) -> Elastic:
    """Return the model of a problem in single periods with slack.

    A date has slack in its last period and every later one: tonnes that are not yet destroyed then, so that
    the date that can be kept is read off. A permit has one slack for all years.
    """
    model = assemble(problem, np.zeros(problem.flows.group.size), 0.0)
    first = len(model.columns.names)
    families, cost = [], []
    slack: dict[str, Ints] = {}
    entity: dict[str, Ints] = {}
    period: dict[str, Ints] = {}
    for rows in model.families:
        if rows.family not in ELASTIC:
            families.append(rows)
            continue
        if rows.family == "destroy_by":
            rows = _every_later_period(problem)
        row, own, when, whole, sign = _slack_of(problem, rows)
        if rows.family == "permits":
            owners, number = np.unique(own, return_inverse=True)
        else:
            owners, number = own, np.arange(own.size)
        column = first + number
        families.append(with_terms(rows, row, column, np.full(row.size, sign)))
        slack[rows.family] = first + np.arange(owners.size)
        entity[rows.family] = owners
        period[rows.family] = when[: owners.size]
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
        period,
        dated,
        problem.groups.mass_t,
        problem.scenario.periods,
    )


def _every_later_period(problem: Problem) -> Rows:
    """Return the rows of dates, again for every period after: all of a group is gone by then."""
    flows, due, periods = problem.flows, due_period(problem), problem.scenario.periods
    group, period = np.nonzero(np.arange(periods)[None, :] >= np.maximum(due, 0)[:, None])
    dated = due[group] < periods
    group, period = group[dated], period[dated]
    batches = [
        (np.full(own.size, g * periods + t, dtype=np.int64), own, np.ones(own.size))
        for g, t in zip(group.tolist(), period.tolist(), strict=True)
        for own in [np.flatnonzero((flows.group == g) & (flows.block <= min(t, _last(due, g, t))))]
    ]
    rhs = np.zeros(problem.groups.count * periods)
    rhs[group * periods + period] = problem.groups.mass_t[group] * (1.0 - ROUNDING)
    return rows_of("destroy_by", batches, Sense.AT_LEAST, rhs, lambda row: f"due_{row}")


def _last(due: Ints, group: int, period: int) -> int:
    """Return the last period that counts for a row: none for a date before the first period ends."""
    return -1 if due[group] < 0 and period == 0 else period


def _slack_of(problem: Problem, rows: Rows) -> tuple[Ints, Ints, Ints, float, float]:
    """Return rows with slack, their entities and periods, what there is in all, and the slack's sign."""
    scenario, blocks = problem.scenario, problem.blocks
    if rows.family == "destroy_by":
        key = np.array([int(name.removeprefix("due_")) for name in rows.names], dtype=np.int64)
        group, period = np.divmod(key, scenario.periods)
        dated = np.unique(group)
        whole = float(problem.groups.mass_t[dated].sum()) * scenario.periods
        return np.arange(key.size), group, period, whole, 1.0
    budget = rows.family == "budget"
    labels = problem.fund_labels if budget else problem.facility_labels
    prefix = {"budget": "budget", "working_days": "days", "permits": "permit"}[rows.family]
    times = blocks.labels if rows.family != "permits" else tuple(str(y) for y in np.unique(blocks.year))
    place = {f"{prefix}_{e}_{t}": (i, j) for i, e in enumerate(labels) for j, t in enumerate(times)}
    own, when = np.array([place[name] for name in rows.names], dtype=np.int64).reshape(-1, 2).T
    if budget:
        usable = np.array([fund.use != "emergency" for fund in scenario.funds], dtype=bool)
        kept = (fund_alive(scenario, blocks) & usable[:, None])[own, when]
        whole = float(rows.rhs.sum())
    else:
        there = np.array([f.status == "existing" for f in scenario.facilities], dtype=bool)
        kept = there[own] if rows.family == "working_days" else np.ones(own.size, dtype=bool)
        whole = float(rows.rhs[kept].sum())
    row = np.flatnonzero(kept)
    return row, own[row], when[row], whole, -1.0
