"""Where tasks run: in this process or in worker processes, with equal results.

A task is small, picklable and independent of every other; its result does not depend on where it ran.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

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
        Worker processes; 1 runs in this process.
    initialise, shared
        Called once in each process with what all tasks share.
    """
    if jobs == 1 or len(tasks) == 1:
        initialise(*shared)
        yield from map(function, tasks)
        return
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(tasks))
    with ProcessPoolExecutor(workers, context, initialise, shared) as pool:
        yield from pool.map(function, tasks)
