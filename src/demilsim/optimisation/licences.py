"""The constraint families of storehouse licences: no move may fill its target beyond what it may hold.

Symbols: y[o] order o of a measure; q[i,t] NEQ that move i has brought into its target by period t [t]; x as
in `constraints`. All that is there or to come counts, so that a later arrival finds room too. Stock that is
over a licence as it is, and arrivals that nobody decides, bind nothing by themselves: a row asks for room
only in the period in which a move is carried out.
"""

from __future__ import annotations

import numpy as np

from demilsim.model.options import Bools
from demilsim.optimisation.blocks import single_periods
from demilsim.optimisation.effects import gone_by
from demilsim.optimisation.measure_problem import MeasureProblem, Terms
from demilsim.optimisation.problem import Problem
from demilsim.optimisation.rows import Rows, Sense, labels, rows_of
from demilsim.plan import Floats, Ints
from demilsim.units import KG_PER_TONNE


def add_move_pairs(measured: MeasureProblem) -> Rows:
    """Take one at most of two moves that do not go together.

    Sum over o of i and j of y[o] <= 1, a pure number, for moves i and j of which one would carry on what the
    other brings, or that bring together what may not be mixed.
    """
    orders, moves = measured.orders, measured.orders.moves
    pairs = [] if moves is None else [pair for pair in moves.apart if np.isin(pair, orders.measure).all()]
    terms = []
    for number, pair in enumerate(pairs):
        mine = np.flatnonzero(np.isin(orders.measure, pair))
        terms.append((np.full(mine.size, number), measured.order_offset + mine, np.ones(mine.size)))
    names = [f"apart_{measured.labels[i]}_{measured.labels[j]}" for i, j in pairs]
    return rows_of("move_pairs", terms, Sense.AT_MOST, np.ones(len(pairs)), lambda row: names[row])


def add_licences(measured: MeasureProblem) -> Rows:
    """Keep each storehouse within its explosive limit licence when something is moved into it.

    Brought: N[i] · sum over o of i carried out by t of y[o] - sum over g of i's source, f and b of
    a[b,t] n[g] x[g,f,b] - q[i,t] <= 0.

    Licence: sum over i into h of q[i,t] - sum over g of h, f and b of a[b,t] n[g] x[g,f,b]
    + M[h,t] · sum over o of i carried out at t of y[o] <= L[h] - N[h] + M[h,t], for each move i into h.

    In t of NEQ that joins a mass explosion: N what a source or target holds and is to receive, n per gross
    tonne, L the licence less a kilogram; a is the share of block b that is over by t [1]. M = N[h] + sum of
    N[i] - L[h] is what would be over if all moves into h were carried out by then and nothing destroyed;
    there are no rows where it is not positive.
    """
    orders, moves, problem = measured.orders, measured.orders.moves, measured.problem
    crowds = measured.crowds
    if moves is None or not crowds:
        return rows_of("licences", [], Sense.AT_MOST, np.empty(0), str)
    terms: list[Terms] = []
    rhs: list[float] = []
    names: list[str] = []
    houses = labels(house.storehouse_id for house in problem.scenario.storehouses)
    dates = single_periods(problem.scenario).labels
    for crowd in crowds:
        when = dates[crowd.period]
        for number in crowd.movers:
            i, source = int(moves.measure[number]), int(moves.source[number])
            by_then = np.flatnonzero((orders.measure == i) & (orders.opens <= crowd.period))
            row = len(names)
            terms += [
                _on(row, measured.order_offset + by_then, moves.held_kg(source) / KG_PER_TONNE),
                _on(row, *_gone(measured, source, crowd.period)),
                _on(row, np.array([measured.moved_column(number, crowd.period)]), -1.0),
            ]
            rhs.append(0.0)
            names.append(f"brought_{measured.labels[i]}_{when}")
        most = crowd.over_kg / KG_PER_TONNE
        free = (moves.within_kg(crowd.house) - moves.held_kg(crowd.house)) / KG_PER_TONNE
        brought = np.array([measured.moved_column(n, crowd.period) for n in crowd.movers])
        for number in crowd.now:
            i, row = int(moves.measure[number]), len(names)
            now = np.flatnonzero((orders.measure == i) & (orders.opens == crowd.period))
            terms += [
                _on(row, brought, 1.0),
                _on(row, *_gone(measured, crowd.house, crowd.period)),
                _on(row, measured.order_offset + now, most),
            ]
            rhs.append(free + most)
            names.append(f"licence_{houses[crowd.house]}_{measured.labels[i]}_{when}")
    return rows_of("licences", terms, Sense.AT_MOST, np.array(rhs), lambda row: names[row])


