"""Risk by exposed site: individual risk, expected fatalities a year, and limits that a plan must keep."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from demilsim.model.consequence import extent_shares
from demilsim.model.curves import Curves, HarmCurves, tabulate
from demilsim.model.event_rate import BASE_CAUSES, Cause
from demilsim.model.options import Bools
from demilsim.model.partition import Partition, partition
from demilsim.model.separation import exposed_distance_m
from demilsim.model.timeline import mean_root, sudden
from demilsim.plan import Floats, Ints
from demilsim.scenario.scenario import Scenario

TOLERABLE_PUBLIC_PER_YEAR = 1e-4
"""Individual risk of the public above which it is intolerable [1/yr]: recollected UK HSE limit."""

TOLERABLE_WORKER_PER_YEAR = 1e-3
"""Individual risk of workers above which it is intolerable [1/yr]: recollected UK HSE limit."""

ACCEPTABLE_PER_YEAR = 1e-6
"""Individual risk below which it is broadly acceptable [1/yr]: recollected UK HSE limit."""


LIMIT_INTERVALS = 768
"""Pieces of the curves that limits are planned with. Each is raised to its right end, by 1% or so."""


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
    responder_fatalities_per_year
        Of those who come to a fire, at all storehouses [persons/yr].
    """

    expected_fatalities_per_year: Floats
    individual_risk_per_year: Floats
    intolerable: np.ndarray
    responder_fatalities_per_year: Floats


def site_risk(scenario: Scenario, curves: HarmCurves, held_kg: Floats, ageing_per_year: Floats) -> SiteRisk:
    """Return the risk of every exposed site for what the storehouses hold.

    Parameters
    ----------
    scenario
        The scenario.
    curves
        Its harm curves, for rates and exposure.
    held_kg
        NEQ held that joins a mass explosion [kg], shape (..., storehouse).
    ageing_per_year
        Event rate by ageing [1/yr], shape (..., storehouse).

    Returns
    -------
    SiteRisk
        Arrays of shape (..., exposed site).
    """
    people, parameters = curves.exposure, curves.exposure.parameters
    shares = np.array([extent_shares(parameters, cause) for cause in BASE_CAUSES])
    ageing = np.array(extent_shares(parameters, Cause.AGEING))
    base = (held_kg > 0.0)[..., None] * (curves.base_rate_per_year @ shares)
    stack_rate, whole_rate = np.moveaxis(base + ageing_per_year[..., None] * ageing, -1, 0)
    stack = people.killed_by_pair(np.minimum(held_kg, parameters.stack_neq_kg), sudden(parameters.day_share))
    fire = mean_root(parameters)
    whole = people.killed_by_pair(held_kg, fire)
    responders = np.sum(whole_rate * fire.responders * people.responders_killed(held_kg), axis=-1)
    house, exposed, _ = exposed_distance_m(scenario)
    per_pair = stack_rate[..., house] * stack + whole_rate[..., house] * whole
    per_year = partition(exposed, len(scenario.exposed_sites)).sum(per_pair)
    persons = np.array([e.persons for e in scenario.exposed_sites], dtype=float)
    individual = np.divide(per_year, persons, out=np.zeros(per_year.shape), where=persons > 0.0)
    limit = np.array(
        [
            TOLERABLE_WORKER_PER_YEAR if e.kind == "workers" else TOLERABLE_PUBLIC_PER_YEAR
            for e in scenario.exposed_sites
        ]
    )
    return SiteRisk(per_year, individual, individual > limit, responders)


