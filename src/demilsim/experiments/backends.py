"""Where tasks run: in this process or in worker processes, with equal results.

A task is small, picklable and independent of every other; its result depends neither on where it ran nor on
what ran before it in the same chunk.
"""

from __future__ import annotations

import gc
import hashlib
import math
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import chain, repeat
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from demilsim.errors import DemilsimError, WorkerLostError

WORTH_SECONDS = 3.0
"""Work below which starting worker processes, with their imports, costs more than it gains [s]."""

LEAST_CHUNK_SECONDS = 0.2
"""Work of a chunk at the end: a thousand times what it costs to send one and to get an answer [s]."""

MOST_CHUNK_SECONDS = 2.0
"""Work of a chunk beyond which progress would be shown, and an interrupt obeyed, too late [s]."""

CHUNKS_PER_WORKER = 2
"""Chunks of what is left to do that each worker would get if all were equal: they shrink towards the end."""

MEASURED_SECONDS, MEASURED_TASKS = 0.02, 3
"""The first tasks run here and are timed, until one of both is reached: the very first warms up."""

AHEAD = 4
"""Chunks for each worker that may be under way or wait for an earlier one: memory stays flat."""

Task = TypeVar("Task")
Result = TypeVar("Result")

Packing = tuple[Callable[[list[Any]], Any], Callable[[Any], list[Any]]]
"""How the results of a chunk are made small in the worker, and how they are unpacked here."""


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
    *,
    chunk: int | None = None,
    packing: Packing | None = None,
) -> Iterator[Result]:
    """Yield the result of each task, in the order of the tasks.

    Parameters
    ----------
    function
        A module-level function of one task.
    tasks
        The tasks.
    jobs
        Worker processes; 1 runs in this process. The first tasks always run here: if the rest would take
        less than starting the workers, they are not started.
    initialise, shared
        Called once in each process with what all tasks share.
    chunk
        Tasks that are sent at a time; by default chosen by the time that tasks take.
    packing
        For results that are large or of many parts.

    Raises
    ------
    WorkerLostError
        If a worker process was killed. Whatever a task raises is raised here, in the order of the tasks.
    """
    initialise(*shared)
    if jobs == 1:
        yield from map(function, tasks)
        return
    done, spent, seconds = 0, 0.0, math.inf
    for task in tasks[:MEASURED_TASKS]:
        begun = time.process_time()
        result = function(task)
        seconds = min(seconds, time.process_time() - begun)
        spent += time.process_time() - begun
        done += 1
        yield result
        if spent > MEASURED_SECONDS:
            break
    rest = tasks[done:]
    if seconds * len(rest) < WORTH_SECONDS or not rest:
        yield from map(function, rest)
        return
    job = pickle.dumps(_Job(function, initialise, shared, packing[0] if packing else list))
    unpack = packing[1] if packing else list
    with closing(_answers(job, _Chunks(rest, jobs, seconds, chunk))) as answers:
        for packed in answers:
            yield from unpack(pickle.loads(packed))


@dataclass(slots=True)
class _Chunks:
    """Chunks of tasks in order, of a size that suits what tasks have taken so far."""

    tasks: Sequence[Any]
    jobs: int
    seconds: float
    size: int | None
    taken: int = 0

    @property
    def left(self) -> bool:
        """Whether there are any more."""
        return self.taken < len(self.tasks)

    def next(self) -> Sequence[Any]:
        """Return the next chunk.

        Guided self-scheduling (Polychronopoulos and Kuck 1987, doi:10.1109/TC.1987.5009495): large chunks
        first, small ones at the end, so that all workers end at about the same time.
        """
        size = self.size or self._guided()
        chunk = self.tasks[self.taken : self.taken + size]
        self.taken += len(chunk)
        return chunk

    def _guided(self) -> int:
        seconds = max(self.seconds, MOST_CHUNK_SECONDS / len(self.tasks))
        least = math.ceil(LEAST_CHUNK_SECONDS / seconds)
        most = max(least, int(MOST_CHUNK_SECONDS / seconds))
        share = math.ceil((len(self.tasks) - self.taken) / (CHUNKS_PER_WORKER * self.jobs))
        return min(max(share, least), most)


