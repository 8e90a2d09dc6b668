"""Checks of limits on individual risk: each needs people, and a date within the horizon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft


def limits_of_somebody(draft: Draft) -> Iterator[Problem]:
    """Find limits on the risk of a group without people, and limits that are no probability."""
    for line, group in draft.exposed_sites:
        limit = group.risk_limit_per_year
        if limit is None:
            continue
        if not group.persons:
            message = f"expected nothing, since persons is 0 (got {limit:g})"
            yield draft.exposed_sites.at(line, "risk_limit_per_year", message)
        if limit >= 1.0:
            message = f"expected a yearly probability below 1, as 1e-4 (got {limit:g})"
            yield draft.exposed_sites.at(line, "risk_limit_per_year", message)


def limits_in_time(draft: Draft) -> Iterator[Problem]:
    """Find dates of limits that are not there, and dates after the horizon."""
    start, years = draft.settings.essentials.start, draft.settings.essentials.horizon_years
    end = dt.date(start.year + years, start.month, 1) if start and years else None
    for line, group in draft.exposed_sites:
        date = group.risk_limit_from
        if date is None:
            continue
        if group.risk_limit_per_year is None:
            message = f"expected nothing, since risk_limit_per_year is empty (got {date})"
            yield draft.exposed_sites.at(line, "risk_limit_from", message)
        elif end and date > end:
            message = f"expected a date up to {end}, the end of the horizon (got {date})"
            yield draft.exposed_sites.at(line, "risk_limit_from", message)


def limits_of_workers(draft: Draft) -> Iterator[Problem]:
    """Find limits on the risk of workers whose number is not told, and limits that are no probability."""
    for line, plant in draft.facilities:
        limit = plant.worker_risk_limit_per_year
        if limit is None:
            continue
        if plant.workers is None:
            message = f"expected > 0, since worker_risk_limit_per_year is {limit:g} (got nothing)"
            yield draft.facilities.at(line, "workers", message)
        if limit >= 1.0:
            message = f"expected a yearly probability below 1, as 1e-3 (got {limit:g})"
            yield draft.facilities.at(line, "worker_risk_limit_per_year", message)
