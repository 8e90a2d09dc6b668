"""Commands on what sweeps say: which factors matter, and when a target is missed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demilsim.cli_options import Jobs, Json, Quiet, Seed, SweepOut
from demilsim.cli_steps import tell_findings, warn_of_base
from demilsim.terminal import RESUMES, Console, ExitCode, Heartbeat, stoppable

if TYPE_CHECKING:
    from demilsim.experiments.sweep_result import SweepResult


def sensitivity(
    experiment: Annotated[Path, typer.Argument(help="Experiment file.", show_default=False)],
    out: SweepOut,
    usd_per_death: Annotated[
        float | None, typer.Option(help="What an averted death is taken to be worth [USD].")
    ] = None,
    funding: Annotated[
        Path | None, typer.Option(help="Folder of demilsim fund, whose margin prices an averted death.")
    ] = None,
    seed: Seed = None,
    jobs: Jobs = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Tell which factors matter, and what to measure next.

    It also tells how much is chance. A sweep that was stopped goes on where it was.
    """
    from demilsim.errors import StudyError
    from demilsim.experiments.backends import available_cores
    from demilsim.experiments.experiment_file import load_experiment
    from demilsim.experiments.sensitivity import check_sensitivity, refuse_holes
    from demilsim.experiments.sensitivity import sensitivity as analyse
    from demilsim.experiments.sweep import How, sweep
    from demilsim.reporting.outputs import HowRun
    from demilsim.reporting.sensitivity import curve_price, stated_price, write_sensitivity
    from demilsim.reporting.sweep import claim_folder, write_analysis_run, write_sweep

    console, started = Console(quiet or json), time.monotonic()
    if usd_per_death is not None and funding is not None:
        raise typer.BadParameter("expected --usd-per-death or --funding (got both)")
    loaded = load_experiment(experiment, seed)
    check_sensitivity(loaded)
    price = stated_price(usd_per_death) if usd_per_death is not None else None
    if funding is not None:
        price = curve_price(funding, loaded.base.sha256)
    claim_folder(out, loaded)
    warn_of_base(loaded, console)
    heartbeat = Heartbeat(console)
    with stoppable(console, RESUMES.format(out=out)):
        try:
            result = sweep(loaded, out, how=How(jobs=jobs), progress=heartbeat.beat, tell=console.say)
        finally:
            heartbeat.end()
    write_sweep(out, result)
    command = ("demilsim", *sys.argv[1:])
    write_analysis_run(out, loaded, HowRun(command, time.monotonic() - started, jobs or available_cores()))
    try:
        refuse_holes(result, str(out))
    except StudyError as refusal:
        console.warn(str(refusal))
        raise typer.Exit(ExitCode.TARGET_MISSED) from None
    document = write_sensitivity(out, analyse(result, str(out)), price)
    tell_findings(document, json, console)
    console.say(f"sensitivity: {out / 'sensitivity.csv'}")


def discover(
    folder: Annotated[Path, typer.Argument(help="Results folder of a sweep.", show_default=False)],
    target: Annotated[
        str,
        typer.Option(help="POLICY.OUTPUT<=NUMBER or >=, of the mean of each row.", show_default=False),
    ],
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Tell when a policy misses a target, as boxes of factors.

    It also compares policies by regret.
    """
    from demilsim.errors import StudyError
    from demilsim.experiments.discovery import discover as find
    from demilsim.experiments.discovery import parse_target, row_means
    from demilsim.experiments.sensitivity import refuse_holes
    from demilsim.reporting.discovery import write_discovery

    console = Console(quiet or json)
    result = _stored(folder, console)
    warn_of_base(result.experiment, console)
    asked = parse_target(target, result.experiment)
    try:
        refuse_holes(result, str(folder))
    except StudyError as refusal:
        console.warn(str(refusal))
        raise typer.Exit(ExitCode.TARGET_MISSED) from None
    document = write_discovery(folder, find(result, asked), row_means(result, asked.output))
    tell_findings(document, json, console)
    console.say(f"discovery: {folder / 'boxes.csv'}")


def _stored(folder: Path, console: Console) -> SweepResult:
    """Return what a results folder holds."""
    from demilsim.experiments.block import study_of
    from demilsim.experiments.ledger import other_versions_sentence
    from demilsim.experiments.ledgers import read_ledgers
    from demilsim.experiments.sweep_result import SweepResult
    from demilsim.reporting.sweep import read_sweep_run

    experiment = read_sweep_run(folder)
    ledger = read_ledgers([folder], study_of(experiment))
    aside = other_versions_sentence(ledger.other_versions())
    if aside:
        console.warn(aside)
    return SweepResult(experiment, ledger, range(len(experiment.rows)))


SENSITIVITY = (sensitivity, discover)
"""In the order of the help."""
