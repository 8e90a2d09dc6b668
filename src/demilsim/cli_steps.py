"""Steps that commands share: loading a scenario, what is printed last, and the exit code that is promised."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from demilsim.terminal import Console, ExitCode

if TYPE_CHECKING:
    from demilsim.experiments.experiment import Experiment
    from demilsim.experiments.precision import Precision, PrecisionReached
    from demilsim.model.cautions import Caution
    from demilsim.reporting.outputs import HowRun
    from demilsim.scenario.resolve import Resolved
    from demilsim.scenario.scenario import Scenario


def precision_asked(texts: list[str], least: int, most: int | None) -> Precision | None:
    """Return the precision that --precision asks for, None without it."""
    if not texts:
        if most is not None:
            raise typer.BadParameter("--max-replications: expected only with --precision")
        return None
    from demilsim.experiments.precision import parse_precision

    return parse_precision(texts, least, most)


def how_run(started: float, jobs: int | None) -> HowRun:
    """Return the command, and how long it took since `started` [s, monotonic]."""
    from demilsim.experiments.backends import available_cores
    from demilsim.reporting.outputs import HowRun

    command = ("demilsim", *sys.argv[1:])
    return HowRun(command, time.monotonic() - started, jobs or available_cores())


def precision_code(reached: PrecisionReached | None, console: Console) -> int:
    """Return 1 and say what is missing if the replications ran out before the precision was reached."""
    if reached is None or reached.met:
        return ExitCode.DONE
    from demilsim.experiments.precision import missed

    console.warn(f"target missed: {missed(reached)}")
    return ExitCode.TARGET_MISSED


def plan_code(programme: Any, console: Console) -> int:
    """Return 0 if the optimiser met its gap, else 1; say who made the plan if it was not the optimiser.

    What is noted about the plan is told too; if all went well, not to those who asked for quiet.
    """
    result = programme.result
    met = result is not None and result.status.value == "optimal"
    for note in (*(result.notes if result else ()), *programme.notes):
        (console.say if met else console.warn)(f"note: {note}")
    if met:
        return ExitCode.DONE
    status = result.status.value if result else "without a plan"
    console.warn(f"target missed: optimiser {status}; the plan is from {programme.plan.source}")
    return ExitCode.TARGET_MISSED


def printer(pdf: bool) -> Path | None:
    """Return the browser that prints the report, found before the work begins; None if none is asked for."""
    if not pdf:
        return None
    from demilsim.reporting.pdf import find_browser

    return find_browser()


def tell_earlier_plan(out: Path, console: Console) -> None:
    """Say the same of results of a plan; refuse to write over those of a sweep."""
    from demilsim.reporting.sweep import refuse_sweep

    refuse_sweep(out)
    tell_earlier(out, console, "summary.json", "plan.json")


def tell_earlier(out: Path, console: Console, *files: str) -> None:
    """Say, before the work begins and after its input is read, that earlier results will be written over."""
    there = [name for name in files if (out / name).is_file()]
    if there:
        console.say(f"{out}: results of an earlier command will be replaced ({', '.join(there)})")


def tell_left_over(out: Path, console: Console) -> None:
    """Say which files of plans in a folder are not of the results there, and were not ours to remove."""
    from demilsim.reporting.earlier import left_over

    names = left_over(out)
    if names:
        console.warn(
            f"{out}: not of these results: {', '.join(names)}; not known to be as demilsim wrote them, so "
            "left there; move away what you do not want beside them"
        )


def finish(out: Path, json: bool, console: Console, browser: Path | None = None) -> None:
    """Print the report if there is a browser for it, say where it is; with --json print the summary."""
    tell_left_over(out, console)
    if json:
        typer.echo((out / "summary.json").read_text(encoding="utf-8"), nl=False)
    console.say(f"report: {out / 'report.html'}")
    if browser:
        from demilsim.reporting.pdf import write_pdf

        console.say(f"PDF: {write_pdf(out / 'report.html', browser)}")


def print_json(document: Any) -> None:
    """Print a document as JSON."""
    from demilsim.reporting.tables import json_text

    typer.echo(json_text(document), nl=False)


def tell_findings(document: dict[str, Any], json: bool, console: Console) -> None:
    """Print what a study found, as JSON if asked, and tell it in sentences."""
    if json:
        print_json(document)
    for sentence in document["sentences"]:
        console.say(sentence)


def load(path: Path, pairs: list[str]) -> Scenario:
    """Return a scenario with the values of --set in place of its own."""
    from demilsim.scenario.loader import load_scenario

    return load_scenario(path, overrides_of(pairs))


def load_warned(path: Path, pairs: list[str], console: Console) -> tuple[Scenario, tuple[Caution, ...]]:
    """Return a scenario as `load` does and what `demilsim check` warns of, which is told in short."""
    from demilsim.scenario.loader import load_resolved

    resolved = load_resolved(path, overrides_of(pairs))
    return resolved.scenario, warn_of([resolved], console)


def warn_of(scenarios: Iterable[Resolved], console: Console) -> tuple[Caution, ...]:
    """Tell in a line of each kind what `demilsim check` warns of; return all, those of several once."""
    from demilsim.model.cautions import caution_summary, cautions

    found = tuple(dict.fromkeys(one for resolved in scenarios for one in cautions(resolved)))
    for line in caution_summary(found, "demilsim check tells them"):
        console.warn(line)
    return found


def warn_of_base(experiment: Experiment, console: Console) -> None:
    """Tell what `demilsim check` warns of in the scenario whose values an experiment varies."""
    from demilsim.scenario.loader import load_resolved

    warn_of([load_resolved(experiment.folder)], console)


def overrides_of(pairs: list[str]) -> dict[str, str]:
    """Return the values of --set by path, each given once."""
    from demilsim.scenario.paths import split_assignment

    overrides: dict[str, str] = {}
    for pair in pairs:
        assignment = split_assignment(pair)
        if assignment is None:
            raise typer.BadParameter(f"--set: expected PATH=VALUE (got {pair!r})")
        path, value = assignment
        if path in overrides:
            raise typer.BadParameter(f"--set: expected {path} once (got {overrides[path]!r} and {value!r})")
        overrides[path] = value
    return overrides
