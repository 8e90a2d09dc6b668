"""Where tasks run: in this process or in worker processes, with equal results.

A task is small, picklable and independent of every other; its result does not depend on where it ran.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from typing import Any, TypeVar

WORTH_SECONDS = 3.0
"""Work below which starting worker processes, with their imports, costs more than it gains [s]."""

Task = TypeVar("Task")
Result = TypeVar("Result")


def available_cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
    initialise: Callable[..., None],
    shared: tuple[Any, ...],
) -> Iterator[Result]:
    """Yield the result of each task, in the order of the tasks.

    Parameters
    ----------
    function
        A module-level function of one task.
    tasks
        The tasks.
    jobs
        Worker processes; 1 runs in this process. The first task always runs here: if the rest would take
        less than starting the workers, they are not started.
    initialise, shared
        Called once in each process with what all tasks share.
    """
    initialise(*shared)
    started = time.perf_counter()
    yield function(tasks[0])
    rest = tasks[1:]
    left_seconds = (time.perf_counter() - started) * len(rest)
    if jobs == 1 or left_seconds < WORTH_SECONDS:
        yield from map(function, rest)
        return
    payload = pickle.dumps((initialise, shared))
    key = hashlib.sha256(payload).hexdigest()
    calls = [(key, payload, function, task) for task in rest]
    try:
        yield from _pool(jobs).map(_call, calls)
    except BrokenProcessPool:
        _pool.cache_clear()
        raise


@cache
def _pool(jobs: int) -> ProcessPoolExecutor:
    """Return the workers, started once: their imports take longer than many an ensemble."""
    return ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))


_READY: list[str] = []
"""Key of what this worker was last initialised with."""


def _call(call: tuple[str, bytes, Callable[[Task], Result], Task]) -> Result:
    """Do one task in a worker, initialised anew if it last worked for another caller."""
    key, payload, function, task = call
    if [key] != _READY:
        initialise, shared = pickle.loads(payload)
        initialise(*shared)
        _READY[:] = [key]
    return function(task)
