"""Where mobile plant stands and when it moves: what is known of it, and its moves as columns or as decided.

Plant has a place if a move costs time or money. It starts at its site; in each period it works where it
stands and where it moves to. Columns, after all others: stands[facility, site, period], whether it stands
there at the end of the period, and moves[facility, site, period], whether it moves there in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.options import Bools, has_place
from demilsim.optimisation.groups import Groups
from demilsim.optimisation.orders import NO_CLASS, ClassNumbers
from demilsim.optimisation.release_columns import USD_PER_KUSD
from demilsim.plan import Floats, Ints, PlanningCoefficients
from demilsim.scenario.scenario import Scenario

Tours = tuple[tuple[int, int, int], ...]
"""Moves of mobile plant as (facility, period, site), in order: those of one facility in a period follow each
other."""


@dataclass(frozen=True)
class MobilePlant:
    """What is known of mobile plant with a place, over single periods.

    Parameters
    ----------
    facility, home
        Which facilities, rising, and the sites where they stand at first, shape (plant,).
    site_of_group
        Shape (group,).
    reach
        Whether there is something that it may take at a site, or it starts there, shape (plant, site).
    move_days
        Working days that a move takes [d], shape (plant, period).
    move_usd
        What a move costs [USD], shape (plant,).
    payers
        Whether a fund may pay for a move to a site, shape (fund, plant, site).
    first
        First period in which it may move.
    """

    facility: Ints
    home: Ints
    site_of_group: Ints
    reach: Bools
    move_days: Floats
    move_usd: Floats
    payers: Bools
    first: int = 0

    def index_of(self, facility: Ints) -> Ints:
        """Return the number of the plant that each facility is; -1 for one without a place."""
        number = np.full(max(int(self.facility.max()), int(facility.max(initial=0))) + 1, -1)
        number[self.facility] = np.arange(self.facility.size)
        return number[facility]


def placed_facilities(scenario: Scenario) -> Ints:
    """Return the facilities with a place, rising."""
    return np.array([f for f, row in enumerate(scenario.facilities) if has_place(row)], dtype=np.int64)


def first_places(scenario: Scenario, coefficients: PlanningCoefficients) -> Ints:
    """Return the index of the site where each facility with a place stands at first, as `placed_facilities`.

    That of its own row, unless the coefficients say where it stands.
    """
    facility = placed_facilities(scenario)
    if coefficients.place.size:
        return coefficients.place[facility]
    index = {site.site_id: i for i, site in enumerate(scenario.sites)}
    return np.array([index[scenario.facilities[f].site_id] for f in facility], dtype=np.int64)


def mobile_plant(
    scenario: Scenario, coefficients: PlanningCoefficients, groups: Groups
) -> MobilePlant | None:
    """Return what is known of mobile plant with a place; None if there is none.

    A move is paid by funds that may pay for all that the plant may do at a site; where none may, by those
    that may pay for any of it.
    """
    rows = scenario.facilities
    facility = placed_facilities(scenario)
    if not facility.size:
        return None
    site_index = {site.site_id: i for i, site in enumerate(scenario.sites)}
    of_house = {house.storehouse_id: site_index[house.site_id] for house in scenario.storehouses}
    site_of_group = np.zeros(groups.count, dtype=np.int64)
    site_of_group[groups.group_of_lot] = [of_house[lot.storehouse_id] for lot in scenario.lots]
    home = first_places(scenario, coefficients)
    allowed = groups.allowed[:, facility]
    reach = np.zeros((facility.size, len(scenario.sites)), dtype=bool)
    payers = np.zeros((len(scenario.funds), *reach.shape), dtype=bool)
    for i, f in enumerate(facility.tolist()):
        for site in np.unique(site_of_group[allowed[:, i]]).tolist():
            there = groups.running_eligible[:, allowed[:, i] & (site_of_group == site), f]
            reach[i, site] = True
            payers[:, i, site] = there.all(axis=1) if there.all(axis=1).any() else there.any(axis=1)
        reach[i, home[i]] = True
    length = np.diff([date.toordinal() for date in scenario.period_dates])
    share = coefficients.working_days[facility] / length
    return MobilePlant(
        facility=facility,
        home=home,
        site_of_group=site_of_group,
        reach=reach,
        move_days=share * np.array([rows[f].move_days for f in facility], dtype=float)[:, None],
        move_usd=np.array([rows[f].move_cost_usd for f in facility], dtype=float),
        payers=payers,
        first=coefficients.first_period,
    )


@dataclass(frozen=True)
class TourColumns:
    """Places of mobile plant in the model: columns, or as decided.

    Parameters
    ----------
    plant
        What is known of it.
    periods
        Number of periods.
    classes
        Cost class of a move to each site, shape (plant, site).
    fixed
        The moves, if they are decided.
    """

    plant: MobilePlant
    periods: int
    classes: Ints
    fixed: Tours | None = None

    @cached_property
    def pairs(self) -> tuple[Ints, Ints, Ints]:
        """Plant, site and period of each column ``stands``, and of each ``moves``; none if decided."""
        if self.fixed is not None:
            nothing = np.empty(0, dtype=np.int64)
            return nothing, nothing, nothing
        shape = (*self.plant.reach.shape, self.periods)
        plant, site, period = np.nonzero(np.broadcast_to(self.plant.reach[:, :, None], shape))
        return plant, site, period

    @cached_property
    def _made(self) -> tuple[Bools, Ints]:
        """Where plant may work, shape (plant, site, period), and moves that are decided, (plant, period)."""
        if self.fixed is None:
            shape = (*self.plant.reach.shape, self.periods)
            none = np.zeros((shape[0], self.periods), dtype=np.int64)
            return np.broadcast_to(self.plant.reach[:, :, None], shape), none
        return made(self.plant, self.fixed, self.periods)

    def possible(self, group: Ints, facility: Ints, period: Ints) -> Bools:
        """Return whether plant can be where flows are, shape (flow,)."""
        works, of_facility = self._made[0], self.plant.index_of(facility)
        there = works[of_facility, self.plant.site_of_group[group], period]
        return (of_facility < 0) | there

    def left(self, days: Floats) -> Floats:
        """Return working days that moves that are decided leave [d], shape (facility, period)."""
        result = days.copy()
        result[self.plant.facility] -= self._made[1] * self.plant.move_days
        return result

    def charge(self, committed_usd: Floats) -> None:
        """Add the cost of moves that are decided to what must be paid [USD], shape (class, period)."""
        index = {f: i for i, f in enumerate(self.plant.facility.tolist())}
        for f, period, site in self.fixed or ():
            i = index[f]
            if self.plant.move_usd[i]:
                committed_usd[self.classes[i, site], period] += self.plant.move_usd[i]

    @property
    def columns(self) -> int:
        """Number of columns of each of the two kinds."""
        return self.pairs[0].size

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        facility = self.plant.facility[self.pairs[0]]
        places = list(zip(facility.tolist(), *(part.tolist() for part in self.pairs[1:]), strict=True))
        return tuple(f"{kind}{f}_{s}_{b}" for kind in "em" for f, s, b in places)

    def days_terms(self, offset: int) -> tuple[Ints, Ints, Floats]:
        """Return what moves take as terms of rows by facility and period [d]; columns begin at `offset`."""
        plant, _, period = self.pairs
        row = self.plant.facility[plant] * self.periods + period
        return row, offset + self.columns + np.arange(plant.size), self.plant.move_days[plant, period]

    def cost_terms(self, offset: int) -> tuple[Ints, Ints, Floats]:
        """Return what moves cost, less than zero, as terms of rows by cost class and period [kUSD]."""
        plant, site, period = self.pairs
        number, column = self.classes[plant, site], offset + self.columns + np.arange(plant.size)
        costly = number != NO_CLASS
        row = (number * self.periods + period)[costly]
        return row, column[costly], -self.plant.move_usd[plant[costly]] / USD_PER_KUSD

    def tours_of(self, values: Floats) -> Tours:
        """Return the moves that values of these columns make, shape (column,)."""
        stands, moves = values[: self.columns] > 0.5, values[self.columns : 2 * self.columns] > 0.5
        plant, site, period = self.pairs
        found: list[tuple[int, int, int]] = []
        place = dict(enumerate(self.plant.home.tolist()))
        for i, b in sorted(set(zip(plant[moves].tolist(), period[moves].tolist(), strict=True))):
            then = (plant == i) & (period == b)
            last = int(site[stands & then][0])
            for to in sorted(site[moves & then].tolist(), key=lambda s: s == last):
                if to != place[i]:
                    found.append((int(self.plant.facility[i]), b, to))
                place[i] = to
        return tuple(found)


def needed(plant: MobilePlant, moves: Tours, work: Bools) -> Tours:
    """Return the moves of which something comes: those to sites at which nothing is done then are left out.

    Parameters
    ----------
    plant, moves
        The plant, and its moves.
    work
        Whether it works at a site in a period, shape (plant, site, period).
    """
    kept: list[tuple[int, int, int]] = []
    for i, f in enumerate(plant.facility.tolist()):
        own = [move for move in moves if move[0] == f]
        ends = [period for _, period, _ in own[1:]] + [work.shape[2] - 1]
        place = int(plant.home[i])
        for (_, begins, to), end in zip(own, ends, strict=False):
            if to != place and work[i, to, begins : end + 1].any():
                kept.append((f, begins, to))
                place = to
    return tuple(kept)


def made(plant: MobilePlant, moves: Tours, periods: int) -> tuple[Bools, Ints]:
    """Return where moves let plant work, shape (plant, site, period), and their number, (plant, period).

    In each period that is the site where it stands at the start, and all that it moves to.
    """
    works = np.zeros((*plant.reach.shape, periods), dtype=bool)
    number = np.zeros((plant.facility.size, periods), dtype=np.int64)
    for i, f in enumerate(plant.facility.tolist()):
        place = int(plant.home[i])
        for b in range(periods):
            works[i, place, b] = True
            for to in (site for facility, period, site in moves if (facility, period) == (f, b)):
                works[i, to, b], place = True, to
                number[i, b] += 1
    return works, number


def tour_columns(
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    groups: Groups,
    numbers: ClassNumbers,
    moves: Tours | None,
) -> tuple[TourColumns | None, Groups]:
    """Return places of mobile plant in a model, and groups whose work bears no part of the cost of moves.

    None, and the groups as they are, where no plant has a place.

    Parameters
    ----------
    scenario, coefficients, groups
        What is known.
    numbers
        Numbers of the cost classes, which it adds to.
    moves
        The moves, if they are decided.
    """
    plant = mobile_plant(scenario, coefficients, groups)
    if plant is None:
        return None, groups
    classes = np.full(plant.reach.shape, NO_CLASS)
    for i, site in np.argwhere(plant.reach & (plant.move_usd > 0.0)[:, None]).tolist():
        classes[i, site] = numbers.number(np.flatnonzero(plant.payers[:, i, site]), committed=True)
    return TourColumns(plant, scenario.periods, classes, moves), groups.without_moves(plant.facility)
