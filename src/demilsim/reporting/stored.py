"""The base of all records that are read from a results folder, and the texts and numbers they are made of."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def plain(text: str) -> str:
    """Return a text on one line without control, format or surrogate characters.

    They could hide or reverse what a reader sees, and XML does not allow most of them.
    """
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn"))


Text = Annotated[str, AfterValidator(plain)]
Date = Annotated[dt.date, Field(strict=False)]  # else no ISO text would do


class Stored(BaseModel):
    """Base of the records: frozen, types taken at their word, keys that the report does not need ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Spread(Stored):
    """A mean with its Monte Carlo half width and the 5-95% spread from parameters that are not known.

    Of a share, `low` and `high` are the ends of its interval, which is not as wide to either side.
    """

    mean: float
    half_width: float | None = None
    parameter_p5: float | None = None
    parameter_p95: float | None = None
    half_width_simultaneous: float | None = None
    low: float | None = None
    high: float | None = None


def absent_if_empty(value: object) -> object:
    """Return None for ``{}``, which stands for absent as null does."""
    return None if value == {} else value


Measure = Annotated[Spread | None, BeforeValidator(absent_if_empty)]
