"""Least cost to reach a harm: the budget turned round, for fixed commissionings, on exact harm.

A plan that reaches the target is made cheaper step by step. Each step asks a linear program for the cheapest
plan whose harm, made linear here, reaches the target, and goes that way as far as exact harm still does:
every point between two plans is a plan, and cost is linear between them, so that cost falls with each step
and the target is kept. Harm is not convex, so that the result is a local optimum. Limits on risk that the
start keeps are kept, as in `limited_search`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from demilsim.errors import SolverError
from demilsim.optimisation.assemble import cost_scale
from demilsim.optimisation.bridge import check, run_kept
from demilsim.optimisation.candidates import Search
from demilsim.optimisation.highs import highs_status, silent_stdout
from demilsim.optimisation.kept import pass_model
from demilsim.optimisation.limited_model import exchange_rows
from demilsim.optimisation.limited_search import AIM, AIM_OF_RADIUS
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t
from demilsim.optimisation.payments import exactly_paid, payment_cost
from demilsim.optimisation.problem import USD_PER_KUSD, Problem
from demilsim.optimisation.rows import Rows, Sense, rows_of
from demilsim.optimisation.status import PlanStatus
from demilsim.plan import Floats

SMALL_DECREASE = 1e-5
"""Decrease of cost in one step, relative to the cost, below which the search stops."""

LAST_RADIUS, RADIUS_FACTOR, SHORT_STEP = 1e-3, 3.0, 0.5
"""Radius below which it stops, by what it is divided after a short step, and what is short [1]."""

GRID, BISECTIONS = 8, 40
"""Equal parts of the way that are looked at, and halvings of the part in which harm passes the target."""

MOST_STEPS = 60
"""Steps from one start at which it stops."""

SMALLEST_SHARE = 1e-6
"""Destruction of one period that counts as none, as a share of all stock: rounding of the solver [1]."""

LINEAR_HALVINGS = 12
"""Halvings of linear harm in the search for a start."""

ROUNDING = 1e-12
"""Difference of exact harm summed in another order, as a share of that of doing nothing [1]."""


@dataclass(frozen=True)
class CheapPlan:
    """A plan that reaches a harm.

    Parameters
    ----------
    values
        The point, shape (column,).
    harm
        Exact planning harm [persons], at most the target.
    cost_usd
        What its work, commissionings and moves cost [USD].
    steps
        Steps that it took.
    """

    values: Floats
    harm: float
    cost_usd: float
    steps: int


class Cheapener:
    """The rows of a search with one more, harm made linear, kept in HiGHS for all targets.

    Parameters
    ----------
    search
        A search of exact harm, at a plan of little harm.
    """

    def __init__(self, search: Search) -> None:
        self._search, self._harm = search, search.harm
        self._emptied = search.harm.linearised(emptied_path_t(search.harm.held_t))
        columns = search.model.columns
        self._upper = columns.upper
        self._cost = payment_cost(search.problem)
        flows = np.arange(search.harm.flows)
        row = Rows(
            "target", ("target",), np.zeros(flows.size, dtype=np.int64), flows, np.ones(flows.size),
            Sense.AT_MOST, np.zeros(1),
        )  # fmt: skip
        model = replace(
            search.model, families=(*search.model.families, row), cost=cost_scale(self._cost) * self._cost
        )
        self._row = model.rows - 1
        self._limits = None if search.limited is None else search.limited.limits
        with silent_stdout():
            self._highs = pass_model(model)

    def cheapest(self, target: float, starts: Sequence[Floats] = ()) -> CheapPlan | None:
        """Return the cheapest plan found that reaches a target; None if the search's own plan does not.

        The search's own plan is one start; two more are cheapest for linear harm.

        Parameters
        ----------
        target
            Planning harm to reach [persons].
        starts
            Further plans, shape (column,).
        """
        linear = (self.linear_start(cost, target) for cost in (self._search.flow_cost, self._emptied))
        points = [self._search.descent.values, *starts, *(point for point in linear if point is not None)]
        found = [plan for point in points if (plan := self.cheapen(point, target)) is not None]
        return min(found, key=lambda plan: plan.cost_usd) if found else None

    def cheapen(self, start: Floats, target: float, max_steps: int = MOST_STEPS) -> CheapPlan | None:
        """Return a plan that reaches the target and is no dearer than the start; None if the start does not.

        Parameters
        ----------
        start
            A plan, shape (column,).
        target
            Planning harm to reach [persons].
        max_steps
            Highest number of steps, >= 0.
        """
        # Steps go part of the way: money that the start wastes would stay in the cost of where they end.
        values, flows = exactly_paid(self._search.problem, start), self._harm.flows
        harm = self._harm.total(values[:flows])
        if harm > target or (self._limits is not None and self._limits.excess(values[:flows]) > 0.0):
            return None
        radius, steps = np.inf, 0
        while steps < max_steps and radius > LAST_RADIUS:
            steps += 1
            there = self._cheapest(values, harm, target, radius)
            share = self._share(values, there, target)
            following = values + share * (there - values)
            saved = float(self._cost @ (values - following))
            if saved > 0.0:
                values, harm = following, self._harm.total(following[:flows])
            if share < SHORT_STEP:
                radius = min(radius, 1.0) / RADIUS_FACTOR
            elif saved <= SMALL_DECREASE * float(self._cost @ values):
                break
        return CheapPlan(values, harm, USD_PER_KUSD * float(self._cost @ values), steps)

    def linear_start(self, flow_cost: Floats, target: float) -> Floats | None:
        """Return the cheapest plan for linear harm, as little of it as exact harm reaches the target with.

        Another start: it may empty other storehouses than the plan of least harm.

        Parameters
        ----------
        flow_cost
            Linear harm of the flows [persons/t], shape (flow,).
        target
            Planning harm to reach [persons].
        """
        flows, nothing = self._harm.flows, self._harm.do_nothing
        bounds = np.zeros(self._upper.size), self._upper
        if self._limits is not None:
            # Rows of the last step are linear elsewhere.
            exchange_rows(self._highs, self._row + 1, rows_of("risk", [], Sense.AT_LEAST, np.empty(0), str))
        low, high, found = 0.0, float(np.maximum(-flow_cost, 0.0) @ self._harm.most_t), None
        for _ in range(LINEAR_HALVINGS):
            middle = 0.5 * (low + high)
            values = self._solve(flow_cost, -middle, *bounds)
            if (
                values is not None
                and self._harm.total(values[:flows]) <= target - ROUNDING * nothing
                and (self._limits is None or self._limits.excess(values[:flows]) == 0.0)
            ):
                found, high = values, middle
            elif values is None:
                high = middle
            else:
                low = middle
        return found

    def _cheapest(self, values: Floats, harm: float, target: float, radius: float) -> Floats:
        """Return the cheapest plan whose harm, made linear here, reaches the target."""
        flows = self._harm.flows
        here = values[:flows]
        _, gradient = self._harm.total_and_gradient(here)
        limit = target - harm + float(gradient @ here)
        lower, upper = np.zeros(values.size), self._upper.copy()
        if np.isfinite(radius):
            lower[:flows] = np.maximum(here - radius * self._harm.most_t, 0.0)
            upper[:flows] = np.minimum(here + radius * self._harm.most_t, upper[:flows])
        if self._limits is None:
            there = self._solve(gradient, limit, lower, upper)
            if there is None:
                raise SolverError("the cheapest plan near one that exists was not found: expected one")
            return there
        aim = AIM if not np.isfinite(radius) else min(AIM, AIM_OF_RADIUS * radius)
        for asked in (1.0 - aim, 1.0):
            exchange_rows(self._highs, self._row + 1, self._limits.add_risk(here, asked))
            there = self._solve(gradient, limit, lower, upper)
            if there is not None:
                return there
        return values

    def _solve(self, gradient: Floats, limit: float, lower: Floats, upper: Floats) -> Floats | None:
        """Return the cheapest plan with at most some linear harm; None if there is none."""
        scale = cost_scale(gradient)
        columns = np.arange(lower.size, dtype=np.int32)
        with silent_stdout():
            for column, coefficient in enumerate((scale * gradient).tolist()):
                check(self._highs.changeCoeff(self._row, column, coefficient), "coefficient")
            check(self._highs.changeRowBounds(self._row, -np.inf, scale * limit), "row")
            check(self._highs.changeColsBounds(columns.size, columns, lower, upper), "bounds")
            run_kept(self._highs)
        if highs_status(self._highs) is not PlanStatus.OPTIMAL:
            return None
        return np.array(self._highs.getSolution().col_value)

    def _share(self, here: Floats, there: Floats, target: float) -> float:
        """Return the largest share of the way found at which exact harm reaches the target [1]."""
        target -= ROUNDING * self._harm.do_nothing
        flows = self._harm.flows
        harm = self._harm.along(here[:flows], there[:flows])
        excess = None if self._limits is None else self._limits.excess_along(here[:flows], there[:flows])

        def value(share: float) -> float:
            return np.inf if excess is not None and excess(share) > 0.0 else harm(share)

        reached = [share for share in np.linspace(0.0, 1.0, GRID + 1)[1:].tolist() if value(share) <= target]
        low = reached[-1] if reached else 0.0
        if low == 1.0:
            return 1.0
        high = low + 1.0 / GRID
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if value(middle) <= target else (low, middle)
        return low


def clearance_period(harm: PlanningHarm, problem: Problem, values: Floats) -> int:
    """Return the last period in which anything is destroyed; -1 if nothing is."""
    amounts = values[: harm.flows]
    by_period = np.bincount(problem.flows.block, amounts, minlength=problem.blocks.count)
    used = np.flatnonzero(by_period > SMALLEST_SHARE * problem.groups.mass_t.sum())
    return int(used[-1]) if used.size else -1
