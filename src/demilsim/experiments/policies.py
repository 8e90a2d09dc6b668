"""Policies that need no optimiser: doing nothing, the host's own money, and the rules."""

from __future__ import annotations

from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.plan import DisposalPlan
from demilsim.planning.coordinate import LEAD_PERIODS
from demilsim.planning.draft import with_lead
from demilsim.planning.rules import DO_NOTHING, RULES, nominal_coefficients, rule_plan
from demilsim.scenario.scenario import Scenario

POLICIES = ("do_nothing", "host_only", *RULES)


def simple_plan(name: str, scenario: Scenario) -> DisposalPlan:
    """Return the plan of do_nothing, host_only or a rule on nominal coefficients."""
    if name == "do_nothing":
        return DO_NOTHING
    plan = rule_plan(
        name, scenario, nominal_coefficients(scenario), stock_harm(scenario), disposal_options(scenario)
    )
    return with_lead(plan, LEAD_PERIODS)
