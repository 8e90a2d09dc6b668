"""Checks of lots against their nature, their mass and the start."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import Problem
from demilsim.scenario.draft import Draft
from demilsim.scenario.phrases import shown
from demilsim.units import GRAMS_PER_TONNE, grams

KG_PER_T = 1000.0


def neq_within_mass(draft: Draft) -> Iterator[Problem]:
    """Find lots with more explosive than mass."""
    for line, lot in draft.lots:
        mass_kg = lot.gross_mass_t * KG_PER_T
        if lot.neq_kg > mass_kg:
            message = f"expected <= {mass_kg:g}, the lot's gross mass in kg (got {lot.neq_kg:g})"
            yield draft.lots.at(line, "neq_kg", message)


def mass_in_ledger(draft: Draft) -> Iterator[Problem]:
    """Find lots too small for a ledger in whole grams."""
    for line, lot in draft.lots:
        if grams(lot.gross_mass_t) < 1:
            message = f"expected at least {1 / GRAMS_PER_TONNE:g}, one gram (got {lot.gross_mass_t:g})"
            yield draft.lots.at(line, "gross_mass_t", message)


def stabiliser_where_propellant(draft: Draft) -> Iterator[Problem]:
    """Find stabiliser that is missing for a nature with propellant, or given for one without."""
    for line, lot in draft.lots:
        nature = draft.register.natures.get(lot.nature_id)
        if nature is None:
            continue
        given = lot.stabiliser_fraction is not None
        if nature.propellant and not given:
            message = f"expected a number or unknown, since {lot.nature_id} has propellant (got nothing)"
            yield draft.lots.at(line, "stabiliser_fraction", message)
        if given and not nature.propellant:
            found = shown(str(lot.stabiliser_fraction))
            message = f"expected nothing, since {lot.nature_id} has no propellant (got {found})"
            yield draft.lots.at(line, "stabiliser_fraction", message)


def made_before_start(draft: Draft) -> Iterator[Problem]:
    """Find lots that are not made yet at the start."""
    start = draft.settings.essentials.start
    for line, lot in draft.lots:
        if start and lot.year_made > start.year:
            message = f"expected <= {start.year}, the year of the start (got {lot.year_made})"
            yield draft.lots.at(line, "year_made", message)
