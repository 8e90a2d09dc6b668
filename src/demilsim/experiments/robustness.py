"""Policies over deep uncertainty, where rows have no probabilities: regret and satisficing."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats


def regret(harm: Floats) -> Floats:
    """Return what each policy loses against the best one of the same row.

    Parameters
    ----------
    harm
        Less is better, shape (row, policy).

    Returns
    -------
    numpy.ndarray
        >= 0, of the unit and shape of `harm`.

    References
    ----------
    Savage 1951, doi:10.1080/01621459.1951.10500768.
    """
    return harm - harm.min(axis=1, keepdims=True)


def largest_regret(harm: Floats) -> Floats:
    """Return the largest regret of each policy over all rows, shape (policy,)."""
    return regret(harm).max(axis=0)


def regret_quantile(harm: Floats, share: float) -> Floats:
    """Return the regret that a share of the rows does not exceed, shape (policy,)."""
    return np.quantile(regret(harm), share, axis=0, method="inverted_cdf")


def satisficing(met: Floats) -> Floats:
    """Return the share of rows in which each policy meets its target [1], shape (policy,).

    Parameters
    ----------
    met
        1 where the target is met, else 0, shape (row, policy).

    References
    ----------
    Starr 1963, the domain criterion; McPhail et al. 2018, doi:10.1002/2017EF000649, compares such measures.
    """
    return np.asarray(met, dtype=float).mean(axis=0)


def share_best(harm: Floats) -> Floats:
    """Return the share of rows in which each policy has the least harm, ties shared out, shape (policy,)."""
    best = harm == harm.min(axis=1, keepdims=True)
    return (best / best.sum(axis=1, keepdims=True)).mean(axis=0)
