"""A lower bound on the exact planning harm of every plan, whatever it commissions and when.

The flows and payments of all plans in single periods, orders in any period and in fractions, form a polytope
that holds every plan; where tranches wait for milestones, fractions of them are released. A convex function
below exact harm is minimised over it. For any slopes of harm, exact harm is at least a linear function of the
flows plus, for each storehouse and knot, the least that harm leaves above those slopes; one LP bounds that.
Slopes are gradients of the convex function along a path of conditional gradients, averaged: the average
bounds better than the last, and its LP gives the direction. Every step has its own valid bound, so it may
stop at any of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from demilsim.optimisation.assemble import Model
from demilsim.optimisation.bound_envelope import envelope_of
from demilsim.optimisation.constraints import FAMILIES, add_cumulative_cuts
from demilsim.optimisation.kept import KeptModel, keep
from demilsim.optimisation.milestones import release_rows
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import over_columns
from demilsim.optimisation.sequential import line_search
from demilsim.plan import Floats

AVERAGE = 3.0
"""Step k of the averaged slopes has weight 3 / (k + 3): the newer, the more, without forgetting [1]."""

LEAST_STEP = 20.0
"""A step takes at least 1 / (k + 20) of the way even where it does not lower the convex function [1].

Its function has edges; standing still on one would repeat the same LP."""

CLOSE = 1e-3
"""Distance between the convex function and its bound, in parts of harm averted, that is close enough [1]."""

ROUNDING = 1e-6
"""Allowance for the tolerances of the LP, in parts of the harm that the linear function averts [1]."""


@dataclass(frozen=True)
class HarmBound:
    """What is known of the least planning harm.

    Parameters
    ----------
    harm
        No plan has less exact planning harm than this [persons].
    convex_harm
        Least value found of the convex function: no bound by this method can be above it [persons].
    steps
        LPs solved.
    problem
        Single periods, with every order as a column.
    flows
        Where the convex function was least, its orders in fractions: a start for plans [t], shape (flow,).
    """

    harm: float
    convex_harm: float
    steps: int
    problem: Problem
    flows: Floats

    def destroyed_t(self) -> Floats:
        """Return the flows [t], shape (group, facility, period)."""
        flows, scenario = self.problem.flows, self.problem.scenario
        result = np.zeros((self.problem.groups.count, len(scenario.facilities), scenario.periods))
        result[flows.group, flows.facility, flows.block] = self.flows
        return result


def bound_harm(problem: Problem, harm: PlanningHarm, max_steps: int) -> HarmBound:
    """Return a lower bound on exact harm over all points of a problem, its integers in fractions.

    Parameters
    ----------
    problem
        In single periods; with every order, for a bound over all plans.
    harm
        Exact planning harm over its flows.
    max_steps
        LPs at most, >= 1.
    """
    search = _Search(problem, harm)
    flows, slopes = np.zeros(harm.flows), np.zeros(0)
    best, least, best_flows = -np.inf, np.inf, flows
    for step in range(max_steps):
        total, new = search.at(flows)
        if total < least:
            least, best_flows = total, flows
        weight = AVERAGE / (step + AVERAGE)
        slopes = new if step == 0 else slopes + weight * (new - slopes)
        bound, vertex = search.bound(slopes)
        best = max(best, bound)
        if least - best <= CLOSE * (harm.do_nothing - least):
            break
        share = line_search(search.along(flows, vertex), total)
        flows = flows + max(share, 1.0 / (step + LEAST_STEP)) * (vertex - flows)
    return HarmBound(best, least, step + 1, problem, best_flows)


class _Search:
    """The convex function, and the LP in a solver."""

    def __init__(self, problem: Problem, harm: PlanningHarm) -> None:
        flows, groups = problem.flows, problem.groups
        first = np.full(groups.count, problem.scenario.periods)
        np.minimum.at(first, flows.group, flows.block)
        self._harm, self._envelope = harm, envelope_of(harm, first)
        # Less than is expected may be held, so that flows can exceed it: harm then stops falling at nothing.
        self._unlikely = groups.likely < 1.0
        self._kept, self._columns = _kept(problem)

    def at(self, flows: Floats) -> tuple[float, Floats]:
        """Return the convex harm of flows [persons] and its slopes, shape (cell, 2)."""
        envelope = self._envelope
        rate, slopes = envelope.rate(*envelope.state(self._harm.remaining_t(flows)))
        accidents = float(self._harm.accident_harm_per_t @ flows)
        return float(envelope.weight_years @ rate) + accidents, slopes

    def along(self, here: Floats, there: Floats) -> Callable[[float], float]:
        """Return the convex harm [persons] as a function of the share of the way between two plans."""
        harm, envelope = self._harm, self._envelope
        rate = envelope.rate_along(*(envelope.state(harm.remaining_t(flows)) for flows in (here, there)))
        first, last = (float(harm.accident_harm_per_t @ flows) for flows in (here, there))
        return lambda share: float(envelope.weight_years @ rate(share)) + first + share * (last - first)

    def bound(self, slopes: Floats) -> tuple[float, Floats]:
        """Return the bound that slopes give [persons], and the flows that are best for them."""
        harm, envelope = self._harm, self._envelope
        per_tonne = envelope.per_tonne(slopes)
        raised = np.where(self._unlikely, np.maximum(per_tonne, 0.0), per_tonne)
        cost = over_columns(harm.per_flow(raised), self._columns)
        values = self._kept.minimise(cost).values
        assert values is not None, "doing nothing satisfies every row"
        vertex = values[: harm.flows]
        averted = float(cost @ values)
        constant = float(envelope.weight_years @ envelope.intercepts(slopes))
        constant += float(np.sum(per_tonne * harm.held_t))
        return constant + averted - ROUNDING * abs(averted), vertex


def _kept(problem: Problem) -> tuple[KeptModel, int]:
    """Return the rows in a solver, without those that only cut off fractions of orders, and the columns."""
    columns = problem.columns
    families = tuple(family(problem) for family in FAMILIES if family is not add_cumulative_cuts)
    cost = np.zeros(len(columns.names))
    return keep(Model(columns, (*families, *release_rows(problem)), cost, 0.0)), cost.size
