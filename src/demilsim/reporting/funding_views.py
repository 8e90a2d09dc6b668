"""What donors read of a funding curve: tables, each price with what it is a price of, and notes.

Deaths as simulated and deaths as planned are never mixed: see `funding_words`.
"""

from __future__ import annotations

from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.next_million import MOST_MILLIONS
from demilsim.experiments.statistics import LEVEL, Estimate, wilson_interval
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.comparison_words import signed, spelled
from demilsim.reporting.funding_words import PLANNED, planned, step
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_measures import clearance_dates
from demilsim.reporting.stored import plain
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    figure,
    fixed,
    label,
    level_text,
    million,
    percent,
    sentence,
)


def curve_table(study: FundingStudy) -> Table:
    """Return a row for each budget: what it averts, destroys and costs, over the host's own money alone."""
    year = study.scenario.settings.price_year
    columns = (
        Column("Donors promise", f"million USD of {year}"),
        Column("Deaths averted", "against the host alone, ±"),
        Column("By the last step", "deaths averted, ±"),
        Column("Averted as planned", "against doing nothing"),
        Column("Destroyed", "t, ±"),
        Column("Spent", "million USD, ±"),
        Column("Per death averted", "million USD, ±"),
        Column("Per tonne", "USD/t, ±"),
        Column("Per kg NEQ", "USD/kg, ±"),
        Column("Surplus cleared", "median, 5 to 95%", wide=True),
        Column("Plan by", wide=True),
    )
    rows = []
    for number, point in enumerate(study.points):
        before = study.points[number - 1] if number else None
        rows.append(
            Row(
                (
                    million(point.budget_usd),
                    signed(point.averted),
                    signed(step(before, point)) if before else ABSENT,
                    _averted_as_planned(point),
                    spelled(point.destroyed_t),
                    spelled(point.cost_usd, USD_PER_MILLION),
                    *_prices(point),
                    _cleared(point),
                    _maker(point.source),
                )
            )
        )
    caption = (
        "What each amount buys, simulated. The three prices are money spent more than by the host alone, for "
        f"one death, tonne or kg NEQ more; {ABSENT} where there is no more of it, or no donors' money"
    )
    return Table(caption, columns, tuple(rows))


def _maker(source: str) -> str:
    """Return who made a plan, in words."""
    if source == "milp":
        return "optimiser"
    rule = source.removeprefix("rule:")
    return plain(source) if rule == source else f"rule “{label(rule)}”"


def _averted_as_planned(point: FundingPoint) -> str:
    if point.planning_harm is None or point.do_nothing_harm is None:
        return ABSENT
    return figure(point.do_nothing_harm - point.planning_harm)


def _prices(point: FundingPoint) -> tuple[str, str, str]:
    """Return the prices of a death, a tonne and a kg NEQ; none where donors pay nothing."""
    if not point.budget_usd:
        return ABSENT, ABSENT, ABSENT
    death = _or_dash(point.usd_per_fatality_averted, USD_PER_MILLION)
    return death, _or_dash(point.usd_per_t), _or_dash(point.usd_per_kg_neq)


def _or_dash(price: Estimate | None, scale: float = 1.0) -> str:
    return spelled(price, scale) if price else ABSENT


def _cleared(point: FundingPoint) -> str:
    dates = clearance_dates(point.ensemble, OPTIMISED)
    if dates["p50"] is None:
        return "not in the horizon"
    return f"{dates['p50']} ({dates['p5']} to {dates['p95'] or 'after the horizon'})"


def clean_up_table(study: FundingStudy) -> Table:
    """Return clean-up avoided as probability times cost, with both factors beside it."""
    columns = (
        Column("Donors promise", "million USD"),
        Column("Chance of an explosion", "host alone, %, 95% interval"),
        Column("With this money", "%, 95% interval"),
        Column("Clean-up avoided", "USD, on average, ±"),
        Column("If one happens", "USD, host alone"),
    )
    rows = []
    replications = len(study.points[0].ensemble.results[OPTIMISED])
    for point in study.points:
        own = point.clean_up
        rows.append(
            Row(
                (
                    million(point.budget_usd),
                    _chance(own.p_host_only, replications),
                    _chance(own.p_optimised, replications),
                    _whole_usd(own.avoided_usd),
                    ABSENT if own.usd_if_any is None else fixed(own.usd_if_any, 0),
                )
            )
        )
    caption = (
        "Clean-up after explosions in store. What is avoided is the mean over all replications, with an "
        "explosion or not: probability times cost. The last column holds only if one happens; it is no "
        "saving by itself"
    )
    return Table(caption, columns, tuple(rows))


def _whole_usd(amount: Estimate) -> str:
    """Return an amount; less than a dollar is the rounding of masses, and nothing."""
    largest = max(abs(amount.mean), amount.half_width or 0.0)
    return "0 ± 0" if 0.0 < largest < 1.0 else signed(amount)


def _chance(share: float, replications: int) -> str:
    low, high = wilson_interval(share, replications)
    return f"{figure(100 * share)} ({figure(100 * low, 2)} to {figure(100 * high, 2)})"


def next_table(study: FundingStudy) -> Table:
    """Return what the next million is worth at each budget, by the dual and by planning again."""
    columns = (
        Column("Donors promise", "million USD"),
        Column("By the slope", f"{PLANNED}, per million"),
        Column("The slope holds", "from, million USD"),
        Column("", "to, million USD"),
        Column("Planned again", PLANNED),
    )
    rows = []
    for point in study.points:
        if point.next is not None:
            cells = (
                million(point.budget_usd),
                planned(study, point.next.by_dual),
                million(point.next.holds_from_usd),
                _end(point),
                planned(study, point.next.again),
            )
            rows.append(Row(cells))
    caption = (
        "What the next million would avert. Between the two budgets beside it the slope (the dual of the "
        "plan's money) is exact for the plan made linear, with the plants that it orders; outside trust "
        "planning again, which may also order other plants"
    )
    return Table(
        caption, columns, tuple(rows), "Nothing was optimised, so that the next million has no price."
    )


def _end(point: FundingPoint) -> str:
    """Return where the slope ends; it is not followed for ever."""
    assert point.next is not None, "asked for only with a next million"
    farthest = point.budget_usd + MOST_MILLIONS * USD_PER_MILLION
    return "no end found" if point.next.holds_to_usd >= farthest else million(point.next.holds_to_usd)


def notes(study: FundingStudy) -> tuple[str, ...]:
    """Return what the reader must know."""
    settings = study.scenario.settings
    replications = len(study.points[0].ensemble.results[OPTIMISED])
    after = (
        f" and counts what is left at the end for another {settings.terminal_years:g} years"
        if settings.terminal_years
        else ""
    )
    told = [
        f"± is half the width of the {level_text(LEVEL)} Monte Carlo interval, each by itself, from "
        f"{replications:,} replications that are the same for every budget. What is not known about the "
        "model's constants is not in it: see the parameter range of the report.",
        f"Differences below {percent(GAP_AVERTED)} of what the plan averts are too small for the optimiser "
        "to tell apart: no number is given.",
        f"“As planned” is the planner's own count: it weighs deaths{after}. Simulated deaths stop at the "
        "horizon, so that a plan that works for the years after it can look worse there.",
        "A budget is what all donors promise, before overhead; their dates, strings and probabilities stay, "
        f"and amounts are scaled. The scenario as given promises USD {million(study.promised_usd)} million.",
    ]
    return (*told, *(f"{sentence(plain(note))}." for note in study.notes))
