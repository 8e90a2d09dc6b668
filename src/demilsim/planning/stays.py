"""Where mobile plant stands and when it moves, as a plan has it: its stays, one after the other.

Moves of the optimiser's plan are decisions. Any other plan is a list of lines: its moves are those that
follow if its lines are done in their order at the days and money that can be expected, by the rule of the
simulation: at a site what became due before work elsewhere, then what has been due for longest, then what is
next in priority.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from demilsim.model.calendar import first_open_period
from demilsim.model.options import disposal_options
from demilsim.model.pace import expected_pace
from demilsim.optimisation.result import PlanResult
from demilsim.optimisation.tours import Tours, placed_facilities
from demilsim.plan import DisposalPlan, Floats, PlanningCoefficients
from demilsim.planning.decided import decided_stays
from demilsim.planning.disaggregate import decided_pieces
from demilsim.planning.draft import LEAD_PERIODS, Piece, drafted_periods
from demilsim.planning.premises import Premises, premises_of
from demilsim.planning.replay import replayed
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes

ROUNDING_DAYS = 1e-6
"""Part of a day that is rounding [d]."""

SMALLEST_REST_T = 1e-3
"""Tonnes not reached that are rounding below this [t]."""


class Basis(StrEnum):
    """Where moves come from: the optimiser decided on them, or they follow from the order of lines."""

    DECIDED = "decided"
    IMPLIED = "implied"


@dataclass(frozen=True, slots=True)
class Move:
    """A move of mobile plant as planned.

    Parameters
    ----------
    from_site_id
        Where it leaves.
    period
        Period in which it leaves.
    leaves
        Day on which it does, its work there being done.
    days, cost_usd
        What the move takes [d], and costs [USD].
    """

    from_site_id: str
    period: int
    leaves: dt.date
    days: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay of mobile plant at a site as planned.

    Parameters
    ----------
    facility_id, site_id
        What stands where.
    move
        How it came there; None for the stay that it begins with.
    first_period, last_period
        Periods in which it leaves for this site, and in which it leaves this site or the horizon ends.
    stands_from, stands_until
        Days on which it is there, and on which it leaves or the horizon ends.
    destroyed_t
        Gross mass that it does there [t].
    """

    facility_id: str
    site_id: str
    move: Move | None
    first_period: int
    last_period: int
    stands_from: dt.date
    stands_until: dt.date
    destroyed_t: float


@dataclass(frozen=True, slots=True)
class Rest:
    """What a plan wants of mobile plant at a site but would not reach by the end [t]."""

    facility_id: str
    site_id: str
    rest_t: float


@dataclass(frozen=True)
class PlannedStays:
    """Stays of the mobile plant of one plan, by facility and in order, and what they do not reach."""

    basis: Basis
    stays: tuple[Stay, ...]
    rests: tuple[Rest, ...] = ()


def planned_stays(
    scenario: Scenario,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    result: PlanResult | None = None,
) -> PlannedStays | None:
    """Return where the mobile plant of a plan stands and when it moves; None if it uses none with a place.

    Parameters
    ----------
    scenario, plan
        The scenario, and a plan for it.
    coefficients
        Days and money that can be expected: those that the plan was made with, if they are known.
    result
        What the optimiser decided, if it made the plan.
    """
    placed = {scenario.facilities[f].facility_id for f in placed_facilities(scenario).tolist()}
    if not any(line.facility_id in placed for line in plan.lines):
        return None
    premises = premises_of(scenario, coefficients)
    diary = _Diary(scenario, plan, coefficients)
    known = None if result is None else decided_work(plan, result, premises)
    if known is not None and result is not None and result.tours is not None:
        decided = diary.stays(diary.pieces(known[1]), result.tours)
        if decided is not None:
            return PlannedStays(Basis.DECIDED, decided)
    draft, tours = replayed(plan, premises)
    implied = diary.stays(draft.pieces, tours)
    assert implied is not None, "what is replayed is done where the plant stands"
    return PlannedStays(Basis.IMPLIED, implied, diary.rests(draft.pieces))


def decided_work(
    plan: DisposalPlan, result: PlanResult, premises: Premises
) -> tuple[list[Piece], list[int]] | None:
    """Return the pieces that the optimiser decided, and the period of each line of its plan.

    None if the plan is not that of the result.
    """
    if plan.source != result.source:
        return None
    scenario = premises.scenario
    pieces = decided_pieces(scenario, result, premises.harm, premises.options)
    stays = decided_stays(scenario, result.tours)
    periods = drafted_periods(plan, pieces, scenario, LEAD_PERIODS, stays)
    return None if periods is None else (pieces, periods)


@dataclass(frozen=True, slots=True)
class _Post:
    """A site where plant stands, with the first and the last period in which it does."""

    site_id: str
    first: int
    last: int

    def holds(self, period: int) -> bool:
        return self.first <= period <= self.last


@dataclass(slots=True)
class _Done:
    """What is done at a post: gross mass [t], and working days by period [d]."""

    mass_t: float = 0.0
    days: dict[int, float] = field(default_factory=lambda: defaultdict(float))


