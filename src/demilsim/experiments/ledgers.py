"""Ledgers of results folders, opened to go on with a sweep or to read what several runs of it have done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain
from pathlib import Path

from demilsim.errors import ResultsError
from demilsim.experiments.block import Failure, Outcome, Study
from demilsim.experiments.ledger import LEDGER_FOLDER, Ledger, Piece, Span
from demilsim.experiments.ledger_files import FileReader, FileWriter
from demilsim.experiments.ledger_sqlite import FILE, SqliteLedger


class LedgerKind(StrEnum):
    """What a sweep writes to."""

    SQLITE = "sqlite"
    FILES = "files"


class JoinedLedger:
    """One ledger to write to, and others that are read too.

    Parameters
    ----------
    writer
        Where outcomes are kept; None to read only.
    readers
        Ledgers whose blocks count as done, the writer's own among them if it can read.
    """

    def __init__(self, writer: FileWriter | SqliteLedger | None, readers: Sequence[Ledger]) -> None:
        self._writer, self._readers = writer, readers

    def add(self, row: str, first: int, outcome: Outcome) -> None:
        """Keep the outcome of a block, whole or not at all."""
        assert self._writer is not None, "this ledger was opened to be read"
        self._writer.add(row, first, outcome)

    def spans(self) -> Iterable[Span]:
        """Return what is done, in any order; spans may overlap."""
        return chain.from_iterable(reader.spans() for reader in self._readers)

    def pieces(self, row: str) -> Iterable[Piece]:
        """Return what was done of a row, in any order."""
        return chain.from_iterable(reader.pieces(row) for reader in self._readers)

    def failures(self) -> Iterable[tuple[str, Failure]]:
        """Return rows and failures, those too that went well later."""
        return chain.from_iterable(reader.failures() for reader in self._readers)

    def other_versions(self) -> int:
        """Return how many blocks are of the same study, but of another version of the code."""
        return sum(reader.other_versions() for reader in self._readers)

    def close(self) -> None:
        """Let go of files."""
        for one in (self._writer, *self._readers):
            if one is not None:
                one.close()


def open_ledger(folder: Path | None, study: Study, kind: LedgerKind = LedgerKind.SQLITE) -> Ledger:
    """Return the ledger of a results folder, made if there is none; of memory without a folder.

    Raises
    ------
    ResultsError
        If the folder cannot be made or written to.
    """
    if folder is None:
        return SqliteLedger(None, study)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if kind is LedgerKind.SQLITE:
            own = SqliteLedger(folder, study)
            return JoinedLedger(own, [own, *_files(folder, study)])
        others = _database(folder, study)
        writer = FileWriter(folder / LEDGER_FOLDER, study)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be written to: {error.strerror or error}; choose another --out"
        ) from error
    return JoinedLedger(writer, [writer.reader, *others])


def read_ledgers(folders: Sequence[Path], study: Study) -> Ledger:
    """Return what all results folders hold together, to be read only."""
    return JoinedLedger(None, [one for f in folders for one in (*_database(f, study), *_files(f, study))])


def _files(folder: Path, study: Study) -> list[Ledger]:
    return [FileReader(folder / LEDGER_FOLDER, study)] if (folder / LEDGER_FOLDER).is_dir() else []


def _database(folder: Path, study: Study) -> list[Ledger]:
    return [SqliteLedger(folder, study, read_only=True)] if (folder / FILE).is_file() else []
