"""Promises of money become envelopes per quarter, and envelopes the tables of a scenario."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from demilsim.exchange.iati_read import Activity, Firmness, Promise
from demilsim.exchange.reference import exchange_values, purposes
from demilsim.scenario.exchange import USD
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Fund, Source, Tranche
from demilsim.units import MONTHS_PER_YEAR, PERIOD_MONTHS, add_months

MINOR_UNITS = 100
"""Cents in a dollar; taken of every currency."""
_LONGEST_ID = 20
_MILITARY = re.compile(r"\b(army|armed|military|defen[cs]e|troops|air force|navy)\b", re.IGNORECASE)
_ASSUMED = {
    "indicative": "A-IATI-INDICATIVE",
    "committed": "A-IATI-COMMITTED",
    "disbursement": "A-IATI-DISBURSEMENT",
}


@dataclass(frozen=True)
class Envelope:
    """Money of one activity for one quarter.

    Parameters
    ----------
    fund_id, activity
        The fund that stands for the activity, and its identifier.
    start
        First day of the quarter, or of the budget if that is later.
    cents
        Amount in hundredths of `currency`.
    probability
        That it comes at all, by how firm it is.
    """

    fund_id: str
    activity: str
    start: dt.date
    cents: int
    currency: str
    firmness: Firmness
    probability: float


@dataclass(frozen=True)
class Envelopes:
    """What a file of activities holds for a programme: money, the rows that say so, and what to mind."""

    envelopes: tuple[Envelope, ...]
    funds: tuple[Fund, ...]
    tranches: tuple[Tranche, ...]
    sources: tuple[Source, ...]
    notes: tuple[str, ...]


def envelopes_of(
    activities: Sequence[Activity], file: str, codes: Sequence[str], scenario: Scenario | None = None
) -> Envelopes:
    """Return the money of activities that serve given purposes, per quarter.

    Budgets are spread evenly over their days; what falls outside the scenario's horizon is left out and told.

    Parameters
    ----------
    activities
        As read.
    file
        Name of the file, for the sources.
    codes
        OECD-DAC purpose codes; of an activity with others besides, only the share of these counts.
    scenario
        Whose horizon the money must fall in, and whose plant is looked at for military operators.
    """
    notes: list[str] = []
    found: list[Envelope] = []
    funds: list[Fund] = []
    sources: list[Source] = []
    for activity in activities:
        share = sum((part for code, part in activity.purposes.items() if code in codes), Decimal(0))
        if activity.stopped or not share or not activity.promises:
            notes.append(f"{activity.identifier}: left out; {_why_not(activity, share, codes)}")
            continue
        fund_id = _fund_id(activity.identifier, {fund.fund_id for fund in funds})
        own = list(_spread(activity, fund_id, share, scenario, notes))
        if not own:
            continue
        found += own
        funds.append(_fund(activity, fund_id))
        sources.append(_source(activity, fund_id, file, share))
    used = list(dict.fromkeys(envelope.firmness for envelope in found))
    sources += [_assumption(_ASSUMED[firmness], f"probability_{firmness}") for firmness in used]
    if found:
        sources += [
            _assumption("A-IATI-DELAY", "mean_delay_days"),
            _assumption("A-IATI-OVERHEAD", "overhead_fraction"),
        ]
    notes += _cautions(activities, codes, scenario)
    notes += _rates(found)
    return Envelopes(tuple(found), tuple(funds), tuple(map(_tranche, found)), tuple(sources), tuple(notes))


def _why_not(activity: Activity, share: Decimal, codes: Sequence[str]) -> str:
    if activity.stopped:
        return f"it is {activity.stopped}"
    if not share:
        return f"none of its purposes is {', '.join(codes)} (got {', '.join(activity.purposes) or 'none'})"
    return "it has neither budgets nor planned disbursements"


def _spread(
    activity: Activity, fund_id: str, share: Decimal, scenario: Scenario | None, notes: list[str]
) -> Iterator[Envelope]:
    """Yield the money of an activity by quarter and firmness; note what falls outside the horizon."""
    sums: dict[tuple[dt.date, Firmness, str], int] = {}
    starts: dict[tuple[dt.date, Firmness, str], dt.date] = {}
    outside: dict[str, int] = {}
    first, last = _horizon(scenario)
    for promise in activity.promises:
        for quarter, begin, cents in _quarters(promise, share, first or promise.first.replace(month=1)):
            if (first and begin < first) or (last and begin >= last):
                outside[promise.currency] = outside.get(promise.currency, 0) + cents
                continue
            key = (quarter, promise.firmness, promise.currency)
            sums[key] = sums.get(key, 0) + cents
            starts[key] = min(starts.get(key, begin), begin)
    for currency, cents in outside.items():
        notes.append(
            f"{activity.identifier}: {cents / MINOR_UNITS:,.2f} {currency} left out; it is promised for days "
            f"outside the horizon, {first} to {last}"
        )
    values = exchange_values()
    for (quarter, firmness, currency), cents in sorted(sums.items()):
        if cents:
            probability = values[f"probability_{firmness}"].value
            start = starts[quarter, firmness, currency]
            yield Envelope(fund_id, activity.identifier, start, cents, currency, firmness, probability)


def _horizon(scenario: Scenario | None) -> tuple[dt.date | None, dt.date | None]:
    return (scenario.period_dates[0], scenario.period_dates[-1]) if scenario else (None, None)


def _quarters(promise: Promise, share: Decimal, origin: dt.date) -> Iterator[tuple[dt.date, dt.date, int]]:
    """Yield quarter, first day in it and cents of a promise; the cents add up exactly.

    Quarters are counted from the month of `origin` where a scenario has one, else from January.
    """
    total = int((promise.amount * share * MINOR_UNITS).quantize(Decimal(1), ROUND_HALF_EVEN))
    days = (promise.last - promise.first).days + 1
    months = PERIOD_MONTHS["quarter"]
    shift = (promise.first.year - origin.year) * MONTHS_PER_YEAR + promise.first.month - origin.month
    quarter = add_months(origin.replace(day=1), shift // months * months)
    given, done = 0, 0
    while done < days:
        following = add_months(quarter, months)
        begin = max(quarter, promise.first)
        done = min((following - promise.first).days, days)
        # The difference of rounded running totals loses no cent.
        running = total * done // days
        yield quarter, begin, running - given
        given, quarter = running, following


def _fund_id(identifier: str, taken: set[str]) -> str:
    """Return an id for the fund of an activity: the end of its identifier, which tells activities apart."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", identifier)[-_LONGEST_ID:].strip("-.") or "ACTIVITY"
    name, number = f"I-{plain}", 1
    while name in taken:
        number += 1
        name = f"I-{plain}-{number}"
    return name


