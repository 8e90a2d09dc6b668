"""Where a value was written."""

from __future__ import annotations

from dataclasses import dataclass

from demilsim.errors import Problem

COMMAND_LINE = "--set"
"""Named as the file of values from the command line."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a value was written.

    Parameters
    ----------
    file
        File, or workbook and sheet, as messages name it; ``--set`` for the command line.
    line
        Line or row, first 1; 0 where there is none.
    cell
        Cell of a sheet, as ``E14``; empty elsewhere.
    variant
        The variant that says so; empty for the scenario itself.
    path
        How a value that is laid over a row was named there, to tell which row; empty elsewhere.
    """

    file: str
    line: int = 0
    cell: str = ""
    variant: str = ""
    path: str = ""

    @property
    def laid_over(self) -> bool:
        """Whether a variant or the command line says so, and not the scenario itself."""
        return bool(self.variant) or self.file == COMMAND_LINE

    def __str__(self) -> str:
        if self.cell:
            return f"{self.file}!{self.cell}"
        return f"{self.file}:{self.line}" if self.line else self.file

    def problem(self, path: str, message: str) -> Problem:
        """Return a problem at this place."""
        return Problem(self.file, self.line, self.path or path, message, self.cell)
