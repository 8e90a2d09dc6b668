"""Workers behind a Dask scheduler: of many machines, or of this one alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from demilsim.errors import DemilsimError, StoppedEarlyError
from demilsim.experiments.backends import AHEAD, interrupts_held
from demilsim.experiments.workers import Workers

LOOPBACK = "127.0.0.1"
UNSEEN = f"{LOOPBACK}:0"
"""Any free port that only this machine can reach."""

ALLOWED_FAILURES = 10
"""Workers that may die with a block before it is given up; most of them die of something else."""

CONNECT_SECONDS = 10.0
"""How long the scheduler may take to answer at all [s]."""

ANSWER_SECONDS = 25.0
"""How long it may leave a question unanswered before it counts as lost: one that is killed hangs up [s]."""


LOUD = ("distributed", "tornado")
"""Packages whose loggers write to the terminal by themselves."""


@contextmanager
def open_dask(jobs: int, scheduler: str | None) -> Iterator[Workers]:
    """Give workers of a running scheduler, or of one that is started here for the while, on loopback.

    Parameters
    ----------
    jobs
        Worker processes that are started here; of no meaning for a running scheduler.
    scheduler
        Address of a running scheduler.

    Raises
    ------
    DemilsimError
        If Dask is not installed, or no scheduler answers.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise DemilsimError(
            "--backend dask: expected Dask; install it with: pip install 'demilsim[cluster]'"
        ) from None
    settings = {"distributed.scheduler.allowed-failures": ALLOWED_FAILURES}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(settings))
        stack.enter_context(_quiet())
        address = scheduler
        if address is None:
            with interrupts_held():
                cluster = LocalCluster(
                    n_workers=jobs, threads_per_worker=1, host=LOOPBACK, silence_logs=logging.CRITICAL,
                    # Left out, the scheduler's page is served to all the network, on one port for all.
                    dashboard_address=UNSEEN, worker_dashboard_address=UNSEEN,
                )  # fmt: skip
            stack.enter_context(cluster)
            address = cluster.scheduler_address
        try:
            client = stack.enter_context(Client(address, timeout=CONNECT_SECONDS, set_as_default=False))
        except (OSError, ValueError) as error:
            raise DemilsimError(f"--scheduler: {address}: no Dask scheduler answers: {error}") from None
        executor = client.get_executor(pure=False)
        # Blocks that are under way must not be waited for when the scheduler is gone.
        stack.callback(executor.shutdown, wait=False)
        state = _Scheduler(client, address)
        yield Workers(lambda: executor, _never, state.threads, lambda: AHEAD * state.threads(), state.check)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep to itself what Dask says about workers that come and go, and a scheduler that is lost."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in LOUD]
    before = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


class _Scheduler:
    """What a scheduler was last heard to have."""

    def __init__(self, client: Any, address: str) -> None:
        self._client, self._address = client, address
        self._threads = 1
        self.check()

    def threads(self) -> int:
        """Return how many blocks all workers can do at the same time; 1 if there is none yet."""
        return self._threads

    def check(self) -> None:
        """Ask the scheduler for its workers; raise `StoppedEarlyError` if it does not answer."""
        try:
            found = self._client.sync(self._client.scheduler.ncores, callback_timeout=ANSWER_SECONDS)
        except Exception as error:
            raise StoppedEarlyError(
                f"{self._address}: the Dask scheduler is lost ({type(error).__name__}); what was done is "
                "kept. Start the scheduler and its workers again; then the same command resumes"
            ) from error
        self._threads = max(sum(found.values()), 1)


def _never() -> None:
    raise AssertionError("Dask's executor does not break; its scheduler is lost or it is not")
