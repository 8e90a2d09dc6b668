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


def paired(a: Floats, b: Floats) -> Estimate:
    """Return the estimate of a - b over replications with common random numbers."""
    return estimate(a - b)
