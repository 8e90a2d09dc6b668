"""What a donor reads first: what the money buys, against the host's own money, nothing and the best rule."""

from __future__ import annotations

from collections.abc import Iterator

from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.headline import against_rule, best_rule
from demilsim.reporting.policy_records import DO_NOTHING, HOST_ONLY, OPTIMISED, PolicyResult
from demilsim.reporting.records import StoredResults
from demilsim.reporting.stored import Spread
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    figure,
    fixed,
    interval_decimals,
    label,
    level_text,
    percent,
    sentence,
    the_plan,
    with_half_width,
    years_text,
)

AGAINST = {HOST_ONLY: "The host's own money alone", DO_NOTHING: "Doing nothing"}
"""What the plan is held against, the donor's baseline first."""

PERCENT = 100.0


def bought(results: StoredResults) -> Table:
    """Return what the plan buys against each baseline and the best simple rule; no rows without any."""
    unit = f"{level_text(results.level)} Monte Carlo interval"
    million = f"million USD, {results.scenario.price_year}"
    columns = (
        Column("Against", wide=True),
        Column("Deaths averted", "persons"),
        Column("Interval", unit),
        Column("Share averted", "%, interval"),
        Column("Better than this", "% of parameter draws"),
        Column("More destroyed", "t, ± half width"),
        Column("More spent", f"{million}, ± half width"),
        Column("Spent for each death averted", f"{million}, interval"),
    )
    others, later = _others(results), results.later_years
    rows = [row for policy in others for row in _rows(results, policy)]
    span = years_text(results.scenario.horizon_years)
    if later and len(rows) > len(others):
        span += f", and with the {years_text(later.years)} after at the rates left then, as the plan counts"
    caption = (
        f"What {the_plan(results.shown)} buys over {span}, mean of {results.replications:,} replications on "
        "the same draws"
    )
    return Table(caption, columns, tuple(rows))


def _others(results: StoredResults) -> list[PolicyResult]:
    """Return what the plan is held against, where there is a difference: baselines, then the best rule.

    A plan that is that rule is not held against itself.
    """
    if results.shown.name != OPTIMISED:
        return []
    found, rule = [results.policy(name) for name in AGAINST], best_rule(results)
    if rule and not (results.plan and results.plan.source == f"rule:{rule.name}"):
        found.append(rule)
    return [policy for policy in found if policy and _averted(policy)]


def _averted(policy: PolicyResult) -> Spread | None:
    """Return the deaths that the plan averts against a policy, counted as positive [persons].

    Against the best rule with the half width of the headline: it was picked among several.
    """
    if policy.name in AGAINST:
        difference = policy.difference.expected_fatalities if policy.difference else None
    else:
        difference = against_rule(policy)
    return difference.model_copy(update={"mean": -difference.mean}) if difference else None


def _rows(results: StoredResults, policy: PolicyResult) -> Iterator[Row]:
    """Yield what the plan buys against a policy: deaths as it counts them, if known, and in the horizon."""
    averted, later = _averted(policy), results.later_years
    assert averted, "kept for having one"
    name = AGAINST.get(policy.name, f"The best simple rule, “{label(policy.name)}”")
    host = policy.name == HOST_ONLY
    known = later.against.get(policy.name) if later else None
    if later and known:
        weighted = ", weighted" if later.weighted else ""
        longer = f"{name}, with the {years_text(later.years)} after{weighted}"
        yield _row(results, policy, longer, known.averted, known.deaths, ABSENT, host)
    better = _better(results, policy)
    deaths = policy.measures.expected_fatalities
    yield _row(results, policy, name, averted, deaths, better, host and known is None)


def _row(
    results: StoredResults,
    policy: PolicyResult,
    name: str,
    averted: Spread,
    all_deaths: Spread | None,
    better: str,
    strong: bool,
) -> Row:
    decimals = interval_decimals(averted.half_width, averted.mean)
    own, other, paired = results.shown.measures, policy.measures, policy.difference
    spent = _more(own.cost_usd, other.cost_usd, paired.cost_usd if paired else None)
    tonnes = _more(own.destroyed_t, other.destroyed_t, paired.destroyed_t if paired else None)
    cells = (
        name,
        fixed(averted.mean, decimals),
        interval(averted, decimals),
        _share(averted, all_deaths),
        better,
        with_half_width(tonnes),
        with_half_width(spent, USD_PER_MILLION),
        _price(spent, averted),
    )
    return Row(cells, strong)


def _share(averted: Spread, everyone: Spread | None) -> str:
    """Return the share of a baseline's deaths that is averted, with the interval of what is averted."""
    if everyone is None or not everyone.mean:
        return ABSENT
    share = percent(averted.mean / everyone.mean)
    if averted.half_width is None:
        return share
    ends = (averted.mean - averted.half_width, averted.mean + averted.half_width)
    return f"{share} ({' to '.join(figure(PERCENT * end / everyone.mean) for end in ends)})"


def interval(spread: Spread, decimals: int) -> str:
    """Return ``a to b``, a dash if the half width is not known."""
    if spread.half_width is None:
        return ABSENT
    ends = (spread.mean - spread.half_width, spread.mean + spread.half_width)
    return " to ".join(fixed(end, decimals) for end in ends)


def _more(own: Spread | None, other: Spread | None, paired: Spread | None) -> Spread | None:
    """Return by how much the plan has more, with the half width of the paired difference if it is stored."""
    if own is None or other is None:
        return paired
    return paired or Spread(mean=own.mean - other.mean)


def _better(results: StoredResults, policy: PolicyResult) -> str:
    """Return the share of parameter draws in which the plan has fewer deaths."""
    shares = results.uncertainty.p_optimised_better if results.uncertainty else {}
    return percent(shares.get(policy.name))


def _price(spent: Spread | None, averted: Spread) -> str:
    """Return what is spent more for a death averted, with the ends to which both intervals lead.

    Nothing is said where no effect is shown, and where no more is spent.
    """
    error = averted.half_width or 0.0
    if spent is None or averted.mean <= error or spent.mean <= 0.0:
        return ABSENT
    price = figure(spent.mean / averted.mean / USD_PER_MILLION)
    if averted.half_width is None or spent.half_width is None or spent.mean <= spent.half_width:
        return price
    low = (spent.mean - spent.half_width) / (averted.mean + error)
    high = (spent.mean + spent.half_width) / (averted.mean - error)
    return f"{price} ({figure(low / USD_PER_MILLION)} to {figure(high / USD_PER_MILLION)})"


def bought_reading(results: StoredResults) -> tuple[str, ...]:
    """Return how the table is to be read."""
    if not _others(results):
        return ()
    said = [
        "The interval is the error of a finite number of replications. It does not hold what is not known "
        "about rates and effects; that is in the column on parameter draws.",
    ]
    assumed = sum(item.confidence == "assumed" for item in results.assumptions)
    if assumed:
        said.append(
            f"{assumed} of the {len(results.assumptions)} numbers of the model that the researcher view "
            "lists (constants, accident rates of methods, numbers beside formulas) are assumed, not read "
            "from a source; it marks them."
        )
    if results.shown is results.policy(OPTIMISED) and results.policy(HOST_ONLY):
        said.append(
            f"{sentence(the_plan(results.shown))} spends donors' money and the host's; what stands against "
            "the host's own money alone is what donors' money and better use of the host's own avert "
            "together. demilsim fund, with a budget of 0 among others, tells the two apart."
        )
    return tuple(said)
