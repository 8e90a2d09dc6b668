"""What a results folder says, as frozen records: the report asks these, never a dictionary."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

if TYPE_CHECKING:
    from demilsim.reporting.explanation_records import ExplanationFacts, StoredReason
    from demilsim.reporting.over_time_records import OverTimeFacts
    from demilsim.reporting.schedule_records import ScheduleFacts
    from demilsim.reporting.uncertainty_records import UncertaintyFacts

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


def plain(text: str) -> str:
    """Return a text on one line without control, format or surrogate characters.

    They could hide or reverse what a reader sees, and XML does not allow most of them.
    """
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn"))


Text = Annotated[str, AfterValidator(plain)]
Date = Annotated[dt.date, Field(strict=False)]  # else no ISO text would do


class Stored(BaseModel):
    """Base of the records: frozen, types taken at their word, keys that the report does not need ignored."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class Spread(Stored):
    """A mean with its Monte Carlo half width and the 5-95% spread from parameters that are not known."""

    mean: float
    half_width: float | None = None
    parameter_p5: float | None = None
    parameter_p95: float | None = None
    half_width_simultaneous: float | None = None


def _absent_if_empty(value: object) -> object:
    """Return None for ``{}``, which stands for absent as null does."""
    return None if value == {} else value


Measure = Annotated[Spread | None, BeforeValidator(_absent_if_empty)]


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
    destroyed_t: Measure = None
    cost_usd: Measure = None
    p_cleared: Measure = None
    dates_missed: Measure = None
    clearance_date: Annotated[ClearanceDate | None, BeforeValidator(_absent_if_empty)] = None


class Difference(Stored):
    """Paired difference of two policies on common random numbers."""

    expected_fatalities: Measure = None
    expected_fatalities_public: Measure = None
    expected_fatalities_workers: Measure = None
    expected_fatalities_transport: Measure = None
    destroyed_t: Measure = None
    cost_usd: Measure = None


class LaterYears(Stored):
    """What the plan averts by its own objective against a baseline, paired [persons].

    Parameters
    ----------
    years
        Further years at the rates left at the horizon that the objective counts [yr].
    baseline
        ``host_only``, or ``do_nothing``.
    weighted
        Whether the scenario weighs deaths of one kind more than those of another.
    averted
        Objective of the baseline minus that of the plan.
    """

    years: float
    baseline: Text
    weighted: bool
    averted: Spread


class ScenarioFacts(Stored):
    """What the results are about."""

    name: Text
    title: Text
    sha256: Text
    synthetic: bool
    country: Text
    countries: list[Text] | None = None
    start: Date
    end: Date
    horizon_years: float = Field(gt=0)
    price_year: int
    sites: int
    storehouses: int
    lots: int
    stock_t: float
    surplus_t: float
    terminal_years: float | None = None
    period: Text = "quarter"


class PlanFacts(Stored):
    """Where the plan comes from and how good it is known to be."""

    source: Text
    status: Text | None = None
    solver: Text | None = None
    incumbent: float | None = None
    best_bound: float | None = None
    gap_remaining: float | None = None
    gap_averted: float | None = None
    planned_harm: float | None = None
    simulated_harm: float | None = None
    planned_averted: float | None = None
    simulated_averted: float | None = None


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


class MeasureRow(Stored):
    """What one measure averts over the horizon [persons], what it costs [USD], and the ratio of both."""

    measure_id: Text
    kind: Text
    region: Text
    in_plan: bool
    affordable: bool
    fatalities_averted: Measure = None
    paid_usd: Measure = None
    spent_more_usd: Measure = None
    fatalities_averted_per_million_usd: Measure = None


class MeasureFacts(Stored):
    """The measures of a policy, and the tests that it could take."""

    policy: Text
    replications: int
    rows: tuple[MeasureRow, ...]


class CommissionedFacility(Stored):
    """A facility that the plan builds, and when it is ordered."""

    facility_id: Text
    name: Text
    date: Date


class Assumption(Stored):
    """A number of the model with its range, source and confidence (read, derived, assumed)."""

    key: Text
    value: float | Text
    unit: Text | None = None
    low: float | None = None
    high: float | None = None
    distribution: Text | None = None
    source: Text | None = None
    confidence: Text


class SiteRiskFacts(Stored):
    """Risk of one site at the start, for the restricted audience: licences, individual risk, F-N curve."""

    name: Text
    storehouses: int
    over_licence: int
    worst_excess: float
    individual_risk_public_per_year: float
    individual_risk_workers_per_year: float
    fn_policy: Text
    fn_deaths: tuple[float, ...]
    fn_per_year: tuple[float, ...]
    fn_worst_ratio: float


class RiskFacts(Stored):
    """Chance of a major explosion by the end of each year and policy, and risk by site.

    The chance as counted, and conditional on all but the explosions: the same with less error.
    """

    major_neq_kg: float
    p_major_by_year: dict[str, tuple[Spread, ...]] = Field(default_factory=dict)
    p_major_by_year_conditional: dict[str, tuple[Spread, ...]] = Field(default_factory=dict)
    sites: tuple[SiteRiskFacts, ...] = ()


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


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of ``plan.csv``; identifiers and quantities here are not for the public."""

    line_id: str
    lot_id: str
    storehouse_id: str
    site_id: str
    facility_id: str
    tonnes: float
    neq_kg: float | None
    start: dt.date
    cost_usd: float | None
    harm_averted: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class StoredResults:
    """A results folder as the report reads it."""

    scenario: ScenarioFacts
    seed: int
    replications: int
    level: float
    plan: PlanFacts | None
    policies: tuple[PolicyResult, ...]
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...]
    lines: tuple[StoredLine, ...]
    uncertainty: UncertaintyFacts | None = None
    risk: RiskFacts | None = None
    measure_values: MeasureFacts | None = None
    explanation: ExplanationFacts | None = None
    reasons: tuple[StoredReason, ...] = ()
    over_time: OverTimeFacts | None = None
    schedule: ScheduleFacts | None = None
    host_difference: Difference | None = None
    later_years: LaterYears | None = None

    def policy(self, name: str) -> PolicyResult | None:
        """Return the results of a policy, None if it was not simulated."""
        return next((policy for policy in self.policies if policy.name == name), None)

    @property
    def has_parameter_range(self) -> bool:
        """Whether any policy's expected deaths carry a spread from parameters that are not known."""
        spreads = (policy.measures.expected_fatalities for policy in self.policies)
        return any(spread is not None and spread.parameter_p5 is not None for spread in spreads)

    @property
    def shown(self) -> PolicyResult:
        """The policy that the report is about: optimised if it is there, else the last one shown."""
        return self.policy(OPTIMISED) or self.policies[-1]

    @property
    def baseline(self) -> PolicyResult | None:
        """What the shown policy is held against: the host's own money alone, else doing nothing."""
        candidates = (self.policy(HOST_ONLY), self.policy(DO_NOTHING))
        return next((other for other in candidates if other and other is not self.shown), None)
