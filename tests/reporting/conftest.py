"""A small results folder, invented, as `demilsim run` leaves it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from demilsim.reporting.disclosure import Audience
from demilsim.reporting.policy_records import POLICY_ORDER
from demilsim.reporting.report import write_report
from demilsim.reporting.tables import csv_text, json_text

YEARS = 15
FIRST_YEAR = 2026
DEATHS = dict(zip(POLICY_ORDER, (20.0, 17.5, 12.6, 12.1, 11.4, 9.6, 11.9, 8.25), strict=True))
END_T = dict(zip(POLICY_ORDER, (40_000, 33_000, 14_000, 15_500, 16_200, 13_500, 12_100, 12_900), strict=True))
MEASURES = ("stock_t", "neq_kg", "harm_rate_per_year", "destroyed_t", "spent_usd")
PLAN_COLUMNS = (  # noqa: SIM905
    "line_id,lot_id,storehouse_id,site_id,facility_id,tonnes,neq_kg,earliest_period,priority,"
    "cost_usd,harm_averted,not_before,planned_period,planned_from,reason"
).split(",")
TONNES_A_YEAR = {"KILN": 900.0, "DIS": 700.0, "ODW": 250.0, "NEW": 500.0}
FACILITIES = (
    ("KILN", "Rotary kiln", "rotary_kiln", "existing"),
    ("DIS", "Disassembly plant", "disassembly", "existing"),
    ("ODW", "=cmd|' /C calc'!A0", "open_detonation", "existing"),
    ("NEW", "<script>alert(1)</script> plant $x^2$", "contained_detonation", "commissioned"),
)

Reported = Callable[[Audience], Path]
EditSummary = Callable[[Callable[[dict[str, Any]], None]], None]


def spread(mean: float, half_width: float) -> dict[str, float]:
    return {
        "mean": mean,
        "half_width": half_width,
        "parameter_p5": 0.4 * mean,
        "parameter_p95": 2.2 * mean,
    }


def policy_summary(name: str) -> dict[str, Any]:
    deaths = DEATHS[name]
    works = name != "do_nothing"
    return {
        "expected_fatalities": spread(deaths, 0.03 * deaths),
        "expected_fatalities_public": spread(0.85 * deaths, 0.02 * deaths),
        "expected_fatalities_workers": spread(0.13 * deaths, 0.01 * deaths),
        "expected_fatalities_transport": spread(0.02 * deaths, 0.001 * deaths),
        "fatalities": spread(deaths * 1.03, 1.9),
        "injuries": {},
        "p_any_explosion": {"mean": min(0.02 * deaths + 0.3, 1), "half_width": 0.045},
        "destroyed_t": {"mean": 40_000.0 - END_T[name], "half_width": 130.0 * works},
        "cost_usd": {"mean": 1_050.0 * (40_000 - END_T[name]), "half_width": 210_000.0 * works},
        "clearance_date": {"p5": None, "p50": "2038-06-30" if name == "optimised" else None, "p95": None},
        "p_cleared": {"mean": 0.62 if name == "optimised" else 0.0, "half_width": 0.04},
    }


def region(name: str, sites: int, stock_t: float, rate: float, left: float) -> dict[str, Any]:
    return {
        "region": name,
        "sites": sites,
        "stock_t_start": stock_t,
        "stock_t_end": stock_t * left,
        "harm_rate_start_per_year": rate,
        "harm_rate_end_per_year": rate * left**1.5,
    }


def bar(key: str, low: float, high: float, reach: float) -> dict[str, Any]:
    return {
        "key": key,
        "low": low,
        "value": (low + high) / 2,
        "high": high,
        "expected_fatalities": {"low": 8.25 - reach, "value": 8.25, "high": 8.25 + 1.5 * reach},
        "optimised_minus_host_only": {"low": -9.25 + reach, "value": -9.25, "high": -9.25 - reach},
    }


def uncertainty(names: tuple[str, ...]) -> dict[str, Any]:
    shares = {
        "expected_fatalities": {"not_known": 0.985, "chance": 0.015},
        "fatalities": {"not_known": 0.21, "chance": 0.79},
    }
    others = [name for name in names if name != "optimised"]
    return {
        "parameter_draws": 32,
        "replications_per_draw": 3,
        "expected_fatalities": {name: 1.1 * DEATHS[name] for name in names},
        "variance_shares": dict.fromkeys(names, shares),
        "p_optimised_better": {name: 1 - 0.01 * i for i, name in enumerate(others)},
        "tornado": [
            bar("consequence.responders_per_event", 10.0, 100.0, 4.0),
            bar("method.open_detonation.accident_rate_per_t", 6.7e-6, 6e-5, 1.0),
        ],
        "region_ranking": [
            {"region": "South", "sites": 5, "p_highest": 0.81},
            {"region": "West <b>bold</b>", "sites": 4, "p_highest": 0.19},
        ],
    }


def summary(names: tuple[str, ...]) -> dict[str, Any]:
    regions = [
        region("South", 5, 15_200, 0.62, 0.25),
        region("West <b>bold</b>", 4, 9_800, 0.31, 0.4),
        region("North", 3, 8_400, 0.17, 0.35),
        region("East", 3, 6_600, 0.08, 0.5),
    ]
    factors = [0.4, 0.8, *[1.0] * 9, 0.9, 0.7, 0.4, 0.2]
    facilities = [
        {
            "facility_id": identifier,
            "name": name,
            "method": method,
            "status": status,
            "destroyed_t": [
                TONNES_A_YEAR[identifier] * f if i > 2 or identifier != "NEW" else 0.0
                for i, f in enumerate(factors)
            ],
        }
        for identifier, name, method, status in FACILITIES
    ]
    funds = [
        ("host", "State budget", "host", 12_500_000.0, 11_900_000.0, 0.0, 600_000.0),
        (
            "donor",
            '"><img src=x onerror=alert(1)>',
            "donor",
            18_000_000.0,
            16_555_000.0,
            850_000.0,
            595_000.0,
        ),
    ]
    fund_keys = ("fund_id", "name", "holder", "received_usd", "spent_usd", "lapsed_usd", "unspent_usd")
    assumptions = [
        (
            "event_rate.storage_per_storehouse_year",
            0.0006,
            "1/yr",
            0.0002,
            0.0015,
            "Documented events",
            "derived",
        ),
        ("consequence.stack_neq_kg", 12_000.0, "kg", 4_000.0, 25_000.0, "Our judgement", "assumed"),
        ("transport.accident_rate", 4e-7, "1/km", None, None, "https://example.org/road-statistics", "read"),
        ("calendar.kind", "+civil", None, None, None, None, "assumed"),
    ]
    assumption_keys = ("key", "value", "unit", "low", "high", "source", "confidence")
    return {
        "scenario": {
            "name": "testland",
            "title": "Testland <script>alert('x')</script>",
            "sha256": "ab" * 32,
            "synthetic": True,
            "country": "Testland",
            "start": f"{FIRST_YEAR}-01-01",
            "end": f"{FIRST_YEAR + YEARS}-01-01",
            "horizon_years": YEARS,
            "price_year": 2025,
            "sites": 15,
            "storehouses": 64,
            "lots": 1_240,
            "stock_t": 40_000.0,
            "surplus_t": 29_500.0,
            "terminal_years": 10,
            "period": "quarter",
        },
        "seed": 7,
        "replications": 400,
        "level": 0.95,
        "plan": {
            "source": "milp",
            "status": "feasible",
            "incumbent": 10.52,
            "best_bound": 9.874,
            "gap_remaining": 0.0614,
            "gap_averted": 0.0121,
            "solver": "HiGHS 1.16",
            "planned_harm": 10.52,
            "simulated_harm": 10.98,
        },
        "policies": {name: policy_summary(name) for name in names},
        "differences": {
            f"optimised - {name}": {
                "expected_fatalities": {"mean": DEATHS["optimised"] - DEATHS[name], "half_width": 0.21}
            }
            for name in names
            if name != "optimised" and "optimised" in names
        },
        "regions": dict.fromkeys(names, regions),
        "destroyed_by_facility": {name: facilities for name in names if name != "do_nothing"},
        "spend_by_fund": {
            name: [dict(zip(fund_keys, fund, strict=True)) for fund in funds] for name in names
        },
        "commissionings": {
            "optimised": [{"facility_id": "NEW", "name": FACILITIES[3][1], "date": "2027-04-01"}]
        },
        "uncertainty": uncertainty(names) if len(names) > 1 else None,
        "assumptions": [dict(zip(assumption_keys, row, strict=True)) for row in assumptions],
        "notes": ["The optimiser's bound concerns the linearised model, not the simulation.", "<i>note</i>"],
    }


def period_start(period: int) -> str:
    return f"{FIRST_YEAR + period // 4}-{3 * (period % 4) + 1:02d}-01"


def timeline(names: tuple[str, ...]) -> str:
    header = ["policy", "period", "start"]
    header += [f"{measure}_{stat}" for measure in MEASURES for stat in ("mean", "p5", "p50", "p95")]
    rows: list[list[object]] = []
    periods = YEARS * 4
    for name in names:
        for period in range(periods):
            share = period / periods
            stock_t = 40_000 + (END_T[name] - 40_000) * share
            rate = 1.18 * (1 + 0.6 * share) * (stock_t / 40_000) ** (1 + 8 / DEATHS[name])
            spent = 1_050.0 * (40_000 - END_T[name]) / periods
            row: list[object] = [name, period, period_start(period)]
            for value in (stock_t, 300 * stock_t, rate, spent / 1_050, spent):
                row += [value, value * (1 - 0.2 * share), value, value * (1 + 0.25 * share)]
            rows.append(row)
    return csv_text(header, rows)


def plan() -> str:
    rows = [
        [
            f"L{i:04d}", f"LOT-SECRET-{i:03d}", f"STORE-SECRET-{i % 7}", f"SITE-SECRET-{i % 3}",
            FACILITIES[i % 4][0], 120.5 + i, 77_701.0 + i, i, i, 88_000.0 + 10 * i, 0.31 / (i + 1),
            period_start(i), i + 2, period_start(i + 2), f"@worst in STORE-SECRET-{i % 7}",
        ]
        for i in range(40)
    ]  # fmt: skip
    return csv_text(PLAN_COLUMNS, rows)


def write_results(directory: Path, names: tuple[str, ...] = POLICY_ORDER) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "summary.json").write_text(json_text(summary(names)), encoding="utf-8")
    (directory / "timeline.csv").write_text(timeline(names), encoding="utf-8")
    (directory / "plan.csv").write_text(plan(), encoding="utf-8")
    return directory


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_results(tmp_path / "results")


@pytest.fixture(scope="session")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Reported:
    """Return a function from an audience to a folder with its report, written once and only to be read."""

    @cache
    def written(audience: Audience) -> Path:
        directory = write_results(tmp_path_factory.mktemp(audience))
        write_report(directory, audience)
        return directory

    return written


@pytest.fixture
def edit(folder: Path) -> EditSummary:
    """Return a function that changes ``summary.json`` in place."""

    def change(how: Callable[[dict[str, Any]], None]) -> None:
        path = folder / "summary.json"
        document = json.loads(path.read_text(encoding="utf-8"))
        how(document)
        path.write_text(json_text(document), encoding="utf-8")

    return change