class _Job(NamedTuple):
    """What a caller asks of workers: a function of one task, what it shares, and how results are packed."""

    function: Callable[[Any], Any]
    initialise: Callable[..., None]
    shared: tuple[Any, ...]
    pack: Callable[[list[Any]], Any]


class _Answer(NamedTuple):
    """What a worker made of a chunk: packed results, pickled, and CPU time per task [s]."""

    packed: bytes
    seconds_per_task: float


@cache
def worker_pool(jobs: int) -> ProcessPoolExecutor:
    """Return the workers, started once: their imports take longer than many an ensemble.

    If one of them is killed the pool is of no more use: `forget_pools`, and ask for a new one.

    Raises
    ------
    DemilsimError
        If each worker would run the caller's script, since that keeps nothing back from those who import it.
    """
    script = _unguarded_script()
    if script is not None:
        raise DemilsimError(
            f'{script.name}: expected what it does to stand under if __name__ == "__main__": worker '
            "processes import the script first, and would all do it again (or use jobs=1)"
        )
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(jobs, context, initializer=_live_with_the_caller)


def _unguarded_script() -> Path | None:
    """Return the script that this process runs, if it does all its work when it is imported."""
    main = sys.modules["__main__"]
    file = getattr(main, "__file__", None)
    if file is None or main.__spec__ is not None or not Path(file).is_file():
        return None
    return None if b"__main__" in Path(file).read_bytes() else Path(file)


def forget_pools() -> None:
    """Let the next call of `worker_pool` start new workers."""
    worker_pool.cache_clear()


def _live_with_the_caller() -> None:
    # An interrupt from the keyboard reaches all processes of a terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Workers of a caller that was killed would wait for work for ever.
    threading.Thread(target=_end_with_the_caller, daemon=True).start()


def _end_with_the_caller() -> None:
    caller = multiprocessing.parent_process()
    if caller is not None:
        caller.join()
        os._exit(1)


def _answers(job: bytes, chunks: _Chunks) -> Generator[bytes, None, None]:
    """Yield the pickled results of chunks in their order."""
    key = hashlib.sha256(job).hexdigest()
    # What all tasks share may be as large as their results: later chunks do without it.
    told = chain(repeat(job, chunks.jobs), repeat(None))
    under_way: deque[tuple[Sequence[Any], Future[_Answer | None]]] = deque()
    try:
        while chunks.left or under_way:
            pool = worker_pool(chunks.jobs)
            while chunks.left and len(under_way) < AHEAD * chunks.jobs:
                chunk = chunks.next()
                under_way.append((chunk, _sent(pool, key, next(told), chunk)))
            chunk, future = under_way.popleft()
            answer = future.result() or _sent(pool, key, job, chunk).result()
            assert answer is not None, "a worker knows what it has just been told"
            chunks.seconds = answer.seconds_per_task
            yield answer.packed
    except BrokenProcessPool as error:
        forget_pools()
        raise WorkerLostError(
            "a worker process ended before its work was done: no results were kept; run again, with fewer "
            "--jobs if memory is short"
        ) from error
    finally:
        for _, future in under_way:
            future.cancel()


def _sent(pool: Executor, key: str, job: bytes | None, chunk: Sequence[Any]) -> Future[_Answer | None]:
    with interrupts_held():
        return pool.submit(_work, key, job, chunk)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold back interrupts from the keyboard: a process that is started meanwhile never gets any."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Where it has to be started first, this lets interrupts through again.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_READY: dict[str, _Job] = {}
"""The one job that this worker was last initialised for, by key."""


def _work(key: str, pickled: bytes | None, tasks: Sequence[Any]) -> _Answer | None:
    """Do a chunk in a worker, initialised anew if it last worked for another caller.

    Return nothing if it has to be, and was not told the job.
    """
    if key not in _READY:
        if pickled is None:
            return None
        _READY.clear()
        gc.collect()
        _READY[key] = pickle.loads(pickled)
        _READY[key].initialise(*_READY[key].shared)
        # The collector of cycles would go through modules and a scenario, which stay, again and again.
        gc.freeze()
    job = _READY[key]
    started = time.process_time()
    results = [job.function(task) for task in tasks]
    # The pool's own protocol would copy every array once more.
    packed = pickle.dumps(job.pack(results), pickle.HIGHEST_PROTOCOL)
    return _Answer(packed, (time.process_time() - started) / len(tasks))
