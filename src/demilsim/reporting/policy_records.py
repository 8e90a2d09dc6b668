"""What a results folder says about one policy, as frozen records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator

from demilsim.reporting.stored import Date, Measure, Stored, Text, absent_if_empty

OPTIMISED = "optimised"
DO_NOTHING = "do_nothing"
HOST_ONLY = "host_only"
POLICY_ORDER = (
    DO_NOTHING,
    HOST_ONLY,
    "oldest_first",
    "most_neq_first",
    "highest_risk_first",
    "risk_per_day_first",
    "cheapest_first",
    OPTIMISED,
)
"""Order in which policies are shown; others follow in the order in which they are stored."""


class ClearanceDate(Stored):
    """ISO dates by which the surplus is gone, the median with its interval; None beyond the horizon."""

    p5: Date | None = None
    p50: Date | None = None
    p95: Date | None = None
    p50_low: Date | None = None
    p50_high: Date | None = None


class Measures(Stored):
    """One policy's results over the horizon; the unit is in each name, persons where there is none."""

    expected_fatalities: Measure = None
    expected_fatalities_public: Measure = None
    expected_fatalities_workers: Measure = None
    expected_fatalities_transport: Measure = None
    p_any_explosion: Measure = None
    p_any_explosion_conditional: Measure = None
    destroyed_t: Measure = None
    stock_start_t: Measure = None
    arrived_t: Measure = None
    exploded_t: Measure = None
    stolen_t: Measure = None
    lost_on_road_t: Measure = None
    stock_end_t: Measure = None
    cost_usd: Measure = None
    p_cleared: Measure = None
    dates_missed: Measure = None
    clearance_date: Annotated[ClearanceDate | None, BeforeValidator(absent_if_empty)] = None


class Difference(Stored):
    """Paired difference of two policies on common random numbers."""

    expected_fatalities: Measure = None
    expected_fatalities_public: Measure = None
    expected_fatalities_workers: Measure = None
    expected_fatalities_transport: Measure = None
    destroyed_t: Measure = None
    cost_usd: Measure = None


class Region(Stored):
    """Sites merged into one region, at the start and the end of the horizon."""

    region: Text
    sites: int
    stock_t_start: float
    stock_t_end: float
    harm_rate_start_per_year: float
    harm_rate_end_per_year: float


class FacilityYears(Stored):
    """Mean tonnes destroyed at one facility in each calendar year."""

    facility_id: Text
    name: Text
    method: Text
    status: Text
    destroyed_t: tuple[float, ...]


class FacilityDays(Stored):
    """Mean working days of one facility over the horizon by what became of them [d]."""

    facility_id: Text
    name: Text
    days: dict[Text, float]


class Fund(Stored):
    """What became of one fund's money [USD].

    Unspent is what is left at the end, committed or not. Lapsed is unspent at expiry, come after it, or set
    free after it.
    """

    fund_id: Text
    name: Text
    holder: Text
    received_usd: float
    spent_usd: float
    lapsed_usd: float
    unspent_usd: float
    committed_usd: float = 0.0
    scrap_usd: float = 0.0
    lapsed_unspent_usd: float | None = None
    lapsed_late_usd: float | None = None
    lapsed_released_usd: float | None = None


class MoneyOutside(Stored):
    """Clean-up that no fund paid, and income from scrap of the host's treasury [USD]."""

    cleanup_unfunded_usd: float
    scrap_to_treasury_usd: float


class CommissionedFacility(Stored):
    """A facility that the plan builds, and when it is ordered."""

    facility_id: Text
    name: Text
    date: Date


@dataclass(frozen=True, slots=True)
class Band:
    """A measure over the periods: mean and 5-95% of replications, each of shape (period,)."""

    mean: tuple[float, ...]
    p5: tuple[float | None, ...]
    p95: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """One policy over time: stock and harm rate at the start of a period, spending within it."""

    starts: tuple[dt.date, ...]
    stock_t: Band
    harm_rate_per_year: Band
    spent_usd: Band


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """All that is stored about one policy."""

    name: str
    measures: Measures
    difference: Difference | None
    timeline: Timeline | None
    regions: tuple[Region, ...]
    facilities: tuple[FacilityYears, ...]
    time_use: tuple[FacilityDays, ...]
    funds: tuple[Fund, ...]
    money_outside: MoneyOutside | None
    commissionings: tuple[CommissionedFacility, ...]
