"""`summary`: what a scenario holds, on one screen."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Iterable, Mapping

from demilsim.scenario.exchange import promised_usd
from demilsim.scenario.register import Confidence, weakest
from demilsim.scenario.scenario import TABLES, Scenario
from demilsim.scenario.schema import Facility, Lot, LotStatus, Sourced
from demilsim.units import KG_PER_TONNE

DAYS_PER_WEEK = 7.0
CONFIDENCES: tuple[Confidence, ...] = ("read", "derived", "assumed")
# A year that is not a leap year, for a capacity in round numbers.
_COMMON_YEAR = 2027


def summary(scenario: Scenario) -> list[str]:
    """Return the lines that `demilsim check` prints for a valid scenario."""
    s = scenario.settings
    lines = [f"{s.name}: {s.title}"]
    if s.synthetic:
        lines.append("SYNTHETIC: invented data, no real site is described")
    end = scenario.period_dates[-1]
    lines += [
        f"Horizon      {s.start} to {end}, {scenario.periods} periods of a {s.period}; USD of {s.price_year}",
        f"Places       {len(scenario.sites)} sites, {len(scenario.storehouses)} storehouses, "
        f"{len(scenario.routes)} routes",
        _stock("Stock", scenario.lots),
        _stock("Surplus", [lot for lot in scenario.lots if lot.status is LotStatus.SURPLUS]),
        _people(scenario),
        _capacity("existing", scenario),
        _capacity("possible", scenario),
        *_money(scenario),
        *_evidence(scenario),
    ]
    return lines


def _stock(label: str, lots: Iterable[Lot]) -> str:
    lots = list(lots)
    mass_t = sum(lot.gross_mass_t for lot in lots)
    neq_t = sum(lot.neq_kg for lot in lots) / KG_PER_TONNE
    return f"{label:12} {mass_t:,.0f} t gross, {neq_t:,.0f} t NEQ in {len(lots)} lots"


def _people(scenario: Scenario) -> str:
    exposed = scenario.exposed_sites
    persons = sum(group.persons for group in exposed)
    day = sum(group.persons * group.day_fraction for group in exposed)
    night = sum(group.persons * group.night_fraction for group in exposed)
    present = f"{day:,.0f} present by day, {night:,.0f} by night"
    return f"People       {persons:,.0f} exposed in {len(exposed)} groups, {present}"


def _capacity(status: str, scenario: Scenario) -> str:
    chosen = [facility for facility in scenario.facilities if facility.status == status]
    fastest: dict[str, float] = {}
    for rate in scenario.facility_rates:
        fastest[rate.facility_id] = max(fastest.get(rate.facility_id, 0.0), rate.throughput_t_per_day)
    total = sum(_at_most_t_per_year(f, fastest.get(f.facility_id, 0.0)) for f in chosen)
    noun = "facility" if len(chosen) == 1 else "facilities"
    return f"{status.capitalize():12} {len(chosen)} {noun}, at most {total:,.0f} t/yr before stops"


def _at_most_t_per_year(facility: Facility, throughput_t_per_day: float) -> float:
    """Return what a facility could destroy of the category it is fastest at [t/yr], within its permit."""
    open_days = sum(calendar.monthrange(_COMMON_YEAR, month)[1] for month in facility.open_months)
    per_day = throughput_t_per_day * facility.shifts_per_day
    capacity = open_days * facility.working_days_per_week / DAYS_PER_WEEK * per_day
    return min(capacity, facility.permit_t_per_year or capacity)


def _money(scenario: Scenario) -> list[str]:
    lines = []
    funds = {fund.fund_id: fund for fund in scenario.funds}
    for holder in ("host", "donor"):
        own = [t for t in scenario.tranches if funds[t.fund_id].holder == holder]
        worth = {t.tranche_id: promised_usd(t, scenario.exchange_rates, t.due) for t in own}
        promised = sum(worth.values())
        expected = sum(
            worth[t.tranche_id] * t.probability * (1 - funds[t.fund_id].overhead_fraction) for t in own
        )
        amounts = f"{promised:,.0f} USD promised, {expected:,.0f} USD expected after overhead"
        lines.append(f"{'Money, ' + holder:12} {amounts}")
    caps = [fund.match_cap_usd for fund in scenario.funds if fund.matches_funds]
    if caps:
        limits = [cap for cap in caps if cap is not None]
        most = f"at most {sum(limits):,.0f} USD" if len(limits) == len(caps) else "no limit for all of them"
        lines.append(f"{'Matching':12} {len(caps)} of {len(funds)} funds match others, on top; {most}")
    return lines


def _evidence(scenario: Scenario) -> list[str]:
    """Return how many numbers were read, derived or assumed: a row is as good as its weakest source."""
    confidence = {source.source_id: source.confidence for source in scenario.sources}
    rows: Counter[Confidence] = Counter()
    for table in TABLES:
        for row in getattr(scenario, table):
            if isinstance(row, Sourced):
                rows[_confidence(row, confidence)] += _numbers(row)
    constants = Counter(entry.confidence for entry in scenario.register.entries.values())
    told = f"Constants    {_counts(constants)} of the {constants.total()} that a scenario can override"
    return [f"Numbers      {_counts(rows)} in the tables", told]


def _confidence(row: Sourced, confidence: Mapping[str, Confidence]) -> Confidence:
    return weakest(confidence[name] for name in row.source)


def _numbers(row: Sourced) -> int:
    values = (getattr(row, name) for name in row.model_fields_set)
    return sum(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _counts(counts: Mapping[Confidence, int]) -> str:
    return ", ".join(f"{counts.get(name, 0):,} {name}" for name in CONFIDENCES)
