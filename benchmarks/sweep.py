"""Measure what a sweep costs beside its work: keeping the outcome of a block, and memory of many results.

Covers: blocks put into the SQLite ledger, against the work of the least block that is sent on purpose;
and tables of a million result lines of invented numbers, written from a ledger, by peak memory.

    python benchmarks/sweep.py EXPERIMENT [--lines N]
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from demilsim.experiments.backends import LEAST_CHUNK_SECONDS
from demilsim.experiments.block import Outcome, study_of
from demilsim.experiments.experiment import Experiment, load_experiment
from demilsim.experiments.ledgers import open_ledger
from demilsim.experiments.sweep_result import SweepResult
from demilsim.reporting.sweep_tables import write_results_table

BLOCKS = 2_000


def seconds_per_block(experiment: Experiment, folder: Path) -> float:
    """Return what it takes to keep the outcome of a block [s]."""
    study = study_of(experiment)
    ledger = open_ledger(folder, study)
    values = np.ones((10, len(study.policies), len(study.outputs)))
    started = time.perf_counter()
    for number in range(BLOCKS):
        ledger.add("row", 10 * number, Outcome(values, (), 0.0, 0.0))
    spent = time.perf_counter() - started
    ledger.close()
    return spent / BLOCKS


def write_lines(experiment: Experiment, folder: Path, lines: int) -> float:
    """Write tables of so many lines; return how long it took [s]."""
    study = study_of(experiment)
    each = lines // (len(experiment.rows) * len(study.policies))
    many = replace(experiment, replications=each)
    ledger, chance = open_ledger(folder, study), np.random.default_rng(1)
    for row in many.rows:
        values = chance.random((each, len(study.policies), len(study.outputs)))
        ledger.add(many.row_key(row), 0, Outcome(values, (), 0.0, 0.0))
    started = time.perf_counter()
    write_results_table(folder, SweepResult(many, ledger, range(len(many.rows))))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    experiment = load_experiment(options.experiment)
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "a").mkdir()
        kept = seconds_per_block(experiment, Path(name) / "a")
        spent = write_lines(experiment, Path(name) / "b", options.lines)
    document = {
        "ledger_ms_per_block": 1e3 * kept,
        "ledger_share_of_the_least_block": kept / LEAST_CHUNK_SECONDS,
        "result_lines": options.lines,
        "tables_seconds": spent,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
