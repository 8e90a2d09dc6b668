"""Small sweeps for tests: a tiny scenario as files, and experiment files beside it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from demilsim.experiments.block import study_of
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.experiment_file import load_experiment
from demilsim.experiments.ledger import Span
from demilsim.experiments.ledger_sqlite import FILE
from demilsim.experiments.ledgers import read_ledgers
from demilsim.experiments.sweep_result import SweepResult
from demilsim.reporting.sweep_tables import estimate_rows, write_results_table
from demilsim.scenario.folder_write import write_folder
from worlds import two_lots

RATES = "parameters.event_rate.storage_per_storehouse_year"

GRID = f"""question: Do rates matter?
scenario: tiny
policies: do_nothing; cheapest_first
factors:
  {RATES}: 0.05; 0.2
  lots[L2].neq_kg: 10000 to 40000, 2 levels
outputs: expected_fatalities; fatalities; unplanned_explosions; cost_usd
replications: 50
"""
"""Four rows of 50 replications under two policies, a fifth of a second in all."""


def write_experiment(folder: Path, text: str = GRID) -> Path:
    """Write the tiny scenario and an experiment on it; return the experiment's file."""
    if not (folder / "tiny").exists():
        write_folder(two_lots(), folder / "tiny")
    path = folder / "experiment.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def tiny_experiment(folder: Path, text: str = GRID) -> Experiment:
    """Return an experiment on the tiny scenario."""
    return load_experiment(write_experiment(folder, text))


def fingerprint(result: SweepResult, folder: Path) -> str:
    """Return a hash of the tables of a sweep, every bit of every value among them."""
    folder.mkdir(parents=True, exist_ok=True)
    write_results_table(folder, result)
    digest = hashlib.sha256()
    for row, values in result:
        digest.update(f"{row} {values.shape}".encode() + values.tobytes())
    header, lines = estimate_rows(result)
    digest.update(repr([header, *lines]).encode())
    for file in ("results.csv", "results.csv-metadata.json"):
        digest.update((folder / file).read_bytes())
    return digest.hexdigest()


def spans_of(folder: Path, experiment: Experiment) -> list[Span]:
    """Return what the ledger of a folder says is done; check that it is sound, and has nothing twice."""
    ledger = read_ledgers([folder], study_of(experiment))
    spans = list(ledger.spans())
    ledger.close()
    runs = [(s.row, n) for s in spans for n in range(s.first, s.first + s.size)]
    assert len(runs) == len(set(runs))
    if (folder / FILE).exists():
        with closing(sqlite3.connect(folder / FILE)) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return spans


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of every file of a results folder that may hold neither times nor folders."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "run.json"]
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if not path.name.startswith(FILE) and path.parent.name != "ledger"
    }
