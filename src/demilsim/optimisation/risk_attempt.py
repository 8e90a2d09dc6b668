"""How near a plan comes to all limits on risk under given commissionings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import RESTORE_AIM, restored
from demilsim.optimisation.objective import emptied_path_t, planning_harm
from demilsim.optimisation.risk_limits import RiskLimits, risk_limits
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats


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
