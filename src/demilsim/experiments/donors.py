"""Each donor's share of the planning harm that donors avert together, over the host's own money.

A donor's last-in share is what would be lost without that donor alone. The Shapley value is the mean of what
a donor adds over all orders in which donors could come. Shapley values sum exactly to the total. Last-in
shares sum to at most the total where each donor's money is worth no more the more there is of the others';
money that needs other money (matching, a plant that one pays and another runs) can make their sum larger.

References
----------
Shapley, A value for n-person games (1953), doi:10.1515/9781400881970-018.
Castro, Gomez and Tejada, Polynomial calculation of the Shapley value based on sampling (2009),
doi:10.1016/j.cor.2008.04.004.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np

from demilsim.experiments.least_harm import Found, LeastHarm, without_funds
from demilsim.scenario.scenario import Scenario

MOST_EXACT = 5
"""Donors up to which every subset is planned."""

SAMPLED_ORDERS = 16
"""Orders in which donors come that are drawn where there are more of them."""

Coalition = frozenset[str]


@dataclass(frozen=True)
class Share:
    """What one donor averts, as planning harm.

    Parameters
    ----------
    fund_id
        The donor's fund.
    last_in
        Averted by all donors, less that without this one [weighted persons].
    shapley
        Mean of what it adds [weighted persons].
    """

    fund_id: str
    last_in: float
    shapley: float


@dataclass(frozen=True)
class Shares:
    """What donors avert together and each.

    Parameters
    ----------
    total
        Planning harm averted by all donors over the host's money alone [weighted persons].
    shares
        In the order of the funds.
    everyone
        The plan with all donors' money.
    orders
        Number of orders that were drawn; None if the Shapley values are exact.
    """

    total: float
    shares: tuple[Share, ...]
    everyone: Found
    orders: int | None = None

    @property
    def last_in_sum(self) -> float:
        """Sum of the last-in shares [weighted persons]."""
        return sum(share.last_in for share in self.shares)


def donor_shares(
    scenario: Scenario,
    donors: Sequence[str],
    least: LeastHarm,
    begin: Sequence[Found] = (),
    *,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Shares:
    """Return the shares of donors.

    Parameters
    ----------
    scenario
        The scenario as given.
    donors
        Ids of their funds.
    least
        Finds least planning harm.
    begin
        Plans that are known with all donors' money, or less of it.
    seed
        Of the orders, where they are drawn.
    tell
        Told what is planned.
    """
    all_of_them: Coalition = frozenset(donors)
    known: dict[Coalition, Found] = {}

    def found(present: Coalition) -> Found:
        if present not in known:
            tell(f"planning with {', '.join(d for d in donors if d in present) or 'the host alone'}")
            allowed = [plan for others, plan in known.items() if others < present]
            if present == all_of_them:
                allowed += begin
            known[present] = least.of(without_funds(scenario, all_of_them - present), allowed)
        return known[present]

    exact = len(donors) <= MOST_EXACT
    # The smaller a group, the earlier it is planned, since every plan of it is one of a larger group.
    sizes = range(len(donors) + 1) if exact else (0, len(donors) - 1, len(donors))
    for size in sizes:
        for group in combinations(donors, size):
            found(frozenset(group))

    def averted(present: Coalition) -> float:
        return known[frozenset()].harm - found(present).harm

    shapley = exact_shapley(donors, averted) if exact else sampled_shapley(donors, averted, seed)
    total = averted(all_of_them)
    shares = tuple(Share(d, total - averted(all_of_them - {d}), shapley[d]) for d in donors)
    return Shares(total, shares, found(all_of_them), None if exact else SAMPLED_ORDERS)


def exact_shapley(players: Sequence[str], value: Callable[[Coalition], float]) -> dict[str, float]:
    """Return each player's Shapley value.

    phi_i = sum over S without i of |S|! (n - |S| - 1)! / n! (v(S + i) - v(S)).
    """
    n = len(players)
    result = {}
    for player in players:
        others = [other for other in players if other != player]
        result[player] = sum(
            factorial(size)
            * factorial(n - size - 1)
            / factorial(n)
            * (value(frozenset({*group, player})) - value(frozenset(group)))
            for size in range(n)
            for group in combinations(others, size)
        )
    return result


def sampled_shapley(
    players: Sequence[str], value: Callable[[Coalition], float], seed: int, orders: int = SAMPLED_ORDERS
) -> dict[str, float]:
    """Return estimates of Shapley values from random orders, each with its reverse; they sum to v(all)."""
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(len(players)).tolist() for _ in range(orders // 2)]
    added = dict.fromkeys(players, 0.0)
    for order in (*drawn, *(turned[::-1] for turned in drawn)):
        before: Coalition = frozenset()
        for index in order:
            after = before | {players[index]}
            added[players[index]] += value(after) - value(before)
            before = after
    return {player: total / (2 * len(drawn)) for player, total in added.items()}
