"""What is planned and done in which period, as a document: facilities, regions, sites, measures."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.time_use import REPLICATIONS, PlanInDetail
from demilsim.model.harm import arrival_probability
from demilsim.model.measures import measure_sites
from demilsim.plan import SMALLEST_PART_G, DisposalPlan, Floats
from demilsim.planning.expected import ExpectedWork
from demilsim.reporting.audience import public_regions
from demilsim.reporting.document import Document
from demilsim.reporting.tables import csv_text
from demilsim.scenario.scenario import Scenario
from demilsim.units import GRAMS_PER_TONNE, tonnes

BY_PERIOD = "plan_by_period.csv"
BY_PERIOD_COLUMNS = ("facility_id", "year", "period", "start", "planned_t", "permit_t_per_year")


def by_period_text(scenario: Scenario, work: ExpectedWork) -> str:
    """Return ``plan_by_period.csv``: tonnes that are planned at each facility in each period, where any are.

    Their sum over a calendar year is what a permit limits.
    """
    planned = planned_t(scenario, work).sum(axis=0)
    rows = [
        (facility.facility_id, start.year, period, start.isoformat(), tonnes, facility.permit_t_per_year)
        for facility, series in zip(scenario.facilities, planned.tolist(), strict=True)
        for period, (start, tonnes) in enumerate(zip(scenario.period_dates[:-1], series, strict=True))
        if tonnes
    ]
    return csv_text(BY_PERIOD_COLUMNS, rows)


def schedule_document(ensemble: Ensemble, policy: str, detail: PlanInDetail, work: ExpectedWork) -> Document:
    """Return a policy's schedule by period.

    Parameters
    ----------
    ensemble
        Fresh replications of every policy.
    policy
        Whose schedule.
    detail
        Its loads.
    work
        When the work of its plan is expected.
    """
    scenario, plan = ensemble.scenario, ensemble.plans[policy]
    planned = planned_t(scenario, work)
    done = np.mean([r.destroyed_g for r in ensemble.results[policy]], axis=0) / GRAMS_PER_TONNE
    return {
        "policy": policy,
        "basis": work.basis.value,
        "weighed": any(lot.arrives and lot.arrival_probability < 1.0 for lot in scenario.lots),
        "not_reached_t": _not_reached_t(scenario, plan, planned),
        "load_replications": REPLICATIONS,
        "starts": [date.isoformat() for date in scenario.period_dates[:-1]],
        "facilities": _facilities(scenario, plan, planned, done, detail),
        "groups": _groups(scenario, planned),
        "sites": _sites(scenario, planned),
        "measures": _measures(scenario, plan),
    }


def planned_t(scenario: Scenario, work: ExpectedWork) -> Floats:
    """Return tonnes by the period in which work is expected, shape (site, facility, period).

    Lots that may not come count with their probability, as they do in means over replications.
    """
    sites = {site.site_id: i for i, site in enumerate(scenario.sites)}
    site_of_house = {house.storehouse_id: sites[house.site_id] for house in scenario.storehouses}
    likely = arrival_probability(scenario)
    planned = np.zeros((len(sites), len(scenario.facilities), scenario.periods))
    for piece in work.pieces:
        site = site_of_house[scenario.lots[piece.lot].storehouse_id]
        planned[site, piece.facility, piece.period] += likely[piece.lot] * piece.mass_t
    return planned


def _not_reached_t(scenario: Scenario, plan: DisposalPlan, planned: Floats) -> float:
    """Return what of a plan's tonnes is not expected to be done by the end [t]."""
    likely = dict(zip((lot.lot_id for lot in scenario.lots), arrival_probability(scenario), strict=True))
    wanted = sum(float(likely[line.lot_id]) * tonnes(line.mass_g) for line in plan.lines)
    rest = wanted - float(planned.sum())
    return rest if rest >= SMALLEST_PART_G / GRAMS_PER_TONNE * len(scenario.lots) else 0.0


def _facilities(
    scenario: Scenario, plan: DisposalPlan, planned: Floats, done: Floats, detail: PlanInDetail
) -> list[Document]:
    ordered = {order.facility_id: scenario.period_dates[order.period] for order in plan.commissionings}
    rows = []
    for i, facility in enumerate(scenario.facilities):
        date = ordered.get(facility.facility_id)
        ready = date + dt.timedelta(days=facility.lead_time_days) if date else None
        rows.append(
            {
                "facility_id": facility.facility_id,
                "name": facility.name,
                "method": scenario.methods[facility.method_id].name,
                "permit_t_per_year": facility.permit_t_per_year,
                "planned_t": planned[:, i].sum(axis=0).tolist(),
                "destroyed_t": done[i].tolist(),
                "open_days": detail.open_days[i].tolist(),
                "worked_days": detail.worked_days[i].tolist(),
                "ordered": date.isoformat() if date else None,
                "ready": ready.isoformat() if ready else None,
            }
        )
    return rows


def _groups(scenario: Scenario, planned: Floats) -> list[Document]:
    """Return tonnes by public region and method, where anything is planned."""
    regions = public_regions(scenario)
    sites = Counter(regions)
    methods = [scenario.methods[facility.method_id].name for facility in scenario.facilities]
    rows = []
    for region in dict.fromkeys(regions):
        own = np.array([name == region for name in regions], dtype=bool)
        for method in dict.fromkeys(methods):
            used = np.array([name == method for name in methods], dtype=bool)
            tonnes_by_period = planned[own][:, used].sum(axis=(0, 1))
            if tonnes_by_period.any():
                rows.append(
                    {
                        "region": region,
                        "sites": sites[region],
                        "method": method,
                        "planned_t": tonnes_by_period.tolist(),
                    }
                )
    return rows


def _sites(scenario: Scenario, planned: Floats) -> list[Document]:
    return [
        {
            "site_id": site.site_id,
            "name": site.name,
            "region": region,
            "planned_t": own.sum(axis=0).tolist(),
        }
        for site, region, own in zip(scenario.sites, public_regions(scenario), planned, strict=True)
        if own.any()
    ]


def _measures(scenario: Scenario, plan: DisposalPlan) -> list[Document]:
    regions = public_regions(scenario)
    region_of = {site.site_id: region for site, region in zip(scenario.sites, regions, strict=True)}
    site_of = {m.measure_id: site for m, site in zip(scenario.measures, measure_sites(scenario), strict=True)}
    kinds = {measure.measure_id: measure.kind for measure in scenario.measures}
    return [
        {
            "kind": kinds[order.measure_id],
            "region": region_of[site_of[order.measure_id]],
            "sites": regions.count(region_of[site_of[order.measure_id]]),
            "ordered": scenario.period_dates[order.period].isoformat(),
        }
        for order in plan.measures
    ]
