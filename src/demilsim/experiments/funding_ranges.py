"""Ranges of what donors' money buys over draws of what is not known, and how often a decision stays the same.

A range leaves out the chance of the few replications of a draw, and is kept apart from the error of a finite
number of replications: the two are never added up. Where nothing is known of a range its reader is told why.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from demilsim.experiments.statistics import (
    LEVEL,
    t_quantile,
    variance_split,
)
from demilsim.experiments.uncertainty_result import PARAMETER_RANGE
from demilsim.plan import Floats, Ints
from demilsim.planning.coordinate import GAP_AVERTED

MIDDLE = 0.5

ROUNDING = 1e-9
"""Relative difference of two sums below which they are equal [1]."""

DEALS, DEALS_SEED = 999, 20_261_130
"""Deals of the values of replications to draws, and their seed: the same for every range."""

DIGITS = 3
"""Significant digits to which terms are told apart in a draw, as in the ranking of options."""


class NoRange(StrEnum):
    """Why there is no range."""

    UNCHANGED = "no draw changes a constant"
    SAME = "the same in every draw"
    CHANCE = "chance explains too much of what draws differ by"
    NO_MONEY = "donors pay no more"


class ParameterRange(NamedTuple):
    """The 5% point, the middle and the 95% point over draws of what is not known."""

    low: float
    middle: float
    high: float


class Bought(NamedTuple):
    """What an amount of money buys, paired.

    Parameters
    ----------
    deaths
        Averted, as the plan counts them [weighted persons], shape (draw, replication).
    usd
        Spent more [USD], same shape.
    all_averted
        Averted over the host alone with all that money, same shape and unit: a thousandth of it is nothing.
    """

    deaths: Floats
    usd: Floats
    all_averted: Floats


class Simulated(NamedTuple):
    """Deaths as the plan counts them [weighted persons] and spending [USD], shape (draw, replication)."""

    deaths: Floats
    usd: Floats


class Kind(StrEnum):
    """What a term is."""

    FOLLOWED = "late_plan_followed"
    MADE_AGAIN = "late_plan_made_again"
    OPTION = "option"


@dataclass(frozen=True)
class DrawnTerm:
    """A term of donors' money.

    Parameters
    ----------
    kind, name
        What it is: a late tranche, or a change of terms.
    usd
        What it promises more [USD].
    told
        Deaths more (late tranches) or averted (options) with the constants as given [weighted persons].
    deaths
        The same in each draw, simulated and paired, shape (draw, replication).
    """

    kind: Kind
    name: str
    usd: float
    told: float
    deaths: Floats


@dataclass(frozen=True)
class FundingDraws:
    """Plans of a funding study under common draws of what is not known.

    Parameters
    ----------
    budgets_usd
        The budgets, rising [USD].
    host, plan
        The host's own programme, and the plan, at each budget.
    terms
        Late tranches and changes of terms; empty where donors' terms are not priced.
    sequence
        Number of the quasi-random sequence that each draw is from, shape (draw,).
    changed
        How many constants differ in any draw from those given.
    """

    budgets_usd: tuple[float, ...]
    host: tuple[Simulated, ...]
    plan: tuple[Simulated, ...]
    terms: tuple[DrawnTerm, ...]
    sequence: Ints
    changed: int

    @property
    def draws(self) -> int:
        """Number of draws."""
        return self.sequence.size

    @property
    def replications(self) -> int:
        """Replications of each draw."""
        return self.plan[0].deaths.shape[1]

    def over_host(self, index: int) -> Bought:
        """Return what a budget and better use of the host's own money buy together."""
        return _bought(self.host[index], self.plan[index], self.host[index])

    def between(self, before: int, index: int) -> Bought:
        """Return what the money from one budget to a larger one buys."""
        return _bought(self.plan[before], self.plan[index], self.host[index])

    def deaths_range(self, values: Floats) -> ParameterRange | NoRange:
        """Return the range of a difference of deaths, of shape (draw, replication), or why there is none.

        Chance explains too much if it spreads the means of draws more than what is not known does, or if it
        alone would spread them as much more often than one time in twenty.
        """
        if not self.changed:
            return NoRange.UNCHANGED
        if not np.ptp(values):
            return NoRange.SAME
        chance = variance_split(values, self.sequence).chance / self.replications
        if variance_split(values, self.sequence).not_known < chance or chance_explains(values) > 1.0 - LEVEL:
            return NoRange.CHANCE
        low, high = PARAMETER_RANGE
        together = drawn_together(values, self.sequence)
        return ParameterRange(*np.quantile(together, (low, MIDDLE, high)).tolist())

    def price_range(self, bought: Bought) -> ParameterRange | NoRange:
        """Return the range of money spent more for each death averted [USD/weighted person].

        Infinite where in that share of the draws nothing is averted.
        """
        deaths = self.deaths_range(bought.deaths)
        if isinstance(deaths, NoRange):
            return deaths
        usd = drawn_together(bought.usd, self.sequence)
        if usd.min() <= 0.0:
            return NoRange.NO_MONEY
        # Deaths for a dollar are finite where dollars for a death are not.
        per_usd = drawn_together(bought.deaths, self.sequence) / usd
        low, high = PARAMETER_RANGE
        ends = np.quantile(per_usd, (high, MIDDLE, low)).tolist()
        return ParameterRange(*(1.0 / end if end > 0.0 else float("inf") for end in ends))

    def nothing(self, bought: Bought) -> int:
        """Return in how many draws money buys nothing: no more than the optimiser can tell apart.

        That is `GAP_AVERTED` of what is averted in that draw over the host alone.
        """
        least = GAP_AVERTED * np.maximum(bought.all_averted.mean(axis=1), 0.0)
        return int(np.count_nonzero(bought.deaths.mean(axis=1) <= least))

    def positive(self, term: DrawnTerm) -> int:
        """Return in how many draws a late tranche costs deaths, or a change of terms averts any."""
        return int(np.count_nonzero(term.deaths.mean(axis=1) > 0.0))

    def sign_kept(self, term: DrawnTerm) -> int:
        """Return in how many draws a term has the sign that it is told with."""
        return int(np.count_nonzero(np.sign(term.deaths.mean(axis=1)) == np.sign(term.told)))

    def in_doubt(self, values: Floats) -> int:
        """Return in how many draws the few replications do not settle the sign of a difference."""
        half = t_quantile(self.replications) * values.std(axis=1, ddof=1) / self.replications**0.5
        return int(np.count_nonzero((np.abs(values.mean(axis=1)) <= half) & values.any(axis=1)))

    def of_kind(self, kind: Kind) -> tuple[DrawnTerm, ...]:
        """Return terms of a kind, in their order."""
        return tuple(term for term in self.terms if term.kind is kind)

    def largest(self, term: DrawnTerm) -> int:
        """Return in how many draws no other term of its kind matters more, and this one does at all.

        Of those that are equal to `DIGITS` digits the cheaper counts, then the earlier.
        """
        rivals = self.of_kind(term.kind)
        means = np.array([one.deaths.mean(axis=1) for one in rivals])
        told = [[float(f"{mean:.{DIGITS}g}") for mean in row] for row in means.T.tolist()]
        first = [max(range(len(rivals)), key=lambda i: (row[i], -rivals[i].usd, -i)) for row in told]
        return sum(rivals[i] is term and row[i] > 0.0 for i, row in zip(first, told, strict=True))


