"""The scalars of ``scenario.yaml``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from demilsim.scenario.column_types import Identifier, NonNegative, OptionalDate, OptionalIdentifier
from demilsim.scenario.schema import HarmWeights, Override, Record
from demilsim.units import PeriodLength


class Settings(Record):
    """The scalars of ``scenario.yaml``."""

    BESIDE: ClassVar[tuple[str, ...]] = ("variants",)
    """What the file may have besides, which `variants` reads."""

    schema_version: Literal[1]
    name: Identifier
    title: str
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    synthetic: bool
    price_year: Annotated[int, Field(ge=1990, le=2100)]
    start: dt.date
    horizon_years: Annotated[int, Field(ge=1, le=50)]
    period: PeriodLength = "quarter"
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1
    terminal_years: NonNegative = 0.0
    harm_weights: HarmWeights = HarmWeights()
    scrap_fund: OptionalIdentifier = None
    forecast_at: OptionalDate = None
    known_at: OptionalDate = None
    parameters: dict[str, Override] = Field(default_factory=dict)
