"""Exact expected harm of a stock path, and its gradient.

A storehouse's harm rate is base(Q) + a·C(Q): base causes act while it is stocked, ageing in proportion to
each lot that is left. Both curves are S-shaped in the NEQ that is left, so harm is neither convex nor
concave. The integral over time uses the trapezoidal rule on the planning knots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from demilsim.model.ageing import ageing_profile
from demilsim.model.consequence import mass_share
from demilsim.model.curves import Curves, HarmCurves, harm_curves
from demilsim.model.partition import Partition, partition
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.units import DAYS_PER_YEAR

ATTRIBUTION_POINTS = 12
"""Gauss-Legendre points along the path of `StockHarm.mean_gradient`."""

MASS_SIGMAS = 3.0
"""Standard deviations of an uncertain mass for which harm curves have room; beyond they stay flat."""

LEAST_CHANGE = 1e-6
"""Change of NEQ, in parts of what a storehouse holds at most, below which a difference quotient is noise."""


@dataclass(frozen=True)
class StockHarm:
    """Harm of what is left in the storehouses, as a function of tonnes left of each entity.

    An entity is a lot, or a group of lots in one storehouse. Entities with equal storehouse need not be
    adjacent.

    Parameters
    ----------
    curves
        Rows 0: base causes [weighted persons/yr], 1: ageing [weighted persons per event].
    storehouse
        Storehouse of each entity, shape (entity,).
    blast_kg_per_t
        NEQ that joins a mass explosion, per gross tonne [kg/t], shape (entity,).
    ageing_rate_per_t_year
        Event rate by ageing per gross tonne [1/(t yr)], shape (knot, entity).
    interval_years
        Length of each period [yr], shape (period,).
    terminal_years
        Years for which the rate left at the horizon counts [yr].
    weight_years
        Trapezoidal weights with terminal term and harm factor [yr], shape (knot, storehouse).
    """

    curves: Curves
    storehouse: Ints
    blast_kg_per_t: Floats
    ageing_rate_per_t_year: Floats
    interval_years: Floats
    terminal_years: float
    weight_years: Floats

    @cached_property
    def _houses(self) -> Partition:
        return partition(self.storehouse, self.curves.neq_max_kg.size)

    def by_storehouse(self, per_entity: Floats) -> Floats:
        """Return sums over the entities of each storehouse, shape (knot, entity) to (knot, storehouse)."""
        return self._houses.sum(per_entity)

    def rate_per_year(self, remaining_t: Floats) -> Floats:
        """Return the weighted harm rate [persons/yr], shape (knot, storehouse), without harm factor.

        Parameters
        ----------
        remaining_t
            Gross tonnes left, shape (knot, entity).
        """
        neq, ageing = self.held(remaining_t)
        (base, per_event), _ = self.curves(neq)
        return base + ageing * per_event

    def total(self, remaining_t: Floats) -> float:
        """Return the expected weighted deaths over the horizon, with the terminal term [persons]."""
        return float(np.sum(self.weight_years * self.rate_per_year(remaining_t)))

    def total_and_gradient(self, remaining_t: Floats) -> tuple[float, Floats]:
        """Return the total and its derivative per tonne left.

        Parameters
        ----------
        remaining_t
            Gross tonnes left, shape (knot, entity).

        Returns
        -------
        total
            Expected weighted deaths [persons].
        gradient
            d total / d remaining_t [persons/t], shape (knot, entity); zero or positive.
        """
        neq, ageing = self.held(remaining_t)
        (base, per_event), (d_base, d_per_event) = self.curves(neq, derivative=True)
        per_kg = self.weight_years * (d_base + ageing * d_per_event)
        gradient = self._per_tonne(per_kg, self.weight_years * per_event)
        return float(np.sum(self.weight_years * (base + ageing * per_event))), gradient

    def mean_gradient(self, from_t: Floats, to_t: Floats) -> Floats:
        """Return the gradient averaged along the straight path between two stock paths.

        Times the difference of the paths it sums to the difference of their totals (Aumann-Shapley), so
        it shares out the harm averted among lots and periods.

        Parameters
        ----------
        from_t, to_t
            Gross tonnes left, shape (knot, entity).

        Returns
        -------
        ndarray
            Persons per tonne, shape (knot, entity).
        """
        neq, ageing = self.held(from_t)
        neq_end, ageing_end = self.held(to_t)
        d_neq, d_ageing = neq_end - neq, ageing_end - ageing
        (base, per_event), _ = self.curves(neq)
        (base_end, per_event_end), _ = self.curves(neq_end)
        mean_per_event, mean_per_kg = np.zeros_like(neq), np.zeros_like(neq)
        nodes, weights = np.polynomial.legendre.leggauss(ATTRIBUTION_POINTS)
        for share, weight in zip(0.5 * (nodes + 1.0), 0.5 * weights, strict=True):
            value, slope = self.curves(neq + share * d_neq, derivative=True)
            mean_per_event += weight * value[1]
            mean_per_kg += weight * (slope[0] + (ageing + share * d_ageing) * slope[1])
        # By parts: quadrature only splits the change between NEQ and ageing, and none of it is lost.
        change = base_end - base + ageing_end * per_event_end - ageing * per_event - d_ageing * mean_per_event
        moved = np.abs(d_neq) > LEAST_CHANGE * self.curves.neq_max_kg
        per_kg = np.divide(change, d_neq, out=mean_per_kg, where=moved)
        return self._per_tonne(self.weight_years * per_kg, self.weight_years * mean_per_event)

    def held(self, remaining_t: Floats) -> tuple[Floats, Floats]:
        """Return NEQ [kg] and event rate by ageing [1/yr] of storehouses, each of shape (knot, storehouse).

        Parameters
        ----------
        remaining_t
            Gross tonnes left, shape (knot, entity).
        """
        neq = self.by_storehouse(remaining_t * self.blast_kg_per_t)
        return neq, self.by_storehouse(remaining_t * self.ageing_rate_per_t_year)

    def _per_tonne(self, per_kg: Floats, per_rate: Floats) -> Floats:
        """Return derivatives per tonne left from those per kg NEQ and per unit of ageing rate."""
        return (
            per_kg[:, self.storehouse] * self.blast_kg_per_t
            + per_rate[:, self.storehouse] * self.ageing_rate_per_t_year
        )

    def with_factor(self, harm_factor: Floats) -> StockHarm:
        """Return the same harm with simulated over closed-form ratios, shape (storehouse, period)."""
        return replace(
            self, weight_years=knot_weights(self.interval_years, self.terminal_years, harm_factor.T)
        )

    def grouped(self, group_of_entity: Ints, mass_t: Floats) -> StockHarm:
        """Return the harm over groups; entities with a negative group are dropped.

        Parameters
        ----------
        group_of_entity
            Group of each entity, shape (entity,); a group lies in one storehouse.
        mass_t
            Gross mass of each entity, the weight in the group's averages [t], shape (entity,).

        Notes
        -----
        Entities that are dropped but stay in the stock (reserve) need a group of their own.
        """
        kept = np.flatnonzero(group_of_entity >= 0)
        groups = int(group_of_entity.max()) + 1 if kept.size else 0
        share = np.zeros((kept.size, groups))
        share[np.arange(kept.size), group_of_entity[kept]] = mass_t[kept]
        share /= share.sum(axis=0)
        storehouse = np.zeros(groups, dtype=np.int64)
        storehouse[group_of_entity[kept]] = self.storehouse[kept]
        return replace(
            self,
            storehouse=storehouse,
            blast_kg_per_t=self.blast_kg_per_t[kept] @ share,
            ageing_rate_per_t_year=self.ageing_rate_per_t_year[:, kept] @ share,
        )


def knot_weights(interval_years: Floats, terminal_years: float, factor: Floats) -> Floats:
    """Return trapezoidal weights of each knot, shape (knot, storehouse) [yr].

    Parameters
    ----------
    interval_years
        Length of each period [yr], shape (period,).
    terminal_years
        Years for which the rate left at the horizon counts [yr].
    factor
        Multiplier of each period and storehouse [1], shape (period, storehouse).
    """
    half = 0.5 * interval_years[:, None] * factor
    weights = np.zeros((factor.shape[0] + 1, factor.shape[1]))
    weights[:-1] += half
    weights[1:] += half
    weights[-1] += terminal_years * factor[-1]
    return weights


def lot_masses_t(scenario: Scenario) -> Floats:
    """Return the gross mass of each lot [t], shape (lot,)."""
    return np.array([lot.gross_mass_t for lot in scenario.lots], dtype=float)


def arrival_period(scenario: Scenario) -> Ints:
    """Return the first period at whose start each lot is there, T if none, shape (lot,)."""
    starts = scenario.period_dates[:-1]
    periods = [sum(date < lot.arrives for date in starts) if lot.arrives else 0 for lot in scenario.lots]
    return np.array(periods, dtype=np.int64)


def arrival_probability(scenario: Scenario) -> Floats:
    """Return the probability that each lot comes, 1 for those that are there at the start, shape (lot,)."""
    return np.array([lot.arrival_probability if lot.arrives else 1.0 for lot in scenario.lots])


def held_t(scenario: Scenario) -> Floats:
    """Return what is expected in store of each lot at each knot if nothing leaves [t], shape (knot, lot).

    A lot that may come counts with its probability from the knot after its arrival.
    """
    there = np.arange(scenario.periods + 1)[:, None] >= arrival_period(scenario)
    return there * (lot_masses_t(scenario) * arrival_probability(scenario))


def blast_neq_kg(scenario: Scenario) -> Floats:
    """Return the NEQ of each lot that joins a mass explosion [kg], shape (lot,)."""
    return np.array([lot.neq_kg for lot in scenario.lots], dtype=float) * mass_share(scenario)


def storehouse_index(scenario: Scenario) -> Ints:
    """Return the index of each lot's storehouse, shape (lot,)."""
    index = {house.storehouse_id: i for i, house in enumerate(scenario.storehouses)}
    return np.array([index[lot.storehouse_id] for lot in scenario.lots], dtype=np.int64)


