"""The phrases of our error messages: the value as found, and what the user may have meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from functools import lru_cache

from demilsim.scenario.lookalikes import odd_characters

SHOWN_CHARACTERS = 60
MOST_SUGGESTIONS = 1000
"""Comparing a word with more than this many takes longer than the answer is worth."""
MOST_CHOICES = 20
"""Names that are listed for somebody who wrote none of them."""
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def shown(text: str) -> str:
    """Return a value on one line for a message: numbers bare, text in quotes, nothing as ``nothing``."""
    if not text.strip():
        return "nothing"
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "..."
    return text if NUMBER.fullmatch(text) else repr(text)


def plain(name: str) -> str:
    """Return a key or column as it stands if that is short and printable, else as a shown value."""
    return name if name.isprintable() and len(name) <= SHOWN_CHARACTERS else shown(name)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean X?`` for the closest known word, or nothing if none is close."""
    return _hint(word.strip().lower(), frozenset(known))


# Remembered, since the same misspelt word often stands in many rows.
@lru_cache(maxsize=10_000)
def _hint(word: str, known: frozenset[str]) -> str:
    if len(word) > SHOWN_CHARACTERS or len(known) > MOST_SUGGESTIONS:
        return ""
    by_lower = {name.lower(): name for name in sorted(known)}
    near = [name for name in by_lower if _one_slip(word, name)]
    close = difflib.get_close_matches(word, near or by_lower, n=1, cutoff=0.0 if near else 0.6)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def _one_slip(word: str, name: str) -> bool:
    """Return whether a letter too many, too few, wrong or swapped with the next is all that differs."""
    if min(len(word), len(name)) < 2 or abs(len(word) - len(name)) > 1:
        return False
    differs = (i for i, (a, b) in enumerate(zip(word, name, strict=False)) if a != b)
    at = next(differs, min(len(word), len(name)))
    longer, shorter = (word, name) if len(word) > len(name) else (name, word)
    if len(longer) > len(shorter):
        return longer[at + 1 :] == shorter[at:]
    swapped = word[at : at + 2] == name[at : at + 2][::-1]
    return word[at + 1 :] == name[at + 1 :] or (swapped and word[at + 2 :] == name[at + 2 :])


def choice(word: str, known: Collection[str]) -> str:
    """Return ``; choose from A, B`` where nothing is close to a word and few are known, else nothing."""
    few = 0 < len(known) <= MOST_CHOICES
    return f"; choose from {', '.join(sorted(known))}" if few and not did_you_mean(word, known) else ""


def got(text: str, known: Iterable[str] = ()) -> str:
    """Return ``(got VALUE; did you mean X?)``, with what is in it that looks like something else."""
    return f"(got {shown(text)}{odd_characters(text[:SHOWN_CHARACTERS])}{did_you_mean(text, known)})"
