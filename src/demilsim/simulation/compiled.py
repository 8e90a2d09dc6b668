"""Whether compiled kernels are used (extra `fast`): if numba is there and nobody turned them off."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec

SWITCH = "DEMILSIM_FAST"
"""Environment variable that turns compiled kernels off if it is 0."""


def compiled() -> bool:
    """Return whether compiled kernels are to be used."""
    return os.environ.get(SWITCH) != "0" and _numba_is_there()


@cache
def _numba_is_there() -> bool:
    return find_spec("numba") is not None
