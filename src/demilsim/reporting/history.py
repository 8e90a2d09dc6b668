"""A results folder of a past programme: its forecast by quarters, what it learned from, how it was scored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.hindcast import ONE_DAY, Hindcast, Learned
from demilsim.experiments.history import AS_PLANNED, Forecast, as_planned, planned_end, planned_t
from demilsim.experiments.scoring import OUTER, Score
from demilsim.experiments.statistics import LEVEL, share
from demilsim.model.cautions import Caution
from demilsim.plan import Floats
from demilsim.planning.expected import as_written
from demilsim.reporting.caution_notes import caution_document
from demilsim.reporting.document import Document, spread
from demilsim.reporting.outputs import (
    MEASURES,
    HowRun,
    commissionings_text,
    events_text,
    notes_of,
    period_series,
    run_document,
    write_all,
)
from demilsim.reporting.plan_table import plan_text
from demilsim.reporting.report import Audience
from demilsim.reporting.scenario_facts import assumption_rows, scenario_facts
from demilsim.reporting.schedule import BY_PERIOD, by_period_text
from demilsim.reporting.tables import csv_text, json_text
from demilsim.units import date_of, years

QUANTILES = (5, 10, 25, 50, 75, 90, 95)
"""Of tonnes and of the finishing date [%]."""

DESTROYED = "destroyed_t"
NOTE = (
    "Policy as_planned is the programme's announced plan under draws of how late such plans are, one "
    "replication of each draw. Quantiles are over the draws; destroyed_t in timeline.csv is the total by the "
    "end of the quarter."
)


def write_hindcast(
    directory: Path,
    found: Hindcast,
    *,
    seed: int,
    how: HowRun,
    audience: Audience = "public",
    cautions: Sequence[Caution] = (),
) -> None:
    """Write the results folder of a past programme and its report.

    Parameters
    ----------
    directory
        Made if it is not there.
    found
        The programme with both forecasts; timeline, events and report are of the first, with what was known.
    seed
        Root seed.
    how
        For ``run.json``.
    audience
        Who the report is for.
    cautions
        What `demilsim check` warns of in the scenario.

    Raises
    ------
    ResultsError
        If a file cannot be written.
    """
    ensemble = _ensemble(found.known.forecast)
    plan = ensemble.plans[AS_PLANNED]
    work = as_written(found.scenario, plan)
    files = {
        "summary.json": json_text(hindcast_document(found, seed) | {"cautions": caution_document(cautions)}),
        "timeline.csv": timeline_text(found.known.forecast),
        "plan.csv": plan_text(found.scenario, plan, work),
        BY_PERIOD: by_period_text(found.scenario, work),
        "commissionings.csv": commissionings_text(plan),
        "events.csv": events_text(ensemble),
        "slips.csv": slips_text(found.known.forecast),
    }
    write_all(directory, files, run_document(ensemble, plan, seed, how, None), audience)


def _ensemble(forecast: Forecast) -> Ensemble:
    plan = as_planned(forecast.scenario)
    return Ensemble(forecast.scenario, {AS_PLANNED: plan}, {AS_PLANNED: forecast.results})


def hindcast_document(found: Hindcast, seed: int) -> Document:
    """Return the content of ``summary.json``."""
    forecast = found.known.forecast
    ensemble = _ensemble(forecast)
    measures = {one.value: spread(ensemble.estimate(AS_PLANNED, one)) for one in Response}
    cleared = share(np.isfinite(forecast.finish_days).astype(float))
    return {
        "scenario": scenario_facts(found.scenario),
        "values_set": list(found.scenario.values_set),
        "seed": seed,
        "replications": len(forecast.results),
        "level": LEVEL,
        "plan": {"source": "announced", "status": None},
        "policies": {
            AS_PLANNED: measures | {"clearance_date": _dates(forecast), "p_cleared": spread(cleared)}
        },
        "differences": {},
        "history": history_document(found),
        "assumptions": assumption_rows(found.scenario),
        "notes": [NOTE, *notes_of(found.scenario, None)],
    }


def history_document(found: Hindcast) -> Document:
    """Return what is particular to a past programme: plan, outcome, both forecasts and their scores."""
    scenario, outcome = found.scenario, found.outcome
    settings = scenario.settings
    return {
        "programme": settings.name,
        "forecast_at": (settings.forecast_at or settings.start).isoformat(),
        "plan": {
            "start": settings.start.isoformat(),
            "end": planned_end(scenario).isoformat(),
            "tonnes": sum(work.tonnes for work in scenario.programme),
            "mid_plan": found.mid_plan.isoformat(),
            "mid_plan_tonnes": planned_t(scenario, found.mid_plan),
        },
        "outcome": None
        if outcome is None
        else {
            "seen": outcome.seen.isoformat(),
            "seen_first": outcome.seen_first.isoformat(),
            "seen_last": outcome.seen_last.isoformat(),
            "over": outcome.over,
            "destroyed_t": outcome.destroyed_t,
            "planned_t_then": planned_t(scenario, outcome.seen + ONE_DAY),
            "source": outcome.source,
        },
        "known": _learned(found.known, found),
        "leave_one_out": _learned(found.leave_one_out, found),
    }


def _learned(one: Learned, found: Hindcast) -> Document:
    forecast = one.forecast
    return {
        "learned_from": list(one.programmes),
        "common_slip": {"mean": round(one.common.mean, 9), "sigma": round(one.common.sigma, 9)},
        "clearance_date": _dates(forecast),
        "p_cleared": float(np.isfinite(forecast.finish_days).mean()),
        "width_80_years": _width_years(forecast),
        "mid_plan_tonnes": _quantiles(forecast.tonnes_by(found.mid_plan)),
        "outcome_tonnes": _quantiles(forecast.tonnes_by(found.outcome.seen)) if found.outcome else None,
        "finish": _score(one.finish),
        "finish_between": list(one.finish_between) if one.finish_between else None,
        "destroyed": _score(one.destroyed),
    }


def _dates(forecast: Forecast) -> Document:
    """Return quantiles of the finishing date; None beyond the horizon."""
    dates = {f"p{q}": forecast.finish_date(q / 100) for q in QUANTILES}
    return {name: date.isoformat() if date else None for name, date in dates.items()}


def _width_years(forecast: Forecast) -> float | None:
    """Return the width of the 80% interval of the finishing date [yr]; None if it has no end."""
    low, high = (forecast.finish_date(end) for end in OUTER)
    return years((high - low).days) if low and high else None


def _quantiles(values: Floats) -> Document:
    found = np.quantile(values, [q / 100 for q in QUANTILES])
    return {f"p{q}": value for q, value in zip(QUANTILES, found.tolist(), strict=True)}


def _score(one: Score | None) -> Document | None:
    if one is None:
        return None
    return {name: getattr(one, name) for name in Score.__slots__}


def timeline_text(forecast: Forecast) -> str:
    """Return ``timeline.csv``: what was destroyed by the end of each quarter, beside the announced plan.

    Stocks and rates are at the start of a quarter and spending within it, as in other results.
    """
    header = ["policy", "period", "start", "end", "planned_t"]
    for measure in MEASURES:
        quantiles = QUANTILES if measure == DESTROYED else (5, 50, 95)
        header += [f"{measure}_{what}" for what in ("mean", *(f"p{q}" for q in quantiles))]
    return csv_text(header, _timeline_rows(forecast))


def _timeline_rows(forecast: Forecast) -> Iterator[list[object]]:
    columns: list[Floats] = []
    for measure, series in zip(MEASURES, period_series(forecast.results), strict=True):
        own = forecast.quarter_end_t if measure == DESTROYED else series
        quantiles = QUANTILES if measure == DESTROYED else (5, 50, 95)
        columns += [own.mean(axis=0), *np.quantile(own, [q / 100 for q in quantiles], axis=0)]
    dates = forecast.scenario.period_dates
    for period, row in enumerate(np.array(columns).T.tolist()):
        end = dates[period + 1]
        planned = planned_t(forecast.scenario, end)
        yield [AS_PLANNED, period, dates[period].isoformat(), _last_day(end), planned, *row]


def _last_day(end: dt.date) -> str:
    return (end - ONE_DAY).isoformat()


def slips_text(forecast: Forecast) -> str:
    """Return ``slips.csv``: the delays of each draw, and what came of it."""
    header = (
        "draw", "money_days", "permit_days", "commissioning_share", "rate_share", "finish_date",
        "destroyed_t",
    )  # fmt: skip
    start = forecast.scenario.settings.start
    ends = zip(forecast.finish_days.tolist(), forecast.destroyed_t[:, -1].tolist(), strict=True)
    rows = [
        (
            k, slip.money_days, slip.permit_days, slip.commissioning_share, slip.rate_share,
            date_of(day, start).isoformat() if np.isfinite(day) else None, tonnes,
        )
        for k, (slip, (day, tonnes)) in enumerate(zip(forecast.slips, ends, strict=True))
    ]  # fmt: skip
    return csv_text(header, rows)
