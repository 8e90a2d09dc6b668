"""A draft: what is destroyed where in which period, by lot, before it is written as a disposal plan."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.harm import StockHarm, arrival_probability, held_t
from demilsim.model.options import DisposalOptions
from demilsim.plan import (
    SMALLEST_PART_G,
    Commissioning,
    DisposalPlan,
    Floats,
    MeasureOrder,
    PlanLine,
)
from demilsim.planning.decided import NOTHING_DECIDED, DecidedStays
from demilsim.scenario.scenario import Scenario
from demilsim.units import GRAMS_PER_TONNE, grams

LEAD_PERIODS = 2
"""Periods by which any plan's lines may run ahead of plan; the optimiser's if it does better so."""

SMALLEST_LINE_T = 5.0
"""Part of a lot that gets no line of its own beside another one at the same facility [t].

On the shipped scenarios this halves the number of lines and moves simulated harm by less than 0.05%."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a lot destroyed at a facility in a period, if the lot has come: indices and gross mass [t]."""

    lot: int
    facility: int
    period: int
    mass_t: float


@dataclass(frozen=True)
class Draft:
    """A policy's decisions by lot and period.

    Parameters
    ----------
    name, source
        As in `DisposalPlan`.
    pieces
        In order of priority.
    commissionings, funds, measures
        As in `DisposalPlan`.
    """

    name: str
    source: str
    pieces: tuple[Piece, ...]
    commissionings: tuple[Commissioning, ...] = ()
    funds: tuple[str, ...] = ()
    measures: tuple[MeasureOrder, ...] = ()


def tonnes_left(scenario: Scenario, pieces: Iterable[Piece]) -> Floats:
    """Return what is expected to be left of each lot at each knot as drafted [t], shape (knot, lot)."""
    left, likely = held_t(scenario), arrival_probability(scenario)
    for piece in pieces:
        left[piece.period + 1 :, piece.lot] -= likely[piece.lot] * piece.mass_t
    return np.maximum(left, 0.0)


def write_plan(
    draft: Draft,
    scenario: Scenario,
    harm: StockHarm,
    options: DisposalOptions,
    reason: Callable[[float, float], str],
) -> DisposalPlan:
    """Return a disposal plan that does a draft's pieces in their order.

    Each piece becomes a line of its own, so that work neither waits for the money of later periods nor comes
    before its turn with the first tonne of its lot; pieces below `SMALLEST_LINE_T` join a line of their lot
    at their facility. Each line carries its share of the harm averted (Aumann-Shapley, accidents taken off),
    so that the lines sum to the plan's.

    Parameters
    ----------
    draft
        The decisions.
    harm
        Planning harm over lots.
    reason
        Makes the line's sentence from its harm averted [persons] and its mass [t].
    """
    whole = _lines(scenario, draft.pieces)
    full = tonnes_left(scenario, ())
    per_tonne = harm.mean_gradient(full, tonnes_left(scenario, whole))
    later = np.cumsum(per_tonne[::-1], axis=0)[::-1]
    expected_t = arrival_probability(scenario)
    lines = []
    for rank, piece in enumerate(whole):
        averted = (
            float(expected_t[piece.lot])
            * piece.mass_t
            * float(
                later[piece.period + 1, piece.lot] - options.accident_harm_per_t[piece.lot, piece.facility]
            )
        )
        line = _line(scenario, piece, rank)
        lines.append(replace(line, harm_averted=averted, reason=reason(averted, piece.mass_t)))
    return _plan(draft, tuple(lines))


def period_by_period(draft: Draft, scenario: Scenario) -> DisposalPlan:
    """Return a draft as a plan with a line for each piece, as the optimiser wants its start."""
    pieces = [piece for piece in draft.pieces if grams(piece.mass_t) > 0]
    lines = tuple(_line(scenario, piece, rank) for rank, piece in enumerate(pieces))
    return _plan(draft, lines)


def _plan(draft: Draft, lines: tuple[PlanLine, ...]) -> DisposalPlan:
    orders = draft.commissionings, draft.funds, draft.measures
    return DisposalPlan(draft.name, draft.source, lines, *orders)


