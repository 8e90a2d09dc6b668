"""Exceptions: where a problem is, what was found, what was expected, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class DemilsimError(Exception):
    """Base of every error that demilsim raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with an input, with its place.

    Parameters
    ----------
    file
        File, or workbook and sheet, as the user named it, relative to where they called from.
    line
        Line in that file, or row of a sheet, first 1; 0 where the whole file is meant, and for keys in
        the cells of a sheet.
    path
        Column of a table, or dotted key of a YAML file.
    message
        What was expected and what was found, e.g. ``expected > 0 (got -3.5)``.
    cell
        Cell of a sheet, as ``E14``; empty in text files.
    """

    file: str
    line: int
    path: str
    message: str
    cell: str = ""

    def __str__(self) -> str:
        if self.cell:
            row = f"row {self.line}{self.path and f', column {self.path}'} (cell {self.cell})"
            return f"{self.file}, {row if self.line else f'cell {self.cell}, {self.path}'}: {self.message}"
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


class ScenarioError(DemilsimError):
    """A scenario cannot be used; carries every problem that was found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[ScenarioError], tuple[tuple[Problem, ...]]]:
        return ScenarioError, (self.problems,)


class PlanError(DemilsimError):
    """A disposal plan does not fit its scenario: unknown lot, too many tonnes, a closed facility."""


class SolverError(DemilsimError):
    """No solver that is installed could take the model at all."""


class InfeasibleError(DemilsimError):
    """No plan keeps all limits of a scenario; says what would have to give way."""


class StudyError(DemilsimError):
    """A study does not take a scenario as it is; says what to leave out of it."""


class ResultsError(DemilsimError):
    """A results folder cannot be read or written."""


class BrowserError(DemilsimError):
    """The user's browser did not print a report; the report itself is there."""


class WorkerLostError(DemilsimError):
    """A worker process ended before its work was done."""


class WorkerDiffersError(DemilsimError):
    """A worker has another scenario or another version of the code than the caller."""


class StoppedEarlyError(DemilsimError):
    """Long work cannot go on; what was done is kept, and the same command resumes it."""


class StreamExhaustedError(DemilsimError):
    """A block of keyed draws was too short for the events that its rate produced."""
