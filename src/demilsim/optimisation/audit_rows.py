"""Rows of a scenario by id, and their numbers as exact fractions, for the audit alone."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, FacilityRate, Fund, Lot, LotStatus, Measure, Route
from demilsim.units import DAYS_PER_YEAR, MONTHS_PER_YEAR


def exact(value: float) -> Fraction:
    """Return a number as the fraction of the decimals that it was written in, not of its binary form."""
    return Fraction(repr(float(value)))


@dataclass(frozen=True)
class AuditRows:
    """Look-up tables over the rows of a scenario.

    Parameters
    ----------
    scenario
        The scenario.
    lots, facilities
        By id.
    rates
        By facility and category.
    routes
        By unordered pair of sites.
    site_of_house
        Site of each storehouse, by id.
    there_t
        What mobile plant may take at each site [t], by facility and site.
    """

    scenario: Scenario
    lots: dict[str, Lot]
    facilities: dict[str, Facility]
    rates: dict[tuple[str, str], FacilityRate]
    routes: dict[frozenset[str], Route]
    site_of_house: dict[str, str]
    there_t: dict[tuple[str, str], Fraction]

    def site(self, lot: Lot) -> str:
        """Return the site where a lot lies."""
        return self.site_of_house[lot.storehouse_id]

    def place(self, site: str) -> tuple[str, str]:
        """Return a site with its country."""
        own = {row.site_id: row.country for row in self.scenario.sites}[site]
        return site, own or self.scenario.settings.country

    def scrap_usd_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return expected income from scrap [USD/t]."""
        rate = self.rate(lot, facility)
        assert rate is not None, "places are checked first"
        return exact(rate.scrap_usd_per_t) * exact(rate.scrap_buyer_probability)

    def category(self, lot: Lot) -> str:
        """Return the category of a lot."""
        return self.scenario.natures[lot.nature_id].category

    def rate(self, lot: Lot, facility: Facility) -> FacilityRate | None:
        """Return the rate of a facility for a lot; None if it does not take its category."""
        return self.rates.get((facility.facility_id, self.category(lot)))

    def moves(self, lot: Lot, facility: Facility) -> bool:
        """Return whether a lot must travel to a facility."""
        return not facility.mobile and facility.site_id != self.site(lot)

    def route(self, lot: Lot, facility: Facility) -> Route | None:
        """Return the road from a lot to a facility; None if there is none."""
        return self.routes.get(frozenset((self.site(lot), facility.site_id)))

    def may_go(self, facility: Facility, site: str) -> bool:
        """Return whether plant may go to a site: mobile plant leaves no country that it does not serve."""
        country = self.scenario.country_of_site
        home = country[facility.site_id]
        served = {country[other] for other in facility.serves_sites} or {home}
        return not facility.mobile or country[site] == home or home in served

    def road_closed(self, lot: Lot, facility: Facility, period: int) -> bool:
        """Return whether the road from a lot to a facility is closed in every month of a period."""
        route = self.route(lot, facility)
        assert route is not None, "places are checked first"
        first, end = self.scenario.period_dates[period : period + 2]
        months = (end.year - first.year) * MONTHS_PER_YEAR + end.month - first.month
        return not any(
            (first.month - 1 + k) % MONTHS_PER_YEAR + 1 in route.open_months for k in range(months)
        )

    def days_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return working days per gross tonne [d/t], by throughput or by limits on NEQ."""
        rate = self.rate(lot, facility)
        assert rate is not None, "places are checked first"
        days = 1 / exact(rate.throughput_t_per_day) / exact(facility.shifts_per_day)
        per_t = exact(lot.neq_kg) / exact(lot.gross_mass_t)
        if facility.neq_limit_kg_per_day is not None:
            days = max(days, per_t / exact(facility.neq_limit_kg_per_day))
        if facility.neq_limit_kg_per_shot is not None and facility.shots_per_day is not None:
            shots = per_t / exact(facility.neq_limit_kg_per_shot)
            days = max(days, shots / exact(facility.shots_per_day))
        return days

    def cost_usd_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return cost of work and transport, and a share of moves where places are left out [USD/t]."""
        cost = self.work_usd_per_t(lot, facility)
        return cost if self.moves(lot, facility) else cost + self.move_usd_per_t(facility, self.site(lot))

    def work_usd_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return cost of work and transport [USD/t]."""
        rate = self.rate(lot, facility)
        assert rate is not None, "places are checked first"
        cost = exact(rate.unit_cost_usd_per_t)
        if not self.moves(lot, facility):
            return cost
        route = self.route(lot, facility)
        assert route is not None, "places are checked first"
        haulage = exact(self.scenario.register.transport.cost_usd_per_t_km)
        return cost + exact(route.distance_km) * haulage + self.escort_usd_per_t(lot, route)

    def escort_usd_per_t(self, lot: Lot, route: Route) -> Fraction:
        """Return the escort of full convoys [USD/t]."""
        vehicles = 1 / exact(self.scenario.register.transport.payload_t)
        if route.neq_limit_kg_per_vehicle is not None:
            neq = exact(lot.neq_kg) / exact(lot.gross_mass_t)
            vehicles = max(vehicles, neq / exact(route.neq_limit_kg_per_vehicle))
        return vehicles / route.vehicles_per_convoy * exact(route.escort_usd_per_convoy)

    def move_usd_per_t(self, facility: Facility, site: str) -> Fraction:
        """Return one move of mobile plant over all that it may take at a site [USD/t]; 0 where it starts."""
        if not (facility.mobile and facility.move_cost_usd) or site == facility.site_id:
            return Fraction(0)
        return exact(facility.move_cost_usd) / self.there_t[facility.facility_id, site]


def audit_rows(scenario: Scenario) -> AuditRows:
    """Return the look-up tables of a scenario."""
    site_of_house = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    rates = {(rate.facility_id, rate.category): rate for rate in scenario.facility_rates}
    there_t: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for facility in (f for f in scenario.facilities if f.mobile and f.move_cost_usd):
        for lot in scenario.lots:
            key = facility.facility_id, scenario.natures[lot.nature_id].category
            if lot.status is LotStatus.SURPLUS and key in rates:
                there_t[facility.facility_id, site_of_house[lot.storehouse_id]] += exact(lot.gross_mass_t)
    return AuditRows(
        scenario=scenario,
        lots={lot.lot_id: lot for lot in scenario.lots},
        facilities={facility.facility_id: facility for facility in scenario.facilities},
        rates=rates,
        routes={frozenset((r.from_site_id, r.to_site_id)): r for r in scenario.routes},
        site_of_house=site_of_house,
        there_t=there_t,
    )


def first_working_period(scenario: Scenario, what: Facility | Measure, ordered: int) -> int:
    """Return the first period that starts a lead time after an order or later; T if none does."""
    starts = scenario.period_dates[:-1]
    ready = starts[ordered] + dt.timedelta(days=math.ceil(what.lead_time_days))
    return next((period for period, start in enumerate(starts) if start >= ready), len(starts))


def share_of_full_pace(scenario: Scenario, facility: Facility, opened: int, period: int) -> Fraction:
    """Return the mean share of its full throughput that a facility can be expected to reach in a period.

    By learning since the first day of the period in which it opened and by the chance that nobody has
    objected, both as they are at noon, averaged over the days of the period.

    Parameters
    ----------
    scenario, facility
        The facility of a scenario.
    opened, period
        Period in which it opens, and a period not before that.
    """
    dates = scenario.period_dates
    first, end = ((dates[period + k] - dates[opened]).days for k in range(2))
    total = 0.0
    for day in range(first, end):
        age, pace = day + 0.5, 1.0
        if age < facility.learning_days:
            start = facility.learning_start_fraction
            pace = start + (1.0 - start) * age / facility.learning_days
        quiet = math.exp(-facility.objections_per_year * age / DAYS_PER_YEAR)
        total += pace * (quiet + (1.0 - quiet) * facility.objection_capacity_fraction)
    return Fraction(total / (end - first))


def may_pay(fund: Fund, use: str, place: tuple[str, str], method: str, category: str | None) -> bool:
    """Return whether the strings of a fund let it pay.

    Parameters
    ----------
    fund
        The fund.
    use
        ``running`` or ``capital``.
    place, method
        Where, as site and country, and how.
    category
        Of the ammunition; None where the cost is of no one category.
    """
    uses = fund.use in ("any", use)
    site, country = place
    places = not fund.earmark_sites or site in fund.earmark_sites
    countries = not fund.earmark_countries or country in fund.earmark_countries
    ways = not fund.earmark_methods or method in fund.earmark_methods
    categories = category is None or not fund.earmark_categories or category in fund.earmark_categories
    return uses and places and countries and ways and categories
