"""What parts the cells of a CSV file: found from its first lines, and told where it is none that is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from demilsim.scenario.phrases import shown

COMMA, SEMICOLON = ",", ";"

_NAMES = {
    COMMA: "commas",
    SEMICOLON: "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
    ":": "colons",
    " ": "spaces",
}
_OTHER = {COMMA: SEMICOLON, SEMICOLON: COMMA}
# A line by which Excel is told the sign; other programs quote it, or fill it up with empty cells.
_TOLD = re.compile(r'"?sep=(.?)"?[,;\t ]*(\r\n|\r|\n|$)', re.IGNORECASE)
_WORDS = re.compile(r"\w+", re.ASCII)
_FEWEST_KNOWN = 2
"""Columns of ours that a single cell must hold to be taken for a whole header."""


@dataclass(frozen=True, slots=True)
class Separated:
    """Text of a CSV file, and the sign between its cells.

    Parameters
    ----------
    text
        Without what a line ``sep=`` says; the line itself stays, blank, so that others keep their number.
    delimiter
        Comma or semicolon.
    told
        The sign that a line ``sep=`` names; empty if there is none.
    """

    text: str
    delimiter: str
    told: str = ""


def separated(text: str) -> Separated:
    """Return a text with the sign between its cells: that of a line ``sep=``, else the more frequent one."""
    told = _TOLD.match(text)
    rest = text[told.end() :] if told else text
    header = re.split("[\r\n]", rest.lstrip("\r\n \t"), maxsplit=1)[0]
    counted = SEMICOLON if header.count(SEMICOLON) > header.count(COMMA) else COMMA
    if told is None:
        return Separated(text, counted)
    return Separated(told[2] + rest, told[1] if told[1] in _OTHER else counted, told[1])


def named(sign: str) -> str:
    """Return a sign in words, in the plural: ``tabs``."""
    return _NAMES.get(sign, f"the sign {shown(sign)}")


def unsplit(header: Sequence[str], columns: Collection[str], separator: Separated | None) -> str:
    """Return what is wrong if a header holds several columns in one cell; nothing if it does not.

    Parameters
    ----------
    header
        Its cells.
    columns
        Every column that it may have.
    separator
        How the text was split; None for a sheet.
    """
    for cell in header:
        words = _WORDS.findall(cell)
        if len(set(words) & set(columns)) >= _FEWEST_KNOWN:
            sign = Counter(re.findall(r"(?<=\w)\W", cell, re.ASCII)).most_common(1)[0][0]
            return _told_apart(sign, len(words), separator)
    return ""


def _told_apart(sign: str, names: int, separator: Separated | None) -> str:
    if separator and separator.told in _OTHER:
        told = f"as the line sep={separator.told} says"
        return f"expected {named(separator.delimiter)} between cells, {told} (got {named(sign)})"
    if separator is None or sign in _OTHER:
        found = f"{names} names in one, {named(sign)} between them"
        return (
            f"expected the name of one column in a cell (got {found}); "
            "split the column into several, in Excel with Data, Text to Columns"
        )
    return (
        f"expected commas or semicolons between cells (got {named(sign)}); save it as CSV with commas, or "
        "let `demilsim table` read a sheet of your own"
    )


def cells_hint(header: int, cells: Sequence[str], lists: Sequence[str], delimiter: str) -> str:
    """Return what to do about a row that has not as many cells as the header, as far as it can be seen.

    Parameters
    ----------
    header
        Number of cells in the header.
    cells
        Those of the row.
    lists
        Columns of the table that may hold several ids with semicolons between.
    delimiter
        Sign between cells; empty in a sheet.
    """
    others = [sign for sign in _NAMES if len(cells) == 1 and cells[0].count(sign) + 1 == header]
    if delimiter and others:
        return f"; here {named(others[0])} stand between cells, in the header {named(delimiter)}"
    if len(cells) <= header or not delimiter:
        return ""
    where = f", as a list in {' or '.join(lists)}," if lists and delimiter == SEMICOLON else ""
    return f"; put a cell with {named(delimiter)} in it{where} into quotation marks"
