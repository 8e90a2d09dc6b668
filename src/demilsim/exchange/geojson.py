"""Sites as a GeoJSON map (RFC 7946, WGS 84), as far as an audience may see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from demilsim.reporting.audience import public_regions
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.stored import plain
from demilsim.scenario.cells import cell_of, cell_text
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Inflow, Site

PUBLIC_STEP_DEG = 0.5
PARTNER_STEP_DEG = 0.1
"""Coordinates are rounded to these: about 50 km and 10 km."""

LATITUDE, LONGITUDE = "latitude_deg", "longitude_deg"
STOCK = "stock_t"
"""Gross mass at the start; told, and not read again."""

_PARTNER_COLUMNS = ("site_id", "name", "region", "country")
# JSON that stands in a web page must not be able to end the script that it stands in.
_ESCAPED = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
)


def sites_geojson(scenario: Scenario, audience: Audience) -> str:
    """Return the sites of a scenario as GeoJSON text.

    The public sees regions of at least three sites in the middle of them, to half a degree; a partner single
    sites to a tenth of a degree, without guard and process levels or climate; the restricted file has every
    column of ``sites.csv`` and the exact place, and can be read again.

    Parameters
    ----------
    scenario
        The scenario.
    audience
        Who will see the map.
    """
    features = {"public": _regions, "partner": _partner_sites, "restricted": _all_sites}[audience]
    synthetic = scenario.settings.synthetic
    document = {
        "type": "FeatureCollection",
        "name": plain(scenario.settings.title),
        "notice": "SYNTHETIC: sites and stock are invented." if synthetic else "",
        "audience": audience,
        "features": list(features(scenario)),
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False).translate(_ESCAPED) + "\n"


def _regions(scenario: Scenario) -> Iterator[dict[str, Any]]:
    stock = _stock_t(scenario)
    names = public_regions(scenario)
    for name in dict.fromkeys(names):
        sites = [site for site, own in zip(scenario.sites, names, strict=True) if own == name]
        latitude = sum(site.latitude_deg for site in sites) / len(sites)
        longitude = sum(site.longitude_deg for site in sites) / len(sites)
        properties = {
            "region": plain(name),
            "sites": len(sites),
            STOCK: round(sum(stock[site.site_id] for site in sites)),
        }
        yield _feature(_rounded(longitude, PUBLIC_STEP_DEG), _rounded(latitude, PUBLIC_STEP_DEG), properties)


def _partner_sites(scenario: Scenario) -> Iterator[dict[str, Any]]:
    stock = _stock_t(scenario)
    for site in scenario.sites:
        properties: dict[str, Any] = {column: _property(site, column) for column in _PARTNER_COLUMNS}
        properties[STOCK] = round(stock[site.site_id])
        yield _feature(
            _rounded(site.longitude_deg, PARTNER_STEP_DEG),
            _rounded(site.latitude_deg, PARTNER_STEP_DEG),
            properties,
        )


def _all_sites(scenario: Scenario) -> Iterator[dict[str, Any]]:
    stock = _stock_t(scenario)
    for site in scenario.sites:
        columns = [column for column in LAYOUT["sites"].columns if column not in (LATITUDE, LONGITUDE)]
        properties = {column: _property(site, column) for column in columns}
        yield _feature(site.longitude_deg, site.latitude_deg, properties | {STOCK: stock[site.site_id]})


def _property(site: Site, column: str) -> str | int | float | None:
    """Return a column of a site as JSON has it: numbers as numbers, dates as text, nothing as null."""
    cell = cell_of(getattr(site, column))
    return cell if cell is None or isinstance(cell, int | float) else cell_text(cell)


def _stock_t(scenario: Scenario) -> dict[str, float]:
    """Return the gross mass at the start of each site [t]."""
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    stock = {site.site_id: 0.0 for site in scenario.sites}
    for lot in scenario.lots:
        if not isinstance(lot, Inflow):
            stock[site_of[lot.storehouse_id]] += lot.gross_mass_t
    return stock


def _rounded(degrees: float, step: float) -> float:
    """Return degrees as a multiple of a step; the second rounding keeps 51.300000000000004 out."""
    return round(round(degrees / step) * step, 1) + 0.0


def _feature(longitude: float, latitude: float, properties: dict[str, Any]) -> dict[str, Any]:
    point = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "geometry": point, "properties": properties}