def drawn_together(values: Floats, sequence: Ints) -> Floats:
    """Return the means of draws with about the variance of what is not known, shape (draw,).

    Each is drawn towards their mean by its own chance, sqrt(k / (k + c)): k the variance of what is not
    known, c that of chance in the mean of the draw. Of equal c that is what `draw_quantiles` does. Where some
    draws have next to no chance and others much, as where money decides little in most of them, those stay.

    Parameters
    ----------
    values
        Shape (draw, replication).
    sequence
        As in `FundingDraws`.

    References
    ----------
    Louis (1984), estimating a population of parameter values using Bayes and empirical Bayes methods, Journal
    of the American Statistical Association 79, 393-398.
    """
    known = variance_split(values, sequence).not_known
    means = values.mean(axis=1)
    total = known + values.var(axis=1, ddof=1) / values.shape[1]
    kept = np.sqrt(known / np.where(total > 0.0, total, 1.0))
    return means.mean() + np.where(total > 0.0, kept, 1.0) * (means - means.mean())


def chance_explains(values: Floats) -> float:
    """Return how often chance alone makes the means of draws differ as much as they do [1].

    If draws differ by chance alone, which value belongs to which draw says nothing: values may be dealt
    anew. That is exact for any distribution; those of rare events have long tails.

    Parameters
    ----------
    values
        Shape (draw, replication).

    References
    ----------
    Pitman (1938), the analysis of variance test for samples from any populations,
    doi:10.1093/biomet/29.3-4.322.
    """
    return _share_of_deals(values.tobytes(), values.shape)


@lru_cache(maxsize=1024)
def _share_of_deals(content: bytes, shape: tuple[int, int]) -> float:
    values = np.frombuffer(content).reshape(shape)
    deals = np.random.default_rng(DEALS_SEED).permuted(np.tile(values.ravel(), (DEALS, 1)), axis=1)
    spread = deals.reshape(DEALS, *shape).mean(axis=2).var(axis=1)
    # A deal that is as good as the one seen counts, whatever the order of its sums.
    as_much = spread >= values.mean(axis=1).var() * (1.0 - ROUNDING)
    return float((1 + np.count_nonzero(as_much)) / (1 + DEALS))


def averted(less: Simulated, more: Simulated) -> Floats:
    """Return the deaths that the second averts over the first, shape (draw, replication).

    What equal plans differ by, as the order of a sum, is nothing.
    """
    deaths = less.deaths - more.deaths
    return np.where(np.abs(deaths) <= ROUNDING * np.abs(less.deaths), 0.0, deaths)


def _bought(less: Simulated, more: Simulated, host: Simulated) -> Bought:
    return Bought(averted(less, more), more.usd - less.usd, averted(host, more))
