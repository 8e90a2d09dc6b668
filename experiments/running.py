"""What the scripts here share: run the experiment file of the same name, and write its folder and figure."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from demilsim.experiments.backends import available_cores
from demilsim.experiments.sweep import How, load_experiment, sweep
from demilsim.experiments.sweep_result import SweepResult
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.sweep import claim_folder, write_sweep, write_sweep_run
from demilsim.terminal import Console, Heartbeat

HERE = Path(__file__).parent


def swept(name: str, figure: Callable[[SweepResult], str], arguments: list[str] | None = None) -> SweepResult:
    """Sweep, write all tables and ``figures/NAME.svg``; return the result."""
    parser = argparse.ArgumentParser(description=f"Runs {name}.yaml and draws its figure.")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--replications", type=int, help="in place of the file's")
    parser.add_argument("--jobs", type=int)
    options = parser.parse_args(arguments)
    started, heartbeat = time.monotonic(), Heartbeat(Console(quiet=False))
    experiment = load_experiment(HERE / f"{name}.yaml")
    if options.replications:
        experiment = replace(experiment, replications=options.replications)
    claim_folder(options.out, experiment)
    result = sweep(experiment, options.out, how=How(jobs=options.jobs), progress=heartbeat.beat)
    write_sweep(options.out, result)
    write_atomically(options.out / "figures" / f"{name}.svg", figure(result))
    seconds, jobs = time.monotonic() - started, options.jobs or available_cores()
    write_sweep_run(options.out, experiment, HowRun(tuple(sys.argv), seconds, jobs))
    return result
