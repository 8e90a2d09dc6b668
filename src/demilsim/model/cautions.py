"""What `demilsim check` warns of: slips, likely, and numbers whose source does not speak for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from demilsim.errors import Problem
from demilsim.model.plausible import doubts
from demilsim.scenario.notes import borrowed_sources
from demilsim.scenario.place import Place
from demilsim.scenario.resolve import Resolved

KINDS = {
    "borrowed_sources": "numbers laid over a row whose source does not speak for them",
    "stock_over_licence": "storehouses that hold more than the people around them allow",
    "people_too_near": "groups of people nearer to a storehouse than its stock requires",
    "groups_apart": "lots that may not share their storehouse",
    "share_of_explosive": "lots with far more or less explosive than their nature has",
    "places_filled_in": "sites at latitude and longitude 0",
    "roads_long_enough": "roads shorter than the straight line",
    "rates_of_plants": "rates of plants far from any that is known",
    "costs_of_work": "unit costs far from any that is known",
    "money_before_the_start": "payments due before the start",
    "dates_after_the_end": "dates beyond the horizon",
    "rows_twice": "rows that say the same as another",
}
"""Each kind of caution in words, as they follow a number."""


@dataclass(frozen=True, slots=True)
class Caution:
    """A warning with its place.

    `kind` is a key of `KINDS`, `path` a column or dotted key.
    """

    kind: str
    place: Place
    path: str
    message: str

    @property
    def problem(self) -> Problem:
        """It as a problem, which says file and line."""
        return self.place.problem(self.path, self.message)


def cautions(resolved: Resolved) -> tuple[Caution, ...]:
    """Return all that is to be warned of, by kind."""
    borrowed = (Caution(*found) for found in borrowed_sources(resolved))
    slips = (
        Caution(d.kind, resolved.place_of(d.table, d.row, d.column), d.column, d.message)
        for d in doubts(resolved.scenario)
    )
    return (*borrowed, *slips)


def caution_summary(found: Sequence[Caution], all_by: str) -> Iterator[str]:
    """Yield a line for each kind: what stands alone in full, of several how many and where the first is.

    Parameters
    ----------
    found
        What is to be warned of.
    all_by
        What to do to see all, as ``demilsim check tells them``.
    """
    for kind, count in Counter(one.kind for one in found).items():
        first = next(one for one in found if one.kind == kind)
        if count == 1:
            yield f"warning: {first.problem}"
        else:
            yield f"warning: {count} {KINDS[kind]}, the first in {first.place}; {all_by}"


def caution_lines(found: Sequence[Caution], most: int, all_by: str) -> Iterator[str]:
    """Yield lines for a terminal.

    Parameters
    ----------
    found
        What is to be warned of.
    most
        Lines of one kind, one more where that is all; how many more there are is told.
    all_by
        What to do to see all, as ``--json lists them``.
    """
    for kind, count in Counter(one.kind for one in found).items():
        shown = count if count == most + 1 else min(count, most)
        for one in [one for one in found if one.kind == kind][:shown]:
            yield f"warning: {one.problem}"
        if count > shown:
            yield f"warning: {count - shown} more of this kind ({kind}); {all_by}"
