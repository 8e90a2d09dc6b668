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
from scipy.sparse import csr_array

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
"""Gauss-Legendre points on the way between two stock paths in `mean`."""


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
        return self._shares(*self.harm.stock.held(self.harm.remaining_t(flows)))

    def excess(self, flows: Floats) -> float:
        """Return the sum over rows of what is above the limit, in parts of it [1]; 0 if all are kept."""
        return float(_above(self.shares(flows)).sum())

    def excess_along(self, here: Floats, there: Floats) -> Callable[[float], float]:
        """Return the excess as a function of the share of the way between two plans of shape (flow,)."""
        (neq_a, ageing_a), (neq_b, ageing_b) = (
            self.harm.stock.held(self.harm.remaining_t(flows)) for flows in (here, there)
        )

        def excess(share: float) -> float:
            neq_kg, ageing = neq_a + share * (neq_b - neq_a), ageing_a + share * (ageing_b - ageing_a)
            return float(_above(self._shares(neq_kg, ageing)).sum())

        return excess

    def linear(self, flows: Floats, aim: float = 1.0) -> LinearRisk:
        """Return the limits made linear around some flows.

        Parameters
        ----------
        flows
            Where the risk is made linear [t], shape (flow,).
        aim
            Share of the limit that is asked for [1].
        """
        neq_kg, ageing = self.harm.stock.held(self.harm.remaining_t(flows))
        value = self._shares(neq_kg, ageing)
        fall = self._falls(*self._slopes(neq_kg, ageing))
        return LinearRisk(self, fall, value - aim + falls_by(fall, self._gone_t(flows)), value - aim)

    def between(self, here: Floats, there: Floats, aim: float = 1.0) -> LinearRisk:
        """Return the limits with falls of risk averaged on the way between two plans, exact at both ends.

        Parameters
        ----------
        here, there
            Flows [t], shape (flow,).
        aim
            Share of the limit that is asked for [1].
        """
        ends = [self.harm.stock.held(self.harm.remaining_t(flows)) for flows in (here, there)]
        above = self._shares(*ends[0]) - aim
        fall = self._mean_falls(*ends)
        return LinearRisk(self, fall, above + falls_by(fall, self._gone_t(here)), above)

    def mean(self, aim: float = 1.0) -> LinearRisk:
        """Return the limits with falls of risk averaged between the full stock and no stock after the start.

        They meet exact risk at both ends.

        Parameters
        ----------
        aim
            Share of the limit that is asked for [1].
        """
        full = self.harm.stock.held(self.harm.held_t)
        above = self._shares(*full) - aim
        return LinearRisk(self, self._mean_falls(full, (0.0 * full[0], 0.0 * full[1])), above, above)

    def add_risk(self, flows: Floats, aim: float = 1.0) -> Rows:
        """Keep the individual risk of each group below its limit at each date, linear around some flows.

        Sum over g of R[e,k,g] X[g,k] >= r[e,k] - aim + sum over g of R[e,k,g] Y[g,k], in parts of the
        limit: X tonnes of g gone by k, Y those of the flows given, r the risk with these, R its fall for each
        tonne there.

        Parameters
        ----------
        flows, aim
            As in `linear`.
        """
        return self.linear(flows, aim).rows(np.arange(self.count))

    @property
    def beyond_reach(self) -> bool:
        """Whether what can never leave its storehouse breaks a limit by itself, whatever a plan does."""
        stuck = np.ones(self.problem.groups.count, dtype=bool)
        stuck[self.problem.flows.group] = False
        return bool(np.any(self._shares(*self.harm.stock.held(self.harm.held_t * stuck)) > 1.0))

    def _shares(self, neq_kg: Floats, ageing: Floats) -> Floats:
        """Return the risk in parts of each limit [1], shape (row,), from what storehouses hold."""
        return self.limited.share_of_limit(neq_kg, ageing)[self.knot, self.group]

    def _mean_falls(self, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> csr_array[np.float64]:
        """Return falls, as `_falls`, averaged between what two plans hold, as `StockHarm.held`."""
        nodes, weights = np.polynomial.legendre.leggauss(MEAN_POINTS)
        points = []
        for share, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
            neq_kg, ageing = (a + share * (b - a) for a, b in zip(one, other, strict=True))
            points.append([weight * slope for slope in self._slopes(neq_kg, ageing)])
        return self._falls(*(np.sum(part, axis=0) for part in zip(*points, strict=True)))

    def _slopes(self, neq_kg: Floats, ageing: Floats) -> tuple[Floats, Floats]:
        """Return deaths a year per kg NEQ and per event a year of each pair, each of shape (knot, pair)."""
        house = self.limited.storehouse
        (_, per_event), (d_base, d_per_event) = self.limited.curves(neq_kg[:, house], derivative=True)
        return d_base + ageing[:, house] * d_per_event, per_event

    def _falls(self, per_kg: Floats, per_rate: Floats) -> csr_array[np.float64]:
        """Return the fall of risk for each tonne gone, shape (row, group), from slopes of (knot, pair)."""
        stock, limited = self.harm.stock, self.limited
        knot, pair, group = self.knot[self._terms.row], self._terms.pair, self._terms.group
        deaths = (
            per_kg[knot, pair] * stock.blast_kg_per_t[group]
            + per_rate[knot, pair] * stock.ageing_rate_per_t_year[knot, group]
        )
        fall = deaths / limited.most_per_year[limited.group[pair]]
        return csr_array((fall, (self._terms.row, group)), shape=(self.count, stock.storehouse.size))

    def _gone_t(self, flows: Floats) -> Floats:
        """Return what is gone of each group by the date of each row [t], shape (row, group)."""
        gone = np.cumsum(self.harm.destroyed_t(flows), axis=0)
        return np.asarray(gone[self.knot - 1])

    @cached_property
    def _terms(self) -> _Terms:
        """Groups of lots near the people of each row."""
        house = self.harm.stock.storehouse
        pair, group = np.nonzero(self.limited.storehouse[:, None] == house[None, :])
        row, term = np.nonzero(self.group[:, None] == self.limited.group[pair][None, :])
        return _Terms(row, pair[term], group[term])

    @cached_property
    def _done(self) -> Floats:
        """Share of a block that is over at each knot [1], shape (knot, block)."""
        blocks = self.problem.blocks
        length = np.bincount(blocks.of_period, minlength=blocks.count)
        knots = np.arange(self.problem.scenario.periods + 1)
        return np.clip((knots[:, None] - blocks.first) / length, 0.0, 1.0)

    @cached_property
    def _flow_of_group(self) -> csr_array[np.float64]:
        """Return 1 where a flow is of a group, shape (group, flow)."""
        group = self.problem.flows.group
        shape = (self.harm.held_t.shape[1], group.size)
        return csr_array((np.ones(group.size), (group, np.arange(group.size))), shape=shape)


@dataclass(frozen=True)
class _Terms:
    """Index arrays of shape (term,): a row, a pair of storehouse and people, a group of lots there."""

    row: Ints
    pair: Ints
    group: Ints


@dataclass(frozen=True)
class LinearRisk:
    """Limits made linear in tonnes gone of groups of lots: few terms, where rows in flows have thousands.

    Parameters
    ----------
    limits
        The limits.
    fall
        Fall of risk for each tonne gone, in parts of the limit [1/t], shape (row, group).
    needed
        By how much risk must fall [1], shape (row,).
    above
        How much risk is above the aim where it was made linear [1], shape (row,); negative where kept.
    """

    limits: RiskLimits
    fall: csr_array[np.float64]
    needed: Floats
    above: Floats

    def missing(self, flows: Floats) -> Floats:
        """Return what flows of shape (flow,) leave above the aim [1], shape (row,); negative where kept."""
        return self.needed - falls_by(self.fall, self.limits._gone_t(flows))

    def rows(self, which: Ints) -> Rows:
        """Return some of the rows over flows, those without any term and nothing needed left out.

        Parameters
        ----------
        which
            Rows in rising order, shape (chosen,).
        """
        limits = self.limits
        spread = (self.fall[which] @ limits._flow_of_group).tocoo()
        row, column = (index.astype(np.int64) for index in spread.coords)
        done = limits._done[limits.knot[which[row]], limits.problem.flows.block[column]]
        terms = (row, column, spread.data * done)
        return rows_of(
            "risk", [terms], Sense.AT_LEAST, self.needed[which], lambda i: limits.names[int(which[i])]
        )


def falls_by(fall: csr_array[np.float64], gone_t: Floats) -> Floats:
    """Return the fall of risk, shape (row,), from that for each tonne and tonnes gone, each (row, group)."""
    rows = gone_t.shape[0]
    row = np.repeat(np.arange(rows), np.diff(fall.indptr))
    return np.bincount(row, fall.data * gone_t[row, fall.indices], minlength=rows).astype(float)


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
    share = limited.share_of_limit(*harm.stock.held(harm.held_t))
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


def _above(shares: Floats) -> Floats:
    """Return what is above 1, less rounding."""
    return np.maximum(shares - 1.0 - ROUNDING, 0.0)
