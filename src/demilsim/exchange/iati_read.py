"""Read aid activities from an IATI 2.03 file: who gives how much, when, how firmly and for what."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Literal

from demilsim.errors import Problem, ScenarioError
from demilsim.exchange.reference import IATI_VERSION
from demilsim.scenario.phrases import got
from demilsim.scenario.records import to_date
from demilsim.scenario.text import Refused, read_bytes
from demilsim.scenario.xml_text import Element, tree

MAX_IATI_BYTES = 20_000_000
DAC_PURPOSES = "1"
"""Vocabulary of sectors with five-digit OECD-DAC purpose codes; the default where none is named."""
STOPPED = {"5": "cancelled", "6": "suspended"}
"""Activity statuses whose money is not expected."""
LONGEST_BUDGET_DAYS = 366
_REVISED = "2"
_AMOUNT = re.compile(r"\d{1,15}(\.\d{1,6})?", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PERCENT = Decimal(100)

Firmness = Literal["indicative", "committed", "disbursement"]
_STATUS: dict[str, Firmness] = {"1": "indicative", "2": "committed"}


@dataclass(frozen=True)
class Promise:
    """Money of one budget or planned disbursement, for the days from `first` to `last`."""

    first: dt.date
    last: dt.date
    amount: Decimal
    currency: str
    firmness: Firmness
    line: int


@dataclass(frozen=True)
class Activity:
    """One activity.

    Parameters
    ----------
    identifier, organisation, title
        As it names itself.
    countries
        Codes of the countries that receive.
    purposes
        Share of the money by five-digit OECD-DAC purpose code.
    stopped
        Why no money is expected; empty if it is.
    promises
        Budgets that hold, or planned disbursements where there is none.
    line
        Line on which it begins.
    """

    identifier: str
    organisation: str
    title: str
    countries: tuple[str, ...]
    purposes: dict[str, Decimal]
    stopped: str
    promises: tuple[Promise, ...]
    line: int


def read_activities(path: Path) -> tuple[Activity, ...]:
    """Return the activities of an IATI file.

    Parameters
    ----------
    path
        An XML file of ``iati-activities``, version 2.03. A document type or entity in it is refused.

    Raises
    ------
    ScenarioError
        With every problem that was found, each with its line.
    """
    try:
        root = tree(read_bytes(path, MAX_IATI_BYTES))
    except Refused as refused:
        raise ScenarioError([Problem(str(path), refused.line, "", refused.message)]) from None
    reader = _Reader(str(path))
    found = reader.activities(root)
    if reader.problems:
        raise ScenarioError(reader.problems)
    return found


class _Reader:
    """A file while it is read; what is wrong with it is collected."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def _say(self, element: Element, path: str, message: str) -> None:
        self.problems.append(Problem(self._file, element.line, path, message))

    def activities(self, root: Element) -> tuple[Activity, ...]:
        """Return the activities of a document."""
        version = root.attributes.get("version", "")
        if root.name != "iati-activities":
            self._say(root, root.name, "expected iati-activities (got another XML document)")
        elif version != IATI_VERSION:
            self._say(root, "version", f"expected {IATI_VERSION} {got(version)}")
        elif not root.children:
            self._say(root, root.name, "expected at least one iati-activity (got none)")
        found = tuple(self._activity(element) for element in root.all("iati-activity"))
        names = [activity.identifier for activity in found]
        for activity, element in zip(found, root.all("iati-activity"), strict=True):
            if names.count(activity.identifier) > 1:
                self._say(
                    element, "iati-identifier", f"expected each once (got {activity.identifier!r} twice)"
                )
        return found

    def _activity(self, element: Element) -> Activity:
        identifier = _text(element.first("iati-identifier"))
        if not identifier:
            self._say(element, "iati-identifier", "missing")
        status = element.first("activity-status")
        code = status.attributes.get("code", "") if status else ""
        return Activity(
            identifier=identifier,
            organisation=_narrative(element.first("reporting-org")),
            title=_narrative(element.first("title")),
            countries=self._countries(element),
            purposes=self._purposes(element),
            stopped=STOPPED.get(code, ""),
            promises=self._promises(element),
            line=element.line,
        )

    def _countries(self, element: Element) -> tuple[str, ...]:
        countries = []
        for country in element.all("recipient-country"):
            code = country.attributes.get("code", "")
            if _COUNTRY.fullmatch(code):
                countries.append(code)
            else:
                self._say(country, "recipient-country/@code", f"expected two capital letters {got(code)}")
        return tuple(dict.fromkeys(countries))

    def _purposes(self, element: Element) -> dict[str, Decimal]:
        """Return the share of each purpose code; without percentages the codes share equally."""
        sectors = [
            sector
            for sector in element.all("sector")
            if sector.attributes.get("vocabulary", DAC_PURPOSES) == DAC_PURPOSES
        ]
        shares: dict[str, Decimal] = {}
        for sector in sectors:
            text = sector.attributes.get("percentage")
            if text is None:
                share = 1 / Decimal(len(sectors))
            elif _AMOUNT.fullmatch(text) and Decimal(text) <= _PERCENT:
                share = Decimal(text) / _PERCENT
            else:
                self._say(sector, "sector/@percentage", f"expected a number from 0 to 100 {got(text)}")
                continue
            code = sector.attributes.get("code", "")
            shares[code] = shares.get(code, Decimal(0)) + share
        if sum(shares.values()) > 1:
            self._say(element, "sector", "expected percentages of at most 100 together (got more)")
        return shares

    def _promises(self, element: Element) -> tuple[Promise, ...]:
        """Return the budgets that hold, revised ones in place of what they revise, or else disbursements."""
        currency = element.attributes.get("default-currency", "")
        budgets = [
            (budget, self._promise(budget, currency, self._firmness(budget)))
            for budget in element.all("budget")
        ]
        if not budgets:
            return self._disbursements(element, currency)
        revised = self._apart([p for b, p in budgets if p and b.attributes.get("type") == _REVISED])
        original = self._apart([p for b, p in budgets if p and b.attributes.get("type", "1") != _REVISED])
        kept = [p for p in original if not any(_overlap(p, other) for other in revised)]
        return tuple(sorted((*kept, *revised), key=lambda promise: promise.first))

    def _disbursements(self, element: Element, currency: str) -> tuple[Promise, ...]:
        found = (self._promise(one, currency, "disbursement") for one in element.all("planned-disbursement"))
        return tuple(promise for promise in found if promise)

    def _firmness(self, budget: Element) -> Firmness:
        status = budget.attributes.get("status", "1")
        if status not in _STATUS:
            self._say(budget, "budget/@status", f"expected 1 (indicative) or 2 (committed) {got(status)}")
        return _STATUS.get(status, "indicative")

    def _promise(self, element: Element, currency: str, firmness: Firmness) -> Promise | None:
        """Return one budget or planned disbursement; None if it cannot be read, or is of nothing."""
        before = len(self.problems)
        first = self._date(element, "period-start")
        single = firmness == "disbursement" and element.first("period-end") is None
        last = first if single else self._date(element, "period-end")
        value = element.first("value")
        text = _text(value)
        if not _AMOUNT.fullmatch(text):
            self._say(value or element, f"{element.name}/value", f"expected an amount >= 0 {got(text)}")
        currency = value.attributes.get("currency", currency) if value else currency
        if not _CURRENCY.fullmatch(currency):
            message = f"expected a currency in three letters, here or as default-currency {got(currency)}"
            self._say(value or element, f"{element.name}/value", message)
        if first and last and not 0 <= (last - first).days < LONGEST_BUDGET_DAYS:
            message = f"expected at most a year from period-start (got {first} to {last})"
            self._say(element, f"{element.name}/period-end", message)
        if len(self.problems) > before or not Decimal(text):
            return None
        assert first is not None, "a date that is not there is a problem"
        assert last is not None, "a date that is not there is a problem"
        return Promise(first, last, Decimal(text), currency, firmness, element.line)

    def _date(self, element: Element, name: str) -> dt.date | None:
        child = element.first(name)
        text = child.attributes.get("iso-date", "") if child else ""
        path = f"{element.name}/{name}/@iso-date"
        try:
            return to_date(text)
        except ValueError as error:
            self._say(child or element, path, str(error))
            return None

    def _apart(self, promises: list[Promise]) -> list[Promise]:
        """Refuse money that is told twice: budgets of one type for the same days.

        What is indicative may stand beside what is committed if both are for the very same period.
        """
        ordered = sorted(promises, key=lambda promise: (promise.first, promise.last, promise.firmness))
        for before, after in pairwise(ordered):
            beside = (before.first, before.last) == (after.first, after.last)
            if _overlap(before, after) and not (beside and before.firmness != after.firmness):
                message = (
                    f"expected budgets of one type for different days (got those of line {before.line} again)"
                )
                self.problems.append(Problem(self._file, after.line, "budget", message))
        return promises


def _overlap(one: Promise, other: Promise) -> bool:
    return one.first <= other.last and other.first <= one.last


def _text(element: Element | None) -> str:
    return " ".join(element.text.split()) if element else ""


def _narrative(element: Element | None) -> str:
    """Return the first narrative of an element."""
    return _text(element.first("narrative")) if element else ""
