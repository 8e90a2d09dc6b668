"""Guess from the look of a sheet what its mapping may be; whoever uses it has to look at each guess."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from demilsim.exchange.own_cells import date_parts, normal, unit_words
from demilsim.exchange.own_sheet import Held, OwnSheet
from demilsim.exchange.own_words import HEADING, YES_NO, ours_by_word
from demilsim.scenario.choices import Choice
from demilsim.scenario.layout import LAYOUT
from demilsim.scenario.register import shipped_register
from demilsim.units import conversion_factor, units_like

LOOKED_AT = 30
"""Rows among which the headings are looked for."""
ALIKE = 0.8
"""Least likeness of two names that makes a guess, by `difflib`."""
_ISO = "YYYY-MM-DD"
_DATES = ("DD.MM.YYYY", _ISO, "MM.YYYY", "YYYY.MM.DD")
"""Forms that can be read in one way; 01/02/2003 cannot."""
_BRACKETS = re.compile(r"[\[(]([^\])]*)[\])]")
_SUFFIX = re.compile(r"_(id|t|kg|m|c|deg|usd|per|year|fraction|km|days)(?=_|$)")


def guess_headings(sheet: OwnSheet) -> int:
    """Return the row that has the most different texts among the first rows; 1 if none has any."""

    def texts(row: Sequence[str]) -> int:
        return len({normal(cell) for cell in row if cell.strip() and not isinstance(cell, Held)})

    rows = sheet.rows[:LOOKED_AT]
    return max(range(len(rows)), key=lambda n: (texts(rows[n]), -n)) + 1 if rows else 1


def guess_first_row(sheet: OwnSheet, headings: int) -> int:
    """Return the row below the headings, or the next if that one only numbers the columns: 1, 2, 3."""
    cells = [cell.strip() for cell in (sheet.rows[headings] if headings < len(sheet.rows) else ())]
    filled = [cell for cell in cells if cell]
    numbers = list(map(str, range(1, len(filled) + 1)))
    return headings + 2 if len(filled) > 1 and filled == numbers else headings + 1


def guess_columns(table: str, names: Sequence[str]) -> dict[str, str]:
    """Return the heading that each of our columns may be found under, the most alike first, each once."""
    ours = [column for column in LAYOUT[table].columns if column not in ("source", "known_at")]
    scores = sorted(
        ((-_likeness(column, name), ours.index(column), number, column, name)
         for column in ours for number, name in enumerate(names)),
    )  # fmt: skip
    found: dict[str, str] = {}
    for score, _, _, column, name in scores:
        if -score >= ALIKE and column not in found and name not in found.values():
            found[column] = name
    return found


def _likeness(column: str, heading: str) -> float:
    """Return how like a heading is to what a column of ours is called, 0 to 1."""
    head = parted(heading)[0].rstrip(".")
    last = parted(heading.rpartition(" / ")[2])[0]
    known = [_SUFFIX.sub("", column).replace("_", " "), column.replace("_", " "), column]
    known += [word for word, ours in ours_by_word(HEADING).items() if ours == column]
    if {head, last, normal(heading)} & set(known):
        return 1.0
    return max(difflib.SequenceMatcher(None, head, word).ratio() for word in known) if len(head) > 2 else 0.0


def parted(heading: str) -> tuple[str, str]:
    """Return a heading in small letters without its unit, and the unit: after a comma or in brackets."""
    text = normal(heading)
    bracketed = _BRACKETS.search(text)
    before, comma, after = text.rpartition(",")
    if bracketed:
        return " ".join(_BRACKETS.sub(" ", text).split()), bracketed[1].strip()
    return (before.strip(), after.strip()) if comma else (text, "")


def guess_unit(heading: str, unit: str, cells: Iterable[str]) -> str:
    """Return the unit of ours that a heading names; for shares, what the size of the numbers says."""
    every = [unit_words(parted(part)[1]) for part in heading.split(" / ")]
    named = next((one for one in every if one and conversion_factor(one, unit) is not None), "")
    if named:
        fits = [one for one in units_like(unit) if conversion_factor(named, one) == 1]
        return fits[0] if fits else named
    if unit != "1":
        return ""
    numbers = [float(cell) for cell in cells if isinstance(cell, Held) and re.fullmatch(r"[\d.]+", cell)]
    return ("%" if max(numbers) > 1 else "1") if numbers else ""


def guess_date(cells: Iterable[str]) -> str:
    """Return the form in which all texts are dates; real dates and bare years may be among them."""
    dates = [cell for cell in cells if len(cell.strip()) > len("1978")]
    texts = [cell.strip() for cell in dates if not isinstance(cell, Held)]
    if dates and not texts:
        return _ISO
    return next((form for form in _DATES if texts and all(date_parts(t, form) for t in texts)), "")


def guess_word(column: str, choice: Choice, text: str) -> str:
    """Return the word of ours that a word of a sheet may stand for; empty if none is known."""
    word = normal(text)
    by_word = ours_by_word(YES_NO if choice.kind == "yes_no" else column)
    known = {normal(ours): ours for ours in (*choice.words, *_register_ids(choice))} | _names(choice)
    ours = by_word.get(word, known.get(word, ""))
    return ours if not choice.words or ours in choice.words else ""


def _register_ids(choice: Choice) -> tuple[str, ...]:
    register = shipped_register()
    return tuple({"natures": register.natures, "methods": register.methods}.get(choice.ids_of, {}))


def _names(choice: Choice) -> dict[str, str]:
    """Return natures by their names in small letters."""
    natures = shipped_register().natures.values() if choice.ids_of == "natures" else ()
    return {normal(nature.name): nature.nature_id for nature in natures}
