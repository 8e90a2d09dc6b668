"""Limits on the individual risk of exposed groups: rows, made linear where a plan stands.

The risk of a group at the start of a period rises with what its site's storehouses still hold, but neither
convexly nor concavely. Rows made linear at one plan may thus let another one through that breaks a limit. So
they only give directions: `limited_search` goes along them as far as exact risk keeps every limit.

Destruction only lowers risk. A limit that doing nothing keeps at a date is kept there by every plan, and has
no row then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.harm import StockHarm
from demilsim.model.risk import LimitedRisk, risk_is_limited
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.objective import PlanningHarm
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.refused import refuse
from demilsim.optimisation.rows import Rows, Sense, labels, rows_of
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

ROUNDING = 1e-9
"""Share of a limit by which risk may be above it: sums in another order [1]."""

MEAN_POINTS = 12
"""Gauss-Legendre points on the way between two stock paths in `mean_rows`."""


@dataclass(frozen=True)
class RiskLimits:
    """Limits that a problem's flows may break.

    Parameters
    ----------
    problem, harm
        Columns, and what flows leave in store.
    limited
        The groups of people, with the risk of each.
    knot, group
        Date and group of each limit that doing nothing breaks, shape (row,).
    """

    problem: Problem
    harm: PlanningHarm
    limited: LimitedRisk
    knot: Ints
    group: Ints

    @property
    def count(self) -> int:
        """Number of rows."""
        return self.knot.size

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each row, as ``risk_village_2027q1``; ``end`` is the end of the horizon."""
        scenario = self.problem.scenario
        group = labels(scenario.exposed_sites[i].exposed_site_id for i in self.limited.exposed.tolist())
        date = (*single_periods(scenario).labels, "end")
        return tuple(f"risk_{group[g]}_{date[k]}" for k, g in zip(self.knot, self.group, strict=True))

    def shares(self, flows: Floats) -> Floats:
        """Return the risk in parts of each limit [1], shape (row,), for flows of shape (flow,) [t]."""
        neq_kg, ageing = held(self.harm.stock, self.harm.remaining_t(flows))
        return self.limited.share_of_limit(neq_kg, ageing)[self.knot, self.group]

    def excess(self, flows: Floats) -> float:
        """Return the sum over rows of what is above the limit, in parts of it [1]; 0 if all are kept."""
        return float(_above(self.shares(flows)).sum())

    def excess_along(self, here: Floats, there: Floats) -> Callable[[float], float]:
        """Return the excess as a function of the share of the way between two plans of shape (flow,)."""
        stock, harm = self.harm.stock, self.harm
        (neq_a, ageing_a), (neq_b, ageing_b) = (
            held(stock, harm.remaining_t(flows)) for flows in (here, there)
        )

        def excess(share: float) -> float:
            neq_kg, ageing = neq_a + share * (neq_b - neq_a), ageing_a + share * (ageing_b - ageing_a)
            found = self.limited.share_of_limit(neq_kg, ageing)[self.knot, self.group]
            return float(_above(found).sum())

        return excess

    def add_risk(self, flows: Floats, aim: float = 1.0) -> Rows:
        """Keep the individual risk of each group below its limit at each date, linear around some flows.

        Sum over g of R[e,k,g] X[g,k] >= r[e,k] - aim + sum over g of R[e,k,g] Y[g,k], in parts of the
        limit: X tonnes of g gone by k, Y those of the flows given, r the risk with these, R its fall for each
        tonne there.

        Parameters
        ----------
        flows
            Where the risk is made linear [t], shape (flow,).
        aim
            Share of the limit that is asked for [1].
        """
        left = self.harm.remaining_t(flows)
        neq_kg, ageing = held(self.harm.stock, left)
        value = self.limited.share_of_limit(neq_kg, ageing)[self.knot, self.group]
        return self._rows(value, flows, *self._slopes(neq_kg, ageing), aim)

    def mean_rows(self, aim: float = 1.0) -> Rows:
        """Return the rows with falls of risk averaged between the full stock and no stock after the start.

        They meet exact risk at both ends.

        Parameters
        ----------
        aim
            Share of the limit that is asked for [1].
        """
        neq_kg, ageing = held(self.harm.stock, self.harm.held_t)
        nodes, weights = np.polynomial.legendre.leggauss(MEAN_POINTS)
        points = [
            [weight * slope for slope in self._slopes(share * neq_kg, share * ageing)]
            for share, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True)
        ]
        per_kg, per_rate = (np.sum(part, axis=0) for part in zip(*points, strict=True))
        value = self.limited.share_of_limit(neq_kg, ageing)[self.knot, self.group]
        return self._rows(value, np.zeros(self.harm.flows), per_kg, per_rate, aim)

    def _slopes(self, neq_kg: Floats, ageing: Floats) -> tuple[Floats, Floats]:
        """Return deaths a year per kg NEQ and per event a year of each pair, each of shape (knot, pair)."""
        house = self.limited.storehouse
        (_, per_event), (d_base, d_per_event) = self.limited.curves(neq_kg[:, house], derivative=True)
        return d_base + ageing[:, house] * d_per_event, per_event

    def _rows(self, value: Floats, flows: Floats, per_kg: Floats, per_rate: Floats, aim: float) -> Rows:
        """Return the rows from values, shape (row,), and slopes, shape (knot, pair)."""
        stock, limited = self.harm.stock, self.limited
        batches, gone = [], np.zeros(self.count)
        for row, (k, e) in enumerate(zip(self.knot.tolist(), self.group.tolist(), strict=True)):
            slope = np.zeros(stock.storehouse.size)
            for pair in np.flatnonzero(limited.group == e).tolist():
                mine = self._groups_of_house[limited.storehouse[pair]]
                slope[mine] = (
                    per_kg[k, pair] * stock.blast_kg_per_t[mine]
                    + per_rate[k, pair] * stock.ageing_rate_per_t_year[k, mine]
                )
            column, share = self._before[k]
            term = share * slope[self.problem.flows.group[column]] / limited.most_per_year[e]
            batches.append((np.full(column.size, row), column, term))
            gone[row] = float(term @ flows[column])
        return rows_of("risk", batches, Sense.AT_LEAST, value - aim + gone, lambda row: self.names[row])

    @cached_property
    def _groups_of_house(self) -> tuple[Ints, ...]:
        houses = self.harm.stock.curves.neq_max_kg.size
        return tuple(np.flatnonzero(self.harm.stock.storehouse == house) for house in range(houses))

    @cached_property
    def _before(self) -> dict[int, tuple[Ints, Floats]]:
        """Flows of which some is done by each knot, and that share [1], both of shape (flow there,)."""
        blocks, flows = self.problem.blocks, self.problem.flows
        length = np.bincount(blocks.of_period, minlength=blocks.count)
        near = np.isin(self.harm.stock.storehouse, self.limited.storehouse)[flows.group]
        found = {}
        for k in np.unique(self.knot).tolist():
            share = np.clip((k - blocks.first) / length, 0.0, 1.0)[flows.block]
            column = np.flatnonzero(near & (share > 0.0))
            found[k] = column, share[column]
        return found


