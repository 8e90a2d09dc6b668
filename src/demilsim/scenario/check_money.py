"""Checks of funds and tranches against each other and the horizon."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.scenario.phrases import shown
from demilsim.scenario.schema import Fund
from demilsim.units import CENTS_PER_USD, MONTHS_PER_YEAR, add_months, cents

YEARS_BEFORE_START = 10
"""Money that is already there may have been paid this long before the start [yr]."""


def _window(draft: Draft) -> tuple[dt.date, dt.date, dt.date] | None:
    """Return the earliest date of a tranche, the start and the end of the horizon."""
    settings = draft.settings.essentials
    if settings.start is None or settings.horizon_years is None:
        return None
    # A start within a month is a problem of its own; the first of its month exists in every year.
    start = settings.start.replace(day=1)
    first = add_months(start, -YEARS_BEFORE_START * MONTHS_PER_YEAR)
    return first, start, add_months(start, settings.horizon_years * MONTHS_PER_YEAR)


def amount_in_ledger(draft: Draft) -> Iterator[Problem]:
    """Find tranches too small for a ledger in whole cents."""
    for line, tranche in draft.tranches:
        for column in ("amount_usd", "amount"):
            amount = getattr(tranche, column)
            if amount is not None and cents(amount) < 1:
                message = f"expected at least {1 / CENTS_PER_USD:g} (got {shown(str(amount))})"
                yield draft.tranches.at(line, column, message)


def due_within_reach(draft: Draft) -> Iterator[Problem]:
    """Find tranches long before the start or after the horizon."""
    window = _window(draft)
    for line, tranche in draft.tranches:
        if window and not window[0] <= tranche.due <= window[2]:
            message = (
                f"expected a date from {window[0]} to {window[2]}, the end of the horizon (got {tranche.due})"
            )
            yield draft.tranches.at(line, "due", message)


def due_before_expiry(draft: Draft) -> Iterator[Problem]:
    """Find tranches that come after their fund has expired."""
    expiry = {fund.fund_id: fund.expires for fund in draft.funds.records}
    for line, tranche in draft.tranches:
        expires = expiry.get(tranche.fund_id)
        if expires and tranche.due > expires:
            message = f"expected <= {expires}, when {tranche.fund_id} expires (got {tranche.due})"
            yield draft.tranches.at(line, "due", message)


def expires_after_start(draft: Draft) -> Iterator[Problem]:
    """Find funds that have expired before the start."""
    window = _window(draft)
    for line, fund in draft.funds:
        if window and fund.expires and fund.expires <= window[1]:
            message = f"expected a date after the start {window[1]} (got {fund.expires})"
            yield draft.funds.at(line, "expires", message)


def used_funds(draft: Draft) -> Iterator[Problem]:
    """Find funds that no money ever comes into: no tranche, no fund that they match, no scrap."""
    settings = draft.settings.record
    paid = {tranche.fund_id for tranche in draft.tranches.records}
    scrap = settings.scrap_fund if settings else None
    for line, fund in draft.funds:
        if fund.fund_id in paid or fund.fund_id == scrap or matched_by(draft, fund):
            continue
        if fund.matches_funds:
            found = "none, or none of whose countries is in match_countries"
            message = f"expected a matched fund with a tranche and an eligible country (got {found})"
            yield draft.funds.at(line, "matches_funds", message)
        else:
            message = (
                f"expected a tranche of funding.csv into {fund.fund_id} (got none); add one, or take it out"
            )
            yield draft.funds.at(line, "fund_id", message)


def matched_by(draft: Draft, fund: Fund) -> tuple[str, ...]:
    """Return the funds with tranches that a fund matches."""
    settings = draft.settings.record
    if settings is None:
        return ()
    paid = {tranche.fund_id for tranche in draft.tranches.records}
    return tuple(
        other.fund_id
        for other in draft.funds.records
        if other.fund_id in paid and fund.may_match(other, settings.country)
    )
