"""The scenario that is left at a date, as far as a planner can know it, on the same grid of periods.

Periods before the date have neither working days nor money, so that no plan uses them; what is planned keeps
its numbers of periods, and ageing its clock.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.optimisation.releases import without_milestones
from demilsim.plan import ObservedState, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility, Lot
from demilsim.units import tonnes

NOT_ORDERED = -1
"""Period of the order of a facility that has not been ordered."""


def remaining_scenario(scenario: Scenario, observed: ObservedState) -> Scenario:
    """Return a scenario with the stock and the facilities that a planner can see at the start of a period.

    A lot that has arrived holds what is seen of it, with NEQ in proportion; one of which nothing is left is
    left out, and so is one that should have arrived and did not. A date before the present period ends no
    longer binds: with it there would be no plan. Nor does a limit on risk before that period ends. A facility
    that was ordered costs no capital any more and opens after what is left of its mean lead time, if it is
    ordered in the present period. No tranche waits for a milestone: which of them have come cannot be seen,
    and when the others come stays what was expected.

    Parameters
    ----------
    scenario
        As it was at the start.
    observed
        What can be seen.
    """
    now, ends = scenario.period_dates[observed.period : observed.period + 2]
    seen = zip(scenario.lots, observed.remaining_g.tolist(), strict=True)
    lots = [_lot(lot, mass_g, now, ends) for lot, mass_g in seen]
    facilities = [
        facility if ordered == NOT_ORDERED else _ordered(scenario, facility, ordered, now)
        for facility, ordered in zip(scenario.facilities, observed.commissioned.tolist(), strict=True)
    ]
    # What is done now shows at the end of the period: before it no plan can keep a limit that is broken.
    people = [
        group
        if group.risk_limit_per_year is None
        else group.model_copy(update={"risk_limit_from": max(group.risk_limit_from or ends, ends)})
        for group in scenario.exposed_sites
    ]
    return replace(
        without_milestones(scenario),
        lots=tuple(lot for lot in lots if lot),
        facilities=tuple(facilities),
        exposed_sites=tuple(people),
    )


def remaining_coefficients(
    coefficients: PlanningCoefficients, observed: ObservedState
) -> PlanningCoefficients:
    """Return coefficients in which the past is over, plant is where it is, and money in hand comes first.

    Facilities first do what they were given: the days for that are gone.

    Parameters
    ----------
    coefficients
        What the simulation taught before the programme began: what it expects of later tranches stands,
        whichever of the earlier ones have come.
    observed
        What can be seen.
    """
    days, receipts = coefficients.working_days.copy(), coefficients.receipts_usd.copy()
    days[:, : observed.period] = 0.0
    if observed.busy_days.size:
        busy = observed.busy_days[:, None] - np.cumsum(days, axis=1) + days
        days -= np.clip(busy, 0.0, days)
    receipts[:, : observed.period] = 0.0
    receipts[:, observed.period] = observed.available_usd
    return replace(
        coefficients,
        working_days=days,
        receipts_usd=receipts,
        place=observed.place,
        first_period=observed.period,
    )


def _lot(lot: Lot, mass_g: int, now: dt.date, ends: dt.date) -> Lot | None:
    """Return what is left of a lot at the start of a period that ends on a date; None if nothing is."""
    if lot.arrives and lot.arrives > now:
        return lot
    if mass_g <= 0:
        return None
    mass_t = tonnes(mass_g)
    changes: dict[str, float | dt.date | None] = {
        "gross_mass_t": mass_t,
        "neq_kg": lot.neq_kg * mass_t / lot.gross_mass_t,
        "arrives": None,
        "arrival_probability": 1.0,
        "destroy_by": lot.destroy_by if lot.destroy_by and lot.destroy_by >= ends else None,
    }
    return lot.model_copy(update=changes)


def _ordered(scenario: Scenario, facility: Facility, ordered: int, now: dt.date) -> Facility:
    """Return a facility that was ordered in a period as one that could be ordered now for nothing."""
    opens = scenario.period_dates[first_open_period(scenario, facility.lead_time_days, ordered)]
    learned = max((now - opens).days, 0)
    changes: dict[str, float] = {"capital_cost_usd": 0.0, "lead_time_days": float(max((opens - now).days, 0))}
    if facility.learning_days:
        share = min(learned / facility.learning_days, 1.0)
        changes["learning_days"] = facility.learning_days * (1.0 - share)
        changes["learning_start_fraction"] = float(
            np.interp(share, [0, 1], [facility.learning_start_fraction, 1])
        )
    return facility.model_copy(update=changes)
