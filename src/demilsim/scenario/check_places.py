"""Checks of where things are: sites, routes, storehouses and the people around them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.units import GRAMS_PER_KG

EARTH_RADIUS_KM = 6371.0
NEAREST_EXPOSED_SITE_M = 5.0
FAR_KM, NEAR_KM = 3000.0, 1000.0
"""Coordinates look swapped if a site is this far from all others, and this near to one when swapped [km]."""


def used_sites(draft: Draft) -> Iterator[Problem]:
    """Find sites with neither a storehouse nor a facility."""
    used = {house.site_id for house in draft.storehouses.records}
    used |= {facility.site_id for facility in draft.facilities.records}
    for line, site in draft.sites:
        if site.site_id not in used:
            message = (
                f"expected a storehouse or a facility at {site.site_id} (got none); add one, or take it out"
            )
            yield draft.sites.at(line, "site_id", message)


def routes_between_two_sites(draft: Draft) -> Iterator[Problem]:
    """Find routes from a site to itself, and a second route between the same sites."""
    first: dict[frozenset[str], int] = {}
    for line, named in draft.routes.named:
        ends = frozenset(named)
        if len(ends) == 1:
            message = f"expected another site than from_site_id (got {named[1]!r} twice)"
            yield draft.routes.at(line, "to_site_id", message)
        elif ends in first:
            where = draft.routes.there(first[ends])
            message = f"expected one route between two sites, good both ways (got it {where} too)"
            yield draft.routes.at(line, "from_site_id", message)
        first.setdefault(ends, line)


def storehouses_apart(draft: Draft) -> Iterator[Problem]:
    """Find storehouses at the same place of the same site."""
    first: dict[tuple[str, float, float], str] = {}
    for line, house in draft.storehouses:
        place = house.site_id, house.x_m, house.y_m
        if place in first:
            found = f"x_m {house.x_m:g}, y_m {house.y_m:g}"
            message = f"expected another place than that of {first[place]} (got {found} too)"
            yield draft.storehouses.at(line, "x_m", message)
        first.setdefault(place, house.storehouse_id)


def exposed_sites_outside(draft: Draft) -> Iterator[Problem]:
    """Find people so near to a storehouse that they would be inside it."""
    houses: dict[str, list[tuple[str, float, float]]] = {}
    for house in draft.storehouses.records:
        houses.setdefault(house.site_id, []).append((house.storehouse_id, house.x_m, house.y_m))
    for line, exposed in draft.exposed_sites:
        for name, x_m, y_m in houses.get(exposed.site_id, ()):
            distance_m = math.hypot(exposed.x_m - x_m, exposed.y_m - y_m)
            if distance_m < NEAREST_EXPOSED_SITE_M:
                message = (
                    f"expected at least {NEAREST_EXPOSED_SITE_M:g} m from {name} (got {distance_m:.1f} m)"
                )
                yield draft.exposed_sites.at(line, "x_m", message)


def coordinates_in_order(draft: Draft) -> Iterator[Problem]:
    """Find sites that would lie among the others if latitude and longitude were swapped."""
    places = [(site.latitude_deg, site.longitude_deg) for site in draft.sites.records]
    for i, line in enumerate(draft.sites.lines):
        others = places[:i] + places[i + 1 :]
        latitude, longitude = places[i]
        if not others or abs(longitude) > 90:
            continue
        as_given = min(great_circle_km(latitude, longitude, *other) for other in others)
        swapped = min(great_circle_km(longitude, latitude, *other) for other in others)
        if as_given > FAR_KM and swapped < NEAR_KM:
            message = (
                f"expected a place near the other sites (got {latitude:g}, {longitude:g}, "
                f"{as_given:.0f} km away; did you swap it with longitude_deg?)"
            )
            yield draft.sites.at(line, "latitude_deg", message)


def great_circle_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Return the great-circle distance [km] between two places [°], by the haversine formula."""
    phi_a, phi_b = math.radians(latitude_a), math.radians(latitude_b)
    half_turn = math.radians(longitude_b - longitude_a) / 2
    h = math.sin((phi_b - phi_a) / 2) ** 2 + math.cos(phi_a) * math.cos(phi_b) * math.sin(half_turn) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(h)))


def convoys_with_escort(draft: Draft) -> Iterator[Problem]:
    """Find convoys of several vehicles that cost nothing, so that their number would not matter."""
    for line, route in draft.routes:
        if route.vehicles_per_convoy > 1 and not route.escort_usd_per_convoy:
            message = f"expected 1, since escort_usd_per_convoy is 0 (got {route.vehicles_per_convoy})"
            yield draft.routes.at(line, "vehicles_per_convoy", message)


def vehicle_limit_in_grams(draft: Draft) -> Iterator[Problem]:
    """Find limits on the NEQ of a vehicle that are too small to count vehicles by."""
    for line, route in draft.routes:
        limit = route.neq_limit_kg_per_vehicle
        if limit is not None and round(limit * GRAMS_PER_KG) < 1:
            message = f"expected at least {1 / GRAMS_PER_KG:g}, one gram (got {limit:g})"
            yield draft.routes.at(line, "neq_limit_kg_per_vehicle", message)
