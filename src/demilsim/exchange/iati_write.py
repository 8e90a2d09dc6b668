"""Write a draft of an IATI 2.03 activity for a scenario: money asked for, and results if there are any.

Elements, their order and their attributes are those of the standard's activity schema. It is not shipped
here; tests hold drafts to a table of its rules, and the drafts of the shipped scenarios were valid by it.
Code lists and rules beyond the schema are checked by IATI's validator alone: pass a draft through it before
it is published.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

from demilsim.exchange.reference import IATI_VERSION, purposes
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import plain
from demilsim.scenario.exchange import promised_usd
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Tranche
from demilsim.units import cents, usd

PIPELINE = "1"
INDICATIVE, COMMITTED = "1", "2"
ORIGINAL = "1"
GOVERNMENT = "10"
FUNDING, ACCOUNTABLE = "1", "2"
START_PLANNED, END_PLANNED = "1", "3"
UNIT = "1"
OUTPUT, OUTCOME = "1", "2"
"""Codes of the standard's lists, named after what they mean."""

BEYOND_HOST = " with donors' money and better use of the host's own, beyond the host's own money alone"
"""What a donors' activity counts: what the plan makes better of the host's money cannot be told apart."""

Element = ElementTree.Element


def draft_activity(
    scenario: Scenario, purpose: str, organisation: str, results: StoredResults | None = None
) -> str:
    """Return a draft activity as XML text: nothing in it tells of a single site.

    Parameters
    ----------
    scenario
        Its donors' tranches become planned disbursements, and budgets by period and firmness: committed what
        comes with probability 1, else indicative. Without donors, all funds' tranches do.
    purpose
        OECD-DAC purpose code of all of the money.
    organisation
        Identifier of the organisation that reports.
    results
        Stored results of the scenario, from which targets are taken: what comes out with donors' money
        beyond the host's own alone, if both are stored.
    """
    root = Element("iati-activities", version=IATI_VERSION)
    activity = ElementTree.SubElement(
        root,
        "iati-activity",
        {"default-currency": "USD", "{http://www.w3.org/XML/1998/namespace}lang": "en"},
    )
    _who_and_what(activity, scenario, organisation)
    _where_and_why(activity, scenario, purpose)
    _money(activity, scenario)
    if results is not None:
        for element in _results(scenario, results):
            activity.append(element)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    child = ElementTree.SubElement(parent, name, {k.replace("_", "-"): v for k, v in attributes.items()})
    if text:
        child.text = plain(text)
    return child


def _told(parent: Element, name: str, text: str, **attributes: str) -> Element:
    """Add an element that holds a narrative."""
    child = _add(parent, name, **attributes)
    _add(child, "narrative", text)
    return child


def _who_and_what(activity: Element, scenario: Scenario, organisation: str) -> None:
    settings = scenario.settings
    synthetic = "SYNTHETIC. Sites, stock and money are invented. " if settings.synthetic else ""
    _add(activity, "iati-identifier", f"{organisation}-{settings.name}")
    _told(activity, "reporting-org", organisation, ref=organisation, type=GOVERNMENT)
    _told(activity, "title", f"{'SYNTHETIC: ' if settings.synthetic else ''}{settings.title}")
    text = (
        f"{synthetic}Draft for destruction of surplus ammunition, {settings.horizon_years} years from "
        f"{settings.start.isoformat()}. Amounts in US dollars of {settings.price_year}."
    )
    _told(activity, "description", text, type="1")
    for fund in scenario.funds:
        role = FUNDING if fund.holder == "donor" else ACCOUNTABLE
        _told(activity, "participating-org", fund.name, role=role)
    if not scenario.funds:
        # The standard wants somebody to take part: without money yet, whoever reports.
        _told(activity, "participating-org", organisation, role=ACCOUNTABLE)
    _add(activity, "activity-status", code=PIPELINE)
    _add(activity, "activity-date", type=START_PLANNED, iso_date=settings.start.isoformat())
    last = scenario.period_dates[-1] - dt.timedelta(days=1)
    _add(activity, "activity-date", type=END_PLANNED, iso_date=last.isoformat())


def _where_and_why(activity: Element, scenario: Scenario, purpose: str) -> None:
    for code, share in _shares(scenario):
        _add(activity, "recipient-country", code=code, percentage=str(share))
    sector = _add(activity, "sector", vocabulary="1", code=purpose, percentage="100")
    if purpose in purposes():
        _add(sector, "narrative", purposes()[purpose].name)