def interval_years(scenario: Scenario) -> Floats:
    """Return the length of each planning period [yr], shape (period,)."""
    return np.diff([date.toordinal() for date in scenario.period_dates]) / DAYS_PER_YEAR


def scenario_curves(scenario: Scenario) -> HarmCurves:
    """Return the harm curves of a scenario's storehouses up to the most that they may hold."""
    houses = len(scenario.storehouses)
    # A record that may be wrong gets room for three standard deviations.
    room = np.exp(MASS_SIGMAS * np.array([lot.mass_sigma for lot in scenario.lots], dtype=float))
    held = partition(storehouse_index(scenario), houses).sum(blast_neq_kg(scenario) * room)
    index = {house.storehouse_id: i for i, house in enumerate(scenario.storehouses)}
    most = held.copy()
    for measure in scenario.measures:
        if measure.kind == "move" and measure.storehouse_id and measure.to_storehouse_id:
            most[index[measure.to_storehouse_id]] += held[index[measure.storehouse_id]]
    return harm_curves(scenario, most)


def stock_harm(scenario: Scenario, curves: HarmCurves | None = None) -> StockHarm:
    """Return the planning harm of a scenario's stock over lots, with its own weights and terminal term.

    Parameters
    ----------
    scenario
        The scenario.
    curves
        Curves to reuse; made anew if absent.
    """
    curves = curves or scenario_curves(scenario)
    weights = scenario.settings.harm_weights
    intervals = interval_years(scenario)
    flat = np.ones((intervals.size, len(scenario.storehouses)))
    return StockHarm(
        curves=curves.weighted(weights.fatalities_public, weights.fatalities_workers),
        storehouse=storehouse_index(scenario),
        blast_kg_per_t=blast_neq_kg(scenario) / lot_masses_t(scenario),
        ageing_rate_per_t_year=ageing_profile(scenario).mean_rate_per_t_year(),
        interval_years=intervals,
        terminal_years=scenario.settings.terminal_years,
        weight_years=knot_weights(intervals, scenario.settings.terminal_years, flat),
    )
