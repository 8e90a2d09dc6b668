"""Which lot may go where, how long it takes, what it costs, what harm that does, and who may pay.

Dense arrays of shape (lot, facility), in the order of the scenario's tables, shared by simulation, rules
and optimiser.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demilsim.model.money import expected_scrap_usd_per_t
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, Fund, Lot, LotStatus, Route

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class DisposalOptions:
    """What can be done with each lot.

    Parameters
    ----------
    days_per_t
        Working days per gross tonne [d/t], infinite where not allowed, shape (lot, facility).
    cost_usd_per_t
        Expected running and transport cost [USD/t], same shape.
    direct_usd_per_t
        The part of it that each tonne costs by itself [USD/t], same shape: without its share of the escort of
        full convoys, and of the moves of mobile plant.
    road, vehicle_km_per_t
        Row of the route that a load takes, -1 on site; way of all its vehicles per gross tonne [km/t], same
        shape.
    handling_rate_per_t, road_rate_per_t
        Accidents per gross tonne in processing and on the road [1/t], same shape.
    worker_fatalities_per_t, road_fatalities_per_t
        Expected deaths per gross tonne [persons/t], same shape.
    accident_harm_per_t
        The two, weighted [weighted persons/t], same shape.
    travel_days
        Days on the road before work can start [d], same shape; 0 on site.
    running_eligible
        Whether a fund may pay for destroying a lot at a facility, shape (fund, lot, facility).
    capital_eligible, standing_eligible
        Whether a fund may pay for commissioning a facility, and for keeping it open, shape
        (fund, facility).
    scrap_usd_per_t
        Expected income from scrap that the programme may spend [USD/t], shape (lot, facility): 0 without a
        fund for scrap.
    """

    days_per_t: Floats
    cost_usd_per_t: Floats
    direct_usd_per_t: Floats
    road: Ints
    vehicle_km_per_t: Floats
    handling_rate_per_t: Floats
    road_rate_per_t: Floats
    worker_fatalities_per_t: Floats
    road_fatalities_per_t: Floats
    accident_harm_per_t: Floats
    travel_days: Floats
    running_eligible: Bools
    capital_eligible: Bools
    standing_eligible: Bools
    scrap_usd_per_t: Floats

    @property
    def allowed(self) -> Bools:
        """Whether a lot may go to a facility, shape (lot, facility)."""
        return np.isfinite(self.days_per_t)


def route_between(routes: dict[frozenset[str], Route], lot_site: str, facility: Facility) -> Route | None:
    """Return the road a lot would take, or None if it stays at its site."""
    if facility.mobile or facility.site_id == lot_site:
        return None
    return routes.get(frozenset((lot_site, facility.site_id)))


def accepts(scenario: Scenario, lot: Lot, lot_site: str, facility: Facility, has_route: bool) -> bool:
    """Return whether a facility may destroy a lot at all, given a rate for its category."""
    if lot.status is LotStatus.RESERVE:
        return False
    if facility.serves_sites and lot_site not in facility.serves_sites:
        return False
    on_site = facility.mobile or facility.site_id == lot_site
    if facility.mobile and not may_go(scenario, facility, lot_site):
        return False
    return on_site or (lot.safe_to_move and has_route)


def may_go(scenario: Scenario, facility: Facility, site: str) -> bool:
    """Return whether mobile plant may go to a site that it serves: it leaves no country that it does not."""
    country = scenario.country_of_site
    home = country[facility.site_id]
    served = facility.serves_sites
    return country[site] == home or not served or any(country[other] == home for other in served)


def has_place(facility: Facility) -> bool:
    """Return whether plant stands somewhere and has to move: it is mobile, and moves take time or money."""
    return facility.mobile and (facility.move_days > 0.0 or facility.move_cost_usd > 0.0)


def vehicles_per_t(lot: Lot, route: Route, payload_t: float) -> float:
    """Return the vehicles that a tonne of a lot needs, by mass or by the limit on NEQ [1/t]."""
    by_mass = 1.0 / payload_t
    if route.neq_limit_kg_per_vehicle is None:
        return by_mass
    return max(by_mass, lot.neq_kg / lot.gross_mass_t / route.neq_limit_kg_per_vehicle)


def move_usd_per_t(scenario: Scenario, on_offer: Bools) -> Floats:
    """Return the cost of moves of mobile plant over what it may do at each site [USD/t].

    One move to each site but its own, spread over all that it may take there: no plan needs fewer.

    Parameters
    ----------
    scenario
        The scenario.
    on_offer
        Whether a facility may take a lot, shape (lot, facility).
    """
    cost = np.zeros(on_offer.shape)
    if not any(f.mobile and f.move_cost_usd for f in scenario.facilities):
        return cost
    site_of = {h.storehouse_id: h.site_id for h in scenario.storehouses}
    sites = np.array([site_of[lot.storehouse_id] for lot in scenario.lots])
    mass_t = np.array([lot.gross_mass_t for lot in scenario.lots])
    for j, facility in enumerate(scenario.facilities):
        if not (facility.mobile and facility.move_cost_usd):
            continue
        for site in set(sites[on_offer[:, j]].tolist()) - {facility.site_id}:
            there = on_offer[:, j] & (sites == site)
            cost[there, j] = facility.move_cost_usd / mass_t[there].sum()
    return cost


def disposal_options(scenario: Scenario) -> DisposalOptions:
    """Return the options of every lot of a scenario."""
    site_of = {h.storehouse_id: h.site_id for h in scenario.storehouses}
    days, direct, escort, handling, vehicle_km, travel, roads = _pairs(scenario, site_of)
    transport = scenario.register.transport
    road = vehicle_km * (transport.accident_rate_per_vehicle_km * transport.explosion_given_accident)
    deaths = np.array(
        [scenario.methods[f.method_id].worker_fatalities_per_accident for f in scenario.facilities]
    )
    workers, on_road = handling * deaths, road * transport.fatalities_per_explosion
    weights = scenario.settings.harm_weights
    running, capital, standing = _eligibility(scenario, site_of)
    return DisposalOptions(
        days_per_t=days,
        cost_usd_per_t=direct + escort + move_usd_per_t(scenario, np.isfinite(days)),
        direct_usd_per_t=direct,
        road=roads,
        vehicle_km_per_t=vehicle_km,
        handling_rate_per_t=handling,
        road_rate_per_t=road,
        worker_fatalities_per_t=workers,
        road_fatalities_per_t=on_road,
        accident_harm_per_t=weights.fatalities_workers * workers + weights.fatalities_transport * on_road,
        travel_days=travel,
        running_eligible=running,
        capital_eligible=capital,
        standing_eligible=standing,
        scrap_usd_per_t=expected_scrap_usd_per_t(scenario),
    )


def _pairs(
    scenario: Scenario, site_of: dict[str, str]
) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats, Ints]:
    """Return, of shape (lot, facility), what follows from the way to a facility and its rate.

    Days, direct cost, escort, processing accidents and vehicle-km per tonne; travel days; route.
    """
    shape = (len(scenario.lots), len(scenario.facilities))
    days = np.full(shape, np.inf)
    cost, escort, handling, vehicle_km, travel = (np.zeros(shape) for _ in range(5))
    roads = np.full(shape, -1, dtype=np.int64)
    routes = {frozenset((r.from_site_id, r.to_site_id)): r for r in scenario.routes}
    row_of = {frozenset((r.from_site_id, r.to_site_id)): row for row, r in enumerate(scenario.routes)}
    rates = {(r.facility_id, r.category): r for r in scenario.facility_rates}
    neq_limits = [neq_limit_kg_per_day(facility) for facility in scenario.facilities]
    transport = scenario.register.transport
    for i, lot in enumerate(scenario.lots):
        site = site_of[lot.storehouse_id]
        category = scenario.natures[lot.nature_id].category
        for j, facility in enumerate(scenario.facilities):
            rate = rates.get((facility.facility_id, category))
            route = route_between(routes, site, facility)
            if rate is None or not accepts(scenario, lot, site, facility, route is not None):
                continue
            days[i, j] = 1.0 / (rate.throughput_t_per_day * facility.shifts_per_day)
            limit = neq_limits[j]
            if limit:
                neq_per_t = lot.neq_kg / lot.gross_mass_t
                days[i, j] = max(days[i, j], neq_per_t / limit)
            distance = route.distance_km if route else 0.0
            cost[i, j] = rate.unit_cost_usd_per_t + distance * transport.cost_usd_per_t_km
            handling[i, j] = scenario.methods[facility.method_id].accident_rate_per_t
            if route:
                vehicles = vehicles_per_t(lot, route, transport.payload_t)
                escort[i, j] = vehicles / route.vehicles_per_convoy * route.escort_usd_per_convoy
                vehicle_km[i, j] = distance * vehicles
                travel[i, j] = math.ceil(route.travel_days)
                roads[i, j] = row_of[frozenset((site, facility.site_id))]
    return days, cost, escort, handling, vehicle_km, travel, roads


def neq_limit_kg_per_day(facility: Facility) -> float | None:
    """Return the lower of the limit on NEQ a day and that of all shots of a day [kg/d]; None if no limit.

    Both hold for the day, however many shifts it has.
    """
    limits = [] if facility.neq_limit_kg_per_day is None else [facility.neq_limit_kg_per_day]
    if facility.neq_limit_kg_per_shot and facility.shots_per_day:
        limits.append(facility.neq_limit_kg_per_shot * facility.shots_per_day)
    return min(limits, default=None)


def _eligibility(scenario: Scenario, site_of: dict[str, str]) -> tuple[Bools, Bools, Bools]:
    lot_site = [site_of[lot.storehouse_id] for lot in scenario.lots]
    category = [scenario.natures[lot.nature_id].category for lot in scenario.lots]
    shape = (len(scenario.funds), len(scenario.lots), len(scenario.facilities))
    running = np.zeros(shape, dtype=bool)
    capital = np.zeros((shape[0], shape[2]), dtype=bool)
    standing = np.zeros((shape[0], shape[2]), dtype=bool)
    country = scenario.country_of_site
    for k, fund in enumerate(scenario.funds):
        lots = np.array(
            [
                may_pay_at(fund, s, country[s]) and _matches(fund.earmark_categories, c)
                for s, c in zip(lot_site, category, strict=True)
            ],
            dtype=bool,
        )
        method = np.array([_matches(fund.earmark_methods, f.method_id) for f in scenario.facilities], bool)
        site = np.array([may_pay_at(fund, f.site_id, country[f.site_id]) for f in scenario.facilities], bool)
        for_running, for_capital = fund.use in ("any", "running"), fund.use in ("any", "capital")
        running[k] = for_running & lots[:, None] & method[None, :]
        plant = method & site & (not fund.earmark_categories)
        capital[k] = for_capital & plant
        standing[k] = for_running & plant
    return running, capital, standing


def may_pay_at(fund: Fund, site: str, country: str) -> bool:
    """Return whether the strings of a fund let it pay for something at a site."""
    return _matches(fund.earmark_sites, site) and _matches(fund.earmark_countries, country)


def pays_for_clean_up(scenario: Scenario) -> tuple[tuple[bool, ...], ...]:
    """Return whether a fund pays for clean-up at a site, by fund and site."""
    country = scenario.country_of_site
    return tuple(
        tuple(
            fund.use == "emergency" and may_pay_at(fund, site.site_id, country[site.site_id])
            for site in scenario.sites
        )
        for fund in scenario.funds
    )


def _matches(earmark: tuple[str, ...], value: str) -> bool:
    return not earmark or value in earmark


def drawing_order(funds: tuple[Fund, ...]) -> tuple[int, ...]:
    """Return the order in which funds are drawn on: the most restricted first, then the first to expire."""

    def freedom(index: int) -> tuple[int, int, str]:
        fund = funds[index]
        earmarks = (fund.earmark_sites, fund.earmark_methods, fund.earmark_categories, fund.earmark_countries)
        strings = sum(map(bool, earmarks)) + (fund.use != "any")
        return (-strings, fund.expires.toordinal() if fund.expires else 10**9, fund.fund_id)

    return tuple(sorted(range(len(funds)), key=freedom))
