"""What a donor reads first: what the money buys, against doing nothing and against the host's own money."""

from __future__ import annotations

from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.records import DO_NOTHING, HOST_ONLY, OPTIMISED, PolicyResult, Spread, StoredResults
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    figure,
    fixed,
    interval_decimals,
    level_text,
    percent,
    sentence,
    the_plan,
    years_text,
)

AGAINST = {HOST_ONLY: "The host's own money alone", DO_NOTHING: "Doing nothing"}
"""What the plan is held against, the donor's baseline first."""


def bought(results: StoredResults) -> Table:
    """Return what the plan buys against each baseline; no rows where there is nothing to compare."""
    unit = f"{level_text(results.level)} Monte Carlo interval"
    columns = (
        Column("Against", wide=True),
        Column("Deaths averted", "persons"),
        Column("Interval", unit),
        Column("Share averted", "%"),
        Column("Better than this", "% of parameter draws"),
        Column("More destroyed", "t"),
        Column("More spent", f"million USD, {results.scenario.price_year}"),
        Column("Spent for each", "million USD a death averted"),
    )
    rows = tuple(_row(results, policy) for policy in _baselines(results))
    caption = (
        f"What {the_plan(results.shown)} buys over {years_text(results.scenario.horizon_years)}, mean of "
        f"{results.replications:,} replications on the same draws"
    )
    return Table(caption, columns, rows)


def _baselines(results: StoredResults) -> list[PolicyResult]:
    """Return the baselines that are there and for which there is a difference."""
    found = [results.policy(name) for name in AGAINST] if results.shown.name == OPTIMISED else []
    return [policy for policy in found if policy and _averted(policy)]


def _averted(policy: PolicyResult) -> Spread | None:
    """Return the deaths that the plan averts against a policy, counted as positive [persons]."""
    difference = policy.difference.expected_fatalities if policy.difference else None
    return difference.model_copy(update={"mean": -difference.mean}) if difference else None


def _row(results: StoredResults, policy: PolicyResult) -> Row:
    averted, all_deaths = _averted(policy), policy.measures.expected_fatalities
    assert averted, "kept for having one"
    decimals = interval_decimals(averted.half_width, averted.mean)
    spent = _more(results.shown.measures.cost_usd, policy.measures.cost_usd)
    return Row(
        (
            AGAINST[policy.name],
            fixed(averted.mean, decimals),
            interval(averted, decimals),
            percent(averted.mean / all_deaths.mean) if all_deaths and all_deaths.mean else ABSENT,
            _better(results, policy),
            figure(_more(results.shown.measures.destroyed_t, policy.measures.destroyed_t)),
            ABSENT if spent is None else figure(spent / USD_PER_MILLION),
            _price(spent, averted),
        ),
        strong=policy.name == HOST_ONLY,
    )


def interval(spread: Spread, decimals: int) -> str:
    """Return ``a to b``, a dash if the half width is not known."""
    if spread.half_width is None:
        return ABSENT
    ends = (spread.mean - spread.half_width, spread.mean + spread.half_width)
    return " to ".join(fixed(end, decimals) for end in ends)


def _more(own: Spread | None, other: Spread | None) -> float | None:
    return own.mean - other.mean if own and other else None


def _better(results: StoredResults, policy: PolicyResult) -> str:
    """Return the share of parameter draws in which the plan has fewer deaths."""
    shares = results.uncertainty.p_optimised_better if results.uncertainty else {}
    return percent(shares.get(policy.name))


def _price(spent_usd: float | None, averted: Spread) -> str:
    """Return what is spent more for a death averted; nothing is said where no effect is shown."""
    if spent_usd is None or averted.mean <= (averted.half_width or 0.0):
        return ABSENT
    return figure(spent_usd / averted.mean / USD_PER_MILLION)


def bought_reading(results: StoredResults) -> tuple[str, ...]:
    """Return how the table is to be read."""
    if not _baselines(results):
        return ()
    said = [
        "The interval is the error of a finite number of replications. It does not hold what is not known "
        "about rates and effects; that is in the column on parameter draws.",
    ]
    assumed = sum(item.confidence == "assumed" for item in results.assumptions)
    if assumed:
        said.append(
            f"{assumed} of the {len(results.assumptions)} numbers of the model are assumed, not read from a "
            "source; the researcher view marks them."
        )
    if results.shown is results.policy(OPTIMISED) and results.policy(HOST_ONLY):
        said.append(
            f"{sentence(the_plan(results.shown))} spends donors' money and the host's; what stands against "
            "the host's own money alone is what the donors' part adds."
        )
    return tuple(said)
