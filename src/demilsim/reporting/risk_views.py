"""Risk as regulators ask for it: a table by year for all, tables and a figure by site for a few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from demilsim.experiments.risk_measures import ACCEPTABLE_PER_YEAR, INTOLERABLE_PER_YEAR
from demilsim.reporting.canvas import BLUE, GREEN, GREY, ORANGE, VERMILION, new_figure
from demilsim.reporting.grid import Column, Row, Table, plain_rows
from demilsim.reporting.policy_records import OPTIMISED
from demilsim.reporting.records import StoredResults
from demilsim.reporting.risk_records import SiteRiskFacts
from demilsim.reporting.wording import figure, label, parameter, sentence, share_interval
from demilsim.units import KG_PER_TONNE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EVERY_YEARS = 5
"""Years between the columns of the table of major explosions."""

DRAWN_SITES = 3
"""Sites whose F-N curves are drawn: the worst."""

SITE_COLOURS = (BLUE, ORANGE, GREEN)
PERCENT = 100.0


def major_table(results: StoredResults) -> Table:
    """Return the chance of at least one major explosion by policy, every few years and at the end.

    Conditional on all but the explosions where that is stored, else as counted.
    """
    facts = results.risk
    by_year = (facts.p_major_by_year_conditional or facts.p_major_by_year) if facts else {}
    length = max((len(years) for years in by_year.values()), default=0)
    marks = sorted({*range(EVERY_YEARS, length + 1, EVERY_YEARS), *([length] if length else [])})
    start = results.scenario.start.year
    columns = (Column("Policy", wide=True), *(Column(f"by {start + mark}", "%") for mark in marks))
    rows = []
    for policy in results.policies:
        years = by_year.get(policy.name)
        if years:
            cells = (share_interval(years[mark - 1]) for mark in marks)
            rows.append(Row((sentence(label(policy.name)), *cells), policy.name == OPTIMISED))
    size = figure(facts.major_neq_kg / KG_PER_TONNE) if facts else ""
    caption = f"Chance of at least one explosion of {size} t NEQ or more, chains included"
    return Table(caption, columns, tuple(rows), "No events are stored.")


def sites_table(results: StoredResults) -> Table:
    """Return licences, individual risk and F-N of each site at the start, the worst first."""
    columns = (
        Column("Site", wide=True),
        Column("Storehouses"),
        Column("Over their licence"),
        Column("Worst", "times the licence"),
        Column("Individual risk, public", "per million years"),
        Column("Individual risk, workers", "per million years"),
        Column("F-N", "times the intolerable line"),
    )
    rows = plain_rows(
        (
            site.name,
            str(site.storehouses),
            str(site.over_licence),
            figure(site.worst_excess),
            figure(1e6 * site.individual_risk_public_per_year),
            figure(1e6 * site.individual_risk_workers_per_year),
            figure(site.fn_worst_ratio),
        )
        for site in _worst_first(results)
    )
    caption = (
        "Sites at the start. Licences by quantity-distance for HD 1.1; limits of individual risk, "
        "recollected from the UK: 100 per million years for the public, 1,000 for workers, 1 acceptable"
    )
    return Table(caption, columns, rows, "Not for this audience.")


def _worst_first(results: StoredResults) -> list[SiteRiskFacts]:
    sites = results.risk.sites if results.risk else ()
    return sorted(sites, key=lambda site: (-site.fn_worst_ratio, -site.worst_excess, site.name))


def fn_sites(results: StoredResults) -> list[SiteRiskFacts]:
    """Return the sites whose F-N curves are drawn: those with deaths, the worst first."""
    return [site for site in _worst_first(results) if site.fn_deaths][:DRAWN_SITES]


def fn_caption(sites: list[SiteRiskFacts]) -> str:
    """Return the sentence under the F-N figure."""
    worst = sites[0]
    return (
        f"Under {label(worst.fn_policy)}, {worst.name} comes to {figure(worst.fn_worst_ratio)} times the "
        "line above which such a curve is held intolerable. Lines recollected from UK practice; events are "
        "counted, so rare ones are missing."
    )


def draw_fn(sites: list[SiteRiskFacts], synthetic: bool, title: str, unit: str) -> Figure:
    """Return F-N curves of sites between the two recollected lines, both axes logarithmic."""
    from matplotlib.ticker import FuncFormatter

    drawn, axes = new_figure(title, unit, synthetic)
    most = max(max(site.fn_deaths) for site in sites)
    across = np.array([1.0, max(10.0, 2.0 * most)])
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        # matplotlib's own labels of a power of ten are formulas, and formulas are off: names may hold a $
        axis.set_major_formatter(FuncFormatter(lambda value, _: parameter(value)))
        axis.minorticks_off()
    for level, name, colour in (
        (INTOLERABLE_PER_YEAR, "intolerable", VERMILION),
        (ACCEPTABLE_PER_YEAR, "acceptable", GREY),
    ):
        axes.plot(across, level / across, color=colour, linestyle="--", linewidth=1.0, label=name)
    for site, colour in zip(sites, SITE_COLOURS, strict=False):
        axes.step(
            site.fn_deaths,
            site.fn_per_year,
            where="pre",
            color=colour,
            marker="o",
            markersize=3,
            label=site.name,
        )
    axes.set_xlabel("deaths, n or more")
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8.5)
    return drawn
