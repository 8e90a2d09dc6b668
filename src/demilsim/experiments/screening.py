"""Morris' effects and PAWN, as SALib computes them (extra ``sens``), on tables of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from demilsim.errors import StudyError
from demilsim.experiments.one_at_a_time import MORRIS_LEVELS
from demilsim.experiments.statistics import LEVEL
from demilsim.plan import Floats

SLICES = 10
"""Slices of a factor's range in PAWN, of equally many rows each."""

LEAST_ROWS_OF_SLICE = 10
"""Rows in a slice below which a distribution says little."""

RESAMPLES = 1_000
SEED = 0


@dataclass(frozen=True)
class MorrisEffects:
    """Elementary effects of a step through the whole width of a factor, by its distribution.

    Parameters
    ----------
    mean, mean_absolute, deviation
        Mu, mu* and sigma of each factor [output], shape (factor,).
    mean_absolute_half_width
        Half-width of mu* at `LEVEL` over trajectories [output], shape (factor,).
    """

    mean: Floats
    mean_absolute: Floats
    deviation: Floats
    mean_absolute_half_width: Floats


def has_salib() -> bool:
    """Return whether the extra ``sens`` is installed."""
    return find_spec("SALib") is not None


def _require_salib() -> None:
    if not has_salib():
        raise StudyError("Morris and PAWN: expected SALib; install it with: pip install 'demilsim[sens]'")


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}


def morris_effects(names: Sequence[str], points: Floats, values: Floats) -> MorrisEffects:
    """Return Morris' effects over trajectories.

    Parameters
    ----------
    names
        Factors.
    points
        As `morris_points` gives them, shape (row, factor).
    values
        Shape (row,).

    References
    ----------
    Campolongo, Cariboni and Saltelli 2007, doi:10.1016/j.envsoft.2006.10.004.
    """
    _require_salib()
    from SALib.analyze import morris

    found = morris.analyze(
        _problem(names), points, values,
        num_resamples=RESAMPLES, conf_level=LEVEL, num_levels=MORRIS_LEVELS, seed=SEED,
    )  # fmt: skip
    columns = ("mu", "mu_star", "sigma", "mu_star_conf")
    return MorrisEffects(*(np.asarray(found[column], dtype=float) for column in columns))


def pawn(names: Sequence[str], points: Floats, values: Floats) -> Floats:
    """Return the median PAWN index of each factor [1], shape (factor,).

    The largest distance between the distribution of the output and that within a slice of the factor; the
    median over slices. It asks for no design of its own.

    Parameters
    ----------
    names
        Factors.
    points
        Numbers of the factors, shape (row, factor).
    values
        Shape (row,).

    References
    ----------
    Pianosi and Wagener 2018, doi:10.1016/j.envsoft.2018.07.019.
    """
    _require_salib()
    from SALib.analyze import pawn as salib_pawn

    # SALib also divides by the mean over slices, which may be zero, for a figure that is not read here.
    with np.errstate(invalid="ignore", divide="ignore"):
        found = salib_pawn.analyze(_problem(names), points, values, S=SLICES)
    return np.asarray(found["median"], dtype=float)
