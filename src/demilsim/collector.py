"""The collector of cyclic garbage, where it finds nothing and looks through everything."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Stop the collector for a while, for this process; it also decorates functions.

    It is for work that makes many objects and hardly any cycles among them: reference counts free those, and
    the collector would look at all that is alive again and again.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
