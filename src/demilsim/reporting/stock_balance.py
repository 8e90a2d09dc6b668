"""What becomes of the stock: destroyed, exploded, stolen, lost on the road, or left; it adds up."""

from __future__ import annotations

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.statistics import estimate
from demilsim.reporting.document import Document, spread
from demilsim.reporting.policy_records import Measures
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import fixed, the_plan
from demilsim.units import GRAMS_PER_TONNE

WHOLE_T = 1_000.0
"""Stock from which on whole tonnes are shown [t]."""


def balance_measures(ensemble: Ensemble, policy: str) -> Document:
    """Return the stock of a policy and where it went but for what was destroyed, as measures [t].

    In every replication ``stock_start_t + arrived_t`` is ``destroyed_t + exploded_t + stolen_t +
    lost_on_road_t + stock_end_t``. Reserve is in the stock, and what had not come at the start is not.
    """
    results = ensemble.results_of(policy)
    there = np.array([float(r.stock_g[-1]) - r.arrived_g for r in results])
    gone = np.array([float(r.destroyed_g.sum()) + r.exploded_g + r.stolen_g + r.road_g for r in results])
    grams = {
        "stock_start_t": there + gone,
        "arrived_t": np.array([float(r.arrived_g) for r in results]),
        "exploded_t": np.array([float(r.exploded_g) for r in results]),
        "stolen_t": np.array([float(r.stolen_g) for r in results]),
        "lost_on_road_t": np.array([float(r.road_g) for r in results]),
        "stock_end_t": np.array([float(r.stock_g[-1]) for r in results]),
    }
    return {name: spread(estimate(values / GRAMS_PER_TONNE)) for name, values in grams.items()}


def balance_sentence(results: StoredResults) -> str:
    """Return where the stock goes under the shown policy; empty where that is not stored.

    What explodes and what is stolen is one number: how much thieves take is not for the public.
    """
    shown = results.shown
    parts = _means(shown.measures)
    if parts is None:
        return ""
    start, arrived, destroyed, exploded, stolen, road, end = parts
    decimals = 0 if start >= WHOLE_T else 1
    came = f" and {fixed(arrived, decimals)} t that come" if arrived else ""
    return (
        f"Under {the_plan(shown)}, of {fixed(start, decimals)} t in store{came}, "
        f"{fixed(destroyed, decimals)} t are destroyed, "
        f"{fixed(exploded + stolen, decimals)} t explode or are stolen, "
        f"{fixed(road, decimals)} t are lost on the road, and {fixed(end, decimals)} t are left, reserve "
        "included (means of replications)."
    )


def _means(measures: Measures) -> tuple[float, ...] | None:
    """Return start, arrived, destroyed, exploded, stolen, lost on the road and left [t]."""
    spreads = (
        measures.stock_start_t, measures.arrived_t, measures.destroyed_t, measures.exploded_t,
        measures.stolen_t, measures.lost_on_road_t, measures.stock_end_t,
    )  # fmt: skip
    known = [one.mean for one in spreads if one is not None]
    return tuple(known) if len(known) == len(spreads) else None
