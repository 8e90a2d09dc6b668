"""When the surplus is gone: the share of replications that finish in each calendar year, by policy."""

from __future__ import annotations

from itertools import pairwise

from demilsim.reporting.drawing import DrawnFigure, drawn
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.over_time_records import OverTimeFacts
from demilsim.reporting.policy_records import OPTIMISED, PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.schedule_views import WITHOUT
from demilsim.reporting.strips import Block, Scale, Strip, draw_strips
from demilsim.reporting.wording import label, level_text, sentence, share_said, the_plan

NAME, TITLE = "finishing", "When the surplus is gone"
ABSENT_FACTS = f"No finishing years are stored here; {WITHOUT}."
LATER = "later"
PERCENT = 100.0
HALF = 0.5


def _policies(results: StoredResults) -> list[tuple[PolicyResult, tuple[float, ...]]]:
    """Return the policies for which it is stored, each with the share cleared by the end of each year."""
    facts = results.over_time
    if facts is None:
        return []
    return [(p, facts.policies[p.name].p_cleared) for p in results.policies if p.name in facts.policies]


def _in_each(cleared: tuple[float, ...]) -> tuple[float, ...]:
    """Return the share that finishes in each year, and last the share that does not within the horizon."""
    return (*(b - a for a, b in pairwise((0.0, *cleared))), 1.0 - cleared[-1])


def _percent(share: float) -> str:
    """Return a share in percent; one that is not zero is not shown as zero."""
    return "" if share <= 0 else "<1" if share < HALF / PERCENT else f"{PERCENT * share:.0f}"


def finishing_figure(results: StoredResults) -> DrawnFigure | None:
    """Return in which year replications finish; None where it is not stored."""
    facts, rows = results.over_time, _policies(results)
    if facts is None or not rows:
        return None
    columns = (*map(str, facts.years), LATER)
    heading = "Share of replications in which the last surplus goes in a year, %; full height is 100%"
    marks, height = draw_strips(
        [Block(heading, tuple(_strip(*row, columns) for row in rows))],
        Scale(len(columns), tuple(enumerate(columns)), centred=True),
        [("work", "within the horizon"), ("late", "not within the horizon")],
    )
    form = "Rows of bars by calendar year, one row for each policy, % of replications"
    return drawn(NAME, TITLE, form, _caption(results, facts), height, marks, results.scenario.synthetic)


def _strip(policy: PolicyResult, cleared: tuple[float, ...], columns: tuple[str, ...]) -> Strip:
    shares = _in_each(cleared)
    name = sentence(label(policy.name))
    told = tuple(
        f"{name}, {'not within the horizon' if year == LATER else year}: {_percent(share) or '0'}%"
        for year, share in zip(columns, shares, strict=True)
    )
    return Strip(
        label=name,
        values=shares,
        told=told,
        numbers=tuple(map(_percent, shares)),
        sum=f"median {_median(policy, cleared, columns)}",
        last="late",
    )


def _median(policy: PolicyResult, cleared: tuple[float, ...], columns: tuple[str, ...]) -> str:
    """Return the year in which half of the replications are done."""
    dates = policy.measures.clearance_date
    if dates and dates.p50:
        return str(dates.p50.year)
    return next((year for year, share in zip(columns, cleared, strict=False) if share >= HALF), LATER)


def _caption(results: StoredResults, facts: OverTimeFacts) -> str:
    shown = results.shown
    share = shown.measures.p_cleared
    within = share_said(share) if share else "an unknown share"
    said = (
        f"Under {the_plan(shown)} the whole surplus is gone by the end of {facts.years[-1]} in {within} of "
        f"replications ({level_text(results.level)} Monte Carlo interval)"
    )
    dates = shown.measures.clearance_date
    if dates and dates.p50:
        said += f", in half of them by {dates.p50.isoformat()}"
        if dates.p50_low and dates.p50_high:
            said += f" ({dates.p50_low.isoformat()} to {dates.p50_high.isoformat()})"
    never = [label(p.name) for p, cleared in _policies(results) if not cleared[-1] and p is not shown]
    return f"{said}. " + (f"Never in time: {', '.join(never)}." if never else "")


def finishing_table(results: StoredResults) -> Table:
    """Return the share of replications that are done by the end of each year, by policy."""
    facts = results.over_time
    lead = (Column("Policy", wide=True),)
    caption = "Share of replications in which the surplus is gone by the end of a year"
    if facts is None:
        return Table(caption, lead, (), ABSENT_FACTS)
    columns = (*lead, *(Column(str(year), "%") for year in facts.years))
    rows = tuple(
        Row((sentence(label(policy.name)), *(_percent(s) or "0" for s in cleared)), policy.name == OPTIMISED)
        for policy, cleared in _policies(results)
    )
    return Table(caption, columns, rows, ABSENT_FACTS)
