"""A sweep with worker processes, killed as a whole group: nothing lost, doubled or damaged; equal files."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pytest

from commands import CommandLine
from demilsim.experiments import backends, workers
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.ledgers import LedgerKind
from demilsim.experiments.sweep import How, sweep
from sweeps import files_of, spans_of, tiny_experiment

PROGRAM = """
import os
from demilsim import terminal
from demilsim.experiments import backends
backends.WORTH_SECONDS = 0.0
terminal.Heartbeat.beat = lambda self, progress: os.write(1, b".")
from demilsim.cli import main
main()
"""
"""The command, with workers however little there is to do, and a dot for every block that it tells of."""

BLOCK_BEFORE_WORKERS = 1
"""The first block is done by the command itself, to see what blocks take."""

MOST_WAIT_SECONDS = 0.05
"""How long after a block the kill comes at most: some blocks' time [s]."""


def sweep_arguments(experiment: Experiment, folder: Path, kind: LedgerKind) -> list[str]:
    """Return the command line of a sweep by two workers in blocks of seven replications."""
    return ["sweep", str(experiment.file), "--out", str(folder), "--jobs", "2", "--chunk", "7",
            "--ledger", kind, "--quiet"]  # fmt: skip


def group_of(leader: int) -> list[int]:
    """Return the processes of a group, where the system lists them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[2]) == leader:
                found.append(int(path.parent.name))
        except (OSError, ValueError):
            continue  # it has ended meanwhile
    return found


class Started(NamedTuple):
    """A sweep in a process group of its own: the leader, and where a dot comes for every block told of."""

    leader: int
    dots: BinaryIO


Start = Callable[[Experiment, Path, LedgerKind], Started]


def command(experiment: Experiment, folder: Path, kind: LedgerKind) -> Started:
    """Start the command of a user."""
    read, write = os.pipe()
    arguments = [sys.executable, "-c", PROGRAM, *sweep_arguments(experiment, folder, kind)]
    running = subprocess.Popen(arguments, stdout=write, start_new_session=True)
    running.returncode = 0  # it is waited for by its number, as a forked one
    os.close(write)
    return Started(running.pid, os.fdopen(read, "rb", buffering=0))


def forked(experiment: Experiment, folder: Path, kind: LedgerKind) -> Started:
    """Start the same sweep in a fork of this process, and its workers as forks: they need no imports."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        pool = ProcessPoolExecutor(2, multiprocessing.get_context("fork"))
        workers.worker_pool = lambda _: pool  # type: ignore[assignment]
        backends.WORTH_SECONDS = 0.0
        how = How(jobs=2, chunk=7, ledger=kind)
        sweep(experiment, folder, how=how, progress=lambda _: os.write(write, b"."))
        pool.shutdown()
        os._exit(0)
    os.close(write)
    return Started(child, os.fdopen(read, "rb", buffering=0))


def killed_after(started: Started, blocks: int, wait_s: float) -> int:
    """Kill a whole group after some blocks; return the blocks told of."""
    told = 0
    with started.dots as dots:
        while told < blocks and dots.read(1):
            told += 1
        if told == blocks and sys.platform == "linux":
            # The leader and two workers at least, unless it came to its end just now.
            assert len(group_of(started.leader)) >= 3 or not dots.read(1)
        time.sleep(wait_s)
        os.killpg(started.leader, signal.SIGKILL)
        # The end of this pipe is reached when none of them is left.
        told += len(dots.read())
    os.waitpid(started.leader, 0)
    return told


def survive(
    start: Start, experiment: Experiment, folder: Path, kind: LedgerKind, kills: int, seed: int
) -> int:
    """Kill a sweep so many times, or until it is done; return how often it was killed."""
    chance, known = random.Random(seed), 0
    for kill in range(kills):
        blocks = chance.randint(BLOCK_BEFORE_WORKERS + 1, 12)
        started = start(experiment, folder, kind)
        told = killed_after(started, blocks, chance.uniform(0.0, MOST_WAIT_SECONDS))
        spans = spans_of(folder, experiment)
        assert len(spans) >= known + told, "nothing that was told of is lost"
        if sum(span.size for span in spans) == len(experiment.rows) * experiment.replications:
            return kill
        known = len(spans)
    return kills


@pytest.fixture(scope="module")
def experiment(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """Return the tiny experiment."""
    return tiny_experiment(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """Return the command line."""
    return CommandLine(monkeypatch, capfd)


@pytest.fixture
def expected(experiment: Experiment, tmp_path: Path, cli: CommandLine) -> dict[str, bytes]:
    """Return the files of a sweep that nothing stopped, without workers."""
    done = cli("sweep", experiment.file, "--out", tmp_path / "plain", "--backend", "serial", "--quiet")
    assert done.code == 0, done.err
    return files_of(tmp_path / "plain")


def test_group_with_workers_is_killed(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine
) -> None:
    """Command and workers are killed together, five times in all, at random: the files end up equal.

    Twice it is the command of a user; thrice a fork, which starts sooner. A sweep that came to its end before
    the last of its kills is followed by another one.
    """
    for kind, start, wanted in ((LedgerKind.SQLITE, command, 2), (LedgerKind.FILES, forked, 3)):
        kills = number = 0
        while kills < wanted:
            folder = tmp_path / f"{kind}{number}"
            kills += survive(start, experiment, folder, kind, wanted - kills, seed=number)
            done = cli(*sweep_arguments(experiment, folder, kind), "--backend", "serial")
            assert (done.code, done.said) == (0, "")
            assert files_of(folder) == expected
            number += 1


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_group_with_workers_is_killed_two_hundred_times(
    experiment: Experiment, expected: dict[str, bytes], tmp_path: Path, cli: CommandLine
) -> None:
    """Forks of this process, at least 200 times; each sweep is killed until a run of it comes to its end."""
    kills = number = 0
    while kills < 200:
        kind = tuple(LedgerKind)[number % 2]
        folder = tmp_path / str(number)
        kills += survive(forked, experiment, folder, kind, 200, seed=1000 + number)
        done = cli(*sweep_arguments(experiment, folder, kind), "--backend", "serial")
        assert (done.code, done.said) == (0, "")
        assert files_of(folder) == expected
        number += 1
