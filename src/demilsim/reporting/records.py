"""What a results folder says, as frozen records: the report asks these, never a dictionary."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from pydantic import Field

from demilsim.reporting.caution_notes import CautionFacts
from demilsim.reporting.explanation_records import ExplanationFacts, StoredReason
from demilsim.reporting.lots_left import LeftFacts
from demilsim.reporting.measure_records import MeasureFacts
from demilsim.reporting.mobile_records import MobileFacts, StoredStay
from demilsim.reporting.over_time_records import OverTimeFacts
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED, Difference, PolicyResult
from demilsim.reporting.risk_records import RiskFacts
from demilsim.reporting.schedule_records import ScheduleFacts
from demilsim.reporting.stored import Date, Spread, Stored, Text
from demilsim.reporting.uncertainty_records import UncertaintyFacts


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
    asked_as: Text = ""
    values_set: int = 0


class PlanFacts(Stored):
    """Where the plan comes from and how good it is known to be."""

    source: Text
    money: Text | None = None
    status: Text | None = None
    solver: Text | None = None
    incumbent: float | None = None
    best_bound: float | None = None
    gap_remaining: float | None = None
    gap_averted: float | None = None
    planned_harm: float | None = None
    simulated_harm: float | None = None
    planned_do_nothing: float | None = None
    simulated_do_nothing: float | None = None
    planned_averted: float | None = None
    simulated_averted: float | None = None
    lines_averted: float | None = None


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


class LaterAgainst(Stored):
    """A policy by the plan's own objective, and what the plan averts against it, paired [persons]."""

    deaths: Spread
    averted: Spread


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
    against
        The same for every other policy, by name; empty in results of before.
    """

    years: float
    baseline: Text
    weighted: bool
    averted: Spread
    against: dict[Text, LaterAgainst] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line of ``plan.csv``; identifiers and quantities here are not for the public.

    `start` is the day before which its work does not begin, `planned` the first day of the period for which
    it is planned: None if that is not expected to come, or not stored.
    """

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
    planned: dt.date | None = None


@dataclass(frozen=True, slots=True)
class StoredResults:
    """A results folder as the report reads it.

    `warned` is what its reader is told of `cautions`, once it is known who that is; `values_set` what the
    command line set beside the scenario, each as ``PATH=VALUE``.
    """

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
    mobile: MobileFacts | None = None
    stays: tuple[StoredStay, ...] = ()
    cautions: tuple[CautionFacts, ...] = ()
    values_set: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    left: LeftFacts | None = None

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
