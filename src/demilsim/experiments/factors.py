"""Factors of an experiment: which values of a scenario vary, over which levels, range or distribution.

A factor is written as ``LEVEL; LEVEL; ...``, as ``LOW to HIGH`` or as ``register``, the last two with
options after commas: ``log`` (even on a logarithmic scale), ``whole`` (whole numbers), ``N levels`` (how many
of them a grid takes).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.parameters import Uncertain
from demilsim.plan import Floats
from demilsim.scenario.paths import PARAMETERS
from demilsim.scenario.phrases import NUMBER, did_you_mean, got
from demilsim.scenario.source import SETTINGS

DIGITS = 10
"""Significant digits of a drawn value: what is written is what is simulated."""

FORMS = "expected LEVEL; LEVEL; ..., LOW to HIGH or register, with log, whole or N levels after a comma"

_RANGE = re.compile(r"(\S+)\s+to\s+(\S+)")
_COUNT = re.compile(r"(\d{1,6}) levels")


@dataclass(frozen=True, slots=True)
class Levels:
    """Values in a fixed order, as text.

    Parameters
    ----------
    values
        At least one.
    """

    values: tuple[str, ...]

    def grid(self) -> tuple[str, ...]:
        """Return all values."""
        return self.values

    def at(self, share: Floats) -> list[str]:
        """Return the value of each share in [0, 1), all values equally often."""
        place = np.minimum((share * len(self.values)).astype(np.int64), len(self.values) - 1)
        return [self.values[i] for i in place]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from a lowest to a highest, by a distribution.

    Parameters
    ----------
    low, high
        Both ends, in the unit of the path; low < high, and 0 < low if `logarithmic`.
    logarithmic
        Even on a logarithmic scale.
    whole
        Rounded to whole numbers, each equally often.
    count
        How many values a grid takes, the ends among them; 0 if it may not be used in a grid.
    constant
        The register's constant by whose distribution values are drawn; None for an even one.
    """

    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False
    count: int = 0
    constant: Uncertain | None = None

    def ends(self) -> tuple[str, ...]:
        """Return the lowest and the highest value."""
        return self._text(self.low), self._text(self.high)

    def grid(self) -> tuple[str, ...]:
        """Return `count` values at equal steps; no value twice."""
        steps = np.linspace(0.0, 1.0, self.count)
        values = [self._text(self.low if s == 0 else self.high if s == 1 else self._even(s)) for s in steps]
        return tuple(dict.fromkeys(values))

    def at(self, share: Floats) -> list[str]:
        """Return the value of each share in [0, 1)."""
        if self.constant is not None:
            return [self._text(v) for v in self.constant.quantile(share).tolist()]
        if self.whole:
            low, high = math.ceil(self.low), math.floor(self.high)
            return [str(min(low + int(s * (high - low + 1)), high)) for s in share.tolist()]
        return [self._text(self._even(s)) for s in share.tolist()]

    def _even(self, share: float) -> float:
        if self.logarithmic:
            return math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        return self.low + share * (self.high - self.low)

    def _text(self, value: float) -> str:
        return str(round(value)) if self.whole else f"{value:.{DIGITS}g}"


Spread = Levels | Range


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor.

    Parameters
    ----------
    name
        Its column in the design; the path itself unless the file gives it another.
    paths
        Values of the scenario that it sets, as after ``--set``.
    spread
        Its levels or range.
    base
        Number that the scenario has at each path, if its values multiply those; empty if they replace them.
    """

    name: str
    paths: tuple[str, ...]
    spread: Spread
    base: tuple[float, ...] = ()

    def texts(self, value: str) -> tuple[str, ...]:
        """Return the text that one of its values sets at each path."""
        if not self.base:
            return (value,) * len(self.paths)
        return tuple(f"{float(value) * number:.{DIGITS}g}" for number in self.base)


def overrides(at: Mapping[Factor, str]) -> dict[str, str]:
    """Return what values of factors set, by path of the scenario."""
    return {path: text for f, value in at.items() for path, text in zip(f.paths, f.texts(value), strict=True)}


def factor_value(text: str) -> int | float | str:
    """Return a factor's value as a number if it is one, and would be written as it is."""
    if not NUMBER.fullmatch(text):
        return text
    return int(text) if str(int(float(text))) == text else float(text)


def parse_spread(text: str, path: str, constants: Mapping[str, Uncertain]) -> Spread:
    """Return what the text of a factor means.

    Parameters
    ----------
    text
        As the module says.
    path
        The path that it is for; names the constant where the text is ``register``.
    constants
        By key, the constants of the register whose range has a width.

    Raises
    ------
    ValueError
        With a sentence on what was expected.
    """
    if ";" in text:
        return _levels(text)
    form, *options = (part.strip() for part in text.split(","))
    if form == "register":
        key = path.removeprefix(f"{SETTINGS}.").removeprefix(PARAMETERS)
        if key not in constants:
            hint = did_you_mean(key, constants)
            raise ValueError(f"register: expected the path of a constant that has a range{hint}")
        constant = constants[key]
        found = Range(constant.low, constant.high, constant=constant)
        return _with_options(found, options, ("levels",))
    match = _RANGE.fullmatch(form)
    if not match:
        if not form or options or form.split()[0] == "to":
            raise ValueError(f"{FORMS} {got(text, ('register',))}")
        return Levels((form,))
    if not (NUMBER.fullmatch(match[1]) and NUMBER.fullmatch(match[2])):
        raise ValueError(f"expected two numbers around to {got(text)}")
    low, high = float(match[1]), float(match[2])
    if not low < high:
        raise ValueError(f"expected the lower number first {got(text)}")
    return _with_options(Range(low, high), options, ("log", "whole", "levels"))


def _levels(text: str) -> Levels:
    values = tuple(part.strip() for part in text.split(";") if part.strip())
    if not values:
        raise ValueError(f"{FORMS} {got(text)}")
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise ValueError(f"expected each level once (got {twice[0]!r} twice)")
    return Levels(values)


def _with_options(found: Range, options: list[str], known: tuple[str, ...]) -> Range:
    logarithmic = whole = False
    count = 0
    for option in options:
        levels = _COUNT.fullmatch(option)
        if levels and int(levels[1]) >= 2:
            count = int(levels[1])
        elif option in ("log", "whole") and option in known:
            logarithmic, whole = logarithmic or option == "log", whole or option == "whole"
        else:
            raise ValueError(
                f"expected {', '.join(known)} after the comma, as in 5 levels {got(option, known)}"
            )
    if logarithmic and found.low <= 0.0:
        raise ValueError(f"log: expected a lower end > 0 (got {found.low:g})")
    if logarithmic and whole:
        raise ValueError("expected log or whole (got both)")
    if whole and math.ceil(found.low) > math.floor(found.high):
        raise ValueError(f"whole: expected a whole number from {found.low:g} to {found.high:g} (got none)")
    return Range(found.low, found.high, logarithmic, whole, count, found.constant)
