"""Bootstrap of means: by another road, and where data leave nothing to resample."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.bootstrap import SEED, bootstrap
from demilsim.experiments.ensemble import Response, replicate
from demilsim.experiments.intervals import ensemble_intervals
from demilsim.experiments.statistics import estimate
from demilsim.planning.rules import DO_NOTHING
from demilsim.simulation.streams import Purpose, Streams, mixed_keys
from stories import RAISED, line, plan
from worlds import three_sites

VALUES = np.random.default_rng(21).standard_exponential((30, 3)) * [1.0, 1e6, 1e-6] + [0.0, 5e7, 0.0]


def test_deviations_are_those_of_the_samples() -> None:
    """Each studentised deviation is that of the replications which the keyed draws choose."""
    found = bootstrap(VALUES, 50)
    keys = mixed_keys(np.arange(50, dtype=np.uint64))
    chosen = (Streams(SEED, 0).uniform(Purpose.RESAMPLE, keys, 30) * 30).astype(int)
    for sample, rows in enumerate(chosen):
        drawn = VALUES[rows]
        own = (drawn.mean(axis=0) - VALUES.mean(axis=0)) / (drawn.std(axis=0, ddof=1) / 30**0.5)
        assert found.deviation[sample] == pytest.approx(own, rel=1e-6)


def test_blocks_and_other_outputs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An output has the same interval alone or among others, and to the last bit in one block or in many."""
    whole = bootstrap(VALUES, 199)
    assert bootstrap(VALUES[:, :1], 199).interval(0) == pytest.approx(whole.interval(0), rel=1e-12)
    monkeypatch.setattr("demilsim.experiments.bootstrap.BLOCK", 300)
    assert np.array_equal(bootstrap(VALUES, 199).deviation, whole.deviation)


def test_interval_leans_the_way_the_output_does() -> None:
    """The interval of a mean with a long tail to the right reaches further to the right than t does."""
    low, high = bootstrap(VALUES).interval(0)
    by_t = estimate(VALUES[:, 0])
    assert by_t.low < low < by_t.mean < by_t.high < high


def test_output_without_spread_is_a_point() -> None:
    """Equal values, with or without the rounding of their mean, are a point alone and among others."""
    values = np.column_stack([np.full(10, 0.1), np.zeros(10), np.arange(10.0)])
    found = bootstrap(values, 99)
    assert found.interval(0) == pytest.approx((0.1, 0.1))
    assert found.interval(1) == (0.0, 0.0)
    half = found.simultaneous([0, 1, 2])
    assert half[:2].tolist() == [0.0, 0.0]
    assert half[2] >= estimate(values[:, 2]).half_width


def test_lone_event_has_no_end() -> None:
    """One event in twelve: a third of the samples miss it, so nothing is known of the upper end."""
    values = np.zeros((12, 1))
    values[3] = 1.0
    found = bootstrap(values, 199)
    assert found.interval(0)[1] == np.inf
    assert found.simultaneous([0]).tolist() == [np.inf]


def test_ensemble_has_intervals_for_every_output() -> None:
    """Every policy, response and difference has an interval; the half-widths for all exceed those for one."""
    plans = {"nothing": DO_NOTHING, "some": plan(line("S1-L1", 80.0, 0, "RANGE")), "optimised": plan()}
    plans["optimised"] = plan(line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT"))
    ensemble = replicate(three_sites(parameters=RAISED), plans, 40, jobs=1)
    found = ensemble_intervals(ensemble, "optimised")
    assert found is not None
    assert len(found.policies) == 3 * (len(Response) - 1)
    low, high = found.policies["optimised", Response.COST]
    assert low < ensemble.estimate("optimised", Response.COST).mean < high
    for other in ("nothing", "some"):
        for response in Response:
            alone = ensemble.difference("optimised", other, response).half_width
            together = found.simultaneous[other, response]
            assert (together is None) == (alone is None), response
            if alone is not None and together is not None:
                assert together > alone or together == alone == 0.0, response
    none = ensemble_intervals(ensemble, "absent")
    assert none is not None
    assert not none.differences
