"""How good a forecast was: quantile of the outcome, continuous ranked probability score, coverage.

The CRPS of a distribution F and an outcome y is the integral of (F(x) - [x >= y])^2 over x; that of a point
forecast is its absolute error, so that both compare in the same unit. Where an outcome is only known to be
larger than c, the integral goes up to c: the threshold-weighted score with weight 1 below c.

References
----------
Gneiting and Raftery (2007), doi:10.1198/016214506000001437; Gneiting and Ranjan (2011),
doi:10.1198/jbes.2010.08110.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.plan import Floats

INNER, OUTER = (0.25, 0.75), (0.1, 0.9)
"""Ends of the 50% and of the 80% interval."""


def crps(values: Floats, outcome: float) -> float:
    """Return the CRPS of equally likely values, in their unit.

    mean |x - y| less half the mean |x - x'|, the latter over all pairs.

    Parameters
    ----------
    values
        Finite, shape (draw,).
    outcome
        What came.
    """
    x = np.sort(values)
    n = x.size
    # The i-th smallest value is the larger one of i pairs and the smaller one of n - 1 - i.
    pairs = float((2.0 * np.arange(n) - (n - 1.0)) @ x) * 2.0 / n**2
    return float(np.abs(x - outcome).mean()) - 0.5 * pairs


def crps_later(values: Floats, after: float) -> float:
    """Return the CRPS up to `after` of an outcome of which only that it is larger is known.

    The integral of F^2 up to `after`, which is the CRPS of min(x, after) for the outcome `after`.

    Parameters
    ----------
    values
        May be infinite, shape (draw,).
    after
        The outcome is larger.
    """
    return crps(np.minimum(values, after), after)


def quantile_of(values: Floats, outcome: float) -> float:
    """Return the share of values below an outcome, ties as half."""
    return float(np.mean((values < outcome) + 0.5 * (values == outcome)))


@dataclass(frozen=True, slots=True)
class Score:
    """A forecast held against what came.

    Parameters
    ----------
    outcome
        What came, in the unit of the forecast; the least that it can be if `later`.
    later
        Whether only that it is larger is known.
    planned
        What the official plan said.
    quantile
        Share of the forecast below the outcome [1]; the least that it can be if `later`.
    crps, crps_plan
        Of the forecast and of the plan, in the unit of the forecast.
    within_50, within_80
        Whether the outcome is in the interval; None where that cannot be told.
    """

    outcome: float
    later: bool
    planned: float
    quantile: float
    crps: float
    crps_plan: float
    within_50: bool | None
    within_80: bool | None


def score(values: Floats, outcome: float, planned: float, *, later: bool = False) -> Score:
    """Return how a forecast and a plan compare with an outcome.

    Parameters
    ----------
    values
        The forecast: equally likely values, shape (draw,); finite unless `later`.
    outcome, planned, later
        As in `Score`.
    """
    return Score(
        outcome=outcome,
        later=later,
        planned=planned,
        quantile=quantile_of(values, outcome),
        crps=crps_later(values, outcome) if later else crps(values, outcome),
        crps_plan=max(outcome - planned, 0.0) if later else abs(planned - outcome),
        within_50=_within(values, outcome, INNER, later),
        within_80=_within(values, outcome, OUTER, later),
    )


def _within(values: Floats, outcome: float, ends: tuple[float, float], later: bool) -> bool | None:
    low, high = np.quantile(values, ends, method="inverted_cdf").tolist()
    if later:
        return False if outcome > high else None
    return bool(low <= outcome <= high)
