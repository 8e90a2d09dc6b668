"""``summary.json``: the headline numbers of an ensemble, and what the report needs beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.intervals import Interval, Intervals, ensemble_intervals
from demilsim.experiments.precision import PrecisionReached
from demilsim.experiments.rare_events import explosion_chances, is_exact
from demilsim.experiments.statistics import LEVEL, Estimate, estimate, quantile_interval, share
from demilsim.experiments.time_use import plan_in_detail
from demilsim.experiments.uncertainty import Uncertainty
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.coordinate import Programme
from demilsim.reporting.audience import public_regions
from demilsim.reporting.later_years import later_document
from demilsim.reporting.measure_views import measure_document
from demilsim.reporting.over_time import over_time_document
from demilsim.reporting.schedule import schedule_document
from demilsim.reporting.site_risk import chance_measures, risk_document
from demilsim.reporting.uncertainty import uncertainty_document
from demilsim.scenario.register import ACCIDENT_RATE_DISTRIBUTION, formula_constants
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus
from demilsim.simulation.use import USES
from demilsim.units import CENTS_PER_USD, GRAMS_PER_TONNE, date_of

CLEARANCE_QUANTILES = (5, 50, 95)
OPTIMISED = "optimised"
DO_NOTHING, HOST_ONLY = "do_nothing", "host_only"
LAPSES = ("unspent", "late", "released")
"""Reasons for which money lapses, in the order of `RunResult.lapses_cents`."""

Document = dict[str, Any]


def summary_document(
    ensemble: Ensemble,
    seed: int,
    programme: Programme | None,
    notes: Iterable[str],
    uncertainty: Uncertainty | None = None,
    precision: PrecisionReached | None = None,
) -> Document:
    """Return the content of ``summary.json``.

    Parameters
    ----------
    ensemble
        Fresh replications of every policy.
    seed
        Root seed.
    programme
        Where the optimised plan came from; None if nothing was optimised.
    notes
        What the reader must know.
    uncertainty
        The same policies under draws of what is not known, if any.
    precision
        How precise the named outputs are, if the number of replications was chosen by that.
    """
    policies = list(ensemble.plans)
    intervals = ensemble_intervals(ensemble, OPTIMISED)
    known = is_exact(ensemble.scenario)
    chances = explosion_chances(ensemble.scenario, ensemble.plans, seed=seed) if known else None
    shown = policies[-1]
    detail = plan_in_detail(ensemble.scenario, ensemble.plans[shown], seed=seed)
    nothing = ensemble.plans.get(DO_NOTHING) if shown != DO_NOTHING else None
    left_alone = plan_in_detail(ensemble.scenario, nothing, seed=seed).stock_harm if nothing else None
    return {
        "scenario": scenario_facts(ensemble.scenario),
        "seed": seed,
        "replications": len(ensemble.results[policies[0]]),
        "level": LEVEL,
        "precision": precision_document(precision) if precision else None,
        "plan": _plan_facts(ensemble, programme) if programme else None,
        "policies": {
            name: _measures(ensemble, name, uncertainty, intervals) | chance_measures(chances, name)
            for name in policies
        },
        "differences": _differences(ensemble, intervals),
        "host_only_minus_do_nothing": _host_difference(ensemble),
        "later_years": later_document(ensemble),
        "regions": {name: _regions(ensemble, name) for name in policies},
        "destroyed_by_facility": {name: _facilities(ensemble, name) for name in policies},
        "spend_by_fund": {name: _funds(ensemble, name) for name in policies},
        "money_outside_funds": {name: _outside(ensemble, name) for name in policies},
        "time_use": {shown: _time_use(ensemble.scenario, detail.time_use)},
        "over_time": over_time_document(ensemble, shown, detail.stock_harm, left_alone),
        "schedule": schedule_document(ensemble, shown, detail),
        "measure_values": measure_document(
            ensemble.scenario, policies[-1], ensemble.plans[policies[-1]], seed
        ),
        "commissionings": {name: _commissionings(ensemble, plan) for name, plan in ensemble.plans.items()},
        "risk": risk_document(ensemble, chances),
        "uncertainty": uncertainty_document(uncertainty, ensemble.scenario) if uncertainty else None,
        "assumptions": assumption_rows(ensemble.scenario),
        "notes": list(notes),
    }


def _time_use(scenario: Scenario, time_use: Floats) -> list[Document]:
    """Return where the working days of each facility go [d]."""
    return [
        {
            "facility_id": facility.facility_id,
            "name": facility.name,
            "days": dict(zip((use.value for use in USES), days, strict=True)),
        }
        for facility, days in zip(scenario.facilities, time_use.tolist(), strict=True)
    ]


def scenario_facts(scenario: Scenario) -> Document:
    """Return what a reader needs to know of the scenario."""
    settings = scenario.settings
    return {
        "name": settings.name,
        "title": settings.title,
        "sha256": scenario.sha256,
        "synthetic": settings.synthetic,
        "country": settings.country,
        "countries": sorted(set(scenario.country_of_site.values())),
        "start": settings.start.isoformat(),
        "end": scenario.period_dates[-1].isoformat(),
        "horizon_years": settings.horizon_years,
        "period": settings.period,
        "price_year": settings.price_year,
        "terminal_years": settings.terminal_years,
        "sites": len(scenario.sites),
        "storehouses": len(scenario.storehouses),
        "lots": len(scenario.lots),
        "stock_t": sum(lot.gross_mass_t for lot in scenario.lots),
        "surplus_t": sum(lot.gross_mass_t for lot in scenario.lots if lot.status is LotStatus.SURPLUS),
    }


def spread(estimate: Estimate, parameter_range: tuple[float, float] | None = None) -> Document:
    """Return a mean with its half-width, and the 5-95% range from what is not known if there is one."""
    low, high = parameter_range or (None, None)
    return {
        "mean": estimate.mean,
        "half_width": estimate.half_width,
        "parameter_p5": low,
        "parameter_p95": high,
    }


def precision_document(precision: PrecisionReached) -> Document:
    """Return the precision that was asked of each named output, and what was reached."""
    return {
        "met": precision.met,
        "max_replications": precision.most,
        "outputs": [
            {
                "output": output.name,
                "response": output.response.value,
                "asked": output.asked,
                "reached": _finite(output.share),
                "met": output.met,
            }
            for output in precision.outputs
        ],
    }


def _plan_facts(ensemble: Ensemble, programme: Programme) -> Document:
    result = programme.result
    simulated = float(np.mean(ensemble.objective(OPTIMISED)))
    averted = float(np.mean(ensemble.objective("do_nothing"))) - simulated
    found = {"simulated_harm": simulated, "simulated_averted": averted}
    if result is None:
        return {"source": programme.plan.source, "status": None, **found}
    planned = result.planned_harm if programme.plan.source == result.source else result.start_harm
    nothing = programme.do_nothing_harm
    return {
        "source": programme.plan.source,
        "status": result.status.value,
        "incumbent": _finite(result.incumbent),
        "best_bound": _finite(result.best_bound),
        "gap_remaining": _finite(result.gap_remaining),
        "gap_averted": _finite(result.gap_averted),
        "solver": result.solver,
        "planned_harm": _finite(planned),
        "planned_averted": None if nothing is None else _finite(nothing - planned),
        **found,
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _measures(
    ensemble: Ensemble, policy: str, uncertainty: Uncertainty | None, intervals: Intervals | None
) -> Document:
    measures: Document = {
        response.value: spread(
            ensemble.estimate(policy, response),
            uncertainty.parameter_range(policy, response) if uncertainty else None,
        )
        | _bootstrap(intervals.policies.get((policy, response)) if intervals else None)
        for response in Response
    }
    measures["clearance_date"] = clearance_dates(ensemble, policy)
    days = ensemble.clearance_days(policy)
    measures["p_cleared"] = spread(share(np.isfinite(days).astype(float)))
    if any(lot.destroy_by for lot in ensemble.scenario.lots):
        missed = np.array([result.dates_missed for result in ensemble.results[policy]], dtype=float)
        measures["dates_missed"] = spread(estimate(missed))
    return measures


def clearance_dates(ensemble: Ensemble, policy: str) -> dict[str, str | None]:
    """Return quantiles of the date at which a policy has cleared the surplus, each with its interval."""
    days = ensemble.clearance_days(policy)
    start = ensemble.scenario.settings.start

    def date(day: float) -> str | None:
        return date_of(day, start).isoformat() if np.isfinite(day) else None

    quantiles = np.quantile(days, [q / 100 for q in CLEARANCE_QUANTILES], method="inverted_cdf")
    dates = {f"p{q}": date(day) for q, day in zip(CLEARANCE_QUANTILES, quantiles.tolist(), strict=True)}
    for q in CLEARANCE_QUANTILES:
        low, high = quantile_interval(days, q / 100)
        dates |= {f"p{q}_low": date(low), f"p{q}_high": date(high)}
    return dates


def _bootstrap(interval: Interval | None) -> Document:
    """Return the ends of a bootstrap interval; None where they are not known."""
    if interval is None:
        return {"bootstrap_low": None, "bootstrap_high": None}
    return {"bootstrap_low": _finite(interval[0]), "bootstrap_high": _finite(interval[1])}


def _differences(ensemble: Ensemble, intervals: Intervals | None) -> Document:
    if OPTIMISED not in ensemble.plans:
        return {}
    return {
        f"{OPTIMISED} - {other}": {
            response.value: _pair(ensemble.difference(OPTIMISED, other, response))
            | {"half_width_simultaneous": intervals.simultaneous[other, response] if intervals else None}
            | _bootstrap(intervals.differences.get((other, response)) if intervals else None)
            for response in Response
        }
        for other in ensemble.plans
        if other != OPTIMISED
    }


def _host_difference(ensemble: Ensemble) -> Document | None:
    """Return what the host's own money alone changes, paired; None where one of the two is missing."""
    if not {DO_NOTHING, HOST_ONLY} <= ensemble.plans.keys():
        return None
    return {one.value: _pair(ensemble.difference(HOST_ONLY, DO_NOTHING, one)) for one in Response}


