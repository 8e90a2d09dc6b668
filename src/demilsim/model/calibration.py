"""What the documented events say about the event rates, and how much they leave open.

    documented events ~ Poisson(lambda p T)     lambda: national rate of events [1/yr], T: years [yr]
    lambda ~ Gamma(a0, b0)                      p ~ Beta: probability that an event comes to be documented
    shares of causes ~ Dirichlet                of handling in all events, of the five others among the rest

Given p the posterior of lambda is Gamma(a0 + n, b0 + p T). An event at a disposal company's site counts as
handling, one where ammunition is stored as any of the other causes; which of them is not known, so their
shares among each other keep the prior (a property of the Dirichlet distribution).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from demilsim.model.event_rate import Cause
from demilsim.plan import Floats
from demilsim.scenario.events import DocumentedEvent

STORAGE_CAUSES = (Cause.AGEING, Cause.STORAGE, Cause.EXTERNAL, Cause.SECURITY, Cause.UNDETERMINED)
"""Causes of events where ammunition is stored."""

CALIBRATED = (*STORAGE_CAUSES, Cause.HANDLING)
"""Order of the columns of `Calibration.draw`."""

RECORD_YEARS = (2001, 2021)
"""First and last year of the shipped record."""

PRIOR_EVENTS = 0.5
"""a0, shape of the prior of the national rate: worth half an event [1]."""

PRIOR_YEARS = 3.7
"""b0 [yr]: the prior mean a0/b0 is 0.135 a year, that of the 108 countries with any event (674 events in
1979-2024, Small Arms Survey)."""

REPORTED = (8.5, 1.5)
"""Beta prior of the probability that an event is documented, mean 0.85. Assumption; the first count of the
world's events in 2011 was 40, the later one 46 (Small Arms Survey), so 0.87 had been known at first."""

CAUSE_SHARES: Mapping[Cause, float] = MappingProxyType(
    {
        Cause.AGEING: 17.5,
        Cause.STORAGE: 22.5,
        Cause.EXTERNAL: 17.5,
        Cause.SECURITY: 6.5,
        Cause.UNDETERMINED: 25.0,
        Cause.HANDLING: 25.0,
    }
)
"""Prior means of the causes' shares, in proportion [%]: middles of ranges that are recollected, not read."""

SHARE_EVENTS = 6.0
"""Weight of the prior of the shares [events]: one for each cause, wide on purpose."""

REGISTER_EVENTS_PER_YEAR: Mapping[Cause, float] = MappingProxyType(
    {
        Cause.AGEING: 0.17 * 7 / 21,
        Cause.STORAGE: 0.16 * 7 / 21,
        Cause.EXTERNAL: 0.16 * 7 / 21,
        Cause.SECURITY: 0.045 * 7 / 21,
        Cause.UNDETERMINED: 0.18 * 7 / 21,
        Cause.HANDLING: 3 / 21,
    }
)
"""National level from which the shipped rates were derived [1/yr]; see their sources in
``parameters.csv``, and for handling ``methods.csv`` (3 events)."""

GRID = 2_000
"""Points of the quadrature over the probability of being documented."""


@dataclass(frozen=True, slots=True)
class GammaPosterior:
    """Gamma distribution of an event rate.

    Parameters
    ----------
    shape
        a [1], > 0.
    years
        b, the rate parameter of the distribution [yr], > 0.
    """

    shape: float
    years: float

    @property
    def mean(self) -> float:
        """Mean a/b [1/yr]."""
        return self.shape / self.years

    @property
    def variance(self) -> float:
        """Variance a/b² [1/yr²]."""
        return self.shape / self.years**2

    def predictive(self, years: float, most: int) -> Floats:
        """Return the probability of 0 to `most` events in `years`: negative binomial, shape (most + 1,).

        Parameters
        ----------
        years
            Years observed, times the probability of being documented [yr].
        most
            Largest count, >= 0.
        """
        counts = np.arange(most + 1)
        chosen = np.array([math.lgamma(self.shape + k) - math.lgamma(k + 1.0) for k in counts])
        chosen -= math.lgamma(self.shape)
        before, after = self.years / (self.years + years), years / (self.years + years)
        return np.exp(chosen + self.shape * math.log(before) + counts * math.log(after))


def rate_posterior(
    count: int, years: float, reported: float = 1.0, prior: GammaPosterior | None = None
) -> GammaPosterior:
    """Return the posterior of a national event rate, Gamma(a0 + n, b0 + p T).

    Parameters
    ----------
    count
        Documented events n, >= 0.
    years
        Years T in which they fell [yr], > 0.
    reported
        Probability p that an event is documented [1].
    prior
        Gamma(a0, b0); by default `PRIOR_EVENTS` and `PRIOR_YEARS`.
    """
    prior = prior or GammaPosterior(PRIOR_EVENTS, PRIOR_YEARS)
    return GammaPosterior(prior.shape + count, prior.years + reported * years)


