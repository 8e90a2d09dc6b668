"""Tasks for worker processes, which must be able to import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from demilsim.errors import Problem, ScenarioError

LONGEST_WAIT_S = 60.0
"""How long a worker waits for another one, which has to import everything first, before it is missed [s]."""

SHARED: list[Any] = []
"""What this process was last given to share."""


def share(*values: Any) -> None:
    """Keep what all tasks share."""
    SHARED[:] = values


def add_shared(number: int) -> int:
    """Return a number plus the shared one."""
    return number + int(SHARED[0])


def meet(_: int) -> int:
    """Return the process that a task ran in, once as many processes as expected have come.

    The folder, the caller and how many to expect are shared. The caller itself returns at once.
    """
    folder, caller, expected = SHARED
    if os.getpid() != caller:
        Path(folder, f"{os.getpid()}").touch()
        given_up = time.monotonic() + LONGEST_WAIT_S
        while len(list(Path(folder).iterdir())) < expected:
            if time.monotonic() > given_up:
                raise TimeoutError(f"expected {expected} worker processes within {LONGEST_WAIT_S:g} s")
            time.sleep(0.01)
    return os.getpid()


def die(number: int) -> int:
    """End this process as the system would, at the shared number."""
    if number == SHARED[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail(number: int) -> int:
    """Raise at the shared number and after it."""
    if number >= SHARED[0]:
        raise ScenarioError([Problem("lots.csv", number, "neq_kg", "wrong")])
    return number


def sleep_long(number: int) -> int:
    """Tell that it has begun, then sleep unless it is one of the first."""
    if number < SHARED[1]:
        return number
    Path(SHARED[0], f"{os.getpid()}").touch()
    time.sleep(0.5)
    return number
