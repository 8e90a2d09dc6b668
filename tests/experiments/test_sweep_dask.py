"""A sweep with Dask on loopback, a scheduler and two workers: one worker is lost, then the scheduler."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from demilsim.errors import DemilsimError, StoppedEarlyError
from demilsim.experiments import dask_workers
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.sweep import How, Progress, sweep
from demilsim.experiments.workers import Backend
from sweeps import files_of, fingerprint, spans_of, tiny_experiment

pytest.importorskip("distributed", reason="not run: distributed missing (extra cluster)")

LOST_SECONDS = 30.0
"""After this the client has ended when its scheduler is killed: row 3 of the claims on sweeps [s]."""

START_SECONDS = 120.0
"""A busy machine may take so long to start a program [s]."""


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its two workers, as a user starts them on a machine."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]


def started(command: str, *options: str) -> subprocess.Popen[bytes]:
    """Return a running program of Dask."""
    quiet = subprocess.DEVNULL
    arguments = [sys.executable, "-m", f"distributed.cli.{command}", "--no-dashboard", *options]
    return subprocess.Popen(arguments, stdout=quiet, stderr=quiet)


def address_in(file: Path) -> str:
    """Return the address that a scheduler writes once it listens."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        except (OSError, ValueError):
            time.sleep(0.02)
    raise AssertionError("the scheduler did not start")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Start a scheduler and two workers of one thread; end them."""
    file = tmp_path / "scheduler.json"
    programs = [
        started("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    ]
    try:
        address = address_in(file)
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
        pair = started("dask_worker", address, *options), started("dask_worker", address, *options)
        programs += pair
        yield Cluster(address, programs[0], pair)
    finally:
        for program in programs:
            program.kill()
            program.wait()


def at_a_quarter(act: Callable[[], None]) -> Callable[[Progress], None]:
    """Return a listener that acts once, when a quarter is done."""
    done: list[None] = []

    def listen(progress: Progress) -> None:
        if not done and 4 * progress.done >= progress.of:
            done.append(act())

    return listen


def on_both(cluster: Cluster) -> None:
    """Wait until both workers are known."""
    from distributed import Client

    with Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=START_SECONDS)


def test_lost_worker_then_lost_scheduler(
    experiment: Experiment, expected: str, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is killed at a quarter: all rows, equal hash. The scheduler is: it is told, and resumed equal.

    It is given less time to come back than a user gives it, and more to answer where the machine is busy; the
    soak test measures how long a user waits.
    """
    monkeypatch.setattr(dask_workers, "ANSWER_SECONDS", START_SECONDS)
    on_both(cluster)
    how = How(backend=Backend.DASK, scheduler=cluster.address, chunk=7)
    lose_worker = at_a_quarter(lambda: cluster.workers[0].send_signal(signal.SIGKILL))
    result = sweep(experiment, tmp_path / "worker", how=how, progress=lose_worker)
    assert cluster.workers[0].wait() == -signal.SIGKILL
    assert cluster.workers[1].poll() is None
    assert result.holes() == []
    assert fingerprint(result, tmp_path) == expected

    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 3.0)
    lose_scheduler = at_a_quarter(lambda: cluster.scheduler.send_signal(signal.SIGKILL))
    with pytest.raises(StoppedEarlyError, match=r"the Dask scheduler is lost .*the same command resumes"):
        sweep(experiment, tmp_path / "scheduler", how=how, progress=lose_scheduler)
    kept = sum(span.size for span in spans_of(tmp_path / "scheduler", experiment))
    assert 50 <= kept < 200
    again: list[Progress] = []
    serial = How(backend=Backend.SERIAL)
    result = sweep(experiment, tmp_path / "scheduler", how=serial, progress=again.append)
    assert again[0].before == kept
    assert fingerprint(result, tmp_path) == expected


def test_scheduler_that_is_not_there(experiment: Experiment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody listens, the address is named."""
    monkeypatch.setattr(dask_workers, "CONNECT_SECONDS", 0.2)
    how = How(backend=Backend.DASK, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(DemilsimError, match=r"--scheduler: tcp://127\.0\.0\.1:9: no Dask scheduler answers"):
        sweep(experiment, how=how)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_command_ends_when_its_scheduler_is_lost(cluster: Cluster, tmp_path: Path) -> None:
    """The command ends with 3 and one line within 30 s; on a new scheduler the same command ends equal."""
    on_both(cluster)
    experiment = tiny_experiment(tmp_path)
    program = (
        "from demilsim.experiments import dask_workers\n"
        f"dask_workers.ANSWER_SECONDS = {START_SECONDS}  # a busy machine is not a lost scheduler\n"
        "from demilsim.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "sweep", str(experiment.file), "--backend", "dask",
               "--chunk", "1", "--quiet"]  # fmt: skip
    out = tmp_path / "out"
    running = subprocess.Popen(
        [*command, "--out", str(out), "--scheduler", cluster.address], stderr=subprocess.PIPE, text=True
    )
    while not (out / "ledger.sqlite").exists() or len(spans_of(out, experiment)) < 50:
        assert running.poll() is None
        time.sleep(0.1)
    cluster.scheduler.kill()
    killed = time.monotonic()
    _, told = running.communicate(timeout=START_SECONDS)
    assert running.returncode == 3
    assert time.monotonic() - killed <= LOST_SECONDS
    assert told.startswith(f"{cluster.address}: the Dask scheduler is lost")
    assert told.count("\n") == 1
    file = tmp_path / "another.json"
    scheduler = started("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    worker = started("dask_worker", address_in(file), "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    try:
        options = ["--out", str(out), "--scheduler", address_in(file)]
        resumed = subprocess.run([*command, *options], stderr=subprocess.PIPE, text=True, check=False)
        assert (resumed.returncode, resumed.stderr) == (0, "")
    finally:
        for program in (worker, scheduler):
            program.kill()
            program.wait()
    plain = subprocess.run(
        [sys.executable, "-m", "demilsim", "sweep", str(experiment.file), "--backend", "serial", "--quiet",
         "--out", str(tmp_path / "plain")], check=False,
    )  # fmt: skip
    assert plain.returncode == 0
    assert files_of(out) == files_of(tmp_path / "plain")


def listening() -> list[str]:
    """Return the addresses at which this process and its own wait for others."""
    psutil = pytest.importorskip("psutil", reason="not run: psutil missing (comes with the extra cluster)")
    own = psutil.Process()
    return [
        socket.laddr.ip
        for process in (own, *own.children(recursive=True))
        for socket in process.net_connections(kind="tcp")
        if socket.status == psutil.CONN_LISTEN
    ]


def test_what_is_started_here_is_reached_from_here_alone() -> None:
    """Two schedulers at once, each with a worker: all that they open is on loopback, and they do not meet."""
    with dask_workers.open_dask(1, None), dask_workers.open_dask(1, None):
        opened = listening()
    assert len(opened) >= 4
    assert set(opened) == {dask_workers.LOOPBACK}
