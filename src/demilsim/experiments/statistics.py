"""Means with half-widths, paired differences, quantiles and the split of variance over replications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats, Ints

LEVEL = 0.95
"""Confidence level of every half-width."""

FEW_EVENTS = 10
"""Events below which the t interval of a counted output is not trusted alone [1]."""

LEAST_GROUPS = 3
"""Groups of draws from which on leaving one out leaves independent ones [1]."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and half the width of its t interval at `LEVEL`; None for fewer than two replications."""

    mean: float
    half_width: float | None

    @property
    def low(self) -> float:
        """Lower end of the interval; minus infinity without one."""
        return self.mean - (self.half_width if self.half_width is not None else float("inf"))

    @property
    def high(self) -> float:
        """Upper end of the interval; infinity without one."""
        return self.mean + (self.half_width if self.half_width is not None else float("inf"))


def estimate(values: Floats, level: float = LEVEL) -> Estimate:
    """Return the mean of independent replications with its Monte Carlo error.

    Parameters
    ----------
    values
        One response of each replication, shape (replication,).
    level
        Confidence level in (0, 1).
    """
    n = values.size
    mean = float(np.mean(values))
    if n < 2:
        return Estimate(mean, None)
    return Estimate(mean, t_quantile(n, level) * float(np.std(values, ddof=1)) / n**0.5)


def t_quantile(n: int, level: float = LEVEL) -> float:
    """Return the two-sided quantile of Student's t for `n` >= 2 values at a confidence level."""
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.5 + level / 2.0))


def counted(values: Floats, events: int, largest: float, level: float = LEVEL) -> Estimate:
    """Return the mean of a counted output, whose interval has a width even if no event was seen.

    With k events the Poisson mean of their number has the exact upper end G(k) (Garwood; 3.69 for k = 0, of
    which the one-sided rule of three is a round version). Below `FEW_EVENTS` the half-width is at least
    (G(k) - k)/n times the mean size of an event; without any event, times the largest size known.

    Parameters
    ----------
    values
        Counted output of each replication, or its paired difference, shape (replication,).
    events
        k: how many events the values sum up, or how many of them are not 0.
    largest
        Largest size of an event that was seen anywhere, in the unit of the values, >= 0. With 0 and no
        event the half-width is None: nothing says how much an event would count.
    level
        Confidence level in (0, 1).

    References
    ----------
    Garwood (1936), doi:10.1093/biomet/28.3-4.437. Hanley and Lippman-Hand (1983),
    doi:10.1001/jama.1983.03330370053031.
    """
    from scipy.special import gammaincinv

    plain = estimate(values, level)
    if plain.half_width is None or events >= FEW_EVENTS:
        return plain
    size = float(np.abs(values).sum()) / events if events else largest
    if size <= 0.0:
        return Estimate(plain.mean, None)
    upper = float(gammaincinv(events + 1.0, 0.5 + level / 2.0))
    return Estimate(plain.mean, max(plain.half_width, (upper - events) / values.size * size))


def share(hits: Floats) -> Estimate:
    """Return a probability with the larger arm of its Wilson interval at `LEVEL` as half-width.

    The t interval of a share that was always 0 or 1 would have no width at all.

    Parameters
    ----------
    hits
        0 or 1 of each replication, shape (replication,).
    """
    n, p = hits.size, float(np.mean(hits))
    if n < 2:
        return Estimate(p, None)
    low, high = wilson_interval(p, n)
    return Estimate(p, max(p - low, high - p))


def wilson_interval(p: float, n: int, level: float = LEVEL) -> tuple[float, float]:
    """Return both ends of Wilson's interval of a probability, within 0 and 1.

    Parameters
    ----------
    p
        Share that was seen [1], in [0, 1].
    n
        Number of independent trials, >= 1.
    level
        Confidence level in (0, 1).

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    from scipy.special import ndtri

    z = float(ndtri(0.5 + level / 2.0))
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def paired(a: Floats, b: Floats) -> Estimate:
    """Return the estimate of a - b over replications with common random numbers."""
    return estimate(a - b)


def ratio(a: Floats, b: Floats) -> Estimate | None:
    """Return mean(a) / mean(b) over replications with its error by the delta method; None if mean(b) is 0.

    Parameters
    ----------
    a, b
        Two responses of the same replications, shape (replication,).

    References
    ----------
    Law, Simulation modeling and analysis (2015), section 9.3.2, ratio estimators.
    """
    mean = float(np.mean(b))
    if mean == 0.0:
        return None
    share = float(np.mean(a)) / mean
    return Estimate(share, estimate((a - share * b) / mean).half_width)


def quantile_interval(values: Floats, share: float, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval of a quantile between two order statistics, whatever the distribution.

    Parameters
    ----------
    values
        Of independent replications, shape (replication,); infinite ones stand for never.
    share
        Which quantile, in (0, 1).
    level
        Confidence level: at least so often the interval holds the quantile.

    Returns
    -------
    tuple of float
        Both ends; minus infinity and infinity where there are too few replications for an end.

    References
    ----------
    David and Nagaraja, Order statistics (2003), section 7.1.
    """
    from scipy.special import bdtr

    n = values.size
    ordered = np.concatenate([[-np.inf], np.sort(values), [np.inf]])
    tail = 0.5 - level / 2.0
    # at_most[j]: probability that at most j of n values lie below the quantile.
    at_most = np.asarray(bdtr(np.arange(n + 1.0), n, share))
    lower = int(np.searchsorted(at_most, tail, side="right"))
    upper = int(np.searchsorted(at_most, 1.0 - tail, side="left")) + 1
    return float(ordered[lower]), float(ordered[upper])


