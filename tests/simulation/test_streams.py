from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from demilsim.simulation import fast
from demilsim.simulation.streams import (
    Purpose,
    Streams,
    depth_for,
    entity_keys,
    exceeding,
    keyed_mantissas,
    uniform_of,
)

ALARM = 1e-4
"""P-value below which a fixed-seed test of fit fails: a good generator passes 9,999 seeds in 10,000."""


def test_golden_values() -> None:
    """One key gives the published numbers for ever: a change here changes every result."""
    keys = entity_keys(["L1", "L2"])
    assert keys.tolist() == [0xAD0D5786A003FB73, 0xDD1F66C347202127]
    uniform = Streams(1, 0).uniform(Purpose.AGEING_GAP, keys, 2)
    assert uniform.tolist() == [
        [0.8509319030163498, 0.6336276421476292],
        [0.5572213707255249, 0.034707125650016046],
    ]


def test_uniform_over_entities_positions_and_replications() -> None:
    """Draws are uniform along each axis on which they are read."""
    keys = entity_keys(f"lot{i}" for i in range(4000))
    over_entities = Streams(1, 0).uniform(Purpose.LOT_FACTOR, keys)[:, 0]
    over_positions = Streams(1, 0).uniform(Purpose.AGEING_GAP, keys[:1], 4000)[0]
    over_replications = np.array([Streams(1, r).uniform(Purpose.ROAD, keys[:1])[0, 0] for r in range(4000)])
    over_seeds = np.array([Streams(s, 0).uniform(Purpose.ROAD, keys[:1])[0, 0] for s in range(4000)])
    for sample in (over_entities, over_positions, over_replications, over_seeds):
        assert stats.kstest(sample, "uniform").pvalue > ALARM
        counts = np.bincount((sample * 20).astype(int), minlength=20)
        assert stats.chisquare(counts).pvalue > ALARM


@pytest.mark.parametrize("lag", ["position", "entity", "replication", "purpose", "seed"])
def test_neighbours_are_independent(lag: str) -> None:
    """Two draws whose keys differ in one part only fall into the cells of a square evenly."""
    keys = entity_keys(f"lot{i}" for i in range(3001))
    first = Streams(7, 3).uniform(Purpose.ROAD, keys, 2)
    second = {
        "position": first[:-1, 1],
        "entity": first[1:, 0],
        "replication": Streams(7, 4).uniform(Purpose.ROAD, keys)[:-1, 0],
        "purpose": Streams(7, 3).uniform(Purpose.ROAD_DEATHS, keys)[:-1, 0],
        "seed": Streams(8, 3).uniform(Purpose.ROAD, keys)[:-1, 0],
    }[lag]
    cells = np.histogram2d(first[:-1, 0], second, bins=8, range=[[0, 1], [0, 1]])[0]
    assert stats.chisquare(cells.ravel()).pvalue > ALARM
    assert abs(np.corrcoef(first[:-1, 0], second)[0, 1]) < 4.0 / np.sqrt(second.size)


def test_draw_depends_on_the_id_and_not_on_its_row() -> None:
    """Leaving out or reordering entities changes no other entity's draws."""
    ids = [f"lot{i}" for i in range(50)]
    streams = Streams(1, 5)
    whole = dict(zip(ids, streams.uniform(Purpose.AGEING_GAP, entity_keys(ids), 3).tolist(), strict=True))
    fewer = list(reversed(ids))[::3]
    part = streams.uniform(Purpose.AGEING_GAP, entity_keys(fewer), 3).tolist()
    assert part == [whole[name] for name in fewer]


def test_longer_block_begins_with_the_shorter() -> None:
    """Asking for more positions leaves the first ones as they were."""
    keys = entity_keys(["a", "b"])
    streams = Streams(1, 0)
    long = streams.uniform(Purpose.BASE_GAP, keys, 100)
    assert np.array_equal(long[:, :7], streams.uniform(Purpose.BASE_GAP, keys, 7))


def test_every_purpose_and_replication_has_its_own_draws() -> None:
    """No two purposes, replications or seeds share a number."""
    keys = entity_keys(["a", "b", "c"])
    values = [
        value
        for seed in (1, 2)
        for replication in range(20)
        for purpose in Purpose
        for value in Streams(seed, replication).uniform(purpose, keys, 4).ravel().tolist()
    ]
    assert len(set(values)) == len(values) == 2 * 20 * len(Purpose) * 12


def test_open_interval_and_exponentials() -> None:
    """Uniforms never reach 0 or 1, and exponentials are minus their logarithms, with mean 1."""
    keys = entity_keys(f"e{i}" for i in range(200))
    streams = Streams(3, 1)
    uniform = streams.uniform(Purpose.BREAKDOWN_UP, keys, 200)
    exponential = streams.exponential(Purpose.BREAKDOWN_UP, keys, 200)
    assert uniform.min() > 0.0
    assert uniform.max() < 1.0
    assert np.array_equal(exponential, -np.log(uniform))
    assert stats.kstest(exponential.ravel(), "expon").pvalue > ALARM


@pytest.mark.parametrize("mean", [0.0, 0.01, 1.0, 30.0, 1000.0])
def test_depth_holds_a_poisson_count(mean: float) -> None:
    """A block of draws is too short for a Poisson count less than once in 10^12 times."""
    assert stats.poisson.sf(depth_for(mean), mean) < 1e-12


def test_several_purposes_in_one_pass() -> None:
    """Asking for several purposes at once gives the numbers of asking for each."""
    keys = entity_keys(f"e{i}" for i in range(30))
    streams, purposes = Streams(4, 2), (Purpose.ROAD, Purpose.EXTENT, Purpose.BREAKDOWN_UP)
    together = streams.uniforms(purposes, keys, 5)
    assert np.array_equal(together, [streams.uniform(purpose, keys, 5) for purpose in purposes])
    assert np.array_equal(streams.exponentials(purposes, keys, 5), -np.log(together))


@pytest.mark.parametrize("found", [exceeding, fast.exceeding], ids=["numpy", "compiled"])
def test_entities_above_their_bounds(found: Callable[..., tuple[np.ndarray, np.ndarray]]) -> None:
    """Just those entities are found whose uniform deviate is above a bound of their own."""
    keys = entity_keys(f"e{i}" for i in range(2000))
    state = Streams(4, 2).states((Purpose.AGEING_GAP,))
    uniform = uniform_of(keyed_mantissas(state, keys, 1)[0, :, 0])
    bounds = np.linspace(0.2, 1.0, 2000)
    entities, mantissas = found(state, keys, (bounds * 2.0**53).astype(np.uint64))
    assert np.array_equal(entities, np.flatnonzero(uniform > bounds))
    assert np.array_equal(uniform_of(mantissas), uniform[entities])
    assert 500 < entities.size < 1100
