"""What may go wrong under the plan, each with how likely or how much, in one table for the planner."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.experiments.ensemble import CLEARED_SHARE
from demilsim.reporting.delay_views import largest_delay
from demilsim.reporting.grid import Column, Table, plain_rows
from demilsim.reporting.lots_left import left_words
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.uncertainty_views import constant_label
from demilsim.reporting.wording import (
    USD_PER_MILLION,
    figure,
    label,
    level_text,
    million,
    parameter,
    parameter_range,
    percent,
    share_said,
    the_plan,
    with_interval,
)
from demilsim.units import KG_PER_TONNE

Line = tuple[str, str, str]


def risks_table(results: StoredResults) -> Table:
    """Return what may go wrong under the shown policy; what is not stored is left out."""
    columns = (
        Column("What may go wrong", wide=True),
        Column("How likely, or how much", wide=True),
        Column("What it depends on", wide=True),
    )
    intervals = f"in brackets are {level_text(results.level)} Monte Carlo intervals"
    caption = f"Risks of {the_plan(results.shown)}; {intervals}"
    rows = (*_outcomes(results), *_programme(results), *_knowledge(results))
    return Table(caption, columns, plain_rows(rows), "No risks are stored.")


def _outcomes(results: StoredResults) -> Iterator[Line]:
    """Yield the risks that are counted in replications."""
    measures, facts = results.shown.measures, results.risk
    if measures.p_cleared:
        said = f"{share_said(_complement(measures.p_cleared))} of replications"
        yield "The surplus is not gone within the horizon", said, _why_left(results)
    if measures.dates_missed:
        yield "Lots are left after their dates", f"{with_interval(measures.dates_missed)} lots", "the same"
    by_year = (facts.p_major_by_year_conditional or facts.p_major_by_year) if facts else {}
    years = by_year.get(results.shown.name)
    if facts and years:
        size = figure(facts.major_neq_kg / KG_PER_TONNE)
        said = f"{share_said(years[-1])} over the horizon"
        yield f"An explosion of {size} t NEQ or more", said, "what is stored how long, and where"
    elif measures.p_any_explosion_conditional or measures.p_any_explosion:
        said = share_said(measures.p_any_explosion_conditional or measures.p_any_explosion)
        said = f"{said} over the horizon"
        yield "An unplanned explosion", said, "what is stored how long, and where"


def _why_left(results: StoredResults) -> str:
    """Return what it depends on: what the plan leaves, if that alone keeps the surplus from being gone."""
    left = results.left
    if left is None or left.left_t <= CLEARED_SHARE * left.surplus_t:
        return "money, capacity and delays, see below"
    return left_words(left)


def _complement(share: Spread) -> Spread:
    """Return the share of all else, with its interval."""
    ends = [None if end is None else 1.0 - end for end in (share.high, share.low)]
    return share.model_copy(update={"mean": 1.0 - share.mean, "low": ends[0], "high": ends[1]})


def _programme(results: StoredResults) -> Iterator[Line]:
    """Yield what money and facilities may do."""
    funds = results.shown.funds
    received, lapsed = sum(fund.received_usd for fund in funds), sum(fund.lapsed_usd for fund in funds)
    if received > 0:
        said = f"USD {million(lapsed)} million of {figure(received / USD_PER_MILLION)} million on average"
        worst = max(funds, key=lambda fund: fund.lapsed_usd)
        yield "Money lapses", said, f"most of it “{worst.name}”" if lapsed > 0 else "none does"
    delay = largest_delay(results)
    if delay:
        name, share = delay
        yield "Facilities stand still", f"{percent(share)} of all working days, the largest delay", name


def _knowledge(results: StoredResults) -> Iterator[Line]:
    """Yield what is not known about the constants."""
    expected, facts = results.shown.measures.expected_fatalities, results.uncertainty
    first = facts.tornado[0] if facts and facts.tornado else None
    if expected and expected.parameter_p5 is not None:
        said = (
            f"{parameter_range(expected)} expected deaths in 90% of parameter draws, {figure(expected.mean)} "
            "with the stated ones"
        )
        most = (
            f"most on {constant_label(first.key)}, {parameter(first.low)} to {parameter(first.high)}"
            if first
            else "the constants' ranges"
        )
        yield "Rates and effects are other than assumed", said, most
    if facts and facts.p_optimised_better:
        name, least = min(facts.p_optimised_better.items(), key=lambda item: item[1])
        yield (
            "Another policy would have done better",
            f"{percent(1 - least)} of parameter draws",
            f"“{label(name)}”",
        )