@dataclass(frozen=True)
class Calibration:
    """Posterior of national event rates by cause, given documented events.

    Parameters
    ----------
    years
        Years of the record [yr].
    storage, disposal
        Documented events where ammunition is stored, and at disposal companies' sites.
    """

    years: float
    storage: int
    disposal: int

    @property
    def count(self) -> int:
        """Documented events in all."""
        return self.storage + self.disposal

    def given(self, reported: float) -> GammaPosterior:
        """Return the posterior of the national rate for a known probability of being documented."""
        return rate_posterior(self.count, self.years, reported)

    def reported(self) -> tuple[Floats, Floats]:
        """Return nodes and weights of the posterior of the probability of being documented.

        The rate is integrated out: density in proportion to p^(α-1+n) (1-p)^(β-1) / (b0 + p T)^(a0+n).
        """
        alpha, beta = REPORTED
        p = (np.arange(GRID) + 0.5) / GRID
        log_density = (alpha - 1.0 + self.count) * np.log(p) + (beta - 1.0) * np.log1p(-p)
        log_density -= (PRIOR_EVENTS + self.count) * np.log(PRIOR_YEARS + p * self.years)
        density = np.exp(log_density - log_density.max())
        return p, density / density.sum()

    def predictive(self, years: float, most: int) -> Floats:
        """Return the probability of 0 to `most` documented events in other `years`, shape (most + 1,)."""
        p, weight = self.reported()
        total = np.zeros(most + 1)
        for value, share in zip(p.tolist(), weight.tolist(), strict=True):
            total += share * self.given(value).predictive(value * years, most)
        return total

    def rates(self, rng: np.random.Generator, n: int) -> Floats:
        """Return draws of the national event rates, documented or not.

        Parameters
        ----------
        rng
            Generator; the first draws are the same whatever `n` is.
        n
            How many.

        Returns
        -------
        ndarray
            Rates [1/yr], shape (draw, cause) in the order of `CALIBRATED`.
        """
        return self._rates(rng.standard_gamma(np.broadcast_to(self._shapes, (n, self.dimensions))))

    @property
    def dimensions(self) -> int:
        """Number of independent deviates that a draw is made from."""
        return self._shapes.size

    @property
    def _shapes(self) -> Floats:
        """Return the shapes of the gamma deviates behind a draw: rate, probability, share, causes."""
        prior = SHARE_EVENTS * np.array([CAUSE_SHARES[cause] for cause in CALIBRATED])
        prior /= sum(CAUSE_SHARES.values())
        handling = (prior[-1] + self.disposal, prior[:-1].sum() + self.storage)
        return np.array([PRIOR_EVENTS + self.count, 1.0, *handling, *prior[:-1]])

    def _rates(self, gammas: Floats) -> Floats:
        """Return rates from gamma deviates with shapes `_shapes`, shape (draw, deviate)."""
        _, weight = self.reported()
        edges = np.concatenate([[0.0], np.cumsum(weight)])
        known = np.interp(np.exp(-gammas[:, 1]), edges, np.arange(GRID + 1) / GRID)
        rate = gammas[:, 0] / (PRIOR_YEARS + known * self.years)
        share = gammas[:, 2] / (gammas[:, 2] + gammas[:, 3])
        among = gammas[:, 4:] / gammas[:, 4:].sum(axis=1, keepdims=True)
        return np.column_stack([(rate * (1.0 - share))[:, None] * among, rate * share])

    def draw(self, rng: np.random.Generator, n: int) -> Floats:
        """Return draws of multipliers on the shipped rates, shape (draw, cause), order of `CALIBRATED`.

        The last column is for the methods' accident rates. 1 is the level that the shipped register implies.
        """
        return self.rates(rng, n) / _register_level()

    def draw_at(self, shares: Floats) -> Floats:
        """Return what `draw` returns, at points of the unit cube.

        Parameters
        ----------
        shares
            In [0, 1), shape (draw, `dimensions`); uniform points give draws from the posterior.
        """
        from scipy.special import gammaincinv

        return self._rates(gammaincinv(self._shapes, shares)) / _register_level()


def _register_level() -> Floats:
    """Return the national level that the register implies [1/yr], in the order of `CALIBRATED`."""
    return np.array([REGISTER_EVENTS_PER_YEAR[cause] for cause in CALIBRATED])


def calibrate(
    events: Iterable[DocumentedEvent],
    from_year: int = RECORD_YEARS[0],
    to_year: int = RECORD_YEARS[1],
) -> Calibration:
    """Return the calibration on the events of some years.

    Parameters
    ----------
    events
        Documented events.
    from_year, to_year
        First and last calendar year that count.
    """
    sites = [event.site for event in events if from_year <= event.year <= to_year]
    return Calibration(float(to_year - from_year + 1), sites.count("storage"), sites.count("disposal"))