@dataclass(frozen=True)
class LimitedRisk:
    """Deaths a year among groups of people whose individual risk is limited; at least those of `site_risk`.

    Without propagation, and without what measures take off rates of events: a plan that keeps a limit by
    these numbers keeps it.

    Parameters
    ----------
    exposed
        Exposed site of each limited group, shape (limited,).
    storehouse, group
        Storehouse and limited group of each pair that share a site, shape (pair,).
    curves
        By pair in place of storehouse. Row 0: base causes [persons/yr], 1: ageing [persons per event].
    most_per_year
        Deaths at the limit: limit times persons [persons/yr], shape (limited,).
    in_force
        Whether the limit holds at each knot, shape (knot, limited).
    """

    exposed: Ints
    storehouse: Ints
    group: Ints
    curves: Curves
    most_per_year: Floats
    in_force: Bools

    def share_of_limit(self, neq_kg: Floats, ageing_per_year: Floats) -> Floats:
        """Return the risk of each group in parts of its limit [1], shape (knot, limited).

        Parameters
        ----------
        neq_kg, ageing_per_year
            Held NEQ [kg] and event rate by ageing [1/yr], shape (knot, storehouse).
        """
        (base, per_event), _ = self.curves(neq_kg[:, self.storehouse])
        deaths = base + ageing_per_year[:, self.storehouse] * per_event
        return self._groups.sum(deaths) / self.most_per_year

    @cached_property
    def _groups(self) -> Partition:
        return partition(self.group, self.exposed.size)


def risk_is_limited(scenario: Scenario) -> bool:
    """Return whether the risk of any group by storehouses has a limit; nobody has no risk."""
    return any(e.risk_limit_per_year is not None and e.persons > 0.0 for e in scenario.exposed_sites)


def limited_risk(scenario: Scenario, curves: HarmCurves) -> LimitedRisk | None:
    """Return the limits on individual risk by storehouses; None where no group has one.

    Parameters
    ----------
    scenario
        The scenario.
    curves
        Its harm curves, for rates, exposure and the most that storehouses may hold.
    """
    if not risk_is_limited(scenario):
        return None
    limits = [e.risk_limit_per_year if e.persons > 0.0 else None for e in scenario.exposed_sites]
    exposed = np.array([i for i, limit in enumerate(limits) if limit is not None], dtype=np.int64)
    house, people, _ = exposed_distance_m(scenario)
    pair = np.flatnonzero(np.isin(people, exposed))
    of_pair = house[pair]
    most = [limits[i] or 0.0 for i in exposed.tolist()]
    persons = [scenario.exposed_sites[i].persons for i in exposed.tolist()]
    starts = [scenario.exposed_sites[i].risk_limit_from for i in exposed.tolist()]
    dates = scenario.period_dates
    in_force = [
        [k > 0 and (start is None or start <= date) for start in starts] for k, date in enumerate(dates)
    ]
    return LimitedRisk(
        exposed=exposed,
        storehouse=of_pair,
        group=np.searchsorted(exposed, people[pair]),
        curves=tabulate(curves.deaths.neq_max_kg[of_pair], _raised(curves, pair, of_pair)),
        most_per_year=np.array(most) * np.array(persons),
        in_force=np.array(in_force, dtype=bool).reshape(len(dates), exposed.size),
    )


def _raised(curves: HarmCurves, pair: Ints, of_pair: Ints) -> Floats:
    """Return deaths by base causes and per ageing event at the right end of each piece.

    A curve through these is nowhere below the deaths themselves, which rise with what is held.

    Returns
    -------
    ndarray
        Shape (curve, pair, node).
    """
    people, parameters = curves.exposure, curves.exposure.parameters
    nodes = np.linspace(0.0, 1.0, LIMIT_INTERVALS + 1)
    right = np.append(nodes[1:], 1.0) ** 3
    held_kg = right[:, None] * curves.deaths.neq_max_kg
    prompt = np.minimum(held_kg, parameters.stack_neq_kg)
    stack = people.killed_by_pair(prompt, sudden(parameters.day_share))[:, pair].T
    whole = people.killed_by_pair(held_kg, mean_root(parameters))[:, pair].T
    stack_rate, whole_rate = (curves.base_rate_per_year @ curves.base_shares)[of_pair].T
    stack_share, whole_share = curves.ageing_shares
    base = stack_rate[:, None] * stack + whole_rate[:, None] * whole
    return np.stack([base, stack_share * stack + whole_share * whole])
