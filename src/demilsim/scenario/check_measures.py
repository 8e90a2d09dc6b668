"""Checks of measures against the places that they are for, and of lots that arrive later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from demilsim.errors import Problem
from demilsim.scenario.check_references import in_table
from demilsim.scenario.draft import Draft
from demilsim.scenario.schema import Measure
from demilsim.units import MONTHS_PER_YEAR, add_months

NEEDS: Mapping[str, tuple[str, ...]] = {
    "rrpl": ("site_id", "level"),
    "guard": ("site_id", "level"),
    "lightning": ("storehouse_id",),
    "surveillance": ("storehouse_id",),
    "move": ("storehouse_id", "to_storehouse_id"),
}
"""Columns that each kind of measure needs; the others must be empty."""

PLACES = ("site_id", "storehouse_id", "to_storehouse_id", "level")


def measures_complete(draft: Draft) -> Iterator[Problem]:
    """Find measures without the place or level that their kind needs, or with one that it has no use for."""
    for line, measure in draft.measures:
        for column in PLACES:
            given = getattr(measure, column) is not None
            if given != (column in NEEDS[measure.kind]):
                wanted = "nothing" if given else "a value"
                found = repr(str(getattr(measure, column))) if given else "nothing"
                message = f"expected {wanted}, since the measure is {measure.kind} (got {found})"
                yield draft.measures.at(line, column, message)


def known_places(draft: Draft) -> Iterator[Problem]:
    """Find measures for sites or storehouses that do not exist, and inflows into such storehouses."""
    for rows, column, known in (
        (draft.measures, "site_id", draft.sites),
        (draft.measures, "storehouse_id", draft.storehouses),
        (draft.measures, "to_storehouse_id", draft.storehouses),
    ):
        yield from in_table(rows, column, known)


def measures_improve(draft: Draft) -> Iterator[Problem]:
    """Find measures that would leave a site as it is or worse, and moves out of a site."""
    sites = {site.site_id: site for site in draft.sites.records}
    site_of = {house.storehouse_id: house.site_id for house in draft.storehouses.records}
    for line, measure in draft.measures:
        site = sites.get(measure.site_id or "")
        present = None if site is None else site.rrpl if measure.kind == "rrpl" else site.guard_level
        if site and measure.kind == "guard" and present is None:
            message = f"expected a guard_level of {site.site_id} in sites.csv to compare with (got none)"
            yield draft.measures.at(line, "site_id", message)
        elif measure.level is not None and present is not None and measure.level <= present:
            message = f"expected > {present}, the level that {measure.site_id} has (got {measure.level})"
            yield draft.measures.at(line, "level", message)
        if measure.kind == "move":
            yield from _move(draft, line, measure, site_of)


def _move(draft: Draft, line: int, measure: Measure, site_of: Mapping[str, str]) -> Iterator[Problem]:
    source, target = measure.storehouse_id, measure.to_storehouse_id
    if source is not None and source == target:
        message = f"expected another storehouse than storehouse_id (got {target!r} twice)"
        yield draft.measures.at(line, "to_storehouse_id", message)
    elif source and target and site_of.get(source, "") != site_of.get(target, site_of.get(source, "")):
        message = f"expected a storehouse of {site_of[source]} too: a move stays at its site (got {target!r})"
        yield draft.measures.at(line, "to_storehouse_id", message)


def one_measure_of_a_kind(draft: Draft) -> Iterator[Problem]:
    """Find a second measure of one kind for one place: their effects would multiply."""
    first: dict[tuple[str, str | None, str | None], int] = {}
    for line, measure in draft.measures:
        key = measure.kind, measure.site_id, measure.storehouse_id
        if key in first:
            where = draft.measures.there(first[key])
            message = f"expected one {measure.kind} measure for a place (got one {where} too)"
            yield draft.measures.at(line, "kind", message)
        first.setdefault(key, line)


def something_to_test(draft: Draft) -> Iterator[Problem]:
    """Find surveillance of storehouses without propellant."""
    tested = {
        lot.storehouse_id
        for lot in (*draft.lots.records, *draft.inflows.records)
        if lot.nature_id in draft.register.natures and draft.register.natures[lot.nature_id].propellant
    }
    for line, measure in draft.measures:
        if measure.kind == "surveillance" and measure.storehouse_id not in tested:
            message = f"expected lots with propellant in {measure.storehouse_id} (got none)"
            yield draft.measures.at(line, "storehouse_id", message)


def arrivals_within_horizon(draft: Draft) -> Iterator[Problem]:
    """Find inflows that come before the start or after the end."""
    settings = draft.settings.essentials
    if settings.start is None or settings.horizon_years is None:
        return
    end = add_months(settings.start.replace(day=1), settings.horizon_years * MONTHS_PER_YEAR)
    for line, lot in draft.inflows:
        if not settings.start < lot.arrives < end:
            message = f"expected a date after {settings.start} and before {end} (got {lot.arrives})"
            yield draft.inflows.at(line, "arrives", message)


def inflows_are_new(draft: Draft) -> Iterator[Problem]:
    """Find inflows with the id of a lot that is there already."""
    for line, name in draft.inflows.ids:
        if name in draft.lots.known:
            message = f"expected another lot_id than those of lots.csv (got {name!r})"
            yield draft.inflows.at(line, "lot_id", message)
