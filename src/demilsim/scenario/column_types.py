"""Types of columns: what a cell may hold, and how its text is taken before it is checked."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import BeforeValidator, Field

IDENTIFIER_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"
LONGEST_IDENTIFIER = 40

Identifier = Annotated[str, Field(pattern=IDENTIFIER_PATTERN, max_length=LONGEST_IDENTIFIER)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Celsius = Annotated[float, Field(ge=-60, le=60)]


def is_identifier(text: str) -> bool:
    """Return whether a text could be an id."""
    return len(text) <= LONGEST_IDENTIFIER and re.fullmatch(IDENTIFIER_PATTERN, text) is not None


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(";") if part.strip())
    return value


def empty_is_none(value: object) -> object:
    """Return None for a text without anything in it, else the value."""
    return None if isinstance(value, str) and not value.strip() else value


def _months(value: object) -> object:
    """Turn ``4-10`` or ``11-3`` (over the new year) into the months that it covers."""
    if not isinstance(value, str):
        return value
    first_text, _, last_text = value.partition("-")
    first, last = int(first_text), int(last_text or first_text)
    if not (1 <= first <= 12 and 1 <= last <= 12):
        raise ValueError("expected months such as 4-10")
    return tuple((first - 1 + k) % 12 + 1 for k in range((last - first) % 12 + 1))


CountryCode = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Identifiers = Annotated[tuple[Identifier, ...], BeforeValidator(_split)]
CountryCodes = Annotated[tuple[CountryCode, ...], BeforeValidator(_split)]
OptionalIdentifier = Annotated[Identifier | None, BeforeValidator(empty_is_none)]
OptionalCountry = Annotated[CountryCode | None, BeforeValidator(empty_is_none)]
OptionalFraction = Annotated[Fraction | None, BeforeValidator(empty_is_none)]
OptionalPositive = Annotated[Positive | None, BeforeValidator(empty_is_none)]
OptionalDate = Annotated[dt.date | None, BeforeValidator(empty_is_none)]
Months = Annotated[tuple[int, ...], BeforeValidator(_months)]
Level = Annotated[int, Field(ge=0, le=3)]
WeibullShape = Annotated[float, Field(ge=0.5, le=10)]

ALL_MONTHS = tuple(range(1, 13))
