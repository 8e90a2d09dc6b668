"""Policies that need no optimiser: nothing, the host's own money, and rules, with facilities ordered or not.

``RULE+FACILITY`` orders a possible facility at the start; the rule fills it from when it works.
"""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.errors import PlanError
from demilsim.plan import Commissioning, DisposalPlan
from demilsim.planning.draft import LEAD_PERIODS, with_lead
from demilsim.planning.premises import premises_of
from demilsim.planning.rules import DO_NOTHING, RULES, nominal_coefficients, rule_plan
from demilsim.scenario.phrases import got
from demilsim.scenario.scenario import Scenario

POLICIES = ("do_nothing", "host_only", *RULES)

AND = "+"
"""What stands between a rule and each facility that is ordered with it."""


def simple_plan(name: str, scenario: Scenario) -> DisposalPlan:
    """Return the plan of do_nothing, host_only or a rule on nominal coefficients.

    Parameters
    ----------
    name
        One of `POLICIES`, or such with facilities to order, as ``cheapest_first+KILN``.

    Raises
    ------
    PlanError
        If there is no such policy or facility.
    """
    if problems := tuple(policy_problems(name, scenario)):
        raise PlanError("; ".join(problems))
    rule, *facilities = name.split(AND)
    if rule == "do_nothing":
        return DO_NOTHING
    orders = tuple(Commissioning(facility, 0) for facility in facilities)
    premises = premises_of(scenario, nominal_coefficients(scenario))
    return with_lead(rule_plan(rule, premises, orders), LEAD_PERIODS)


def policy_problems(name: str, scenario: Scenario) -> Iterator[str]:
    """Yield what is wrong with the name of a policy."""
    rule, *facilities = name.split(AND)
    if rule not in POLICIES:
        yield f"expected some of {', '.join(POLICIES)} {got(rule, POLICIES)}"
    possible = [f.facility_id for f in scenario.facilities if f.status == "possible"]
    if facilities and rule == "do_nothing":
        yield "do_nothing: expected no facility to order; leave it out"
    for facility in facilities:
        if facility not in possible:
            known = ", ".join(possible) or "none that is possible"
            yield f"{name}: expected facilities of {known} {got(facility, possible)}"
    if len(set(facilities)) < len(facilities):
        yield f"{name}: expected each facility once"
