"""Cross-checks of a draft: what the schema of a single row cannot know.

Each check is a small function from `Draft` to problems. References come first: where they are broken,
what can go where is not judged, since every answer would be about the misspelt word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

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
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.source import SETTINGS

Check = Callable[[Draft], Iterable[Problem]]

REFERENCES: tuple[Check, ...] = (
    check_references.rows_where_needed,
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
_PLACES = ("sites", "storehouses", "facilities")
_REACH = (*_PLACES, SETTINGS, "lots", "facility_rates", "routes")
_ALL = (SETTINGS, *LAYOUT)
WHOLE: tuple[tuple[Check, tuple[str, ...]], ...] = (
    (check_references.used_sources, _ALL),
    (check_programme.work_that_can_be_done, ("programme", "lots", "facility_rates")),
    (check_facilities.some_rate, ("facilities", "facility_rates")),
    (check_places.used_sites, _PLACES),
    (check_money.used_funds, (SETTINGS, "funds", "funding")),
    (check_terms.reachable_milestones, (SETTINGS, "lots", "inflows", "funds", "funding")),
    (check_terms.scrap_for_the_fund, (SETTINGS, "facility_rates")),
    (check_reach.accepted_categories, _REACH),
    (check_reach.reachable_lots, _REACH),
    (check_reach.used_facilities, _REACH),
    (check_reach.usable_funds, (*_REACH, "funds")),
)
"""Each with the tables that it reads: it finds what is nowhere in them, so all their rows must be sound."""


def problems_of(draft: Draft, readable: bool) -> list[Problem]:
    """Return everything that the cross-checks find.

    Parameters
    ----------
    draft
        What was read.
    readable
        Whether there were files, sheets, keys and values laid over them that could not be read as such; if
        not, checks of whole tables are left out.
    """
    problems = [problem for check in REFERENCES for problem in limited(check(draft))]
    sound = _sound(draft, {problem.file for problem in problems}) if readable else frozenset()
    problems += [problem for check in ROWS for problem in limited(check(draft))]
    for check, tables in WHOLE:
        if sound.issuperset(tables):
            problems += limited(check(draft))
    return problems


def _sound(draft: Draft, wrong: Collection[str]) -> frozenset[str]:
    """Return the tables, and the settings, that could be typed whole and name nothing unknown.

    `wrong` has the files in which a reference is wrong; one in a value that is laid over may be of any table.
    """
    rows = {name: draft.rows_of(name) for name in LAYOUT}
    if not set(wrong) <= {draft.settings.file, *(own.file for own in rows.values())}:
        return frozenset()
    sound = {name for name, own in rows.items() if own.complete and own.file not in wrong}
    return frozenset(sound | ({SETTINGS} if draft.settings.record else set()))
