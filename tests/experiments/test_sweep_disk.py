"""A sweep on a full or read-only disk, interrupted or told to end: message, code, and what is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import CommandLine
from demilsim import terminal
from demilsim.experiments import ledger_sqlite
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.sweep import How, Progress, sweep
from demilsim.experiments.workers import Backend
from demilsim.reporting.sweep import write_sweep
from sweeps import files_of, spans_of

FULL = "ledger.sqlite: database or disk is full; what was kept before is safe, the same command resumes\n"


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return the command line."""
    return CommandLine(monkeypatch, capfd)


@pytest.fixture(scope="module")
def expected(experiment: Experiment, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a sweep that nothing stopped."""
    folder = tmp_path_factory.mktemp("expected")
    write_sweep(folder, sweep(experiment, folder, how=How(backend=Backend.SERIAL)))
    return files_of(folder)


def arguments(experiment: Experiment, out: Path) -> list[str]:
    """Return the command line of a sweep in blocks of seven."""
    return [
        "sweep",
        str(experiment.file),
        "--out",
        str(out),
        "--backend",
        "serial",
        "--chunk",
        "7",
        "--quiet",
    ]


class Disk:
    """A disk of its own in memory, mounted at a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, options: str) -> None:
        """Mount it, or mount it otherwise."""
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(self.folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("not run: a disk of its own can only be mounted by root, on Linux")

    def unmount(self) -> None:
        """Take it away, also while a failed test still holds a file there."""
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Return a disk that is not mounted yet."""
    (tmp_path / "disk").mkdir()
    made = Disk(tmp_path / "disk")
    yield made
    made.unmount()


def check_it_ends_equal(
    cli: CommandLine, experiment: Experiment, out: Path, expected: dict[str, bytes], elsewhere: Path
) -> None:
    """Check that a sweep that was cut short can be read as it is, and that the same command completes it."""
    kept = sum(span.size for span in spans_of(out, experiment))
    assert 7 <= kept < 200
    merged = cli("merge", out, "--out", elsewhere)
    assert merged.code == 3
    assert f"{200 - kept} runs are not done" in merged.err
    assert (elsewhere / "results.csv").read_text(encoding="utf-8").count("\n") == 1 + 2 * kept
    done = cli(*arguments(experiment, out))
    assert (done.code, done.said) == (0, "")
    assert files_of(out) == expected


def test_database_that_may_not_grow(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """SQLite says that the disk is full: code 3, one line; what was kept is read, and gone on with."""
    out = tmp_path / "out"
    tables = ledger_sqlite._TABLES
    monkeypatch.setattr(ledger_sqlite, "_TABLES", f"{tables} PRAGMA max_page_count = 9;")
    stopped = cli(*arguments(experiment, out))
    assert (stopped.code, stopped.said) == (3, f"{out}/{FULL}")
    monkeypatch.setattr(ledger_sqlite, "_TABLES", tables)
    check_it_ends_equal(cli, experiment, out, expected, tmp_path / "merged")


@pytest.mark.soak
@pytest.mark.parametrize(
    ("kind", "size", "said"), [("sqlite", "96k", FULL), ("files", "24k", "No space left on device")]
)
def test_disk_that_is_full(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine, disk: Disk,
    kind: str, size: str, said: str,
) -> None:  # fmt: skip
    """A disk of a few blocks: code 3, one line; what was kept is read, and with room it ends equal."""
    disk.mount(f"size={size}")
    out = disk.folder / "out"
    stopped = cli(*arguments(experiment, out), "--ledger", kind)
    assert stopped.code == 3, stopped.err
    assert said in stopped.err
    assert stopped.said.count("\n") == 1
    disk.mount("remount,size=4m")
    check_it_ends_equal(cli, experiment, out, expected, tmp_path / "merged")


def test_disk_that_is_only_read(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine, disk: Disk
) -> None:
    """Nothing can be added: code 2 and a line that names the folder. What is there can all be read."""
    disk.mount("size=4m")
    out = disk.folder / "out"
    assert cli(*arguments(experiment, out)).code == 0
    disk.mount("remount,ro,size=4m")
    refused = cli(*arguments(experiment, out))
    assert refused.code == 2
    assert f"{out}/ledger.sqlite: " in refused.err
    assert "the folder cannot be written to; choose another --out" in refused.err
    other = cli(*arguments(experiment, out), "--ledger", "files")
    assert other.code == 2
    assert f"{out}: cannot be written to: Read-only file system; choose another --out" in other.err
    new = cli(*arguments(experiment, disk.folder / "new"))
    assert (new.code, new.said) == (
        2, f"{disk.folder}/new: cannot be made: Read-only file system; choose another --out\n"
    )  # fmt: skip
    merged = cli("merge", out, "--out", tmp_path / "merged")
    assert merged.code == 0, merged.err
    assert files_of(tmp_path / "merged") == expected
    again = cli("replay", out, "--row", "2", "--replication", "31")
    assert (again.code, again.err) == (0, "the same bits as before\n")


def test_ledger_that_is_none(experiment: Experiment, tmp_path: Path, cli: CommandLine) -> None:
    """A file of that name that is no database is called damaged; nothing is said to be safe in it."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "ledger.sqlite").write_text("notes" * 500, encoding="utf-8")
    refused = cli(*arguments(experiment, tmp_path / "out"))
    assert refused.code == 2
    assert (
        "ledger.sqlite: damaged: file is not a database; expected a ledger of demilsim sweep" in refused.err
    )
    assert "safe" not in refused.err


@pytest.mark.soak
def test_tables_that_cannot_be_written(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine
) -> None:
    """All is simulated, and no table can be made: code 3; with the way free the same command does."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "figures").write_text("in the way", encoding="utf-8")
    stopped = cli(*arguments(experiment, out))
    assert stopped.code == 3
    assert "all runs are kept, the same command writes the tables" in stopped.err
    (out / "figures").unlink()
    assert cli(*arguments(experiment, out)).code == 0
    assert files_of(out) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_or_told_to_end(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine, number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """At a quarter an interrupt, or what a queue sends before it kills: code 130, what to do, equal files."""
    out = tmp_path / "out"
    plain = terminal.Heartbeat.beat

    def beat(heartbeat: terminal.Heartbeat, progress: Progress) -> None:
        plain(heartbeat, progress)
        if 4 * progress.done >= progress.of > progress.done:
            monkeypatch.setattr(terminal.Heartbeat, "beat", plain)
            os.kill(os.getpid(), number)

    monkeypatch.setattr(terminal.Heartbeat, "beat", beat)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stopped = cli(*arguments(experiment, out))
    finally:
        signal.signal(signal.SIGINT, before)
    assert stopped.code == 130
    assert f"the same command resumes, demilsim merge {out} writes its tables" in stopped.err
    assert "Traceback" not in stopped.err
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert 50 <= sum(span.size for span in spans_of(out, experiment)) < 200
    done = cli(*arguments(experiment, out))
    assert (done.code, done.said) == (0, "")
    assert files_of(out) == expected


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("whole", [True, False], ids=["group", "command"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("backend", ["processes", "dask"])
def test_command_with_workers_is_stopped(
    experiment: Experiment,
    expected: dict[str, bytes],
    tmp_path: Path,
    cli: CommandLine,
    backend: str,
    number: int,
    whole: bool,
) -> None:
    """Signals to command and workers, or to the command alone: code 130, no word from workers, all gone."""
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from demilsim.experiments import backends; backends.WORTH_SECONDS = 0.0\n"
        "from demilsim.cli import main; main()"
    )
    out = tmp_path / "out"
    command = ["sweep", str(experiment.file), "--out", str(out), "--chunk", "1", "--quiet", "--jobs", "2"]
    running = subprocess.Popen(
        [sys.executable, "-c", program, *command, "--backend", backend], stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    while not (out / "ledger.sqlite").exists() or len(spans_of(out, experiment)) < 10:
        assert running.poll() is None
        time.sleep(0.05)
    (os.killpg if whole else os.kill)(running.pid, number)
    # The end of the pipe is reached when no worker is left.
    _, told = running.communicate(timeout=600)
    assert running.returncode == 130
    first, *rest = [line for line in told.splitlines() if not line.startswith("warning: ")]
    assert first.startswith("what was done is kept: the same command resumes")
    assert set(rest) <= {"interrupted"}
    assert cli(*arguments(experiment, out)).code == 0
    assert files_of(out) == expected
