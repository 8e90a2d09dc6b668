"""The ledger of a sweep: which replications of which row are done, what they gave, and which failed.

Whatever runs the work may be killed, sent twice or started anew: the ledger holds each replication of a study
(scenario, policies, outputs, seed), row and version of the code once. What is added twice is ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from demilsim.experiments.block import Failure, Outcome
from demilsim.plan import Floats

LEDGER_FOLDER = "ledger"
"""Folder of the append-only files."""


class Span(NamedTuple):
    """Replications `first` to `first + size - 1` of a row that are done."""

    row: str
    first: int
    size: int


class Piece(NamedTuple):
    """Replications of one row that follow each other: values of shape (replication, policy, output)."""

    first: int
    values: Floats


class Ledger(Protocol):
    """Where outcomes are kept."""

    def add(self, row: str, first: int, outcome: Outcome) -> None:
        """Keep the outcome of a block, whole or not at all."""

    def spans(self) -> Iterable[Span]:
        """Return what is done, in any order; spans may overlap."""

    def pieces(self, row: str) -> Iterable[Piece]:
        """Return what was done of a row, in any order."""

    def failures(self) -> Iterable[tuple[str, Failure]]:
        """Return rows and failures, those too that went well later."""

    def other_versions(self) -> int:
        """Return how many blocks are of the same study, but of another version of the code."""

    def close(self) -> None:
        """Let go of files."""


def other_versions_sentence(blocks: int) -> str:
    """Return what a reader is told of blocks of another version of the code; nothing if there are none."""
    if not blocks:
        return ""
    return (
        f"{blocks} blocks of another version of demilsim are left aside; with this version their runs count "
        "as not done"
    )


def good_pieces(first: int, outcome: Outcome) -> Iterator[Piece]:
    """Yield the replications of a block that did not fail, in runs of such that follow each other."""
    failed = {failure.replication - first for failure in outcome.failures}
    start = 0
    for end in [*sorted(failed), len(outcome.values)]:
        if end > start:
            yield Piece(first + start, outcome.values[start:end])
        start = end + 1


def assembled(pieces: Iterable[Piece], count: int, policies: int, outputs: int) -> Floats:
    """Return the values of a row, shape (replication, policy, output); not a number where there are none.

    Parameters
    ----------
    pieces
        What was done; later replications are left out.
    count
        Replications that are wanted.
    policies, outputs
        Sizes of the other axes.
    """
    values = np.full((count, policies, outputs), np.nan)
    for first, found in pieces:
        part = found[: max(count - first, 0)]
        values[first : first + len(part)] = part
    return values


def gaps(spans: Iterable[Span], count: int) -> Iterator[range]:
    """Yield the replications below `count` that no span of a row covers, in runs that follow each other."""
    reached = 0
    for _, first, size in sorted(spans, key=lambda span: span.first):
        if first > reached:
            yield range(reached, min(first, count))
        reached = max(reached, first + size)
        if reached >= count:
            return
    yield range(reached, count)
