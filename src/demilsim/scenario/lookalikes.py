"""Characters that look like others: Cyrillic letters in Latin words, a dash for a hyphen, odd spaces.

On a screen they cannot be told apart from what was expected, so a message that only shows them is no help.
"""

from __future__ import annotations

import re
import unicodedata

# Read by eye in an upright type: Cyrillic letters, those of Kazakh among them, that look the same in Latin.
_CYRILLIC, _LATIN = "АВЕЅІЈКМНОРСТУХаеѕіјһкмнорстух", "ABESIJKMHOPCTYXaesijhkmhopctyx"
_TWINS = dict(zip(_CYRILLIC, _LATIN, strict=True)) | {"\u00ba": "°", "\u2212": "-"}

_MOST_NAMED = 3
"""Different letters that are named one by one."""

_ASCII_WORD = re.compile(r"[A-Za-z0-9]")


def folded(text: str) -> str:
    """Return a text with each character that looks like an ASCII one, or like °, replaced by that."""
    if text.isascii():
        return text
    return "".join(_plain(character) for character in text)


def with_spaces(text: str) -> str:
    """Return a text with a plain space for every other sort of space, as those that do not break lines."""
    if text.isascii():
        return text
    return "".join(" " if unicodedata.category(one) == "Zs" else one for one in text)


def odd_characters(text: str) -> str:
    """Return which characters of a text are not what they look like, each with ``; `` before it.

    A word that is wholly in another script says so itself; nothing is said of it, unless all of it looks
    Latin.
    """
    if text.isascii():
        return ""
    odd = [one for one in dict.fromkeys(text) if not one.isascii() and one != "°"]
    letters = [one for one in odd if one.isalpha() and _script(one) != "Latin" and one != "\u00ba"]
    told = [_sign(one) for one in odd if one not in letters]
    if _ASCII_WORD.search(text) or all(one in _TWINS for one in letters):
        told = [*map(_letter, letters), *told] if len(letters) <= _MOST_NAMED else [_letters(letters), *told]
    return "".join(f"; {one}" for one in told if one)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zs", "Pd"):
        return " " if category == "Zs" else "-"
    digit = unicodedata.decimal(character, None)
    return _TWINS.get(character, character) if digit is None else str(digit)


def _script(character: str) -> str:
    return unicodedata.name(character, "another").partition(" ")[0].capitalize()


def _letter(letter: str) -> str:
    twin = _TWINS.get(letter)
    return f"{letter} is {_script(letter)}{f', not a Latin {twin}' if twin else ''}"


def _letters(letters: list[str]) -> str:
    scripts = " and ".join(dict.fromkeys(map(_script, letters)))
    return f"letters in it are {scripts}, not Latin"


def _sign(character: str) -> str:
    """Return what a sign is that looks like another, or like nothing; nothing of any other."""
    name = unicodedata.name(character, "nameless").lower()
    what = f"{'an' if name[0] in 'aeio' else 'a'} {name}"
    code = f"U+{ord(character):04X}"
    if unicodedata.category(character) in ("Zs", "Cf"):
        return f"there is {what} in it, {code}"
    plain = _plain(character)
    return f"{character} is {what}, {code}, not {plain}" if plain != character else ""
