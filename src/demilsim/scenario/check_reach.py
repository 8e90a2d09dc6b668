"""Checks of the whole: whether surplus can be destroyed somewhere, and money spent on something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.scenario.schema import Facility, Fund, LotStatus

EARMARKS = ("earmark_sites", "earmark_methods", "earmark_categories", "earmark_countries")


@dataclass(frozen=True)
class _Surplus:
    """A surplus lot with what decides where it may go."""

    line: int
    lot_id: str
    site_id: str
    category: str
    safe_to_move: bool


class _Reach:
    """Where surplus can go; made once per check, answers remembered per site, category and safety."""

    def __init__(self, draft: Draft) -> None:
        self.facilities = draft.facilities.records
        self.rated = {(rate.facility_id, rate.category) for rate in draft.facility_rates.records}
        settings = draft.settings.record
        home = settings.country if settings else ""
        self.country = {site.site_id: site.country or home for site in draft.sites.records}
        self.roads = {frozenset((r.from_site_id, r.to_site_id)) for r in draft.routes.records}
        site_of = {house.storehouse_id: house.site_id for house in draft.storehouses.records}
        self.surplus = [
            _Surplus(
                line,
                lot.lot_id,
                site_of[lot.storehouse_id],
                draft.register.natures[lot.nature_id].category,
                lot.safe_to_move,
            )
            for line, lot in draft.lots
            if lot.status is LotStatus.SURPLUS
        ]
        self.answers: dict[tuple[str, str, bool], tuple[Facility, ...]] = {}

    def of(self, lot: _Surplus) -> tuple[Facility, ...]:
        """Return the facilities that could destroy a lot."""
        key = lot.site_id, lot.category, lot.safe_to_move
        if key not in self.answers:
            self.answers[key] = tuple(f for f in self.facilities if self._can_reach(lot, f))
        return self.answers[key]

    def _can_reach(self, lot: _Surplus, facility: Facility) -> bool:
        if (facility.facility_id, lot.category) not in self.rated:
            return False
        if facility.serves_sites and lot.site_id not in facility.serves_sites:
            return False
        if facility.mobile and not self._may_go(facility, lot.site_id):
            return False
        on_site = facility.mobile or facility.site_id == lot.site_id
        return on_site or (lot.safe_to_move and frozenset((lot.site_id, facility.site_id)) in self.roads)

    def _may_go(self, facility: Facility, site_id: str) -> bool:
        """Return whether mobile plant may go to a site: it leaves no country that it does not serve."""
        home = self.country[facility.site_id]
        served = facility.serves_sites
        return self.country[site_id] == home or not served or home in {self.country[s] for s in served}


def accepted_categories(draft: Draft) -> Iterator[Problem]:
    """Find surplus lots of a category that no facility accepts."""
    accepted = {rate.category for rate in draft.facility_rates.records}
    for lot in _Reach(draft).surplus if draft.facilities.records else ():
        if lot.category not in accepted:
            todo = "add a rate or keep it as reserve"
            message = f"expected a facility that accepts {lot.category} (got none); {todo}"
            yield draft.lots.at(lot.line, "nature_id", message)


def reachable_lots(draft: Draft) -> Iterator[Problem]:
    """Find surplus lots that some facility accepts but none can be brought together with."""
    reach = _Reach(draft)
    accepted = {category for _, category in reach.rated}
    for lot in reach.surplus if draft.facilities.records else ():
        if lot.category in accepted and not reach.of(lot):
            why = (
                "a route to one"
                if lot.safe_to_move
                else "one at its site or mobile, since it is not safe to move"
            )
            todo = (
                "add the route, or keep it as reserve"
                if lot.safe_to_move
                else "add such a facility, or keep it as reserve"
            )
            wanted = f"expected a facility for {lot.category} that serves {lot.site_id}, with {why}"
            message = f"{wanted} (got none); {todo}"
            yield draft.lots.at(lot.line, "lot_id", message)


def used_facilities(draft: Draft) -> Iterator[Problem]:
    """Find facilities that no surplus lot can go to."""
    reach = _Reach(draft)
    used = {facility.facility_id for lot in reach.surplus for facility in reach.of(lot)}
    rated = {facility_id for facility_id, _ in reach.rated}
    for line, facility in draft.facilities:
        if facility.facility_id in rated - used:
            todo = "look at its rates, serves_sites and the routes, or take it out"
            message = f"expected a surplus lot that can go to {facility.facility_id} (got none); {todo}"
            yield draft.facilities.at(line, "facility_id", message)


def usable_funds(draft: Draft) -> Iterator[Problem]:
    """Find funds whose strings leave nothing to spend them on."""
    reach = _Reach(draft)
    pairs = {
        (lot.site_id, lot.category, facility.method_id) for lot in reach.surplus for facility in reach.of(lot)
    }
    settings = draft.settings.record
    home = settings.country if settings else ""
    country = {site.site_id: site.country or home for site in draft.sites.records}
    for line, fund in draft.funds:
        strings = [column for column in EARMARKS if getattr(fund, column)]
        # An emergency account waits for an explosion, which may come wherever there is stock.
        if fund.use == "emergency" or not (strings or fund.use == "capital"):
            continue
        if not _usable(fund, pairs, draft.facilities.records, country):
            column = next(iter(strings), "use")
            message = "expected a surplus lot or a possible facility that the fund may pay for (got none); "
            message += "loosen a string of the fund, or take it out"
            yield draft.funds.at(line, column, message)


def _usable(
    fund: Fund,
    pairs: set[tuple[str, str, str]],
    facilities: tuple[Facility, ...],
    country: Mapping[str, str],
) -> bool:
    def matches(earmark: tuple[str, ...], value: str) -> bool:
        return not earmark or value in earmark

    running = fund.use != "capital" and any(
        matches(fund.earmark_sites, site)
        and matches(fund.earmark_countries, country[site])
        and matches(fund.earmark_categories, category)
        and matches(fund.earmark_methods, method)
        for site, category, method in pairs
    )
    capital = fund.use != "running" and any(
        matches(fund.earmark_sites, f.site_id)
        and matches(fund.earmark_countries, country[f.site_id])
        and matches(fund.earmark_methods, f.method_id)
        for f in facilities
        if f.status == "possible"
    )
    return running or capital
