"""Tiny worlds, small enough to compute by hand: builders of scenarios from records, no files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from demilsim.scenario.register import shipped_register
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import (
    ExchangeRate,
    ExposedSite,
    Facility,
    FacilityRate,
    Fund,
    Lot,
    Measure,
    Override,
    Route,
    Site,
    Source,
    Storehouse,
    Tranche,
)
from demilsim.scenario.settings import Settings

SOURCE = ("T-TEST",)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def site(site_id: str = "S1", temperature_c: float = 10.0, **changes: Any) -> Site:
    """Return a site with the same temperature in every month and no daily swing."""
    values = {f"temperature_{month}_c": temperature_c for month in MONTHS}
    base = {
        "site_id": site_id, "name": site_id, "region": "R", "latitude_deg": 45.0, "longitude_deg": 70.0,
        "rrpl": 1, "daily_half_swing_c": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Site(**(base | values | changes))


def storehouse(storehouse_id: str = "H1", site_id: str = "S1", **changes: Any) -> Storehouse:
    """Return a masonry storehouse at the origin."""
    base = {
        "storehouse_id": storehouse_id, "site_id": site_id, "construction": "masonry",
        "x_m": 0.0, "y_m": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Storehouse(**(base | changes))


def village(exposed_site_id: str = "E1", site_id: str = "S1", **changes: Any) -> ExposedSite:
    """Return 100 people in dwellings 500 m east of the origin, always at home.

    `occupancy_fraction` sets the share present by day and by night alike.
    """
    if "occupancy_fraction" in changes:
        share = changes.pop("occupancy_fraction")
        changes = {"day_fraction": share, "night_fraction": share, **changes}
    base = {
        "exposed_site_id": exposed_site_id, "site_id": site_id, "kind": "dwellings", "x_m": 500.0,
        "y_m": 0.0, "persons": 100.0, "day_fraction": 1.0, "night_fraction": 1.0, "source": SOURCE,
    }  # fmt: skip
    return ExposedSite(**(base | changes))


def lot(lot_id: str = "L1", storehouse_id: str = "H1", **changes: Any) -> Lot:
    """Return 100 t of surplus artillery rounds with 20 t NEQ."""
    base = {
        "lot_id": lot_id, "storehouse_id": storehouse_id, "nature_id": artillery(),
        "gross_mass_t": 100.0, "neq_kg": 20_000.0, "status": "surplus", "safe_to_move": True,
        "year_made": 1980, "stabiliser_fraction": 0.5, "source": SOURCE,
    }  # fmt: skip
    return Lot(**(base | changes))


def artillery() -> str:
    """Return the id of the first mass-exploding artillery nature with propellant."""
    return next(
        n.nature_id
        for n in shipped_register().natures.values()
        if n.category == "artillery" and n.hazard_division == "1.1" and n.propellant
    )


def facility(facility_id: str = "F1", site_id: str = "S1", **changes: Any) -> Facility:
    """Return an existing plant that works every day of the year and never breaks down."""
    base = {
        "facility_id": facility_id, "site_id": site_id, "name": facility_id,
        "method_id": "open_detonation", "operator": "state", "status": "existing", "mobile": False,
        "serves_sites": (), "open_months": tuple(range(1, 13)), "working_days_per_week": 7.0,
        "breakdown_mean_days": None, "repair_mean_days": None, "weather_stops_per_year": 0.0,
        "weather_stop_mean_days": None, "permit_t_per_year": None, "neq_limit_kg_per_day": None,
        "fixed_cost_usd_per_year": 0.0, "capital_cost_usd": 0.0, "lead_time_days": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Facility(**(base | changes))


def rate(facility_id: str = "F1", category: str = "artillery", **changes: Any) -> FacilityRate:
    """Return 1 t per working day at 500 USD/t."""
    base = {
        "facility_id": facility_id, "category": category, "throughput_t_per_day": 1.0,
        "unit_cost_usd_per_t": 500.0, "source": SOURCE,
    }  # fmt: skip
    return FacilityRate(**(base | changes))


def fund(fund_id: str = "HOST", **changes: Any) -> Fund:
    """Return the host's own fund without strings."""
    base = {
        "fund_id": fund_id, "name": fund_id, "holder": "host", "use": "any", "earmark_sites": (),
        "earmark_methods": (), "earmark_categories": (), "overhead_fraction": 0.0, "expires": None,
        "source": SOURCE,
    }  # fmt: skip
    return Fund(**(base | changes))


