"""What a tranche is worth in US dollars: the one place that knows of currencies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from demilsim.scenario.schema import ExchangeRate, Tranche

USD = "USD"


def rate_on(rates: Iterable[ExchangeRate], currency: str, date: dt.date) -> ExchangeRate | None:
    """Return the row of the table that is valid for a currency on a date; None before the first."""
    known = [row for row in rates if row.currency == currency and row.valid_from <= date]
    return max(known, key=lambda row: row.valid_from, default=None)


def promised_usd(tranche: Tranche, rates: Iterable[ExchangeRate], on: dt.date) -> float:
    """Return what a tranche that is received on a date is expected to be worth, before overhead [USD].

    The table's rate is the mean of the rates that may come about.

    Parameters
    ----------
    tranche
        In US dollars, or in a currency of the table.
    rates
        The table of exchange rates.
    on
        Date of receipt; a date before the first rate of the currency takes that rate.
    """
    if tranche.currency == USD:
        assert tranche.amount_usd is not None, "a tranche in US dollars has its amount in amount_usd"
        return tranche.amount_usd
    assert tranche.amount is not None, "a tranche in another currency has its amount in amount"
    rates = tuple(rates)
    row = rate_on(rates, tranche.currency, on) or min(
        (row for row in rates if row.currency == tranche.currency), key=lambda row: row.valid_from
    )
    return tranche.amount * row.usd_per_unit


def scaled(tranche: Tranche, factor: float) -> Tranche:
    """Return a tranche of another size in its own currency."""
    column = "amount_usd" if tranche.currency == USD else "amount"
    return tranche.model_copy(update={column: getattr(tranche, column) * factor})
