"""Generated programmes for the benchmarks of the optimiser: scenarios of demilsim, one group for each lot.

Each hub has a seasonal range with a daily limit on net explosive quantity, and plants that could be
commissioned, with lead times, learning-free pace, winter closure and permits here and there. A plant serves
the sites of its hub and one site of the next. Money comes once a year from the host and from donors with
strings on sites, methods and use, is carried over, and suffices for about half of the stock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np

from demilsim.model.harm import StockHarm, arrival_period, lot_masses_t, stock_harm
from demilsim.model.options import DisposalOptions, disposal_options
from demilsim.optimisation.blocks import Blocks, calendar_years, single_periods
from demilsim.optimisation.groups import Groups, grouped
from demilsim.optimisation.objective import PlanningHarm, emptied_path_t, planning_harm
from demilsim.optimisation.problem import Problem, make_problem
from demilsim.plan import Floats, PlanningCoefficients
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import (
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Lot,
    Route,
    Site,
    Source,
    Storehouse,
    Tranche,
)
from demilsim.scenario.settings import Settings

QUARTERS = 4
SOURCE = ("T-GENERATED",)
START = dt.date(2027, 1, 1)
SITES_PER_HUB = 3
LOTS_PER_STOREHOUSE = 3
METHODS = ("rotary_kiln", "disassembly", "contained_detonation", "open_burning", "open_detonation")
CATEGORIES = ("artillery", "mortar", "rockets", "tank_gun", "small_arms", "propellant")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
ACCEPTED = 0.5
"""Share of the categories that a plant accepts."""

CAPACITY_SHARE = 2.5
"""Work that all plants could do over the horizon, were all there at once, as a share of the stock."""

BUDGET_SHARE = 0.5
"""Money of all funds as a share of the cost of all plants and of destroying all stock."""


@dataclass(frozen=True)
class Size:
    """Size of an instance: groups, hubs, plants that could be commissioned at each hub, quarters."""

    groups: int
    hubs: int
    plants: int
    periods: int


SIZES = {
    "small": Size(30, 2, 5, 20),
    "hubs": Size(100, 3, 5, 24),
    "medium": Size(200, 5, 5, 40),
    "large": Size(1000, 9, 6, 60),
}
"""Orders, plants by periods: 200, 360, 1,000 and 3,240, of which those that add days of their own count."""


@dataclass(frozen=True)
class Instance:
    """A scenario, its groups, and what a problem in any blocks is made of."""

    scenario: Scenario
    coefficients: PlanningCoefficients
    options: DisposalOptions
    groups: Groups
    stock: StockHarm

    def problem(self, yearly: bool = False) -> Problem:
        """Return the problem with all orders open, in single periods or in blocks of years."""
        blocks: Blocks = (calendar_years if yearly else single_periods)(self.scenario)
        return make_problem(self.scenario, self.coefficients, self.options, self.groups, blocks, None)

    def linear(self, problem: Problem) -> tuple[PlanningHarm, Floats]:
        """Return planning harm over the flows of a problem, and the cost of each flow when made linear."""
        harm = planning_harm(problem, self.stock)
        return harm, harm.linearised(emptied_path_t(self.groups.held_t(self.scenario.periods)))


def instance(size: Size, seed: int) -> Instance:
    """Return an instance from a seed."""
    scenario = generated(size, seed)
    options, stock = disposal_options(scenario), stock_harm(scenario)
    lots = np.arange(len(scenario.lots))
    groups = grouped(lots, lot_masses_t(scenario), options, arrival_period(scenario))
    return Instance(scenario, nominal_coefficients(scenario), options, groups, stock)


def generated(size: Size, seed: int) -> Scenario:
    """Return a scenario of a size from a seed."""
    rng = np.random.default_rng(seed)
    sites = [_site(h, k) for h in range(size.hubs) for k in range(SITES_PER_HUB)]
    houses = [
        Storehouse(
            storehouse_id=f"H{k}", site_id=sites[k % len(sites)].site_id, construction="masonry",
            x_m=float(rng.integers(0, 300)), y_m=150.0 * (k // len(sites)), source=SOURCE,
        )
        for k in range(max(size.groups // LOTS_PER_STOREHOUSE, len(sites)))
    ]  # fmt: skip
    lots = [_lot(rng, k, houses[k % len(houses)].storehouse_id) for k in range(size.groups)]
    stock_t = sum(lot.gross_mass_t for lot in lots)
    years = size.periods // QUARTERS
    t_per_year = CAPACITY_SHARE * stock_t / (size.hubs * (size.plants + 1) * years)
    plants = [p for h in range(size.hubs) for p in _plants(rng, size, h, t_per_year)]
    rates = [r for p in plants for r in _rates(rng, p, t_per_year)]
    capital = sum(p.capital_cost_usd for p in plants)
    running = stock_t * float(np.mean([r.unit_cost_usd_per_t for r in rates]))
    funds, tranches = _money(rng, size, BUDGET_SHARE * (capital + running))
    return Scenario(
        settings=Settings(
            schema_version=1, name="generated", title="Generated programme", country="KZ", synthetic=True,
            price_year=2025, start=START, horizon_years=years, terminal_years=5.0,
        ),
        sites=tuple(sites), storehouses=tuple(houses),
        exposed_sites=tuple(_town(rng, s) for s in sites),
        lots=tuple(lots), facilities=tuple(plants), facility_rates=tuple(rates),
        routes=tuple(_routes(rng, plants)), funds=tuple(funds), tranches=tuple(tranches), measures=(),
        exchange_rates=(),
        sources=(Source(source_id=SOURCE[0], confidence="assumed", text="generated from a seed"),),
        register=shipped_register(),
    )  # fmt: skip


def _site(hub: int, number: int) -> Site:
    temperatures: dict[str, Any] = {
        f"temperature_{month}_c": 10.0 + 15.0 * float(-np.cos((k + 0.5) * np.pi / 6.0))
        for k, month in enumerate(MONTHS)
    }
    return Site(
        site_id=f"S{hub}_{number}", name=f"S{hub}_{number}", region=f"R{hub}", latitude_deg=45.0,
        longitude_deg=60.0 + hub, rrpl=1, daily_half_swing_c=6.0, source=SOURCE, **temperatures,
    )  # fmt: skip


def _town(rng: np.random.Generator, site: Site) -> ExposedSite:
    return ExposedSite(
        exposed_site_id=f"{site.site_id}_E", site_id=site.site_id, kind="dwellings",
        x_m=float(rng.integers(300, 900)), y_m=float(rng.integers(-300, 300)),
        persons=float(rng.integers(100_000, 1_000_000)), day_fraction=0.5, night_fraction=0.9, source=SOURCE,
    )  # fmt: skip


def _lot(rng: np.random.Generator, number: int, house: str) -> Lot:
    category = str(rng.choice(CATEGORIES))
    natures = [n.nature_id for n in shipped_register().natures.values() if n.category == category]
    mass_t = float(np.round(rng.lognormal(5.0, 0.7), 1))
    return Lot(
        lot_id=f"L{number}", storehouse_id=house, nature_id=str(rng.choice(natures)), gross_mass_t=mass_t,
        neq_kg=mass_t * float(rng.integers(80, 450)), status="surplus", safe_to_move=bool(rng.random() < 0.9),
        year_made=int(rng.integers(1955, 1992)), stabiliser_fraction=float(rng.uniform(0.25, 0.8)),
        source=SOURCE,
    )  # fmt: skip


def _plants(rng: np.random.Generator, size: Size, hub: int, t_per_year: float) -> list[Facility]:
    """Return the range of a hub, and the plants that could be commissioned there."""
    own = tuple(f"S{hub}_{k}" for k in range(SITES_PER_HUB))
    neighbour = f"S{(hub + 1) % size.hubs}_{int(rng.integers(SITES_PER_HUB))}"
    ranged = _facility(
        f"F{hub}_0", own[0], "open_detonation", "existing", serves_sites=own, mobile=True,
        open_months=tuple(range(4, 11)), neq_limit_kg_per_day=float(rng.integers(400, 1500)),
    )  # fmt: skip
    possible = [
        _facility(
            f"F{hub}_{k + 1}", own[int(rng.integers(SITES_PER_HUB))], METHODS[k % len(METHODS)], "possible",
            serves_sites=tuple(dict.fromkeys((*own, neighbour))), mobile=bool(rng.random() < 0.3),
            open_months=tuple(range(3, 12)) if rng.random() < 0.3 else tuple(range(1, 13)),
            permit_t_per_year=0.8 * t_per_year if rng.random() < 0.3 else None,
            capital_cost_usd=float(np.round(t_per_year * rng.uniform(1500, 6000), -3)),
            fixed_cost_usd_per_year=float(np.round(t_per_year * rng.uniform(50, 200), -2)),
            lead_time_days=float(rng.integers(2, 5)) * 91.0,
        )
        for k in range(size.plants)
    ]  # fmt: skip
    return [ranged, *possible]


def _facility(facility_id: str, site_id: str, method_id: str, status: str, **changes: Any) -> Facility:
    base = {
        "facility_id": facility_id, "site_id": site_id, "name": facility_id, "method_id": method_id,
        "operator": "state", "status": status, "working_days_per_week": 5.0, "breakdown_mean_days": 90.0,
        "repair_mean_days": 9.0, "weather_stops_per_year": 0.0, "weather_stop_mean_days": None,
        "permit_t_per_year": None, "neq_limit_kg_per_day": None, "fixed_cost_usd_per_year": 0.0,
        "capital_cost_usd": 0.0, "lead_time_days": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Facility(**(base | changes))


def _rates(rng: np.random.Generator, plant: Facility, t_per_year: float) -> list[FacilityRate]:
    count = round(ACCEPTED * len(CATEGORIES))
    days = 5.0 * len(plant.open_months) / 12.0 * 52.0
    return [
        FacilityRate(
            facility_id=plant.facility_id, category=str(category),
            throughput_t_per_day=t_per_year / days * float(rng.uniform(0.6, 1.4)),
            unit_cost_usd_per_t=float(rng.integers(3, 15)) * 100.0, source=SOURCE,
        )
        for category in rng.choice(CATEGORIES, count, replace=False)
    ]  # fmt: skip


def _routes(rng: np.random.Generator, plants: list[Facility]) -> list[Route]:
    """Return a road from each plant that stays to each site that it serves, and from hub to hub."""
    pairs = {frozenset((p.site_id, s)) for p in plants if not p.mobile for s in p.serves_sites}
    ends = sorted(tuple(sorted(pair)) for pair in pairs if len(pair) == 2)
    return [
        Route(
            from_site_id=a, to_site_id=b, distance_km=float(rng.integers(30, 400)), travel_days=2.0,
            open_months=tuple(range(3, 12)) if rng.random() < 0.2 else tuple(range(1, 13)), source=SOURCE,
        )
        for a, b in ends
    ]  # fmt: skip


def _money(rng: np.random.Generator, size: Size, usd: float) -> tuple[list[Fund], list[Tranche]]:
    """Return the host's fund and three donors' with strings, each paid out once a year."""
    years = size.periods // QUARTERS
    hub = int(rng.integers(size.hubs))
    strings: list[dict[str, Any]] = [
        {"holder": "host"},
        {"holder": "donor", "earmark_sites": tuple(f"S{hub}_{k}" for k in range(SITES_PER_HUB))},
        {"holder": "donor", "earmark_methods": METHODS[:2], "expires": _end(max(years // 2, 1))},
        {"holder": "donor", "use": "capital"},
    ]
    base: dict[str, Any] = {
        "use": "any", "earmark_sites": (), "earmark_methods": (), "earmark_categories": (),
        "overhead_fraction": 0.05, "expires": None, "source": SOURCE,
    }  # fmt: skip
    funds = [Fund(fund_id=f"M{k}", name=f"M{k}", **(base | own)) for k, own in enumerate(strings)]
    tranches = []
    for fund, share in zip(funds, (0.55, 0.1, 0.2, 0.15), strict=True):
        paid = years if fund.expires is None else max(years // 2, 1)
        weights = rng.uniform(0.5, 1.5, paid)
        for year, weight in enumerate(weights / weights.sum()):
            tranches.append(
                Tranche(
                    tranche_id=f"{fund.fund_id}_{year}", fund_id=fund.fund_id,
                    due=dt.date(START.year + year, 1, 1), amount_usd=float(np.round(share * usd * weight)),
                    probability=1.0, mean_delay_days=0.0, source=SOURCE,
                )
            )  # fmt: skip
    return funds, tranches


def _end(years: int) -> dt.date:
    return dt.date(START.year + years - 1, 12, 31)
