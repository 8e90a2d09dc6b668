"""The report's tables as text: what the template needs and nothing that it must compute."""

from __future__ import annotations

from collections.abc import Callable

from demilsim.reporting.disclosure import NOT_PUBLIC
from demilsim.reporting.grid import Column, Row, Table, by_year, plain_rows
from demilsim.reporting.policy_records import OPTIMISED, Fund, PolicyResult
from demilsim.reporting.records import Assumption, StoredResults
from demilsim.reporting.scenario_facts import counted
from demilsim.reporting.stored import Spread
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    decimals_shown,
    figure,
    fixed,
    label,
    level_text,
    mean_of,
    parameter,
    parameter_range,
    percent,
    sentence,
    share_interval,
    with_half_width,
    with_interval,
    years_text,
)

ASSUMED = "assumed"


def key_figures(results: StoredResults) -> Table:
    """Return one row for each policy: deaths and their parts, work, money, clearance, difference.

    A column for which no policy has a number is left out.
    """
    spelled = [
        (head, [spell(policy) for policy in results.policies]) for head, spell in _key_columns(results)
    ]
    shown = [(head, cells) for head, cells in spelled if any(cell != ABSENT for cell in cells)]
    rows = tuple(
        Row((sentence(label(policy.name)), *(cells[i] for _, cells in shown)), policy.name == OPTIMISED)
        for i, policy in enumerate(results.policies)
    )
    caption = (
        f"Key figures by policy over {years_text(results.scenario.horizon_years)}; ± is the half width of "
        f"the {level_text(results.level)} Monte Carlo interval, {results.replications:,} replications"
        f"{_at_once(results)}; in brackets is an interval itself{_of_explosions(results)}"
    )
    return Table(caption, (Column("Policy", wide=True), *(head for head, _ in shown)), rows)


def _at_once(results: StoredResults) -> str:
    """Return how much wider the half widths of differences must be to hold for all policies at once."""
    spreads = (p.difference.expected_fatalities for p in results.policies if p.difference)
    wider = [
        s.half_width_simultaneous / s.half_width
        for s in spreads
        if s and s.half_width and s.half_width_simultaneous
    ]
    if not wider:
        return ""
    return f"; for all differences to hold at once, take their half widths {max(wider):.2f} times as wide"


def _computed(results: StoredResults) -> bool:
    """Return whether the chance of any explosion is stored as computed for every policy, not only counted."""
    return all(policy.measures.p_any_explosion_conditional for policy in results.policies)


def _of_explosions(results: StoredResults) -> str:
    """Return how the chance of any explosion was found, as the end of a caption."""
    if _computed(results):
        return (
            "; the chance of any explosion of a stack or a storehouse is computed in some replications from "
            "all else that happens there, not counted"
        )
    counted_ones = any(policy.measures.p_any_explosion for policy in results.policies)
    return "; the chance of any explosion is counted" if counted_ones else ""


def _any_explosion(results: StoredResults) -> Callable[[PolicyResult], str]:
    """Return how the chance of any explosion is spelled: computed for all policies, or counted for all."""
    if _computed(results):
        return lambda policy: share_interval(policy.measures.p_any_explosion_conditional)
    return lambda policy: share_interval(policy.measures.p_any_explosion)


def _key_columns(results: StoredResults) -> tuple[tuple[Column, Callable[[PolicyResult], str]], ...]:
    """Return the columns of the key figures, each with how a policy's cell is spelled."""
    return (
        (
            Column("Expected deaths", "± half width"),
            lambda p: with_half_width(p.measures.expected_fatalities),
        ),
        (Column("Parameter range", "5-95%"), lambda p: parameter_range(p.measures.expected_fatalities)),
        (Column("Public"), lambda p: _part(p, p.measures.expected_fatalities_public)),
        (Column("Workers"), lambda p: _part(p, p.measures.expected_fatalities_workers)),
        (Column("Road"), lambda p: _part(p, p.measures.expected_fatalities_transport)),
        (Column("Any explosion", "probability, %"), _any_explosion(results)),
        (Column("Destroyed", "t"), lambda p: mean_of(p.measures.destroyed_t)),
        (
            Column("Cost", f"million USD, {results.scenario.price_year}"),
            lambda p: mean_of(p.measures.cost_usd, USD_PER_MILLION),
        ),
        (Column("Surplus cleared", "median date (share in time)"), _cleared),
        (Column("Dates missed", "lots"), lambda p: with_interval(p.measures.dates_missed)),
        (
            Column("Optimised minus this", "deaths"),
            lambda p: with_half_width(p.difference.expected_fatalities if p.difference else None),
        ),
    )


def _part(policy: PolicyResult, part: Spread | None) -> str:
    """Return a part of the expected deaths with the decimals of their sum."""
    total = policy.measures.expected_fatalities
    return mean_of(part) if part is None or total is None else fixed(part.mean, decimals_shown(total))


def _cleared(policy: PolicyResult) -> str:
    """Return when the surplus is gone in half of the replications, and in what share it is."""
    dates, share = policy.measures.clearance_date, policy.measures.p_cleared
    if dates is None and share is None:
        return ABSENT
    date = dates.p50.isoformat() if dates and dates.p50 else "not in time"
    return f"{date} ({percent(share.mean)})" if share else date


