"""Read sites from a GeoJSON map into a table of sites."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from demilsim.errors import Problem, ScenarioError
from demilsim.exchange.geojson import LATITUDE, LONGITUDE, STOCK
from demilsim.scenario.cells import cell_text, row_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.phrases import did_you_mean, plain, shown
from demilsim.scenario.records import to_record
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Site
from demilsim.scenario.text import Refused, Tree, read_utf8

MAX_GEOJSON_BYTES = 10_000_000
NEAR_DEG = 5.0
"""A site that moves farther than this from where the scenario has it, and would not if its coordinates were
the other way round, has them the other way round."""
_WGS84 = ("crs84", "epsg::4326", "epsg:4326")
_POSITION = (2, 3)
MOST_DEG = 360.0
MISSING = "missing"
_LAYOUT = LAYOUT["sites"]


def read_sites(path: Path, scenario: Scenario | None = None) -> tuple[Site, ...]:
    """Return the sites of a GeoJSON file.

    Parameters
    ----------
    path
        A FeatureCollection of points, longitude first, WGS 84. Properties are columns of ``sites.csv``.
    scenario
        Where a site of the same id has the columns that a feature leaves out.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its feature.
    """
    problems: list[Problem] = []
    known = {site.site_id: site for site in scenario.sites} if scenario else {}
    sites: list[Site] = []
    for number, feature in enumerate(_features(path), start=1):
        place = f"{path}: feature {number}"
        cells = _cells(feature, place, known, problems)
        if cells is None:
            continue
        record, findings = to_record(Site, cells)
        lacking = [finding.path for finding in findings if finding.message == MISSING]
        if lacking:
            message = f"missing {', '.join(lacking)}; add them, or name a scenario that has the site"
            problems.append(Problem(place, 0, "properties", message))
        problems += [Problem(place, 0, f.path, f.message) for f in findings if f.message != MISSING]
        if record is None:
            continue
        if record.site_id in {site.site_id for site in sites}:
            problems.append(
                Problem(place, 0, "site_id", f"expected each site once (got {record.site_id} twice)")
            )
        problems += _swapped(place, record, known.get(record.site_id))
        sites.append(record)
    if problems:
        raise ScenarioError(problems)
    return tuple(sites)


def _features(path: Path) -> list[Any]:
    """Return the features of a file as JSON has them."""
    try:
        document = _document(read_utf8(path, MAX_GEOJSON_BYTES))
    except Refused as refused:
        raise ScenarioError([Problem(str(path), refused.line, "", refused.message)]) from None
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        message = "expected a GeoJSON FeatureCollection (got other JSON)"
    elif "crs" in document and not any(name in str(document["crs"]).lower() for name in _WGS84):
        message = "expected WGS 84, longitude and latitude (got another crs); export the map in WGS 84"
    elif not isinstance(features, list) or not features:
        message = "expected at least one feature (got none)"
    else:
        return features
    raise ScenarioError([Problem(str(path), 0, "", message)])


def _document(text: str) -> Any:
    """Return JSON; refuse what JSON does not have, or what a program could not tell apart."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise Refused(0, f"expected each key once (got {plain(twice)} twice)")
        return members

    def refuse(constant: str) -> float:
        raise Refused(0, f"expected a number (got {constant})")

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise Refused(error.lineno, f"expected JSON (got a mistake: {error.msg})") from None
    except RecursionError:
        raise Refused(0, "expected JSON of a few levels (got far more)") from None
    except ValueError:
        raise Refused(0, "expected numbers of a few digits (got one of thousands)") from None


def _cells(feature: Any, place: str, known: Mapping[str, Site], problems: list[Problem]) -> Tree | None:
    """Return the cells of a feature's row as text; None if it is no point with properties."""
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    properties = feature.get("properties") if isinstance(feature, dict) else None
    position = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or not _is_position(position):
        message = "expected a point with longitude and latitude (got something else)"
        problems.append(Problem(place, 0, "geometry", message))
        return None
    if not isinstance(properties, dict):
        problems.append(Problem(place, 0, "properties", "expected columns of sites.csv (got none)"))
        return None
    given = {column: _text(value) for column, value in properties.items() if column != STOCK}
    named = [column for column in _LAYOUT.columns if column not in (LATITUDE, LONGITUDE)]
    for column, text in given.items():
        if column not in named:
            hint = did_you_mean(column, named) or f"; the properties are {', '.join(named)}"
            problems.append(Problem(place, 0, plain(column), f"unknown property{hint}"))
        elif text is None:
            problems.append(Problem(place, 0, column, "expected one value (got a list or keys and values)"))
    longitude, latitude = position[:2]
    site = known.get(given.get("site_id") or "")
    cells: Tree = {}
    if site:
        cells |= zip(_LAYOUT.columns, (cell_text(cell) for cell in row_of(site, _LAYOUT)), strict=True)
    cells |= {column: text for column, text in given.items() if text and column in named}
    cells |= {LATITUDE: repr(float(latitude)), LONGITUDE: repr(float(longitude))}
    return {column: text for column, text in cells.items() if column in _LAYOUT.needed or text}


def _is_position(position: Any) -> TypeGuard[list[float]]:
    return (
        isinstance(position, list)
        and len(position) in _POSITION
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in position)
        and all(abs(part) <= MOST_DEG for part in position)
    )


def _text(value: Any) -> str | None:
    """Return a property as text; None if it is no single value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value) if isinstance(value, str | int) else None


def _swapped(place: str, site: Site, known: Site | None) -> list[Problem]:
    """Find a site whose longitude and latitude stand in each other's place."""
    if known is None:
        return []

    def far(longitude: float, latitude: float) -> bool:
        here = max(abs(longitude - known.longitude_deg), abs(latitude - known.latitude_deg))
        return here > NEAR_DEG

    if far(site.longitude_deg, site.latitude_deg) and not far(site.latitude_deg, site.longitude_deg):
        found = f"{shown(repr(site.longitude_deg))}, {shown(repr(site.latitude_deg))}"
        message = f"expected longitude first, near that of the scenario (got {found}); are they swapped?"
        return [Problem(place, 0, "geometry", message)]
    return []
