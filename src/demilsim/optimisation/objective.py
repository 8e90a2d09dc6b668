"""Planning harm as a function of flows: exact with its gradient, and made linear along a path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from demilsim.model.harm import StockHarm
from demilsim.optimisation.problem import Problem
from demilsim.plan import Floats


@dataclass(frozen=True)
class PlanningHarm:
    """Harm of the stock that flows leave, plus accidents that they cause [weighted persons].

    Parameters
    ----------
    stock
        Harm over groups, with simulated harm factors.
    held_t
        What is in store of each group at each knot if nothing leaves [t], shape (knot, group).
    spread
        Share of a flow that falls into each period, shape (period × group, flow).
    accident_harm_per_t
        Harm of accidents [persons/t], shape (flow,).
    most_t
        Upper bound of each flow: its group's mass, nothing before that has arrived [t], shape (flow,).
    """

    stock: StockHarm
    held_t: Floats
    spread: csr_array[np.float64]
    accident_harm_per_t: Floats
    most_t: Floats

    @property
    def flows(self) -> int:
        """Number of flows."""
        return self.most_t.size

    @cached_property
    def do_nothing(self) -> float:
        """Harm when nothing is destroyed [persons]."""
        return self.stock.total(self.remaining_t(np.zeros(self.flows)))

    def destroyed_t(self, flows: Floats) -> Floats:
        """Return what flows of shape (flow,) destroy in each period [t], shape (period, group)."""
        return np.asarray(self.spread @ flows).reshape(-1, self.held_t.shape[1])

    def remaining_t(self, flows: Floats) -> Floats:
        """Return what flows leave at each knot [t], shape (knot, group)."""
        return remaining_t(self.held_t, self.destroyed_t(flows))

    def total(self, flows: Floats) -> float:
        """Return the exact planning harm of flows of shape (flow,) [persons]."""
        return self.stock.total(self.remaining_t(flows)) + float(self.accident_harm_per_t @ flows)

    def total_and_gradient(self, flows: Floats) -> tuple[float, Floats]:
        """Return the exact planning harm [persons] and its gradient [persons/t], shape (flow,)."""
        total, per_knot = self.stock.total_and_gradient(self.remaining_t(flows))
        return total + float(self.accident_harm_per_t @ flows), self.per_flow(per_knot)

    def along(self, here: Floats, there: Floats) -> Callable[[float], float]:
        """Return the exact planning harm [persons] as a function of the share of the way between two plans.

        What each storehouse holds is linear in the share, so sums over groups are taken once; a line search
        then costs a few evaluations of the curves.

        Parameters
        ----------
        here, there
            Flows at share 0 and 1 [t], shape (flow,).
        """
        stock = self.stock
        ends = []
        for flows in (here, there):
            accidents = float(self.accident_harm_per_t @ flows)
            ends.append((*stock.held(self.remaining_t(flows)), accidents))
        (neq_here, ageing_here, accidents_here), (neq_there, ageing_there, accidents_there) = ends

        def harm(share: float) -> float:
            (base, per_event), _ = stock.curves(neq_here + share * (neq_there - neq_here))
            rate = base + (ageing_here + share * (ageing_there - ageing_here)) * per_event
            accidents = accidents_here + share * (accidents_there - accidents_here)
            return float(np.sum(stock.weight_years * rate)) + accidents

        return harm

    def per_flow(self, per_knot: Floats) -> Floats:
        """Return harm per tonne of each flow from harm per tonne left at each knot.

        A flow of period t lowers what is left at every knot after t.

        Parameters
        ----------
        per_knot
            Shape (knot, group).
        """
        averted = np.cumsum(per_knot[:0:-1], axis=0)[::-1]
        return self.accident_harm_per_t - self.spread.T @ averted.ravel()

    def linearised(self, path_t: Floats) -> Floats:
        """Return harm per tonne of each flow, averaged between the full stock and a path.

        The marginal harm is averaged along the straight line between the two (Aumann and Shapley), so that
        the linear function keeps its promise at the path: do_nothing + linear(path) = exact(path).

        Parameters
        ----------
        path_t
            What is left at each knot [t], shape (knot, group).

        Returns
        -------
        ndarray
            Shape (flow,), negative where a flow averts more harm than it causes [persons/t].
        """
        return self.per_flow(self.stock.mean_gradient(self.held_t, path_t))


def remaining_t(held_t: Floats, destroyed_t: Floats) -> Floats:
    """Return what is left at each knot [t], shape (knot, group), never below zero by rounding.

    Parameters
    ----------
    held_t
        If nothing leaves [t], shape (knot, group).
    destroyed_t
        In each period [t], shape (period, group).
    """
    gone = np.vstack([np.zeros((1, held_t.shape[1])), np.cumsum(destroyed_t, axis=0)])
    return np.maximum(held_t - gone, 0.0)


def emptied_path_t(held_t: Floats) -> Floats:
    """Return the path on which all is gone by the first knot after the start, shape (knot, group)."""
    path = np.zeros_like(held_t)
    path[0] = held_t[0]
    return path


def planning_harm(problem: Problem, stock: StockHarm) -> PlanningHarm:
    """Return the planning harm over the flows of a problem.

    Parameters
    ----------
    problem
        With its flows and blocks.
    stock
        Harm over its groups.
    """
    groups, flows = problem.groups, problem.flows
    return PlanningHarm(
        stock=stock,
        held_t=groups.held_t(problem.scenario.periods),
        spread=_spread(problem),
        accident_harm_per_t=groups.accident_harm_per_t[flows.group, flows.facility],
        most_t=problem.columns.upper[: problem.order_offset],
    )


def _spread(problem: Problem) -> csr_array[np.float64]:
    """Return the share of each flow in each period, by length of the periods of its block."""
    flows, blocks = problem.flows, problem.blocks
    periods, groups = blocks.of_period.size, problem.groups.count
    length = np.bincount(blocks.of_period, minlength=blocks.count)
    offset = np.arange(int(length.max(initial=0)))
    flow, step = np.nonzero(offset[None, :] < length[flows.block][:, None])
    row = (blocks.first[flows.block[flow]] + step) * groups + flows.group[flow]
    shape = (periods * groups, flows.group.size)
    return csr_array((1.0 / length[flows.block[flow]], (row, flow)), shape=shape)
