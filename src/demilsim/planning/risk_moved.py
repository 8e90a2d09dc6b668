"""Who runs less risk by a plan, and onto whom it moves: people near storehouses, responders, workers, roads.

Expected deaths over the horizon by closed form, without propagation and without what measures take off rates
of events; moves between storehouses count. What a plan averts at storehouses it causes in part at facilities
and on roads: the rows sum to both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from demilsim.model.harm import interval_years
from demilsim.model.options import disposal_options
from demilsim.optimisation.audit_risk import risk_path
from demilsim.optimisation.audit_rows import audit_rows
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.coordinate import Programme
from demilsim.planning.disaggregate import flow_plan
from demilsim.planning.draft import Draft, period_by_period
from demilsim.planning.expected import expected_work
from demilsim.planning.rules import DO_NOTHING
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import ExposedSite
from demilsim.units import tonnes


@dataclass(frozen=True)
class GroupRisk:
    """The risk of one group of people with and without a plan.

    Parameters
    ----------
    group_id
        Id of the exposed site or facility; of the facility to which a road leads.
    kind
        That of the exposed site; ``responders``, ``facility_workers`` or ``road_users``.
    persons
        How many they are; None where that is not told.
    limit_per_year
        The limit on their individual risk [1/yr]; None without.
    start_per_year
        Individual risk at the start [1/yr]; None where there is none by person.
    highest_without, highest_with
        The highest of any later date, or year for workers, doing nothing and with the plan [1/yr].
    in_force_with
        The highest with the plan while the limit is in force [1/yr]; None without limit.
    deaths_without, deaths_with
        Expected deaths over the horizon [persons].
    """

    group_id: str
    kind: str
    persons: float | None
    limit_per_year: float | None
    start_per_year: float | None
    highest_without: float | None
    highest_with: float | None
    in_force_with: float | None
    deaths_without: float
    deaths_with: float

    @property
    def moved(self) -> float:
        """Expected deaths that the plan adds; negative where it averts them [persons]."""
        return self.deaths_with - self.deaths_without


def decided(scenario: Scenario, programme: Programme) -> DisposalPlan:
    """Return a programme's plan by the periods that were decided; a rule's by those that are expected."""
    plan, result = programme.plan, programme.result
    if result is not None and plan.source == result.source:
        return flow_plan(scenario, result)
    work = expected_work(scenario, plan, programme.coefficients)
    orders = plan.commissionings, plan.funds, plan.measures
    return period_by_period(Draft(plan.name, plan.source, work.pieces, *orders), scenario)


def risk_by_group(scenario: Scenario, plan: DisposalPlan) -> tuple[GroupRisk, ...]:
    """Return the risk of every group of people with and without a plan.

    Parameters
    ----------
    scenario
        The scenario.
    plan
        A plan, its work done in the earliest period of each line.
    """
    rows = audit_rows(scenario)
    without, with_plan = risk_path(rows, DO_NOTHING), risk_path(rows, plan)
    years = _weights(scenario)
    risk = without.individual_risk_per_year, with_plan.individual_risk_per_year
    deaths = [years @ each.expected_fatalities_per_year for each in (without, with_plan)]
    around = [
        GroupRisk(
            group_id=e.exposed_site_id,
            kind=e.kind,
            persons=e.persons,
            limit_per_year=e.risk_limit_per_year,
            start_per_year=float(risk[0][0, i]),
            highest_without=float(risk[0][1:, i].max()),
            highest_with=float(risk[1][1:, i].max()),
            in_force_with=_in_force(scenario, e, risk[1][:, i]),
            deaths_without=float(deaths[0][i]),
            deaths_with=float(deaths[1][i]),
        )
        for i, e in enumerate(scenario.exposed_sites)
    ]
    come = [float(years @ each.responder_fatalities_per_year) for each in (without, with_plan)]
    responders = GroupRisk("responders", "responders", *(None,) * 6, come[0], come[1])
    return (*around, responders, *_at_work(scenario, plan))


def moved_by_kind(groups: tuple[GroupRisk, ...]) -> dict[str, float]:
    """Return the expected deaths that a plan adds to each kind of group, negative where it averts them."""
    found: dict[str, float] = defaultdict(float)
    for group in groups:
        found[group.kind] += group.moved
    return dict(found)


def _weights(scenario: Scenario) -> Floats:
    """Return trapezoidal weights of the knots over the horizon [yr], shape (knot,)."""
    half = 0.5 * interval_years(scenario)
    return np.append(half, 0.0) + np.append(0.0, half)


def _in_force(scenario: Scenario, group: ExposedSite, risk: Floats) -> float | None:
    """Return the highest of risks, shape (knot,), while a group's limit is in force; None without limit."""
    start = group.risk_limit_from
    if group.risk_limit_per_year is None:
        return None
    held = [k > 0 and (start is None or start <= date) for k, date in enumerate(scenario.period_dates)]
    return float(risk[np.array(held)].max(initial=0.0))


def _at_work(scenario: Scenario, plan: DisposalPlan) -> Iterator[GroupRisk]:
    """Yield what a plan's work adds to workers of each facility, and to those on the roads to it."""
    options = disposal_options(scenario)
    years = [date.year for date in scenario.period_dates]
    for f, plant in enumerate(scenario.facilities):
        by_year: dict[int, float] = defaultdict(float)
        road = 0.0
        for lot, period, mass_t in _work(scenario, plan, plant.facility_id):
            by_year[years[period]] += mass_t * float(options.worker_fatalities_per_t[lot, f])
            road += mass_t * float(options.road_fatalities_per_t[lot, f])
        if by_year:
            highest = max(by_year.values()) / plant.workers if plant.workers else None
            yield GroupRisk(
                group_id=plant.facility_id,
                kind="facility_workers",
                persons=plant.workers,
                limit_per_year=plant.worker_risk_limit_per_year,
                start_per_year=None,
                highest_without=0.0 if plant.workers else None,
                highest_with=highest,
                in_force_with=highest if plant.worker_risk_limit_per_year else None,
                deaths_without=0.0,
                deaths_with=sum(by_year.values()),
            )
        if road:
            yield GroupRisk(plant.facility_id, "road_users", *(None,) * 6, 0.0, road)


def _work(scenario: Scenario, plan: DisposalPlan, facility_id: str) -> Iterator[tuple[int, int, float]]:
    """Yield lot, period and tonnes of the lines of a plan at a facility."""
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    for line in plan.lines:
        if line.facility_id == facility_id:
            yield lots[line.lot_id], line.earliest_period, tonnes(line.mass_g)
