"""Which tranches a plan should release, and when: a few choices for given commissionings.

Each is then kept like the commissionings, so that the flows that are possible stay a polytope.
"""

from __future__ import annotations

import numpy as np

from demilsim.model.money import NO_FUND
from demilsim.optimisation.assemble import assemble
from demilsim.optimisation.objective import planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.release_columns import SPARE_T
from demilsim.optimisation.releases import Releases, waiting_tranches
from demilsim.optimisation.solve import SolveOptions, solve
from demilsim.optimisation.task import Choice, Task
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario

GAP_AVERTED = 1e-3
"""Gap of the MILP that chooses releases, as a share of the harm averted [1]."""


def release_patterns(
    task: Task, choice: Choice, path_t: Floats, plan_t: Floats | None = None
) -> tuple[Releases, ...]:
    """Return choices of releases to search from: the best for linear harm, those of a plan, and none.

    Parameters
    ----------
    task
        A task in which tranches wait for milestones.
    choice
        The commissionings.
    path_t
        Path along which harm is made linear [t], shape (knot, group).
    plan_t
        What a plan destroys [t], shape (group, facility, period): what it releases by tonnes.
    """
    problem = task.open_problem(choice)
    harm = planning_harm(problem, task.stock)
    model = assemble(problem, harm.linearised(path_t), harm.do_nothing)
    found = solve(model, SolveOptions(gap_averted=GAP_AVERTED))
    best = (problem.releases_of(found.values) if found.values is not None else None) or ()
    # Spending is known exactly only once releases are fixed: what asks for it may prove impossible.
    by_tonnes = tuple(release for release in best if release[0] in _waiting_for_tonnes(task.scenario))
    patterns = [best, by_tonnes, () if plan_t is None else released_by(task, plan_t), ()]
    return tuple(dict.fromkeys(patterns))


def _waiting_for_tonnes(scenario: Scenario) -> set[str]:
    """Return the ids of tranches that wait for tonnes alone."""
    return {t.tranche_id for t in scenario.tranches if t.milestone_destroyed_t and not t.milestone_fund}


def released_by(task: Task, destroyed_t: Floats) -> Releases:
    """Return what a plan releases by tonnes alone, as early as it does.

    Parameters
    ----------
    task
        A task in which tranches wait for milestones.
    destroyed_t
        What the plan destroys [t], shape (group, facility, period).
    """
    waiting = waiting_tranches(task.scenario, task.coefficients)
    assert waiting is not None, "only asked where tranches wait"
    before = np.concatenate([[0.0], np.cumsum(destroyed_t.sum(axis=(0, 1)))[:-1]])
    found = []
    for j, name in enumerate(waiting.ids):
        met = (before >= waiting.needed_t[j] + SPARE_T) & (waiting.at_release_usd[j] > 0.0)
        if waiting.spent_fund[j] == NO_FUND and met.any():
            found.append((name, int(np.argmax(met))))
    return tuple(found)


def release_note(problem: Problem) -> str:
    """Return what a plan releases, in a sentence."""
    choice, dates = problem.released, problem.scenario.period_dates
    assert choice is not None, "only told where tranches wait"
    assert choice.fixed is not None, "a plan's releases are fixed"
    released = dict(choice.fixed)
    told = [f"{name} from {dates[released[name]]} on" for name in choice.waiting.ids if name in released]
    left = [name for name in choice.waiting.ids if name not in released]
    parts = [f"releases {', '.join(told)}"] if told else []
    parts += [f"does not count on {', '.join(left)}"] if left else []
    return f"milestones: the plan {' and '.join(parts)}"
