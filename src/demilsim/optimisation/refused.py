"""Refusals: a study that cannot keep what some rows of a scenario ask for says so, and does not start."""

from __future__ import annotations

from collections.abc import Sequence

from demilsim.errors import StudyError

MOST_NAMED = 5
"""Rows that a message names."""


def refuse(study: str, column: str, asked: str, found: Sequence[str], among: str) -> None:
    """Refuse a scenario for a study, unless nothing in it asks for what the study cannot keep.

    Parameters
    ----------
    study
        What cannot keep it, as the subject of a sentence.
    column
        Column that asks for it.
    asked
        What is asked for, in the plural.
    found
        Ids of the rows that ask.
    among
        How many rows there are, and of what.

    Raises
    ------
    StudyError
        If a row asks.
    """
    if found:
        named = ", ".join(found[:MOST_NAMED]) + (", ..." if len(found) > MOST_NAMED else "")
        raise StudyError(
            f"{column}: expected no {asked}, since {study} would not keep them (got {len(found)} of {among}: "
            f"{named}); take them out for this study; demilsim plan keeps them"
        )
