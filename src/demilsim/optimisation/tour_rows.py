"""The constraint families of places: where mobile plant stands, works and moves to, in single periods.

Symbols: e[f,s,b] whether plant f stands at site s at the end of period b, n[f,s,b] whether it moves there in
b; w[f,b] working days that a move takes; D[f,b] working days. Before the first period it stands where it
starts: e[f,s,-1] is a number.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows, Sense, labels, rows_of
from demilsim.plan import Floats, Ints


def add_places(problem: Problem) -> Rows:
    """Let plant stand at one site at the end of each period.

    Sum over s of e[f,s,b] = 1, a pure number.
    """
    tours = problem.tours
    if tours is None or tours.fixed is not None:
        return rows_of("places", [], Sense.EQUAL, np.empty(0), str)
    plant, _, period = tours.pairs
    stands = problem.tour_offset + np.arange(tours.columns)
    terms = (plant * tours.periods + period, stands, np.ones(stands.size))
    rhs = np.ones(tours.plant.facility.size * tours.periods)
    return rows_of("places", [terms], Sense.EQUAL, rhs, _by_period(problem, "place"))


def add_arrivals(problem: Problem) -> Rows:
    """Let plant stand only where it stood before, or has moved to.

    e[f,s,b] - e[f,s,b-1] - n[f,s,b] <= 0, a pure number.
    """
    tours = problem.tours
    if tours is None or tours.fixed is not None:
        return rows_of("arrivals", [], Sense.AT_MOST, np.empty(0), str)
    stands, moves = _columns(problem)
    row = np.arange(tours.columns)
    before, later, rhs = _before(problem)
    terms = [
        (row, stands, np.ones(row.size)),
        (row, moves, -np.ones(row.size)),
        (row[later], before, -np.ones(before.size)),
    ]
    return rows_of("arrivals", terms, Sense.AT_MOST, rhs, _by_site(problem, "arrive"))


def add_returns(problem: Problem) -> Rows:
    """Let plant that ends a period where it began it have moved nowhere, or back.

    Sum over s' of n[f,s',b] - N n[f,s,b] + N (e[f,s,b-1] + e[f,s,b]) <= 2 N, a pure number, s' other
    sites than s, N the number of moves for which there are days in the period.
    """
    tours = problem.tours
    if tours is None or tours.fixed is not None:
        return rows_of("returns", [], Sense.AT_MOST, np.empty(0), str)
    stands, moves = _columns(problem)
    plant, site, period = tours.pairs
    row = np.arange(tours.columns)
    most = _most_moves(problem)[plant, period]
    before, later, started = _before(problem)
    same = (plant[:, None] == plant) & (period[:, None] == period)
    at, other = np.nonzero(same & (site[:, None] != site))
    terms = [
        (at, moves[other], np.ones(at.size)),
        (row, moves, -most),
        (row, stands, most),
        (row[later], before, most[later]),
    ]
    rhs = 2.0 * most - most * started
    return rows_of("returns", terms, Sense.AT_MOST, rhs, _by_site(problem, "return"))


def add_presence(problem: Problem) -> Rows:
    """Let plant work at a site only if it stands there at the start of the period, or moves there.

    Sum over g at s of d[g,f] x[g,f,b] - D[f,b] e[f,s,b-1] - (D[f,b] - w[f,b]) n[f,s,b] <= 0, in working days;
    where it comes by a move, the days of that are gone.
    """
    tours = problem.tours
    if tours is None or tours.fixed is not None:
        return rows_of("presence", [], Sense.AT_MOST, np.empty(0), str)
    _, moves = _columns(problem)
    plant, site, period = tours.pairs
    number = tours.plant.index_of(problem.flows.facility)
    flow = np.flatnonzero(number >= 0)
    group, facility = problem.flows.group[flow], problem.flows.facility[flow]
    shape = (*tours.plant.reach.shape, tours.periods)
    place = np.zeros(shape, dtype=np.int64)
    place[plant, site, period] = np.arange(plant.size)
    row = place[number[flow], tours.plant.site_of_group[group], problem.flows.block[flow]]
    days = problem.days[tours.plant.facility][plant, period]
    after_move = np.maximum(days - tours.plant.move_days[plant, period], 0.0)
    at = np.arange(plant.size)
    before, later, started = _before(problem)
    terms = [
        (row, flow, problem.groups.days_per_t[group, facility]),
        (at[later], before, -days[later]),
        (at, moves, -after_move),
    ]
    return rows_of("presence", terms, Sense.AT_MOST, started * days, _by_site(problem, "work"))


PLACE_FAMILIES: tuple[Callable[[Problem], Rows], ...] = (add_places, add_arrivals, add_returns, add_presence)
"""The families of places, in the order in which their rows enter the model."""


def place_rows(problem: Problem) -> tuple[Rows, ...]:
    """Return the rows of all these families; none where no moves are open."""
    open_ = problem.tours is not None and problem.tours.fixed is None
    return tuple(family(problem) for family in PLACE_FAMILIES) if open_ else ()


def _columns(problem: Problem) -> tuple[Ints, Ints]:
    """Return the columns ``stands`` and ``moves``, in the order of their pairs."""
    assert problem.tours is not None, "only asked for where plant has a place"
    stands = problem.tour_offset + np.arange(problem.tours.columns)
    return stands, stands + problem.tours.columns


def _before(problem: Problem) -> tuple[Ints, Ints, Floats]:
    """Return where plant stood before each pair: as columns, whose pairs they are, and 1 where it starts."""
    tours = problem.tours
    assert tours is not None, "only asked for where plant has a place"
    plant, site, period = tours.pairs
    # Periods of one site follow each other.
    later = np.flatnonzero(period > 0)
    started = ((period == 0) & (site == tours.plant.home[plant])).astype(float)
    return problem.tour_offset + later - 1, later, started


def _most_moves(problem: Problem) -> Floats:
    """Return the number of moves for which there are days and sites, at least 1, shape (plant, period)."""
    tours = problem.tours
    assert tours is not None, "only asked for where plant has a place"
    others = np.repeat(tours.plant.reach.sum(axis=1)[:, None] - 1.0, tours.periods, axis=1)
    days, each = problem.days[tours.plant.facility], tours.plant.move_days
    with np.errstate(divide="ignore", invalid="ignore"):
        for_days = np.where(each > 0.0, np.floor(days / each), np.inf)
    return np.maximum(np.minimum(others, for_days), 1.0)


def _by_period(problem: Problem, prefix: str) -> Callable[[int], str]:
    """Return names such as ``place_kiln_2027q1`` for candidate rows by plant and period."""
    tours, names, dates = problem.tours, problem.facility_labels, problem.blocks.labels
    assert tours is not None, "only asked for where plant has a place"
    facility = tours.plant.facility
    return lambda row: f"{prefix}_{names[facility[row // len(dates)]]}_{dates[row % len(dates)]}"


def _by_site(problem: Problem, prefix: str) -> Callable[[int], str]:
    """Return names such as ``work_kiln_s1_2027q1`` for candidate rows by pair."""
    tours, names, dates = problem.tours, problem.facility_labels, problem.blocks.labels
    assert tours is not None, "only asked for where plant has a place"
    sites = labels(site.site_id for site in problem.scenario.sites)
    plant, site, period = tours.pairs
    facility = tours.plant.facility
    return lambda row: f"{prefix}_{names[facility[plant[row]]]}_{sites[site[row]]}_{dates[period[row]]}"
