"""Why the plan does a group of lots now and there: what binds, and what would have to change to move it.

All is read from the linear plan around the optimised one: gradient, duals and reduced costs. The value of a
group's tonne at a facility and period is the harm that it averts, less what its days, money and permit would
avert elsewhere; the optimum has each tonne where that is highest.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from demilsim.optimisation.duals import Duals
from demilsim.optimisation.orders import NO_CLASS
from demilsim.optimisation.plan_model import PlanModel
from demilsim.optimisation.problem import USD_PER_KUSD
from demilsim.plan import Floats

NOTHING = 1e-9
"""Prices below this share of the largest of their family count as nothing [1]."""


@dataclass(frozen=True)
class Reason:
    """Why a group goes to a facility from a period on.

    Parameters
    ----------
    per_tonne
        Harm averted by a tonne, made linear at the plan [persons/t].
    per_day, per_usd
        The same for a working day and for a dollar; infinite where it costs none.
    delay_cost
        Harm of a delay by one period [persons/t]; all that a tonne averts where it could not go in the next.
    binding
        Names of the rows that limit it and have a price, the dearest first.
    why_now
        What keeps it from an earlier period, in words.
    elsewhere
        The facility that comes nearest to taking it; empty if no other may.
    elsewhere_loss
        Harm that a tonne there instead would cost [persons/t]; 0 if it would cost none.
    elsewhere_usd_per_t
        What it costs there now [USD/t].
    price_to_move_usd_per_t
        Cost at which it would go there [USD/t]; None if no price would do, or money is worth nothing there.
    """

    per_tonne: float
    per_day: float
    per_usd: float
    delay_cost: float
    binding: tuple[str, ...]
    why_now: str
    elsewhere: str
    elsewhere_loss: float
    elsewhere_usd_per_t: float
    price_to_move_usd_per_t: float | None


class Explainer:
    """Answers for groups of one linear plan.

    Parameters
    ----------
    at
        The plan.
    duals
        Its duals.
    """

    def __init__(self, at: PlanModel, duals: Duals) -> None:
        self._at = at
        self._gradient = at.model.cost[: at.harm.flows]
        self._matrix = at.model.matrix().tocsc()
        self._row = duals.row
        self._reduced = duals.column[: at.harm.flows]
        self._names = at.row_names
        self._families = [f.family for f in at.model.families for _ in f.names]
        flows = at.problem.flows
        keys = zip(flows.group.tolist(), flows.facility.tolist(), flows.block.tolist(), strict=True)
        self._flow = {key: j for j, key in enumerate(keys)}
        first = np.searchsorted(flows.group, np.arange(at.problem.groups.count + 1))
        self._of_group = [range(a, b) for a, b in pairwise(first.tolist())]
        self._least = NOTHING * float(np.max(np.abs(self._gradient), initial=0.0))

    def reason(self, group: int, facility: int, period: int) -> Reason | None:
        """Return why a group goes to a facility in a period; None if the model has no such flow."""
        flow = self._flow.get((group, facility, period))
        if flow is None:
            return None
        groups = self._at.problem.groups
        averted = -float(self._gradient[flow])
        days = float(groups.days_per_t[group, facility])
        usd = float(groups.cost_usd_per_t[group, facility])
        later = self._flow.get((group, facility, period + 1))
        other = self._elsewhere(group, facility)
        return Reason(
            per_tonne=averted,
            per_day=averted / days if days > 0.0 else np.inf,
            per_usd=averted / usd if usd > 0.0 else np.inf,
            delay_cost=max(averted + float(self._gradient[later]), 0.0) if later is not None else averted,
            binding=tuple(self._names[row] for row, _ in self._priced(flow)),
            why_now=self._why_now(group, facility, period, flow),
            elsewhere="" if other is None else self._facility_id(other),
            elsewhere_loss=0.0 if other is None else self._loss(flow, other),
            elsewhere_usd_per_t=0.0
            if other is None
            else float(groups.cost_usd_per_t[group, self._where(other)]),
            price_to_move_usd_per_t=None if other is None else self._price_to_move(group, flow, other),
        )

    def _why_now(self, group: int, facility: int, period: int, flow: int) -> str:
        """Return what keeps a flow from the period before."""
        problem = self._at.problem
        if self._gradient[flow] >= 0.0 and self._worth(flow, "milestones"):
            return "it averts nothing itself, but its tonnes release money that waits for them"
        if self._worth(flow, "room"):
            return "its tonnes make room in time for a move between storehouses"
        if period == 0:
            return "it starts at once"
        if problem.groups.arrival[group] > period - 1:
            return "it is not there earlier"
        name = problem.scenario.facilities[facility].name
        before = problem.blocks.labels[period - 1]
        earlier = self._flow.get((group, facility, period - 1))
        if earlier is None:
            return f"{name} does not work, or no road to it is open, in {before}"
        now = {self._families[row]: value for row, value in self._priced(flow)}
        then = {self._families[row]: value for row, value in self._priced(earlier)}
        dearer = {family: then.get(family, 0.0) - now.get(family, 0.0) for family in then}
        family = max(dearer, key=lambda key: dearer[key], default="")
        if family == "" or dearer[family] <= self._least:
            return "a period earlier would avert no more"
        return {
            "working_days": f"the days of {name} in {before} avert more with other lots",
            "payments": f"the money of {before} averts more with other lots",
            "permits": f"the permit of {name} for the year of {before} averts more with other lots",
            "worker_risk": f"the risk that workers of {name} may run in the year of {before} averts more "
            "with other lots",
            "risk": f"a limit on the risk of people asks for other lots in {before}",
        }.get(family, f"{family.replace('_', ' ')} in {before} is worth more to other lots")

    def _elsewhere(self, group: int, facility: int) -> int | None:
        """Return the flow to another facility that comes nearest to being used; None if there is none."""
        flows = [j for j in self._of_group[group] if self._where(j) != facility]
        return min(flows, key=lambda j: (float(self._reduced[j]), j), default=None)

    def _loss(self, own: int, flow: int) -> float:
        """Return the harm of a tonne that goes by another flow [persons/t]."""
        return max(float(self._reduced[flow] - self._reduced[own]), 0.0)

    def _price_to_move(self, group: int, own: int, flow: int) -> float | None:
        """Return the cost at which a flow would enter the plan [USD/t]."""
        problem = self._at.problem
        cost = float(problem.groups.cost_usd_per_t[group, self._where(flow)])
        loss = self._loss(own, flow)
        if loss <= self._least:
            return cost
        if problem.flows.cost_class[flow] == NO_CLASS:
            return None
        paid = sum(value for row, value in self._priced(flow) if self._families[row] == "payments")
        money = paid / (cost / USD_PER_KUSD)
        if money <= 0.0:
            return None
        price = cost - USD_PER_KUSD * loss / money
        return price if price >= 0.0 else None

    def _priced(self, flow: int) -> list[tuple[int, float]]:
        """Return the rows of a flow that have a price, with what a tonne takes of them [persons/t]."""
        span = slice(self._matrix.indptr[flow], self._matrix.indptr[flow + 1])
        rows, values = self._matrix.indices[span], self._matrix.data[span]
        taken: Floats = -values * self._row[rows]
        order = np.argsort(-taken, kind="stable")
        return [(int(rows[i]), float(taken[i])) for i in order if taken[i] > self._least]

    def _worth(self, flow: int, family: str) -> bool:
        """Return whether a tonne is worth something in rows that ask for tonnes: milestones, or room."""
        span = slice(self._matrix.indptr[flow], self._matrix.indptr[flow + 1])
        rows, values = self._matrix.indices[span], self._matrix.data[span]
        worth = values * self._row[rows]
        return any(
            self._families[row] == family and value > self._least
            for row, value in zip(rows.tolist(), worth.tolist(), strict=True)
        )

    def _where(self, flow: int) -> int:
        return int(self._at.problem.flows.facility[flow])

    def _facility_id(self, flow: int) -> str:
        return self._at.problem.scenario.facilities[self._where(flow)].facility_id
