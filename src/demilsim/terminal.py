"""What a terminal sees: progress, problems one line each, and exit codes."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING

import typer

from demilsim.errors import BrowserError, DemilsimError, SolverError, StoppedEarlyError, WorkerLostError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from demilsim.experiments.sweep import Progress as SweepProgress

RESUMES = "what was done is kept: the same command resumes, demilsim merge {out} writes its tables"
"""What is said of a sweep that is interrupted."""

LINE_SECONDS = 30.0
"""Time after which a heartbeat is written where there is no terminal, however little was done [s]."""


EXPECTED = {
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_parsing": "expected a number",
    "greater_than_equal": "expected {ge} or more",
}
"""What is said of an option whose value cannot be read, by what its reader calls that."""


class ExitCode(IntEnum):
    """What the exit code of a command means."""

    DONE = 0
    TARGET_MISSED = 1
    INPUT_WRONG = 2
    STOPPED_EARLY = 3
    INTERRUPTED = 130


class Bar:
    """Progress of replications: a bar on a terminal, a line at each tenth elsewhere, or nothing."""

    def __init__(self, console: Console, total: int, progress: Progress | None) -> None:
        self._console = console
        self._total = total
        self._done = 0
        self._progress = progress
        self._task: TaskID | None = progress.add_task("replications", total=total) if progress else None

    def advance(self, count: int) -> None:
        """Count finished work."""
        before, self._done = self._done, self._done + count
        if self._progress and self._task is not None:
            self._progress.advance(self._task, count)
        elif 10 * self._done // self._total > 10 * before // self._total:
            self._console.say(f"{self._done} of {self._total}")


class Console:
    """Progress on stderr, so that stdout holds only what was asked for."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet

    def say(self, text: str, over: bool = False) -> None:
        """Print a line of progress unless quiet; one that the next is to be written over has no end."""
        if not self._quiet:
            typer.echo(f"\r{text}\x1b[K" if over else text, err=True, nl=not over)

    def warn(self, text: str) -> None:
        """Print a line even when quiet."""
        typer.echo(text, err=True)

    @contextmanager
    def progress(self, total: int) -> Iterator[Bar]:
        """Show progress towards `total` while the block runs."""
        if self._quiet or not sys.stderr.isatty():
            yield Bar(self, total, None)
            return
        from rich.console import Console as RichConsole
        from rich.progress import Progress

        with Progress(console=RichConsole(stderr=True), transient=True) as progress:
            yield Bar(self, total, progress)


class Heartbeat:
    """How far a sweep is: one line that is written over on a terminal, a line at each tenth elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = self._told = time.monotonic()
        self._tenth = -1

    def beat(self, progress: SweepProgress) -> None:
        """Tell how far it is, if it is time."""
        now = time.monotonic()
        tenth = 10 * progress.done // max(progress.of, 1)
        on_terminal = sys.stderr.isatty()
        if not on_terminal and tenth <= self._tenth and now - self._told < LINE_SECONDS:
            return
        self._told, self._tenth = now, tenth
        self._console.say(heartbeat_text(progress, now - self._started), over=on_terminal)

    def end(self) -> None:
        """Leave the last line where it is."""
        if sys.stderr.isatty() and self._tenth >= 0:
            self._console.say("")


def heartbeat_text(progress: SweepProgress, seconds: float) -> str:
    """Return ``n of N, ETA h:mm:ss, failed k`` after some time since the start of this run [s]."""
    fresh, left = progress.done - progress.before, progress.of - progress.done
    eta = str(dt.timedelta(seconds=round(seconds * left / fresh))) if fresh else "unknown"
    return f"{progress.done} of {progress.of}, ETA {eta}, failed {progress.failed}"


@contextmanager
def stoppable(console: Console, kept: str) -> Iterator[None]:
    """Say what is kept when long work is interrupted, by the keyboard or by a queue that ends its jobs.

    SIGTERM, which batch systems send a while before they kill, counts as an interrupt.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.warn(kept)
        raise
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def usage_text(usage: typer.TyperException) -> str:
    """Return what is wrong with an option; values that could not be read are named as they were typed."""
    text, problems = usage.format_message(), getattr(usage.__cause__, "errors", None)
    if problems is None:
        return text
    found = problems()[0]
    option, _, told = text.partition(": ")
    expected = EXPECTED.get(found["type"])
    if expected is None:
        return f"{option}: {told.removeprefix('Value error, ')}"
    return f"{option}: {expected.format(**found.get('ctx', {}))} (got {found['input']!r})"


def guarded(app: typer.Typer) -> int:
    """Run the application; turn every error into plain lines on stderr and a documented exit code."""
    debug = "--debug" in sys.argv
    try:
        code = app(standalone_mode=False)
        if code == ExitCode.INTERRUPTED:
            # Typer turns Ctrl-C into a code without a word.
            typer.echo("interrupted", err=True)
        return int(code) if isinstance(code, int) else ExitCode.DONE
    except typer.Exit as finished:
        return finished.exit_code
    except typer.TyperException as usage:
        typer.echo(usage_text(usage), err=True)
        return ExitCode.INPUT_WRONG
    except (KeyboardInterrupt, typer.Abort):
        typer.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except DemilsimError as error:
        if debug:
            raise
        for line in str(error).splitlines():
            typer.echo(line, err=True)
        if isinstance(error, StoppedEarlyError):
            return ExitCode.STOPPED_EARLY
        return (
            ExitCode.TARGET_MISSED
            if isinstance(error, BrowserError | SolverError | WorkerLostError)
            else ExitCode.INPUT_WRONG
        )
    except Exception as error:
        if debug:
            raise
        typer.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("this is a defect of demilsim; please report it with the output of --debug", err=True)
        return ExitCode.TARGET_MISSED
