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

from demilsim.experiments.least_harm import Found, LeastHarm, Variant, without_funds
from demilsim.scenario.scenario import Scenario

MOST_EXACT = 5
"""Donors up to which every subset is planned."""

SAMPLED_ORDERS = 8
"""Orders in which donors come that are drawn where there are more of them: four, and each the other way
round. Each order takes a plan for every donor but the last, and seven donors have 128 groups."""

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
    standard_error
        Of that, by which orders were drawn [weighted persons]; None if it is exact.
    """

    fund_id: str
    last_in: float
    shapley: float
    standard_error: float | None = None


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
    groups
        Number of groups of donors for which a plan was made, none and all among them.
    """

    total: float
    shares: tuple[Share, ...]
    everyone: Found
    orders: int | None = None
    groups: int = 0

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
    like: Found | None = None,
    seed: int = 1,
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
    like
        A plan with all donors' money, at which every search begins as well, as far as it fits.
    seed
        Of the orders, where they are drawn.
    """
    all_of_them: Coalition = frozenset(donors)
    known: dict[Coalition, Found] = {}

    def variant(present: Coalition) -> Variant:
        names = ", ".join(d for d in donors if d in present) or "the host alone"
        allowed = [plan for others, plan in known.items() if others < present]
        allowed += begin if present == all_of_them else ()
        return Variant(without_funds(scenario, all_of_them - present), allowed, like, f"money of {names}")

    def find(groups: Sequence[Coalition]) -> None:
        new = [present for present in groups if present not in known]
        known.update(zip(new, least.each([variant(present) for present in new]), strict=True))

    exact = len(donors) <= MOST_EXACT
    # The smaller a group, the earlier it is planned, since every plan of it is one of a larger group.
    sizes = range(len(donors) + 1) if exact else (0, len(donors) - 1, len(donors))
    for size in sizes:
        find([frozenset(group) for group in combinations(donors, size)])

    def averted(present: Coalition) -> float:
        find([present])
        return known[frozenset()].harm - known[present].harm

    total, orders = averted(all_of_them), None if exact else SAMPLED_ORDERS
    if exact:
        values: dict[str, tuple[float, float | None]] = {
            donor: (value, None) for donor, value in exact_shapley(donors, averted).items()
        }
    else:
        values = dict(sampled_shapley(donors, averted, seed))
    shares = tuple(Share(d, total - averted(all_of_them - {d}), *values[d]) for d in donors)
    return Shares(total, shares, known[all_of_them], orders, len(known))


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
) -> dict[str, tuple[float, float]]:
    """Return estimates of Shapley values and their standard errors; the estimates sum to v(all).

    Orders are drawn at random, each with its reverse; a pair of them is one independent draw.

    Parameters
    ----------
    players, value
        As in `exact_shapley`.
    seed
        Of the orders.
    orders
        Number of orders, even and >= 4.
    """
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(len(players)).tolist() for _ in range(orders // 2)]
    added = np.zeros((len(drawn), len(players)))
    for number, one in enumerate(drawn):
        for order in (one, one[::-1]):
            before: Coalition = frozenset()
            for index in order:
                after = before | {players[index]}
                added[number, index] += 0.5 * (value(after) - value(before))
                before = after
    mean, error = added.mean(axis=0), added.std(axis=0, ddof=1) / len(drawn) ** 0.5
    return {player: (float(mean[i]), float(error[i])) for i, player in enumerate(players)}
