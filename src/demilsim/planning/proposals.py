"""Plans that are proposed for simulation: those of rules, and the optimiser's whose audit finds nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from demilsim.optimisation.audit import audit, audit_promises
from demilsim.optimisation.releases import counted_on
from demilsim.optimisation.result import PlanResult
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.decided import NOTHING_DECIDED, DecidedStays, decided_stays
from demilsim.planning.disaggregate import decided_pieces, flow_plan
from demilsim.planning.draft import LEAD_PERIODS, Draft, with_lead, write_plan
from demilsim.planning.premises import Premises, premises_of
from demilsim.planning.rules import nominal_coefficients, rule_draft
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
        self._nominal = premises_of(scenario, nominal_coefficients(scenario))

    def by_rule(self, name: str, coefficients: PlanningCoefficients) -> Proposal:
        """Return what a rule proposes, free to run ahead of its dates."""
        premises = self._nominal.expecting(coefficients)
        draft = rule_draft(name, premises)
        return _proposal(draft, premises, lambda *_: f"{name} takes it next")

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
        premises = self._nominal.expecting(coefficients)
        scenario = premises.scenario
        counted = counted_on(scenario, coefficients, result.releases)
        known = scenario, flow_plan(scenario, result), counted, result.releases or (), result.tours
        problems = audit(*known)
        if problems:
            return Audited({}, (f"the audit refuses the optimiser's plan: {'; '.join(problems[:3])}",))
        pieces = decided_pieces(scenario, result, premises.harm, premises.options)
        done = tuple(pieces), result.commissionings
        draft = Draft("optimised", result.source, *done, measures=result.measures)
        reason = partial(_reason, bool(result.releases))
        stays = decided_stays(scenario, result.tours)
        proposals = {
            name: _proposal(draft, premises, reason, stays=stays),
            f"{name}, never ahead of plan": _proposal(draft, premises, reason, 0, stays),
        }
        return Audited(proposals, audit_promises(*known))


def _proposal(
    draft: Draft,
    premises: Premises,
    reason: Callable[[float, float], str],
    lead: int = LEAD_PERIODS,
    stays: DecidedStays = NOTHING_DECIDED,
) -> Proposal:
    plan = write_plan(draft, premises.scenario, premises.harm, premises.options, reason)
    return Proposal(draft, with_lead(plan, lead, stays))


def _reason(releases: bool, averted: float, mass_t: float) -> str:
    if releases and averted < 0.0:
        return f"costs {-averted:.2g} expected deaths by accidents; its tonnes count for money that waits"
    return f"averts {averted:.2g} expected deaths, {1000.0 * averted / mass_t:.2g} per 1,000 t"
