"""Choosing among plans: where replications go, and that they go there for the better."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from demilsim.plan import Commissioning, DisposalPlan, Floats
from demilsim.planning.choice import CHUNK, STAGES, Contest, shares, spread

WORSE = np.array([0.0, 0.3, 0.4, 0.8, 1.2, 1.6, 2.0])
"""By how much each plan of the toy is worse than the first, in standard deviations of its own noise."""

ALIKE = 0.6
"""Correlation of the toy's plans within a replication: a part of the noise that all share."""

PER_PLAN = 24
SEEDS = range(1, 501)


def plans(count: int) -> dict[str, DisposalPlan]:
    """Return plans that differ."""
    return {f"P{i}": DisposalPlan(f"P{i}", "none", (), (Commissioning("F", i),)) for i in range(count)}


def toy(seed: int, true: Floats) -> Floats:
    """Return the objective of plans with given means on 1,000 replications, shape (replication, plan)."""
    rng = np.random.default_rng(seed)
    shared, own = rng.standard_normal((1_000, 1)), rng.standard_normal((1_000, true.size))
    return np.asarray(true + ALIKE**0.5 * shared + (1.0 - ALIKE) ** 0.5 * own)


class Table:
    """Looks objectives up, and remembers which were asked for."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self.asked: list[tuple[str, int]] = []

    def __call__(self, named: dict[str, DisposalPlan], first: int, count: int) -> dict[str, Floats]:
        """Return the rows that are asked for."""
        self.asked += [(name, k) for name in named for k in range(first, first + count)]
        return {name: self.values[first : first + count, int(name[1:])] for name in named}


def chosen(table: Table) -> tuple[str, Contest]:
    """Return the plan that wins a contest over a table, and the contest."""
    contest = Contest(table, 0, PER_PLAN)
    contest.enter(plans(table.values.shape[1]))
    return contest.choose(), contest


def test_shares_by_hand() -> None:
    """Twice the difference needs a quarter, twice the spread four times; the leader as many as any."""
    found = shares(np.array([0.0, 1.0, 2.0, 2.0]), np.array([0.0, 1.0, 1.0, 2.0]), leader=0)
    assert found == pytest.approx(np.array([4.0, 4.0, 1.0, 4.0]) / 13.0, rel=1e-12)


def test_shares_make_the_least_certain_order_as_certain_as_can_be() -> None:
    """No division of 40 replications has a larger least n (d/s)², the leader simulated in all pairs."""
    difference, deviation = np.array([0.0, 0.5, 0.7, 1.0]), np.array([0.0, 1.0, 0.7, 1.2])
    certainty = np.array([(d / s) ** 2 for d, s in zip(difference[1:], deviation[1:], strict=True)])
    own = 40.0 * shares(difference, deviation, leader=0)
    best = max(
        min(np.array(others) * certainty)
        for others in product(range(1, 20), repeat=3)
        if sum(others) + max(others) <= 40
    )
    assert min(own[1:] * certainty) >= best
    assert own[1:] * certainty == pytest.approx(min(own[1:] * certainty), rel=1e-12)


def test_plan_whose_difference_is_certain_gets_nothing() -> None:
    """Without spread there is no doubt; where there is none at all, plans share alike."""
    found = shares(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0]), leader=0)
    assert found.tolist() == [0.5, 0.0, 0.5]
    assert shares(np.zeros(3), np.zeros(3), leader=1) == pytest.approx(np.full(3, 1.0 / 3.0))


def test_spread_takes_back_nothing() -> None:
    """A plan above its share keeps what it has; the others divide the rest in their shares."""
    found = spread(np.array([0.5, 0.4, 0.1]), np.array([8, 8, 24]), 60)
    assert found[2] == 24
    assert found[0] == pytest.approx(36 * 5 / 9, abs=CHUNK)
    assert found[1] == pytest.approx(36 * 4 / 9, abs=CHUNK)


def test_contest_stays_within_its_budget_and_simulates_nothing_twice() -> None:
    """Seven plans spend what they brought, up to rounding of each stage, and every row at most once."""
    table = Table(toy(1, WORSE))
    _, contest = chosen(table)
    assert len(table.asked) == len(set(table.asked))
    most = PER_PLAN * WORSE.size
    spent = sum(values.size for values in contest.values.values())
    assert most - STAGES * CHUNK * WORSE.size <= spent
    assert spent <= most + WORSE.size * CHUNK + max(v.size for v in contest.values.values())


def test_all_plans_start_from_the_same_replication() -> None:
    """Each plan has the replications from the first on without gaps, so that any two can be paired."""
    table = Table(toy(2, WORSE))
    _, contest = chosen(table)
    for name, values in contest.values.items():
        assert values.tolist() == table.values[: values.size, int(name[1:])].tolist()


def test_equal_plans_compete_once() -> None:
    """A plan that orders what another one orders is not simulated."""
    table = Table(toy(3, WORSE))
    contest = Contest(table, 0, PER_PLAN)
    one = plans(1)["P0"]
    contest.enter({"P0": one, "P1": one})
    assert contest.choose() == "P0"
    assert {name for name, _ in table.asked} == {"P0"}


def test_later_entrant_wins_if_it_is_better() -> None:
    """A plan that enters after a choice is compared on the replications that there are, and may win."""
    table = Table(toy(4, np.array([4.0, 3.0, 2.0, 0.0])))
    contest = Contest(table, 0, PER_PLAN)
    named = plans(4)
    contest.enter({name: named[name] for name in ("P0", "P1", "P2")})
    assert contest.choose() == "P2"
    contest.enter({"P3": named["P3"]})
    assert contest.choose() == "P3"
    rows = {row.name: row for row in contest.table()}
    assert rows["P3"].difference == 0.0
    assert all(row.difference >= 0.0 for row in rows.values())


def test_choice_is_right_at_least_as_often_as_with_equal_numbers() -> None:
    """On 500 toys, the true best is chosen at least as often as by means of equally many replications.

    Equal allocation gets the whole of what the contest spent, rounded up. Plans share noise in both.
    """
    by_contest = by_equal = 0
    for seed in SEEDS:
        best = seed % WORSE.size
        table = Table(toy(seed, np.roll(WORSE, best)))
        name, contest = chosen(table)
        spent = sum(values.size for values in contest.values.values())
        equal = table.values[: -(-spent // WORSE.size)].mean(axis=0)
        by_contest += name == f"P{best}"
        by_equal += int(np.argmin(equal)) == best
    assert by_contest >= by_equal
    assert by_contest > len(SEEDS) / 2


def test_best_of_some_looks_at_them_alone() -> None:
    """The best of the two poorest is the better of them; of plans that equal others, the first."""
    table = Table(toy(5, np.array([0.0, 5.0, 9.0, 1.0])))
    _, contest = chosen(table)
    assert contest.best_of(["P2", "P1"]) == "P1"
    assert contest.best_of(["unknown", "other"]) == "unknown"


def test_plans_that_beat_one_another_in_a_circle_are_simulated_further() -> None:
    """A loses to B on four replications, B to C on two, and C to A on those: on four of each B is best."""
    values = np.array([[0.0, 1.0, 0.5], [0.0, 1.0, 0.5], [9.0, 0.0, 9.0], [9.0, 0.0, 9.0]])
    table = Table(values)
    contest = Contest(table, 0, 4)
    contest.enter(plans(3))
    for name, size in (("P0", 4), ("P1", 4), ("P2", 2)):
        contest._values[name] = values[:size, int(name[1])]
    assert contest._path(["P0", "P1", "P2"]) == ["P0", "P1", "P2"]
    assert contest.best_of(["P0", "P1", "P2"]) == "P1"
    assert contest.values["P2"].tolist() == [0.5, 0.5, 9.0, 9.0]
    assert [row.difference >= 0.0 for row in contest.table()] == [True, True, True]
