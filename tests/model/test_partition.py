from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demilsim.model.partition import partition


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.floats(-1e6, 1e6)), max_size=30))
def test_sums_agree_with_a_loop(members: list[tuple[int, float]]) -> None:
    """Members in any order, parts empty or not: the sums are those of a plain loop."""
    expected = [0.0] * 6
    for part, value in members:
        expected[part] += value
    parts = np.array([part for part, _ in members], dtype=np.int64)
    values = np.array([value for _, value in members], dtype=float)
    assert partition(parts, 6).sum(values) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_leading_axes_are_kept() -> None:
    """Each row of values is summed on its own, and parts without members are zero."""
    sums = partition(np.array([2, 0, 2]), 4).sum(np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]))
    assert sums.tolist() == [[2.0, 0.0, 4.0, 0.0], [20.0, 0.0, 40.0, 0.0]]


def test_no_members_at_all() -> None:
    """A stock without lots sums to zero in every storehouse."""
    empty = partition(np.array([], dtype=np.int64), 3)
    assert empty.sum(np.zeros((2, 0))).tolist() == [[0.0] * 3] * 2
