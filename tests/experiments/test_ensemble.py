from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from demilsim.errors import PlanError, StudyError
from demilsim.experiments.ensemble import COUNTS, Ensemble, Response, replicate, responses
from demilsim.experiments.statistics import estimate
from demilsim.plan import DisposalPlan, ObservedState
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.record import RunResult
from demilsim.simulation.renewal import Renewal
from demilsim.simulation.replication import simulate
from demilsim.simulation.streams import Streams
from stories import BASE, QUIET, line, plan, without_accidents
from worlds import lot, one_lot, three_sites, world


def busy() -> Scenario:
    """Return three sites where much explodes."""
    rates = {f"event_rate.{cause}_per_storehouse_year": 0.1 for cause in BASE}
    return three_sites(parameters=rates | {"event_rate.ageing_per_t_year": 1e-3})


def some_plan() -> object:
    """Return a plan for two lots of the busy world."""
    return plan(line("S1-L1", 80.0, 0, "RANGE"), line("S2-L1", 80.0, 0, "PLANT"))


def same(one: RunResult, two: RunResult) -> bool:
    """Return whether two results are equal to the last bit."""
    pairs = ((getattr(one, f.name), getattr(two, f.name)) for f in fields(one))
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


def all_same(one: Ensemble, two: Ensemble) -> bool:
    """Return whether two ensembles hold equal results."""
    return one.results.keys() == two.results.keys() and all(
        same(a, b) for name in one.results for a, b in zip(one.results[name], two.results[name], strict=True)
    )


def test_number_of_workers_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process and two more give the same results bit for bit."""
    monkeypatch.setattr("demilsim.experiments.backends.WORTH_SECONDS", 0.0)
    plans = {"nothing": DO_NOTHING, "some": some_plan()}
    count = 19
    serial, parallel = (replicate(busy(), plans, count, jobs=jobs) for jobs in (1, 2))
    assert [r.replication for r in serial.results["some"]] == list(range(count))
    assert all_same(serial, parallel)


def test_each_replication_is_that_of_simulate() -> None:
    """The k-th result from `first` on is `simulate` with that replication's streams, details kept."""
    ensemble = replicate(busy(), [some_plan()], 3, seed=9, first=20, jobs=1, detailed=True)
    for number, result in zip((20, 21, 22), ensemble.results["story"], strict=True):
        assert same(result, simulate(busy(), some_plan(), Streams(9, number)))


def test_seed_and_first_replication_choose_the_numbers() -> None:
    """Replications 10 to 12 are the same whether asked for alone or among others; another seed differs."""
    whole = replicate(busy(), [DO_NOTHING], 13, jobs=1)
    part = replicate(busy(), [DO_NOTHING], 3, first=10, jobs=1)
    assert all(
        same(a, b) for a, b in zip(whole.results["do_nothing"][10:], part.results["do_nothing"], strict=True)
    )
    other = replicate(busy(), [DO_NOTHING], 3, first=10, seed=busy().settings.seed + 1, jobs=1)
    assert not all_same(part, other)


def test_progress_counts_every_replication() -> None:
    """Replications are reported as they finish and sum to the whole."""
    told: list[int] = []
    replicate(one_lot(), [DO_NOTHING], 10, jobs=1, progress=told.append)
    assert told == [1] * 10


def test_harm_by_storehouse_is_kept_only_on_request() -> None:
    """Without `detailed` the large arrays are empty and all else is equal."""
    slim, full = (replicate(one_lot(), [DO_NOTHING], 1, jobs=1, detailed=d) for d in (False, True))
    a, b = slim.results["do_nothing"][0], full.results["do_nothing"][0]
    assert a.stock_harm.size == a.root_harm.size == 0
    assert b.stock_harm.shape == b.root_harm.shape == (8, 1)
    assert a.expected_public == b.expected_public


def test_plan_that_does_not_fit_is_refused() -> None:
    """The error of a bad plan reaches the caller."""
    with pytest.raises(PlanError, match="unknown lot"):
        replicate(one_lot(), [plan(line("NONE"))], 1, jobs=1)


