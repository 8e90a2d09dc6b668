"""Checks of what was known when: a forecast leans on nothing that came to be known later.

A forecast is dated by `forecast_at`, or else by `start`. With `forecast_at`, every input says when it became
known; without, those that say so are checked all the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft, Rows
from demilsim.scenario.schema import Record

Report = Callable[[str, str], Problem]
"""Makes a problem of a column or key and a message."""


def known_in_time(draft: Draft) -> Iterator[Problem]:
    """Find inputs that became known only after the forecast's date."""
    settings = draft.settings.record
    if settings is None:
        return
    date = settings.forecast_at or settings.start
    for report, known_at, _ in _inputs(draft):
        if known_at and known_at > date:
            yield report(
                "known_at",
                f"expected a date up to {date}, when the forecast is made (got {known_at}); "
                "leave out what was not known yet, or date the forecast later by forecast_at",
            )


def said_when_known(draft: Draft) -> Iterator[Problem]:
    """Find inputs of a dated forecast that do not say when they became known; one problem a table."""
    settings = draft.settings.record
    if settings is None or settings.forecast_at is None:
        return
    told = "missing: with forecast_at every input says since when it is known"
    if settings.known_at is None:
        yield draft.settings.at("known_at", told)
    for key, own in draft.settings.essentials.parameters.items():
        if own.known_at is None:
            yield draft.settings.at(f"parameters.{key}", told)
    for rows in draft.sourced:
        silent = [line for line, record in rows if record.known_at is None]
        if silent:
            also = f" (and {len(silent) - 1} rows below)" if len(silent) > 1 else ""
            yield rows.at(silent[0], "known_at", f"{told}{also}")


def known_by_a_source(draft: Draft) -> Iterator[Problem]:
    """Find inputs that claim to be known before any of the dated sources that they name."""
    dates = {source.source_id: source.known_at for source in draft.sources.records if source.known_at}
    for report, known_at, source in _inputs(draft):
        cited = [dates[name] for name in source if name in dates]
        if known_at and cited and known_at < min(cited):
            yield report(
                "known_at",
                f"expected {min(cited)} or later, the date of the first of its sources (got {known_at}); "
                "correct it, or name the source that was there before",
            )


def _inputs(draft: Draft) -> Iterator[tuple[Report, dt.date | None, Collection[str]]]:
    """Yield, for every input, how to report on it, since when it is known, and its sources."""
    settings = draft.settings.record
    if settings is not None:
        yield draft.settings.at, settings.known_at, ()
    for key, own in draft.settings.essentials.parameters.items():
        yield _under(draft, f"parameters.{key}"), own.known_at, own.source
    for rows in draft.sourced:
        for line, record in rows:
            yield _in_row(rows, line), record.known_at, record.source


def _under(draft: Draft, path: str) -> Report:
    return lambda key, message: draft.settings.at(f"{path}.{key}", message)


def _in_row(rows: Rows[Record], line: int) -> Report:
    return lambda column, message: rows.at(line, column, message)
