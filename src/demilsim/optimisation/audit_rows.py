"""Rows of a scenario by id, and their numbers as exact fractions, for the audit alone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, FacilityRate, Fund, Lot, Route


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
    """

    scenario: Scenario
    lots: dict[str, Lot]
    facilities: dict[str, Facility]
    rates: dict[tuple[str, str], FacilityRate]
    routes: dict[frozenset[str], Route]
    site_of_house: dict[str, str]

    def site(self, lot: Lot) -> str:
        """Return the site where a lot lies."""
        return self.site_of_house[lot.storehouse_id]

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

    def days_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return working days per gross tonne [d/t], by throughput or by the daily limit on NEQ."""
        rate = self.rate(lot, facility)
        assert rate is not None, "places are checked first"
        days = 1 / exact(rate.throughput_t_per_day)
        if facility.neq_limit_kg_per_day is None:
            return days
        per_t = exact(lot.neq_kg) / exact(lot.gross_mass_t)
        return max(days, per_t / exact(facility.neq_limit_kg_per_day))

    def cost_usd_per_t(self, lot: Lot, facility: Facility) -> Fraction:
        """Return cost of work and transport [USD/t]."""
        rate = self.rate(lot, facility)
        assert rate is not None, "places are checked first"
        cost = exact(rate.unit_cost_usd_per_t)
        if not self.moves(lot, facility):
            return cost
        route = self.route(lot, facility)
        assert route is not None, "places are checked first"
        haulage = exact(self.scenario.register.transport.cost_usd_per_t_km)
        return cost + exact(route.distance_km) * haulage


def audit_rows(scenario: Scenario) -> AuditRows:
    """Return the look-up tables of a scenario."""
    return AuditRows(
        scenario=scenario,
        lots={lot.lot_id: lot for lot in scenario.lots},
        facilities={facility.facility_id: facility for facility in scenario.facilities},
        rates={(rate.facility_id, rate.category): rate for rate in scenario.facility_rates},
        routes={frozenset((r.from_site_id, r.to_site_id)): r for r in scenario.routes},
        site_of_house={house.storehouse_id: house.site_id for house in scenario.storehouses},
    )


def first_working_period(scenario: Scenario, facility: Facility, ordered: int) -> int:
    """Return the first period that starts a lead time after an order or later; T if none does."""
    starts = scenario.period_dates[:-1]
    ready = starts[ordered] + dt.timedelta(days=facility.lead_time_days)
    return next((period for period, start in enumerate(starts) if start >= ready), len(starts))


def may_pay(fund: Fund, use: str, site: str, method: str, category: str | None) -> bool:
    """Return whether the strings of a fund let it pay.

    Parameters
    ----------
    fund
        The fund.
    use
        ``running`` or ``capital``.
    site, method
        Where and how.
    category
        Of the ammunition; None where the cost is of no one category.
    """
    uses = fund.use in ("any", use)
    places = not fund.earmark_sites or site in fund.earmark_sites
    ways = not fund.earmark_methods or method in fund.earmark_methods
    categories = category is None or not fund.earmark_categories or category in fund.earmark_categories
    return uses and places and ways and categories