def risk_limits(problem: Problem, harm: PlanningHarm, limited: LimitedRisk | None) -> RiskLimits | None:
    """Return the limits that a problem's flows may break; None where doing nothing keeps all.

    Parameters
    ----------
    problem, harm
        Columns, and their harm.
    limited
        The limits of the scenario, if there are any.
    """
    if limited is None:
        return None
    share = limited.share_of_limit(*held(harm.stock, harm.held_t))
    knot, group = np.nonzero(limited.in_force & (share > 1.0))
    return RiskLimits(problem, harm, limited, knot, group) if knot.size else None


def limits_risk(scenario: Scenario) -> bool:
    """Return whether any group of people, or the workers of any facility, have a limit on their risk."""
    workers = any(f.worker_risk_limit_per_year is not None for f in scenario.facilities)
    return workers or risk_is_limited(scenario)


def refuse_risk_limits(scenario: Scenario, study: str) -> None:
    """Refuse a scenario that limits the risk of groups, for a study that cannot keep the limits.

    Parameters
    ----------
    scenario
        The scenario.
    study
        What cannot, as the subject of a sentence.

    Raises
    ------
    StudyError
        If a group has a limit.
    """
    limited = [e.exposed_site_id for e in scenario.exposed_sites if e.risk_limit_per_year is not None]
    refuse(study, "risk_limit_per_year", "limits", limited, f"{len(scenario.exposed_sites)} groups")


def held(stock: StockHarm, left_t: Floats) -> tuple[Floats, Floats]:
    """Return NEQ [kg] and event rate by ageing [1/yr] of storehouses, each of shape (knot, storehouse).

    Parameters
    ----------
    stock
        Harm over groups.
    left_t
        What is left of each group [t], shape (knot, group).
    """
    neq_kg = stock.by_storehouse(left_t * stock.blast_kg_per_t)
    return neq_kg, stock.by_storehouse(left_t * stock.ageing_rate_per_t_year)


def _above(shares: Floats) -> Floats:
    """Return what is above 1, less rounding."""
    return np.maximum(shares - 1.0 - ROUNDING, 0.0)
