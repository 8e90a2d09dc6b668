"""Commands of sweeps: run one or a part of it, put parts together, and do one run again."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from demilsim.cli_options import Jobs, Json, Quiet, Seed, SweepOut
from demilsim.cli_steps import print_json, warn_of_base
from demilsim.terminal import RESUMES, Console, ExitCode, Heartbeat, stoppable

if TYPE_CHECKING:
    from demilsim.experiments.sweep_result import SweepResult
    from demilsim.reporting.outputs import HowRun

Backend = Annotated[str, typer.Option(help="serial, processes or dask.")]


def sweep(
    experiment: Annotated[Path, typer.Argument(help="Experiment file.", show_default=False)],
    out: SweepOut,
    seed: Seed = None,
    jobs: Jobs = None,
    backend: Backend = "processes",
    scheduler: Annotated[
        str | None, typer.Option(help="Running Dask scheduler. [default: one on this machine]")
    ] = None,
    shard: Annotated[str, typer.Option(metavar="I/N", help="Do this share of the rows only.")] = "1/1",
    chunk: Annotated[
        int | None, typer.Option(min=1, help="Replications in a block. [default: by time]")
    ] = None,
    ledger: Annotated[
        str | None, typer.Option(help="sqlite, or files on a shared disk. [default: files with --shard]")
    ] = None,
    retry_failed: Annotated[bool, typer.Option(help="Do runs again that failed before.")] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Simulate the rows of an experiment; resumes by itself."""
    from demilsim.experiments.backends import available_cores
    from demilsim.experiments.experiment_file import load_experiment
    from demilsim.experiments.ledgers import LedgerKind
    from demilsim.experiments.sweep import How, Shard
    from demilsim.experiments.sweep import sweep as sweep_experiment
    from demilsim.experiments.workers import Backend as BackendKind
    from demilsim.reporting.outputs import HowRun
    from demilsim.reporting.sweep import claim_folder

    console, started = Console(quiet or json), time.monotonic()
    part = Shard.parse(shard)
    how = How(
        jobs=jobs,
        backend=BackendKind(_choice("--backend", backend, tuple(BackendKind))),
        scheduler=scheduler,
        chunk=chunk,
        ledger=LedgerKind(
            _choice("--ledger", ledger or ("sqlite" if part.of == 1 else "files"), tuple(LedgerKind))
        ),
        retry=retry_failed,
    )
    loaded = load_experiment(experiment, seed)
    claim_folder(out, loaded)
    warn_of_base(loaded, console)
    heartbeat = Heartbeat(console)
    with stoppable(console, RESUMES.format(out=out)):
        try:
            result = sweep_experiment(
                loaded, out, shard=part, how=how, progress=heartbeat.beat, tell=console.say
            )
        finally:
            heartbeat.end()
        run = HowRun(("demilsim", *sys.argv[1:]), time.monotonic() - started, jobs or available_cores())
        if part.of > 1:
            console.say(f"part {shard} is done; when all parts are: demilsim merge {out}")
        else:
            _write(out, result, run, console, json)
    code = _code(out, result, console)
    result.ledger.close()
    raise typer.Exit(code)


def merge(
    folders: Annotated[list[Path], typer.Argument(help="Results folders of a sweep.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Where to. [default: the first folder]")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the tables of what the parts of a sweep have done.

    A part that is not finished counts with what it has.
    """
    from demilsim.experiments.block import study_of
    from demilsim.experiments.ledger import other_versions_sentence
    from demilsim.experiments.ledgers import read_ledgers
    from demilsim.experiments.sweep_result import SweepResult
    from demilsim.reporting.outputs import HowRun
    from demilsim.reporting.sweep import claim_folder, read_sweep_run

    console, started = Console(quiet or json), time.monotonic()
    experiments = [read_sweep_run(folder) for folder in folders]
    target = out or folders[0]
    for experiment in experiments:
        claim_folder(target, experiment)
    warn_of_base(experiments[0], console)
    ledger = read_ledgers(folders, study_of(experiments[0]))
    aside = other_versions_sentence(ledger.other_versions())
    if aside:
        console.warn(aside)
    result = SweepResult(experiments[0], ledger, range(len(experiments[0].rows)))
    run = HowRun(("demilsim", *sys.argv[1:]), time.monotonic() - started, 1)
    _write(target, result, run, console, json)
    code = _code(target, result, console)
    ledger.close()
    raise typer.Exit(code)


def replay(
    folder: Annotated[Path, typer.Argument(help="Results folder of a sweep.", show_default=False)],
    row: Annotated[int, typer.Option(min=0, help="Row of design.csv.")],
    replication: Annotated[int, typer.Option(min=0, help="Number of the replication.")],
    json: Json = False,
) -> None:
    """Do one run of a sweep again.

    A run that failed and goes well now is kept.
    """
    from demilsim.experiments.replay import replay as replay_run
    from demilsim.reporting.sweep import read_sweep_run

    again = replay_run(folder, read_sweep_run(folder), row, replication)
    if json:
        print_json({"row": row, "replication": replication, "same": again.same, "values": again.values})
    else:
        for policy, values in again.values.items():
            for output, value in values.items():
                typer.echo(f"{policy} {output} {value!r}")
    console = Console(False)
    console.say(again.sentence)
    raise typer.Exit(ExitCode.TARGET_MISSED if again.same is False or not again.values else ExitCode.DONE)


def _choice(option: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise typer.BadParameter(f"{option}: expected one of {', '.join(known)} (got {text!r})")
    return text


def _write(out: Path, result: SweepResult, run: HowRun, console: Console, json: bool) -> None:
    """Write the results folder; a full disk at this point loses nothing."""
    from demilsim.errors import ResultsError, StoppedEarlyError
    from demilsim.reporting.sweep import write_sweep, write_sweep_run

    try:
        document = write_sweep(out, result)
        write_sweep_run(out, result.experiment, run)
    except ResultsError as error:
        raise StoppedEarlyError(f"{error}; all runs are kept, the same command writes the tables") from error
    if json:
        print_json(document)
    console.say(f"sweep: {out / 'results.csv'}")


def _code(out: Path, result: SweepResult, console: Console) -> int:
    """Return 1 if runs failed, 3 if some are not done; say which and what to do."""
    failures, holes = result.failures(), result.holes()
    if failures:
        first = failures[0]
        console.warn(f"{len(failures)} runs failed, the first: {first.error}")
        console.warn(
            f"do it again: demilsim replay {out} --row {first.row} --replication {first.replication}"
        )
    missing = sum(hole.missing for hole in holes) - len(failures)
    if missing:
        console.warn(
            f"{missing} runs are not done; results are partial, the first such row is {holes[0].row}"
        )
        return ExitCode.STOPPED_EARLY
    return ExitCode.TARGET_MISSED if failures else ExitCode.DONE


SWEEPS = (sweep, merge, replay)
"""In the order of the help."""
