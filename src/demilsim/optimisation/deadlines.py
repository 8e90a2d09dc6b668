"""Dates by which lots must be destroyed: the one family that asks for work, and can make plans impossible."""

from __future__ import annotations

import numpy as np

from demilsim.optimisation.problem import Problem
from demilsim.optimisation.refused import refuse
from demilsim.optimisation.rows import Rows, Sense, rows_of
from demilsim.plan import Ints
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Lot, LotStatus

ROUNDING = 1e-9
"""Share of a group that counts as nothing, so that its rows of stock and date can both be met [1]."""


def due_period(problem: Problem) -> Ints:
    """Return the last period that ends by the date of each group, shape (group,).

    -1 if none does; the number of periods where there is no date or the group is reserve.
    """
    scenario = problem.scenario
    ends = scenario.period_dates[1:]
    due = np.full(problem.groups.count, scenario.periods, dtype=np.int64)
    for lot, group in zip(scenario.lots, problem.groups.group_of_lot.tolist(), strict=True):
        if has_date(lot):
            due[group] = sum(end <= lot.destroy_by for end in ends if lot.destroy_by) - 1
    return due


def has_date(lot: Lot) -> bool:
    """Return whether a lot must be destroyed by a date."""
    return lot.destroy_by is not None and lot.status is LotStatus.SURPLUS


def refuse_dates(scenario: Scenario, study: str) -> None:
    """Refuse a scenario in which lots have dates, for a study that cannot keep them.

    Parameters
    ----------
    scenario
        The scenario.
    study
        What cannot, as the subject of a sentence.

    Raises
    ------
    StudyError
        If a lot has a date.
    """
    dated = [lot.lot_id for lot in scenario.lots if has_date(lot)]
    refuse(study, "destroy_by", "dates", dated, f"{len(scenario.lots)} lots")


def add_destroy_by(problem: Problem) -> Rows:
    """Destroy all of a group by its date.

    Sum over f and blocks b that begin by then of x[g,f,b] >= W[g], both in gross tonnes. In blocks of years
    that is less than the date asks for; in single periods it is all.
    """
    flows, due = problem.flows, due_period(problem)
    dated = due < problem.scenario.periods
    counted = dated[flows.group] & (problem.blocks.first[flows.block] <= due[flows.group])
    columns = np.flatnonzero(counted)
    terms = (flows.group[columns], columns, np.ones(columns.size))
    rhs = np.where(dated, problem.groups.mass_t * (1.0 - ROUNDING), 0.0)
    return rows_of("destroy_by", [terms], Sense.AT_LEAST, rhs, lambda g: f"due_g{g}")
