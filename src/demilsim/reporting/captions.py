"""One sentence under each figure, computed from the numbers that it shows."""

from __future__ import annotations

from collections.abc import Sequence

from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, FacilityYears, PolicyResult, Timeline
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import (
    figure,
    label,
    level_text,
    million,
    percent,
    sentence,
    the_plan,
    with_half_width,
)

BANDS = "Bands hold 5-95% of replications; their lines are means."


def _timelines(results: StoredResults) -> list[tuple[PolicyResult, Timeline]]:
    """Return the policies that have a timeline, each with it."""
    return [(policy, policy.timeline) for policy in results.policies if policy.timeline]


def _others(results: StoredResults, values: dict[str, str]) -> str:
    """Return ``against A for …`` for the two baselines that are there and are not shown."""
    parts = [
        f"{values[name]} {words}"
        for name, words in (
            (HOST_ONLY, "with the host's own money alone"),
            (DO_NOTHING, "if nothing is done"),
        )
        if name in values and name != results.shown.name
    ]
    return f", against {' and '.join(parts)}" if parts else ""


def harm_rate(results: StoredResults) -> str:
    """Return the caption of expected deaths per year over time."""
    last = {p.name: figure(t.harm_rate_per_year.mean[-1]) for p, t in _timelines(results)}
    timeline = results.shown.timeline
    assert timeline, "drawn only where the shown policy has a timeline"
    return (
        f"Under {the_plan(results.shown)} the rate goes from {figure(timeline.harm_rate_per_year.mean[0])} "
        f"to {last[results.shown.name]} expected deaths per year by {timeline.starts[-1].year}"
        f"{_others(results, last)}. {BANDS}"
    )


def stock(results: StoredResults) -> str:
    """Return the caption of the stock over time."""
    last = {p.name: f"{figure(t.stock_t.mean[-1])} t" for p, t in _timelines(results)}
    timeline = results.shown.timeline
    assert timeline, "drawn only where the shown policy has a timeline"
    return (
        f"Under {the_plan(results.shown)} the stock, reserve included, goes from "
        f"{figure(timeline.stock_t.mean[0])} t to {last[results.shown.name]} by {timeline.starts[-1].year}"
        f"{_others(results, last)}. {BANDS}"
    )


def spending(results: StoredResults) -> str:
    """Return the caption of cumulative spending."""
    totals = {p.name: sum(t.spent_usd.mean) for p, t in _timelines(results)}
    most = max(totals, key=lambda name: totals[name])
    text = (
        f"{sentence(the_plan(results.shown))} spends USD {million(totals[results.shown.name])} million by "
        f"{results.scenario.end.year}"
    )
    if most != results.shown.name:
        text += f"; the most is spent under “{label(most)}”, USD {million(totals[most])} million"
    return f"{text}. Means over replications, {results.scenario.price_year} prices."


def facilities(rows: Sequence[FacilityYears], first_year: int, policy: PolicyResult) -> str:
    """Return the caption of tonnes destroyed by facility and year."""
    totals = [sum(row.destroyed_t) for row in rows]
    by_year = [sum(tonnes) for tonnes in zip(*(row.destroyed_t for row in rows), strict=True)]
    top, busiest = totals.index(max(totals)), by_year.index(max(by_year))
    share = totals[top] / sum(totals)
    return (
        f"Under {the_plan(policy)} {rows[top].name} destroys most, {figure(totals[top])} of "
        f"{figure(sum(totals))} t ({percent(share)}); the busiest year is {first_year + busiest} with "
        f"{figure(by_year[busiest])} t."
    )


def deaths(results: StoredResults) -> str:
    """Return the caption of expected deaths by policy."""
    scored = [(p.measures.expected_fatalities, p) for p in results.policies if p.measures.expected_fatalities]
    spread, fewest = min(scored, key=lambda pair: pair[0].mean)
    text = f"Fewest deaths are expected under {the_plan(fewest)}, {with_half_width(spread)}"
    public = fewest.measures.expected_fatalities_public
    if public and spread.mean > 0:
        text += f", of which {percent(public.mean / spread.mean)} among the public"
    thin = ", thin lines 5-95% of the parameter draws" if results.has_parameter_range else ""
    return f"{text}. Thick lines are {level_text(results.level)} Monte Carlo intervals{thin}."


def regions(policy: PolicyResult) -> str:
    """Return the caption of harm rates by region before and after."""
    top = max(policy.regions, key=lambda r: r.harm_rate_start_per_year - r.harm_rate_end_per_year)
    before = sum(region.harm_rate_start_per_year for region in policy.regions)
    after = sum(region.harm_rate_end_per_year for region in policy.regions)
    return (
        f"Under {the_plan(policy)} the largest fall is in {top.region}, from "
        f"{figure(top.harm_rate_start_per_year)} to {figure(top.harm_rate_end_per_year)} expected deaths per "
        f"year; over all regions it goes from {figure(before)} to {figure(after)}."
    )
