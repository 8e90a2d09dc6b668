"""How often one alternative does less harm: counted by hand, in closed form, and the same draws for all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demilsim.experiments.comparison_draws import (
    DrawComparison,
    common_draws,
    compare_under_draws,
    drawn_constants,
)
from demilsim.experiments.parameters import scrambled_draws, uncertain_constants
from demilsim.experiments.statistics import wilson_interval
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from worlds import facility, one_lot, world

RESPONDERS = "consequence.responders_per_event"
"""A constant by which deaths rise, whatever the others are."""

DRAWS = 32


def fixed_at(scenario: Scenario, key: str, value: float) -> Scenario:
    """Return a scenario in which a constant is known."""
    entries = dict(scenario.register.entries)
    known = {"value": value, "low": value, "high": value, "distribution": "fixed"}
    entries[key] = entries[key].model_copy(update=known)
    return replace(scenario, register=replace(scenario.register, entries=entries).overridden({}))


def quantile(scenario: Scenario, key: str, share: float) -> float:
    """Return a quantile of a constant's range."""
    (row,) = (row for row in uncertain_constants(scenario) if row.key == key)
    return float(row.quantile(np.array([share]))[0])


@pytest.mark.parametrize(
    ("seen", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_is_the_published_one(seen: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3."""
    assert wilson_interval(seen / n, n) == pytest.approx((low, high), abs=5e-5)


def test_chance_counts_draws_and_says_what_it_does_not_resolve() -> None:
    """Eight draws counted by hand: five fewer, two more, one tie as half; one sign is left in doubt."""
    differences = np.array(
        [
            [-2.0, -2.0],
            [-1.0, -1.0],
            [-3.0, -3.0],
            [-1.0, -1.0],
            [-4.0, 2.0],
            [1.0, 1.0],
            [2.0, 2.0],
            [0.0, 0.0],
        ]
    )
    found = DrawComparison(np.array([np.full((8, 2), 5.0), 5.0 + differences]), np.arange(8) % 4)
    chance = found.chance_fewer(1)
    assert chance.share == 5.5 / 8
    assert (chance.low, chance.high) == wilson_interval(5.5 / 8, 8)
    assert (chance.in_doubt, chance.ties) == (1, 1)
    assert not chance.resolved
    assert found.difference(1).mean == pytest.approx(differences.mean())
    back = found.chance_fewer(0, other=1)
    assert (back.share, back.low, back.high) == pytest.approx(
        (1 - chance.share, 1 - chance.high, 1 - chance.low)
    )


@pytest.mark.parametrize(("share", "resolved"), [(0.125, True), (0.375, False)])
def test_chance_has_its_closed_form_where_one_constant_decides(share: float, resolved: bool) -> None:
    """One scenario knows a constant that the other draws: it wins where the draw is on the wrong side.

    The probability is the share of the range below the known value. In each of the four sequences of eight
    draws there is exactly one in each eighth of a constant's range, so that eighths are met without error.
    """
    drawn = one_lot()
    known = fixed_at(drawn, RESPONDERS, quantile(drawn, RESPONDERS, share))
    found = compare_under_draws([known, drawn], [[DO_NOTHING], [DO_NOTHING]], DRAWS, 2, seed=3, jobs=1)
    chance = found.chance_fewer(1)
    assert chance.share == share
    assert chance.resolved is resolved
    below = [d.values[RESPONDERS] < known.register.entries[RESPONDERS].value for d in _draws(known, drawn)]
    assert np.array_equal(found.deaths[1].mean(axis=1) < found.deaths[0].mean(axis=1), below)
    assert (found.constants, found.constants - found.common_constants) == (len(drawn_constants([drawn])), 1)


def _draws(known: Scenario, drawn: Scenario) -> list:  # type: ignore[type-arg]
    return list(common_draws([known, drawn], DRAWS, 3)[1])


def test_the_same_constants_are_drawn_as_for_one_scenario_alone() -> None:
    """Scenarios that draw the same constants get the draws of a run."""
    first, other = one_lot(), one_lot(parameters={RESPONDERS: 12.0})
    ours, theirs = common_draws([first, other], 6, seed=5)
    assert ours == scrambled_draws(first, 6, 5)
    own, others = (
        np.array([d.values[key] for d in draws]) for draws, key in ((ours, "transport.payload_t"),) * 2
    )
    assert np.array_equal(own, others)
    assert all(
        a.values[RESPONDERS] != b.values[RESPONDERS] and a.level == b.level
        for a, b in zip(ours, theirs, strict=True)
    )


def test_a_constant_has_the_same_quantile_whoever_else_draws() -> None:
    """With another method in one scenario, what both draw is the same, in either order."""
    first = one_lot()
    other = world(facilities=[facility(method_id="rotary_kiln")])
    ours, theirs = common_draws([first, other], 5, seed=5)
    back = common_draws([other, first], 5, seed=5)
    assert [back[1], back[0]] == [ours, theirs]
    for a, b in zip(ours, theirs, strict=True):
        shared = a.values.keys() & b.values.keys()
        assert len(shared) > 50
        assert all(a.values[key] == b.values[key] for key in shared)
        assert a.values.keys() != b.values.keys()
