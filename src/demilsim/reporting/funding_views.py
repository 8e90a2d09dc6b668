"""What donors read of a funding curve: tables, each price with what it is a price of, and notes.

Deaths as simulated and deaths as planned are never mixed: see `funding_words`.
"""

from __future__ import annotations

from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_study import FundingStudy
from demilsim.experiments.next_million import MOST_MILLIONS
from demilsim.experiments.rare_events import REPLICATIONS as CHANCE_REPLICATIONS
from demilsim.experiments.statistics import LEVEL, Estimate, wilson_interval
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.planning.coordinate import GAP_AVERTED
from demilsim.reporting.comparison_words import signed, spelled
from demilsim.reporting.funding_words import (
    PLANNED,
    counts_more,
    planned,
    planned_count,
    simulated,
    step,
    with_later_words,
)
from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_measures import clearance_dates
from demilsim.reporting.stored import Spread, plain
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
    share_interval,
)


def curve_table(study: FundingStudy) -> Table:
    """Return a row for each budget: what it averts, destroys and costs, over the host's own money alone."""
    year, more = study.scenario.settings.price_year, counts_more(study)
    averted = f"{with_later_words(study)}, against the host alone, ±" if more else "against the host alone, ±"
    columns = (
        Column("Donors promise", f"million USD of {year}"),
        Column("Deaths averted", averted),
        *([Column("Up to the horizon", "deaths averted, ±")] if more else ()),
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
                    simulated(study, point.averted_with_later),
                    *([simulated(study, point.averted)] if more else ()),
                    simulated(study, step(before, point)) if before else ABSENT,
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
        "What each amount buys, simulated. Against the host alone is what donors' money and better use of "
        "the host's own avert together, as in the report of demilsim run. The three prices are money spent "
        "more than by the host alone, for one death, tonne or kg NEQ more; "
        f"{ABSENT} where there is no more of it, or no donors' money"
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
    """Return the prices of a death, as the plan counts deaths, of a tonne and of a kg NEQ."""
    death = _or_dash(point.usd_per_fatality_averted_with_later, USD_PER_MILLION)
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
        Column("Any explosion in store", "host alone, probability, %, 95% interval"),
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
                    _chance(own.p_host_only, own.computed, replications),
                    _chance(own.p_optimised, own.computed, replications),
                    _whole_usd(own.avoided_usd),
                    ABSENT if own.usd_if_any is None else fixed(own.usd_if_any, 0),
                )
            )
        )
    how = (
        f"computed in {CHANCE_REPLICATIONS} replications from all else that happens there, as in the report "
        "of demilsim run; costs are counted, from the few explosions that happen"
        if all(point.clean_up.computed for point in study.points)
        else "counted, as costs are"
    )
    caption = (
        f"Clean-up after explosions in store. The chance of one is {how}. What is avoided is the mean over "
        "all replications, with an explosion or not: probability times cost. The last column holds only if "
        "one happens; it is no saving by itself"
    )
    return Table(caption, columns, tuple(rows))


def _whole_usd(amount: Estimate) -> str:
    """Return an amount; less than a dollar is the rounding of masses, and nothing."""
    largest = max(abs(amount.mean), amount.half_width or 0.0)
    return "0 ± 0" if 0.0 < largest < 1.0 else signed(amount)


def _chance(chance: Estimate, computed: bool, replications: int) -> str:
    """Return a chance in percent with its interval; of one that was counted it is Wilson's."""
    low, high = (None, None) if computed else wilson_interval(chance.mean, replications)
    return share_interval(Spread(mean=chance.mean, half_width=chance.half_width, low=low, high=high))


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


def slope_end(point: FundingPoint) -> float | None:
    """Return the budget up to which the slope holds [USD]; None if no end was found, or nothing planned.

    It is not followed for ever.
    """
    farthest = point.budget_usd + MOST_MILLIONS * USD_PER_MILLION
    return point.next.holds_to_usd if point.next and point.next.holds_to_usd < farthest else None


def _end(point: FundingPoint) -> str:
    end = slope_end(point)
    return "no end found" if end is None else million(end)


def _counted(study: FundingStudy) -> str:
    """Return how deaths are counted, planned and simulated."""
    if not counts_more(study):
        return "Simulated deaths are counted as these are."
    return (
        "Simulated deaths are counted over the same years; only what is said to be up to the horizon stops "
        "there, where a plan that works for the years after can look worse."
    )


def _not_in_it(study: FundingStudy) -> str:
    """Return where the reader finds what chance does not hold."""
    told = "What is not known about the model's constants is not in it:"
    if study.draws is None:
        return f"{told} it was not carried through here (--parameter-draws)."
    return (
        f"{told} that is a range of its own, over {study.draws.draws} draws, from which chance is taken off. "
        "The two are never added up. No plan is made anew for a draw: a planner does not know the constants "
        "better."
    )


def notes(study: FundingStudy) -> tuple[str, ...]:
    """Return what the reader must know."""
    replications = len(study.points[0].ensemble.results[OPTIMISED])
    told = [
        f"± is half the width of the {level_text(LEVEL)} Monte Carlo interval, each by itself, from "
        f"{replications:,} replications that are the same for every budget. {_not_in_it(study)}",
        f"Differences below {percent(GAP_AVERTED)} of what the plan averts are too small for the optimiser "
        "to tell apart: no number is given, neither of deaths as planned nor of simulated ones whose "
        "interval does not reach that far.",
        f"{planned_count(study.scenario)}, if money and capacity come as expected. {_counted(study)}",
        "A budget is what all donors promise, before overhead; their dates, strings and probabilities stay, "
        f"and amounts are scaled. The scenario as given promises USD {million(study.promised_usd)} million.",
    ]
    return (*told, *(f"{sentence(plain(note))}." for note in study.notes))
