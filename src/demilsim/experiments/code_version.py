"""The version of the code that results of a sweep depend on."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import numpy as np

PACKAGE = Path(__file__).parent.parent

PARTS = (
    "__init__.py", "errors.py", "units.py", "collector.py", "plan.py",
    "scenario", "model", "simulation", "planning",
    "optimisation/blocks.py", "optimisation/groups.py", "optimisation/orders.py",
    "optimisation/release_columns.py", "optimisation/releases.py", "optimisation/tours.py",
    "experiments/backends.py", "experiments/block.py", "experiments/code_version.py",
    "experiments/ensemble.py", "experiments/packing.py", "experiments/policies.py",
    "experiments/statistics.py",
)  # fmt: skip
"""All that a block can reach by imports, which a test walks: of the optimiser what rules take from it, too,
but neither reports nor the command line."""

SUFFIXES = (".py", ".csv")
CHARACTERS = 12


@cache
def code_version() -> str:
    """Return the version of the package with a hash of its sources, and of NumPy.

    Two runs of equal versions give the same bits on one machine. The sources are read, since a checkout may
    have been edited and an installed package knows no commit.
    """
    from demilsim import __version__

    digest = hashlib.sha256(np.__version__.encode())
    for part in PARTS:
        path = PACKAGE / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.suffix in SUFFIXES and file.is_file():
                digest.update(file.relative_to(PACKAGE).as_posix().encode())
                digest.update(file.read_bytes())
    return f"{__version__}+{digest.hexdigest()[:CHARACTERS]}"
