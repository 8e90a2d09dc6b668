"""A list of problems that a person can read: the first of each kind, and how many more there are.

A table with the same slip in each of 20,000 rows would else be 20,000 lines, and take as long to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from demilsim.errors import Problem

SHOWN_OF_A_KIND = 20
"""Problems of one kind in one file that are told one by one."""

MOST_OF_A_CHECK = 200
"""Problems that one check looks for: finding what each could have meant takes time."""

MOST_FAULTY = 1000
"""Rows of one table with something wrong after which no more are looked at."""

# What differs between problems of a kind: rows in a path; texts, numbers and what was found in a message.
_ROWS = re.compile(r"\[[^\]]*\]")
_UNKNOWN = re.compile(r"unknown \w+")
_OWN = re.compile(r" \(got .*|'[^']*'|\d[\d,.]*", re.DOTALL)


def capped(problems: Iterable[Problem]) -> list[Problem]:
    """Return the first problems of each kind, and for each longer kind how many more there are and where."""
    kinds: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in sorted(problems):
        kinds.setdefault(_kind(problem), []).append(problem)
    return [problem for own in kinds.values() for problem in _first(own)]


def _kind(problem: Problem) -> tuple[str, str, str]:
    """Return what problems of a kind have in common: file, path and sentence, or that a name is unknown."""
    unknown = _UNKNOWN.match(problem.message)
    if unknown:
        return problem.file, "", unknown[0]
    return problem.file, _ROWS.sub("[]", problem.path), _OWN.sub("#", problem.message)


def _first(own: list[Problem]) -> Iterator[Problem]:
    # One line is not shorter than the one that it stands for.
    if len(own) <= SHOWN_OF_A_KIND + 1:
        yield from own
        return
    yield from own[:SHOWN_OF_A_KIND]
    last = own[-1]
    where = (
        f", the last in {last.cell}" if last.cell else f", the last on line {last.line}" if last.line else ""
    )
    message = f"and {len(own) - SHOWN_OF_A_KIND:,} more of this kind{where}"
    yield replace(own[SHOWN_OF_A_KIND], message=message)


def limited(problems: Iterable[Problem], most: int = MOST_OF_A_CHECK) -> Iterator[Problem]:
    """Yield what a check finds up to a number, and then that it was not looked for more."""
    for count, problem in enumerate(problems):
        if count == most:
            yield replace(problem, message="and perhaps more, not looked for; mend those above first")
            return
        yield problem
