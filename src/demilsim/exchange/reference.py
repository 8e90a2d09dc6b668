"""What the exchange with other programs assumes, with its evidence."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal

from demilsim.scenario.schema import Record

IATI_VERSION = "2.03"
"""Version of the International Aid Transparency Initiative's standard that is read and written."""


class ExchangeValue(Record):
    """A row of ``reference/iati.csv``: a number with unit, range and evidence."""

    key: str
    value: float
    unit: str
    low: float
    high: float
    source: str
    confidence: Literal["read", "derived", "assumed"]


class Purpose(Record):
    """A row of ``reference/purposes.csv``: an OECD-DAC purpose code that fits, and what to mind with it."""

    code: str
    name: str
    caution: str


def _rows(name: str) -> list[dict[str, str]]:
    text = files("demilsim.scenario").joinpath("reference", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def exchange_values() -> dict[str, ExchangeValue]:
    """Return what is assumed of money in IATI files, by key."""
    return {row["key"]: ExchangeValue.model_validate(row) for row in _rows("iati.csv")}


@cache
def purposes() -> dict[str, Purpose]:
    """Return the purpose codes under which donors pay for this work, by code."""
    return {row["code"]: Purpose.model_validate(row) for row in _rows("purposes.csv")}
