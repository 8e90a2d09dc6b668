"""What stands in a cell of somebody's own sheet, as one of our tables would have it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from demilsim.exchange.own_sheet import Held
from demilsim.exchange.own_words import LETTER, UNIT, ours_by_word
from demilsim.scenario.choices import Choice, choice_of, register_lists
from demilsim.scenario.column_types import LONGEST_IDENTIFIER, is_identifier
from demilsim.scenario.columns import meaning_of
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.phrases import MOST_CHOICES, NUMBER, got, shown
from demilsim.scenario.quantities import in_size, read_number
from demilsim.scenario.readings import column_unit
from demilsim.units import conversion_factor, units_like

FILL = "?"
"""Stands in a mapping where its reader is to write something."""
DATE_PARTS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})"}
TRUTH = ("yes", "no", "true", "false", "1", "0")
"""What our tables take for yes and no."""
_YEAR = "year"
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_NUMBER = re.compile(r"([+-]?[\d.,][\d.,\s]*(?:[eE][+-]?\d+)?)\s*([^\d\s].*)?", re.ASCII)
_GROUPS = re.compile(r"([+-]?\d{1,3})((?: \d{3})+)([.,]\d+)?", re.ASCII)


def collapsed(text: str) -> str:
    """Return a text with one plain space wherever any space stands, and none around it."""
    return " ".join(text.split())


def normal(text: str) -> str:
    """Return a text by which it is found whatever its capitals and spaces."""
    return collapsed(text).casefold()


def our_unit(table: str, column: str) -> str:
    """Return the unit of the numbers of a column of ours; empty if they have none that can be converted."""
    unit = column_unit(table, column)
    number = choice_of(LAYOUT[table].record, column).kind in ("number", "whole")
    return unit if number and conversion_factor(unit, unit) else ""


def unit_matters(unit: str) -> bool:
    """Return whether a sheet may have other units for what we give in this one."""
    return bool(unit) and len(units_like(unit)) > 1


def unit_words(text: str) -> str:
    """Return a unit in our words, if it is written in those of a Russian or Kazakh sheet."""
    above, slash, below = collapsed(text).rstrip(".").partition("/")
    known = ours_by_word(UNIT)
    ours = [known.get(part.strip(" .").lower(), part.strip()) for part in (above, below)]
    return f"{ours[0]}{slash}{ours[1]}"


def latin(text: str) -> str:
    """Return an id in Latin letters, digits and ``. _ -``: other signs become one ``-``.

    Raises
    ------
    ValueError
        If nothing is left, or more than an id may have.
    """
    known = ours_by_word(LETTER)
    letters = "".join(
        ours.capitalize() if letter.isupper() else ours
        for letter in collapsed(text)
        for ours in (known.get(letter.lower(), letter),)
    )
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", letters).strip("-._")
    if not is_identifier(plain):
        raise ValueError(
            f"expected an id that Latin letters and digits can write, at most {LONGEST_IDENTIFIER} of them "
            f"(got {shown(text)}); give it one among the values of its column in the mapping"
        )
    return plain


def date_parts(text: str, form: str) -> dict[str, int] | None:
    """Return year, month and day of a date, as far as its form has them; None if it is of another form."""
    pattern = re.escape(form)
    for part, digits in DATE_PARTS.items():
        pattern = pattern.replace(part, digits)
    match = re.fullmatch(pattern, text, re.ASCII)
    return {name: int(number) for name, number in match.groupdict().items()} if match else None


@dataclass(frozen=True)
class CellReader:
    """How the cells of one column are read.

    Parameters
    ----------
    table, column
        Which column of ours it is.
    choice
        What may stand there.
    values
        What stands in the sheet, and what is to stand in ours.
    unit, date, spelling
        As the mapping has them.
    decimal, thousands
        Signs in numbers that are text.
    """

    table: str
    column: str
    choice: Choice
    values: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    date: str = ""
    spelling: str = ""
    decimal: str = "."
    thousands: str = ""

    @cached_property
    def _known(self) -> dict[str, str]:
        return {normal(own): ours for own, ours in self.values.items()}

    @cached_property
    def _our_unit(self) -> str:
        return our_unit(self.table, self.column)

    @cached_property
    def is_year(self) -> bool:
        """Whether the column holds a calendar year."""
        return meaning_of(self.table, self.column).unit == _YEAR

    def read(self, cell: str) -> str:
        """Return the text of a cell that is not blank as our table would have it.

        Raises
        ------
        ValueError
            With a sentence, if it cannot be.
        """
        text = collapsed(cell)
        if normal(text) in self._known:
            return self._known[normal(text)]
        if text in self.choice.words:
            return text
        if self.is_year:
            return self._year(text)
        if self.choice.kind == "date":
            return self._date(text)
        if self.choice.kind in ("number", "whole"):
            return self._number(text, isinstance(cell, Held))
        if self._listed:
            return self._word(text)
        if self.spelling:
            return "; ".join(latin(part) for part in text.split(";") if part.strip())
        return text

    @cached_property
    def _listed(self) -> tuple[str, ...]:
        """The only words that may stand in the column; empty if any will do."""
        return self.choice.words or register_lists().get(self.choice.ids_of, ())

    def _word(self, text: str) -> str:
        truth = self.choice.kind == "yes_no" and text.lower() in TRUTH
        for part in () if truth else text.split(";"):
            if part.strip() not in self._listed:
                few = len(self._listed) <= MOST_CHOICES
                what = f"one of {', '.join(self._listed)}" if few else f"one of the {self.choice.ids_of}"
                todo = f"say what it means under [columns.{self.column}.values] of the mapping"
                raise ValueError(f"expected {what} {got(part.strip(), self._listed)}; {todo}")
        return text

    def _date(self, text: str) -> str:
        parts = None if _ISO.fullmatch(text) or not self.date else date_parts(text, self.date)
        if parts and len(parts) == len(DATE_PARTS):
            return f"{parts['year']:04}-{parts['month']:02}-{parts['day']:02}"
        if _ISO.fullmatch(text):
            return text
        todo = "" if self.date else "; say in the mapping how dates are written, as date = 'DD.MM.YYYY'"
        raise ValueError(f"expected a date as {self.date or 'YYYY-MM-DD'} {got(text)}{todo}")

    def _year(self, text: str) -> str:
        iso = _ISO.fullmatch(text)
        parts = date_parts(text, self.date) if self.date else None
        if parts:
            return str(parts["year"])
        if iso and self.date:
            return iso[1]
        if iso:
            raise ValueError(f"expected a year {got(text)}; to take that of dates, say date in the mapping")
        if self.date and not text.isdecimal():
            raise ValueError(f"expected a year, or a date as {self.date} {got(text)}")
        return text

    def _number(self, text: str, held: bool) -> str:
        exact = self.quantity(text, held)
        if exact is None:
            return text
        number, factor = exact
        if factor == 1:
            return number
        value = Fraction(number) * factor
        return str(value) if value.denominator == 1 else repr(float(value))

    def quantity(self, text: str, held: bool) -> tuple[str, Fraction] | None:
        """Return a number with a decimal point and what to multiply it by; None if it is no number.

        Raises
        ------
        ValueError
            With a sentence, if it can be read in two ways, or its unit is another sort of unit.
        """
        match = _NUMBER.fullmatch(text.replace("\u2212", "-"))
        if not match:
            return None
        digits = match[1].strip()
        number = read_number(digits, False, False) if held else self._written(digits)
        if number is None:
            return None
        in_size(number)
        given = unit_words(match[2] or self.unit or self._our_unit)
        factor = conversion_factor(given, self._our_unit) if self._our_unit else None
        if factor is None and (match[2] or self._our_unit):
            wanted = ", ".join(units_like(self._our_unit)) if self._our_unit else ""
            what = f"alone or followed by one of {wanted}" if wanted else "alone"
            raise ValueError(f"expected a number {what} {got(text)}")
        return number, Fraction(1) if factor is None else factor

    def _written(self, digits: str) -> str | None:
        """Return a number that is text in the sheet, by the signs that the mapping names."""
        groups = _GROUPS.fullmatch(digits)
        if groups and self.thousands == "space":
            digits = digits.replace(" ", "")
        elif " " in digits:
            todo = "; if spaces part thousands, say thousands = 'space' in the mapping" if groups else ""
            raise ValueError(f"expected a number without spaces in it {got(digits)}{todo}")
        point, other = self.decimal, "." if self.decimal == "," else ","
        if other in digits:
            message = f"expected {point} as decimal sign, as the mapping says {got(digits)}"
            raise ValueError(f"{message}; change the cell, or decimal in the mapping")
        plain = digits.replace(point, ".")
        return plain if NUMBER.fullmatch(plain) else None

    def has_own_unit(self, text: str) -> bool:
        """Return whether a number brings its own unit along."""
        number = self.choice.kind in ("number", "whole") and not self.is_year
        match = _NUMBER.fullmatch(collapsed(text)) if number else None
        return bool(match and match[2]) and normal(text) not in self._known
