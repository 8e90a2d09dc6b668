"""The linear plan around an optimised one: its rows, and its exact harm made linear where it stands.

Commissionings are fixed, and so are releases of tranches and moves of mobile plant. Duals at this point are
what one more unit of a limit is worth to the plan.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.assemble import Model, assemble
from demilsim.optimisation.candidates import SMALLEST_FLOW_T
from demilsim.optimisation.duals import PricedLp, priced
from demilsim.optimisation.limited_model import LimitedModel
from demilsim.optimisation.limited_search import polish_within, restored
from demilsim.optimisation.measure_choice import Taken
from demilsim.optimisation.objective import PlanningHarm, planning_harm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.risk_limits import RiskLimits, risk_limits
from demilsim.optimisation.rows import over_columns
from demilsim.optimisation.sequential import largest_part, polish
from demilsim.optimisation.task import Choice, Task, make_task
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.scenario.scenario import Scenario

SETTLING_STEPS = 8
"""Limited steps at most by which a plan is settled before it is priced."""


@dataclass(frozen=True)
class PlanModel:
    """An optimised plan with the linear program of which it is the optimum.

    Parameters
    ----------
    task, choice
        Scenario in groups; commissionings, which stay.
    problem, harm
        Columns in single periods, and their exact harm.
    model
        Rows, and as costs the gradient of exact harm at the plan [persons/t].
    lp
        The rows in a solver.
    values
        The plan, shape (column,).
    total
        Its exact planning harm [persons].
    limits
        Limits on risk, whose rows are linear at the plan; None where doing nothing keeps them.
    """

    task: Task
    choice: Choice
    problem: Problem
    harm: PlanningHarm
    model: Model
    lp: PricedLp
    values: Floats
    total: float
    limits: RiskLimits | None = None

    @property
    def flows(self) -> Floats:
        """Tonnes of each flow of the plan [t], shape (flow,)."""
        return self.values[: self.harm.flows]

    @property
    def averted(self) -> float:
        """Planning harm averted against doing nothing [persons]."""
        return self.harm.do_nothing - self.total

    @property
    def row_names(self) -> tuple[str, ...]:
        """Names of the rows in order."""
        return tuple(name for family in self.model.families for name in family.names)


def plan_model(
    scenario: Scenario, coefficients: PlanningCoefficients, result: PlanResult, solver: str | None = None
) -> PlanModel:
    """Return the linear plan around the result of an optimisation, settled by a few limited steps.

    Parameters
    ----------
    scenario, coefficients
        Those that were optimised.
    result
        The plan.
    solver
        As in `priced`.

    Raises
    ------
    SolverError
        If no solver tells duals.
    """
    task = replace(make_task(scenario, coefficients), releases=result.releases, tours=result.tours)
    if result.measures_paid_usd is not None:
        task = Taken(result.measures, result.measures_paid_usd).applied(task)
    wanted = result.flows.destroyed_t(task.shape)
    return model_around(task, task.choice_of(result.commissionings), wanted, solver)


def model_around(task: Task, choice: Choice, wanted_t: Floats, solver: str | None = None) -> PlanModel:
    """Return the linear plan around given tonnes, shape (group, facility, period), as far as they fit."""
    problem = task.problem(choice)
    harm = planning_harm(problem, task.stock)
    rows = assemble(problem, np.zeros(harm.flows), harm.do_nothing)
    lp = priced(rows, solver)
    flows, limits = problem.flows, risk_limits(problem, harm, task.risk)
    # A little more than was wanted, since what was wanted is rounded and dates ask for all of a group.
    wanted = wanted_t[flows.group, flows.facility, flows.block] + SMALLEST_FLOW_T
    start = largest_part(lp, wanted, rows.columns.upper)
    assert start is not None, "the commissionings of a plan that was optimised can be paid"
    if limits is None:
        values = polish(lp, harm, start, SETTLING_STEPS).values
    else:
        limited = LimitedModel(rows, limits)
        start, excess = restored(limited, harm, start)
        assert excess == 0.0, "a plan that was optimised keeps the limits on risk"
        values = polish_within(limited, harm, start, SETTLING_STEPS).values
        rows = replace(rows, families=(*rows.families, limits.add_risk(values[: harm.flows])))
        lp = priced(rows, solver)
    total, gradient = harm.total_and_gradient(values[: harm.flows])
    around = replace(rows, cost=over_columns(gradient, values.size))
    return PlanModel(task, choice, problem, harm, around, lp, values, total, limits)
