"""Shares of donors: the textbook's games, and programmes whose shares theory bounds."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from demilsim.experiments.donors import Coalition, donor_shares, exact_shapley, sampled_shapley
from demilsim.experiments.least_harm import donors_of
from donor_towns import least, towns_and_donors


def glove(present: Coalition) -> float:
    """Return 1 if there is a left glove and one of two right ones: Shapley values 2/3, 1/6, 1/6."""
    return float("left" in present and bool(present & {"right 1", "right 2"}))


def test_exact_shapley_values_of_the_glove_game() -> None:
    """One left and two right gloves: the textbook's values."""
    found = exact_shapley(("left", "right 1", "right 2"), glove)
    assert found == pytest.approx({"left": 2 / 3, "right 1": 1 / 6, "right 2": 1 / 6})


def test_exact_shapley_values_are_means_over_all_orders() -> None:
    """The formula over subsets equals what is added, averaged over the 24 orders of four players."""
    players = ("a", "b", "c", "d")

    def value(present: Coalition) -> float:
        return sum(map(ord, present)) ** 1.5 + 7.0 * ({"a", "c"} <= present)

    added = dict.fromkeys(players, 0.0)
    for order in permutations(players):
        for i, player in enumerate(order):
            added[player] += (value(frozenset(order[: i + 1])) - value(frozenset(order[:i]))) / 24.0
    assert exact_shapley(players, value) == pytest.approx(added)


def test_sampled_shapley_values_sum_to_the_total_and_come_near() -> None:
    """Whatever orders are drawn, values sum to the total; 400 orders come within 0.1 of the exact ones."""
    players = ("left", "right 1", "right 2")
    few = sampled_shapley(players, glove, 1, 4)
    assert sum(value for value, _ in few.values()) == pytest.approx(1.0)
    many = {player: value for player, (value, _) in sampled_shapley(players, glove, 1, 400).items()}
    assert many == pytest.approx({"left": 2 / 3, "right 1": 1 / 6, "right 2": 1 / 6}, abs=0.1)


def test_standard_errors_of_sampled_shapley_values_tell_how_far_they_are() -> None:
    """Over 200 seeds a donor's estimates scatter as its standard errors say, and there is none of a sum."""
    players = ("a", "b", "c", "d")

    def value(present: Coalition) -> float:
        return float(len(present) ** 2 + 3 * ({"a", "c"} <= present) - 2 * ({"b", "d"} <= present))

    found = [sampled_shapley(players, value, seed, 8)["a"] for seed in range(200)]
    scatter = float(np.std([estimate for estimate, _ in found], ddof=1))
    told = float(np.sqrt(np.mean([error**2 for _, error in found])))
    assert told == pytest.approx(scatter, rel=0.15)
    exact = exact_shapley(players, value)["a"]
    assert float(np.mean([estimate for estimate, _ in found])) == pytest.approx(exact, abs=0.25 * scatter)
    # What adds the same whoever is there has no error.
    assert sampled_shapley(players, lambda present: float(len(present)), 1)["b"] == pytest.approx((1.0, 0.0))


def test_shares_of_donors_whose_money_does_the_same() -> None:
    """Three like donors, money of two for all: Shapley values are alike, their sum the total; last-in 0."""
    scenario = towns_and_donors({}, {}, {})
    found = donor_shares(scenario, donors_of(scenario), least(scenario))
    assert found.orders is None
    assert sum(one.shapley for one in found.shares) == pytest.approx(found.total)
    assert [one.shapley for one in found.shares] == pytest.approx([found.total / 3] * 3, rel=1e-3)
    assert found.last_in_sum <= found.total * 1e-3


def test_last_in_shares_of_unlike_donors_sum_to_at_most_the_total() -> None:
    """Donors of 20, 40 and 60 thousand for lots of 100: the more there is, the less a donor's money is worth.

    So each donor's last-in share is at most its Shapley value, and the sum at most the total.
    """
    amounts = (20_000.0, 40_000.0, 60_000.0)
    scenario = towns_and_donors(*({"amount_usd": amount} for amount in amounts))
    found = donor_shares(scenario, donors_of(scenario), least(scenario))
    assert all(0.0 <= one.last_in <= one.shapley * (1.0 + 1e-6) for one in found.shares)
    assert 0.0 < found.last_in_sum <= found.total
    assert sum(one.shapley for one in found.shares) == pytest.approx(found.total)
    assert [one.shapley for one in found.shares] == sorted(one.shapley for one in found.shares)


def test_last_in_shares_of_donors_who_need_each_other_exceed_the_total() -> None:
    """A fund that only matches averts nothing alone: without either all is lost, which is counted twice."""
    silent = {"silent": True, "matches_funds": ("D0",), "match_ratio": 1.0}
    scenario = towns_and_donors({"amount_usd": 20_000.0}, silent)
    found = donor_shares(scenario, donors_of(scenario), least(scenario))
    alone = {one.fund_id: one for one in found.shares}
    assert alone["D0"].last_in == pytest.approx(found.total)
    assert found.last_in_sum > found.total
    assert sum(one.shapley for one in found.shares) == pytest.approx(found.total)
