"""Run the notebooks from top to bottom in fresh kernels, and say what they conclude.

    python experiments/notebooks/run.py [--full] [--jobs N] [NOTEBOOK ...]

Small unless ``--full`` is given: ``DEMILSIM_FEW=1``, see ``asking.py``. A notebook that holds outputs is
refused, since results belong to whoever runs it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

HERE = Path(__file__).resolve().parent
CELL_SECONDS = 1_800
"""Time after which a cell is given up [s]; far above what any takes."""

KERNEL_SECONDS = 300
"""Time within which a kernel has to answer [s], also on a machine that is busy with other tests."""


def stored(notebook: Any) -> list[str]:
    """Return what a notebook holds that only running it should give."""
    cells = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    return [f"cell {i}: expected no output or number" for i, c in cells if c.outputs or c.execution_count]


def run(path: Path) -> tuple[list[str], str]:
    """Return the lines that a notebook prints, and what is wrong with it."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    if wrong := stored(notebook):
        return [], "; ".join(wrong)
    where = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(notebook, timeout=CELL_SECONDS, startup_timeout=KERNEL_SECONDS, resources=where)
    error = ""
    try:
        client.execute()
    except CellExecutionError as failed:
        error = str(failed)
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    text = "".join(o.text for o in outputs if o.output_type == "stream" and o.name == "stdout")
    return text.splitlines(), error


def timed(path: Path) -> tuple[Path, list[str], str, float]:
    """Run a notebook; return it with what `run` returns, and seconds."""
    started = time.monotonic()
    printed, error = run(path)
    return path, printed, error, time.monotonic() - started


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--full", action="store_true", help="with the replications of the experiment files")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks at the same time")
    options = parser.parse_args(arguments)
    if not options.full:
        os.environ["DEMILSIM_FEW"] = "1"
    notebooks, bad = options.notebooks or sorted(HERE.glob("*.ipynb")), 0
    with ProcessPoolExecutor(options.jobs) as pool:
        for path, printed, error, seconds in pool.map(timed, notebooks):
            bad += bool(error)
            print(f"{path.name}: {seconds:.0f} s", *printed, *filter(None, [error]), sep="\n  ", flush=True)
    print(f"{len(notebooks) - bad} passed, {bad} failed")
    return int(bool(bad) or not notebooks)


if __name__ == "__main__":
    sys.exit(main())
