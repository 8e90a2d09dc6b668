"""Stoppages of many facilities as arrays against working time of each, and compiled against not."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.simulation import fast
from demilsim.simulation.stoppages import DENSE, Calendar, Stoppages, alternating
from demilsim.simulation.streams import Purpose, Streams, entity_keys
from demilsim.simulation.working_time import working_times

EDGES = np.array([0.0, 59.0, 334.0, 424.0, 699.0, 730.0])
SHARE = np.array([0.0, 5 / 7, 0.0, 1.0, 0.0])
MEANS = (40.0, 9.0)
PURPOSES = (Purpose.BREAKDOWN_UP, Purpose.BREAKDOWN_DOWN)
KEYS = entity_keys(["a", "b", "c"])


def drawn_stops(block: int = 64) -> tuple[np.ndarray, np.ndarray]:
    return alternating(Streams(5, 1).states(PURPOSES), KEYS, MEANS, float(EDGES[-1]), block)


@pytest.mark.parametrize("readings", [20, 8 * DENSE * 64])
def test_stoppages_are_working_time_as_arrays(readings: int) -> None:
    """W and its inverse are those of the paths made by merging, few readings or many."""
    start, end = drawn_stops()
    stoppages = Stoppages.of(Calendar.of(EDGES, SHARE), start, end)
    paths = working_times(EDGES, np.tile(SHARE, (3, 1)), start, end)
    asked = np.sort(np.random.default_rng(1).uniform(0.0, EDGES[-1], (3, readings)), axis=1)
    worked = stoppages.at(asked)
    some = slice(None, None, max(readings // 100, 1))
    for row, path in enumerate(paths):
        assert worked[row, some] == pytest.approx([path.at(day) for day in asked[row, some]], abs=1e-9)
    levels = np.sort(np.random.default_rng(2).uniform(0.0, 1.05 * worked.max(), (3, readings)), axis=1)
    levels[:, 0], levels[:, -1] = 0.0, np.inf
    when = stoppages.when(levels)
    for row, path in enumerate(paths):
        # No reading does not wait for the first spring; the first reading above it does.
        assert when[row, 0] == 0.0
        assert when[row, 1:][some] == pytest.approx([path.when(x) for x in levels[row, 1:][some]], abs=1e-9)
    assert np.isinf(when[:, -1]).all()


def test_closing_stoppages() -> None:
    """Closures that overlap stops and one another, or begin with the last day, are as of a path."""
    start, end = drawn_stops()
    stoppages = Stoppages.of(Calendar.of(EDGES, SHARE), start, end).row(1)
    path = working_times(EDGES, SHARE[None, :], start[1:2], end[1:2])[0]
    for closes, opens in (
        (100.0, 160.0),
        (150.0, 210.0),
        (start[1, 3] + 0.1, end[1, 3] + 1.0),
        (725.0, 730.0),
    ):
        stoppages, path = stoppages.closed(closes, opens), path.closed(closes, opens)
        asked = np.linspace(0.0, 730.0, 1461)
        assert stoppages.at(asked[None, :])[0] == pytest.approx([path.at(day) for day in asked], abs=1e-9)


def test_stops_in_turn_reach_the_horizon_whatever_the_block() -> None:
    """A block that is too short is drawn again longer, with the same beginning."""
    start, end = drawn_stops(block=1)
    longer, _ = drawn_stops(block=64)
    assert end[:, -1].min() >= EDGES[-1]
    assert start[:, 1:] == pytest.approx(end[:, :-1] + (start[:, 1:] - end[:, :-1]))
    assert np.array_equal(start, longer[:, : start.shape[1]])
    assert np.all(np.diff(np.stack([start, end], axis=2).reshape(3, -1), axis=1) > 0.0)


@pytest.mark.parametrize("block", [1, 64])
def test_compiled_stoppages_equal_the_others(block: int) -> None:
    """The compiled kernel draws the same stops and loses the same days."""
    calendar = Calendar.of(EDGES, SHARE)
    compiled = fast.alternating_stoppages(calendar, Streams(5, 1).states(PURPOSES), KEYS, MEANS, block)
    other = Stoppages.of(calendar, *drawn_stops())
    asked = np.tile(np.linspace(0.0, 730.0, 500), (3, 1))
    assert compiled.at(asked) == pytest.approx(other.at(asked), rel=1e-12, abs=1e-12)
    levels = np.tile(np.linspace(0.0, 350.0, 500), (3, 1))
    assert compiled.when(levels) == pytest.approx(other.when(levels), rel=1e-12)
