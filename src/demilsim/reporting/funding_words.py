"""How a funding study is put into words: deaths as simulated and as planned, and names.

Two counts of deaths stand side by side and are never mixed: *simulated*, expected deaths up to the horizon
with their Monte Carlo error, and *as planned*, the planner's own count, which weighs deaths and goes on after
the horizon, and by which money is shared out and options are ranked.
"""

from __future__ import annotations

from demilsim.experiments.ensemble import Response
from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.statistics import Estimate, paired
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.stored import plain
from demilsim.reporting.wording import figure, shortened
from demilsim.scenario.scenario import Scenario

LONGEST_NAME = 60
PLANNED = "deaths averted, as planned"

HOST = "the host's own money alone"


def step(before: FundingPoint, after: FundingPoint) -> Estimate:
    """Return the deaths that the money from one budget to the next averts, paired [persons]."""
    deaths = Response.EXPECTED_FATALITIES
    return paired(before.ensemble.values(OPTIMISED, deaths), after.ensemble.values(OPTIMISED, deaths))


def least_that_counts(study: FundingStudy) -> float:
    """Return the planning harm below which two plans are equal to the optimiser [weighted persons]."""
    found = [
        p.do_nothing_harm - p.planning_harm for p in study.points if p.do_nothing_harm and p.planning_harm
    ]
    return GAP_AVERTED * max(found, default=0.0)


def planned(study: FundingStudy, averted: float | None) -> str:
    """Return deaths as planned; what is within the optimiser's gap is said to be below it."""
    least = least_that_counts(study)
    if averted is None or abs(averted) >= least:
        return figure(averted)
    return "0" if averted == 0.0 else f"below {figure(least, 2)}"


def planned_count(scenario: Scenario) -> str:
    """Return what “as planned” counts, as a clause."""
    years = scenario.settings.terminal_years
    after = f" and counts what is left at the end for another {years:g} years" if years else ""
    return f"“As planned” is the planner's own count: it weighs deaths{after}"


def short_name(name: str) -> str:
    """Return a name of the user's, plain and not too long."""
    return shortened(plain(name), LONGEST_NAME)
