"""The accounts of one policy: tonnes by region and by facility, money by fund, means over replications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from demilsim.experiments.ensemble import Ensemble
from demilsim.plan import DisposalPlan, Floats
from demilsim.reporting.audience import public_regions
from demilsim.reporting.document import Document
from demilsim.scenario.scenario import Scenario
from demilsim.simulation.use import USES
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE

LAPSES = ("unspent", "late", "released")
"""Reasons for which money lapses, in the order of `RunResult.lapses_cents`."""


def _mean(ensemble: Ensemble, policy: str, get: Callable[[Any], Floats]) -> Floats:
    return np.mean([get(result) for result in ensemble.results[policy]], axis=0)


def region_rows(ensemble: Ensemble, policy: str) -> list[Document]:
    """Return what regions hold [t] and how much harm they do in a year, at the start and at the end."""
    scenario = ensemble.scenario
    region = public_regions(scenario)
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    start_t = {site.site_id: 0.0 for site in scenario.sites}
    for lot in scenario.lots:
        start_t[site_of[lot.storehouse_id]] += lot.gross_mass_t
    end_t = _mean(ensemble, policy, lambda r: r.site_stock_end_g) / GRAMS_PER_TONNE
    before = _mean(ensemble, policy, lambda r: r.site_rate_start)
    after = _mean(ensemble, policy, lambda r: r.site_rate_end)
    rows = []
    for name in dict.fromkeys(region):
        sites = [i for i, own in enumerate(region) if own == name]
        rows.append(
            {
                "region": name,
                "sites": len(sites),
                "stock_t_start": sum(start_t[scenario.sites[i].site_id] for i in sites),
                "stock_t_end": float(end_t[sites].sum()),
                "harm_rate_start_per_year": float(before[sites].sum()),
                "harm_rate_end_per_year": float(after[sites].sum()),
            }
        )
    return rows


def facility_rows(ensemble: Ensemble, policy: str) -> list[Document]:
    """Return what each facility destroys in each calendar year [t]."""
    scenario = ensemble.scenario
    by_period = _mean(ensemble, policy, lambda r: r.destroyed_g) / GRAMS_PER_TONNE
    years = np.array([date.year for date in scenario.period_dates[:-1]])
    return [
        {
            "facility_id": facility.facility_id,
            "name": facility.name,
            "method": scenario.methods[facility.method_id].name,
            "status": facility.status,
            "destroyed_t": [float(row[years == year].sum()) for year in np.unique(years)],
        }
        for facility, row in zip(scenario.facilities, by_period, strict=True)
    ]


def time_use_rows(scenario: Scenario, time_use: Floats) -> list[Document]:
    """Return where the working days of each facility go [d]."""
    return [
        {
            "facility_id": facility.facility_id,
            "name": facility.name,
            "days": dict(zip((use.value for use in USES), days, strict=True)),
        }
        for facility, days in zip(scenario.facilities, time_use.tolist(), strict=True)
    ]


def commissioning_rows(ensemble: Ensemble, plan: DisposalPlan) -> list[Document]:
    """Return which facilities a plan orders, and when."""
    names = {f.facility_id: f.name for f in ensemble.scenario.facilities}
    return [
        {
            "facility_id": c.facility_id,
            "name": names[c.facility_id],
            "date": ensemble.scenario.period_dates[c.period].isoformat(),
        }
        for c in plan.commissionings
    ]


def fund_rows(ensemble: Ensemble, policy: str) -> list[Document]:
    """Return what became of each fund's money [USD]."""
    received = _mean(ensemble, policy, lambda r: r.received_cents) / CENTS_PER_USD
    spent = _mean(ensemble, policy, lambda r: r.spent_cents.sum(axis=1)) / CENTS_PER_USD
    lapsed = _mean(ensemble, policy, lambda r: r.lapsed_cents) / CENTS_PER_USD
    committed = _mean(ensemble, policy, lambda r: r.committed_cents) / CENTS_PER_USD
    lapses = _mean(ensemble, policy, lambda r: r.lapses_cents) / CENTS_PER_USD
    scrap = _mean(ensemble, policy, lambda r: r.scrap_cents) / CENTS_PER_USD
    return [
        {
            "fund_id": fund.fund_id,
            "name": fund.name,
            "holder": fund.holder,
            "received_usd": float(received[i]),
            "spent_usd": float(spent[i]),
            "lapsed_usd": float(lapsed[i]),
            "unspent_usd": float(received[i] - spent[i] - lapsed[i]),
            "committed_usd": float(committed[i]),
            "scrap_usd": float(scrap[i]),
            **{f"lapsed_{name}_usd": float(usd) for name, usd in zip(LAPSES, lapses[i], strict=True)},
        }
        for i, fund in enumerate(ensemble.scenario.funds)
    ]


def money_outside(ensemble: Ensemble, policy: str) -> Document:
    """Return what is paid for by nobody, and what is earned for somebody else."""
    results = ensemble.results[policy]
    return {
        "cleanup_unfunded_usd": float(np.mean([r.cleanup_unfunded_cents for r in results])) / CENTS_PER_USD,
        "scrap_to_treasury_usd": float(np.mean([r.scrap_cents[-1] for r in results])) / CENTS_PER_USD,
    }
