"""What each harm costs by each date: the cheapest plans found that reach given harms in a given time.

The other side of the funding curve: there money is given and harm is least, here harm is given and money is.
Commissionings are those of the optimised plan, or none, and mobile plant makes the moves of these plans, or
fewer; the cheapest way counts. Targets come in rising order
of harm, each search starts from the cheapest plan of the one before, so that cost never rises with the harm
that is allowed. Where all work must end by a date, nothing works after it; a plan for an earlier date is one
for a later date too, so that cost never rises with the time allowed either. Limits on risk are kept. Measures
other than destruction are left aside, and the result says so; lots with dates are refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from demilsim.errors import DemilsimError
from demilsim.optimisation.candidates import Search, begin, finish
from demilsim.optimisation.deadlines import refuse_dates
from demilsim.optimisation.least_cost import Cheapener, CheapPlan, clearance_period
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.releases import Releases
from demilsim.optimisation.status import SolveOptions
from demilsim.optimisation.task import Choice, make_task
from demilsim.optimisation.tour_choice import FEWEST, ever_fewer
from demilsim.optimisation.tours import Tours
from demilsim.planning.rules import nominal_coefficients, nominal_start
from demilsim.scenario.scenario import Scenario

SHARES = (1.0, 0.95, 0.9, 0.8, 0.65, 0.5)
"""Shares of the harm averted by the best plan found that are priced, by default."""


@dataclass(frozen=True)
class FrontierPoint:
    """The cheapest plan found that averts a share of what can be averted.

    Parameters
    ----------
    share
        Share of the harm averted by the best plan found [1].
    harm, target
        Exact planning harm, and what was asked [persons].
    cost_usd
        What its work, commissionings and moves cost [USD].
    by
        Date by which all work had to end; None for the horizon.
    destroyed_t
        Gross mass [t].
    done
        End of the last period in which anything is destroyed; None if nothing is.
    commissioned
        Facilities that are ordered.
    """

    share: float
    harm: float
    target: float
    cost_usd: float
    by: dt.date | None
    destroyed_t: float
    done: dt.date | None
    commissioned: tuple[str, ...]


@dataclass(frozen=True)
class Frontier:
    """Cost of harm.

    Parameters
    ----------
    scenario
        The scenario.
    do_nothing_harm, least_harm
        Planning harm of doing nothing and of the best plan found [persons].
    points
        By date, the horizon last; from the least harm to the most. Harms that no plan was found to reach by
        a date are left out, and a note tells.
    shares, by
        What was asked: shares of harm averted in falling order [1], and dates beside the horizon's end.
    notes
        What its reader should know.
    """

    scenario: Scenario
    do_nothing_harm: float
    least_harm: float
    points: tuple[FrontierPoint, ...]
    shares: tuple[float, ...]
    by: tuple[dt.date, ...]
    notes: tuple[str, ...] = ()

    @property
    def whole(self) -> tuple[FrontierPoint, ...]:
        """Points for which work may go on to the end of the horizon, from the least harm to the most."""
        return tuple(point for point in self.points if point.by is None)

    def averted(self, point: FrontierPoint) -> float:
        """Return the planning harm that a point averts against doing nothing [persons]."""
        return self.do_nothing_harm - point.harm


def frontier(
    scenario: Scenario,
    shares: Sequence[float] = SHARES,
    *,
    by: Sequence[dt.date] = (),
    options: SolveOptions | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Frontier:
    """Return the cheapest plans found that avert given shares of what the best plan averts, by given dates.

    Capacity, money and harm are the nominal ones, before any simulation.

    Parameters
    ----------
    scenario
        The scenario.
    shares
        Within (0, 1].
    by
        Dates by which all work must end, beside the end of the horizon.
    options
        How to solve.
    tell
        Told what is done next.

    Raises
    ------
    DemilsimError
        If a share or a date is out of range, or there is nothing to avert.
    StudyError
        If a lot has a date: what is left for a cheaper plan would miss it.
    """
    refuse_dates(scenario, "cheaper plans")
    if not shares or not all(0.0 < share <= 1.0 for share in shares):
        raise DemilsimError(f"shares: expected some within 0 and 1 (got {', '.join(map(str, shares))})")
    first, end = scenario.period_dates[1], scenario.period_dates[-1]
    if any(not first <= date < end for date in by):
        found = ", ".join(str(date) for date in by)
        raise DemilsimError(
            f"by: expected dates from {first}, when a period has ended, to {end} (got {found})"
        )
    tell("the plan of least harm")
    options = options or SolveOptions()
    searches = least_harm_searches(scenario, options)
    nothing, least = searches[0].harm.do_nothing, searches[0].exact_harm
    if not least < nothing:
        raise DemilsimError("no plan that the money allows averts any harm: there is nothing to price")
    # Rounding must not put the best plan itself out of reach of its own harm.
    targets = {
        share: nothing - share * (nothing - least) * (1.0 - 1e-9)
        for share in sorted(set(shares), reverse=True)
    }
    points: list[FrontierPoint] = []
    notes = []
    if scenario.measures:
        notes.append(f"{len(scenario.measures)} measures other than destruction are left aside")
    dates = tuple(sorted(set(by)))
    for date in (*dates, None):
        until = date or end
        tell(f"the cheapest plans until {until}")
        own = searches if date is None else least_harm_searches(scenario, options, date)
        reached = _cheapest(own, targets, date)
        points += _no_dearer(reached, points, targets, date)
        missed = [share for share in targets if share not in {p.share for p in points if p.by == date}]
        if missed:
            most = (nothing - own[0].exact_harm) / (nothing - least) if own else 0.0
            notes.append(
                f"by {until} no plan was found that averts more than {most:.1%} of what can be averted"
            )
    return Frontier(scenario, nothing, least, tuple(points), tuple(targets), dates, tuple(notes))


def _cheapest(searches: list[Search], targets: dict[float, float], by: dt.date | None) -> list[FrontierPoint]:
    """Return the cheapest plans of some searches that reach targets of rising harm; none where none does."""
    decided = {(s.choice, s.releases, _moves(s)): s for s in reversed(searches)}
    ways, points = [_Way(search) for search in decided.values()], []
    for share, target in targets.items():
        for choice in dict.fromkeys(way.search.choice for way in ways):
            own = [way for way in ways if way.search.choice == choice]
            able = {len(way.moves) for way in own if way.search.exact_harm <= target}
            tried = sorted(able)[:FEWEST] or [max(len(way.moves) for way in own)]
            for way in own:
                if len(way.moves) in tried:
                    way.reach(target)
        found = [way for way in ways if way.plan is not None]
        if found:
            points.append(min(found, key=_Way.rank).point(share, target, by))
    return points


def _moves(search: Search) -> Tours:
    """Return the moves of mobile plant that a search pays for; none where no plant has a place."""
    tours = search.problem.tours
    return () if tours is None or tours.fixed is None else tours.fixed


@dataclass
class _Way:
    """A search, and the cheapest plan that it has found for the last target that was asked for."""

    search: Search
    plan: CheapPlan | None = None

    @property
    def moves(self) -> Tours:
        """Moves of mobile plant that it pays for."""
        return _moves(self.search)

    @cached_property
    def _cheapener(self) -> Cheapener:
        return Cheapener(self.search)

    def reach(self, target: float) -> None:
        """Look for the cheapest plan for a target, the one before among its starts."""
        found = self._cheapener.cheapest(target, [] if self.plan is None else [self.plan.values])
        self.plan = self.plan if found is None else found

    def rank(self) -> tuple[float, Choice, Releases, Tours]:
        """Return by what the cheapest way is found, equals in one order."""
        assert self.plan is not None, "only asked for where there is one"
        return self.plan.cost_usd, self.search.choice, self.search.releases or (), self.moves

    def point(self, share: float, target: float, by: dt.date | None) -> FrontierPoint:
        """Return its plan as a point."""
        assert self.plan is not None, "only asked for where there is one"
        return _point(share, target, self.plan, self.search, by)


def _no_dearer(
    points: list[FrontierPoint],
    earlier: list[FrontierPoint],
    targets: dict[float, float],
    by: dt.date | None,
) -> list[FrontierPoint]:
    """Return for each target the cheapest of the plans for a date and those that end before it."""
    found = []
    for share in targets:
        known = [point for point in (*points, *earlier) if point.share == share]
        if known:
            found.append(replace(min(known, key=lambda point: point.cost_usd), by=by))
    return found


def least_harm_searches(
    scenario: Scenario, options: SolveOptions, until: dt.date | None = None
) -> list[Search]:
    """Return searches of least harm, best first: with the optimised plan's commissionings, and with none.

    Measures are left aside: they would compete for the money. If all work must end by a date, facilities have
    no working days in periods that end after it. Mobile plant makes the moves of these plans, or fewer.
    """
    scenario = replace(scenario, measures=())
    known = nominal_coefficients(scenario)
    if until is not None:
        in_time = np.array([end <= until for end in scenario.period_dates[1:]], dtype=float)
        known = replace(known, working_days=known.working_days * in_time)
    result = optimise(scenario, known, start=nominal_start(scenario), options=options)
    task = make_task(scenario, known)
    chosen = task.choice_of(result.commissionings)
    unordered = result.without_orders or result
    moves = {(): unordered.tours, chosen: result.tours}
    wanted = result.flows.destroyed_t(task.shape)
    path = task.left_t(wanted)
    found: list[Search] = []
    for choice in dict.fromkeys((chosen, ())):
        own = moves[choice]
        fewer = [None] if own is None else ever_fewer(task, choice, path, own)
        for each, tours in product(task.release_starts(), fewer):
            placed = replace(each, tours=tours)
            searches = begin(placed, choice, path, wanted if choice == chosen else None)
            if searches:
                found.append(finish(searches, options.max_steps)[0])
    return sorted(found, key=lambda search: search.exact_harm)


def _point(share: float, target: float, plan: CheapPlan, search: Search, by: dt.date | None) -> FrontierPoint:
    scenario = search.problem.scenario
    last = clearance_period(search.harm, search.problem, plan.values)
    return FrontierPoint(
        share=share,
        harm=plan.harm,
        target=target,
        cost_usd=plan.cost_usd,
        by=by,
        destroyed_t=float(plan.values[: search.harm.flows].sum()),
        done=scenario.period_dates[last + 1] if last >= 0 else None,
        commissioned=tuple(scenario.facilities[f].facility_id for f, _ in search.choice),
    )
