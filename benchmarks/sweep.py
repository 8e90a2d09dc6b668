"""Measure what a sweep costs beside its work: CPU of all that is not simulation, and memory of many results.

Covers: an experiment swept in this process and by worker processes, in blocks as they are chosen, with CPU
seconds within blocks told apart from all others (sending, packing, ledger, a row made ready twice); and
tables of a million result lines of invented numbers, written from a ledger, by peak memory. Python's start
and imports, and with them the first block of each process, are not counted.

    python benchmarks/sweep.py EXPERIMENT [--jobs N] [--replications N] [--points N] [--lines N]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from demilsim.experiments import dispatch
from demilsim.experiments import sweep as sweep_module
from demilsim.experiments.block import Block, Outcome, Study, run_block, study_of
from demilsim.experiments.experiment import Experiment, load_experiment
from demilsim.experiments.ledgers import open_ledger
from demilsim.experiments.sweep import How
from demilsim.experiments.sweep_result import SweepResult
from demilsim.experiments.workers import Backend
from demilsim.reporting.sweep_tables import write_results_table

NOTES = "DEMILSIM_BENCHMARK_NOTES"
"""Variable that names the folder in which each process notes its blocks."""


class Noted(NamedTuple):
    """A block as a process did it: CPU seconds of the process when it began and ended, and what it was."""

    process: int
    began: float
    ended: float
    row: str
    count: int
    prepare: float


def noted_block(study: Study, block: Block) -> Outcome:
    """Do a block, and note what it took."""
    began = time.process_time()
    outcome = run_block(study, block)
    note = Noted(os.getpid(), began, time.process_time(), block.row, block.count, outcome.prepare_seconds)
    with (Path(os.environ[NOTES]) / str(os.getpid())).open("a", encoding="utf-8") as file:
        file.write(json.dumps(note) + "\n")
    return outcome


def overhead(experiment: Experiment, how: How) -> dict[str, Any]:
    """Return the CPU seconds of a sweep, over those within its blocks.

    A row is cut into blocks at the end, where workers would have nothing to do; then each makes it ready.
    """
    with tempfile.TemporaryDirectory() as name:
        notes = Path(name) / "notes"
        notes.mkdir()
        os.environ[NOTES] = str(notes)
        began = time.process_time()
        sweep_module.sweep(experiment, Path(name) / "out", how=how)
        here = time.process_time() - began
        lines = [line for file in sorted(notes.iterdir()) for line in file.read_text("utf-8").splitlines()]
    blocks = [Noted(*json.loads(line)) for line in lines]
    # The first block of a process is left out: what it imports is no work of the sweep.
    firsts = {note.process: note for note in reversed(blocks)}
    own = firsts.pop(os.getpid())
    total = here - (own.ended - own.began)
    total += sum(max(n.ended for n in blocks if n.process == p) - one.ended for p, one in firsts.items())
    counted = [note for note in blocks if note not in (own, *firsts.values())]
    longest: dict[str, float] = {}
    for note in blocks:
        longest[note.row] = max(longest.get(note.row, 0.0), note.prepare)
    again = sum(note.prepare for note in blocks) - sum(longest.values())
    within = sum(note.ended - note.began for note in counted)
    return {
        "blocks": len(blocks),
        "replications_per_block": statistics.median(note.count for note in blocks),
        "sweep_cpu_seconds": total,
        "made_ready_again_cpu_seconds": again,
        "ratio": total / (within - again),
        "ratio_but_for_made_ready_again": total / within,
    }


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
    ledger.close()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--replications", type=int, help="in place of the file's")
    parser.add_argument("--points", type=int, help="in place of the file's")
    parser.add_argument("--lines", type=int, default=1_000_000)
    options = parser.parse_args()
    experiment = load_experiment(options.experiment)
    if options.replications:
        experiment = replace(experiment, replications=options.replications)
    if options.points:
        experiment = replace(experiment, points=options.points)
    with tempfile.TemporaryDirectory() as name:
        spent = write_lines(experiment, Path(name), options.lines)
    document: dict[str, Any] = {
        "result_lines": options.lines,
        "tables_seconds": spent,
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    dispatch.run_block = sweep_module.run_block = noted_block
    document["in_this_process"] = overhead(experiment, How(backend=Backend.SERIAL))
    document[f"{options.jobs}_workers"] = overhead(experiment, How(jobs=options.jobs))
    print(json.dumps(document, indent=2))


if __name__ == "__main__":
    main()
