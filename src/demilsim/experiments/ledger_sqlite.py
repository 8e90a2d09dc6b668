"""The ledger on one machine: an SQLite database with a write-ahead log.

A commit survives the death of every process. On a network disk the locks that it needs may not hold; there
each worker appends to a file of its own (`ledger_files`).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

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
    read_only
        Whether nothing will be added, so that the folder may be on a disk that cannot be written to.

    Raises
    ------
    ResultsError
        If the database is damaged, or cannot be opened.
    StoppedEarlyError
        If the disk is full.
    """

    def __init__(self, folder: Path | None, study: Study, *, read_only: bool = False) -> None:
        self._key = (study.key, study.code)
        self._shape = (len(study.policies), len(study.outputs))
        self._name = str(folder / FILE) if folder else MEMORY
        # Every call is from the thread of the sweep.
        with self._plainly():
            if folder and read_only:
                self._base = _opened_to_read(folder / FILE)
                if self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    return
                # Whoever made it was stopped before it had any tables.
                self._base.close()
                self._base = sqlite3.connect(MEMORY)
            else:
                self._base = sqlite3.connect(self._name, timeout=WAIT_SECONDS)
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
        with self._plainly(), self._base:
            self._base.executemany("INSERT OR IGNORE INTO block VALUES (?, ?, ?, ?, ?, ?)", blocks)
            self._base.executemany("INSERT OR IGNORE INTO failure VALUES (?, ?, ?, ?, ?)", failures)

    def spans(self) -> Iterable[Span]:
        """Return what is done, in any order; spans may overlap."""
        with self._plainly():
            found = self._base.execute(
                "SELECT row, first, count FROM block WHERE study = ? AND code = ?", self._key
            )
            return [Span(*values) for values in found]

    def pieces(self, row: str) -> Iterable[Piece]:
        """Return what was done of a row, in any order."""
        with self._plainly():
            found = self._base.execute(
                "SELECT first, outcome FROM block WHERE study = ? AND code = ? AND row = ?", (*self._key, row)
            ).fetchall()
        return [
            Piece(first, np.frombuffer(data, dtype="<f8").reshape(-1, *self._shape)) for first, data in found
        ]

    def failures(self) -> Iterable[tuple[str, Failure]]:
        """Return rows and failures, those too that went well later."""
        with self._plainly():
            found = self._base.execute(
                "SELECT row, replication, error FROM failure WHERE study = ? AND code = ?", self._key
            )
            return [(row, Failure(number, error)) for row, number, error in found]

    def other_versions(self) -> int:
        """Return how many blocks are of the same study, but of another version of the code."""
        with self._plainly():
            found = self._base.execute(
                "SELECT count(*) FROM block WHERE study = ? AND code <> ?", self._key
            ).fetchone()
        return int(found[0])

    def close(self) -> None:
        """Let go of files."""
        self._base.close()

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turn an error of the database into one that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise _told(self._name, error) from error


def _opened_to_read(file: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, not even the index of the log beside the database."""
    address = f"file:{quote(str(file.resolve()))}?mode=ro"
    base = sqlite3.connect(address, uri=True, timeout=WAIT_SECONDS)
    try:
        base.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError:
        base.close()
        log = file.with_name(f"{file.name}-wal")
        if os.access(file.parent, os.W_OK) or (log.exists() and log.stat().st_size):
            raise
        # No index of the log can be made there, and the log holds nothing: the database is all there is.
        return sqlite3.connect(f"{address}&immutable=1", uri=True)
    return base


def _told(name: str, error: sqlite3.Error) -> ResultsError | StoppedEarlyError:
    """Return an error of the database as one that says what to do."""
    # An extended code has the plain one in its low byte.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return ResultsError(
            f"{name}: damaged: {error}; expected a ledger of demilsim sweep. Move it away: its runs are done "
            "again"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ResultsError(
            f"{name}: {error}: the folder cannot be written to; choose another --out, or copy the folder to "
            "a disk that can"
        )
    if code == sqlite3.SQLITE_BUSY:
        return StoppedEarlyError(f"{name}: {error}: another process holds it; the same command resumes")
    return StoppedEarlyError(f"{name}: {error}; what was kept before is safe, the same command resumes")
