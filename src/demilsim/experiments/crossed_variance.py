"""Variance of an outcome by what is not known and by chance, when all rows share replications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats


@dataclass(frozen=True, slots=True)
class CrossedSplit:
    """Variance of one outcome, by the law of total variance: parameters + chance.

    Parameters
    ----------
    parameters
        Variance over the rows of the mean outcome [output²].
    chance
        Mean over the rows of the variance between replications [output²].
    joint
        The part of `chance` that is another in every row, and that common random numbers do not take
        away [output²].
    replications
        Replications of each row.
    """

    parameters: float
    chance: float
    joint: float
    replications: int

    @property
    def share_parameters(self) -> float | None:
        """Share of parameters in the variance of one outcome [1]; None without variance."""
        total = self.parameters + self.chance
        return self.parameters / total if total > 0.0 else None

    @property
    def share_noise(self) -> float | None:
        """Share of chance that is left in the variance of the rows' means [1]; None without variance.

        This is what indices of the means attribute to factors and more replications would take away.
        """
        left = self.joint / self.replications
        return left / (self.parameters + left) if self.parameters + left > 0.0 else None


def crossed_split(values: Floats) -> CrossedSplit:
    """Return the split of variance by analysis of variance of two ways without repeats.

    With independent rows and replications, value = mean + row + replication + joint part; then a row's
    mean varies by parameters + joint / R, and the second term is taken off. (`variance_split` is for
    replications that rows do not share.) Each part is unbiased but for being cut at zero.

    Parameters
    ----------
    values
        Shape (row, replication), at least two of each, replication k with the same draws in all rows.

    References
    ----------
    Searle, Casella and McCulloch, Variance components (1992), section 4.3.
    """
    rows, replications = values.shape
    by_row, by_replication = values.mean(axis=1), values.mean(axis=0)
    left = values - by_row[:, None] - by_replication[None, :] + values.mean()
    joint = float(np.sum(left**2)) / ((rows - 1) * (replications - 1))
    parameters = float(np.var(by_row, ddof=1)) - joint / replications
    chance = float(np.mean(np.var(values, axis=1, ddof=1)))
    return CrossedSplit(max(parameters, 0.0), chance, joint, replications)
