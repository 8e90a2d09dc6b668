"""Checks of the scalars: start, weights, and the scenario's own constants."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.scenario.phrases import did_you_mean
from demilsim.scenario.records import to_record
from demilsim.scenario.register import GROUPS

CAUSES = ("ageing", "storage", "external", "security", "undetermined")


def known_parameters(draft: Draft) -> Iterator[Problem]:
    """Find constants that the register does not have."""
    known = draft.register.entries
    for key in draft.settings.essentials.parameters:
        if key not in known:
            message = f"unknown constant{did_you_mean(key, known)}"
            yield draft.settings.at(f"parameters.{key}", message)


def parameter_ranges(draft: Draft) -> Iterator[Problem]:
    """Find the scenario's own constants outside what is physically possible, alone or together."""
    own = {
        key: override.value
        for key, override in draft.settings.essentials.parameters.items()
        if key in draft.register.entries
    }
    alone = False
    for key, value in own.items():
        group, _, field = key.partition(".")
        current = {
            name: str(getattr(getattr(draft.register, group), name)) for name in GROUPS[group].model_fields
        }
        _, findings = to_record(GROUPS[group], {**current, field: f"{value:.12g}"})
        for finding in findings:
            alone = True
            yield draft.settings.at(f"parameters.{key}.value", finding.message)
    if not alone:
        yield from _together(draft, own)


def _together(draft: Draft, own: dict[str, float]) -> Iterator[Problem]:
    def value(key: str) -> float:
        return own.get(key, draft.register.entries[key].value)

    def given(*keys: str) -> str | None:
        return next((f"parameters.{key}.value" for key in keys if key in own), None)

    for cause in CAUSES:
        shares = f"consequence.stack_share_{cause}", f"consequence.storehouse_share_{cause}"
        total = sum(map(value, shares))
        if total > 1 and (path := given(*shares)):
            yield draft.settings.at(path, f"expected {' + '.join(shares)} <= 1 (got {total:g})")
    low, high = "event_rate.destroy_level_fraction", "event_rate.retest_level_fraction"
    if value(low) >= value(high) and (path := given(low, high)):
        yield draft.settings.at(path, f"expected {low} < {high} (got {value(low):g} and {value(high):g})")


def start_on_the_first(draft: Draft) -> Iterator[Problem]:
    """Find a start that is not the first of a month: planning periods are whole months."""
    start = draft.settings.essentials.start
    if start and start.day != 1:
        yield draft.settings.at(
            "start", f"expected the first day of a month (got {start}); write {start:%Y-%m}-01"
        )


def some_weight(draft: Draft) -> Iterator[Problem]:
    """Find an objective that counts nothing."""
    settings = draft.settings.record
    if settings and not any(settings.harm_weights.model_dump().values()):
        yield draft.settings.at("harm_weights", "expected at least one weight > 0 (got none)")