def test_nothing_to_simulate_is_told() -> None:
    """No plan, two of one name, and no replication are refused."""
    for plans in ([], [DO_NOTHING, DO_NOTHING]):
        with pytest.raises(PlanError, match="each with a name of its own"):
            replicate(one_lot(), plans, 1, jobs=1)
    with pytest.raises(StudyError, match=r"replications: expected a whole number, 1 or more \(got 0\)"):
        replicate(one_lot(), [DO_NOTHING], 0, jobs=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"seed": -1}, r"seed: expected a whole number, 0 or more \(got -1\)"),
        ({"seed": 1.5}, r"seed: expected a whole number, 0 or more \(got 1\.5\)"),
        ({"first": -1}, r"first: expected a whole number, 0 or more \(got -1\)"),
        ({"replications": 2.5}, r"replications: expected a whole number, 1 or more \(got 2\.5\)"),
    ],
)
def test_numbers_that_are_none_are_refused(wrong: dict[str, Any], told: str) -> None:
    """Seed and replications count from 0 and 1 on, as in a scenario's file."""
    with pytest.raises(StudyError, match=told):
        replicate(one_lot(), [DO_NOTHING], **({"replications": 1, "jobs": 1} | wrong))


def test_renewal_of_an_unknown_plan_is_refused() -> None:
    """A typing error would leave the plan as it is without a word."""
    told = r"renewals: expected names of plans, do_nothing \(got 'do_nothign'; did you mean do_nothing\?\)"
    with pytest.raises(PlanError, match=told):
        replicate(one_lot(), [DO_NOTHING], 1, jobs=1, renewals={"do_nothign": Renewal(Never(), 4)})


class Never:
    """A policy that nobody asks."""

    def decide(self, observed: ObservedState) -> DisposalPlan:
        """Fail."""
        raise AssertionError("nobody asks")


@pytest.fixture(scope="module")
def two() -> Ensemble:
    """Return two replications of doing nothing, twice."""
    return replicate(one_lot(), {"some": DO_NOTHING, "none": DO_NOTHING}, 2, jobs=1)


@pytest.mark.parametrize("level", [95, 1.0, 0.0, -1.0, float("nan")])
def test_level_that_is_none_is_refused(two: Ensemble, level: float) -> None:
    """A level in percent would give an interval that is not a number, 1 an infinite one."""
    with pytest.raises(StudyError, match=r"level: expected between 0 and 1, as 0\.95 \(got"):
        two.difference("some", "none", Response.COST, level=level)


def test_unknown_policy_is_answered_with_those_there_are(two: Ensemble) -> None:
    """Whatever is asked of a policy that was not simulated says which were."""
    asked: list[Callable[[], object]] = [
        lambda: two.values("noen", Response.COST),
        lambda: two.estimate("noen", Response.COST),
        lambda: two.difference("some", "noen", Response.COST),
        lambda: two.objective("noen"),
        lambda: two.clearance_days("noen"),
    ]
    for one in asked:
        with pytest.raises(StudyError, match=r"expected one of some, none \(got 'noen'; did you mean none\?"):
            one()
    with pytest.raises(StudyError, match=r"response: expected one of .* \(got 'cost'"):
        two.values("some", "cost")  # type: ignore[arg-type]


def test_representations_are_one_line(two: Ensemble) -> None:
    """What a notebook shows is who and how many: a scenario's rows would fill pages."""
    assert repr(two) == "<Ensemble of tiny: some, none; 2 replications>"
    assert repr(one_lot()) == "<Scenario tiny: sites 1, lots 1, facilities 1, funds 1, periods 8>"


def test_estimates_and_paired_differences_by_hand() -> None:
    """Means and half-widths are those of the replications' values, differences those of their pairs."""
    ensemble = replicate(busy(), {"a": DO_NOTHING, "b": some_plan()}, 20, jobs=1)
    counted = {
        name: np.array([sum(e.kind == "explosion" for e in r.events) for r in ensemble.results[name]], float)
        for name in ("a", "b")
    }
    assert np.array_equal(ensemble.values("a", Response.EXPLOSIONS), counted["a"])
    assert counted["a"].sum() > 10
    assert ensemble.estimate("b", Response.EXPLOSIONS) == estimate(counted["b"])
    difference = ensemble.difference("b", "a", Response.EXPLOSIONS)
    assert difference == estimate(counted["b"] - counted["a"])
    any_ = ensemble.values("a", Response.ANY_EXPLOSION)
    assert np.array_equal(any_, counted["a"] > 0)


