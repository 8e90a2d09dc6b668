"""Programmes with mobile plant, planned without simulating, so that no rule can win over the optimiser."""

from __future__ import annotations

from dataclasses import replace

from demilsim.experiments.policies import simple_plan
from demilsim.model.harm import stock_harm
from demilsim.model.options import disposal_options
from demilsim.optimisation.optimise import optimise
from demilsim.optimisation.result import PlanResult
from demilsim.plan import DisposalPlan, PlanningCoefficients
from demilsim.planning.coordinate import Programme
from demilsim.planning.decided import decided_stays
from demilsim.planning.disaggregate import decided_pieces
from demilsim.planning.draft import LEAD_PERIODS, Draft, with_lead, write_plan
from demilsim.planning.rules import nominal_coefficients
from demilsim.scenario.scenario import Scenario
from optimisation.test_tours import sites_with
from stories import without_accidents
from worlds import village

RULES = ("host_only", "oldest_first", "cheapest_first")


def crowded(*sites: tuple[float, float]) -> Scenario:
    """Return sites of so many tonnes and people, and plant that begins at the first, without accidents."""
    masses_t, persons = zip(*sites, strict=True)
    people = [village(f"E{k}", f"S{k}", persons=number) for k, number in enumerate(persons, start=1)]
    return without_accidents(sites_with(*masses_t, exposed_sites=people))


def plan_of(scenario: Scenario, result: PlanResult, coefficients: PlanningCoefficients) -> DisposalPlan:
    """Return the plan of a result as the planning loop writes it."""
    harm, options = stock_harm(scenario).with_factor(coefficients.harm_factor), disposal_options(scenario)
    pieces, stays = decided_pieces(scenario, result, harm, options), decided_stays(scenario, result.tours)
    draft = Draft("optimised", result.source, tuple(pieces))
    return with_lead(write_plan(draft, scenario, harm, options, lambda *_: ""), LEAD_PERIODS, stays)


def programme_of(scenario: Scenario) -> Programme:
    """Return the optimiser's plan on nominal days and money, beside those of some rules."""
    known = nominal_coefficients(scenario)
    rules = {name: replace(simple_plan(name, scenario), name=name) for name in RULES}
    result = optimise(scenario, known, start=rules["host_only"])
    return Programme(plan_of(scenario, result, known), rules, result, known, ())
