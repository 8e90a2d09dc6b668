"""Checks of lots against their nature, their mass and the start."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft, Rows
from demilsim.scenario.phrases import shown
from demilsim.scenario.schema import Lot, LotStatus
from demilsim.units import GRAMS_PER_TONNE, KG_PER_TONNE, grams


def _all(draft: Draft) -> Iterator[tuple[Rows[Lot], int, Lot]]:
    """Yield every lot, there at the start or arriving later, with its table and line."""
    for rows in (draft.lots, draft.inflows):
        for line, lot in rows:
            yield rows, line, lot


def neq_within_mass(draft: Draft) -> Iterator[Problem]:
    """Find lots with more explosive than mass."""
    for rows, line, lot in _all(draft):
        mass_kg = lot.gross_mass_t * KG_PER_TONNE
        if lot.neq_kg > mass_kg:
            message = f"expected <= {mass_kg:g}, the lot's gross mass in kg (got {lot.neq_kg:g})"
            yield rows.at(line, "neq_kg", message)


def mass_in_ledger(draft: Draft) -> Iterator[Problem]:
    """Find lots too small for a ledger in whole grams."""
    for rows, line, lot in _all(draft):
        if grams(lot.gross_mass_t) < 1:
            message = f"expected at least {1 / GRAMS_PER_TONNE:g}, one gram (got {lot.gross_mass_t:g})"
            yield rows.at(line, "gross_mass_t", message)


def stabiliser_where_propellant(draft: Draft) -> Iterator[Problem]:
    """Find stabiliser that is missing for a nature with propellant, or given for one without."""
    for rows, line, lot in _all(draft):
        nature = draft.register.natures.get(lot.nature_id)
        if nature is None:
            continue
        given = lot.stabiliser_fraction is not None
        if nature.propellant and not given:
            message = f"expected a number or unknown, since {lot.nature_id} has propellant (got nothing)"
            yield rows.at(line, "stabiliser_fraction", message)
        if given and not nature.propellant:
            found = shown(str(lot.stabiliser_fraction))
            message = f"expected nothing, since {lot.nature_id} has no propellant (got {found})"
            yield rows.at(line, "stabiliser_fraction", message)


def made_before_start(draft: Draft) -> Iterator[Problem]:
    """Find lots that are not made yet at the start, or arrive as such."""
    start = draft.settings.essentials.start
    for rows, line, lot in _all(draft):
        if start and lot.year_made > start.year:
            message = f"expected <= {start.year}, the year of the start (got {lot.year_made})"
            yield rows.at(line, "year_made", message)


def dates_that_ask(draft: Draft) -> Iterator[Problem]:
    """Find dates by which reserve must be destroyed, which stays, or that have passed at the start."""
    start = draft.settings.essentials.start
    for rows, line, lot in _all(draft):
        if lot.destroy_by is None:
            continue
        if lot.status is LotStatus.RESERVE:
            message = f"expected nothing, since reserve stays (got {lot.destroy_by})"
            yield rows.at(line, "destroy_by", message)
        elif start and lot.destroy_by <= (lot.arrives or start):
            message = f"expected a date after {lot.arrives or start} (got {lot.destroy_by})"
            yield rows.at(line, "destroy_by", message)