class _Diary:
    """Writes down stays of plant with a place.

    Parameters
    ----------
    scenario, plan, coefficients
        As in `planned_stays`.
    """

    def __init__(self, scenario: Scenario, plan: DisposalPlan, coefficients: PlanningCoefficients) -> None:
        self._scenario, self._plan = scenario, plan
        self._days_per_t = disposal_options(scenario).days_per_t
        self._working_days = coefficients.working_days
        self._lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
        self._facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
        site_of_house = {house.storehouse_id: house.site_id for house in scenario.storehouses}
        self._site = [site_of_house[lot.storehouse_id] for lot in scenario.lots]
        self._begins = [(date - scenario.period_dates[0]).days for date in scenario.period_dates]
        self._ordered = {order.facility_id: order.period for order in plan.commissionings}

    def pieces(self, periods: Sequence[int]) -> list[Piece]:
        """Return the lines of the plan as pieces in given periods."""
        return [
            Piece(self._lots[line.lot_id], self._facilities[line.facility_id], period, tonnes(line.mass_g))
            for line, period in zip(self._plan.lines, periods, strict=True)
        ]

    def stays(self, pieces: Sequence[Piece], tours: Tours) -> tuple[Stay, ...] | None:
        """Return the stays of all plant that does something; None if a piece is done where none stands."""
        found: list[Stay] = []
        for f in placed_facilities(self._scenario).tolist():
            own = [piece for piece in pieces if piece.facility == f]
            posts = self._posts(f, own, [(period, to) for facility, period, to in tours if facility == f])
            done = self._done(own, posts)
            if done is None:
                return None
            found += self._written(f, posts, done) if own else []
        return tuple(found)

    def rests(self, pieces: Iterable[Piece]) -> tuple[Rest, ...]:
        """Return what the plan wants of plant with a place beyond some pieces, by facility and site."""
        rest_t: dict[tuple[int, str], float] = defaultdict(float)
        for piece in self.pieces([0] * len(self._plan.lines)):
            rest_t[piece.facility, self._site[piece.lot]] += piece.mass_t
        for piece in pieces:
            rest_t[piece.facility, self._site[piece.lot]] -= piece.mass_t
        placed = set(placed_facilities(self._scenario).tolist())
        return tuple(
            Rest(self._scenario.facilities[f].facility_id, site, mass_t)
            for (f, site), mass_t in sorted(rest_t.items())
            if f in placed and mass_t >= SMALLEST_REST_T
        )

    def _posts(self, f: int, pieces: Sequence[Piece], moves: Sequence[tuple[int, int]]) -> list[_Post]:
        """Return where plant stands one after the other, without places where it would do nothing."""
        scenario, facility = self._scenario, self._scenario.facilities[f]
        ordered, last = self._ordered.get(facility.facility_id), scenario.periods - 1
        opens = 0 if ordered is None else first_open_period(scenario, facility.lead_time_days, ordered)
        worked = {(self._site[piece.lot], piece.period) for piece in pieces}
        begun = [(opens, facility.site_id)]
        following = [*(period for period, _ in moves[1:]), last]
        for (period, to), until in zip(moves, following, strict=False):
            site = scenario.sites[to].site_id
            if site != begun[-1][1] and any((site, t) in worked for t in range(period, until + 1)):
                begun.append((period, site))
        ends = [*(period for period, _ in begun[1:]), last]
        return [_Post(site, first, end) for (first, site), end in zip(begun, ends, strict=True)]

    def _done(self, pieces: Sequence[Piece], posts: Sequence[_Post]) -> list[_Done] | None:
        """Return what is done at each post, each piece at the first that holds it; None if one has none."""
        done = [_Done() for _ in posts]
        for piece in pieces:
            site = self._site[piece.lot]
            held = (k for k, post in enumerate(posts) if post.site_id == site and post.holds(piece.period))
            k = next(held, None)
            if k is None:
                return None
            done[k].mass_t += piece.mass_t
            done[k].days[piece.period] += piece.mass_t * float(self._days_per_t[piece.lot, piece.facility])
        return done

    def _written(self, f: int, posts: Sequence[_Post], done: Sequence[_Done]) -> list[Stay]:
        """Return the stays of one facility, each left as soon as its work in the last period is done."""
        facility, per_day = self._scenario.facilities[f], self._days_of_work(f)
        begin, leave = [float(self._begins[posts[0].first])], list[float]()
        for until, post in zip(done, posts[1:], strict=False):
            work_days = until.days[post.first] * float(per_day[post.first])
            leave.append(max(begin[-1], float(self._begins[post.first])) + work_days)
            begin.append(leave[-1] + facility.move_days)
        moves = [
            Move(
                before.site_id, self._period(day), self._date(day), facility.move_days, facility.move_cost_usd
            )
            for before, day in zip(posts, leave, strict=False)
        ]
        begins = [posts[0].first, *(move.period for move in moves)]
        ends = [*begins[1:], self._scenario.periods - 1]
        leave.append(max(begin[-1], float(self._begins[-1])))
        return [
            Stay(
                facility_id=facility.facility_id,
                site_id=post.site_id,
                move=moves[k - 1] if k else None,
                first_period=begins[k],
                last_period=ends[k],
                stands_from=self._date(begin[k]),
                stands_until=self._date(leave[k]),
                destroyed_t=done[k].mass_t,
            )
            for k, post in enumerate(posts)
        ]

    def _period(self, day: float) -> int:
        """Return the period that holds a day [d], the last one for days after it."""
        return min(bisect_right(self._begins, day + ROUNDING_DAYS), self._scenario.periods) - 1

    def _date(self, day: float) -> dt.date:
        """Return the date of a day [d]."""
        return self._scenario.period_dates[0] + dt.timedelta(days=day + ROUNDING_DAYS)

    def _days_of_work(self, f: int) -> Floats:
        """Return the days that a working day takes [d/working d], shape (period,); 0 without working days."""
        facility, share = self._scenario.facilities[f], self._working_days[f] / np.diff(self._begins)
        if (ordered := self._ordered.get(facility.facility_id)) is not None:
            opens = first_open_period(self._scenario, facility.lead_time_days, ordered)
            share = share * expected_pace(self._scenario, facility, float(self._begins[opens]))
        return np.divide(1.0, share, out=np.zeros(share.size), where=share > 0.0)
