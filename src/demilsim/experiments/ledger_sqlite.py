"""The ledger on one machine: an SQLite database with a write-ahead log.

A commit survives the death of every process. On a network disk the locks that it needs may not hold; there
each worker appends to a file of its own (`ledger_files`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from demilsim.errors import ResultsError, StoppedEarlyError
from demilsim.experiments.block import Failure, Outcome, Study
from demilsim.experiments.ledger import Piece, Span, good_pieces

FILE = "ledger.sqlite"
MEMORY = ":memory:"
WAIT_SECONDS = 60.0
"""How long another process may hold the database [s]."""

_TABLES = """
CREATE TABLE IF NOT EXISTS block (
    study TEXT, code TEXT, row TEXT, first INTEGER, count INTEGER, outcome BLOB,
    PRIMARY KEY (study, code, row, first, count)
);
CREATE TABLE IF NOT EXISTS failure (
    study TEXT, code TEXT, row TEXT, replication INTEGER, error TEXT,
    PRIMARY KEY (study, code, row, replication)
);
"""


class SqliteLedger:
    """A ledger in a results folder, or in memory.

    Parameters
    ----------
    folder
        The results folder, which exists; None for memory.
    study
        Whose blocks are kept and read.
    """

    def __init__(self, folder: Path | None, study: Study) -> None:
        self._key = (study.key, study.code)
        self._shape = (len(study.policies), len(study.outputs))
        self._name = FILE
        with self._plainly(ResultsError):
            # Every call is from the thread of the sweep.
            self._base = sqlite3.connect(folder / FILE if folder else MEMORY, timeout=WAIT_SECONDS)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.executescript(_TABLES)

    def add(self, row: str, first: int, outcome: Outcome) -> None:
        """Keep the outcome of a block, whole or not at all."""
        blocks = [
            (*self._key, row, piece.first, len(piece.values), piece.values.astype("<f8").tobytes())
            for piece in good_pieces(first, outcome)
        ]
        failures = [(*self._key, row, failure.replication, failure.error) for failure in outcome.failures]
        with self._plainly(StoppedEarlyError), self._base:
            self._base.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?, ?, ?)", blocks)
            self._base.executemany("INSERT OR IGNORE INTO failure VALUES (?, ?, ?, ?, ?)", failures)

    def spans(self) -> Iterable[Span]:
        """Return what is done, in any order; spans may overlap."""
        with self._plainly(ResultsError):
            found = self._base.execute(
                "SELECT row, first, count FROM block WHERE study = ? AND code = ?", self._key
            )
            return [Span(*values) for values in found]

    def pieces(self, row: str) -> Iterable[Piece]:
        """Return what was done of a row, in any order."""
        with self._plainly(ResultsError):
            found = self._base.execute(
                "SELECT first, outcome FROM block WHERE study = ? AND code = ? AND row = ?", (*self._key, row)
            ).fetchall()
        return [
            Piece(first, np.frombuffer(data, dtype="<f8").reshape(-1, *self._shape)) for first, data in found
        ]

    def failures(self) -> Iterable[tuple[str, Failure]]:
        """Return rows and failures, those too that went well later."""
        with self._plainly(ResultsError):
            found = self._base.execute(
                "SELECT row, replication, error FROM failure WHERE study = ? AND code = ?", self._key
            )
            return [(row, Failure(number, error)) for row, number, error in found]

    def other_versions(self) -> int:
        """Return how many blocks are of the same study, but of another version of the code."""
        with self._plainly(ResultsError):
            found = self._base.execute(
                "SELECT count(*) FROM block WHERE study = ? AND code <> ?", self._key
            ).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Let go of files."""
        self._base.close()

    @contextmanager
    def _plainly(self, kind: type[ResultsError | StoppedEarlyError]) -> Iterator[None]:
        """Turn an error of the database into one that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise kind(
                f"{self._name}: {error}; what was kept before is safe, the same command resumes"
            ) from error
