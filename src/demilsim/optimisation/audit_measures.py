"""Measures other than destruction, derived again: which may be ordered, what they cost, what a move fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from demilsim.model.consequence import mass_share
from demilsim.model.licence import licences
from demilsim.optimisation.audit_rows import AuditRows, exact, first_working_period
from demilsim.optimisation.bill import Bill
from demilsim.plan import DisposalPlan
from demilsim.scenario.schema import Fund, Measure
from demilsim.units import DAYS_PER_YEAR, GRAMS_PER_TONNE

TOLERANCE_KG = Fraction(1)
"""Allowed NEQ over a licence [kg]: a thousandth of what a lorry carries."""

ONCE = ("move", "surveillance")
"""Kinds that happen on one day; the others cost their yearly amount as long as they are in force."""


def strange_measures(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield orders of measures, or periods, that the scenario does not have."""
    known, last = {m.measure_id for m in rows.scenario.measures}, rows.scenario.periods - 1
    for order in plan.measures:
        if order.measure_id not in known:
            yield f"measure: unknown measure {order.measure_id}"
        if not 0 <= order.period <= last:
            yield f"measure: {order.measure_id}: period {order.period}, expected 0 to {last}"


def measure_bills(rows: AuditRows, plan: DisposalPlan) -> Iterator[Bill]:
    """Yield what measures cost: their price at the order, their yearly cost while they are in force."""
    scenario = rows.scenario
    funds = [fund for fund in scenario.funds if not plan.funds or fund.fund_id in plan.funds]
    ordinal = [date.toordinal() for date in scenario.period_dates]
    for measure, period in _ordered(rows, plan):
        place = rows.place(_site(rows, measure))
        payers = frozenset(fund.fund_id for fund in funds if _may_pay(fund, place))
        yield Bill(period, payers, exact(measure.cost_usd))
        if measure.kind in ONCE:
            continue
        per_year = exact(measure.yearly_cost_usd)
        for later in range(first_working_period(scenario, measure, period), scenario.periods):
            days = ordinal[later + 1] - ordinal[later]
            yield Bill(later, payers, per_year * days / exact(DAYS_PER_YEAR))


def overfilled(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield storehouses that a move would fill beyond their explosive limit licence.

    What is destroyed in a period is gone by its end, and a move happens at the start of one. It takes along
    what its storehouse is still to receive, and all that is to come into the other one counts from then on:
    so no later arrival finds it full by the plan's doing. Storehouses that hold more than they may from the
    start are not the plan's doing, unless it adds to them.
    """
    scenario = rows.scenario
    limit = dict(zip((h.storehouse_id for h in scenario.storehouses), licences_kg(rows), strict=True))
    where = {lot.lot_id: lot.storehouse_id for lot in scenario.lots}
    begun = [(first_working_period(scenario, m, period), m) for m, period in _ordered(rows, plan)]
    for period, measure in sorted(begun, key=lambda pair: pair[0]):
        target = measure.to_storehouse_id
        if measure.kind != "move" or target is None or period >= scenario.periods:
            continue
        left = _left_kg(rows, plan, period)
        moved = [lot_id for lot_id in left if where[lot_id] == measure.storehouse_id]
        where |= dict.fromkeys(moved, target)
        there = sum((kg for lot_id, kg in left.items() if where[lot_id] == target), Fraction(0))
        if any(left[lot_id] for lot_id in moved) and float(there - TOLERANCE_KG) > limit[target]:
            date = scenario.period_dates[period]
            to_come = any(
                where[lot.lot_id] == target and lot.arrives and lot.arrives > date for lot in scenario.lots
            )
            yield (
                f"licence: {target}, period of {date}: {measure.measure_id} makes it "
                f"{float(there):.0f} kg NEQ of {limit[target]:.0f} kg"
                + (", with what is still to come" if to_come else "")
            )


def licences_kg(rows: AuditRows) -> list[float]:
    """Return the explosive limit licence of each storehouse [kg]; infinite where nothing is near."""
    found: list[float] = licences(rows.scenario, np.zeros(len(rows.scenario.storehouses))).limit_kg.tolist()
    return found


def _left_kg(rows: AuditRows, plan: DisposalPlan, period: int) -> dict[str, Fraction]:
    """Return what joins a mass explosion of each lot that a plan leaves at the start of a period [kg NEQ].

    Also of lots that are to come then.
    """
    scenario = rows.scenario
    done: Counter[str] = Counter()
    for line in plan.lines:
        done[line.lot_id] += line.mass_g * (line.earliest_period < period)
    return {
        lot.lot_id: exact(lot.neq_kg)
        * exact(share)
        * max(1 - Fraction(done[lot.lot_id], GRAMS_PER_TONNE) / exact(lot.gross_mass_t), Fraction(0))
        for lot, share in zip(scenario.lots, mass_share(scenario).tolist(), strict=True)
    }


def _ordered(rows: AuditRows, plan: DisposalPlan) -> Iterator[tuple[Measure, int]]:
    measures: Mapping[str, Measure] = {m.measure_id: m for m in rows.scenario.measures}
    for order in plan.measures:
        yield measures[order.measure_id], order.period


def _site(rows: AuditRows, measure: Measure) -> str:
    return measure.site_id or rows.site_of_house[measure.storehouse_id or ""]


def _may_pay(fund: Fund, place: tuple[str, str]) -> bool:
    """Return whether a fund may pay: money for plant, a method or a category is not for measures."""
    site, country = place
    free = fund.use in ("any", "running") and not fund.earmark_methods and not fund.earmark_categories
    here = not fund.earmark_sites or site in fund.earmark_sites
    return free and here and (not fund.earmark_countries or country in fund.earmark_countries)
