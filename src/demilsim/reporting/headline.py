"""The report's first sentences, computed from the numbers alone."""

from __future__ import annotations

from dataclasses import dataclass

from demilsim.experiments.ensemble import CLEARED_SHARE
from demilsim.reporting.later_years import later_against, later_sentence
from demilsim.reporting.lots_left import LeftFacts, left_words
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED, Measures, PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.wording import (
    USD_PER_MILLION,
    figure,
    fixed,
    interval_decimals,
    label,
    level_text,
    sentence,
    share_said,
    the_plan,
    with_half_width,
    years_text,
)

OTHERWISE = {
    HOST_ONLY: "only the host's own money is spent",
    DO_NOTHING: "no ammunition is destroyed",
}
"""What happens without the plan, by baseline."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What a reader takes away: the finding, then what it costs and how sure it is."""

    finding: str
    context: str


def best_rule(results: StoredResults) -> PolicyResult | None:
    """Return the simple rule with the fewest expected deaths, None if no rule was simulated."""
    scored = [
        (policy.measures.expected_fatalities.mean, policy)
        for policy in results.policies
        if policy.name not in (DO_NOTHING, HOST_ONLY, OPTIMISED) and policy.measures.expected_fatalities
    ]
    return min(scored, key=lambda pair: pair[0])[1] if scored else None


def headline(results: StoredResults) -> Headline:
    """Return the headline of a report.

    The finding says what the plan averts against the host's own money alone (or doing nothing) and whether
    it beats the best simple rule. An interval that includes zero is called that: no effect shown.
    """
    return Headline(
        finding=" ".join(
            filter(
                None,
                (
                    _finding(results),
                    later_sentence(results.later_years, results.level),
                    _against_rule(results),
                ),
            )
        ),
        context=" ".join(filter(None, (_work(results), _uncertainty(results)))),
    )


def _difference(policy: PolicyResult) -> Spread | None:
    """Return optimised minus `policy` in expected deaths."""
    return policy.difference.expected_fatalities if policy.difference else None


def _interval(spread: Spread, decimals: int, level: float) -> str:
    """Return ``(95% Monte Carlo interval a to b)`` about the size of a difference, empty if not known."""
    if spread.half_width is None:
        return ""
    low, high = abs(spread.mean) - spread.half_width, abs(spread.mean) + spread.half_width
    return f" ({level_text(level)} Monte Carlo interval {fixed(low, decimals)} to {fixed(high, decimals)})"


def against_rule(rule: PolicyResult) -> Spread | None:
    """Return optimised minus the best rule, its half width for all policies: it was picked among them."""
    difference = _difference(rule)
    if difference is None or difference.half_width_simultaneous is None:
        return difference
    return difference.model_copy(update={"half_width": difference.half_width_simultaneous})


def _unsure(spread: Spread) -> bool:
    """Return whether the interval of a difference includes zero."""
    return spread.half_width is not None and abs(spread.mean) <= spread.half_width


def _subject(results: StoredResults) -> str:
    """Return how the first sentence names the plan; a rule that won is called a rule."""
    source = results.plan.source if results.plan else ""
    if results.shown.name == OPTIMISED and source.startswith("rule:"):
        return f"the chosen plan, the rule “{label(source.removeprefix('rule:'))}”,"
    return the_plan(results.shown)


def _finding(results: StoredResults) -> str:
    """Return the sentence on deaths averted, or expected where there is nothing to compare with."""
    shown, base = results.shown, results.baseline
    expected = shown.measures.expected_fatalities
    horizon = years_text(results.scenario.horizon_years)
    if expected is None:
        return f"No expected number of deaths is stored for {the_plan(shown)}."
    against = base.measures.expected_fatalities if base else None
    if base is None or against is None:
        return f"Under {the_plan(shown)}, {with_half_width(expected)} deaths are expected over {horizon}."
    difference = _difference(base) or Spread(mean=expected.mean - against.mean)
    decimals = interval_decimals(difference.half_width, difference.mean)
    size = fixed(abs(difference.mean), decimals)
    all_deaths = fixed(against.mean, decimals)
    if against.half_width is not None:
        all_deaths += f" ± {fixed(against.half_width, decimals)}"
    effect = (
        f"avert {size} of the {all_deaths} deaths"
        if difference.mean <= 0
        else f"cause {size} deaths more than the {all_deaths}"
    )
    return (
        f"{sentence(_subject(results))} is expected to {effect}"
        f"{_interval(difference, decimals, results.level)} expected over {horizon} if {OTHERWISE[base.name]}"
        f"{'; the interval includes zero, so no effect is shown' if _unsure(difference) else ''}."
    )


def _against_rule(results: StoredResults) -> str:
    """Return the sentence that holds the optimised plan against the best simple rule."""
    rule = best_rule(results)
    difference = against_rule(rule) if rule else None
    if rule is None or difference is None or results.shown.name != OPTIMISED:
        return ""
    name = f"the best simple rule, “{label(rule.name)}”,"
    if results.plan and results.plan.source == f"rule:{rule.name}":
        return f"No plan did better in simulation than {name} so that rule is the plan reported here."
    decimals = interval_decimals(difference.half_width, difference.mean)
    size = fixed(abs(difference.mean), decimals)
    effect = f"averts a further {size}" if difference.mean <= 0 else f"causes {size} more deaths"
    later = later_against(results.later_years, rule.name)
    if _unsure(difference):
        said = f"Against {name} no difference in deaths can be shown: {with_half_width(difference)}"
    else:
        said = f"Against {name} it {effect}{_interval(difference, decimals, results.level)}"
    return f"{said}; {later}." if later else f"{said}."


def _work(results: StoredResults) -> str:
    """Return the sentence on tonnes, money and when the surplus is gone."""
    measures, scenario = results.shown.measures, results.scenario
    if not measures.destroyed_t or not measures.cost_usd or not measures.destroyed_t.mean:
        return ""
    text = (
        f"It destroys {with_half_width(measures.destroyed_t)} t of a surplus of {figure(scenario.surplus_t)} "
        f"t for USD {with_half_width(measures.cost_usd, USD_PER_MILLION)} million ({scenario.price_year} "
        f"prices; ± is the half width of the {level_text(results.level)} Monte Carlo interval)"
    )
    return f"{text}; {_cleared(measures, results.left)}."


def _cleared(measures: Measures, left: LeftFacts | None) -> str:
    """Return when the surplus is gone, with the interval of the median or of the share in time."""
    dates, share = measures.clearance_date, measures.p_cleared
    if dates and dates.p50:
        ends = dates.p50_low, dates.p50_high
        between = f" ({' to '.join(end.isoformat() for end in ends if end)})" if all(ends) else ""
        return f"the surplus is gone by {dates.p50.isoformat()}{between} in half of the replications"
    if share and not share.mean:
        why = f": {left_words(left)}" if left and left.left_t > CLEARED_SHARE * left.surplus_t else ""
        return f"the surplus is not gone within the horizon in any replication{why}"
    within = f", but in {share_said(share)} of them it is" if share else ""
    return f"the surplus is not gone within the horizon in most replications{within}"


def _uncertainty(results: StoredResults) -> str:
    """Return the sentence on what is not known about the parameters."""
    expected = results.shown.measures.expected_fatalities
    if expected is None or expected.parameter_p5 is None or expected.parameter_p95 is None:
        return ""
    return (
        "Rates and effects are not known well: in 90% of the parameter draws its expected deaths lie between "
        f"{figure(expected.parameter_p5)} and {figure(expected.parameter_p95)}."
    )
