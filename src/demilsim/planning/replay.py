"""What a plan comes to if capacity and money are as expected: its lines in their order, period by period."""

from __future__ import annotations

import numpy as np

from demilsim.model.harm import StockHarm
from demilsim.model.options import DisposalOptions
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.draft import Draft
from demilsim.planning.filler import Filler
from demilsim.planning.rules import Outlook, filled
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes


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
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    shape = options.allowed.shape
    rank, due, most = np.full(shape, np.inf), np.full(shape, scenario.periods), np.zeros(shape)
    for line in plan.lines:
        if line.lot_id in lots:
            pair = lots[line.lot_id], facilities[line.facility_id]
            rank[pair] = min(rank[pair], line.priority)
            due[pair] = min(due[pair], line.earliest_period)
            most[pair] += tonnes(line.mass_g)

    def in_order(outlook: Outlook) -> np.ndarray:
        return np.where(due <= outlook.period, -rank, -np.inf)

    filler = Filler(scenario, coefficients, options, plan.funds, plan.commissionings, most)
    pieces = filled(filler, in_order, harm, first)
    return Draft(plan.name, plan.source, pieces, plan.commissionings, plan.funds)
