"""The ledger on a disk that several machines share: each worker appends to a file of its own.

A line is one block: a checksum, a space, and JSON. No file is ever written by two processes, or opened again
to be written, so that no lock is needed; a line that its writer did not finish is left out by every reader.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from demilsim.errors import ResultsError, StoppedEarlyError
from demilsim.experiments.block import Failure, Outcome, Study
from demilsim.experiments.ledger import Piece, Span, good_pieces

SUFFIX = ".jsonl"
CHECKSUM_CHARACTERS = 8


class _Entry(NamedTuple):
    """Where the values of a span stand: file, and position of its line."""

    span: Span
    file: Path
    position: int


class FileReader:
    """All files of a folder, as far as they are written; values stay on disk until asked for.

    Parameters
    ----------
    folder
        Folder of the files, which exists.
    study
        Whose blocks are read.

    Raises
    ------
    ResultsError
        If a line other than a file's last is damaged.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self._study = study
        self._entries: dict[str, list[_Entry]] = {}
        self._failures: list[tuple[str, Failure]] = []
        self._others = 0
        for file in sorted(folder.glob(f"*{SUFFIX}")):
            for position, content in _lines(file):
                self.note(content, file, position)

    def note(self, content: dict[str, Any], file: Path, position: int) -> None:
        """Take note of a line."""
        if content["study"] != self._study.key:
            return
        if content["code"] != self._study.code:
            self._others += 1
            return
        row = content["row"]
        for first, count in content["spans"]:
            self._entries.setdefault(row, []).append(_Entry(Span(row, first, count), file, position))
        self._failures += [(row, Failure(number, error)) for number, error in content["failures"]]

    def spans(self) -> Iterable[Span]:
        """Return what is done, in any order; spans may overlap."""
        return [entry.span for entries in self._entries.values() for entry in entries]

    def pieces(self, row: str) -> Iterator[Piece]:
        """Yield what was done of a row, in any order."""
        shape = (-1, len(self._study.policies), len(self._study.outputs))
        for (_, first, _), file, position in self._entries.get(row, ()):
            with _plainly(file, ResultsError), file.open("rb") as stream:
                stream.seek(position)
                content = _content(stream.readline())
            if content is None:
                raise ResultsError(f"{file}: changed while it was read")
            place = [span[0] for span in content["spans"]].index(first)
            data = base64.b64decode(content["values"][place])
            yield Piece(first, np.frombuffer(data, dtype="<f8").reshape(shape))

    def failures(self) -> Iterable[tuple[str, Failure]]:
        """Return rows and failures, those too that went well later."""
        return self._failures

    def other_versions(self) -> int:
        """Return how many blocks are of the same study, but of another version of the code."""
        return self._others

    def add(self, row: str, first: int, outcome: Outcome) -> None:
        """Refuse: what others write is only read."""
        raise AssertionError("a reader of files keeps nothing")

    def close(self) -> None:
        """Let go of nothing: no file stays open."""


class FileWriter:
    """A new file of this process in a folder, and a reader of all that are there.

    Parameters
    ----------
    folder
        Made if it is not there.
    study
        Whose blocks are kept.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.reader = FileReader(folder, study)
        self._study = study
        self._file = _new_file(folder)
        self._handle = os.open(self._file, os.O_WRONLY | os.O_APPEND)

    def add(self, row: str, first: int, outcome: Outcome) -> None:
        """Keep the outcome of a block, whole or not at all."""
        pieces = list(good_pieces(first, outcome))
        content = {
            "study": self._study.key,
            "code": self._study.code,
            "row": row,
            "spans": [(piece.first, len(piece.values)) for piece in pieces],
            "values": [base64.b64encode(piece.values.astype("<f8").tobytes()).decode() for piece in pieces],
            "failures": outcome.failures,
        }
        text = json.dumps(content).encode()
        line = b"%08x %s\n" % (zlib.crc32(text), text)
        with _plainly(self._file, StoppedEarlyError):
            position = os.lseek(self._handle, 0, os.SEEK_END)
            self._write(line, position)
        self.reader.note(json.loads(text), self._file, position)

    def _write(self, line: bytes, position: int) -> None:
        """Append a line; what a full disk cut short is taken back."""
        done = 0
        try:
            while done < len(line):
                done += os.write(self._handle, line[done:])
            os.fsync(self._handle)
        except OSError:
            os.ftruncate(self._handle, position)
            raise

    def close(self) -> None:
        """Close the file; remove it if it is empty."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            if self._file.stat().st_size == 0:
                self._file.unlink()


def _new_file(folder: Path) -> Path:
    """Return a file that did not exist before, with a name that says who writes it."""
    number = 0
    while True:
        file = folder / f"{socket.gethostname()}-{os.getpid()}-{number}{SUFFIX}"
        try:
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            number += 1
        else:
            return file


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield position and content of each whole line; a last line that is cut short is left out."""
    with _plainly(file, ResultsError), file.open("rb") as stream:
        position = 0
        for number, line in enumerate(stream, start=1):
            content = _content(line)
            if content is None:
                if stream.read(1):
                    raise ResultsError(
                        f"{file}:{number}: damaged: its checksum does not fit, and more lines follow; "
                        "expected only a last line to be cut short. Delete this line: its runs are done again"
                    )
                return
            yield position, content
            position += len(line)


def _content(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None if it is not whole."""
    checksum, text = line[:CHECKSUM_CHARACTERS], line[CHECKSUM_CHARACTERS + 1 : -1]
    if not line.endswith(b"\n") or b"%08x" % zlib.crc32(text) != checksum:
        return None
    found: dict[str, Any] = json.loads(text)
    return found


class _plainly:  # noqa: N801 (reads as a statement)
    """Turn an error of the system into one that says what to do."""

    def __init__(self, file: Path, kind: type[ResultsError | StoppedEarlyError]) -> None:
        self._file, self._kind = file, kind

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            raise self._kind(
                f"{self._file}: {error.strerror or error}; what was kept before is safe, the same command "
                "resumes"
            ) from error
