"""Check a plan against its scenario in exact arithmetic, without any expression of the optimiser.

Everything is derived again from the rows of the scenario, as fractions of the decimals that they were
written in. Work is taken to be done, and paid, in the earliest period of its line.

Tolerances: 10 g and 1 g for every line, for masses rounded to grams; 0.01 working days in each facility
and period; 1 USD for each set of funds and period.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from fractions import Fraction

from demilsim.optimisation.audit_measures import measure_bills, overfilled, strange_measures
from demilsim.optimisation.audit_money import audit_money, bills_of, scrap_by_period, shortages
from demilsim.optimisation.audit_promises import Progress, progress, unmet_promises
from demilsim.optimisation.audit_risk import over_risk, over_risk_by_moves, over_worker_risk
from demilsim.optimisation.audit_rows import (
    AuditRows,
    audit_rows,
    exact,
    first_working_period,
    share_of_full_pace,
)
from demilsim.optimisation.audit_tours import (
    TOLERANCE_DAYS,
    Tour,
    at_paid_dates,
    found_tours,
    move_bills,
    no_time_to_move,
)
from demilsim.optimisation.releases import Releases
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan, PlanLine, PlanningCoefficients
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import LotStatus
from demilsim.units import GRAMS_PER_TONNE

TOLERANCE_G = 10
TOLERANCE_G_PER_LINE = 1


def audit(
    scenario: Scenario,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    releases: Releases = (),
    tours: Tours | None = None,
) -> tuple[str, ...]:
    """Return every problem of a plan: stock, places, time, permits, dates, orders, measures, risk, money.

    Parameters
    ----------
    scenario
        The scenario.
    plan
        The plan.
    coefficients
        Working days and receipts that it may count on, with what it releases (`releases.counted_on`).
    releases
        Tranches whose milestones it says that it meets, by id, each with the period at whose start.
    tours
        Moves of mobile plant that it says that it makes; None to look for them.

    Returns
    -------
    tuple of str
        One sentence each, empty if there is nothing wrong. Time and money are looked at only where every
        line names a lot, a place and a date that can be.
    """
    rows = audit_rows(scenario)
    problems = (*_strangers(rows, plan), *strange_measures(rows, plan))
    if problems:
        return problems
    opened = _opened(rows, plan)
    problems = (*_commissioning(rows, plan, opened), *_stock(rows, plan), *_places(rows, plan))
    if problems:
        return problems
    found = _moves(rows, plan, coefficients, opened, tours)
    bills = (*bills_of(rows, plan, opened), *move_bills(rows, plan, found), *measure_bills(rows, plan))
    scrap = scrap_by_period(rows, plan)
    known = progress(scenario, plan, bills, coefficients, scrap, releases) if releases else None
    return (
        *_working_days(rows, plan, coefficients, opened),
        *no_time_to_move(found),
        *_permits(rows, plan),
        *_dates(rows, plan),
        *overfilled(rows, plan),
        *over_risk(rows, plan),
        *over_worker_risk(rows, plan),
        *audit_money(scenario, bills, coefficients, scrap),
        *(() if known is None else _not_earned(known, releases)),
    )


def refused_moves(scenario: Scenario, plan: DisposalPlan, late: int = 0) -> tuple[str, ...]:
    """Return what is wrong with moves between storehouses: licences exceeded, and limits on risk broken.

    Parameters
    ----------
    scenario, plan
        The scenario, and a plan with moves.
    late
        Periods by which work may be later than the earliest period of its line, where risk is judged.
    """
    rows = audit_rows(scenario)
    return (*overfilled(rows, plan), *over_risk_by_moves(rows, plan, late))


def audit_promises(
    scenario: Scenario,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    releases: Releases = (),
    tours: Tours | None = None,
) -> tuple[str, ...]:
    """Return the funds of which a plan counts on more than their tranches, matching and milestones can bring.

    Parameters
    ----------
    scenario, plan, coefficients, releases, tours
        As for `audit`, which the plan has passed.
    """
    rows = audit_rows(scenario)
    opened = _opened(rows, plan)
    moving = move_bills(rows, plan, _moves(rows, plan, coefficients, opened, tours))
    bills = (*bills_of(rows, plan, opened), *moving, *measure_bills(rows, plan))
    scrap = scrap_by_period(rows, plan)
    return tuple(unmet_promises(rows, progress(scenario, plan, bills, coefficients, scrap, releases)))


def _moves(
    rows: AuditRows,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    opened: Mapping[str, int],
    tours: Tours | None,
) -> tuple[Tour, ...]:
    """Return moves of mobile plant; where a plan does not state them, at dates at which they can be paid."""
    found = found_tours(rows, plan, coefficients, opened, tours)
    if not found or tours is not None or any(tour.problem for tour in found):
        return found
    others = (*bills_of(rows, plan, opened), *measure_bills(rows, plan))
    scrap = scrap_by_period(rows, plan)

    def short_cents(trial: tuple[Tour, ...]) -> int:
        bills = (*others, *move_bills(rows, plan, trial))
        return sum(short for *_, short in shortages(rows.scenario, bills, coefficients, scrap))

    return at_paid_dates(rows, plan, coefficients, opened, found, short_cents)


def _not_earned(known: Progress, releases: Releases) -> Iterator[str]:
    """Yield tranches that are counted on before work, or spending, can have released them."""
    scenario = known.scenario
    tranches = {tranche.tranche_id: tranche for tranche in scenario.tranches}
    for name, period in releases:
        wait = known.waits_for(tranches[name], period)
        if wait:
            yield f"milestones: money counted on in the period of {scenario.period_dates[period]}, yet {wait}"


def _opened(rows: AuditRows, plan: DisposalPlan) -> dict[str, int]:
    """Return the first working period of each facility that a plan commissions."""
    return {
        order.facility_id: first_working_period(
            rows.scenario, rows.facilities[order.facility_id], order.period
        )
        for order in plan.commissionings
    }


def _strangers(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield ids and periods that the scenario does not have."""
    last = rows.scenario.periods - 1
    for line in plan.lines:
        if line.lot_id not in rows.lots:
            yield f"line {line.priority}: unknown lot {line.lot_id}"
        if line.facility_id not in rows.facilities:
            yield f"line {line.priority}: unknown facility {line.facility_id}"
        if not 0 <= line.earliest_period <= last:
            yield f"line {line.priority}: period {line.earliest_period}, expected 0 to {last}"
        if line.mass_g <= 0:
            yield f"line {line.priority}: mass {line.mass_g} g, expected > 0"
    for order in plan.commissionings:
        if order.facility_id not in rows.facilities:
            yield f"commissioning: unknown facility {order.facility_id}"
        if not 0 <= order.period <= last:
            yield f"commissioning: {order.facility_id}: period {order.period}, expected 0 to {last}"


