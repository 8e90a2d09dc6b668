"""How a funding study is put into words: deaths as simulated and as planned, and names.

Two numbers of deaths stand side by side and are never mixed: *simulated*, with their Monte Carlo error, and
*as planned*, as the planner computes it, by which money is shared out and options are ranked. Both count
alike: they weigh deaths and go on after the horizon. Simulated deaths up to the horizon alone are called so.
"""

from __future__ import annotations

from math import isclose

from demilsim.experiments.funding_curve import SAME_USD, FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.statistics import Estimate, paired
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.comparison_words import signed
from demilsim.reporting.stored import plain
from demilsim.reporting.wording import figure, figure_or_below, shortened, years_text
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import HarmWeights

LONGEST_NAME = 60
PLANNED = "deaths averted, as planned"

HOST = "the host's own money alone"


def step(before: FundingPoint, after: FundingPoint) -> Estimate:
    """Return the deaths that the money from one budget to the next averts, paired [weighted persons]."""
    return paired(before.as_counted(OPTIMISED), after.as_counted(OPTIMISED))


def counts_more(study: FundingStudy) -> bool:
    """Return whether the plan counts anything but deaths up to the horizon, each as one."""
    settings = study.scenario.settings
    return bool(settings.terminal_years) or settings.harm_weights != HarmWeights()


def with_later_words(study: FundingStudy) -> str:
    """Return which deaths the plan counts: ``with the 5 years after``, and whether they are weighted."""
    settings = study.scenario.settings
    after = f"with the {years_text(settings.terminal_years)} after" if settings.terminal_years else ""
    return ", ".join(filter(None, (after, "weighted" if settings.harm_weights != HarmWeights() else "")))


def span_words(study: FundingStudy) -> str:
    """Return over which years deaths are counted, as the end of a sentence's first part."""
    settings = study.scenario.settings
    span = f"over {years_text(settings.horizon_years)}"
    if settings.terminal_years:
        span += f" and the {years_text(settings.terminal_years)} after, at the rates left then"
    if settings.harm_weights != HarmWeights():
        span += ", weighted as in the scenario"
    return f"{span}, as the plan counts," if counts_more(study) else span


def least_that_counts(study: FundingStudy) -> float:
    """Return the planning harm below which two plans are equal to the optimiser [weighted persons]."""
    found = [
        p.do_nothing_harm - p.planning_harm for p in study.points if p.do_nothing_harm and p.planning_harm
    ]
    return GAP_AVERTED * max(found, default=0.0)


def planned(study: FundingStudy, averted: float | None) -> str:
    """Return deaths as planned; what is within the optimiser's gap is said to be below it."""
    return figure_or_below(averted, least_that_counts(study))


def too_small(study: FundingStudy, difference: Estimate) -> bool:
    """Return whether a simulated difference is not 0, but all of its interval is too near to it to count.

    Two plans that are equal to the optimiser differ by that much for no reason, whatever the replications.
    """
    reach = abs(difference.mean) + (difference.half_width or 0.0)
    return 0.0 < reach < least_that_counts(study)


def simulated(study: FundingStudy, difference: Estimate) -> str:
    """Return deaths as simulated, with their half width; what is too small to count is said to be below."""
    return f"below {least_text(study)}" if too_small(study, difference) else signed(difference)


def least_text(study: FundingStudy) -> str:
    """Return the number of deaths below which none is given, in figures."""
    return figure(least_that_counts(study), 2)


def main_index(study: FundingStudy) -> int:
    """Return which budget is spoken of first: what donors promise, if it is among them, else the largest."""
    promised = study.promised_usd
    budgets = study.draws.budgets_usd if study.draws else [point.budget_usd for point in study.points]
    same = [i for i, usd in enumerate(budgets) if usd > 0.0 and isclose(usd, promised, rel_tol=SAME_USD)]
    return same[0] if same else len(budgets) - 1


def planned_count(scenario: Scenario) -> str:
    """Return what “as planned” counts, as a clause."""
    years = scenario.settings.terminal_years
    after = f" and counts what is left at the end for another {years:g} years" if years else ""
    return f"“As planned” is the planner's own count: it weighs deaths{after}"


def short_name(name: str) -> str:
    """Return a name of the user's, plain and not too long."""
    return shortened(plain(name), LONGEST_NAME)
