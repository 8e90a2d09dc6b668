"""Moves of stock between storehouses: which the optimiser weighs, what they take along, and room for it.

A move takes all of a storehouse along, also what is still to come, and its target must have room for that
within its explosive limit licence, beside all that is there or to come. This is the rule by which the
simulation carries moves out (`simulation/measures.py: movable`); it never knows what will be destroyed later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.harm import StockHarm, blast_neq_kg, lot_masses_t
from demilsim.model.options import Bools
from demilsim.model.storing import may_share, storehouse_limit_kg
from demilsim.optimisation.groups import Groups
from demilsim.plan import Floats, Ints, MeasureOrder
from demilsim.scenario.scenario import Scenario

SPARE_KG = 1.0
"""NEQ by which planned stock stays below a licence [kg]: tonnes are rounded to grams, and solvers to 1e-6."""


@dataclass(frozen=True)
class Crowd:
    """A storehouse that moves could fill beyond its licence when some of them are carried out.

    Parameters
    ----------
    house, period
        Where, and when.
    movers
        Moves into it that may have been carried out by then, by number.
    now
        Those of them that may be carried out then.
    over_kg
        NEQ over its licence if all of them are and nothing is destroyed [kg], > 0.
    """

    house: int
    period: int
    movers: tuple[int, ...]
    now: tuple[int, ...]
    over_kg: float


@dataclass(frozen=True)
class Room:
    """NEQ that must be gone from storehouses before a move.

    Parameters
    ----------
    label
        Name of the target for rows.
    period
        Period of the move.
    groups
        Whether a group is in the target or comes to it, shape (group,).
    neq_kg_per_t
        Room that a tonne of each group makes at least [kg/t], shape (group,).
    needed_kg
        What must be gone by the start of the period [kg], > 0.
    """

    label: str
    period: int
    groups: Bools
    neq_kg_per_t: Floats
    needed_kg: float


@dataclass(frozen=True)
class Moves:
    """Moves that the optimiser weighs, by number.

    Parameters
    ----------
    measure, source, target
        Indices of the measure and of its two storehouses, shape (move,).
    storehouse
        Storehouse of each group before any move, shape (group,).
    neq_kg
        NEQ of each group that joins a mass explosion, in full where it may not come [kg], shape (group,).
    neq_kg_per_t
        The same per tonne of the lot of a group that has least [kg/t], since a plan does not say which lot of
        a group goes first; shape (group,).
    limit_kg
        Explosive limit licences [kg], infinite where nothing is near, shape (storehouse,).
    apart
        Pairs of measures of which a plan takes one at most: where one would carry on what the other brings,
        or what they bring together may not be mixed.
    """

    measure: Ints
    source: Ints
    target: Ints
    storehouse: Ints
    neq_kg: Floats
    neq_kg_per_t: Floats
    limit_kg: Floats
    apart: tuple[tuple[int, int], ...]

    def held_kg(self, house: int) -> float:
        """Return what a storehouse holds or is to receive if nothing is destroyed or moved [kg]."""
        return float(self.neq_kg[self.storehouse == house].sum())

    def after(self, measures: Iterable[int]) -> Ints:
        """Return the storehouse of each group after the moves among some measures, shape (group,)."""
        taken, place = set(measures), self.storehouse.copy()
        for measure, source, target in zip(self.measure, self.source, self.target, strict=True):
            if int(measure) in taken:
                place[self.storehouse == source] = target
        return place

    def crowds(self, measure: Ints, opens: Ints) -> tuple[Crowd, ...]:
        """Return where and when orders of moves could fill a storehouse beyond its licence.

        Parameters
        ----------
        measure, opens
            Of each order: the measure, and the period in which a move is carried out, shape (order,).
        """
        found = []
        for house in np.unique(self.target).tolist():
            into = [n for n in np.flatnonzero(self.target == house).tolist() if self._carries(n)]
            for period in np.unique(opens[np.isin(measure, self.measure[into])]).tolist():
                by_then = [n for n in into if np.any(opens[measure == self.measure[n]] <= period)]
                now = [n for n in into if np.any(opens[measure == self.measure[n]] == period)]
                brought = sum(self.held_kg(int(self.source[n])) for n in by_then)
                over = self.held_kg(house) + brought - self.within_kg(house)
                if over > 0.0:
                    found.append(Crowd(house, period, tuple(by_then), tuple(now), float(over)))
        return tuple(found)

    def rooms(self, scenario: Scenario, orders: Iterable[MeasureOrder]) -> tuple[Room, ...]:
        """Return the room that must be made for the moves among orders."""
        index = {measure.measure_id: i for i, measure in enumerate(scenario.measures)}
        chosen = [(index[o.measure_id], o.period) for o in orders if index[o.measure_id] in self.measure]
        lead = [scenario.measures[i].lead_time_days for i, _ in chosen]
        begin = [first_open_period(scenario, days, p) for days, (_, p) in zip(lead, chosen, strict=True)]
        measure = np.array([i for i, _ in chosen], dtype=np.int64)
        crowds = self.crowds(measure, np.array(begin, dtype=np.int64))
        return tuple(
            Room(
                label=scenario.storehouses[c.house].storehouse_id,
                period=c.period,
                groups=np.isin(self.storehouse, [c.house, *(int(self.source[n]) for n in c.movers)]),
                neq_kg_per_t=self.neq_kg_per_t,
                needed_kg=c.over_kg,
            )
            for c in crowds
        )

    def within_kg(self, house: int) -> float:
        """Return what a storehouse may hold after a move, with `SPARE_KG` to spare [kg]."""
        return max(float(self.limit_kg[house]) - SPARE_KG, 0.0)

    def _carries(self, number: int) -> bool:
        return self.held_kg(int(self.source[number])) > 0.0


def offered_moves(scenario: Scenario, groups: Groups, stock: StockHarm) -> Moves | None:
    """Return the moves that the optimiser weighs; None if there are none.

    Left to the simulation are moves of what may not be mixed with what is in the target.

    Parameters
    ----------
    scenario
        The scenario.
    groups, stock
        Its groups, and harm over them.
    """
    houses = {house.storehouse_id: s for s, house in enumerate(scenario.storehouses)}
    found = [
        (i, houses[measure.storehouse_id], houses[measure.to_storehouse_id])
        for i, measure in enumerate(scenario.measures)
        if measure.kind == "move" and measure.storehouse_id and measure.to_storehouse_id
    ]
    groups_in = _compatibility_groups(scenario)
    kept_in = [np.any(stock.storehouse == s) for s in range(len(houses))]
    found = [(i, s, h) for i, s, h in found if kept_in[s] and _may_join(groups_in, s, h)]
    if not found:
        return None
    measure, source, target = np.array(found, dtype=np.int64).T
    return Moves(
        measure=measure,
        source=source,
        target=target,
        storehouse=stock.storehouse,
        neq_kg=groups.mass_t * stock.blast_kg_per_t,
        neq_kg_per_t=_least_per_t(scenario, groups),
        limit_kg=storehouse_limit_kg(scenario),
        apart=tuple((i, j) for (i, *a), (j, *b) in combinations(found, 2) if _apart(a, b, groups_in)),
    )


def _least_per_t(scenario: Scenario, groups: Groups) -> Floats:
    """Return the least NEQ per tonne among the lots of each group [kg/t], shape (group,)."""
    least = np.full(groups.count, np.inf)
    np.minimum.at(least, groups.group_of_lot, blast_neq_kg(scenario) / lot_masses_t(scenario))
    return least


def _apart(one: list[int], other: list[int], groups_in: list[set[str]]) -> bool:
    """Return whether two moves, as source and target, are not taken together."""
    (source, target), (second, into) = one, other
    chained = target == second or into == source or source == second
    return chained or (target == into and not _may_join(groups_in, source, second))


def _may_join(groups_in: list[set[str]], one: int, other: int) -> bool:
    """Return whether all of two storehouses may be kept in one."""
    return all(may_share(a, b) for a in groups_in[one] for b in groups_in[other])


def _compatibility_groups(scenario: Scenario) -> list[set[str]]:
    """Return the compatibility groups in each storehouse, what is to come included."""
    found: dict[str, set[str]] = {house.storehouse_id: set() for house in scenario.storehouses}
    for lot in scenario.lots:
        found[lot.storehouse_id].add(scenario.natures[lot.nature_id].compatibility_group)
    return list(found.values())
