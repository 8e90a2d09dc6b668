"""Risk as regulators ask for it: by year for the country, by site for those who may see it."""

from __future__ import annotations

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.rare_events import ANY_NEQ_KG, ExplosionChances
from demilsim.experiments.risk_measures import MAJOR_NEQ_KG, frequency_number, p_major_by_year
from demilsim.model.harm import (
    blast_neq_kg,
    lot_masses_t,
    scenario_curves,
    stock_harm,
    storehouse_index,
)
from demilsim.model.licence import licences
from demilsim.model.partition import partition
from demilsim.model.risk import site_risk
from demilsim.plan import Floats
from demilsim.reporting.document import Document, estimate_document


def risk_document(ensemble: Ensemble, chances: ExplosionChances | None) -> Document:
    """Return the chance of a major explosion by year and policy, and the risk of each site at the start.

    The chance is given twice: as counted in the ensemble, and conditional on all but the explosions
    themselves, which estimates the same with far less error. The part by site is for the restricted
    audience; reports for others leave it out.
    """
    return {
        "major_neq_kg": MAJOR_NEQ_KG,
        "p_major_by_year": {
            policy: [estimate_document(p) for p in p_major_by_year(ensemble, policy)]
            for policy in ensemble.plans
        },
        "p_major_by_year_conditional": {
            policy: [estimate_document(p) for p in chances.by_year(policy)] for policy in ensemble.plans
        }
        if chances
        else {},
        "sites": _sites(ensemble),
    }


def chance_measures(chances: ExplosionChances | None, policy: str) -> Document:
    """Return the chances over the horizon of a major explosion, and of any of a stack or a storehouse."""
    return {
        "p_major_explosion": estimate_document(chances.over_horizon(policy)) if chances else None,
        "p_any_explosion_conditional": estimate_document(chances.over_horizon(policy, ANY_NEQ_KG))
        if chances
        else None,
    }


def _sites(ensemble: Ensemble) -> list[Document]:
    """Return the risk of each site: licences and individual risk at the start, F-N of the first policy."""
    scenario = ensemble.scenario
    houses = partition(storehouse_index(scenario), len(scenario.storehouses))
    held = houses.sum(blast_neq_kg(scenario))
    ageing = houses.sum(stock_harm(scenario).ageing_rate_per_t_year[0] * lot_masses_t(scenario))
    risk = site_risk(scenario, scenario_curves(scenario), held, ageing)
    excess = licences(scenario, held).excess
    site_of_house = [house.site_id for house in scenario.storehouses]
    policy = next(iter(ensemble.plans))
    rows = []
    for index, site in enumerate(scenario.sites):
        own = np.array([own_site == site.site_id for own_site in site_of_house], dtype=bool)
        curve = frequency_number(ensemble, policy, index)
        rows.append(
            {
                "site_id": site.site_id,
                "name": site.name,
                "storehouses": int(own.sum()),
                "over_licence": int(np.sum(excess[own] > 1.0)),
                "worst_excess": float(excess[own].max(initial=0.0)),
                "individual_risk_public_per_year": _highest(
                    ensemble, risk.individual_risk_per_year, index, False
                ),
                "individual_risk_workers_per_year": _highest(
                    ensemble, risk.individual_risk_per_year, index, True
                ),
                "fn_policy": policy,
                "fn_deaths": curve.deaths.tolist(),
                "fn_per_year": curve.per_year.tolist(),
                "fn_worst_ratio": curve.worst_ratio,
            }
        )
    return rows


def _highest(ensemble: Ensemble, individual: Floats, site: int, workers: bool) -> float:
    """Return the highest individual risk among a site's workers or its public [1/yr]; 0 if there are none."""
    scenario = ensemble.scenario
    chosen = [
        e.site_id == scenario.sites[site].site_id and (e.kind == "workers") == workers
        for e in scenario.exposed_sites
    ]
    return float(individual[np.array(chosen, dtype=bool)].max(initial=0.0))
