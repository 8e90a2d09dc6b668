"""``plan.csv``: each line of a plan, when it may begin, and when its work is planned."""

from __future__ import annotations

import datetime as dt

from demilsim.model.options import disposal_options
from demilsim.plan import DisposalPlan
from demilsim.planning.expected import ExpectedWork
from demilsim.reporting.tables import csv_text
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Facility
from demilsim.units import add_months, tonnes

PLAN_COLUMNS = (
    "line_id", "lot_id", "storehouse_id", "site_id", "facility_id", "tonnes", "neq_kg",
    "earliest_period", "priority", "cost_usd", "harm_averted", "not_before", "planned_period",
    "planned_from", "reason",
)  # fmt: skip


def plan_text(scenario: Scenario, plan: DisposalPlan, work: ExpectedWork) -> str:
    """Return ``plan.csv``.

    Parameters
    ----------
    scenario, plan
        The scenario, and a plan for it.
    work
        When its work is expected. What is not reached by the end has no planned period.
    """
    # Costs come from the model's options, the same that the plan was made with.
    cost = disposal_options(scenario).cost_usd_per_t
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {f.facility_id: i for i, f in enumerate(scenario.facilities)}
    site_of = {house.storehouse_id: house.site_id for house in scenario.storehouses}
    starts = scenario.period_dates
    rows = []
    for number, (line, planned) in enumerate(zip(plan.lines, work.periods, strict=True), start=1):
        lot, facility = scenario.lots[lots[line.lot_id]], scenario.facilities[facilities[line.facility_id]]
        mass_t = tonnes(line.mass_g)
        # Neither a lot that is still to come nor a plant that is still to be built is there before.
        there = max(lot.arrives or starts[0], _ready(scenario, plan, facility))
        rows.append(
            (
                number, line.lot_id, lot.storehouse_id, site_of[lot.storehouse_id], line.facility_id,
                mass_t, lot.neq_kg * mass_t / lot.gross_mass_t, line.earliest_period, line.priority,
                float(cost[lots[line.lot_id], facilities[line.facility_id]]) * mass_t, line.harm_averted,
                first_day(facility, max(starts[line.earliest_period], there)), planned,
                None if planned is None else first_day(facility, max(starts[planned], there)), line.reason,
            )
        )  # fmt: skip
    return csv_text(PLAN_COLUMNS, rows)


def first_day(facility: Facility, date: dt.date) -> dt.date:
    """Return a date, or the first day after it of a month in which the facility is open.

    Weekends and stops are not looked at: a plan is made by period.
    """
    while date.month not in facility.open_months:
        date = add_months(date.replace(day=1), 1)
    return date


def _ready(scenario: Scenario, plan: DisposalPlan, facility: Facility) -> dt.date:
    """Return when a facility can work: the start for what is there, a lead time after an order for others."""
    start = scenario.period_dates[0]
    for order in plan.commissionings:
        if order.facility_id == facility.facility_id:
            return scenario.period_dates[order.period] + dt.timedelta(days=facility.lead_time_days)
    return start
