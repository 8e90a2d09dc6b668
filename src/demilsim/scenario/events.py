"""Documented unplanned explosions in Kazakhstan: the record that the event rates are calibrated on."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from demilsim.scenario.register import Confidence
from demilsim.scenario.schema import Record


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


Count = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_empty_is_none)]


class DocumentedEvent(Record):
    """One unplanned explosion on record.

    `site` says whether it was where ammunition is stored or at a disposal company's works. `dead` and
    `injured` are None where no figure was found. Accidents in the clean-up after an explosion, and deaths
    of scrap collectors, are not events of their own.
    """

    year: Annotated[int, Field(ge=1900, le=2100)]
    place: str
    site: Literal["storage", "disposal"]
    dead: Count
    injured: Count
    source: str
    confidence: Confidence


@cache
def documented_events() -> tuple[DocumentedEvent, ...]:
    """Return the events of ``reference/events.csv``, in order of time."""
    text = files("demilsim.scenario").joinpath("reference", "events.csv").read_text(encoding="utf-8")
    return tuple(DocumentedEvent.model_validate(row) for row in csv.DictReader(text.splitlines()))
