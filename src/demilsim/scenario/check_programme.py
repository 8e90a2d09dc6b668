"""Checks of a programme's own plan: lots, facilities, dates and tonnes of ``programme.csv``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.check_references import in_table
from demilsim.scenario.draft import Draft
from demilsim.units import add_months, grams


def known_work(draft: Draft) -> Iterator[Problem]:
    """Find planned work on lots, or at facilities, that do not exist."""
    yield from in_table(draft.programme, "lot_id", draft.lots)
    yield from in_table(draft.programme, "facility_id", draft.facilities)


def work_in_time(draft: Draft) -> Iterator[Problem]:
    """Find planned work that begins before the scenario, ends after it, or ends before it begins."""
    start, years = draft.settings.essentials.start, draft.settings.essentials.horizon_years
    for line, work in draft.programme:
        if work.ends < work.starts:
            message = f"expected a date after starts, {work.starts} (got {work.ends})"
            yield draft.programme.at(line, "ends", message)
        if start and work.starts < start:
            message = f"expected a date from the scenario's start on, {start} (got {work.starts})"
            yield draft.programme.at(line, "starts", message)
        if start and years and start.day == 1 and work.ends > add_months(start, 12 * years):
            message = f"expected a date within the horizon of {years} years (got {work.ends})"
            yield draft.programme.at(line, "ends", message)


def work_within_lots(draft: Draft) -> Iterator[Problem]:
    """Find lots of which more is planned than there is."""
    mass_g = {lot.lot_id: grams(lot.gross_mass_t) for lot in draft.lots.records}
    planned_g: dict[str, int] = defaultdict(int)
    for line, work in draft.programme:
        planned_g[work.lot_id] += grams(work.tonnes)
        if planned_g[work.lot_id] > mass_g.get(work.lot_id, planned_g[work.lot_id]):
            whole = mass_g[work.lot_id] / grams(1.0)
            message = f"expected at most the lot's {whole:g} t over all its rows (got {work.tonnes:g} here)"
            yield draft.programme.at(line, "tonnes", message)


def work_that_can_be_done(draft: Draft) -> Iterator[Problem]:
    """Find work at a facility that does not accept the lot's category."""
    accepted = {(rate.facility_id, rate.category) for rate in draft.facility_rates.records}
    category = {lot.lot_id: draft.register.natures[lot.nature_id].category for lot in draft.lots.records}
    for line, work in draft.programme:
        if (work.facility_id, category[work.lot_id]) not in accepted:
            message = (
                f"expected a facility with a rate for {category[work.lot_id]} in facility_rates.csv "
                f"(got {work.facility_id!r})"
            )
            yield draft.programme.at(line, "facility_id", message)