def _fund(activity: Activity, fund_id: str) -> Fund:
    return Fund(
        fund_id=fund_id,
        name=f"{activity.organisation or activity.identifier}: {activity.title or 'no title'}",
        holder="donor",
        use="any",
        earmark_sites=(),
        earmark_methods=(),
        earmark_categories=(),
        earmark_countries=activity.countries,
        overhead_fraction=exchange_values()["overhead_fraction"].value,
        expires=None,
        source=(fund_id, "A-IATI-OVERHEAD"),
    )


def _tranche(envelope: Envelope) -> Tranche:
    amount = envelope.cents / MINOR_UNITS
    dollars = envelope.currency == USD
    return Tranche(
        tranche_id=f"{envelope.fund_id}-{envelope.start:%y%m}{envelope.firmness[0]}-{envelope.currency}",
        fund_id=envelope.fund_id,
        due=envelope.start,
        amount_usd=amount if dollars else None,
        amount=None if dollars else amount,
        currency=envelope.currency,
        probability=envelope.probability,
        mean_delay_days=exchange_values()["mean_delay_days"].value,
        source=(envelope.fund_id, _ASSUMED[envelope.firmness], "A-IATI-DELAY"),
    )


def _source(activity: Activity, fund_id: str, file: str, share: Decimal) -> Source:
    codes = ", ".join(f"{code} {part:.0%}" for code, part in activity.purposes.items())
    text = (
        f"IATI activity {activity.identifier} of {activity.organisation or 'nobody named'} in {file}; "
        f"purposes {codes}; {share:.0%} of its money counted, spread evenly over the days of each budget"
    )
    return Source(source_id=fund_id, confidence="read", text=text)


def _assumption(source_id: str, key: str) -> Source:
    value = exchange_values()[key]
    text = f"{key} {value.value:g}, {value.low:g} to {value.high:g}; {value.source}"
    return Source(source_id=source_id, confidence=value.confidence, text=text)


def _cautions(
    activities: Sequence[Activity], codes: Sequence[str], scenario: Scenario | None
) -> Iterator[str]:
    """Yield what to mind with each purpose code that brings money, and with military operators."""
    carried = [code for code in codes if any(code in activity.purposes for activity in activities)]
    known = purposes()
    for code in carried:
        if code in known:
            yield f"{code} {known[code].name}: {known[code].caution}"
    if scenario and carried:
        yield from military_operators(scenario)


def military_operators(scenario: Scenario) -> Iterator[str]:
    """Yield a warning for each facility whose operator looks military."""
    for facility in scenario.facilities:
        if _MILITARY.search(facility.operator):
            yield (
                f"{facility.facility_id} is worked by {facility.operator!r}: money tagged as aid that pays "
                "for it may not count as ODA; ask the donor, or earmark it for other methods"
            )


def _rates(envelopes: Sequence[Envelope]) -> Iterator[str]:
    for currency in dict.fromkeys(envelope.currency for envelope in envelopes):
        if currency != USD:
            yield f"add a rate of {currency} to exchange_rates.csv: some amounts are in {currency}"
