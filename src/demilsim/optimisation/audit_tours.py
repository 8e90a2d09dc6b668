"""Can mobile plant be where a plan's lines want it? Moves derived again from the lines, in exact arithmetic.

In each period plant with a place works at the site where it stands and at those that it moves to, one after
the other; a move takes its days, as many of them working days as there are in that period on average. Tours
that a plan says that it makes are followed. Without, of all ways through the periods that leave time for the
work, that with the fewest moves is taken, and of these the one that moves last: money that pays for a move
stays until then. Where some cannot be paid, since a fund expires before, moves are put at other dates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from demilsim.optimisation.audit_rows import AuditRows, exact, may_pay, share_of_full_pace
from demilsim.optimisation.bill import Bill
from demilsim.optimisation.tours import Tours
from demilsim.plan import DisposalPlan, PlanLine, PlanningCoefficients
from demilsim.scenario.schema import Facility
from demilsim.units import GRAMS_PER_TONNE

TOLERANCE_DAYS = Fraction(1, 100)


@dataclass(frozen=True)
class Tour:
    """Moves of one facility: (period, site) in order, and what is wrong where none are possible."""

    facility: Facility
    moves: tuple[tuple[int, str], ...]
    problem: str = ""


@dataclass(frozen=True)
class _Case:
    """One facility with a place that a plan uses: its lines, and working days in each period [d]."""

    facility: Facility
    lines: list[PlanLine]
    days: list[Fraction]


@dataclass(frozen=True)
class _Way:
    """A way through the periods so far: its moves, and the sum of their periods."""

    moves: tuple[tuple[int, str], ...] = ()
    late: int = 0

    @property
    def rank(self) -> tuple[int, int]:
        """Fewer moves first, then later ones."""
        return len(self.moves), -self.late


def found_tours(
    rows: AuditRows,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    opened: Mapping[str, int],
    moves: Tours | None = None,
) -> tuple[Tour, ...]:
    """Return the moves of each facility with a place that a plan uses.

    Parameters
    ----------
    rows, plan
        The scenario and the plan, whose lines name what there is.
    coefficients
        Working days that it may count on.
    opened
        First working period of each facility that it commissions.
    moves
        Moves that it says that it makes; None to look for them.
    """
    index = {facility_id: f for f, facility_id in enumerate(rows.facilities)}
    found = []
    for case in _cases(rows, plan, coefficients, opened):
        own_moves = None
        if moves is not None:
            sites, own = rows.scenario.sites, index[case.facility.facility_id]
            own_moves = [(t, sites[to].site_id) for f, t, to in moves if f == own]
        found.append(_tour(rows, case, own_moves))
    return tuple(found)


def at_paid_dates(
    rows: AuditRows,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    opened: Mapping[str, int],
    found: tuple[Tour, ...],
    short_cents: Callable[[tuple[Tour, ...]], int],
) -> tuple[Tour, ...]:
    """Return the same moves, some at other dates, as long as less is short with each that changes.

    Moves follow each other as before, and leave time for the work. Of all single changes the best is made
    first; dates of which two would have to change at once are not found.

    Parameters
    ----------
    rows, plan, coefficients, opened
        As for `found_tours`.
    found
        What that found, none of it a problem.
    short_cents
        What is short in all with given moves [cents], >= 0.
    """
    cases, least = _cases(rows, plan, coefficients, opened), short_cents(found)
    while least > 0:
        trials = {trial: short_cents(trial) for trial in _other_dates(rows, cases, found)}
        best = min(trials, key=trials.__getitem__, default=found)
        if trials.get(best, least) >= least:
            break
        found, least = best, trials[best]
    return found


def _other_dates(rows: AuditRows, cases: list[_Case], found: tuple[Tour, ...]) -> Iterator[tuple[Tour, ...]]:
    """Yield moves of which one is at another date, between those before and after it."""
    for number, (case, tour) in enumerate(zip(cases, found, strict=True)):
        for i, (period, site) in enumerate(tour.moves):
            before, after = list(tour.moves[:i]), list(tour.moves[i + 1 :])
            first = before[-1][0] if before else 0
            last = after[0][0] if after else rows.scenario.periods - 1
            for other in range(first, last + 1):
                trial = _tour(rows, case, [*before, (other, site), *after])
                if other != period and not trial.problem:
                    yield (*found[:number], trial, *found[number + 1 :])


def _cases(
    rows: AuditRows, plan: DisposalPlan, coefficients: PlanningCoefficients, opened: Mapping[str, int]
) -> list[_Case]:
    """Return the facilities with a place that a plan uses."""
    lines: dict[str, list[PlanLine]] = defaultdict(list)
    for line in plan.lines:
        facility = rows.facilities[line.facility_id]
        if facility.mobile and (facility.move_days or facility.move_cost_usd):
            lines[line.facility_id].append(line)
    index = {facility_id: f for f, facility_id in enumerate(rows.facilities)}
    cases = []
    for facility_id, own in sorted(lines.items()):
        facility = rows.facilities[facility_id]
        days = [exact(each) for each in coefficients.working_days[index[facility_id]]]
        if facility_id in opened:
            first = opened[facility_id]
            days = [
                each * share_of_full_pace(rows.scenario, facility, first, t) if t >= first else Fraction(0)
                for t, each in enumerate(days)
            ]
        cases.append(_Case(facility, own, days))
    return cases


def no_time_to_move(found: tuple[Tour, ...]) -> Iterator[str]:
    """Yield facilities that cannot be where the lines of a plan want them."""
    yield from (tour.problem for tour in found if tour.problem)


def move_bills(rows: AuditRows, plan: DisposalPlan, found: tuple[Tour, ...]) -> Iterator[Bill]:
    """Yield what moves cost: payable by the funds that may pay for any work there that follows the move."""
    funds = [fund for fund in rows.scenario.funds if not plan.funds or fund.fund_id in plan.funds]
    for tour in found:
        facility = tour.facility
        for number, (period, site) in enumerate(tour.moves):
            ends = tour.moves[number + 1][0] if number + 1 < len(tour.moves) else rows.scenario.periods
            categories = {
                rows.category(rows.lots[line.lot_id])
                for line in plan.lines
                if line.facility_id == facility.facility_id
                and period <= line.earliest_period <= ends
                and rows.site(rows.lots[line.lot_id]) == site
            }
            where = rows.place(site), facility.method_id
            payers = frozenset(
                fund.fund_id for fund in funds for c in categories if may_pay(fund, "running", *where, c)
            )
            yield Bill(period, payers, exact(facility.move_cost_usd))


def _tour(rows: AuditRows, case: _Case, moves: list[tuple[int, str]] | None) -> Tour:
    """Return the way with the fewest moves, by the best way to each site where a period may end."""
    work: dict[int, Fraction] = defaultdict(Fraction)
    wanted: dict[int, set[str]] = defaultdict(set)
    facility, days = case.facility, case.days
    for line in case.lines:
        lot = rows.lots[line.lot_id]
        work[line.earliest_period] += Fraction(line.mass_g, GRAMS_PER_TONNE) * rows.days_per_t(lot, facility)
        wanted[line.earliest_period].add(rows.site(lot))
    dates = [date.toordinal() for date in rows.scenario.period_dates]
    every = set().union(*wanted.values())
    ways = {facility.site_id: _Way()}
    for period in range(rows.scenario.periods):
        one = exact(facility.move_days) * days[period] / (dates[period + 1] - dates[period])
        room = days[period] + TOLERANCE_DAYS - work[period]
        after: dict[str, _Way] = {}
        for place, way in ways.items():
            if moves is None:
                stops = _stops(place, wanted[period], every)
            else:
                stops = _said(place, wanted[period], [site for t, site in moves if t == period])
            for to in stops:
                longer = _Way((*way.moves, *((period, site) for site in to)), way.late + period * len(to))
                end = to[-1] if to else place
                if len(to) * one <= room and (end not in after or longer.rank < after[end].rank):
                    after[end] = longer
        if not after:
            where, when = ", ".join(sorted(wanted[period])), rows.scenario.period_dates[period]
            problem = (
                f"places: {facility.facility_id}, period of {when}: {float(work[period]):.2f} d of work at "
                f"{where or 'no site'} in {float(days[period]):.2f} d, one move takes {float(one):.2f} d"
            )
            return Tour(facility, (), problem)
        ways = after
    return Tour(facility, min(ways.values(), key=lambda way: way.rank).moves)


def _said(place: str, wanted: set[str], to: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the sites that plant is said to move to, if it then is wherever it is wanted."""
    if wanted <= {place, *to}:
        yield tuple(to)


def _stops(place: str, wanted: set[str], every: set[str]) -> Iterator[tuple[str, ...]]:
    """Yield the sites that plant moves to in a period, by where it ends: all that are wanted, each once.

    It may stay at the last one that it works at, come back, or go on to where it works later.
    """
    others = sorted(wanted - {place})
    for last in others:
        yield (*(site for site in others if site != last), last)
    if not others:
        yield ()
    else:
        yield (*others, place)
    for site in sorted(every - wanted - {place}):
        yield (*others, site)
