"""When the work of a plan is expected: not when its lines may begin at the earliest.

Lines may run some periods ahead of plan, so that neither capacity nor money is lost where they come early.
What may begin then is more than permits and days allow in any one period; what is expected is not.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from demilsim.optimisation.result import PlanResult
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.disaggregate import NEGLIGIBLE_T
from demilsim.planning.draft import Piece
from demilsim.planning.premises import premises_of
from demilsim.planning.replay import replayed
from demilsim.planning.stays import Basis, decided_work
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes


@dataclass(frozen=True)
class ExpectedWork:
    """What a plan is expected to do when.

    Parameters
    ----------
    basis
        Decided by the optimiser, or what follows from the order of lines at expected days and money.
    pieces
        Work by period within permits, days and money; of lots that may not come, what is done if they do.
    periods
        By line of the plan: first period in which work on it is planned; None if the horizon ends before.
    """

    basis: Basis
    pieces: tuple[Piece, ...]
    periods: tuple[int | None, ...]


def expected_work(
    scenario: Scenario,
    plan: DisposalPlan,
    coefficients: PlanningCoefficients,
    result: PlanResult | None = None,
) -> ExpectedWork:
    """Return when the work of a plan is expected.

    Parameters
    ----------
    scenario, plan
        The scenario, and a plan for it.
    coefficients
        Days and money that can be expected: those that the plan was made with, if they are known.
    result
        What the optimiser decided, if it made the plan.
    """
    premises = premises_of(scenario, coefficients)
    known = None if result is None else decided_work(plan, result, premises)
    if known is not None:
        pieces, periods = known
        return ExpectedWork(Basis.DECIDED, tuple(pieces), tuple(periods))
    pieces = list(replayed(plan, premises)[0].pieces)
    return ExpectedWork(Basis.IMPLIED, tuple(pieces), tuple(_first_periods(scenario, plan, pieces)))


def as_written(scenario: Scenario, plan: DisposalPlan) -> ExpectedWork:
    """Return the work of a plan whose lines are to be done when they begin, as one that was announced."""
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    pieces = (
        Piece(lots[p.lot_id], facilities[p.facility_id], p.earliest_period, tonnes(p.mass_g))
        for p in plan.lines
    )
    periods = tuple(line.earliest_period for line in plan.lines)
    return ExpectedWork(Basis.DECIDED, tuple(pieces), periods)


def _first_periods(scenario: Scenario, plan: DisposalPlan, pieces: Sequence[Piece]) -> list[int | None]:
    """Return the period of the first piece of each line: those due of a lot at a facility go by priority."""
    done: dict[tuple[str, str], deque[Piece]] = defaultdict(deque)
    for piece in pieces:
        lot, facility = scenario.lots[piece.lot], scenario.facilities[piece.facility]
        done[lot.lot_id, facility.facility_id].append(piece)
    left_t = [tonnes(line.mass_g) for line in plan.lines]
    numbers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, line in enumerate(plan.lines):
        numbers[line.lot_id, line.facility_id].append(number)
    first: list[int | None] = [None] * len(left_t)
    for pair, queue in done.items():
        for piece in queue:
            mass_t = piece.mass_t
            for number in numbers[pair]:
                if plan.lines[number].earliest_period > piece.period or left_t[number] <= NEGLIGIBLE_T:
                    continue
                taken = min(mass_t, left_t[number])
                if taken <= NEGLIGIBLE_T:
                    break
                left_t[number] -= taken
                mass_t -= taken
                if first[number] is None:
                    first[number] = piece.period
    return first
