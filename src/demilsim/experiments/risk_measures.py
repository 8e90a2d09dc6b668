"""Risk as regulators ask for it: F-N curves by site, and the chance of a major explosion by a year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.statistics import Estimate, share
from demilsim.plan import Floats
from demilsim.units import DAYS_PER_YEAR

MAJOR_NEQ_KG = 10_000.0
"""NEQ from which an explosion with its chain is called major [kg]: a choice, not a standard."""

INTOLERABLE_PER_YEAR = 1e-2
"""Frequency of a death or more above which an F-N curve of slope -1 is intolerable [1/yr].

Recollected: UK HSE, Reducing risks, protecting people (2001): 50 deaths once in 5,000 years. Check it.
"""

ACCEPTABLE_PER_YEAR = 1e-4
"""The same line for broadly acceptable, two decades lower [1/yr]; recollected."""


@dataclass(frozen=True)
class FrequencyNumber:
    """An F-N curve: how often an event kills at least n people.

    Parameters
    ----------
    deaths
        n, rising, each at least 1, shape (step,).
    per_year
        Frequency of events with n deaths or more [1/yr], falling, shape (step,).
    """

    deaths: Floats
    per_year: Floats

    @property
    def worst_ratio(self) -> float:
        """Largest ratio of the curve to the intolerable line F = 0.01/n [1]; 0 without deaths."""
        if not self.deaths.size:
            return 0.0
        return float(np.max(self.per_year * self.deaths) / INTOLERABLE_PER_YEAR)


def frequency_number(ensemble: Ensemble, policy: str, site: int | None = None) -> FrequencyNumber:
    """Return the F-N curve of storage events, chains counted as one event.

    Parameters
    ----------
    ensemble
        Replications with their events.
    policy
        Which.
    site
        Index of a site; all sites together by default.

    Notes
    -----
    Counted, not integrated: frequencies below one over replications × years do not show.
    """
    years = ensemble.scenario.settings.horizon_years * len(ensemble.results[policy])
    deaths = sorted(
        (killed for killed, _, _ in _explosions(ensemble, policy, site) if killed > 0), reverse=True
    )
    found = np.array(deaths, dtype=float)
    steps, first = np.unique(-found, return_index=True)
    counts = np.append(first[1:], found.size)
    return FrequencyNumber(-steps[::-1], (counts / years)[::-1])


def p_major_by_year(ensemble: Ensemble, policy: str) -> tuple[Estimate, ...]:
    """Return the probability of at least one major explosion by the end of each year of the horizon."""
    years = ensemble.scenario.settings.horizon_years
    first = first_major_days(ensemble, policy)
    return tuple(share((first <= (year + 1) * DAYS_PER_YEAR).astype(float)) for year in range(years))


def first_major_days(ensemble: Ensemble, policy: str) -> Floats:
    """Return the day of the first major explosion of each replication [d], infinite without one."""
    first = np.full(len(ensemble.results[policy]), np.inf)
    for _, day, (number, neq) in _explosions(ensemble, policy, None):
        if neq >= MAJOR_NEQ_KG:
            first[number] = min(first[number], day)
    return first


def _explosions(
    ensemble: Ensemble, policy: str, site: int | None
) -> list[tuple[int, float, tuple[int, float]]]:
    """Return deaths, day, and (replication, NEQ) of each explosion with what it set off."""
    found: list[tuple[int, float, tuple[int, float]]] = []
    for number, result in enumerate(ensemble.results[policy]):
        chains: dict[float, tuple[int, float]] = {}
        for event in result.events:
            if event.kind in ("explosion", "propagated") and site in (None, event.site):
                killed, neq = chains.get(event.day, (0, 0.0))
                chains[event.day] = (killed + event.fatalities, neq + event.neq_kg)
        found += [(killed, day, (number, neq)) for day, (killed, neq) in chains.items()]
    return found
