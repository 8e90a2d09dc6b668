"""The report's section on what is not known: sentences, tables, and the figure of single constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demilsim.experiments.comparison_draws import REPLICATIONS as COMPARE_REPLICATIONS
from demilsim.experiments.statistics import FEW_EVENTS
from demilsim.reporting.canvas import BLUE, FAINT, INK, ORANGE, new_figure, number_axis
from demilsim.reporting.grid import Column, Row, Table, plain_rows
from demilsim.reporting.policy_records import OPTIMISED, PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.uncertainty_records import Bar, UncertaintyFacts, VarianceShares
from demilsim.reporting.wording import (
    ABSENT,
    figure,
    fixed,
    label,
    parameter,
    parameter_range,
    percent,
    sentence,
    shortened,
    the_plan,
)
from demilsim.scenario.register import shipped_register

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST_KEY = 38
"""Characters of a constant's name that fit beside its bar."""

NAMES_LEFT, BARS_WIDTH = 0.34, 0.58
"""Where the bars begin, and how wide they are, as shares of the figure's width."""

WITHIN_CHANCE = "within chance"
"""Stands for a range where chance may explain all that draws differ by."""

SUFFIXES = {
    "1/yr": "_per_year", "J/mol": "_j_per_mol", "USD/(t km)": "_usd_per_t_km", "USD/t": "_usd_per_t",
    "USD": "_usd", "d": "_days", "h": "_hours", "kg": "_kg", "km": "_km", "m": "_m", "t": "_t",
    "t/d": "_t_per_day", "t/yr": "_t_per_year", "yr": "_years",
}  # fmt: skip
"""How names end that are in a unit."""


def with_unit(name: str, unit: str, more: str = "") -> str:
    """Return a name in words with what is said of it and its unit in brackets, if it has one, at its end."""
    words = name.removesuffix(SUFFIXES.get(unit, "")).replace("_", " ") + more
    return f"{words} [{unit}]" if unit not in ("", "1") else words


def constant_label(key: str) -> str:
    """Return the name of a constant in words, with its unit: its key without group, underscores and unit."""
    group, _, name = key.partition(".")
    entry = shipped_register().entries.get(key)
    return with_unit(name.replace(".", " ") if group == "method" else name, entry.unit if entry else "")


def sentences(results: StoredResults) -> tuple[str, ...]:
    """Return what the draws say: how much is not known, how sure the order is, where it is worst."""
    facts = results.uncertainty
    if facts is None:
        return ("The constants were not varied here: nothing below says how much depends on them.",)
    return tuple(filter(None, (_variance(results, facts), _better(facts), _worst(facts), _limits(facts))))


def _variance(results: StoredResults, facts: UncertaintyFacts) -> str:
    shares = facts.variance_shares.get(results.shown.name)
    if shares is None:
        return ""
    counted, expected, plan = shares.fatalities, shares.expected_fatalities, the_plan(results.shown)
    if counted.not_known is not None:
        told = (
            f"Of the variance of the deaths that may be counted under {plan}, {percent(counted.not_known)} "
            f"comes from constants that are not known and {percent(counted.chance)} from chance, which would "
            "remain if they were"
        )
        if expected.not_known is not None:
            told += (
                f"; of the variance of its expected deaths {percent(expected.not_known)} comes from what is "
                "not known"
            )
        return f"{told}."
    told = ""
    if expected.not_known is not None:
        told = (
            f"Of the variance of the expected deaths under {plan}, {percent(expected.not_known)} comes from "
            f"constants that are not known and {percent(expected.chance)} from chance in work, weather and "
            "money; whether an explosion happens is not in it. "
        )
    return f"{told}{_too_few(facts, counted.events)}"


def _too_few(facts: UncertaintyFacts, events: int | None) -> str:
    """Return why nothing is said of deaths as counted."""
    said = "How the variance of deaths as counted divides is not known"
    if events is None:
        return f"{said}."
    replications = facts.parameter_draws * facts.replications_per_draw
    return f"{said}: of {replications:,} replications under draws of the constants {events:,} have any."


def _better(facts: UncertaintyFacts) -> str:
    if not facts.p_optimised_better:
        return ""
    name, least = min(facts.p_optimised_better.items(), key=lambda item: item[1])
    return (
        "Against each other policy the optimised plan has fewer expected deaths in at least "
        f"{percent(least)} of the draws; the closest is “{label(name)}”."
    )


def _worst(facts: UncertaintyFacts) -> str:
    if len(facts.region_ranking) < 2:
        return ""
    first = facts.region_ranking[0]
    return (
        f"{first.region} has the highest harm rate at the start in {percent(first.p_highest)} of the draws."
    )


def _limits(facts: UncertaintyFacts) -> str:
    return (
        f"There are {facts.parameter_draws} draws of all constants together, each with "
        f"{facts.replications_per_draw} replications; the plans are those made with the constants as given. "
        f"demilsim compare takes {COMPARE_REPLICATIONS} replications of each of the same draws, so that its "
        "range for the same plan differs from that told here, by chance alone."
    )


