"""Clean-up after explosions in store: what a plan avoids of it, as probability times cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from demilsim.experiments.backends import available_cores
from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.rare_events import ANY_NEQ_KG, ExplosionChances, explosion_chances, is_exact
from demilsim.experiments.statistics import Estimate, counted, share
from demilsim.experiments.uncertainty import BASELINE, OPTIMISED
from demilsim.plan import DisposalPlan, Floats
from demilsim.scenario.scenario import Scenario
from demilsim.units import GRAMS_PER_TONNE


@dataclass(frozen=True)
class CleanUp:
    """Clean-up after explosions in store that donors' money avoids: probability times cost.

    Parameters
    ----------
    p_host_only, p_optimised
        Chance of any such explosion over the horizon [1].
    computed
        Whether that is computed from all else that happens, as in the report of `run`. It is counted where
        stocks may grow or measures change rates.
    usd_if_any
        Mean cost of clean-up over the replications of host_only that have one [USD]; None if none has.
    avoided_usd
        Mean over all replications of what host_only costs more, explosions or not [USD].
    """

    p_host_only: Estimate
    p_optimised: Estimate
    computed: bool
    usd_if_any: float | None
    avoided_usd: Estimate


def clean_up_avoided(ensemble: Ensemble, chances: ExplosionChances | None) -> CleanUp:
    """Return what the plan avoids of clean-up against host_only.

    Parameters
    ----------
    ensemble
        `OPTIMISED` and `BASELINE` on the same replications.
    chances
        Of any explosion in store under both; None to count.
    """
    per_t = ensemble.scenario.register.consequence.cleanup_usd_per_t
    own, host = (
        per_t / GRAMS_PER_TONNE * np.array([float(r.exploded_g) for r in ensemble.results[name]])
        for name in (OPTIMISED, BASELINE)
    )

    def chance(policy: str, cost: Floats) -> Estimate:
        if chances is None:
            return share((cost > 0.0).astype(float))
        return chances.over_horizon(policy, ANY_NEQ_KG)

    avoided, largest = host - own, float(max(own.max(), host.max()))
    return CleanUp(
        p_host_only=chance(BASELINE, host),
        p_optimised=chance(OPTIMISED, own),
        computed=chances is not None,
        usd_if_any=float(host[host > 0.0].mean()) if np.any(host > 0.0) else None,
        avoided_usd=counted(avoided, int(np.count_nonzero(avoided)), largest),
    )


def computed_chances(
    scenario: Scenario, plans: Mapping[str, DisposalPlan], seed: int | None, jobs: int | None
) -> ExplosionChances | None:
    """Return the chances of any explosion in store under some plans; None where they can only be counted."""
    if not is_exact(scenario):
        return None
    workers = jobs or available_cores()
    return explosion_chances(scenario, plans, least_neq_kg=(ANY_NEQ_KG,), seed=seed, jobs=workers)
