"""The chosen plan explained: prices of its limits, plans nearly as good, and a reason for each line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demilsim.model.harm import arrival_probability
from demilsim.model.options import disposal_options
from demilsim.optimisation.alternatives import Alternative, alternatives
from demilsim.optimisation.explain import Explainer, Reason
from demilsim.optimisation.plan_model import PlanModel, plan_model
from demilsim.optimisation.prices import Price, limit_prices
from demilsim.optimisation.reoptimised import Strings, Worth, strings, worths
from demilsim.plan import PlanLine
from demilsim.planning.coordinate import Programme
from demilsim.planning.expected import expected_work
from demilsim.scenario.scenario import Scenario
from demilsim.units import tonnes


@dataclass(frozen=True)
class LineReason:
    """Why a line of the plan is done now and there.

    Parameters
    ----------
    line
        The line.
    period
        Period for which it is planned, as in ``plan.csv``; its earliest period may be before that. None where
        the work is not expected by the end.
    harm_per_usd, harm_per_day
        Harm that the whole line averts, for a dollar and for a facility-day [persons].
    reason
        What the linear plan says of its group there and then; None where it has no such flow.
    """

    line: PlanLine
    period: int | None
    harm_per_usd: float | None
    harm_per_day: float | None
    reason: Reason | None


@dataclass(frozen=True)
class Explanation:
    """What explains a plan.

    Parameters
    ----------
    plan
        The linear plan around the optimiser's.
    prices, worths, strings
        By row; by fund, facility and permit; by fund with strings.
    alternatives
        Plans nearly as good.
    lines
        Reasons, in the order of the plan's lines.
    """

    plan: PlanModel
    prices: tuple[Price, ...]
    worths: tuple[Worth, ...]
    strings: tuple[Strings, ...]
    alternatives: tuple[Alternative, ...]
    lines: tuple[LineReason, ...]


def explained(scenario: Scenario, programme: Programme) -> Explanation | None:
    """Return what explains the plan of a programme; None if the optimiser made none.

    Parameters
    ----------
    scenario
        The scenario.
    programme
        Its programme. Prices and alternatives are those of the optimiser's plan. If a rule's plan was
        chosen instead, its lines have no reason but the rule's: it is no optimum, so nothing that binds
        explains it.

    Raises
    ------
    SolverError
        If no solver tells duals, or one fails on the linear plan.
    """
    result = programme.result
    if result is None or not result.flows.tonnes.size:
        return None
    at = plan_model(scenario, programme.coefficients, result)
    duals = at.lp.duals(at.model.cost)
    assert duals is not None, "the plan itself is possible, so its linear program has an optimum"
    own = programme.plan.source == result.source
    return Explanation(
        plan=at,
        prices=limit_prices(at, duals),
        worths=worths(at, duals),
        strings=strings(at, duals),
        alternatives=alternatives(at),
        lines=line_reasons(scenario, programme, Explainer(at, duals) if own else None),
    )


def line_reasons(
    scenario: Scenario, programme: Programme, explainer: Explainer | None
) -> tuple[LineReason, ...]:
    """Return the reason of each line of a programme's plan.

    Parameters
    ----------
    scenario, programme
        As in `explained`.
    explainer
        Of the linear plan around it; None for the plan of a rule.
    """
    result = programme.result
    assert result is not None, "only a plan of the optimiser has reasons"
    options = disposal_options(scenario)
    work = expected_work(scenario, programme.plan, programme.coefficients, result)
    likely = arrival_probability(scenario)
    lots = {lot.lot_id: i for i, lot in enumerate(scenario.lots)}
    facilities = {facility.facility_id: f for f, facility in enumerate(scenario.facilities)}
    found = []
    for line, planned in zip(programme.plan.lines, work.periods, strict=True):
        lot, facility = lots[line.lot_id], facilities[line.facility_id]
        expected_t = float(likely[lot]) * tonnes(line.mass_g)
        usd = float(options.cost_usd_per_t[lot, facility]) * expected_t
        days = float(options.days_per_t[lot, facility]) * expected_t
        group = int(result.groups.group_of_lot[lot])
        found.append(
            LineReason(
                line=line,
                period=planned,
                harm_per_usd=line.harm_averted / usd if usd > 0.0 else None,
                harm_per_day=line.harm_averted / days if days > 0.0 and np.isfinite(days) else None,
                reason=None
                if explainer is None or planned is None
                else explainer.reason(group, facility, planned),
            )
        )
    return tuple(found)