def _commissioning(rows: AuditRows, plan: DisposalPlan, opened: Mapping[str, int]) -> Iterator[str]:
    """Yield orders of what exists, and work at a facility that is not open."""
    for order in plan.commissionings:
        if rows.facilities[order.facility_id].status == "existing":
            yield f"commissioning: {order.facility_id} exists already"
    for line in plan.lines:
        if rows.facilities[line.facility_id].status == "existing":
            continue
        if line.facility_id not in opened:
            yield f"line {line.priority}: {_amount(line)}: {line.facility_id} is never commissioned"
        elif line.earliest_period < opened[line.facility_id]:
            yield (
                f"line {line.priority}: {_amount(line)}: {line.facility_id} works from period "
                f"{opened[line.facility_id]}, after its lead time (got {line.earliest_period})"
            )


def _stock(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield lots of which more is destroyed than there is, reserve, and lots that have not come yet."""
    planned: Counter[str] = Counter()
    for line in plan.lines:
        planned[line.lot_id] += line.mass_g
    lines = Counter(line.lot_id for line in plan.lines)
    for lot_id, mass_g in planned.items():
        lot = rows.lots[lot_id]
        held_g = exact(lot.gross_mass_t) * GRAMS_PER_TONNE
        if lot.status is LotStatus.RESERVE:
            yield f"stock: lot {lot_id} is reserve, {mass_g} g planned"
        if mass_g > held_g + TOLERANCE_G + TOLERANCE_G_PER_LINE * lines[lot_id]:
            yield f"stock: lot {lot_id}: {mass_g} g planned, {float(held_g):.0f} g held"
    for line in plan.lines:
        arrives, start = rows.lots[line.lot_id].arrives, rows.scenario.period_dates[line.earliest_period]
        if arrives is not None and start < arrives:
            yield f"stock: lot {line.lot_id}: {line.mass_g} g from {start} on, it arrives on {arrives}"


def _places(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield lines that send a lot where it may not go."""
    for line in plan.lines:
        reason = _barred(rows, line)
        if reason:
            what = f"{_amount(line)} of lot {line.lot_id} at {line.facility_id}"
            yield f"line {line.priority}: {what}: {reason}"


def _amount(line: PlanLine) -> str:
    return f"{line.mass_g / GRAMS_PER_TONNE:.3f} t"


def _barred(rows: AuditRows, line: PlanLine) -> str:
    """Return why a lot may not go to a facility, or nothing."""
    lot, facility = rows.lots[line.lot_id], rows.facilities[line.facility_id]
    if rows.rate(lot, facility) is None:
        return f"it does not take category {rows.category(lot)}"
    if facility.serves_sites and rows.site(lot) not in facility.serves_sites:
        return f"it does not serve site {rows.site(lot)}"
    if not rows.moves(lot, facility):
        return "" if rows.may_go(facility, rows.site(lot)) else "it may not leave its country for that site"
    if not lot.safe_to_move:
        return "the lot is unsafe to move"
    if not rows.route(lot, facility):
        return "there is no road"
    closed = rows.road_closed(lot, facility, line.earliest_period)
    return f"its road is closed in the period of {rows.scenario.period_dates[line.earliest_period]}" * closed


def _working_days(
    rows: AuditRows, plan: DisposalPlan, coefficients: PlanningCoefficients, opened: Mapping[str, int]
) -> Iterator[str]:
    """Yield facilities and periods with more work than working days."""
    work: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for line in plan.lines:
        lot, facility = rows.lots[line.lot_id], rows.facilities[line.facility_id]
        mass_t = Fraction(line.mass_g, GRAMS_PER_TONNE)
        work[line.facility_id, line.earliest_period] += mass_t * rows.days_per_t(lot, facility)
    index = {facility_id: f for f, facility_id in enumerate(rows.facilities)}
    for (facility_id, period), days in sorted(work.items()):
        available = exact(coefficients.working_days[index[facility_id], period])
        if facility_id in opened:
            facility = rows.facilities[facility_id]
            available *= share_of_full_pace(rows.scenario, facility, opened[facility_id], period)
        if days > available + TOLERANCE_DAYS:
            date = rows.scenario.period_dates[period]
            yield (
                f"working days: {facility_id}, period of {date}: "
                f"{float(days):.2f} d of work in {float(available):.2f} d"
            )


def _permits(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield facilities that destroy more in a calendar year than their permit."""
    done: Counter[tuple[str, int]] = Counter()
    lines: Counter[tuple[str, int]] = Counter()
    for line in plan.lines:
        key = (line.facility_id, rows.scenario.period_dates[line.earliest_period].year)
        done[key] += line.mass_g
        lines[key] += 1
    for (facility_id, year), mass_g in sorted(done.items()):
        permit = rows.facilities[facility_id].permit_t_per_year
        if permit is None:
            continue
        allowed = (
            exact(permit) * GRAMS_PER_TONNE + TOLERANCE_G + TOLERANCE_G_PER_LINE * lines[facility_id, year]
        )
        if mass_g > allowed:
            yield f"permit: {facility_id}, {year}: {mass_g / GRAMS_PER_TONNE:.3f} t of {permit} t"


def _dates(rows: AuditRows, plan: DisposalPlan) -> Iterator[str]:
    """Yield lots of which something is left after the date by which they must be destroyed."""
    ends = rows.scenario.period_dates[1:]
    in_time: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for line in plan.lines:
        date = rows.lots[line.lot_id].destroy_by
        if date is not None and ends[line.earliest_period] <= date:
            in_time[line.lot_id] += line.mass_g
            lines[line.lot_id] += 1
    for lot_id, lot in rows.lots.items():
        if lot.destroy_by is None or lot.status is LotStatus.RESERVE:
            continue
        left = exact(lot.gross_mass_t) * GRAMS_PER_TONNE - in_time[lot_id]
        if left > TOLERANCE_G + TOLERANCE_G_PER_LINE * lines[lot_id]:
            yield f"lot {lot_id}: {float(left) / GRAMS_PER_TONNE:g} t left on {lot.destroy_by}, expected none"
