"""Which lot may go where, how long it takes, what it costs, what harm that does, and who may pay.

Dense arrays of shape (lot, facility), in the order of the scenario's tables, shared by simulation, rules
and optimiser.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from demilsim.plan import Floats
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
        Running and transport cost [USD/t], same shape.
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
    """

    days_per_t: Floats
    cost_usd_per_t: Floats
    handling_rate_per_t: Floats
    road_rate_per_t: Floats
    worker_fatalities_per_t: Floats
    road_fatalities_per_t: Floats
    accident_harm_per_t: Floats
    travel_days: Floats
    running_eligible: Bools
    capital_eligible: Bools
    standing_eligible: Bools

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
    return on_site or (lot.safe_to_move and has_route)


def disposal_options(scenario: Scenario) -> DisposalOptions:
    """Return the options of every lot of a scenario."""
    site_of = {h.storehouse_id: h.site_id for h in scenario.storehouses}
    days, cost, handling, road, travel = _pairs(scenario, site_of)
    deaths = np.array(
        [scenario.methods[f.method_id].worker_fatalities_per_accident for f in scenario.facilities]
    )
    workers, on_road = handling * deaths, road * scenario.register.transport.fatalities_per_explosion
    weights = scenario.settings.harm_weights
    running, capital, standing = _eligibility(scenario, site_of)
    return DisposalOptions(
        days_per_t=days,
        cost_usd_per_t=cost,
        handling_rate_per_t=handling,
        road_rate_per_t=road,
        worker_fatalities_per_t=workers,
        road_fatalities_per_t=on_road,
        accident_harm_per_t=weights.fatalities_workers * workers + weights.fatalities_transport * on_road,
        travel_days=travel,
        running_eligible=running,
        capital_eligible=capital,
        standing_eligible=standing,
    )


def _pairs(scenario: Scenario, site_of: dict[str, str]) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return days, cost, processing and road accidents per tonne, and travel days; shape (lot, facility)."""
    shape = (len(scenario.lots), len(scenario.facilities))
    days = np.full(shape, np.inf)
    cost, handling, road, travel = (np.zeros(shape) for _ in range(4))
    routes = {frozenset((r.from_site_id, r.to_site_id)): r for r in scenario.routes}
    rates = {(r.facility_id, r.category): r for r in scenario.facility_rates}
    transport = scenario.register.transport
    explosion_per_t_km = (
        transport.accident_rate_per_vehicle_km * transport.explosion_given_accident / transport.payload_t
    )
    for i, lot in enumerate(scenario.lots):
        site = site_of[lot.storehouse_id]
        category = scenario.natures[lot.nature_id].category
        for j, facility in enumerate(scenario.facilities):
            rate = rates.get((facility.facility_id, category))
            route = route_between(routes, site, facility)
            if rate is None or not accepts(scenario, lot, site, facility, route is not None):
                continue
            days[i, j] = 1.0 / rate.throughput_t_per_day
            if facility.neq_limit_kg_per_day:
                neq_per_t = lot.neq_kg / lot.gross_mass_t
                days[i, j] = max(days[i, j], neq_per_t / facility.neq_limit_kg_per_day)
            distance = route.distance_km if route else 0.0
            cost[i, j] = rate.unit_cost_usd_per_t + distance * transport.cost_usd_per_t_km
            handling[i, j] = scenario.methods[facility.method_id].accident_rate_per_t
            road[i, j] = distance * explosion_per_t_km
            travel[i, j] = math.ceil(route.travel_days) if route else 0.0
    return days, cost, handling, road, travel


def _eligibility(scenario: Scenario, site_of: dict[str, str]) -> tuple[Bools, Bools, Bools]:
    lot_site = [site_of[lot.storehouse_id] for lot in scenario.lots]
    category = [scenario.natures[lot.nature_id].category for lot in scenario.lots]
    shape = (len(scenario.funds), len(scenario.lots), len(scenario.facilities))
    running = np.zeros(shape, dtype=bool)
    capital = np.zeros((shape[0], shape[2]), dtype=bool)
    standing = np.zeros((shape[0], shape[2]), dtype=bool)
    for k, fund in enumerate(scenario.funds):
        lots = np.array(
            [
                _matches(fund.earmark_sites, s) and _matches(fund.earmark_categories, c)
                for s, c in zip(lot_site, category, strict=True)
            ],
            dtype=bool,
        )
        method = np.array([_matches(fund.earmark_methods, f.method_id) for f in scenario.facilities], bool)
        site = np.array([_matches(fund.earmark_sites, f.site_id) for f in scenario.facilities], bool)
        running[k] = (fund.use != "capital") & lots[:, None] & method[None, :]
        plant = method & site & (not fund.earmark_categories)
        capital[k] = (fund.use != "running") & plant
        standing[k] = (fund.use != "capital") & plant
    return running, capital, standing


def _matches(earmark: tuple[str, ...], value: str) -> bool:
    return not earmark or value in earmark


def drawing_order(funds: tuple[Fund, ...]) -> tuple[int, ...]:
    """Return the order in which funds are drawn on: the most restricted first, then the first to expire."""

    def freedom(index: int) -> tuple[int, int, str]:
        fund = funds[index]
        strings = sum(map(bool, (fund.earmark_sites, fund.earmark_methods, fund.earmark_categories)))
        strings += fund.use != "any"
        return (-strings, fund.expires.toordinal() if fund.expires else 10**9, fund.fund_id)

    return tuple(sorted(range(len(funds)), key=freedom))
