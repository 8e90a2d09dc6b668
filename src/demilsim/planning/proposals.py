"""Plans that are proposed for simulation: those of rules, and the optimiser's whose audit finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from demilsim.model.harm import StockHarm, stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.audit import audit, audit_promises
from demilsim.optimisation.releases import counted_on
from demilsim.optimisation.result import PlanResult
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.decided import NOTHING_DECIDED, DecidedStays, decided_stays
from demilsim.planning.disaggregate import decided_pieces, flow_plan
from demilsim.planning.draft import LEAD_PERIODS, Draft, with_lead, write_plan
from demilsim.planning.rules import rule_draft
from demilsim.scenario.scenario import Scenario


@dataclass(frozen=True)
class Proposal:
    """A draft and the plan that is simulated for it."""

    draft: Draft
    plan: DisposalPlan


@dataclass(frozen=True)
class Audited:
    """What the audit leaves of an optimiser's result.

    Parameters
    ----------
    proposals
        By name; none if the audit finds anything.
    notes
        What their reader should know.
    """

    proposals: dict[str, Proposal]
    notes: tuple[str, ...]


class Proposer:
    """Proposes plans for a scenario.

    Parameters
    ----------
    scenario
        The scenario.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._disposal = disposal_options(scenario)
        self._harm = stock_harm(scenario)

    def by_rule(self, name: str, coefficients: PlanningCoefficients) -> Proposal:
        """Return what a rule proposes, free to run ahead of its dates."""
        harm = self._harm.with_factor(coefficients.harm_factor)
        draft = rule_draft(name, self._scenario, coefficients, harm, self._disposal)
        return self._proposal(draft, harm, lambda *_: f"{name} takes it next")

    def by_optimiser(self, name: str, result: PlanResult, coefficients: PlanningCoefficients) -> Audited:
        """Return the proposals of an optimiser's result, once free to run ahead of its dates and once not.

        Lines that run ahead may spend money that can pay for anything on what a fund with strings was to pay
        for a little later; so one proposal keeps its dates.

        Parameters
        ----------
        name
            Name of the first proposal; that of the other begins with it.
        result
            What the optimiser decided.
        coefficients
            Those that it planned with.
        """
        planned = flow_plan(self._scenario, result)
        counted = counted_on(self._scenario, coefficients, result.releases)
        known = self._scenario, planned, counted, result.releases or (), result.tours
        problems = audit(*known)
        if problems:
            return Audited({}, (f"the audit refuses the optimiser's plan: {'; '.join(problems[:3])}",))
        harm = self._harm.with_factor(coefficients.harm_factor)
        pieces = decided_pieces(self._scenario, result, harm, self._disposal)
        done = tuple(pieces), result.commissionings
        draft = Draft("optimised", result.source, *done, measures=result.measures)
        reason = partial(_reason, bool(result.releases))
        stays = decided_stays(self._scenario, result.tours)
        proposals = {
            name: self._proposal(draft, harm, reason, stays=stays),
            f"{name}, never ahead of plan": self._proposal(draft, harm, reason, 0, stays),
        }
        return Audited(proposals, audit_promises(*known))

    def _proposal(
        self,
        draft: Draft,
        harm: StockHarm,
        reason: Callable[[float, float], str],
        lead: int = LEAD_PERIODS,
        stays: DecidedStays = NOTHING_DECIDED,
    ) -> Proposal:
        plan = write_plan(draft, self._scenario, harm, self._disposal, reason)
        return Proposal(draft, with_lead(plan, lead, stays))


def _reason(releases: bool, averted: float, mass_t: float) -> str:
    if releases and averted < 0.0:
        return f"costs {-averted:.2g} expected deaths by accidents; its tonnes count for money that waits"
    return f"averts {averted:.2g} expected deaths, {1000.0 * averted / mass_t:.2g} per 1,000 t"
