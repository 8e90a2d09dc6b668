"""The report's tables as text: what the template needs and nothing that it must compute."""

from __future__ import annotations

from demilsim.reporting.grid import Column, Row, Table, by_year, plain_rows
from demilsim.reporting.records import (
    OPTIMISED,
    Assumption,
    PolicyResult,
    StoredResults,
)
from demilsim.reporting.wording import (
    ABSENT,
    USD_PER_MILLION,
    figure,
    fixed,
    label,
    mean_of,
    million,
    parameter_range,
    percent,
    sentence,
    with_half_width,
)

ASSUMED = "assumed"
HUNDREDTH = 0.01


def key_figures(results: StoredResults) -> Table:
    """Return one row for each policy: deaths and their parts, work, money, clearance, difference."""
    columns = (
        Column("Policy", wide=True),
        Column("Expected deaths", "± half width"),
        Column("Parameter range", "5-95%"),
        Column("Public"),
        Column("Workers"),
        Column("Road"),
        Column("Any explosion", "probability"),
        Column("Destroyed", "t"),
        Column("Cost", f"million USD, {results.scenario.price_year}"),
        Column("Surplus cleared", "median date"),
        Column("Cleared in time", "share of replications"),
        Column("Optimised minus this", "deaths"),
    )
    rows = tuple(Row(_policy_cells(policy), policy.name == OPTIMISED) for policy in results.policies)
    caption = (
        f"Key figures by policy over {results.scenario.horizon_years:g} years; ± is the half width of the "
        f"{percent(results.level)} Monte Carlo interval, {results.replications:,} replications"
    )
    return Table(caption, columns, rows)


def _policy_cells(policy: PolicyResult) -> tuple[str, ...]:
    """Return a policy's row of key figures."""
    found = policy.measures
    date = found.clearance_date.p50 if found.clearance_date else None
    difference = policy.difference.expected_fatalities if policy.difference else None
    return (
        sentence(label(policy.name)),
        with_half_width(found.expected_fatalities),
        parameter_range(found.expected_fatalities),
        mean_of(found.expected_fatalities_public),
        mean_of(found.expected_fatalities_workers),
        mean_of(found.expected_fatalities_transport),
        ABSENT if not found.p_any_explosion else f"{with_half_width(found.p_any_explosion, HUNDREDTH)}%",
        mean_of(found.destroyed_t),
        mean_of(found.cost_usd, USD_PER_MILLION),
        date.isoformat() if date else "not in time",
        percent(found.p_cleared.mean if found.p_cleared else None),
        with_half_width(difference),
    )


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
    lead = tuple(Column(head, wide=True) for head in ("Facility", "Method", "Status", "Id"))
    # the identifier keeps facilities of the same name apart
    rows: dict[tuple[str, ...], tuple[float, ...]] = {
        (row.name, row.method.replace("_", " "), row.status, row.facility_id): row.destroyed_t
        for row in results.shown.facilities
    }
    caption = (
        f"Tonnes destroyed by facility and calendar year, mean of replications, {label(results.shown.name)}"
    )
    return by_year(caption, lead, results.scenario.start.year, rows)


def money(results: StoredResults) -> Table:
    """Return what became of each fund's money under the shown policy."""
    columns = (
        Column("Fund", wide=True),
        Column("Holder", wide=True),
        Column("Received"),
        Column("Spent"),
        Column("Lapsed"),
        Column("Unspent"),
    )
    funds = results.shown.funds
    amounts = [(f.received_usd, f.spent_usd, f.lapsed_usd, f.unspent_usd) for f in funds]
    rows = [
        Row((fund.name, fund.holder, *(million(value) for value in values)))
        for fund, values in zip(funds, amounts, strict=True)
    ]
    if rows:
        sums = (million(sum(column)) for column in zip(*amounts, strict=True))
        rows.append(Row(("All", "", *sums), strong=True))
    caption = (
        f"Money by fund, million USD at {results.scenario.price_year} prices, mean of replications, "
        f"{label(results.shown.name)}"
    )
    return Table(caption, columns, tuple(rows), "No fund is stored.")


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
    return Table(
        "Numbers of the model that were used, with range, confidence and source",
        columns,
        rows,
        "No list of numbers is stored with these results.",
    )


def _assumption_cells(item: Assumption) -> tuple[str, ...]:
    """Return the row of one number of the model."""
    value = item.value if isinstance(item.value, str) else f"{item.value:.6g}"
    bounds = ABSENT if item.low is None or item.high is None else f"{item.low:.6g} to {item.high:.6g}"
    return (item.key, value, item.unit or ABSENT, bounds, item.confidence, item.source or ABSENT)
