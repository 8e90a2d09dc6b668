"""Mass per lot in grams and money per fund in cents close exactly at every event, whatever goes wrong."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, event, given, settings

from demilsim.simulation.draws import draw
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import run
from demilsim.simulation.schedule import compile_plan
from demilsim.simulation.streams import Streams
from demilsim.simulation.world import prepare
from full_strategies import Again, full_programmes
from ledgers import Watch
from strategies import Programme, monied_programmes, programmes
from work_checks import FEATURES, check_result, check_work, features

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large)


def check(programme: Programme) -> set[str]:
    """Simulate a programme, check it at every event and at the end, and return what happened in it."""
    plan, world = programme.plan, prepare(programme.scenario)
    watch = Watch()
    renewal = (
        Renewal(Again(programme.scenario, plan), programme.renewal_periods)
        if programme.renewal_periods
        else None
    )
    chance = draw(world, Streams(programme.seed, 0))
    result = run(world, compile_plan(world, plan), chance, watch, renewal=renewal)
    assert watch.state is not None
    check_work(watch.state, plan, renewed=renewal is not None)
    check_result(result, watch.state)
    happened = features(result, watch.state)
    for name in sorted(happened):
        event(name)
    return happened


@settings(max_examples=40, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(programmes())
def test_mass_and_money_close_at_every_event(programme: Programme) -> None:
    """Initial = present + destroyed + exploded, and received = available + committed + spent + lapsed."""
    check(programme)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(monied_programmes())
def test_money_closes_whatever_its_terms(programme: Programme) -> None:
    """The same with matching, milestones, currencies, verification, emergency account and scrap at once."""
    check(programme)


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(full_programmes())
def test_all_closes_with_every_feature_on(programme: Programme) -> None:
    """The same with inflows, wrong records, thieves, measures, tests, pools and renewed plans as well."""
    check(programme)


@pytest.mark.soak
def test_all_closes_in_many_programmes() -> None:
    """The same on a thousand programmes with every feature on, each of which is used in some of them."""
    used: Counter[str] = Counter()

    @settings(max_examples=1000, derandomize=True, deadline=None, suppress_health_check=HEALTH)
    @given(full_programmes())
    def every(programme: Programme) -> None:
        used.update(check(programme))

    every()
    assert [name for name in FEATURES if not used[name]] == []
