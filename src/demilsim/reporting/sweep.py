"""The results folder of a sweep: tables, a figure, and documents that say how it was made."""

from __future__ import annotations

import json
from pathlib import Path

from demilsim.errors import ResultsError
from demilsim.experiments.code_version import code_version
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.provenance import provenance
from demilsim.experiments.statistics import LEVEL
from demilsim.experiments.sweep_result import SweepResult
from demilsim.reporting.document import Document
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.outputs import HowRun, versions
from demilsim.reporting.stored import Stored
from demilsim.reporting.sweep_figure import sweep_figure
from demilsim.reporting.sweep_tables import (
    ESTIMATES,
    estimate_rows,
    write_design,
    write_failures,
    write_results_table,
)
from demilsim.reporting.tables import csv_text, json_text

RUN = "run.json"


def write_sweep(directory: Path, result: SweepResult) -> Document:
    """Write all tables of a sweep, ``results.json`` and ``figures/results.svg``.

    Parameters
    ----------
    directory
        Results folder; made if it is not there.
    result
        A sweep; where it is not complete, the documents say so.

    Returns
    -------
    dict
        What ``results.json`` holds.
    """
    make_folder(directory / "figures")
    failures, holes = result.failures(), result.holes()
    header, lines = estimate_rows(result)
    rows = list(lines)
    write_design(directory, result)
    write_results_table(directory, result)
    write_atomically(directory / ESTIMATES, csv_text(header, rows))
    write_failures(directory, failures)
    document: Document = {
        **provenance(result.experiment),
        "complete": not holes,
        "failed": len(failures),
        "missing": sum(hole.missing for hole in holes) - len(failures),
        "level": LEVEL,
        "estimates": [dict(zip(header, row, strict=True)) for row in rows],
    }
    write_atomically(directory / "results.json", json_text(document))
    write_atomically(directory / "figures" / "results.svg", sweep_figure(result))
    return document


class Analysis(Stored):
    """A command that has analysed a sweep, in ``run.json``."""

    command: tuple[str, ...]
    jobs: int
    wall_seconds: float


class _Run(Stored):
    """What is needed of ``run.json`` to go on with a sweep."""

    experiment: str
    seed: int
    study: str
    code: str
    command: tuple[str, ...] | None = None
    analyses: tuple[Analysis, ...] = ()


def claim_folder(directory: Path, experiment: Experiment) -> None:
    """Make a folder the results folder of an experiment, so that its sweep can be gone on with.

    Raises
    ------
    ResultsError
        If it cannot be written to, or is that of another study.
    """
    make_folder(directory)
    if (directory / RUN).exists():
        if _read_run(directory).study != experiment.study:
            raise ResultsError(
                f"{directory}: holds results of another scenario, or of other policies, outputs or seed; "
                "choose another --out"
            )
    else:
        write_sweep_run(directory, experiment, None)


def write_sweep_run(directory: Path, experiment: Experiment, how: HowRun | None) -> None:
    """Write ``run.json``: how the sweep was run, if it has ended, and where its experiment file is.

    What has analysed the sweep before stays in it.
    """
    analyses = _read_run(directory).analyses if (directory / RUN).exists() else ()
    document = {
        "experiment": str(experiment.file.resolve()),
        "scenario": {"name": experiment.base.settings.name, "sha256": experiment.base.sha256},
        "study": experiment.study,
        "seed": experiment.seed,
        "code": code_version(),
        "versions": versions(),
        "command": list(how.command) if how else None,
        "jobs": how.jobs if how else None,
        "wall_seconds": round(how.wall_seconds, 3) if how else None,
        "analyses": [one.model_dump(mode="json") for one in analyses],
    }
    write_atomically(directory / RUN, json_text(document))


def write_analysis_run(directory: Path, experiment: Experiment, how: HowRun) -> None:
    """Add to ``run.json`` how a sweep was analysed; how it was swept stays, if it is known.

    The same command takes the place of its own record.
    """
    stored = _read_run(directory)
    if stored.command is None:
        # Nothing else has swept it to its end.
        write_sweep_run(directory, experiment, how)
    own = Analysis(command=how.command, jobs=how.jobs, wall_seconds=round(how.wall_seconds, 3))
    others = [one for one in stored.analyses if one.command != own.command]
    path = directory / RUN
    document = json.loads(path.read_text(encoding="utf-8"))
    document["analyses"] = [one.model_dump(mode="json") for one in (*others, own)]
    write_atomically(path, json_text(document))


def _read_run(directory: Path) -> _Run:
    """Return what ``run.json`` says."""
    path = directory / RUN
    try:
        return _Run.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ResultsError(f"{path}: missing; expected a folder that demilsim sweep has written to") from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        if not is_sweep(directory):
            raise ResultsError(
                f"{path}: of another command; expected a folder of demilsim sweep, or choose another --out"
            ) from None
        raise ResultsError(f"{path}: damaged: {str(error).splitlines()[0]}") from error


def is_sweep(directory: Path) -> bool:
    """Return whether the ``run.json`` of a folder is that of a sweep, which is gone on with by it."""
    try:
        document = json.loads((directory / RUN).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and "experiment" in document


def refuse_sweep(directory: Path) -> None:
    """Refuse to write results of a plan over those of a sweep, before the work begins.

    Raises
    ------
    ResultsError
        If ``run.json`` there is that of a sweep.
    """
    if is_sweep(directory):
        raise ResultsError(
            f"{directory}: holds a sweep, which could not be gone on with; choose another --out"
        )


def read_sweep_run(directory: Path) -> Experiment:
    """Return the experiment whose results a folder holds.

    Raises
    ------
    ResultsError
        If the folder holds none, or if its experiment file or scenario has changed.
    """
    stored = _read_run(directory)
    experiment = load_experiment(Path(stored.experiment), stored.seed)
    if experiment.study != stored.study:
        raise ResultsError(
            f"{stored.experiment}: scenario, policies or outputs have changed since {directory} was written; "
            "expected them as they were. Sweep again into another folder"
        )
    return experiment
