"""The numbers behind the figures over time, by calendar year: for those who cannot hover or see."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

from demilsim.reporting.grid import Column, Row, Table
from demilsim.reporting.policy_records import OPTIMISED, Timeline
from demilsim.reporting.records import StoredResults
from demilsim.reporting.wording import USD_PER_MILLION, figure, label, sentence


def series_tables(results: StoredResults) -> dict[str, Table]:
    """Return a table for each figure over time, by the figure's name."""
    year = results.scenario.price_year
    return {
        "harm-rate": _table(
            results,
            "Expected deaths per year at the start of each calendar year, mean of replications",
            lambda timeline: timeline.harm_rate_per_year.mean,
        ),
        "stock": _table(
            results,
            "Stock in t gross mass at the start of each calendar year, mean of replications",
            lambda timeline: timeline.stock_t.mean,
        ),
        "spending": _table(
            results,
            f"Spent by the start of each calendar year, million USD at {year} prices, mean of replications",
            lambda timeline: (
                0.0,
                *(usd / USD_PER_MILLION for usd in accumulate(timeline.spent_usd.mean[:-1])),
            ),
        ),
    }


def _table(results: StoredResults, caption: str, values: Callable[[Timeline], tuple[float, ...]]) -> Table:
    """Return one row for each policy that has a timeline, one column for each year."""
    timelines = [(policy, policy.timeline) for policy in results.policies if policy.timeline]
    starts = timelines[0][1].starts if timelines else ()
    firsts = [i for i, start in enumerate(starts) if i == 0 or start.year != starts[i - 1].year]
    columns = (Column("Policy", wide=True), *(Column(str(starts[i].year)) for i in firsts))
    rows = tuple(
        Row((sentence(label(p.name)), *(figure(values(t)[i]) for i in firsts)), p.name == OPTIMISED)
        for p, t in timelines
    )
    return Table(caption, columns, rows, "No timeline is stored.")
