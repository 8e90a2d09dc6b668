"""Files of a results folder, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from demilsim.errors import ResultsError

FILE_MODE = 0o644
"""Temporary files are private; a finished one can be read by all, as if it had been opened plainly."""


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it is in, if it is not there; raise `ResultsError` if none can be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(
            f"{folder}: cannot be made: {error.strerror or error}; choose another --out"
        ) from error


@contextmanager
def atomic_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the name of `path` only when the block has ended well.

    Until then it has a temporary name in the same folder; it is flushed to disk before it is moved.

    Parameters
    ----------
    path
        File to write; its folder exists.

    Raises
    ------
    ResultsError
        If it cannot be written; the former file, if any, is untouched.
    """
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).chmod(FILE_MODE)
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except OSError as error:
        raise ResultsError(f"{path.name}: cannot be written: {error.strerror or error}") from error


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, see `atomic_file`.

    Parameters
    ----------
    path
        File to write; its folder exists.
    content
        Bytes, or text that is written as UTF-8 without changing its line ends.

    Raises
    ------
    ResultsError
        If it cannot be written; the former file, if any, is untouched.
    """
    with atomic_file(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)