def _shares(scenario: Scenario) -> list[tuple[str, Decimal]]:
    """Return the share of each country in the sites, in percent with two places that add up to 100."""
    countries = list(scenario.country_of_site.values())
    names = sorted(set(countries))
    shares = [Decimal(100 * countries.count(name) * 100 // len(countries)) / 100 for name in names]
    shares[-1] += 100 - sum(shares)
    return list(zip(names, shares, strict=True))


def _paid_in(scenario: Scenario) -> list[Tranche]:
    """Return the tranches that the activity is about, by date: those of donors, or all without donors."""
    holder = {fund.fund_id: fund.holder for fund in scenario.funds}
    donors = [tranche for tranche in scenario.tranches if holder[tranche.fund_id] == "donor"]
    return sorted(donors or scenario.tranches, key=lambda tranche: tranche.due)


def _is_donors(scenario: Scenario) -> bool:
    """Return whether the activity is about donors' money alone."""
    return any(fund.holder == "donor" for fund in scenario.funds if fund.fund_id in _payers(scenario))


def _payers(scenario: Scenario) -> set[str]:
    return {tranche.fund_id for tranche in _paid_in(scenario)}


def _money(activity: Element, scenario: Scenario) -> None:
    """Add budgets by period and firmness, then planned disbursements by tranche."""
    names = {fund.fund_id: fund.name for fund in scenario.funds}
    tranches = _paid_in(scenario)
    for first, following in pairwise(scenario.period_dates):
        for status in (INDICATIVE, COMMITTED):
            due = [t for t in tranches if first <= t.due < following and _status(t) == status]
            total = sum(_cents(scenario, tranche) for tranche in due)
            if total:
                budget = _add(activity, "budget", type=ORIGINAL, status=status)
                _days(budget, first, following - dt.timedelta(days=1))
                _value(budget, total, first)
    for tranche in tranches:
        planned = _add(activity, "planned-disbursement", type=ORIGINAL)
        _add(planned, "period-start", iso_date=tranche.due.isoformat())
        _value(planned, _cents(scenario, tranche), tranche.due)
        _told(planned, "provider-org", names[tranche.fund_id])


def _status(tranche: Tranche) -> str:
    """Return how firm a tranche is: only what is sure to come is committed."""
    return COMMITTED if tranche.probability >= 1.0 else INDICATIVE


def _cents(scenario: Scenario, tranche: Tranche) -> int:
    return cents(promised_usd(tranche, scenario.exchange_rates, tranche.due))


def _days(parent: Element, first: dt.date, last: dt.date) -> None:
    _add(parent, "period-start", iso_date=first.isoformat())
    _add(parent, "period-end", iso_date=last.isoformat())


def _value(parent: Element, amount_cents: int, date: dt.date) -> None:
    _add(parent, "value", f"{usd(amount_cents):.2f}", currency="USD", value_date=date.isoformat())


def _results(scenario: Scenario, results: StoredResults) -> Iterator[Element]:
    """Yield targets from stored results: tonnes destroyed and deaths averted, and against what.

    A donors' activity counts what the host's own money would not do alone; else all money counts together.
    """
    host = results.policy(HOST_ONLY) if _is_donors(scenario) else None
    added = host.difference if host and results.shown.name == OPTIMISED else None
    if added and added.destroyed_t and added.expected_fatalities:
        yield _result(
            scenario, OUTPUT, "Ammunition destroyed",
            f"Gross mass destroyed{BEYOND_HOST}, tonnes", added.destroyed_t.mean,
        )  # fmt: skip
        yield _result(
            scenario, OUTCOME, "People safer",
            f"Expected deaths averted{BEYOND_HOST}, persons", -added.expected_fatalities.mean,
        )  # fmt: skip
        return
    together = " by the host's and donors' money together" if _is_donors(scenario) else ""
    destroyed = results.shown.measures.destroyed_t
    if destroyed:
        text = f"Gross mass destroyed{together}, tonnes"
        yield _result(scenario, OUTPUT, "Ammunition destroyed", text, destroyed.mean)
    nothing = results.policy(DO_NOTHING)
    difference = nothing.difference if nothing and results.shown.name == OPTIMISED else None
    if difference and difference.expected_fatalities:
        text = f"Expected deaths averted{together}, against doing nothing, persons"
        yield _result(scenario, OUTCOME, "People safer", text, -difference.expected_fatalities.mean)


def _result(scenario: Scenario, kind: str, title: str, text: str, target: float) -> Element:
    result = Element("result", {"type": kind, "aggregation-status": "1"})
    _told(result, "title", title)
    indicator = _add(result, "indicator", measure=UNIT, ascending="1")
    _told(indicator, "title", text)
    _add(indicator, "baseline", year=str(scenario.settings.start.year), value="0")
    period = _add(indicator, "period")
    _days(period, scenario.period_dates[0], scenario.period_dates[-1] - dt.timedelta(days=1))
    _add(period, "target", value=f"{target:.4g}" if abs(target) < 1 else f"{target:.2f}")
    return result
