"""`prices.csv`: what is told of a price, in words that a reader can act on."""

from __future__ import annotations

import csv
from io import StringIO

import pytest

from demilsim.optimisation.prices import SAME, Price
from demilsim.reporting.explanation import PRICE_COLUMNS, prices_text


@pytest.mark.parametrize(
    ("up", "down", "resolution", "word"),
    [
        (2.0, 2.0, 0.0, "yes"),
        (1.0, 2.0, 0.0, "no"),
        (2.0, 2.0, 3.0 * SAME, "not resolved"),
        (2.0, None, 0.0, ""),
        (None, None, 0.0, ""),
    ],
)
def test_unique_is_said_only_of_what_the_solver_can_tell(
    up: float | None, down: float | None, resolution: float, word: str
) -> None:
    """Yes, no, not resolved; nothing where a step was not possible or not made."""
    price = Price(
        "days_f0_2026q1", "working_days", "F0", "2026q1", "working day", 60.0, 2.0, None, None, 1.0, 1.0, up,
        down, resolution,
    )  # fmt: skip
    (row,) = csv.DictReader(StringIO(prices_text([price])))
    assert tuple(row) == PRICE_COLUMNS
    assert row["unique"] == word
    assert row["harm_lost_per_unit_down"] == ("" if down is None else f"{down:.1f}")
