"""Workers of a sweep: this process, processes of this machine, or Dask; all behind an `Executor`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from demilsim.errors import DemilsimError
from demilsim.experiments.backends import AHEAD, forget_pools, worker_pool


class Backend(StrEnum):
    """Where blocks are done."""

    SERIAL = "serial"
    PROCESSES = "processes"
    DASK = "dask"


class SerialExecutor(Executor):
    """An executor that does what is submitted at once, in this thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done. An interrupt is not kept in it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def cancel(under_way: Iterable[Future[Any]]) -> None:
    """Cancel what has not begun."""
    for future in under_way:
        future.cancel()


@dataclass(frozen=True, slots=True)
class Workers:
    """An executor and what a dispatcher has to know about it.

    Parameters
    ----------
    executor
        Returns the executor: another one after it was renewed.
    renew
        Replaces the executor after it broke.
    slots
        How many blocks are done at the same time, now.
    window
        How many blocks may be under way, now.
    check
        Raises `StoppedEarlyError` if no answer will come any more.
    give_up
        Lets go of what is under way, when nobody waits for it any more.
    """

    executor: Callable[[], Executor]
    renew: Callable[[], None]
    slots: Callable[[], int]
    window: Callable[[], int]
    check: Callable[[], None]
    give_up: Callable[[Iterable[Future[Any]]], None] = cancel


@contextmanager
def open_workers(backend: Backend, jobs: int, scheduler: str | None = None) -> Iterator[Workers]:
    """Give workers while a block runs.

    Parameters
    ----------
    backend
        Where.
    jobs
        How many of this machine.
    scheduler
        Address of a running Dask scheduler, as ``tcp://127.0.0.1:8786``; by default one is started on
        this machine, with its workers, that nobody else can reach.
    """
    if scheduler is not None and backend is not Backend.DASK:
        raise DemilsimError(f"--scheduler: expected only with --backend dask (got --backend {backend})")
    if backend is Backend.DASK:
        from demilsim.experiments.dask_workers import open_dask

        with open_dask(jobs, scheduler) as workers:
            yield workers
    elif backend is Backend.SERIAL or jobs == 1:
        alone = SerialExecutor()
        yield Workers(lambda: alone, _nothing, lambda: 1, lambda: 1, _nothing)
    else:
        yield Workers(
            lambda: worker_pool(jobs), forget_pools, lambda: jobs, lambda: AHEAD * jobs, _nothing,
            lambda _: _leave(jobs),
        )  # fmt: skip


def _leave(jobs: int) -> None:
    """Leave a pool to end by itself.

    It cancels its tasks better than we could: a signal that ends us may have ended its processes too, and a
    task that is cancelled behind its back makes a broken pool write a traceback to the terminal.
    """
    worker_pool(jobs).shutdown(wait=False, cancel_futures=True)
    forget_pools()


def _nothing() -> None:
    """There is nothing to do."""
