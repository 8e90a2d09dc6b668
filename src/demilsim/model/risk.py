"""Risk by exposed site at the start: individual risk, and expected fatalities a year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.consequence import extent_shares
from demilsim.model.curves import HarmCurves
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.model.partition import partition
from demilsim.model.separation import exposed_distance_m
from demilsim.model.timeline import mean_root, sudden
from demilsim.plan import Floats
from demilsim.scenario.scenario import Scenario

TOLERABLE_PUBLIC_PER_YEAR = 1e-4
"""Individual risk of the public above which it is intolerable [1/yr]: recollected UK HSE limit."""

TOLERABLE_WORKER_PER_YEAR = 1e-3
"""Individual risk of workers above which it is intolerable [1/yr]: recollected UK HSE limit."""

ACCEPTABLE_PER_YEAR = 1e-6
"""Individual risk below which it is broadly acceptable [1/yr]: recollected UK HSE limit."""


@dataclass(frozen=True)
class SiteRisk:
    """Risk of each exposed site from the storehouses of its site, without propagation.

    Parameters
    ----------
    expected_fatalities_per_year
        [persons/yr], shape (exposed site,).
    individual_risk_per_year
        Of a person who is there as much as the others of the group [1/yr], shape (exposed site,).
    intolerable
        Whether that is above the recollected limit of its kind, shape (exposed site,).
    """

    expected_fatalities_per_year: Floats
    individual_risk_per_year: Floats
    intolerable: np.ndarray


def site_risk(scenario: Scenario, curves: HarmCurves, held_kg: Floats, ageing_per_year: Floats) -> SiteRisk:
    """Return the risk of every exposed site for what the storehouses hold.

    Parameters
    ----------
    scenario
        The scenario.
    curves
        Its harm curves, for rates and exposure.
    held_kg
        NEQ held that joins a mass explosion [kg], shape (storehouse,).
    ageing_per_year
        Event rate by ageing [1/yr], shape (storehouse,).
    """
    people, parameters = curves.exposure, curves.exposure.parameters
    shares = np.array([extent_shares(parameters, cause) for cause in BASE_CAUSES])
    ageing = np.array(extent_shares(parameters, Cause.AGEING))
    rates = (held_kg > 0.0)[:, None] * (curves.base_rate_per_year @ shares) + ageing_per_year[
        :, None
    ] * ageing
    stack_rate, whole_rate = rates.T
    stack = people.killed_by_pair(np.minimum(held_kg, parameters.stack_neq_kg), sudden(parameters.day_share))
    whole = people.killed_by_pair(held_kg, mean_root(parameters))
    house, exposed, _ = exposed_distance_m(scenario)
    per_pair = stack_rate[house] * stack + whole_rate[house] * whole
    per_year = partition(exposed, len(scenario.exposed_sites)).sum(per_pair)
    persons = np.array([e.persons for e in scenario.exposed_sites], dtype=float)
    individual = np.divide(per_year, persons, out=np.zeros(persons.size), where=persons > 0.0)
    limit = np.array(
        [
            TOLERABLE_WORKER_PER_YEAR if e.kind == "workers" else TOLERABLE_PUBLIC_PER_YEAR
            for e in scenario.exposed_sites
        ]
    )
    return SiteRisk(per_year, individual, individual > limit)
