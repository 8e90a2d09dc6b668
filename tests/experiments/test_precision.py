"""Replicating until named outputs are precise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from demilsim.cli import simulate as simulate_command
from demilsim.errors import DemilsimError
from demilsim.experiments import compare as compare_module
from demilsim.experiments.ensemble import COUNTS, Response, replicate
from demilsim.experiments.precision import (
    LEAST,
    MOST,
    Case,
    Output,
    Precision,
    PrecisionReached,
    Target,
    judge,
    missed,
    named_outputs,
    parse_precision,
    replicate_until,
)
from demilsim.experiments.statistics import estimate
from demilsim.planning.rules import DO_NOTHING
from stories import RAISED, line, plan
from worlds import three_sites

WORLD = three_sites(parameters=RAISED)
PLANS = {
    "nothing": DO_NOTHING,
    "some": plan(line("S1-L1", 80.0, 0, "RANGE"), line("S3-L1", 80.0, 0, "PLANT")),
}


def test_a_share_alone_is_for_expected_fatalities_and_their_differences() -> None:
    """5% and 0.05 mean the same; a name narrows it; the last word on an output counts."""
    both = (Target(Response.EXPECTED_FATALITIES, 0.05), Target(Response.EXPECTED_FATALITIES, 0.05, True))
    assert parse_precision(["5%"]) == Precision(both) == parse_precision(["0.05"])
    named = parse_precision(["cost_usd=1%, difference.destroyed_t=2%", "cost_usd=3%"], 250, 900)
    assert named.targets == (Target(Response.COST, 0.03), Target(Response.DESTROYED, 0.02, True))
    assert (named.least, named.most) == (250, 900)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("some", "expected a share such as 5% or 0.05 .got 'some'"),
        ("0%", "expected a share"),
        ("150%", "expected a share"),
        ("nan", "expected a share"),
        ("deaths=5%", "expected one of expected_fatalities, .*got 'deaths'"),
        *((f"{response}=5%", f"{response} counts rare events") for response in sorted(COUNTS)),
        ("difference.fatalities=5%", "fatalities counts rare events"),
    ],
)
def test_what_cannot_be_asked_is_refused(text: str, words: str) -> None:
    """Shares that are none, unknown outputs and raw counts are refused in one line."""
    with pytest.raises(DemilsimError, match=words):
        parse_precision([text])


def test_too_few_replications_are_refused() -> None:
    """The rule needs its least number."""
    with pytest.raises(
        DemilsimError, match=f"--max-replications: expected at least {LEAST} .got {LEAST - 1}"
    ):
        parse_precision(["5%"], most=LEAST - 1)


def test_looks_grow_by_a_quarter_to_the_most() -> None:
    """Looks are fixed beforehand, begin at the least number and end at the most."""
    assert list(Precision((), 2, 200).looks()) == [100, 125, 157, 197, 200]
    assert list(Precision((), 400, 4_000).looks())[:3] == [400, 500, 625]
    assert list(Precision((), 400, 150).looks()) == [150]
    assert list(Precision((), 100, 100).looks()) == [100]


def test_rule_by_hand() -> None:
    """100 values of 9 and 11 have kurtosis 1 and skewness 0: the rule stops exactly at the t half-width."""
    values = np.tile([9.0, 11.0], 50)
    share = estimate(values).half_width / 10.0
    at = judge(Output("x", Response.COST, share * (1.0 + 1e-12), values))
    assert at.met
    assert at.settled
    assert at.share == pytest.approx(share)
    below = judge(Output("x", Response.COST, share * (1.0 - 1e-12), values))
    assert not below.met
    assert not below.settled


def test_rule_waits_where_the_spread_is_not_well_known() -> None:
    """Four of 100 values stand out: precise as it looks, neither kurtosis nor skewness lets it stop."""
    values = np.repeat([10.0, 20.0], [96, 4])
    share = float(estimate(values).half_width / values.mean())
    for factor, settled in ((1.01, False), (2.0, False), (8.0, True)):
        reached = judge(Output("x", Response.COST, factor * share, values))
        assert reached.met
        assert reached.settled is settled
    two_sided = np.repeat([0.0, 10.0, 20.0], [4, 92, 4])
    share = float(estimate(two_sided).half_width / 10.0)
    own_error = ((100.0 / 8.0 - 1.0) / 400.0) ** 0.5  # kurtosis of a share 0.08 at both ends: 1 / 0.08
    for factor, settled in ((1.0 + 0.99 * own_error, False), (1.0 + 1.01 * own_error, True)):
        assert judge(Output("x", Response.COST, factor * share, two_sided)).settled is settled


def test_output_without_spread_is_precise_and_one_about_zero_is_not() -> None:
    """Money under do-nothing is exactly nothing; a difference with mean zero has no share."""
    assert judge(Output("x", Response.COST, 0.01, np.zeros(100))).settled
    reached = judge(Output("x", Response.COST, 0.99, np.tile([-1.0, 1.0], 50)))
    assert not reached.met
    assert reached.share == np.inf
    assert "any share of its mean" in missed(PrecisionReached(100, 100, (reached,)))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the rule look at 20 replications first and not wait for skewed outputs: there is less to do."""
    monkeypatch.setattr("demilsim.experiments.precision.LEAST", 20)
    monkeypatch.setattr("demilsim.experiments.precision.SKEWNESS_FACTOR", 0.0)


