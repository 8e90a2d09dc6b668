"""What it would be worth to know parameters before a policy is chosen: perfect and partial information.

Without more knowledge the policy of the least mean harm is taken; with it, the best one of each case. The
difference of the expected harms is the value of the knowledge, in harm averted: never below zero, and zero
where nothing that could be learnt would change the choice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.experiments.statistics import LEVEL
from demilsim.plan import Floats

SAMPLES = 199
"""Bootstrap samples: 2.5% of one more is whole."""

BOOTSTRAP_WORD = 0x455650
FEW_VALUES = 10
"""A factor with at most so many values is grouped by them."""

DEGREES = (1, 2, 3)
KNOTS = (2, 4, 8)
"""Candidates of the regression: polynomials, and cubic splines on ranks with so many inner knots."""

ROWS_PER_COLUMN = 8
"""Rows that each column of a regression must have at least."""


@dataclass(frozen=True, slots=True)
class InformationValue:
    """Expected harm averted by knowing something, with its interval at `LEVEL` [unit of the harm]."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PerfectInformation:
    """Expected harm averted by knowing all factors [unit of the harm].

    Parameters
    ----------
    least
        Policies chosen by one half of the replications and judged by the other: too low if anything.
    most
        Policies chosen and judged by the same means: too high if anything, since chance is chosen too.
    low, high
        Lower end of the interval of `least` and upper end of that of `most`, at `LEVEL`.
    """

    least: float
    most: float
    low: float
    high: float


def perfect_information(harm: Floats, samples: int = SAMPLES) -> PerfectInformation:
    """Return the expected value of perfect information on all factors.

    Parameters
    ----------
    harm
        Less is better, shape (row, replication, policy), at least two replications; rows are drawn from
        what is believed of the factors.
    samples
        Bootstrap samples of rows.

    References
    ----------
    Raiffa and Schlaifer, Applied statistical decision theory (1961), chapter 4.
    """
    means = harm.mean(axis=1)
    halves = harm[:, ::2].mean(axis=1), harm[:, 1::2].mean(axis=1)
    generator = np.random.default_rng(BOOTSTRAP_WORD)
    rows = np.arange(harm.shape[0])
    drawn = generator.integers(0, rows.size, (samples, rows.size))
    least = [_judged(halves[0][r], halves[1][r]) for r in (rows, *drawn)]
    most = [_chosen(means[r]) for r in (rows, *drawn)]
    tail = 0.5 - LEVEL / 2.0
    low, high = float(np.quantile(least[1:], tail)), float(np.quantile(most[1:], 1.0 - tail))
    return PerfectInformation(max(least[0], 0.0), most[0], max(low, 0.0), high)


def _chosen(means: Floats) -> float:
    """Return mean harm of the best policy less that of the best policy of each row, >= 0."""
    # Row by row: where the same policy is best everywhere the difference is zero, and not rounding.
    return float((means[:, means.mean(axis=0).argmin()] - means.min(axis=1)).mean())


def _judged(one: Floats, other: Floats) -> float:
    """Return the same with policies chosen by one table and judged by the other, both ways."""
    rows = np.arange(len(one))
    found = [
        (judge[:, choose.mean(axis=0).argmin()] - judge[rows, choose.argmin(axis=1)]).mean()
        for choose, judge in ((one, other), (other, one))
    ]
    return float(np.mean(found))


def partial_information(factor: Floats, harm: Floats, samples: int = SAMPLES) -> InformationValue:
    """Return the expected value of perfect information on one factor alone.

    Differences between policies are regressed on the factor, which takes out the other factors and
    chance; the form is the one of least Bayesian information criterion, a constant among them, so that a
    factor that moves no difference has the value zero.

    Parameters
    ----------
    factor
        Its numbers, shape (row,).
    harm
        As in `perfect_information`.
    samples
        Bootstrap samples of rows and replications, with the form as chosen. Where the value is near
        zero the interval leans high.

    References
    ----------
    Strong, Oakley and Brennan 2014, doi:10.1177/0272989X13505910; with few values, Strong and Oakley
    2013, doi:10.1177/0272989X12465123.
    """
    means = harm.mean(axis=1)
    best = int(means.mean(axis=0).argmin())
    forms = _forms(factor)
    bases = [_least_bic(forms, means[:, p] - means[:, best]) for p in range(harm.shape[2])]
    value = _value(bases, means, best)
    generator = np.random.default_rng(BOOTSTRAP_WORD)
    rows, replications = harm.shape[:2]
    drawn = []
    for _ in range(samples):
        weight = generator.multinomial(replications, np.full(replications, 1.0 / replications))
        chosen = generator.integers(0, rows, rows)
        resampled = np.einsum("rkp,k->rp", harm, weight / replications)[chosen]
        drawn.append(_value([basis[chosen] for basis in bases], resampled, best))
    low, high = np.quantile(drawn, (0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0))
    return InformationValue(value, float(low), float(high))


def _value(bases: list[Floats], means: Floats, reference: int) -> float:
    """Return what the fitted differences to a reference policy say the factor is worth."""
    fitted = np.stack(
        [_fit(basis, means[:, p] - means[:, reference]) for p, basis in enumerate(bases)], axis=1
    )
    return _chosen(fitted)


def _fit(basis: Floats, values: Floats) -> Floats:
    coefficients = np.linalg.lstsq(basis, values, rcond=None)[0]
    return np.einsum("rc,c->r", basis, coefficients)


def _least_bic(forms: list[Floats], values: Floats) -> Floats:
    """Return the form with the least Bayesian information criterion, the simplest among equals."""
    n = len(values)
    floor = np.finfo(float).eps * max(float(np.mean(values**2)), np.finfo(float).tiny)
    scores = [
        n * np.log(max(float(np.mean((values - _fit(form, values)) ** 2)), floor)) + form.shape[1] * np.log(n)
        for form in forms
    ]
    return forms[int(np.argmin(scores))]


def _forms(factor: Floats) -> list[Floats]:
    """Return the candidates as matrices, shape (row, column), simplest first."""
    n = len(factor)
    values, places = np.unique(factor, return_inverse=True)
    constant = np.ones((n, 1))
    if len(values) == 1:
        return [constant]
    scaled = (factor - factor.mean()) / factor.std()
    if len(values) <= FEW_VALUES:
        groups = (places[:, None] == np.arange(len(values))).astype(float)
        return [constant, np.vander(scaled, 2), groups]
    ranks = places / (len(values) - 1)
    forms = [constant, *(np.vander(scaled, degree + 1) for degree in DEGREES)]
    forms += [_spline(ranks, knots) for knots in KNOTS]
    return [form for form in forms if form.shape[1] * ROWS_PER_COLUMN <= n or form is constant]


def _spline(ranks: Floats, knots: int) -> Floats:
    """Return cubic B-splines on [0, 1] with evenly spaced inner knots."""
    from scipy.interpolate import BSpline

    ends = np.concatenate([np.zeros(3), np.linspace(0.0, 1.0, knots + 2), np.ones(3)])
    return BSpline.design_matrix(ranks, ends, 3).toarray()
