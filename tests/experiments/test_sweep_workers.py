"""Sweeps behind processes and Dask: the same bits, and what happens when a worker or a scheduler is lost."""

from __future__ import annotations

import multiprocessing
import os
import signal
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demilsim.errors import StoppedEarlyError
from demilsim.experiments import backends
from demilsim.experiments.block import Block, Outcome, study_of
from demilsim.experiments.dispatch import ATTEMPTS, dispatch
from demilsim.experiments.experiment import Experiment
from demilsim.experiments.sweep import How, Progress, sweep
from demilsim.experiments.workers import Backend, Workers
from sweeps import fingerprint


def test_lost_worker_costs_nothing(
    experiment: Experiment, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of two processes is killed at a quarter: all replications are there, equal hash."""
    monkeypatch.setattr(backends, "WORTH_SECONDS", 0.0)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        children = [child.pid for child in multiprocessing.active_children() if child.pid]
        if not killed and children and 4 * progress.done >= progress.of:
            os.kill(children[0], signal.SIGKILL)
            killed.append(children[0])

    result = sweep(experiment, tmp_path / "out", how=How(jobs=2, chunk=7), progress=kill)
    assert killed
    assert result.holes() == []
    assert fingerprint(result, tmp_path) == expected


class Fragile(Executor):
    """Breaks on one block, as a pool does whose worker was killed."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done or broken."""
        future: Future[Any] = Future()
        if args[0].first == 3:
            future.set_exception(BrokenProcessPool("killed"))
        else:
            future.set_result(Outcome(np.zeros((1, 2, 4)), (), 0.0, 0.0))
        return future


def test_block_that_kills_its_worker_is_given_up(experiment: Experiment) -> None:
    """It is a failed run after as many losses as are allowed; all others are done."""
    renewed: list[int] = []
    workers = Workers(Fragile, lambda: renewed.append(1), lambda: 2, lambda: 4, lambda: None)
    blocks = iter([Block("row", (), number, 1) for number in range(8)])
    found = {block.first: outcome for block, outcome in dispatch(workers, study_of(experiment), blocks)}
    assert sorted(found) == list(range(8))
    assert [number for number, outcome in found.items() if outcome.failures] == [3]
    assert f"killed {ATTEMPTS} workers" in found[3].failures[0].error
    assert len(renewed) == ATTEMPTS


@pytest.mark.soak
@pytest.mark.parametrize("backend", [Backend.PROCESSES, Backend.DASK])
@pytest.mark.parametrize("chunk", [1, 7, 50])
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_workers_change_no_bit(
    experiment: Experiment, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    backend: Backend, jobs: int, chunk: int,
) -> None:  # fmt: skip
    """1, 2 and 3 workers behind either backend, with chunks of 1, 7 and 50, give the same tables."""
    monkeypatch.setattr(backends, "WORTH_SECONDS", 0.0)
    result = sweep(experiment, tmp_path / "out", how=How(jobs=jobs, backend=backend, chunk=chunk))
    assert fingerprint(result, tmp_path) == expected


def test_stopped_sweep_goes_on(experiment: Experiment, expected: str, tmp_path: Path) -> None:
    """A sweep that cannot go on after some blocks keeps them, and the next call ends equal."""

    def stop(progress: Progress) -> None:
        if progress.done > 60:
            raise StoppedEarlyError("no answer")

    how = How(backend=Backend.SERIAL, chunk=7)
    with pytest.raises(StoppedEarlyError):
        sweep(experiment, tmp_path / "out", how=how, progress=stop)
    seen: list[Progress] = []
    result = sweep(experiment, tmp_path / "out", how=how, progress=seen.append)
    assert seen[0].before > 60
    assert fingerprint(result, tmp_path) == expected
