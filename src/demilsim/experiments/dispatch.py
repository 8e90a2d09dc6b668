"""Sends blocks to workers and takes outcomes as they come; a block whose worker was killed is sent again."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial

from demilsim.errors import StoppedEarlyError
from demilsim.experiments.backends import (
    CHUNKS_PER_WORKER,
    LEAST_CHUNK_SECONDS,
    MOST_CHUNK_SECONDS,
    interrupts_held,
)
from demilsim.experiments.block import Block, Outcome, Study, lost_block, run_block
from demilsim.experiments.workers import Workers

FIRST_COUNT = 4
"""Replications of a block before any has been timed."""

PREPARE_RATIO = 4.0
"""Work of a block over the work of making its row ready, at least, where a row is long enough [1]."""

ATTEMPTS = 3
"""A block that was alone when a worker was killed, so many times, is given up."""

CHECK_SECONDS = 1.0
"""How often it is asked whether answers will come at all [s]."""

KILLED = "KilledWorker"
"""Dask's error for a task that many workers did not survive; named, since Dask may not be there."""


@dataclass(slots=True)
class Sizes:
    """How many replications a block gets, by what blocks have taken so far.

    Parameters
    ----------
    fixed
        A number that the user gave; None to choose.
    """

    fixed: int | None = None
    _seconds: float = 0.0
    _prepare_seconds: float = 0.0

    def learn(self, outcome: Outcome) -> None:
        """Take note of how long a block took."""
        self._seconds = outcome.seconds_each or self._seconds
        self._prepare_seconds = max(self._prepare_seconds, outcome.prepare_seconds)

    def seconds(self, replications: int, rows: int) -> float:
        """Return the CPU time that replications of so many rows will take [s]; infinite if unknown."""
        if not self._seconds:
            return math.inf
        return replications * self._seconds + rows * self._prepare_seconds

    def size(self, left_of_row: int, left: int, slots: int) -> int:
        """Return the replications of the next block.

        Large ones first, small ones at the end, as in `backends`; but no row is cut more often than it must
        be, since each worker has to make it ready.

        Parameters
        ----------
        left_of_row, left
            Replications that are still to be sent, of this row and of all.
        slots
            Blocks that are done at the same time.
        """
        if self.fixed is not None:
            return min(self.fixed, left_of_row)
        if not self._seconds:
            return min(FIRST_COUNT, left_of_row)
        work = max(MOST_CHUNK_SECONDS, PREPARE_RATIO * self._prepare_seconds)
        least = math.ceil(LEAST_CHUNK_SECONDS / self._seconds)
        share = math.ceil(left / (CHUNKS_PER_WORKER * slots))
        size = max(min(math.ceil(work / self._seconds), share), least)
        return left_of_row if left_of_row < 2 * size else size


@dataclass(slots=True)
class _UnderWay:
    """Blocks that were sent, those to be sent again first, and how often each was."""

    sent: dict[Future[Outcome], tuple[Block, int]] = field(default_factory=dict)
    again: deque[tuple[Block, int]] = field(default_factory=deque)

    @property
    def suspect(self) -> bool:
        """Whether a block that was lost is under way or will be next."""
        return bool(self.again) or any(lost for _, lost in self.sent.values())

    def next(self, blocks: Iterator[Block]) -> tuple[Block, int] | None:
        """Return the next block and how often it was lost; None if there is none."""
        if self.again:
            return self.again.popleft()
        block = next(blocks, None)
        return (block, 0) if block else None


def dispatch(workers: Workers, study: Study, blocks: Iterator[Block]) -> Iterator[tuple[Block, Outcome]]:
    """Yield every block with its outcome, in the order in which they come.

    Parameters
    ----------
    workers
        Who does them.
    study
        What they share.
    blocks
        Asked for the next one when it can be sent.

    Raises
    ------
    StoppedEarlyError
        If no answer will come any more.
    """
    under_way, asked = _UnderWay(), time.monotonic()
    try:
        while True:
            _fill(workers, study, blocks, under_way)
            if not under_way.sent:
                if under_way.again:
                    continue
                return
            done, _ = wait(under_way.sent, timeout=CHECK_SECONDS, return_when=FIRST_COMPLETED)
            if not done or time.monotonic() - asked >= CHECK_SECONDS:
                workers.check()
                asked = time.monotonic()
            yield from _outcomes(workers, study, done, under_way)
    finally:
        if under_way.sent:
            workers.give_up(under_way.sent)


def _fill(workers: Workers, study: Study, blocks: Iterator[Block], under_way: _UnderWay) -> None:
    """Send blocks as far as the window reaches; one that was lost before is sent alone."""
    while len(under_way.sent) < workers.window():
        if under_way.sent and under_way.suspect:
            return
        following = under_way.next(blocks)
        if following is None:
            return
        with interrupts_held():
            try:
                future = workers.executor().submit(partial(run_block, study), following[0])
            except BrokenProcessPool:
                # A worker was killed between two blocks.
                workers.renew()
                under_way.again.append(following)
                return
        under_way.sent[future] = following


def _outcomes(
    workers: Workers, study: Study, done: set[Future[Outcome]], under_way: _UnderWay
) -> Iterator[tuple[Block, Outcome]]:
    """Yield what has come; put what was lost in front of what is sent next."""
    broken = False
    for future in done:
        block, lost = under_way.sent.pop(future)
        try:
            outcome = future.result()
        except BrokenProcessPool:
            broken = True
            if lost + 1 >= ATTEMPTS:
                yield block, lost_block(study, block, f"killed {ATTEMPTS} workers, or memory was short")
            else:
                under_way.again.append((block, lost + 1))
        except CancelledError:
            workers.check()
            raise StoppedEarlyError("the scheduler gave the work up; the same command resumes") from None
        except Exception as error:
            if type(error).__name__ != KILLED:
                raise
            yield block, lost_block(study, block, "killed several workers, or memory was short")
        else:
            yield block, outcome
    if broken:
        under_way.again.extend((block, lost + 1) for block, lost in under_way.sent.values())
        under_way.sent.clear()
        workers.renew()
