"""The headline numbers of policies and of their paired differences, with their intervals."""

from __future__ import annotations

import numpy as np

from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.intervals import Interval, Intervals
from demilsim.experiments.statistics import estimate, quantile_interval, share, wilson_interval
from demilsim.experiments.uncertainty_result import Uncertainty
from demilsim.plan import Floats
from demilsim.reporting.document import Document, estimate_document, finite, spread
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED
from demilsim.units import date_of

CLEARANCE_QUANTILES = (5, 50, 95)


def policy_measures(
    ensemble: Ensemble, policy: str, uncertainty: Uncertainty | None, intervals: Intervals | None
) -> Document:
    """Return the mean of every response of a policy, when it has cleared the surplus, and how likely.

    Parameters
    ----------
    ensemble, policy
        Whose.
    uncertainty
        The same policies under draws of what is not known, if any, for the 5-95% ranges.
    intervals
        Bootstrap intervals, if there are any.
    """
    measures: Document = {
        response.value: spread(
            ensemble.estimate(policy, response),
            uncertainty.parameter_range(policy, response) if uncertainty else None,
        )
        | _bootstrap(intervals.policies.get((policy, response)) if intervals else None, least=0.0)
        for response in Response
    }
    measures[Response.ANY_EXPLOSION.value] |= _wilson(ensemble.values(policy, Response.ANY_EXPLOSION))
    measures["clearance_date"] = clearance_dates(ensemble, policy)
    days = ensemble.clearance_days(policy)
    cleared = np.isfinite(days).astype(float)
    measures["p_cleared"] = spread(share(cleared)) | _wilson(cleared)
    if any(lot.destroy_by for lot in ensemble.scenario.lots):
        missed = np.array([result.dates_missed for result in ensemble.results[policy]], dtype=float)
        measures["dates_missed"] = spread(estimate(missed))
    return measures


def clearance_dates(ensemble: Ensemble, policy: str) -> dict[str, str | None]:
    """Return quantiles of the date at which a policy has cleared the surplus, each with its interval."""
    days = ensemble.clearance_days(policy)
    start = ensemble.scenario.settings.start

    def date(day: float) -> str | None:
        return date_of(day, start).isoformat() if np.isfinite(day) else None

    quantiles = np.quantile(days, [q / 100 for q in CLEARANCE_QUANTILES], method="inverted_cdf")
    dates = {f"p{q}": date(day) for q, day in zip(CLEARANCE_QUANTILES, quantiles.tolist(), strict=True)}
    for q in CLEARANCE_QUANTILES:
        low, high = quantile_interval(days, q / 100)
        dates |= {f"p{q}_low": date(low), f"p{q}_high": date(high)}
    return dates


def _bootstrap(interval: Interval | None, least: float = -np.inf) -> Document:
    """Return the ends of a bootstrap interval; None where they are not known.

    An end below what the mean can be, as of a count below zero, is that least.
    """
    low, high = (finite(end) for end in interval or (None, None))
    return {"bootstrap_low": None if low is None else max(low, least), "bootstrap_high": high}


def _wilson(hits: Floats) -> Document:
    """Return the ends of the interval of a share, None for fewer than two replications."""
    if hits.size < 2:
        return {"low": None, "high": None}
    low, high = wilson_interval(float(np.mean(hits)), hits.size)
    # What was never seen, or always, has an end at the limit, but for rounding.
    return {"low": low if hits.any() else 0.0, "high": 1.0 if hits.all() else high}


def differences(ensemble: Ensemble, intervals: Intervals | None) -> Document:
    """Return every response of the optimised plan minus each other policy's, paired; empty without it."""
    if OPTIMISED not in ensemble.plans:
        return {}
    return {
        f"{OPTIMISED} - {other}": {
            response.value: estimate_document(ensemble.difference(OPTIMISED, other, response))
            | {"half_width_simultaneous": intervals.simultaneous[other, response] if intervals else None}
            | _bootstrap(intervals.differences.get((other, response)) if intervals else None)
            for response in Response
        }
        for other in ensemble.plans
        if other != OPTIMISED
    }


def host_difference(ensemble: Ensemble) -> Document | None:
    """Return what the host's own money alone changes, paired; None where one of the two is missing."""
    if not {DO_NOTHING, HOST_ONLY} <= ensemble.plans.keys():
        return None
    return {one.value: estimate_document(ensemble.difference(HOST_ONLY, DO_NOTHING, one)) for one in Response}
