"""Words that sheets in English, Russian and Kazakh use, for guesses, units and Latin letters of ids."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

UNIT, LETTER, HEADING, YES_NO = "unit", "letter", "heading", "yes/no"


@cache
def ours_by_word(of: str) -> Mapping[str, str]:
    """Return our word by each of theirs in small letters.

    Parameters
    ----------
    of
        `UNIT`, `LETTER`, `HEADING`, `YES_NO`, or a column whose words are ours.
    """
    return {word: row["ours"] for row in _rows() if row["of"] == of for word in row["words"].split("|")}


@cache
def _rows() -> tuple[dict[str, str], ...]:
    file = files("demilsim.scenario").joinpath("reference", "own_words.csv")
    return tuple(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
