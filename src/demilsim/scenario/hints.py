"""What somebody may have meant by a value that is refused: dates, shares, lists as they are often written."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress

_OTHER_DATE = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)
_LOOSE_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T][\d:.]*)?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_SERIAL = re.compile(r"[1-9]\d{4}(\.0*)?", re.ASCII)
_DAY_AND_MONTH = re.compile(r"\d{1,2}[-. ]?[^\W\d_]{3,}\.?")

FIRST_SERIAL_DAY = dt.date(1899, 12, 30)
"""Day 0 of the numbers by which spreadsheets store dates from March 1900 on (ECMA-376, 1900 date system)."""

LEAST_IN_PERCENT, MOST_OF_A_SHARE = 2.0, 100.0
"""Numbers in place of a share that are taken for percent [%]; what is a little over 1 is another mistake."""

SEVERAL_IDS = "several ids have ; between them"


def date_hint(value: str) -> str:
    """Return what a date in another form should be written as: both, where day and month may be swapped."""
    if _ISO.fullmatch(value):
        return "; there is no such day"
    if _SERIAL.fullmatch(value):
        day = FIRST_SERIAL_DAY + dt.timedelta(days=int(float(value)))
        return f"; spreadsheets store {day} as this number: format the cell as a date, or write {day}"
    loose = _LOOSE_DATE.fullmatch(value)
    parts = _OTHER_DATE.fullmatch(value)
    if loose:
        year, month, day_of_month = (int(part) for part in loose.groups())
        orders = [(day_of_month, month)]
    elif parts:
        first, second, year = (int(part) for part in parts.groups())
        # With points the day comes first; with slashes that depends on the country.
        orders = [(first, second), *([(second, first)] if "/" in value else [])]
        if "." in value and not _is_day(year, second, first):
            orders = [(second, first)]
    else:
        return ""
    readings = [dt.date(year, m, d).isoformat() for d, m in dict.fromkeys(orders) if _is_day(year, m, d)]
    return f"; write {' or '.join(readings)}" if readings else ""


def _is_day(year: int, month: int, day: int) -> bool:
    with suppress(ValueError):
        return dt.date(year, month, day) is not None
    return False


def number_hint(value: str) -> str:
    """Return what a text in place of a number may come from."""
    if value.startswith("#"):
        return "; it is an error of a spreadsheet: mend it there"
    if _ISO.fullmatch(value):
        with suppress(ValueError):
            days = (dt.date.fromisoformat(value) - FIRST_SERIAL_DAY).days
            return f"; a cell formatted as a date? as a number it is {days}"
    return ""


def months_hint(value: str) -> str:
    """Return what to do where a spreadsheet took months for a date."""
    if _ISO.fullmatch(value) or _DAY_AND_MONTH.fullmatch(value):
        return "; a spreadsheet makes a date of 4-10: format the cell as text first"
    return ""


def share_hint(value: str) -> str:
    """Return how a percentage is written; nothing of what is none."""
    with suppress(ValueError):
        number = float(value)
        if LEAST_IN_PERCENT <= number <= MOST_OF_A_SHARE:
            return f"; write {number / MOST_OF_A_SHARE:g} or {number:g} %"
    return ""


def list_hint(value: str) -> str:
    """Return how several ids are written, for what has other signs between them."""
    parts = [part.strip() for part in re.split("[,/|\\n]|\\band\\b", value)]
    if len(parts) < 2 or not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", part) for part in parts):
        return ""
    return f"; {SEVERAL_IDS}: write {'; '.join(parts)}"