def _pair(estimate: Estimate) -> Document:
    return {"mean": estimate.mean, "half_width": estimate.half_width}


def _mean(ensemble: Ensemble, policy: str, get: Callable[[Any], Floats]) -> Floats:
    return np.mean([get(result) for result in ensemble.results[policy]], axis=0)


def _regions(ensemble: Ensemble, policy: str) -> list[Document]:
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


def _facilities(ensemble: Ensemble, policy: str) -> list[Document]:
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


def _funds(ensemble: Ensemble, policy: str) -> list[Document]:
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


def _outside(ensemble: Ensemble, policy: str) -> Document:
    """Return what is paid for by nobody, and what is earned for somebody else."""
    results = ensemble.results[policy]
    return {
        "cleanup_unfunded_usd": float(np.mean([r.cleanup_unfunded_cents for r in results])) / CENTS_PER_USD,
        "scrap_to_treasury_usd": float(np.mean([r.scrap_cents[-1] for r in results])) / CENTS_PER_USD,
    }


def _commissionings(ensemble: Ensemble, plan: DisposalPlan) -> list[Document]:
    names = {f.facility_id: f.name for f in ensemble.scenario.facilities}
    return [
        {
            "facility_id": c.facility_id,
            "name": names[c.facility_id],
            "date": ensemble.scenario.period_dates[c.period].isoformat(),
        }
        for c in plan.commissionings
    ]


def assumption_rows(scenario: Scenario) -> list[Document]:
    """Return every constant with its evidence, the methods' accident rates, and the formulas' numbers."""
    rows = [entry.model_dump() for entry in scenario.register.entries.values()]
    used = {facility.method_id for facility in scenario.facilities}
    rows += [
        {
            "key": f"method.{method.method_id}.accident_rate_per_t",
            "value": method.accident_rate_per_t,
            "unit": "1/t",
            "low": method.accident_rate_per_t_low,
            "high": method.accident_rate_per_t_high,
            "distribution": ACCIDENT_RATE_DISTRIBUTION,
            "source": method.source,
            "confidence": method.confidence,
        }
        for method in scenario.methods.values()
        if method.method_id in used
    ]
    in_code = {"value": "see code", "low": None, "high": None, "distribution": "fixed"}
    rows += [
        {column: (item.model_dump() | in_code)[column] for column in rows[0]} for item in formula_constants()
    ]
    return rows
