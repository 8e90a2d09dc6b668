"""Warnings on a terminal: one of a kind in full, several as a number with the first place, none twice."""

from __future__ import annotations

from demilsim.model.cautions import Caution, caution_lines, caution_summary
from demilsim.scenario.place import Place


def odd(kind: str, count: int) -> list[Caution]:
    """Return so many cautions of a kind, a row each."""
    return [Caution(kind, Place("lots.csv", 2 + i), "neq_kg", "expected less") for i in range(count)]


def test_a_summary_has_a_line_for_each_kind() -> None:
    """A slip that stands alone is told in full, so that many others do not bury it."""
    found = [*odd("groups_apart", 26), *odd("rows_twice", 1)]
    assert list(caution_summary(found, "demilsim check tells them")) == [
        "warning: 26 lots that may not share their storehouse, the first in lots.csv:2; demilsim check tells "
        "them",
        "warning: lots.csv:2: neq_kg: expected less",
    ]
    assert list(caution_summary([], "nothing")) == []


def test_no_line_says_that_there_is_one_more() -> None:
    """In its place stands the one more."""
    shown = [len(list(caution_lines(odd("rows_twice", count), 3, "--json"))) for count in (1, 3, 4, 5)]
    assert shown == [1, 3, 4, 4]
    assert list(caution_lines(odd("rows_twice", 5), 3, "--json"))[-1] == (
        "warning: 2 more of this kind (rows_twice); --json"
    )
