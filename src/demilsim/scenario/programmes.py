"""Closed disposal programmes, planned and as they came out: the record that slips are learned from."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from importlib.resources import files

from demilsim.scenario.register import Confidence
from demilsim.scenario.schema import OptionalPositive, Positive, Record
from demilsim.units import years


class ClosedProgramme(Record):
    """One programme that is over.

    `programme` is the name of its scenario. `closed` is the best single date, between `closed_first` and
    `closed_last`. `planned_t` is None where it is not on record; it then counts as done in full.
    """

    programme: str
    started: dt.date
    planned_years: Positive
    closed: dt.date
    closed_first: dt.date
    closed_last: dt.date
    planned_t: OptionalPositive
    destroyed_t: Positive
    known_at: dt.date
    source: str
    confidence: Confidence

    @property
    def years(self) -> float:
        """Time that it took until it was closed [yr]."""
        return years((self.closed - self.started).days)

    @property
    def share_done(self) -> float:
        """Share of the planned tonnes that was destroyed [1]."""
        return self.destroyed_t / self.planned_t if self.planned_t else 1.0


@cache
def closed_programmes() -> tuple[ClosedProgramme, ...]:
    """Return the programmes of ``reference/programmes.csv``, read once."""
    text = files("demilsim.scenario").joinpath("reference", "programmes.csv").read_text(encoding="utf-8")
    return tuple(ClosedProgramme.model_validate(row) for row in csv.DictReader(text.splitlines()))


def others(
    programme: str, closed: tuple[ClosedProgramme, ...], known_by: dt.date | None = None
) -> tuple[ClosedProgramme, ...]:
    """Return the closed programmes from which a forecast of one may learn: never itself.

    Parameters
    ----------
    programme
        Name of the one that is forecast.
    closed
        All that are on record.
    known_by
        Date of the forecast; what became known later is left out. None for whatever the date.
    """
    return tuple(
        one for one in closed if one.programme != programme and (known_by is None or one.known_at <= known_by)
    )
