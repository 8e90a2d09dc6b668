"""Which fund or facility a row belongs to, and which block or year: prices and slack are told for these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.optimisation.constraints import PREFIXES
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows
from demilsim.plan import Ints


@dataclass(frozen=True)
class Places:
    """Fund or facility, and block or year, of the rows of one family.

    Parameters
    ----------
    ids
        Of all funds, or of all facilities.
    times
        Labels of all blocks, or of all years.
    entity, time
        Of each row, as indices of these, shape (row,).
    """

    ids: tuple[str, ...]
    times: tuple[str, ...]
    entity: Ints
    time: Ints


def places(problem: Problem, rows: Rows) -> Places:
    """Return the places of the rows of ``budget``, ``working_days``, ``permits`` or ``worker_risk``."""
    scenario, blocks = problem.scenario, problem.blocks
    if rows.family == "budget":
        ids, labels = tuple(fund.fund_id for fund in scenario.funds), problem.fund_labels
    else:
        ids, labels = tuple(plant.facility_id for plant in scenario.facilities), problem.facility_labels
    by_year = rows.family in ("permits", "worker_risk")
    times = tuple(str(year) for year in np.unique(blocks.year)) if by_year else blocks.labels
    prefix = PREFIXES[rows.family]
    place = {f"{prefix}_{e}_{t}": (i, j) for i, e in enumerate(labels) for j, t in enumerate(times)}
    entity, time = np.array([place[name] for name in rows.names], dtype=np.int64).reshape(-1, 2).T
    return Places(ids, times, entity, time)