def tranche(tranche_id: str = "T1", fund_id: str = "HOST", **changes: Any) -> Tranche:
    """Return a certain, punctual payment of 1 M USD at the start."""
    base = {
        "tranche_id": tranche_id, "fund_id": fund_id, "due": dt.date(2026, 1, 1),
        "amount_usd": 1e6, "probability": 1.0, "mean_delay_days": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Tranche(**(base | changes))


def route(from_site_id: str, to_site_id: str, **changes: Any) -> Route:
    """Return a road of 100 km, one day."""
    base = {
        "from_site_id": from_site_id, "to_site_id": to_site_id, "distance_km": 100.0,
        "travel_days": 1.0, "source": SOURCE,
    }  # fmt: skip
    return Route(**(base | changes))


def measure(measure_id: str = "M1", kind: str = "rrpl", **changes: Any) -> Measure:
    """Return a measure without cost or delay at S1 or, for one storehouse, at H1."""
    at_site = kind in ("rrpl", "guard")
    base = {
        "measure_id": measure_id, "kind": kind, "site_id": "S1" if at_site else None,
        "storehouse_id": None if at_site else "H1", "to_storehouse_id": None, "level": None, "cost_usd": 0.0,
        "yearly_cost_usd": 0.0, "lead_time_days": 0.0, "source": SOURCE,
    }  # fmt: skip
    return Measure(**(base | changes))


def world(
    *,
    sites: Sequence[Site] | None = None,
    storehouses: Sequence[Storehouse] | None = None,
    exposed_sites: Sequence[ExposedSite] | None = None,
    lots: Sequence[Lot] | None = None,
    facilities: Sequence[Facility] | None = None,
    facility_rates: Sequence[FacilityRate] | None = None,
    routes: Sequence[Route] = (),
    funds: Sequence[Fund] | None = None,
    tranches: Sequence[Tranche] | None = None,
    measures: Sequence[Measure] = (),
    exchange_rates: Sequence[ExchangeRate] = (),
    parameters: dict[str, float] | None = None,
    **settings: Any,
) -> Scenario:
    """Return a scenario: one of everything unless given, two years in quarters from 2026."""
    base = {
        "schema_version": 1, "name": "tiny", "title": "Tiny world", "country": "KZ", "synthetic": True,
        "price_year": 2025, "start": dt.date(2026, 1, 1), "horizon_years": 2, "seed": 1,
    }  # fmt: skip
    own = {key: Override(value=value, source=SOURCE) for key, value in (parameters or {}).items()}

    def given(rows: Sequence[Any] | None, default: Any) -> tuple[Any, ...]:
        return (default,) if rows is None else tuple(rows)

    return Scenario(
        settings=Settings(**(base | settings), parameters=own),
        sites=given(sites, site()),
        storehouses=given(storehouses, storehouse()),
        exposed_sites=given(exposed_sites, village()),
        lots=given(lots, lot()),
        facilities=given(facilities, facility()),
        facility_rates=given(facility_rates, rate()),
        routes=tuple(routes),
        funds=given(funds, fund()),
        tranches=given(tranches, tranche()),
        measures=tuple(measures),
        exchange_rates=tuple(exchange_rates),
        sources=(Source(source_id="T-TEST", confidence="assumed", text="made up for a test"),),
        register=shipped_register().overridden(own),
    )


def one_lot(**changes: Any) -> Scenario:
    """Return one lot of 100 t, one plant of 1 t/d, money for all of it."""
    return world(**changes)


def two_lots(**changes: Any) -> Scenario:
    """Return two lots in two storehouses 100 m apart, money for only one of them."""
    base: dict[str, Any] = {
        "storehouses": (storehouse("H1"), storehouse("H2", x_m=0.0, y_m=100.0)),
        "lots": (lot("L1", "H1"), lot("L2", "H2", neq_kg=40_000.0)),
        "tranches": (tranche(amount_usd=50_000.0),),
    }
    return world(**(base | changes))


def three_sites(**changes: Any) -> Scenario:
    """Return three sites, six lots, a central plant, a range at S1, a plant to build, two funds."""
    names = ("S1", "S2", "S3")
    base: dict[str, Any] = {
        "sites": [site(s, temperature_c=t) for s, t in zip(names, (5.0, 10.0, 15.0), strict=True)],
        "storehouses": [storehouse(f"{s}-H{k}", s, y_m=80.0 * k) for s in names for k in (1, 2)],
        "exposed_sites": [
            village(f"{s}-E", s, x_m=x) for s, x in zip(names, (400.0, 700.0, 1500.0), strict=True)
        ],
        "lots": [
            lot(f"{s}-L{k}", f"{s}-H{k}", gross_mass_t=60.0 + 20.0 * k, neq_kg=12_000.0 + 4_000.0 * k)
            for s in names
            for k in (1, 2)
        ],
        "facilities": [
            facility("PLANT", "S2", method_id="disassembly", breakdown_mean_days=60.0, repair_mean_days=6.0),
            facility("RANGE", "S1", open_months=tuple(range(4, 11)), working_days_per_week=5.0),
            facility(
                "KILN", "S3", method_id="rotary_kiln", status="possible", capital_cost_usd=100_000.0,
                lead_time_days=180.0, fixed_cost_usd_per_year=10_000.0,
            ),
        ],
        "facility_rates": [
            rate("PLANT", throughput_t_per_day=0.3), rate("RANGE", throughput_t_per_day=0.5,
            unit_cost_usd_per_t=300.0), rate("KILN", throughput_t_per_day=1.0, unit_cost_usd_per_t=400.0),
        ],
        "routes": [route("S1", "S2"), route("S1", "S3", distance_km=200.0), route("S2", "S3")],
        "funds": [fund(), fund("DONOR", holder="donor", earmark_sites=("S3",), overhead_fraction=0.05)],
        "tranches": [
            tranche("T1", amount_usd=150_000.0), tranche("T2", due=dt.date(2027, 1, 1),
            amount_usd=150_000.0), tranche("T3", "DONOR", due=dt.date(2026, 4, 1), amount_usd=120_000.0,
            probability=0.8, mean_delay_days=60.0),
        ],
        "horizon_years": 3,
    }  # fmt: skip
    return world(**(base | changes))
