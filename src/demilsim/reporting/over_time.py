"""What happens in which year, as a document: money by fund, shares cleared, harm by public region."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.time_use import REPLICATIONS
from demilsim.plan import Floats
from demilsim.reporting.audience import public_regions
from demilsim.reporting.document import Document
from demilsim.reporting.over_time_records import PLACE_STEP_DEG
from demilsim.scenario.scenario import Scenario
from demilsim.units import CENTS_PER_USD


def over_time_document(
    ensemble: Ensemble, policy: str, stock_harm: Floats, left_alone: Floats | None = None
) -> Document:
    """Return results by calendar year.

    Parameters
    ----------
    ensemble
        Fresh replications of every policy.
    policy
        The policy whose regions are shown.
    stock_harm
        Its mean expected weighted deaths of storage [persons], shape (period, storehouse).
    left_alone
        The same if nothing is destroyed; None if that was not simulated.
    """
    years = _years(ensemble.scenario)
    return {
        "years": np.unique(years).tolist(),
        "policies": {
            name: {"p_cleared": _cleared(ensemble, name), "funds": _funds(ensemble, name, years)}
            for name in ensemble.plans
        },
        "regions_policy": policy,
        "regions_replications": REPLICATIONS,
        "regions": _regions(ensemble.scenario, stock_harm, left_alone, years),
    }


def _years(scenario: Scenario) -> Floats:
    """Return the calendar year of each period."""
    return np.array([date.year for date in scenario.period_dates[:-1]])


def _by_year(series: Floats, years: Floats) -> Floats:
    """Return sums over the periods of each calendar year, the last axis being the period."""
    return np.stack([series[..., years == year].sum(axis=-1) for year in np.unique(years)], axis=-1)


def _cleared(ensemble: Ensemble, policy: str) -> list[float]:
    """Return the share of replications in which the surplus is gone by the end of each calendar year."""
    dates, start = ensemble.scenario.period_dates, ensemble.scenario.settings.start
    days = ensemble.clearance_days(policy)
    ends = {date.year: (end - start).days for date, end in pairwise(dates)}
    return [float(np.mean(days <= end)) for end in ends.values()]


def _funds(ensemble: Ensemble, policy: str, years: Floats) -> list[Document]:
    """Return what each fund received and spent in each calendar year, mean of replications [USD]."""
    results = ensemble.results[policy]
    received = _by_year(np.mean([r.receipts_cents for r in results], axis=0) / CENTS_PER_USD, years)
    spent = _by_year(np.mean([r.spent_cents for r in results], axis=0) / CENTS_PER_USD, years)
    return [
        {
            "fund_id": fund.fund_id,
            "name": fund.name,
            "holder": fund.holder,
            "received_usd": own,
            "spent_usd": out,
        }
        for fund, own, out in zip(ensemble.scenario.funds, received.tolist(), spent.tolist(), strict=True)
    ]


def _regions(
    scenario: Scenario, stock_harm: Floats, left_alone: Floats | None, years: Floats
) -> list[Document]:
    """Return place and harm of each public region; places are means of sites, rounded."""
    region = public_regions(scenario)
    of_site = {site.site_id: own for site, own in zip(scenario.sites, region, strict=True)}
    of_house = [of_site[house.site_id] for house in scenario.storehouses]
    by_year = _by_year(stock_harm.T, years)
    alone = None if left_alone is None else _by_year(left_alone.T, years)
    rows = []
    for name in dict.fromkeys(region):
        sites = [site for site, own in zip(scenario.sites, region, strict=True) if own == name]
        houses = np.array([own == name for own in of_house], dtype=bool)
        rows.append(
            {
                "region": name,
                "sites": len(sites),
                "latitude_deg": _rounded(np.mean([site.latitude_deg for site in sites])),
                "longitude_deg": _rounded(np.mean([site.longitude_deg for site in sites])),
                "deaths": by_year[houses].sum(axis=0).tolist(),
                "deaths_do_nothing": None if alone is None else alone[houses].sum(axis=0).tolist(),
            }
        )
    return rows


def _rounded(degrees: float | np.floating[Any]) -> float:
    return round(float(degrees) / PLACE_STEP_DEG) * PLACE_STEP_DEG
