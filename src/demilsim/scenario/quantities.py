"""Read numbers as people write them: with a unit, with a decimal comma where that is the custom.

What can be read in two ways is refused with both, since 1,234 t and 1.234 t of ammunition are not the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from demilsim.scenario.lookalikes import folded, with_spaces
from demilsim.scenario.phrases import NUMBER, got, shown
from demilsim.units import conversion_factor, units_like

LARGEST, SMALLEST = 1e11, 1e-12
"""Sizes of numbers that are accepted [unit of the field]: 1e11 t in grams still fits 64 bits."""

LONGEST = 60
"""Characters of a quantity; longer ones are no number that somebody meant."""

_COMMA = re.compile(r"([+-]?\d+),(\d+(?:[eE][+-]?\d+)?)", re.ASCII)
_TWO_WAYS = re.compile(r"([+-]?[1-9]\d{0,2})[.,](\d{3})", re.ASCII)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:([,.'\s])\d{3})(?:\1\d{3})*(?:[.,]\d+)?")
_WITH_UNIT = re.compile(r"([+-]?[0-9.,][0-9.,'\s]*(?:[eE][+-]?[0-9]+)?)\s*((?:[^\W\d_]|[%°/$(]).*)")
_MONEY_FIRST = re.compile(r"(USD|US\$|\$)\s*([+-]?[\d.,].*)", re.ASCII)


_USD = "USD"
_CURRENCY = re.compile(r"[A-Z]{3}(?![A-Za-z])", re.ASCII)
_TO_USD = "; convert what is in another currency to US dollars of the price year"
_OTHER_MONEY = {
    "amount_usd": "; give what is promised in another currency as amount and currency, and its rate in "
    "exchange_rates"
}
"""What to do about another currency, by column: only payments may be in one."""


_ANGLES = {"degrees": "; write degrees with decimals, as 45.5, and a minus for south or west"}


def _no_unit(path: str) -> str:
    return ""


def _no_comma(path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Understood:
    """A quantity that was not written as a plain number of its column's unit.

    `path` is its column or dotted key, `text` as written, `value` with its unit as understood.
    """

    path: str
    text: str
    value: str


@dataclass
class Reading:
    """How the numbers of one record are written.

    Parameters
    ----------
    unit_of
        Unit of each path, as the description of the tables has it; empty if none can be written.
    comma_in
        Whether a path may have a decimal comma.
    point_doubtful
        Whether ``1.234`` may mean 1234, as in a table whose other numbers have decimal commas.
    understood
        What was read that was not a plain number, added as it is read.
    """

    unit_of: Callable[[str], str] = _no_unit
    comma_in: Callable[[str], bool] = _no_comma
    point_doubtful: bool = False
    understood: list[Understood] = field(default_factory=list)

    def number(self, path: str, text: str) -> str | None:
        """Return a quantity as a plain number of its column's unit; None if it is none at all.

        Raises
        ------
        ValueError
            With a sentence, if it is a quantity that may not stand there or can be read in two ways.
        """
        unit, spaced = self.unit_of(path), text
        if not text.isascii():
            spaced, looks_like = with_spaces(text), folded(text)
            if spaced != looks_like and self._reads(path, looks_like, unit):
                raise ValueError(f"expected a number in plain characters {got(text)}; write {looks_like}")
        plain = self._read(path, spaced, unit)
        if plain is not None and plain != text:
            value = f"{float(plain):.12g}{'' if unit in ('', '1', '-') else ' ' + unit}"
            self.understood.append(Understood(path, text, value))
        return plain

    def _reads(self, path: str, text: str, unit: str) -> bool:
        try:
            return self._read(path, text, unit) is not None
        except ValueError:
            return False

    def _read(self, path: str, text: str, unit: str) -> str | None:
        comma = self.comma_in(path)
        plain = read_number(text, comma, comma and self.point_doubtful)
        if plain is None and len(text) <= LONGEST:
            plain = self._with_unit(path, text, unit, comma)
        return plain

    def _with_unit(self, path: str, text: str, unit: str, comma: bool) -> str | None:
        money = _MONEY_FIRST.fullmatch(text)
        parts = _WITH_UNIT.fullmatch(f"{money[2]} {money[1]}" if money else text)
        if not parts:
            return None
        number = read_number(parts[1].strip(), comma, comma and self.point_doubtful)
        if number is None or not unit or conversion_factor(unit, unit) is None:
            return None
        factor = conversion_factor(parts[2], unit)
        if factor is None:
            units = units_like(unit)
            listed = f"{', '.join(units[:-1])} or {units[-1]}" if len(units) > 1 else ""
            alone = f", alone or followed by {listed}" if listed else ""
            hint = (
                _OTHER_MONEY.get(path, _TO_USD) if unit.startswith(_USD) and _CURRENCY.match(parts[2]) else ""
            )
            hint = hint or _ANGLES.get(unit, "")
            raise ValueError(f"expected a number of {unit}{alone} {got(text)}{hint}")
        # Only after a look at its size: an exact 0e999999999 would fill the memory.
        exact = Fraction(number) * factor if in_size(number) else Fraction(0)
        return str(exact) if exact.denominator == 1 else repr(float(exact))


def read_number(text: str, comma: bool, point_doubtful: bool) -> str | None:
    """Return a number with a decimal point; None if it is none.

    Parameters
    ----------
    text
        As written, without space around it.
    comma
        Whether a comma may stand for the decimal point.
    point_doubtful
        Whether a point may part thousands.

    Raises
    ------
    ValueError
        With a sentence that says what to write instead, if it has separators of thousands, a comma where
        none may be, or can be read in two ways.
    """
    two_ways = _TWO_WAYS.fullmatch(text)
    if two_ways and ("," in text or point_doubtful):
        small, large = f"{two_ways[1]}.{two_ways[2]}", f"{two_ways[1]}{two_ways[2]}"
        raise ValueError(
            f"expected a number that can be read in one way (got {shown(text)}, which may be {small} or "
            f"{large}); write {small}0 or {large}"
        )
    if NUMBER.fullmatch(text):
        return text
    if _COMMA.fullmatch(text):
        if comma:
            return text.replace(",", ".")
        raise ValueError(
            f"expected a number with a decimal point {got(text)}; write {text.replace(chr(44), chr(46))}"
        )
    if len(text) <= LONGEST and _GROUPED.fullmatch(text):
        raise ValueError(
            f"expected a number without separators between thousands (got {shown(text)}); write "
            f"{_without_groups(text)}"
        )
    return None


def in_size(number: str) -> float:
    """Return a number; raise ValueError if no quantity of a scenario is so large or so small."""
    value = float(number) + 0.0  # turns -0.0, which sheets cannot hold, into 0.0
    if value and not SMALLEST <= abs(value) <= LARGEST:
        raise ValueError(
            f"expected 0 or a size from {SMALLEST:g} to {LARGEST:g} {got(number)}; look at its unit"
        )
    return value


def _without_groups(text: str) -> str:
    """Return a number with separators of thousands as it should be written."""
    match = _GROUPED.fullmatch(text)
    assert match, "only called for such numbers"
    return text.replace(match[1], "").replace(",", ".")
