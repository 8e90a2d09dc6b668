"""Past disposal programmes as they came out: what slips are learned from, and forecasts held against."""

from __future__ import annotations

import csv
import datetime as dt
from functools import cache
from importlib.resources import files

from demilsim.scenario.column_types import OptionalPositive, Positive
from demilsim.scenario.register import Confidence
from demilsim.scenario.schema import Record
from demilsim.units import years


class PastProgramme(Record):
    """One programme, as it was when it was last seen.

    `programme` is the name of its scenario. `seen` is the best single date, between `seen_first` and
    `seen_last`. `over` says whether it was closed then. `planned_t` is None where it is not on record; the
    programme then counts as done in full.
    """

    programme: str
    started: dt.date
    planned_years: Positive
    seen: dt.date
    seen_first: dt.date
    seen_last: dt.date
    over: bool
    planned_t: OptionalPositive
    destroyed_t: Positive
    known_at: dt.date
    source: str
    confidence: Confidence

    @property
    def years(self) -> float:
        """Time from its start to when it was seen [yr]."""
        return years((self.seen - self.started).days)

    @property
    def share_done(self) -> float:
        """Share of the planned tonnes that was destroyed [1]."""
        return self.destroyed_t / self.planned_t if self.planned_t else 1.0


@cache
def past_programmes() -> tuple[PastProgramme, ...]:
    """Return the programmes of ``reference/programmes.csv``, read once."""
    text = files("demilsim.scenario").joinpath("reference", "programmes.csv").read_text(encoding="utf-8")
    return tuple(PastProgramme.model_validate(row) for row in csv.DictReader(text.splitlines()))


def closed_others(
    programme: str, past: tuple[PastProgramme, ...], known_by: dt.date | None = None
) -> tuple[PastProgramme, ...]:
    """Return the closed programmes from which a forecast of one may learn: never itself.

    Parameters
    ----------
    programme
        Name of the one that is forecast.
    past
        All that are on record.
    known_by
        Date of the forecast; what became known later is left out. None for whatever the date.
    """
    return tuple(
        one
        for one in past
        if one.over and one.programme != programme and (known_by is None or one.known_at <= known_by)
    )
