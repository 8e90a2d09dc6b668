"""Stays of mobile plant as decided: in which of them a line is done, and how early it may begin for that.

A plan has no field for places: its lines make the simulation move. Plant does all that is due where it stands
before it moves on, so that a line that is due too early keeps it from where it was to go.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from demilsim.optimisation.tours import Tours
from demilsim.plan import Ints
from demilsim.scenario.scenario import Scenario

NO_STAY = -1
"""In place of the number of a stay: a facility without decided moves, or a site where it does not stand."""


class _Standing(NamedTuple):
    """A site, and the first and the last period in which plant is there: it comes and leaves in these."""

    site_id: str
    first: int
    last: int


@dataclass(frozen=True)
class DecidedStays:
    """The stays of all mobile plant whose moves were decided, in order; none as it is made."""

    _stays: Mapping[str, tuple[_Standing, ...]] = field(default_factory=dict)
    _site_of_lot: Mapping[str, str] = field(default_factory=dict)

    def number(self, lot_id: str, facility_id: str, period: int) -> int:
        """Return which stay of a facility does what is planned there of a lot in a period, or `NO_STAY`.

        Of two that leave a site and come back in one period it is the first, as the simulation does it.
        """
        stays, site_id = self._stays.get(facility_id, ()), self._site_of_lot.get(lot_id)
        held = (k for k, s in enumerate(stays) if s.site_id == site_id and s.first <= period <= s.last)
        return next(held, NO_STAY)

    def earliest(self, lot_id: str, facility_id: str, period: int, lead: int) -> int:
        """Return the first period from which a line is due that is planned for `period`.

        Parameters
        ----------
        lot_id, facility_id, period
            The line as planned.
        lead
            Periods by which it may run ahead of plan, >= 0: as far as they are in its own stay.
        """
        first, own = max(0, period - lead), self.number(lot_id, facility_id, period)
        while self.number(lot_id, facility_id, first) != own:
            first += 1
        return first


NOTHING_DECIDED = DecidedStays()
"""The stays of a plan whose lines alone say where mobile plant goes."""


def decided_stays(scenario: Scenario, tours: Tours | None, place: Ints | None = None) -> DecidedStays:
    """Return the stays to which decided moves lead; none without moves.

    Parameters
    ----------
    scenario
        The scenario.
    tours
        Moves, in order; None if none were decided on.
    place
        Where plant stands before the first of them, as in `PlanningCoefficients`; None for its own site.
    """
    moves = defaultdict[int, list[tuple[int, str]]](list)
    for f, period, to in tours or ():
        moves[f].append((period, scenario.sites[to].site_id))
    stays = {}
    for f, own in moves.items():
        facility = scenario.facilities[f]
        ends = [*(period for period, _ in own), scenario.periods - 1]
        at_first = facility.site_id if place is None or not place.size else scenario.sites[place[f]].site_id
        stays[facility.facility_id] = tuple(
            _Standing(site_id, first, last)
            for (first, site_id), last in zip([(0, at_first), *own], ends, strict=True)
        )
    site_of_house = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    return DecidedStays(stays, {lot.lot_id: site_of_house[lot.storehouse_id] for lot in scenario.lots})
