"""Cross-checks of a draft: what the schema of a single row cannot know.

Each check is a small function from `Draft` to problems. References come first: where they are broken,
what can go where is not judged, since every answer would be about the misspelt word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from demilsim.errors import Problem
from demilsim.scenario import (
    check_facilities,
    check_known,
    check_lots,
    check_measures,
    check_money,
    check_places,
    check_programme,
    check_reach,
    check_references,
    check_risk,
    check_settings,
    check_terms,
)
from demilsim.scenario.capped import limited
from demilsim.scenario.draft import Draft

Check = Callable[[Draft], Iterable[Problem]]

REFERENCES: tuple[Check, ...] = (
    check_references.unique_ids,
    check_references.known_sites,
    check_references.known_lots,
    check_references.known_facilities,
    check_references.known_funds,
    check_references.known_countries,
    check_measures.known_places,
    check_programme.known_work,
    check_references.known_sources,
    check_settings.known_parameters,
)
ROWS: tuple[Check, ...] = (
    check_settings.parameter_ranges,
    check_settings.start_on_the_first,
    check_settings.some_weight,
    check_lots.neq_within_mass,
    check_lots.mass_in_ledger,
    check_lots.stabiliser_where_propellant,
    check_lots.made_before_start,
    check_lots.dates_that_ask,
    check_measures.inflows_are_new,
    check_measures.arrivals_within_horizon,
    check_measures.measures_complete,
    check_measures.measures_improve,
    check_measures.one_measure_of_a_kind,
    check_measures.something_to_test,
    check_facilities.one_rate_per_category,
    check_facilities.breakdown_with_repair,
    check_facilities.weather_with_length,
    check_facilities.existing_without_cost,
    check_facilities.shots_with_size,
    check_facilities.shapes_of_stops,
    check_facilities.opening_of_new_plant,
    check_facilities.objections_with_effect,
    check_facilities.pools_of_equals,
    check_facilities.moves_of_mobile_plant,
    check_facilities.home_of_mobile_plant,
    check_money.amount_in_ledger,
    check_money.due_within_reach,
    check_money.due_before_expiry,
    check_money.expires_after_start,
    check_terms.amount_in_one_currency,
    check_terms.rate_for_each_currency,
    check_terms.rates_in_order,
    check_terms.whole_milestones,
    check_terms.whole_matching,
    check_terms.emergency_for_clean_up_alone,
    check_terms.verification_of_work,
    check_places.routes_between_two_sites,
    check_places.storehouses_apart,
    check_places.exposed_sites_outside,
    check_places.coordinates_in_order,
    check_places.convoys_with_escort,
    check_places.vehicle_limit_in_grams,
    check_risk.limits_of_somebody,
    check_risk.limits_in_time,
    check_risk.limits_of_workers,
    check_programme.work_in_time,
    check_programme.work_within_lots,
    check_known.known_in_time,
    check_known.said_when_known,
    check_known.known_by_a_source,
)
WHOLE: tuple[Check, ...] = (
    check_references.used_sources,
    check_programme.work_that_can_be_done,
    check_facilities.some_rate,
    check_places.used_sites,
    check_money.used_funds,
    check_terms.reachable_milestones,
    check_terms.scrap_for_the_fund,
    check_reach.accepted_categories,
    check_reach.reachable_lots,
    check_reach.used_facilities,
    check_reach.usable_funds,
)


def problems_of(draft: Draft, readable: bool) -> list[Problem]:
    """Return everything that the cross-checks find.

    Parameters
    ----------
    draft
        What was read.
    readable
        Whether all of it could be read and typed; if not, checks of the whole are left out.
    """
    problems = [problem for check in REFERENCES for problem in limited(check(draft))]
    whole = readable and not problems
    problems += [problem for check in ROWS for problem in limited(check(draft))]
    if whole:
        problems += [problem for check in WHOLE for problem in limited(check(draft))]
    return problems
