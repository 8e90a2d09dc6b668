"""Chances of explosions and tails of deaths against counting, on small worlds with raised rates."""

from __future__ import annotations

import numpy as np
import pytest

from demilsim.experiments.ensemble import Ensemble, Response, replicate
from demilsim.experiments.rare_events import DeathTail, death_tail, explosion_chances
from demilsim.experiments.risk_measures import p_major_by_year
from demilsim.experiments.statistics import Estimate
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from stories import BASE, QUIET, line, plan, with_methods, without_accidents
from worlds import one_lot, three_sites, village

POLICIES = {
    "nothing": DO_NOTHING,
    "some": plan(line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT")),
}
COUNTED, CONDITIONAL = 400, 50
STANDARD_ERRORS = 4.0
NORMAL_QUANTILE = 1.96


def dangerous() -> Scenario:
    """Return three sites where explosions are common, many die in some, and work is dangerous too."""
    rates = {f"event_rate.{cause}_per_storehouse_year": 0.012 for cause in BASE}
    people = [
        village(f"{s}-E", s, x_m=x, persons=500.0) for s, x in (("S1", 120.0), ("S2", 200.0), ("S3", 300.0))
    ]
    scenario = three_sites(
        parameters=rates | {"event_rate.ageing_per_t_year": 1e-4}, exposed_sites=people, horizon_years=2
    )
    return with_methods(scenario, accident_rate_per_t=2e-3)


@pytest.fixture(scope="module")
def counted() -> Ensemble:
    """Return replications that no estimate below shares."""
    return replicate(dangerous(), POLICIES, COUNTED, seed=31, first=5000, jobs=1)


@pytest.fixture(scope="module")
def tail() -> DeathTail:
    """Return deaths with and without any explosion."""
    return death_tail(dangerous(), POLICIES, CONDITIONAL, seed=32)


def standard_error(estimate: Estimate) -> float:
    """Return the standard error of an estimate from its half-width, about."""
    assert estimate.half_width is not None
    return estimate.half_width / NORMAL_QUANTILE


def agree(one: Estimate, two: Estimate) -> bool:
    """Return whether independent estimates are equal but for their standard errors."""
    allowed = STANDARD_ERRORS * np.hypot(standard_error(one), standard_error(two))
    return abs(one.mean - two.mean) <= allowed


@pytest.mark.parametrize("policy", POLICIES)
def test_chances_are_those_that_counting_finds(counted: Ensemble, policy: str) -> None:
    """Any explosion over the horizon, and a major one by each year, agree with counting and are narrower."""
    chances = explosion_chances(dangerous(), POLICIES, 15, seed=32)
    pairs = [(chances.over_horizon(policy, 0.0), counted.estimate(policy, Response.ANY_EXPLOSION))]
    pairs += zip(chances.by_year(policy), p_major_by_year(counted, policy), strict=True)
    assert len(pairs) == 3
    for conditional, count in pairs:
        assert 0.05 < count.mean < 0.95
        assert agree(conditional, count)
        assert conditional.half_width < 0.5 * count.half_width  # type: ignore[operator]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("deaths", [1, 3, 10])
def test_tail_of_deaths_is_that_of_counting(
    counted: Ensemble, tail: DeathTail, policy: str, deaths: int
) -> None:
    """P(deaths >= n) and the mean excess over n agree with counting."""
    values = counted.values(policy, Response.FATALITIES)
    hits, excess = (values >= deaths).astype(float), np.maximum(values - deaths, 0.0)
    assert hits.sum() > 4
    for estimate_, brute in (
        (tail.p_at_least(policy, deaths), hits),
        (tail.expected_above(policy, deaths), excess),
    ):
        own = Estimate(float(brute.mean()), NORMAL_QUANTILE * float(brute.std(ddof=1)) / COUNTED**0.5)
        assert agree(estimate_, own)


def test_any_target_gives_the_same_tail(tail: DeathTail) -> None:
    """Forcing an explosion of 15 t or more estimates what forcing any explosion does."""
    some = {"some": POLICIES["some"]}
    larger = death_tail(dangerous(), some, CONDITIONAL, least_neq_kg=15_000.0, drawings=2, seed=33)
    assert larger.forced["some"].shape == (CONDITIONAL, 2)
    assert larger.p["some"].mean() < 0.8 * tail.p["some"].mean()
    for deaths in (1, 10):
        assert agree(larger.p_at_least("some", deaths), tail.p_at_least("some", deaths))


def test_deaths_without_explosions_stay() -> None:
    """Accidents in processing count on the path without a target; a quiet world has no other deaths."""
    scenario = with_methods(one_lot(parameters=QUIET), accident_rate_per_t=0.05)
    plans = {"some": plan(line("L1"))}
    tail = death_tail(scenario, plans, 20, seed=3)
    deaths = replicate(scenario, plans, 20, seed=3, jobs=1).values("some", Response.FATALITIES)
    assert deaths.sum() > 0.0
    assert tail.p["some"].tolist() == [0.0] * 20
    assert tail.values("some", lambda counted: counted).tolist() == deaths.tolist()


def test_rare_explosion_is_estimated_where_counting_sees_none() -> None:
    """At a millionth a year per storehouse and cause counting finds nothing, the closed form is met."""
    rates = QUIET | {"event_rate.storage_per_storehouse_year": 1e-6}
    scenario = without_accidents(one_lot(parameters=rates))
    p = scenario.register.consequence
    share = p.stack_share_storage + p.storehouse_share_storage
    expected = -np.expm1(-1e-6 * scenario.register.event_rate.rrpl_factor_1 * share * 730.0 / 365.25)
    chances = explosion_chances(scenario, {"nothing": DO_NOTHING}, 2)
    assert chances.over_horizon("nothing", 0.0).mean == pytest.approx(expected, rel=1e-9)
    tail = death_tail(scenario, {"nothing": DO_NOTHING}, 20)
    assert tail.p["nothing"] == pytest.approx(np.full(20, expected), rel=1e-9)
    assert 0.0 < tail.p_at_least("nothing", 1).mean <= expected * (1.0 + 1e-9)


def test_replications_choose_the_numbers() -> None:
    """Replications 3 and 4 give the same chances alone as among others; another seed does not."""
    whole, part, other = (
        explosion_chances(dangerous(), POLICIES, count, first=first, seed=seed).values["some"][0.0]
        for count, first, seed in ((5, 0, 1), (2, 3, 1), (2, 3, 2))
    )
    assert np.array_equal(whole[3:], part)
    assert not np.array_equal(part, other)
