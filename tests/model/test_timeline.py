from __future__ import annotations

import math

import numpy as np
import pytest

from demilsim.model.timeline import drawn_fire, drawn_hours, mean_chain, mean_root, sudden
from demilsim.scenario.register import shipped_register

P = shipped_register().consequence


def uniforms(count: int) -> list[float]:
    """Return the middles of equal parts of (0, 1)."""
    return ((np.arange(count) + 0.5) / count).tolist()


def test_expected_share_gone_is_nine_tenths() -> None:
    """The speed of evacuation was calibrated so that 0.9 of public and workers leave in a fire on average."""
    for speed in (P.evacuation_hours_public, P.evacuation_hours_workers):
        assert P.cook_off_hours / (P.cook_off_hours + speed) == pytest.approx(0.9, abs=1e-4)


def test_fire_by_hand() -> None:
    """Below 0.2 prompt; in the middle of the rest after 3 h × ln 2, when exp(-3 ln 2 × 3) = 1/512 is left."""
    prompt = drawn_fire(P, 0.1999, 0.4999, 0.0)
    assert (prompt.day, prompt.hours, prompt.responders) == (1.0, 0.0, 0.0)
    assert prompt.root(P) == sudden(1.0)
    fire = drawn_fire(P, 0.6, 0.5, 0.3299)
    assert (fire.day, fire.responders) == (0.0, 1.0)
    assert fire.hours == pytest.approx(3.0 * math.log(2.0))
    assert fire.root(P).public == pytest.approx(2.0**-9.0, rel=1e-3)
    later = fire.chain(1.0, P)
    assert later.public == pytest.approx(fire.root(P).public * math.exp(-1.0 / P.evacuation_hours_public))
    assert later.responders == 0.0
    assert drawn_fire(P, 0.6, 0.5, 0.3301).responders == 0.0


def test_mean_root_is_the_mean_of_drawn_fires() -> None:
    """Averaged over all uniforms, realised shares are the closed forms that planning uses."""
    expected = mean_root(P)
    roots = [drawn_fire(P, u, 0.0, 0.0).root(P) for u in uniforms(200_000)]
    assert np.mean([m.public for m in roots]) == pytest.approx(expected.public, rel=1e-3)
    assert np.mean([m.workers for m in roots]) == pytest.approx(expected.workers, rel=1e-3)
    caught = np.mean([m.responders for m in roots]) * P.responders_caught_share
    assert caught == pytest.approx(expected.responders, rel=1e-3)


def test_mean_chain_is_the_mean_of_drawn_delays() -> None:
    """Averaged over independent times of root and delay, realised shares are the closed form."""
    marks = uniforms(500)
    delays = [drawn_hours(u, P.chain_delay_hours) for u in marks]
    shares = [drawn_fire(P, u, 0.0, 0.0).chain(d, P).public for u in marks for d in delays]
    assert np.mean(shares) == pytest.approx(mean_chain(P).public, rel=0.01)
    assert mean_chain(P).responders == 0.0
    assert mean_chain(P).day == P.day_share


def test_longer_fires_leave_fewer() -> None:
    """The later the detonation, the fewer are there."""
    left = [drawn_fire(P, u, 0.0, 0.0).root(P).public for u in uniforms(1_000)]
    assert left == sorted(left, reverse=True)