def test_responses_of_one_lot_by_hand() -> None:
    """100 t are destroyed for 50,000 USD; NEQ falls from 20 t to 2 t on day 90 and to none on day 181."""
    scenario = without_accidents(one_lot(parameters=QUIET))
    ensemble = replicate(scenario, [plan(line("L1"))], 1, jobs=1)
    (result,) = ensemble.results["story"]
    intervals = np.diff([0, 90, 181, 273, 365, 455, 546, 638, 730]) / 365.25
    got = responses(result, intervals)
    assert got[Response.DESTROYED] == 100.0
    assert got[Response.COST] == 50_000.0
    assert got[Response.NEQ_YEARS] == pytest.approx((11.0 * 90 + 1.0 * 91) / 365.25)
    zero = set(Response) - {Response.DESTROYED, Response.COST, Response.NEQ_YEARS}
    assert {got[r] for r in zero} == {0.0}
    assert {r: ensemble.values("story", r)[0] for r in Response} == pytest.approx(got)


def test_clearance_is_the_end_of_the_period_in_which_one_percent_is_left() -> None:
    """A lot done on day 100 is cleared by day 181; with 2% left, or nothing done, it never is."""
    scenario = without_accidents(world(lots=[lot(), lot("R", status="reserve")], parameters=QUIET))
    stories = {
        "all": plan(line("L1")),
        "nearly": plan(line("L1", 99.0)),
        "less": plan(line("L1", 98.0)),
        "nothing": DO_NOTHING,
    }
    ensemble = replicate(scenario, stories, 2, jobs=1)
    assert ensemble.clearance_days("all").tolist() == [181.0, 181.0]
    assert ensemble.clearance_days("nearly").tolist() == [181.0, 181.0]
    assert ensemble.clearance_days("less").tolist() == [np.inf, np.inf]
    assert ensemble.clearance_days("nothing").tolist() == [np.inf, np.inf]


def test_no_event_is_not_certainty() -> None:
    """Where nothing exploded in 20 replications, explosions and their differences keep a width."""
    ensemble = replicate(one_lot(parameters=QUIET), {"a": DO_NOTHING, "b": DO_NOTHING}, 20, jobs=1)
    assert not ensemble.values("a", Response.EXPLOSIONS).any()
    assert ensemble.estimate("a", Response.EXPLOSIONS).half_width == pytest.approx(3.689 / 20, abs=1e-4)
    assert ensemble.difference("a", "b", Response.EXPLOSIONS).half_width == pytest.approx(0.1844, abs=1e-4)
    for response in COUNTS:
        assert ensemble.estimate("a", response).half_width != 0.0
    assert ensemble.estimate("a", Response.DAMAGE).half_width is None


def test_size_of_an_unseen_event_is_that_seen_under_another_policy() -> None:
    """Where only one policy has deaths, the other's interval reckons with the most of one replication."""
    ensemble = replicate(busy(), {"a": DO_NOTHING}, 12, jobs=1)
    quiet = replicate(busy(), {"b": DO_NOTHING}, 12, jobs=1)
    calm = tuple(replace(result, events=()) for result in quiet.results["b"])
    both = Ensemble(ensemble.scenario, ensemble.plans | {"b": DO_NOTHING}, ensemble.results | {"b": calm})
    most = both.values("a", Response.INJURIES).max()
    assert most > 0.0
    assert both.estimate("b", Response.INJURIES).half_width == pytest.approx(3.68888 / 12 * most, rel=1e-5)


def test_joined_ensembles_are_one() -> None:
    """Replications 0 to 4 and 5 to 8, joined, are 0 to 8."""
    plans = {"nothing": DO_NOTHING, "some": some_plan()}
    parts = [replicate(busy(), plans, count, first=first, jobs=1) for first, count in ((0, 5), (5, 4))]
    assert all_same(parts[0].followed_by(parts[1]), replicate(busy(), plans, 9, jobs=1))
