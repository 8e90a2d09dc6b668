"""From flows of groups to pieces of lots, in the order in which they should be done."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from demilsim.model.harm import StockHarm, lot_masses_t
from demilsim.model.options import DisposalOptions
from demilsim.optimisation.groups import Groups
from demilsim.optimisation.result import GroupFlows, PlanResult
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.decided import DecidedStays, decided_stays
from demilsim.planning.draft import Draft, Piece, period_by_period, tonnes_left
from demilsim.scenario.scenario import Scenario

NEGLIGIBLE_T = 1e-6
"""Flows and remainders below a gram are rounding."""


def pieces_of(
    scenario: Scenario, flows: GroupFlows, groups: Groups, harm: StockHarm, options: DisposalOptions
) -> list[Piece]:
    """Return the plan's pieces by period, within a period by harm averted per facility-day.

    Within a group the lots that age fastest go first. Flows are expected tonnes; the pieces of a lot that may
    not come are what is done if it comes, so that all of it goes where all that is expected of it does.

    Parameters
    ----------
    flows, groups
        Flows of groups.
    harm
        Planning harm over lots, for the ranking.
    options
        Options of the lots.
    """
    drafted = _by_lot(scenario, flows, groups, harm, options)
    _, gradient = harm.total_and_gradient(tonnes_left(scenario, drafted))
    later = np.cumsum(gradient[::-1], axis=0)[::-1]

    def rank(piece: Piece) -> tuple[int, float, int, int]:
        averted = later[piece.period + 1, piece.lot] - options.accident_harm_per_t[piece.lot, piece.facility]
        per_day = averted / options.days_per_t[piece.lot, piece.facility]
        return piece.period, -float(per_day), piece.lot, piece.facility

    return sorted(drafted, key=rank)


def decided_pieces(
    scenario: Scenario, result: PlanResult, harm: StockHarm, options: DisposalOptions
) -> list[Piece]:
    """Return the pieces of a result: those of `pieces_of`, but mobile plant follows its decided moves."""
    pieces = pieces_of(scenario, result.flows, result.groups, harm, options)
    return in_order_of_stays(scenario, pieces, decided_stays(scenario, result.tours))


def in_order_of_stays(scenario: Scenario, pieces: list[Piece], stays: DecidedStays) -> list[Piece]:
    """Return pieces so that those of one mobile plant in one period come in the order of its stays.

    They change places among themselves; those of other facilities keep theirs.
    """

    def stay(piece: Piece) -> int:
        lot, facility = scenario.lots[piece.lot], scenario.facilities[piece.facility]
        return stays.number(lot.lot_id, facility.facility_id, piece.period)

    places = defaultdict[tuple[int, int], list[int]](list)
    for place, piece in enumerate(pieces):
        places[piece.facility, piece.period].append(place)
    found = list(pieces)
    for own in places.values():
        for place, piece in zip(own, sorted((pieces[k] for k in own), key=stay), strict=True):
            found[place] = piece
    return found


def flow_plan(scenario: Scenario, result: PlanResult) -> DisposalPlan:
    """Return the optimiser's flows as a plan for audit: each split over its group's lots by mass.

    This is what the optimiser decided, period by period. The plan that is carried out finishes one lot
    before the next, and may run some days early or late within it.
    """
    mass = lot_masses_t(scenario)
    flows = result.flows
    pieces = []
    for group, facility, period, wanted in zip(
        flows.group.tolist(),
        flows.facility.tolist(),
        flows.period.tolist(),
        flows.tonnes.tolist(),
        strict=True,
    ):
        lots = np.flatnonzero(result.groups.group_of_lot == group)
        shares = mass[lots] / mass[lots].sum()
        pieces += [
            Piece(lot, facility, period, wanted * share)
            for lot, share in zip(lots.tolist(), shares.tolist(), strict=True)
        ]
    pieces.sort(key=lambda piece: piece.period)
    draft = Draft("flows", result.source, tuple(pieces), result.commissionings, measures=result.measures)
    return period_by_period(draft, scenario)


def _by_lot(
    scenario: Scenario, flows: GroupFlows, groups: Groups, harm: StockHarm, options: DisposalOptions
) -> list[Piece]:
    left: Floats = lot_masses_t(scenario)
    urgency = harm.ageing_rate_per_t_year[0]
    members: list[list[int]] = [[] for _ in range(groups.count)]
    for lot in np.lexsort((np.arange(left.size), -urgency)).tolist():
        members[int(groups.group_of_lot[lot])].append(lot)
    pieces = []
    for index in np.lexsort((flows.facility, flows.group, flows.period)).tolist():
        group, facility = int(flows.group[index]), int(flows.facility[index])
        likely = float(groups.likely[group])
        wanted = float(flows.tonnes[index]) / likely if likely else 0.0
        for lot in members[group]:
            mass = min(wanted, float(left[lot]))
            if mass > NEGLIGIBLE_T and options.allowed[lot, facility]:
                left[lot] -= mass
                wanted -= mass
                pieces.append(Piece(lot, facility, int(flows.period[index]), mass))
            if wanted <= NEGLIGIBLE_T:
                break
    return pieces