def regions(results: StoredResults) -> Table:
    """Return stock and harm rate by region, before and after, under the shown policy."""
    columns = (
        Column("Region", wide=True),
        Column("Sites"),
        Column("Stock at start", "t"),
        Column("Stock at end", "t"),
        Column("Harm rate at start", "deaths/yr"),
        Column("Harm rate at end", "deaths/yr"),
    )
    rows = plain_rows(
        (
            region.region,
            str(region.sites),
            fixed(region.stock_t_start, 0),
            fixed(region.stock_t_end, 0),
            figure(region.harm_rate_start_per_year),
            figure(region.harm_rate_end_per_year),
        )
        for region in results.shown.regions
    )
    empty = "No regions are shown: there are none of at least three sites, or none are stored."
    return Table(f"Regions before and after, {label(results.shown.name)}", columns, rows, empty)


def commissionings(results: StoredResults) -> Table:
    """Return the facilities that the shown policy builds."""
    rows = plain_rows((item.name, item.date.isoformat()) for item in results.shown.commissionings)
    columns = (Column("Facility", wide=True), Column("Ordered"))
    caption = f"Facilities to commission, {label(results.shown.name)}"
    return Table(caption, columns, rows, "No facility is commissioned.")


def destroyed(results: StoredResults) -> Table:
    """Return the mean tonnes destroyed by facility and calendar year under the shown policy."""
    lead = tuple(Column(head, wide=True) for head in ("Facility", "Method", "Status"))
    rows = [
        ((row.name, row.method.replace("_", " "), row.status), row.destroyed_t)
        for row in results.shown.facilities
        if sum(row.destroyed_t) > 0
    ]
    caption = (
        f"Tonnes destroyed by facility and calendar year, mean of replications, {label(results.shown.name)}; "
        "facilities that destroy nothing are left out"
    )
    return by_year(caption, lead, results.scenario.start.year, rows)


def money(results: StoredResults) -> Table:
    """Return what became of each fund's money under the shown policy, and why it lapsed."""
    columns = (
        Column("Fund", wide=True),
        Column("Holder", wide=True),
        Column("Received"),
        Column("of it scrap"),
        Column("Spent"),
        Column("Lapsed"),
        Column("unspent at expiry"),
        Column("come after it"),
        Column("set free after it"),
        Column("Left"),
        Column("of it committed"),
    )
    funds = results.shown.funds
    amounts = [_amounts(fund) for fund in funds]
    rows = [
        Row((fund.name, fund.holder, *map(_usd, values))) for fund, values in zip(funds, amounts, strict=True)
    ]
    if rows:
        sums = [
            None if None in column else sum(filter(None, column)) for column in zip(*amounts, strict=True)
        ]
        rows.append(Row(("All", "", *map(_usd, sums)), strong=True, total=True))
    caption = (
        f"Money by fund, USD at {results.scenario.price_year} prices, mean of replications, "
        f"{label(results.shown.name)}; received is after overhead, and equals spent, lapsed and left"
    )
    return Table(caption, columns, tuple(rows), "No fund is stored.")


def _amounts(fund: Fund) -> tuple[float | None, ...]:
    return (
        fund.received_usd, fund.scrap_usd, fund.spent_usd, fund.lapsed_usd, fund.lapsed_unspent_usd,
        fund.lapsed_late_usd, fund.lapsed_released_usd, fund.unspent_usd, fund.committed_usd,
    )  # fmt: skip


def _usd(amount_usd: float | None) -> str:
    return ABSENT if amount_usd is None else fixed(amount_usd, 0)


def money_outside(results: StoredResults) -> Table:
    """Return what explosions cost that no fund pays, and scrap that is sold for the host's treasury."""
    columns = (
        Column("Policy", wide=True),
        Column("Clean-up that no fund pays"),
        Column("Scrap income of the treasury"),
    )
    rows = tuple(
        Row(
            (
                sentence(label(policy.name)),
                _usd(policy.money_outside.cleanup_unfunded_usd),
                _usd(policy.money_outside.scrap_to_treasury_usd),
            ),
            policy.name == OPTIMISED,
        )
        for policy in results.policies
        if policy.money_outside
    )
    caption = f"Money outside the funds, USD at {results.scenario.price_year} prices, mean of replications"
    return Table(caption, columns, rows)


def assumptions(results: StoredResults) -> Table:
    """Return the numbers of the model with their sources; assumed ones are marked."""
    columns = (
        Column("Quantity", wide=True),
        Column("Value"),
        Column("Unit", wide=True),
        Column("Range"),
        Column("Confidence", wide=True),
        Column("Source", wide=True),
    )
    rows = tuple(
        Row(_assumption_cells(item), mark=ASSUMED if item.confidence == ASSUMED else "")
        for item in results.assumptions
    )
    keys = [item.key for item in results.assumptions]
    theft = any(key.startswith(NOT_PUBLIC) for key in keys)
    sorts = f"{counted(keys)}{'' if theft else '; those of theft are not public'}"
    return Table(
        f"Numbers of the model that were used, with range, confidence and source: {sorts}",
        columns,
        rows,
        "No list of numbers is stored with these results.",
    )


def _assumption_cells(item: Assumption) -> tuple[str, ...]:
    """Return the row of one number of the model."""
    value = item.value if isinstance(item.value, str) else parameter(item.value)
    bounds = (
        ABSENT
        if item.low is None or item.high is None
        else f"{parameter(item.low)} to {parameter(item.high)}"
    )
    return (item.key, value, item.unit or ABSENT, bounds, item.confidence, item.source or ABSENT)