def by_policy(results: StoredResults) -> Table:
    """Return deaths, variance shares and the chance that the optimised plan is better, by policy."""
    columns = (
        Column("Policy", wide=True),
        Column("Expected deaths", "mean over draws"),
        Column("Range", "5-95%"),
        Column("Expected deaths: not known", "% of variance, ±"),
        Column("Counted deaths: not known", "% of variance"),
        Column("Optimised is better", "% of draws"),
    )
    facts = results.uncertainty
    rows = []
    for policy in results.policies if facts else ():
        assert facts, "no rows without"
        shares = facts.variance_shares.get(policy.name)
        rows.append(
            Row(
                (
                    sentence(label(policy.name)),
                    figure(facts.expected_fatalities.get(policy.name)),
                    _range_or_why(policy, shares.expected_fatalities if shares else None),
                    _with_error(shares.expected_fatalities if shares else None),
                    _hundredths(shares.fatalities.not_known if shares else None),
                    _hundredths(facts.p_optimised_better.get(policy.name)),
                ),
                policy.name == OPTIMISED,
            )
        )
    caption = (
        "Policies under draws of what is not known; the rest of a variance is chance. A policy has no range "
        "where that share is no larger than its own error (±), since chance may then explain all that draws "
        f"differ by: “{WITHIN_CHANCE}”. Of deaths as counted there is no share ({ABSENT}) where fewer than "
        f"{FEW_EVENTS} replications have any"
    )
    return Table(caption, columns, tuple(rows), "No draws of the constants are stored.")


def _range_or_why(policy: PolicyResult, shares: VarianceShares | None) -> str:
    """Return a policy's range of expected deaths, or that chance may explain it."""
    told = parameter_range(policy.measures.expected_fatalities)
    known = shares is not None and shares.not_known is not None
    return WITHIN_CHANCE if told == ABSENT and known else told


def _with_error(shares: VarianceShares | None) -> str:
    """Return the share of what is not known in percent, with its half width if that is stored."""
    if shares is None or shares.not_known is None or shares.half_width is None:
        return _hundredths(shares.not_known if shares else None)
    return f"{fixed(100.0 * shares.not_known, 0)} ± {fixed(100.0 * shares.half_width, 0)}"


def _hundredths(share: float | None) -> str:
    return ABSENT if share is None else figure(100.0 * share, 2)


def tornado_table(results: StoredResults) -> Table:
    """Return the constants with the largest effect, each at both ends of its range."""
    columns = (
        Column("Constant", wide=True),
        Column("Range"),
        Column("Optimised, low", "expected deaths"),
        Column("Optimised, high", "expected deaths"),
        Column("Optimised minus host only, low", "deaths"),
        Column("Optimised minus host only, high", "deaths"),
    )
    bars = results.uncertainty.tornado if results.uncertainty else ()
    rows = plain_rows(
        (
            bar.key,
            f"{parameter(bar.low)} to {parameter(bar.high)}",
            figure(bar.expected_fatalities.low),
            figure(bar.expected_fatalities.high),
            figure(bar.optimised_minus_host_only.low),
            figure(bar.optimised_minus_host_only.high),
        )
        for bar in bars
    )
    caption = "Constants with the largest effect, one at a time at both ends of its range"
    if bars:
        given = bars[0]
        caption += (
            f"; with all as given, {figure(given.expected_fatalities.value)} expected deaths, "
            f"{figure(given.optimised_minus_host_only.value)} against host only"
        )
    return Table(caption, columns, rows, "No constant was varied alone.")


def tornado_caption(bars: tuple[Bar, ...]) -> str:
    """Return the sentence under the figure of single constants."""
    ends = bars[0].expected_fatalities
    return (
        f"Most depends on {constant_label(bars[0].key)}: from {parameter(bars[0].low)} to "
        f"{parameter(bars[0].high)} the optimised plan's expected deaths go from {figure(ends.low)} to "
        f"{figure(ends.high)}, all else as given. Events per year at the start are kept, unless their rate "
        "is what is varied."
    )


def draw_tornado(bars: tuple[Bar, ...], synthetic: bool, title: str, unit: str) -> Figure:
    """Return a bar for each constant, from expected deaths at its low to those at its high end."""
    height_in = 1.75 + 0.34 * len(bars)
    drawn, axes = new_figure(title, unit, synthetic, height_in=height_in)
    _, bottom, _, height = axes.get_position().bounds
    axes.set_position((NAMES_LEFT, bottom, BARS_WIDTH, height))
    places = list(range(len(bars), 0, -1))
    given = bars[0].expected_fatalities.value
    for end, colour, name in (("low", ORANGE, "low end of the range"), ("high", BLUE, "high end")):
        reach = [getattr(bar.expected_fatalities, end) - given for bar in bars]
        axes.barh(places, reach, left=given, height=0.62, color=colour, label=name)
    axes.axvline(given, color=INK, linewidth=0.9)
    axes.set_yticks(places, [shortened(constant_label(bar.key), LONGEST_KEY) for bar in bars])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(0.4, len(bars) + 0.6)
    axes.set_xlim(0, axes.get_xlim()[1] or 1)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("expected deaths over the horizon [persons]")
    number_axis(axes.xaxis)
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, frameon=False, fontsize=8, handlelength=1
    )
    return drawn
