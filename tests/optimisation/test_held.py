"""A linear program whose last columns are held keeps standard output clean from its first solve on."""

from __future__ import annotations

import subprocess
import sys

FIRST_SOLVE = """
import numpy as np
from demilsim.optimisation.assemble import Model
from demilsim.optimisation.held import hold
from demilsim.optimisation.rows import Columns, Rows, Sense
row = Rows("r", ("r",), np.zeros(2, int), np.arange(2), np.ones(2), Sense.AT_MOST, np.array([3.0]))
columns = Columns(("x", "y"), np.full(2, np.inf), np.zeros(2, bool))
value, _ = hold(Model(columns, (row,), np.array([-1.0, 0.0]), 0.0), 1).minimise(np.array([1.0]))
assert value == -2.0, value
"""


def test_the_first_solve_of_a_process_prints_nothing() -> None:
    """HiGHS prints its banner once a process, when it is given a model, and a renewal may be the first."""
    found = subprocess.run([sys.executable, "-c", FIRST_SOLVE], capture_output=True, text=True, check=True)
    assert (found.stdout, found.stderr) == ("", "")
