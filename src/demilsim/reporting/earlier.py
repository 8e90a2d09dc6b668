"""Results of an earlier command in the same folder: what tells of another plan must not stand beside ours.

``run.json`` and ``plan.json`` list what was written with them, with a hash. What is listed there, is as it
was written, and is not written again is removed; whatever a person has made or changed stays, and is told.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from demilsim.errors import ResultsError
from demilsim.reporting.folder import make_folder, write_atomically

OF_A_PLAN = frozenset(
    {
        "alternatives.csv", "commissionings.csv", "events.csv", "mobile_plant.csv", "plan.csv", "plan.json",
        "plan_by_period.csv", "plan_measures.csv", "plan_reasons.csv", "prices.csv", "report.html",
        "report.pdf", "results.xlsx", "risk_by_group.csv", "run.json", "slips.csv", "summary.json",
        "timeline.csv",
    }
)  # fmt: skip
"""Files that tell of one plan, by whatever command."""

LISTS = ("run.json", "plan.json")
"""Files that list the others, and themselves without a hash."""

_FIGURE = re.compile(r"figures/[a-z0-9_-]+\.svg", re.ASCII)

Written = dict[str, str | None]
"""By name of a file its SHA-256, None where it may differ."""


def written(files: Mapping[str, str], *others: str) -> Written:
    """Return the list that results keep of their files.

    Parameters
    ----------
    files
        Text by name.
    others
        Names of files that have no hash: the list itself, and what `demilsim report` makes again.
    """
    return {name: _sha256(text.encode()) for name, text in files.items()} | dict.fromkeys(others)


def write_files(directory: Path, files: Mapping[str, str], listed: Written) -> None:
    """Write files of a plan; those that an earlier command wrote and this one does not are removed before.

    Parameters
    ----------
    directory
        Made if it is not there.
    files
        Text by name.
    listed
        All that is being written, whoever writes it.

    Raises
    ------
    ResultsError
        If a file cannot be written or removed.
    """
    make_folder(directory)
    for name, sha256 in _listed(directory).items():
        path = directory / name
        if name in listed or not path.is_file():
            continue
        try:
            if sha256 is None or _sha256(path.read_bytes()) == sha256:
                path.unlink()
        except OSError as error:
            raise ResultsError(f"{name}: cannot be removed: {error.strerror or error}") from error
    for name, text in files.items():
        write_atomically(directory / name, text)


def left_over(directory: Path) -> tuple[str, ...]:
    """Return files of plans in a folder that are not of the results there, in order."""
    listed = _listed(directory)
    return tuple(sorted(name for name in OF_A_PLAN - set(listed) if (directory / name).is_file()))


def _listed(directory: Path) -> Written:
    """Return what the results in a folder list; nothing of what could not be ours."""
    entries = (entry for file in LISTS for entry in _entries(directory / file))
    return {name: sha256 for name, sha256 in entries if name in OF_A_PLAN or _FIGURE.fullmatch(name)}


def _entries(path: Path) -> Iterator[tuple[str, str | None]]:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return
    files = document.get("files") if isinstance(document, dict) else None
    for name, sha256 in files.items() if isinstance(files, dict) else ():
        if sha256 is None or isinstance(sha256, str):
            yield name, sha256


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