def _line(scenario: Scenario, piece: Piece, rank: int) -> PlanLine:
    return PlanLine(
        lot_id=scenario.lots[piece.lot].lot_id,
        facility_id=scenario.facilities[piece.facility].facility_id,
        mass_g=grams(piece.mass_t),
        earliest_period=piece.period,
        priority=rank + 1,
    )


def _lines(scenario: Scenario, pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces in whole grams, within each lot's mass, and large enough for a line each."""
    return _in_whole_grams(scenario, _large_enough(pieces))


def _large_enough(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces, small ones joined to the last one of their lot and facility, or else the next."""
    found: list[Piece] = []
    last: dict[tuple[int, int], int] = {}
    waiting: dict[tuple[int, int], float] = {}
    to_come = Counter((piece.lot, piece.facility) for piece in pieces)
    for piece in pieces:
        pair = (piece.lot, piece.facility)
        to_come[pair] -= 1
        mass_t = waiting.pop(pair, 0.0) + piece.mass_t
        if mass_t >= SMALLEST_LINE_T or not (pair in last or to_come[pair]):
            last[pair] = len(found)
            found.append(replace(piece, mass_t=mass_t))
        elif pair in last:
            before = found[last[pair]]
            found[last[pair]] = replace(before, mass_t=before.mass_t + mass_t)
        else:
            waiting[pair] = mass_t
    return found


def _in_whole_grams(scenario: Scenario, pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces in whole grams and within each lot's mass; what is left below 100 kg goes along."""
    found: list[Piece] = []
    left = [grams(lot.gross_mass_t) for lot in scenario.lots]
    for piece in pieces:
        wanted = min(grams(piece.mass_t), left[piece.lot])
        if left[piece.lot] - wanted < SMALLEST_PART_G:
            wanted = left[piece.lot]
        if wanted >= SMALLEST_PART_G:
            found.append(replace(piece, mass_t=wanted / GRAMS_PER_TONNE))
            left[piece.lot] -= wanted
    return found


def with_lead(plan: DisposalPlan, periods: int, stays: DecidedStays = NOTHING_DECIDED) -> DisposalPlan:
    """Return the plan with every line allowed to start some periods earlier, in unchanged priority.

    Capacity and money come earlier or later than planned; a plan that may run ahead loses neither. What is
    for a stay of mobile plant does not run ahead into another one.
    """
    lines = tuple(replace(line, earliest_period=_earliest(line, periods, stays)) for line in plan.lines)
    return replace(plan, lines=lines)


def _earliest(line: PlanLine, lead: int, stays: DecidedStays) -> int:
    return stays.earliest(line.lot_id, line.facility_id, line.earliest_period, lead)


def drafted_periods(
    plan: DisposalPlan,
    pieces: Sequence[Piece],
    scenario: Scenario,
    lead: int,
    stays: DecidedStays = NOTHING_DECIDED,
) -> list[int] | None:
    """Return the periods for which the lines of a plan were drafted, before `with_lead` made them earlier.

    Parameters
    ----------
    plan
        As `write_plan` and `with_lead` made it.
    pieces
        Its draft's; those of a lot at a facility in the order in which they were.
    scenario, lead
        Its scenario, and the periods by which all its lines may start earlier, at most.
    stays
        Those of mobile plant, if they were decided.

    Returns
    -------
    list of int or None
        By line; None if the plan is not that of the draft.
    """
    lines = [_line(scenario, piece, rank) for rank, piece in enumerate(_lines(scenario, pieces))]
    tried = (_drafted(plan, lines, periods, stays) for periods in range(lead, -1, -1))
    return next((found for found in tried if found is not None), None)


def _drafted(
    plan: DisposalPlan, lines: Sequence[PlanLine], lead: int, stays: DecidedStays
) -> list[int] | None:
    """Return the periods of drafted lines by line of a plan; None if it is not these with just this lead."""
    due = defaultdict[tuple[str, str], deque[PlanLine]](deque)
    for line in lines:
        due[line.lot_id, line.facility_id].append(line)
    periods = []
    for line in plan.lines:
        queue = due[line.lot_id, line.facility_id]
        if not queue:
            return None
        drafted = queue.popleft()
        if (drafted.mass_g, _earliest(drafted, lead, stays)) != (line.mass_g, line.earliest_period):
            return None
        periods.append(drafted.earliest_period)
    return None if any(due.values()) else periods
