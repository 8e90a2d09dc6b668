"""Designs: the rows of an experiment, one value for each factor."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import product

import numpy as np

from demilsim.experiments.factors import Factor
from demilsim.experiments.one_at_a_time import morris_points, saltelli_points
from demilsim.plan import Floats

DESIGN_WORD = 0x445347
"""Told to the generator with the seed, so that a design has nothing in common with other draws."""

ADVISED_POINTS = 256
"""Base points of a Saltelli design below which its intervals are wide and values of information are noise."""

Row = tuple[str, ...]
"""Text of each factor's value."""


class DesignKind(StrEnum):
    """How rows are laid over the factors."""

    GRID = "grid"
    LATIN_HYPERCUBE = "latin_hypercube"
    SOBOL = "sobol"
    SALTELLI = "saltelli"
    MORRIS = "morris"

    @property
    def base_two(self) -> bool:
        """Whether its points are of a Sobol sequence, and a power of two in number."""
        return self in (DesignKind.SOBOL, DesignKind.SALTELLI)

    def rows(self, points: int, factors: int) -> int:
        """Return how many rows a sampled design has."""
        more = {DesignKind.SALTELLI: factors + 2, DesignKind.MORRIS: factors + 1}
        return points * more.get(self, 1)


def design_rows(kind: DesignKind, factors: Sequence[Factor], points: int, seed: int) -> list[Row]:
    """Return the rows of a design.

    Parameters
    ----------
    kind
        ``grid``: every combination of levels, the last factor fastest.
    factors
        The factors.
    points
        Rows of a sampled design; a power of two for ``sobol``, whose first rows are those of a smaller one.
        For ``saltelli`` base points, a power of two, each of which gives factors + 2 rows; for ``morris``
        trajectories of factors + 1 rows.
    seed
        Seed of a sampled design.
    """
    if kind is DesignKind.GRID:
        return list(product(*(factor.spread.grid() for factor in factors)))
    return rows_at(factors, unit_points(kind, len(factors), points, seed))


def rows_at(factors: Sequence[Factor], shares: Floats) -> list[Row]:
    """Return the rows at points of the unit cube, shape (point, factor), in [0, 1)."""
    columns = [factor.spread.at(shares[:, i]) for i, factor in enumerate(factors)]
    return list(zip(*columns, strict=True))


def unit_points(kind: DesignKind, dimensions: int, points: int, seed: int) -> Floats:
    """Return points of the unit cube, shape (point, dimension), in [0, 1).

    References
    ----------
    McKay, Beckman and Conover 1979, doi:10.1080/00401706.1979.10489755; Owen 1997,
    doi:10.1214/aos/1031594731, on scrambled Sobol sequences.
    """
    # SciPy's statistics take a second to import, and a grid needs none.
    from scipy.stats import qmc

    generator = np.random.default_rng([seed, DESIGN_WORD])
    if kind is DesignKind.MORRIS:
        return morris_points(generator, dimensions, points)
    if kind.base_two:
        columns = dimensions * (2 if kind is DesignKind.SALTELLI else 1)
        found = qmc.Sobol(columns, scramble=True, seed=generator).random_base2(points.bit_length() - 1)
        return saltelli_points(found) if kind is DesignKind.SALTELLI else found
    return qmc.LatinHypercube(dimensions, seed=generator).random(points)
