"""What the optimiser hands over: flows of groups, commissionings, and how good they are known to be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from demilsim.optimisation.groups import Groups
from demilsim.optimisation.releases import Releases
from demilsim.optimisation.status import PlanStatus
from demilsim.optimisation.tours import Tours
from demilsim.plan import Commissioning, Floats, Ints, MeasureOrder, PlanningCoefficients


@dataclass(frozen=True)
class GroupFlows:
    """What is destroyed: index arrays and tonnes of shape (flow,), by period, facility and group.

    Parameters
    ----------
    group, facility, period
        What, where, when.
    tonnes
        Gross mass [t], > 0.
    """

    group: Ints
    facility: Ints
    period: Ints
    tonnes: Floats

    def destroyed_t(self, shape: tuple[int, int, int]) -> Floats:
        """Return the tonnes as an array of a shape (group, facility, period) [t]."""
        result = np.zeros(shape)
        np.add.at(result, (self.group, self.facility, self.period), self.tonnes)
        return result


@dataclass(frozen=True)
class PlanResult:
    """An optimised plan over groups of lots.

    Incumbent, bound and gaps are those of the exact planning harm, over all plans of the groups in single
    periods. The status is that of the MILP that chose the commissionings, on harm made linear and with work
    in blocks of years.

    Parameters
    ----------
    status
        Of the MILP.
    source
        ``milp``, or the source of the start where nothing better than the start itself was found.
    solver
        Name and version.
    incumbent
        Exact planning harm of the plan [persons].
    best_bound
        No plan has less exact planning harm [persons]; minus infinity where no bound was computed.
    gap_remaining
        (incumbent - bound) / incumbent [1]; infinite without bound.
    gap_averted
        (incumbent - bound) / (do nothing - incumbent) [1]; infinite without bound.
    do_nothing_harm
        Exact planning harm of doing nothing [persons].
    planned_harm
        The incumbent: exact, with accidents and terminal term [persons].
    linear_harm
        Harm of the plan by the linear function of the MILP [persons].
    start_harm
        Exact planning harm of the part of the start that the model allows [persons]; infinite without.
    flows, commissionings, groups, measures
        The plan.
    measures_paid_usd
        What each fund pays for them [USD], shape (fund, period); None without measures.
    notes
        What its reader should know.
    solver_notes
        Those of them that the solver of the MILP gave.
    releases
        Tranches whose milestones it meets, by id, each with the period at whose start; None where no tranche
        waits for one.
    cost_usd
        What funds pay in all [USD], where cost is an objective; None where it is not.
    without_orders
        The best plan found that commissions nothing, where this one does. Harm is planned with money as
        expected: if it may not come, simulation decides whether the orders are worth their risk.
    receipts_usd
        Money that it counts on [USD], shape (fund, period); None for that of the coefficients.
    on_expected
        The plan on expected money, where this one counts on money that is likely to have come instead.
    """

    status: PlanStatus
    source: str
    solver: str
    incumbent: float
    best_bound: float
    gap_remaining: float
    gap_averted: float
    do_nothing_harm: float
    planned_harm: float
    linear_harm: float
    start_harm: float
    flows: GroupFlows
    commissionings: tuple[Commissioning, ...]
    groups: Groups
    notes: tuple[str, ...] = ()
    solver_notes: tuple[str, ...] = ()
    measures: tuple[MeasureOrder, ...] = ()
    measures_paid_usd: Floats | None = None
    without_orders: PlanResult | None = None
    cost_usd: float | None = None
    releases: Releases | None = None
    tours: Tours | None = None
    receipts_usd: Floats | None = None
    on_expected: PlanResult | None = None

    def counting(self, coefficients: PlanningCoefficients) -> PlanningCoefficients:
        """Return coefficients with the money that the plan counts on."""
        if self.receipts_usd is None:
            return coefficients
        return replace(coefficients, receipts_usd=self.receipts_usd)
