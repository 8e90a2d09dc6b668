"""What a plan comes to if capacity and money are as expected: its lines in their order, period by period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from demilsim.model.harm import StockHarm
from demilsim.model.options import DisposalOptions
from demilsim.plan import DisposalPlan, Floats, ObservedState, PlanLine, PlanningCoefficients
from demilsim.planning.draft import Draft
from demilsim.planning.filler import Filler
from demilsim.planning.rules import Outlook, filled
from demilsim.scenario.scenario import Scenario
from demilsim.units import grams, tonnes


def unfinished(plan: DisposalPlan, scenario: Scenario, observed: ObservedState) -> tuple[PlanLine, ...]:
    """Return what is left to do of a plan's lines: of what has gone of a lot, its first lines are done.

    A plan that leaves part of a lot where it is leaves it still. Done over again, such parts cost 0.09 deaths
    of workers in 15 years on the Kazakhstan scenario.

    Parameters
    ----------
    plan, scenario
        As they were at the start.
    observed
        What can be seen.
    """
    now = scenario.period_dates[observed.period]
    done = {
        lot.lot_id: 0 if lot.arrives and lot.arrives > now else max(grams(lot.gross_mass_t) - left_g, 0)
        for lot, left_g in zip(scenario.lots, observed.remaining_g.tolist(), strict=True)
    }
    lines = []
    for line in plan.lines:
        gone = min(done[line.lot_id], line.mass_g)
        done[line.lot_id] -= gone
        if gone < line.mass_g:
            lines.append(replace(line, mass_g=line.mass_g - gone))
    return tuple(lines)


def replayed(
    plan: DisposalPlan,
    scenario: Scenario,
    coefficients: PlanningCoefficients,
    harm: StockHarm,
    options: DisposalOptions,
    first: int = 0,
) -> Draft:
    """Return when a plan's lines would be done if nothing but what is expected happened.

    Lines that name a lot that the scenario does not have, or does not have any more, are left out.

    Parameters
    ----------
    plan
        The plan: its lines are taken in priority, none early, each once its facility has room and there is
        money; its facilities are ordered when due and paid.
    scenario, coefficients, harm, options
        As in `rules.rule_draft`.
    first
        First period in which anything may be done.
    """
    shape = (scenario.periods, *options.allowed.shape)
    queues = _queues(plan, scenario)
    released = np.zeros(shape)
    for pair, lines in queues.items():
        for line in lines:
            released[(max(line.earliest_period, first), *pair)] += tonnes(line.mass_g)
    filler = Filler(scenario, coefficients, options, plan.funds, plan.commissionings, released)

    def in_order(outlook: Outlook) -> Floats:
        score = np.full(options.allowed.shape, -np.inf)
        for pair, lines in queues.items():
            line = _next(lines, filler.taken_t[pair])
            if line is not None and line.earliest_period <= outlook.period:
                score[pair] = -line.priority
        return score

    pieces = filled(filler, in_order, harm, first)
    return Draft(plan.name, plan.source, pieces, plan.commissionings, plan.funds)


def _queues(plan: DisposalPlan, scenario: Scenario) -> dict[tuple[int, int], list[PlanLine]]:
    """Return the lines of each pair of lot and facility, in their order."""
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    found: dict[tuple[int, int], list[PlanLine]] = {}
    for line in sorted(plan.lines, key=lambda line: line.priority):
        if line.lot_id in lots:
            found.setdefault((lots[line.lot_id], facilities[line.facility_id]), []).append(line)
    return found


def _next(lines: Sequence[PlanLine], taken_t: float) -> PlanLine | None:
    """Return the first line of a pair that is not done, to the gram, when some tonnes are; None if all."""
    done_g = grams(taken_t) + 1
    for line in lines:
        done_g -= line.mass_g
        if done_g < 0:
            return line
    return None
