"""What a results folder says in explanation of its plan, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass

from demilsim.reporting.stored import Date, Stored, Text


class WorthFacts(Stored):
    """Harm averted by a little more of a fund, a facility's days or a permit [persons per unit]."""

    family: Text
    subject: Text
    name: Text
    unit: Text
    amount: float
    price: float
    linear_up: float
    linear_down: float | None = None
    up: float | None = None
    down: float | None = None


class StringsFacts(Stored):
    """What a fund's strings cost: by its first dollar [persons/USD], and in all [persons]."""

    fund_id: Text
    name: Text
    price: float
    averted: float


class OrderedFacility(Stored):
    """A commissioning of an alternative."""

    facility_id: Text
    ordered: Date


class FacilityShift(Stored):
    """Tonnes at a facility in the plan and in an alternative."""

    facility_id: Text
    name: Text
    plan_t: float
    alternative_t: float


class AlternativeFacts(Stored):
    """A plan nearly as good."""

    aim: Text
    planned_harm: float
    averted_share: float
    cost_usd: float
    moved: float
    commissionings: tuple[OrderedFacility, ...]
    facilities: tuple[FacilityShift, ...]


class ExplanationFacts(Stored):
    """What explains the plan beyond its lines."""

    planned_harm: float
    do_nothing_harm: float
    step: float
    worth: tuple[WorthFacts, ...]
    strings: tuple[StringsFacts, ...]
    alternatives: tuple[AlternativeFacts, ...]


@dataclass(frozen=True, slots=True)
class StoredReason:
    """A row of ``plan_reasons.csv``; not for the public."""

    line_id: str
    lot_id: str
    facility_id: str
    harm_averted: float
    per_million_usd: float | None
    per_facility_day: float | None
    why_now: str
    why_there: str
