"""A model as a file, with all digits."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.optimisation.cbc import cbc_path, solve_lp_cbc
from demilsim.optimisation.mps import mps_text
from demilsim.optimisation.rows import Sense
from optimisation.instances import model


def test_file_by_hand() -> None:
    """Three senses, a column that occurs nowhere, bounds on both sides, a fixed column; no integers."""
    rows = [
        ([1.0, 0.0, 0.1], Sense.AT_MOST, 2.0),
        ([0.0, 0.0, 1.0], Sense.EQUAL, 0.0),
        ([-1.0, 0.0, 0.0], Sense.AT_LEAST, -7.5),
    ]
    bounds = (np.array([0.5, 0.0, 1.0]), np.array([9.0, np.inf, 1.0]))
    assert mps_text(model([1.5, 0.0, -1.0], rows, [9.0] * 3), 2.0, bounds).splitlines() == [
        "NAME demilsim FREE",
        "ROWS", " N COST", " L R0", " E R1", " G R2",
        "COLUMNS",
        " C0 COST 3.0", " C0 R0 1.0", " C0 R2 -1.0",
        " C1 COST 0.0",
        " C2 COST -2.0", " C2 R0 0.1", " C2 R1 1.0",
        "RHS", " RHS R0 2.0", " RHS R2 -7.5",
        "BOUNDS", " LO BOUND C0 0.5", " UP BOUND C0 9.0", " FX BOUND C2 1.0",
        "ENDATA",
    ]  # fmt: skip


def test_model_has_its_own_bounds_and_scale() -> None:
    """Without others, columns lie between zero and their upper bounds, and costs are as they are."""
    text = mps_text(model([1.5, 1.0], [([1.0, 1.0], Sense.AT_MOST, 2.0)], [9.0, np.inf]))
    assert " C0 COST 1.5" in text
    assert text.partition("BOUNDS")[2].split() == ["UP", "BOUND", "C0", "9.0", "ENDATA"]


@pytest.mark.parametrize("coefficient", [1.0 / 3.0, 0.1, 1.23456789012345e-5, 98_765.4321098765])
def test_no_digit_is_lost_on_the_way(coefficient: float) -> None:
    """CBC divides 1 by the coefficient itself; 13 of its digits are off by up to 5e-14."""
    path = cbc_path()
    assert path is not None, "the tests need CBC"
    rows = [([coefficient], Sense.AT_MOST, 1.0)]
    _, point = solve_lp_cbc(model([-1.0], rows, [np.inf], integer=False), path)
    assert point is not None
    assert coefficient * point.values[0] == pytest.approx(1.0, rel=1e-15, abs=0.0)
