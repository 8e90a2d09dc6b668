"""Points of the unit cube that differ in one factor at a time: for Sobol indices and Morris' effects."""

from __future__ import annotations

import numpy as np

from demilsim.plan import Floats

MORRIS_LEVELS = 4
"""Levels of a factor in Morris' design; with an even number all levels are equally often taken [1]."""


def saltelli_points(pairs: Floats) -> Floats:
    """Return the matrices A, B and, for each factor i, A with column i of B, one below the other.

    Parameters
    ----------
    pairs
        Points of twice the dimension: columns of A, then those of B, shape (point, 2 x factor).

    Returns
    -------
    numpy.ndarray
        Shape (point x (factor + 2), factor).

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.
    """
    dimensions = pairs.shape[1] // 2
    a, b = pairs[:, :dimensions], pairs[:, dimensions:]
    crossed = [np.where(np.arange(dimensions) == i, b, a) for i in range(dimensions)]
    return np.concatenate([a, b, *crossed])


def morris_points(generator: np.random.Generator, dimensions: int, trajectories: int) -> Floats:
    """Return trajectories, each from a random point through one step of each factor, in random order.

    A step is 2/3 of the width of the cube, up or down, between the levels 0, 1/3, 2/3 and 1; the last is
    written as the largest number below 1.

    Returns
    -------
    numpy.ndarray
        Shape (trajectory x (factor + 1), factor).

    References
    ----------
    [1] Morris 1991, doi:10.1080/00401706.1991.10484804.
    """
    half, last = MORRIS_LEVELS // 2, MORRIS_LEVELS - 1
    found = []
    for _ in range(trajectories):
        place = generator.integers(0, MORRIS_LEVELS, dimensions)
        found.append(place.copy())
        for i in generator.permutation(dimensions):
            place[i] = place[i] + half if place[i] < half else place[i] - half
            found.append(place.copy())
    return np.minimum(np.array(found) / last, np.nextafter(1.0, 0.0))
