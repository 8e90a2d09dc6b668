"""A draft: what is destroyed where in which period, by lot, before it is written as a disposal plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from demilsim.model.harm import StockHarm, held_t
from demilsim.model.options import DisposalOptions
from demilsim.plan import Commissioning, DisposalPlan, Floats, MeasureOrder, PlanLine
from demilsim.scenario.scenario import Scenario
from demilsim.units import GRAMS_PER_TONNE, grams

SMALLEST_LINE_G = GRAMS_PER_TONNE // 10
"""A remainder below 100 kg joins the line before it: nobody sends a lorry for it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a lot destroyed at a facility in a period: indices and gross mass [t]."""

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
    """Return what is left of each lot at each knot as drafted [t], shape (knot, lot)."""
    left = held_t(scenario)
    for piece in pieces:
        left[piece.period + 1 :, piece.lot] -= piece.mass_t
    return np.maximum(left, 0.0)


def write_plan(
    draft: Draft,
    scenario: Scenario,
    harm: StockHarm,
    options: DisposalOptions,
    reason: Callable[[float, float], str],
) -> DisposalPlan:
    """Return a disposal plan that does a draft's pieces in their order.

    Pieces of one lot at one facility become one line, due when its first piece is. Each line carries its
    share of the harm averted (Aumann-Shapley, accidents taken off), so that the lines sum to the plan's.

    Parameters
    ----------
    draft
        The decisions.
    harm
        Planning harm over lots.
    reason
        Makes the line's sentence from its harm averted [persons] and its mass [t].
    """
    joined = _joined(scenario, draft.pieces)
    full = tonnes_left(scenario, ())
    per_tonne = harm.mean_gradient(full, tonnes_left(scenario, joined))
    later = np.cumsum(per_tonne[::-1], axis=0)[::-1]
    lines = []
    for rank, piece in enumerate(joined):
        averted = piece.mass_t * float(
            later[piece.period + 1, piece.lot] - options.accident_harm_per_t[piece.lot, piece.facility]
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


def _joined(scenario: Scenario, pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces with those of one lot and facility joined, whole grams, within each lot's mass."""
    mass: dict[tuple[int, int], int] = {}
    first: dict[tuple[int, int], int] = {}
    left = [grams(lot.gross_mass_t) for lot in scenario.lots]
    for piece in pieces:
        key = (piece.lot, piece.facility)
        wanted = min(grams(piece.mass_t), left[piece.lot])
        if left[piece.lot] - wanted < SMALLEST_LINE_G:
            wanted = left[piece.lot]
        if key not in mass and wanted < SMALLEST_LINE_G:
            continue
        mass[key] = mass.get(key, 0) + wanted
        first.setdefault(key, piece.period)
        left[piece.lot] -= wanted
    return [
        Piece(lot, facility, first[lot, facility], mass_g / GRAMS_PER_TONNE)
        for (lot, facility), mass_g in mass.items()
        if mass_g
    ]


def with_lead(plan: DisposalPlan, periods: int) -> DisposalPlan:
    """Return the plan with every line allowed to start some periods earlier, in unchanged priority.

    Capacity and money come earlier or later than planned; a plan that may run ahead loses neither.
    """
    lines = tuple(
        replace(line, earliest_period=max(0, line.earliest_period - periods)) for line in plan.lines
    )
    return replace(plan, lines=lines)
