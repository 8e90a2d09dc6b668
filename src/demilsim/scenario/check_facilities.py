"""Checks of facilities and their rates."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft


def one_rate_per_category(draft: Draft) -> Iterator[Problem]:
    """Find a second rate of a facility for the same category."""
    first: dict[tuple[str, str], int] = {}
    for line, rate in draft.facility_rates:
        key = rate.facility_id, rate.category
        if key in first:
            pair = f"{rate.facility_id} for {rate.category}"
            message = f"expected one rate of {pair} (got it on line {first[key]} too)"
            yield draft.facility_rates.at(line, "category", message)
        first.setdefault(key, line)


def some_rate(draft: Draft) -> Iterator[Problem]:
    """Find facilities that accept nothing."""
    rated = {rate.facility_id for rate in draft.facility_rates.records}
    for line, facility in draft.facilities:
        if facility.facility_id not in rated:
            message = f"expected a row of facility_rates.csv for {facility.facility_id} (got none)"
            yield draft.facilities.at(line, "facility_id", message)


def breakdown_with_repair(draft: Draft) -> Iterator[Problem]:
    """Find breakdowns without a repair time, and the reverse."""
    for line, facility in draft.facilities:
        times = {
            "breakdown_mean_days": facility.breakdown_mean_days,
            "repair_mean_days": facility.repair_mean_days,
        }
        absent = [name for name, days in times.items() if days is None]
        if len(absent) == 1:
            other = next(name for name in times if name not in absent)
            message = f"expected > 0, since {other} is given (got nothing)"
            yield draft.facilities.at(line, absent[0], message)


def weather_with_length(draft: Draft) -> Iterator[Problem]:
    """Find weather stops of unknown length, and a length of stops that never come."""
    for line, facility in draft.facilities:
        stops, days = facility.weather_stops_per_year, facility.weather_stop_mean_days
        if stops > 0 and days is None:
            message = f"expected > 0, since weather_stops_per_year is {stops:g} (got nothing)"
            yield draft.facilities.at(line, "weather_stop_mean_days", message)
        if stops == 0 and days is not None:
            message = f"expected nothing, since weather_stops_per_year is 0 (got {days:g})"
            yield draft.facilities.at(line, "weather_stop_mean_days", message)


def existing_without_cost(draft: Draft) -> Iterator[Problem]:
    """Find existing facilities with costs that only a commissioned one has.

    The standing cost of an existing facility is borne by its operator and belongs in the unit cost.
    """
    for line, facility in draft.facilities:
        costs = {
            "capital_cost_usd": facility.capital_cost_usd,
            "lead_time_days": facility.lead_time_days,
            "fixed_cost_usd_per_year": facility.fixed_cost_usd_per_year,
        }
        if facility.status == "existing":
            for column, value in costs.items():
                if value:
                    hint = "; put it into unit_cost_usd_per_t" if column.startswith("fixed") else ""
                    message = f"expected 0 for an existing facility (got {value:g}){hint}"
                    yield draft.facilities.at(line, column, message)


def moves_of_mobile_plant(draft: Draft) -> Iterator[Problem]:
    """Find moves of plant that is not mobile."""
    for line, facility in draft.facilities:
        for column in ("move_days", "move_cost_usd"):
            value = getattr(facility, column)
            if value and not facility.mobile:
                message = f"expected 0, since {facility.facility_id} is not mobile (got {value:g})"
                yield draft.facilities.at(line, column, message)


def home_of_mobile_plant(draft: Draft) -> Iterator[Problem]:
    """Find mobile plant that starts in a country that it does not serve, and so could not leave it."""
    settings = draft.settings.record
    country = {s.site_id: s.country or (settings.country if settings else "") for s in draft.sites.records}
    for line, facility in draft.facilities:
        served = {country[name] for name in facility.serves_sites if name in country}
        home = country.get(facility.site_id)
        if facility.mobile and served and home and home not in served:
            message = (
                f"expected a site of {home}, where {facility.facility_id} starts, since it leaves no country "
                f"that it does not serve (got sites of {', '.join(sorted(served))})"
            )
            yield draft.facilities.at(line, "serves_sites", message)