def over_licences_kg(measured: MeasureProblem, values: Floats) -> dict[int, float]:
    """Return by how much a point breaks licences [kg NEQ], the worst of each storehouse that it overfills.

    Parameters
    ----------
    measured
        The problem with moves.
    values
        A point of a model that may lack the rows of `add_licences`, shape (column,).
    """
    orders, moves = measured.orders, measured.orders.moves
    found: dict[int, float] = {}
    if moves is None:
        return found
    taken = values[measured.order_offset : measured.payment_offset] > 0.5

    def gone_kg(house: int, period: int) -> float:
        column, per_t = _gone(measured, house, period)
        return -KG_PER_TONNE * float(per_t @ values[column])

    for crowd in measured.crowds:
        mine = taken & (orders.opens == crowd.period)
        if not np.any(mine & np.isin(orders.measure, moves.measure[list(crowd.now)])):
            continue
        held = moves.held_kg(crowd.house) - gone_kg(crowd.house, crowd.period)
        for number in crowd.movers:
            if np.any(taken & (orders.measure == moves.measure[number]) & (orders.opens <= crowd.period)):
                source = int(moves.source[number])
                held += max(moves.held_kg(source) - gone_kg(source, crowd.period), 0.0)
        over = held - moves.within_kg(crowd.house)
        if over > 0.0:
            found[crowd.house] = max(found.get(crowd.house, 0.0), over)
    return found


def add_room(problem: Problem) -> Rows:
    """Make room in time for moves that are decided.

    Sum over g of the target and of what has been brought there by t, f and b of a[b,t] n[g] x[g,f,b] >= what
    would be over the licence without, in t of NEQ: the rows of `add_licences` with their moves fixed.
    """
    terms = []
    for row, room in enumerate(problem.rooms):
        column, left = _less(problem, room.groups, room.neq_kg_per_t, gone_by(problem)[:, room.period])
        terms.append(_on(row, column, -left))
    rhs = np.array([room.needed_kg for room in problem.rooms]) / KG_PER_TONNE
    targets = labels(room.label for room in problem.rooms)
    return rows_of("room", terms, Sense.AT_LEAST, rhs, lambda row: f"room_{targets[row]}")


def _gone(measured: MeasureProblem, house: int, period: int) -> tuple[Ints, Floats]:
    """Return columns and terms of less what is gone of a storehouse's own stock by a period, in t of NEQ.

    Within a block of several periods work is taken as even, or as done at its end.
    """
    moves, over = measured.orders.moves, gone_by(measured.problem)[:, period]
    assert moves is not None, "only asked where there are moves"
    over = over if measured.even else np.floor(over)
    return _less(measured.problem, moves.storehouse == house, moves.neq_kg_per_t, over)


def _less(problem: Problem, groups: Bools, neq_kg_per_t: Floats, over: Floats) -> tuple[Ints, Floats]:
    """Return columns of the flows of some groups, and less the NEQ that a tonne of each destroys in time.

    Parameters
    ----------
    problem
        With its flows.
    groups, neq_kg_per_t
        Which groups, and NEQ per tonne [kg/t], shape (group,). Tonnes of lots that may not come are expected
        ones, so that no less is gone if they do.
    over
        Share of each block that is over in time [1], shape (block,).
    """
    flows = problem.flows
    column = np.flatnonzero(groups[flows.group] & (over[flows.block] > 0.0))
    return column, -neq_kg_per_t[flows.group[column]] * over[flows.block[column]] / KG_PER_TONNE


def _on(row: int, column: Ints, coefficient: float | Floats) -> Terms:
    return np.full(column.size, row), column, np.full(column.size, coefficient)