@dataclass(frozen=True, slots=True)
class VarianceSplit:
    """Variance of a response over draws of what is not known and replications within each.

    Parameters
    ----------
    not_known
        Variance of the means between draws, unbiased but for being cut at zero [response²].
    chance
        Mean variance of replications within a draw, unbiased [response²].
    """

    not_known: float
    chance: float

    @property
    def share_not_known(self) -> float | None:
        """Share of what is not known in the variance of one outcome [1]; None without variance."""
        total = self.not_known + self.chance
        return self.not_known / total if total > 0.0 else None


def variance_split(values: Floats, groups: Ints | None = None) -> VarianceSplit:
    """Return the split of a response's variance, by analysis of variance of one way.

    With R replications in each draw the mean of a draw has variance not_known + chance / R; the second
    term is taken off.

    Parameters
    ----------
    values
        Shape (draw, replication), replications independent between draws; at least two of each.
    groups
        Draws of one group depend on each other (points of one scrambled sequence), those of different
        groups do not, shape (draw,); at least two groups. By default all draws are independent.

    Notes
    -----
    Half the mean square of the difference of two independent draws has the variance of one as its mean,
    so that only pairs of different groups are used. Without groups that is the sample variance. Points
    within a group repel each other, and their sample variance would be too large.
    """
    chance = float(np.mean(np.var(values, axis=1, ddof=1)))
    between = _between(values.mean(axis=1), groups)
    return VarianceSplit(max(between - chance / values.shape[1], 0.0), chance)


def borrowed_split(same_mean: Floats, values: Floats, groups: Ints | None = None) -> VarianceSplit:
    """Return the split with what is not known judged by another response of the same mean.

    Parameters
    ----------
    same_mean
        The other response, which has less chance, shape (draw, replication).
    values, groups
        As in `variance_split`.
    """
    not_known = variance_split(same_mean, groups).not_known
    return VarianceSplit(not_known, variance_split(values, groups).chance)


def share_half_width(same_mean: Floats, values: Floats, groups: Ints | None = None) -> float | None:
    """Return the half-width of the share of what is not known, by the jackknife over the groups [1].

    None with fewer than `LEAST_GROUPS`, or without variance.

    Parameters
    ----------
    same_mean, values, groups
        As in `borrowed_split`.

    References
    ----------
    Efron and Tibshirani, An introduction to the bootstrap (1993), chapter 11.
    """
    own = np.arange(len(values)) if groups is None else groups
    numbers = np.unique(own)
    if numbers.size < LEAST_GROUPS:
        return None
    shares = []
    for number in numbers:
        kept = own != number
        shares.append(borrowed_split(same_mean[kept], values[kept], own[kept]).share_not_known)
    if any(share is None for share in shares):
        return None
    variance = (numbers.size - 1.0) * float(np.var(np.array(shares, dtype=float)))
    return t_quantile(numbers.size) * variance**0.5


def _between(means: Floats, groups: Ints | None) -> float:
    """Return the variance of independent draws, from pairs of different groups."""
    if groups is None:
        return float(np.var(means, ddof=1))
    apart = groups[:, None] != groups[None, :]
    return float(0.5 * np.mean((means[:, None] - means[None, :])[apart] ** 2))


def draw_quantiles(
    values: Floats, shares: tuple[float, ...], groups: Ints | None = None
) -> tuple[float, ...]:
    """Return quantiles of the mean over what is not known, without the chance of few replications.

    The means of the draws are drawn together towards their mean until their variance is that of
    `variance_split`.

    Parameters
    ----------
    values
        Shape (draw, replication).
    shares
        In [0, 1].
    groups
        As in `variance_split`.
    """
    means = values.mean(axis=1)
    observed = _between(means, groups)
    kept = (variance_split(values, groups).not_known / observed) ** 0.5 if observed > 0.0 else 1.0
    centre = float(means.mean())
    return tuple((centre + kept * (np.quantile(means, shares) - centre)).tolist())


def group_estimate(values: Floats, groups: Ints | None) -> Estimate:
    """Return the mean over draws with its error, judged by the spread between independent groups.

    Parameters
    ----------
    values
        Shape (draw, replication).
    groups
        As in `variance_split`; None if all draws are independent.
    """
    means = values.mean(axis=1)
    if groups is None:
        return estimate(means)
    by_group = np.array([means[groups == group].mean() for group in np.unique(groups)])
    return Estimate(float(means.mean()), estimate(by_group).half_width)
