"""Checks of facilities and their rates."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.column_types import ALL_MONTHS
from demilsim.scenario.draft import Draft
from demilsim.scenario.schema import Facility

OWN = {"facility_id", "name", "source"}
"""Columns in which facilities of one pool may differ."""


def one_rate_per_category(draft: Draft) -> Iterator[Problem]:
    """Find a second rate of a facility for the same category."""
    first: dict[tuple[str, ...], int] = {}
    for line, key in draft.facility_rates.named:
        if key in first:
            where = draft.facility_rates.there(first[key])
            message = f"expected one rate of {' for '.join(key)} (got it {where} too)"
            yield draft.facility_rates.at(line, "category", message)
        first.setdefault(key, line)


def some_rate(draft: Draft) -> Iterator[Problem]:
    """Find facilities that accept nothing."""
    rated = {rate.facility_id for rate in draft.facility_rates.records}
    for line, facility in draft.facilities:
        if facility.facility_id not in rated:
            message = f"expected a row of facility_rates.csv for {facility.facility_id} (got none); "
            message += "add one for each category that it accepts, or take it out"
            yield draft.facilities.at(line, "facility_id", message)


def breakdown_with_repair(draft: Draft) -> Iterator[Problem]:
    """Find breakdowns without a repair time, and the reverse."""
    yield from _both_or_none(draft, "breakdown_mean_days", "repair_mean_days")


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


def shots_with_size(draft: Draft) -> Iterator[Problem]:
    """Find a limit of NEQ per shot without a number of shots, and the reverse."""
    yield from _both_or_none(draft, "neq_limit_kg_per_shot", "shots_per_day")


def shapes_of_stops(draft: Draft) -> Iterator[Problem]:
    """Find shapes and seasons of stops that never come."""
    for line, facility in draft.facilities:
        for column in ("breakdown_shape", "repair_shape"):
            value = getattr(facility, column)
            if value != 1.0 and facility.breakdown_mean_days is None and facility.repair_mean_days is None:
                message = f"expected 1, since there are no breakdowns (got {value:g})"
                yield draft.facilities.at(line, column, message)
        if not facility.weather_stops_per_year and set(facility.weather_months) != set(ALL_MONTHS):
            message = "expected 1-12, since weather_stops_per_year is 0 (got a season)"
            yield draft.facilities.at(line, "weather_months", message)


def opening_of_new_plant(draft: Draft) -> Iterator[Problem]:
    """Find learning and uncertain lead times of plant that exists, and each of them by halves."""
    for line, facility in draft.facilities:
        days, start, sigma = (
            facility.learning_days,
            facility.learning_start_fraction,
            facility.lead_time_sigma,
        )
        if facility.status == "existing":
            given = {"learning_days": days, "lead_time_sigma": sigma}
            for column, value in given.items():
                if value:
                    message = f"expected 0 for an existing facility (got {value:g})"
                    yield draft.facilities.at(line, column, message)
        elif sigma and not facility.lead_time_days:
            message = f"expected 0, since lead_time_days is 0 (got {sigma:g})"
            yield draft.facilities.at(line, "lead_time_sigma", message)
        if days and start == 1.0:
            message = f"expected < 1, since learning_days is {days:g} (got 1)"
            yield draft.facilities.at(line, "learning_start_fraction", message)
        if start < 1.0 and not days:
            message = f"expected > 0, since learning_start_fraction is {start:g} (got 0)"
            yield draft.facilities.at(line, "learning_days", message)


def objections_with_effect(draft: Draft) -> Iterator[Problem]:
    """Find objections that change nothing, and an effect of objections that never come."""
    for line, facility in draft.facilities:
        rate, left = facility.objections_per_year, facility.objection_capacity_fraction
        if rate and left == 1.0:
            message = f"expected < 1, since objections_per_year is {rate:g} (got 1)"
            yield draft.facilities.at(line, "objection_capacity_fraction", message)
        if left < 1.0 and not rate:
            message = f"expected > 0, since objection_capacity_fraction is {left:g} (got 0)"
            yield draft.facilities.at(line, "objections_per_year", message)


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


def pools_of_equals(draft: Draft) -> Iterator[Problem]:
    """Find pools of facilities that are not alike, or that are not fixed plant that exists."""
    rates: dict[str, set[tuple[object, ...]]] = {}
    for rate in draft.facility_rates.records:
        rates.setdefault(rate.facility_id, set()).add(tuple(rate.model_dump(exclude=OWN).values()))
    first: dict[str, Facility] = {}
    for line, facility in draft.facilities:
        if facility.pool is None:
            continue
        if facility.mobile or facility.status != "existing":
            message = f"expected nothing, since {facility.facility_id} is not fixed plant that exists"
            yield draft.facilities.at(line, "pool", f"{message} (got {facility.pool})")
        model = first.setdefault(facility.pool, facility)
        for column, value in facility.model_dump(exclude=OWN).items():
            if value != getattr(model, column):
                message = f"expected what {model.facility_id} has, of the same pool (got {value})"
                yield draft.facilities.at(line, column, message)
        if rates.get(facility.facility_id) != rates.get(model.facility_id):
            message = f"expected a facility with the rates of {model.facility_id} (got others)"
            yield draft.facilities.at(line, "pool", message)


def _both_or_none(draft: Draft, one: str, other: str) -> Iterator[Problem]:
    """Find facilities for which one of two columns is given without the other."""
    for line, facility in draft.facilities:
        absent = [name for name in (one, other) if getattr(facility, name) is None]
        if len(absent) == 1:
            given = other if absent == [one] else one
            message = f"expected > 0, since {given} is given (got nothing)"
            yield draft.facilities.at(line, absent[0], message)
