"""Sobol indices of the mean over replications, with intervals for few points and few replications alike.

All rows share the draws of a replication (common random numbers), so that the mean over replications is one
function of the factors, without noise; its indices are estimated as those of any function. The bootstrap
draws points and replications anew, both at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from demilsim.experiments.statistics import LEVEL
from demilsim.plan import Floats

SAMPLES = 999
"""Bootstrap samples: 2.5% of one more is whole."""

BOOTSTRAP_WORD = 0x534F42
"""Seed of the bootstrap: the same table always gives the same interval."""

NUMBERS_AT_A_TIME = 4_000_000
"""Numbers of bootstrap samples that are held at a time: 32 MB."""


@dataclass(frozen=True)
class SobolIndices:
    """Shares of a function's variance.

    Parameters
    ----------
    first, total
        First and total order of each factor [1], shape (factor,). The first order is what would go if the
        factor were known; the total order what would stay if all others were.
    first_ends, total_ends
        Ends of their intervals at `LEVEL`, shape (2, factor).
    """

    first: Floats
    total: Floats
    first_ends: Floats
    total_ends: Floats


def sobol_indices(values: Floats, factors: int, samples: int = SAMPLES) -> SobolIndices:
    """Return first and total order over the rows of a Saltelli design.

    Parameters
    ----------
    values
        Shape (row, replication), rows as `saltelli_points` lays them; none absent.
    factors
        Number of factors.
    samples
        Bootstrap samples.

    Notes
    -----
    Points of a scrambled Sobol sequence err less than independent ones, for which the bootstrap stands;
    the intervals are rather too wide.

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018, table 2, (b) and (f), as in SciPy. Owen 2007,
    doi:10.1214/07-AOAS122, on the bootstrap of rows and columns.
    """
    points = values.shape[0] // (factors + 2)
    first, total = _indices(values.mean(axis=1).reshape(factors + 2, 1, points))
    generator = np.random.default_rng(BOOTSTRAP_WORD)
    block = max(NUMBERS_AT_A_TIME // values.shape[0], 1)
    drawn = [
        _indices(_resampled(values, points, generator, min(block, samples - done)))
        for done in range(0, samples, block)
    ]
    ends = (0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0)
    first_ends, total_ends = (
        np.quantile(np.concatenate([pair[k] for pair in drawn]), ends, axis=0) for k in (0, 1)
    )
    return SobolIndices(first[0], total[0], first_ends, total_ends)


def _resampled(values: Floats, points: int, generator: np.random.Generator, samples: int) -> Floats:
    """Return bootstrap samples of means, shape (matrix, sample, point)."""
    replications = values.shape[1]
    weight = generator.multinomial(replications, np.full(replications, 1.0 / replications), samples)
    # einsum and not @: the sum must not depend on how many threads a linear algebra library has.
    means = np.einsum("rk,sk->sr", values, weight / replications)
    means = means.reshape(samples, -1, points).transpose(1, 0, 2)
    chosen = generator.integers(0, points, (1, samples, points))
    return np.take_along_axis(means, chosen, axis=2)


def _indices(means: Floats) -> tuple[Floats, Floats]:
    """Return first and total order, shape (sample, factor), of means, shape (matrix, sample, point)."""
    from scipy.stats import sobol_indices as scipy_indices

    parts: dict[Literal["f_A", "f_B", "f_AB"], Floats] = {"f_A": means[0], "f_B": means[1], "f_AB": means[2:]}
    found = scipy_indices(func=parts, n=means.shape[2])
    shape = (means.shape[1], means.shape[0] - 2)
    return found.first_order.reshape(shape), found.total_order.reshape(shape)
