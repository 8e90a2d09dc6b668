"""Limits on risk, derived again: of groups of people by what is left in storehouses, of workers by accidents.

What is left of each lot is a fraction in exact arithmetic. The risk that it makes comes from the formulas of
the model, which are no fractions: not from the curves or rows that the optimiser plans with. Measures count
only where they move lots; what they take off rates of events is left aside.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from demilsim.model.consequence import mass_share
from demilsim.model.harm import arrival_period, arrival_probability, scenario_curves, stock_harm
from demilsim.model.risk import SiteRisk, risk_is_limited, site_risk
from demilsim.optimisation.audit_rows import AuditRows, exact, first_working_period
from demilsim.plan import DisposalPlan, Floats
from demilsim.units import GRAMS_PER_TONNE

TOLERANCE = 1e-6
"""Share of a limit by which risk may be above it [1]: lots in whole grams, and rounding of formulas."""


def over_risk(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield groups of people whose individual risk is above its limit where it is in force, at its worst."""
    if not risk_is_limited(rows.scenario):
        return
    yield from _breaches(rows, individual_risk(rows, plan))


def over_risk_by_moves(rows: AuditRows, plan: DisposalPlan, late: int) -> Iterator[str]:
    """Yield groups that a plan's moves between storehouses put above their limit.

    Parameters
    ----------
    rows, plan
        The scenario, and a plan.
    late
        Periods by which work may be later than the earliest period of its line.
    """
    moves = {m.measure_id for m in rows.scenario.measures if m.kind == "move"}
    if not risk_is_limited(rows.scenario) or not any(o.measure_id in moves for o in plan.measures):
        return
    with_moves = individual_risk(rows, plan, late)
    without = individual_risk(rows, _without(plan, moves), late)
    # A group that is above its limit as it is has no further to rise.
    yield from _breaches(rows, np.where(with_moves > without, with_moves, 0.0))


def over_worker_risk(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield facilities whose workers run more risk by its accidents in a calendar year than they may."""
    done: Counter[tuple[str, int]] = Counter()
    for line in plan.lines:
        done[line.facility_id, rows.scenario.period_dates[line.earliest_period].year] += line.mass_g
    for (facility_id, year), mass_g in sorted(done.items()):
        plant = rows.facilities[facility_id]
        if plant.worker_risk_limit_per_year is None or plant.workers is None:
            continue
        method = rows.scenario.methods[plant.method_id]
        per_t = exact(method.accident_rate_per_t) * exact(method.worker_fatalities_per_accident)
        risk = Fraction(mass_g, GRAMS_PER_TONNE) * per_t / exact(plant.workers)
        if risk > exact(plant.worker_risk_limit_per_year) * (1 + exact(TOLERANCE)):
            limit = plant.worker_risk_limit_per_year
            yield f"risk of workers: {facility_id}, {year}: {float(risk):.3g} of {limit:g} a year"


def individual_risk(rows: AuditRows, plan: DisposalPlan, late: int = 0) -> Floats:
    """Return the individual risk of exposed sites [1/yr], shape (knot, exposed site), as `risk_path`."""
    return risk_path(rows, plan, late).individual_risk_per_year


def risk_path(rows: AuditRows, plan: DisposalPlan, late: int = 0) -> SiteRisk:
    """Return the risk of exposed sites by what a plan leaves, arrays of shape (knot, exposed site).

    Tonnes of lots that may not come are expected ones, in stock and in lines.

    Parameters
    ----------
    rows, plan
        The scenario, and a plan.
    late
        Periods by which work is later than the earliest period of its line.
    """
    scenario = rows.scenario
    curves = scenario_curves(scenario)
    ageing_per_t = stock_harm(scenario, curves).ageing_rate_per_t_year
    houses = {house.storehouse_id: s for s, house in enumerate(scenario.storehouses)}
    house, moved = _places(rows, plan)
    left = _left_t(rows, plan, late)
    kg_per_t = [
        exact(lot.neq_kg) * exact(share) / exact(lot.gross_mass_t)
        for lot, share in zip(scenario.lots, mass_share(scenario).tolist(), strict=True)
    ]
    neq_kg, ageing = np.zeros((2, scenario.periods + 1, len(houses)))
    for k in range(scenario.periods + 1):
        house |= moved[k]
        held: dict[str, Fraction] = defaultdict(Fraction)
        for i, lot in enumerate(scenario.lots):
            held[house[lot.lot_id]] += left[k][i] * kg_per_t[i]
            ageing[k, houses[house[lot.lot_id]]] += float(left[k][i]) * ageing_per_t[k, i]
        for storehouse_id, kg in held.items():
            neq_kg[k, houses[storehouse_id]] = float(kg)
    return site_risk(scenario, curves, neq_kg, ageing)


def _left_t(rows: AuditRows, plan: DisposalPlan, late: int) -> list[list[Fraction]]:
    """Return what is expected in store of each lot at each knot [t], by knot and lot."""
    scenario = rows.scenario
    done = {lot.lot_id: [0] * (scenario.periods + 1) for lot in scenario.lots}
    for line in plan.lines:
        for k in range(line.earliest_period + late + 1, scenario.periods + 1):
            done[line.lot_id][k] += line.mass_g
    arrival, likely = arrival_period(scenario).tolist(), arrival_probability(scenario).tolist()
    return [
        [
            max(
                exact(likely[i]) * exact(lot.gross_mass_t) - Fraction(done[lot.lot_id][k], GRAMS_PER_TONNE),
                Fraction(0),
            )
            if k >= arrival[i]
            else Fraction(0)
            for i, lot in enumerate(scenario.lots)
        ]
        for k in range(scenario.periods + 1)
    ]


def _places(rows: AuditRows, plan: DisposalPlan) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the storehouse of each lot at the start, and by knot where lots are from then on."""
    scenario = rows.scenario
    first = {lot.lot_id: lot.storehouse_id for lot in scenario.lots}
    where, moved = dict(first), [dict[str, str]() for _ in range(scenario.periods + 1)]
    measures = {m.measure_id: m for m in scenario.measures}
    begun = [
        (first_working_period(scenario, measures[order.measure_id], order.period), measures[order.measure_id])
        for order in plan.measures
    ]
    for period, measure in sorted(begun, key=lambda pair: pair[0]):
        if measure.kind == "move" and measure.to_storehouse_id and period < scenario.periods:
            for lot_id, storehouse_id in where.items():
                if storehouse_id == measure.storehouse_id:
                    moved[period][lot_id] = measure.to_storehouse_id
            where |= moved[period]
    return first, moved


def _breaches(rows: AuditRows, risk: Floats) -> Iterator[str]:
    """Yield groups above their limit at any date on which it is in force, with the worst of these."""
    dates = rows.scenario.period_dates
    for e, group in enumerate(rows.scenario.exposed_sites):
        limit, start = group.risk_limit_per_year, group.risk_limit_from
        if limit is None:
            continue
        in_force = [k for k, date in enumerate(dates) if k > 0 and (start is None or start <= date)]
        worst = max(in_force, key=lambda k: risk[k, e], default=None)
        if worst is not None and risk[worst, e] > limit * (1.0 + TOLERANCE):
            yield f"risk: {group.exposed_site_id}, {dates[worst]}: {risk[worst, e]:.3g} of {limit:g} a year"


def _without(plan: DisposalPlan, measures: set[str]) -> DisposalPlan:
    """Return a plan without some measures."""
    return replace(plan, measures=tuple(o for o in plan.measures if o.measure_id not in measures))
