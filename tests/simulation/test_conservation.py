"""Mass per lot in grams and money per fund in cents close exactly at every event, whatever goes wrong."""

from __future__ import annotations

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
from work_checks import check_result, check_work

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large)


def check(programme: Programme) -> None:
    """Simulate a programme and check it at every event and at the end."""
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
    for kind in {e.kind for e in result.events}:
        event(kind)
    event("destroyed" if result.destroyed_g.sum() else "nothing destroyed")
    event("condemned" if result.condemned_g else "nothing condemned")
    event("measures" if watch.state.measures.begins else "no measures")


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
@settings(max_examples=500, derandomize=True, deadline=None, suppress_health_check=HEALTH)
@given(full_programmes())
def test_all_closes_in_many_programmes(programme: Programme) -> None:
    """The same on five hundred programmes with every feature on."""
    check(programme)
