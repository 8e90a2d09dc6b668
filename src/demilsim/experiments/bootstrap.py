"""Bootstrap of means over replications: intervals of skewed outputs, and of many differences at once.

Which replications a bootstrap sample holds is drawn from keyed streams, the same for every output and policy,
so that common random numbers stay common and the same data always give the same interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.statistics import LEVEL, t_quantile
from demilsim.plan import Floats
from demilsim.simulation.streams import Purpose, Streams, mixed_keys

SAMPLES = 1_999
"""Bootstrap samples: 2.5% of one more is whole, so that the ends are order statistics."""

SEED = 0
"""Root seed of the samples. It need not change with that of the replications, which are other draws."""

BLOCK = 1_000_000
"""Draws that are held at a time: about 30 MB with what is made of them."""


@dataclass(frozen=True)
class Bootstrap:
    """Studentised bootstrap of the means of several outputs of the same replications.

    Parameters
    ----------
    mean, error
        Mean of each output and its standard error, shape (output,).
    deviation
        (Mean of the sample - mean) / standard error of the sample, shape (sample, output); infinite where
        a sample has no spread but another mean, 0 where it has neither.
    replications
        Number of replications.
    """

    mean: Floats
    error: Floats
    deviation: Floats
    replications: int

    def interval(self, output: int, level: float = LEVEL) -> tuple[float, float]:
        """Return the equal-tailed interval of an output's mean; an end is infinite if samples give none.

        References
        ----------
        Efron and Tibshirani, An introduction to the bootstrap (1993), section 12.5; of the usual intervals
        it covers best the mean of a skewed output (Hesterberg 2015, doi:10.1080/00031305.2015.1089789).
        """
        ordered = np.sort(self.deviation[:, output])
        cut = round((0.5 - level / 2.0) * (ordered.size + 1))
        if self.error[output] == 0.0:
            return float(self.mean[output]), float(self.mean[output])
        low, high = ordered[ordered.size - cut], ordered[cut - 1]
        return (
            float(self.mean[output] - low * self.error[output]),
            float(self.mean[output] - high * self.error[output]),
        )

    def simultaneous(self, outputs: list[int], level: float = LEVEL) -> Floats:
        """Return half-widths that hold for all of some outputs at once, shape (output,).

        Each is the same number of standard errors: the quantile of the largest absolute deviation among the
        outputs, which knows how they move together; Bonferroni's does not and is wider. No half-width is
        less than that of the output alone. Outputs without spread have none.

        References
        ----------
        Westfall and Young, Resampling-based multiple testing (1993); Romano and Wolf 2005,
        doi:10.1198/016214504000000539. Nelson and Matejcik 1995, doi:10.1287/mnsc.41.12.1935, on common
        random numbers.
        """
        error = self.error[outputs]
        spread = [output for output in outputs if self.error[output] > 0.0]
        if not spread:
            return np.zeros(len(outputs))
        ordered = np.sort(np.abs(self.deviation[:, spread]).max(axis=1))
        cut = round((1.0 - level) * (ordered.size + 1))
        factor = max(float(ordered[ordered.size - cut]), t_quantile(self.replications, level))
        return (
            np.where(error > 0.0, factor * error, 0.0) if np.isfinite(factor) else np.where(error, np.inf, 0)
        )


def bootstrap(values: Floats, samples: int = SAMPLES) -> Bootstrap:
    """Return the bootstrap of the means of several outputs.

    Parameters
    ----------
    values
        Shape (replication, output), at least two replications.
    samples
        Number of bootstrap samples.
    """
    n = values.shape[0]
    mean = values.mean(axis=0)
    scale = np.std(values, axis=0, ddof=1)
    # An output whose spread is but the rounding of its mean has none.
    scale = np.where(scale > n * np.finfo(float).eps * np.abs(mean), scale, 0.0)
    unit = (values - mean) / np.where(scale > 0.0, scale, 1.0) * (scale > 0.0)
    parts = [_deviations(weight, unit) for weight in _weights(n, samples)]
    return Bootstrap(mean, scale / n**0.5, np.concatenate(parts), n)


def _weights(n: int, samples: int) -> Iterator[Floats]:
    """Yield how often each replication is in each sample, shape (sample of a block, replication)."""
    streams, block = Streams(SEED, 0), max(BLOCK // n, 1)
    for first in range(0, samples, block):
        keys = mixed_keys(np.arange(first, min(first + block, samples), dtype=np.uint64))
        chosen = (streams.uniform(Purpose.RESAMPLE, keys, n) * n).astype(np.int64)
        flat = chosen + n * np.arange(keys.size)[:, None]
        yield np.bincount(flat.ravel(), minlength=n * keys.size).reshape(keys.size, n).astype(float)


def _deviations(weight: Floats, unit: Floats) -> Floats:
    """Return studentised deviations of samples, shape (sample, output), of outputs with mean 0."""
    n = unit.shape[0]
    # einsum and not @: the sum must not depend on how many threads a linear algebra library has.
    mean = np.einsum("sn,no->so", weight, unit) / n
    square = np.einsum("sn,no->so", weight, unit**2) / n
    variance = np.maximum(square - mean**2, 0.0)
    variance[variance < n * np.finfo(float).eps * square] = 0.0
    error = np.sqrt(variance / max(n - 1, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        deviation = mean / error
    return np.where((error == 0.0) & (np.abs(mean) < n * np.finfo(float).eps), 0.0, deviation)