def reached_with(share: float, most: int, jobs: int = 1) -> tuple[object, PrecisionReached]:
    """Return the ensemble and what was reached for the cost of the small plan."""
    precision = Precision((Target(Response.COST, share),), 20, most)
    (found,), reached = replicate_until(
        [Case(WORLD, PLANS)], precision, lambda e: named_outputs(e[0], precision, None), jobs=jobs
    )
    return found, reached


@pytest.mark.usefixtures("small")
def test_stopping_leaves_the_ensemble_of_so_many_replications(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops at n is what `replicate` gives for n, over several looks, with any number of workers."""
    monkeypatch.setattr("demilsim.experiments.backends.WORTH_SECONDS", 0.0)
    start, _ = reached_with(0.5, 20)
    values = start.values("some", Response.COST)
    share = float(estimate(values).half_width / values.mean()) / 1.05
    found, reached = reached_with(share, MOST)
    parallel, reached_by_two = reached_with(share, MOST, jobs=2)
    assert reached_by_two == reached
    assert 20 < reached.replications < MOST
    assert reached.met
    plain = replicate(WORLD, PLANS, reached.replications, jobs=1)
    for policy in PLANS:
        for response in Response:
            assert np.array_equal(found.values(policy, response), plain.values(policy, response))
            assert np.array_equal(parallel.values(policy, response), plain.values(policy, response))


@pytest.mark.usefixtures("small")
def test_running_out_is_told() -> None:
    """At the most replications the rule ends, and says which output is how far off."""
    _, reached = reached_with(1e-6, 22)
    assert reached.replications == 22
    assert not reached.met
    assert [output.met for output in reached.outputs] == [True, False]
    assert missed(reached).startswith("precision not reached within 22 replications for 1 of 2 outputs;")
    assert "cost_usd of some: half-width" in missed(reached)


@pytest.mark.usefixtures("small")
def test_differences_need_the_policy_they_are_from() -> None:
    """Without the reference a difference names nothing, which is told."""
    precision = Precision((Target(Response.COST, 0.1, True),), 20)
    with pytest.raises(DemilsimError, match="there is no difference"):
        replicate_until(
            [Case(WORLD, PLANS)],
            precision,
            lambda e: named_outputs(e[0], precision, "optimised"),
            jobs=1,
        )
    ensemble = replicate(WORLD, PLANS, 3, jobs=1)
    (only,) = named_outputs(ensemble, precision, "some")
    assert only.name == "some - nothing"
    assert np.array_equal(only.values, ensemble.values("some", Response.COST))


def test_help_says_the_default() -> None:
    """The most replications that the help tells are those of the rule."""
    from inspect import signature

    option = str(
        signature(simulate_command, eval_str=True)
        .parameters["max_replications"]
        .annotation.__metadata__[0]
        .help
    )
    assert f"[default: {MOST}]" in option


@pytest.mark.usefixtures("small")
def test_scenarios_are_compared_until_precise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison stops by all scenarios and their differences from the first, all at one number."""
    programme = SimpleNamespace(rules={"some": PLANS["some"]}, plan=PLANS["some"])
    monkeypatch.setattr(compare_module, "plan_with_simulation", lambda *_, **__: programme)
    other = three_sites(parameters={name: 2.0 * rate for name, rate in RAISED.items()})
    targets = (Target(Response.COST, 0.9), Target(Response.DESTROYED, 0.9, True))
    found = compare_module.compare([WORLD, other], precision=Precision(targets, 20, 20), jobs=1)
    assert found.names == ("tiny", "tiny (2)")
    assert found.precision is not None
    names = {(output.name, output.response) for output in found.precision.outputs}
    policies = ("do_nothing", "some", "optimised")
    assert names == {
        *((f"{name}: {policy}", Response.COST) for name in found.names for policy in policies),
        *((f"{policy}: tiny (2) - tiny", Response.DESTROYED) for policy in policies),
    }
    (least,) = (o for o in found.precision.outputs if o.name == "some: tiny (2) - tiny")
    difference = found.difference(1, "some", Response.DESTROYED)
    assert least.share == pytest.approx(difference.half_width / abs(difference.mean))
