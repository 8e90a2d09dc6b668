"""Means with half-widths, paired differences and quantiles over replications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats

LEVEL = 0.95
"""Confidence level of every half-width."""


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


def estimate(values: Floats) -> Estimate:
    """Return the mean of independent replications with its Monte Carlo error.

    Parameters
    ----------
    values
        One response of each replication, shape (replication,).
    """
    from scipy.special import stdtrit

    n = values.size
    mean = float(np.mean(values))
    if n < 2:
        return Estimate(mean, None)
    quantile = float(stdtrit(n - 1, 0.5 + LEVEL / 2.0))
    return Estimate(mean, quantile * float(np.std(values, ddof=1)) / n**0.5)


def share(hits: Floats) -> Estimate:
    """Return a probability with the larger arm of its Wilson interval at `LEVEL` as half-width.

    The t interval of a share that was always 0 or 1 would have no width at all.

    Parameters
    ----------
    hits
        0 or 1 of each replication, shape (replication,).

    References
    ----------
    Wilson (1927), doi:10.1080/01621459.1927.10502953.
    """
    from scipy.special import ndtri

    n, p = hits.size, float(np.mean(hits))
    if n < 2:
        return Estimate(p, None)
    z = float(ndtri(0.5 + LEVEL / 2.0))
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return Estimate(p, max(p - max(centre - reach, 0.0), min(centre + reach, 1.0) - p))


def paired(a: Floats, b: Floats) -> Estimate:
    """Return the estimate of a - b over replications with common random numbers."""
    return estimate(a - b)


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


def variance_split(values: Floats) -> VarianceSplit:
    """Return the split of a response's variance, by analysis of variance of one way.

    With R replications in each draw the mean of a draw has variance not_known + chance / R; the second
    term is taken off.

    Parameters
    ----------
    values
        Shape (draw, replication), replications independent between draws; at least two of each.
    """
    replications = values.shape[1]
    chance = float(np.mean(np.var(values, axis=1, ddof=1)))
    between = float(np.var(values.mean(axis=1), ddof=1))
    return VarianceSplit(max(between - chance / replications, 0.0), chance)


def draw_quantiles(values: Floats, shares: tuple[float, ...]) -> tuple[float, ...]:
    """Return quantiles of the mean over what is not known, without the chance of few replications.

    The means of the draws are drawn together towards their mean until their variance is that of
    `variance_split`.

    Parameters
    ----------
    values
        Shape (draw, replication).
    shares
        In [0, 1].
    """
    means = values.mean(axis=1)
    observed = float(np.var(means, ddof=1))
    kept = (variance_split(values).not_known / observed) ** 0.5 if observed > 0.0 else 1.0
    centre = float(means.mean())
    return tuple((centre + kept * (np.quantile(means, shares) - centre)).tolist())
