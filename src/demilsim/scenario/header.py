"""The names of a table's columns: the row in which they stand, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain

from demilsim.scenario.lookalikes import odd_characters
from demilsim.scenario.phrases import SHOWN_CHARACTERS, did_you_mean

Line = tuple[int, list[str]]

MOST_ABOVE = 10
"""Rows above the names of columns that may hold a title."""

_FEWEST_KNOWN = 2
"""Names of ours by which a row below another is known to be the header."""


def header_of(lines: Iterator[Line], every: Collection[str]) -> tuple[Line | None, int, Iterator[Line]]:
    """Return the row of the columns' names, how many rows of a title stand above it, and the rows below.

    Parameters
    ----------
    lines
        Line and cells of each row that is not blank.
    every
        The columns that a table may have. A row without any of them is a title if one with several follows.
    """
    first = next(lines, None)
    if first is None or _known(first, every):
        return first, 0, lines
    read = []
    for line in lines:
        read.append(line)
        if _known(line, every) >= _FEWEST_KNOWN:
            return line, len(read), lines
        if len(read) == MOST_ABOVE:
            break
    return first, 0, chain(read, lines)


def _known(line: Line, every: Collection[str]) -> int:
    return len({cell.strip() for cell in line[1]} & set(every))


def title_above(line: int, rows: int, row: str) -> str:
    """Return what to do about rows above the header, which is the given line; `row` is a word for one."""
    number = f"{rows} {row}s" if rows > 1 else f"a {row}"
    found = f"got them in {row} {line}, below {number} without any"
    return f"expected the names of the columns first ({found}); take out what is above"


def header_findings(
    header: Sequence[str], columns: Collection[str], optional: Collection[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield number (0 if it is not there), name and what is wrong of each bad column that has a name."""
    every = (*columns, *optional)
    for number, column in enumerate(header, start=1):
        if column and column in header[: number - 1]:
            yield number, column, "expected each column once (got it twice)"
        elif column and column not in every:
            hint = did_you_mean(column, [c for c in every if c not in header]) or (
                f"; the columns are {', '.join(every)}"
            )
            yield number, column, f"unknown column{odd_characters(column[:SHOWN_CHARACTERS])}{hint}"
    for column in columns:
        if column not in header:
            yield 0, column, "missing column"


def nameless(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[tuple[int, str, str]]:
    """Yield number, nothing and what is wrong of columns without a name: those without anything once."""
    numbers = [number for number, column in enumerate(header, start=1) if not column]
    filled = {n for cells in rows for n in numbers if n <= len(cells) and cells[n - 1].strip()}
    for number in sorted(filled):
        yield number, "", f"expected a name for column {number} (got nothing)"
    blank = [number for number in numbers if number not in filled]
    if blank:
        several = f"columns {', '.join(map(str, blank[:-1]))} and {blank[-1]}" if len(blank) > 1 else ""
        which = several or f"column {blank[0]}"
        todo = f"; nothing stands in {'them' if several else 'it'}: delete {'them' if several else 'it'}"
        yield blank[0], "", f"expected a name for {which} (got nothing){todo}"
