"""The least planning harm that is found for variants of a scenario, some of which allow all that others do.

A plan that a variant allows is a plan of every variant that allows more. So the search for the latter begins
from it, and what is found is never worse: what more money is worth is never below zero, by theory and here.
Planning harm is exact harm over the model's curves; nothing is simulated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from demilsim.model.money import expected_receipts_usd
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.status import SolveOptions
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.planning.disaggregate import flow_plan
from demilsim.scenario.scenario import Scenario

OPTIONS = SolveOptions(gap_averted=GAP_AVERTED, bound_steps=0)
"""How variants are optimised: they are compared with each other, so none needs a bound of its own."""


@dataclass(frozen=True)
class Found:
    """The best plan found for a variant.

    Parameters
    ----------
    harm
        Its exact planning harm [weighted persons].
    plan
        The plan, period by period.
    """

    harm: float
    plan: DisposalPlan


@dataclass(frozen=True)
class LeastHarm:
    """Finds least planning harm with capacity and harm factors as taught, money as each variant expects it.

    Parameters
    ----------
    taught
        Working days and harm factors are used of it.
    options
        How to solve.
    """

    taught: PlanningCoefficients
    options: SolveOptions = OPTIONS

    def of(self, variant: Scenario, allowed: Sequence[Found] = (), like: Found | None = None) -> Found:
        """Return the best plan found for a variant.

        Parameters
        ----------
        variant
            The variant.
        allowed
            What was found for variants whose every plan this one allows.
        like
            What was found for another one: where the search begins, as far as it fits, if nothing is allowed.
        """
        known = replace(self.taught, receipts_usd=expected_receipts_usd(variant))
        best = min(allowed, key=lambda found: found.harm, default=None)
        start = best or like
        result = optimise(variant, known, start=start.plan if start else None, options=self.options)
        found = Found(result.planned_harm, flow_plan(variant, result))
        return found if best is None or found.harm < best.harm else best


def donors_of(scenario: Scenario) -> tuple[str, ...]:
    """Return the ids of donors' funds that bring money, by tranches or by matching."""
    receipts = expected_receipts_usd(scenario).sum(axis=1)
    return tuple(
        fund.fund_id
        for fund, usd in zip(scenario.funds, receipts.tolist(), strict=True)
        if fund.holder == "donor" and usd > 0.0
    )


def without_funds(scenario: Scenario, absent: Iterable[str]) -> Scenario:
    """Return the scenario in which some funds pay nothing and match nobody."""
    gone = set(absent)
    nothing = {"matches_funds": (), "match_ratio": 0.0}
    return replace(
        scenario,
        funds=tuple(f.model_copy(update=nothing) if f.fund_id in gone else f for f in scenario.funds),
        tranches=tuple(t for t in scenario.tranches if t.fund_id not in gone),
    )
