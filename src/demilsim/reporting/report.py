"""The report: one HTML file that needs nothing else, written from a results folder."""

from __future__ import annotations

import base64
import shlex
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from markupsafe import Markup

from demilsim.errors import ResultsError
from demilsim.experiments.policies import POLICIES
from demilsim.reporting import (
    donor_views,
    explanation_views,
    mobile_views,
    plan_views,
    risk_views,
    uncertainty_views,
    views,
)
from demilsim.reporting.again import RUN, printed_command
from demilsim.reporting.assumed import stated
from demilsim.reporting.convergence import convergence_table
from demilsim.reporting.delay_views import time_use
from demilsim.reporting.diagrams import absences, draw_diagrams, numbers_behind
from demilsim.reporting.disclosure import Audience, for_audience
from demilsim.reporting.drawing import DrawnFigure
from demilsim.reporting.figures import draw_figures
from demilsim.reporting.folder import write_atomically
from demilsim.reporting.grid import Table
from demilsim.reporting.headline import Headline, headline
from demilsim.reporting.measure_views import measures_table
from demilsim.reporting.page_script import content_policy, page_script
from demilsim.reporting.pdf import remove_pdf
from demilsim.reporting.permit_views import permit_reading
from demilsim.reporting.plan_risks import risks_table
from demilsim.reporting.reading import read_results
from demilsim.reporting.records import StoredResults
from demilsim.reporting.sheet import rendered
from demilsim.reporting.stock_balance import balance_sentence
from demilsim.reporting.wording import POLICY_MEANINGS, figure, label, sentence, years_text
from demilsim.reporting.workbook import results_workbook

__all__ = ["Audience", "report_html", "write_report"]

REPORT = "report.html"
RESULTS_BOOK = "results.xlsx"
FIGURES = "figures"
REPORT_FIGURES = frozenset(
    {
        "deaths", "delays", "facilities", "finishing", "frequency-number", "harm-rate", "load", "map",
        "regions", "schedule", "spending", "stock", "tornado", "tranches", "waterfall",
    }
)  # fmt: skip
"""Names of all figures that a report may have."""

LARGEST_BYTES = 3_000_000
"""A report must pass through an e-mail."""

ANNOUNCED = "announced"
"""Source of a plan that `run` simulates as it was announced, alone."""

LIMITATIONS = (
    "The figures compare policies; they do not license a storehouse, an operation or a convoy. Quantity-"
    "distances and approvals remain with the competent authority.",
    "Expected deaths are averages: a single explosion can kill many more, and a whole programme none.",
    "Differences between policies come from common random numbers: the same incidents are drawn for each.",
)

ON_PARAMETERS = (
    "The parameter range covers the ranges in the table of numbers, not what the model omits. Where a policy "
    "has none, chance may explain all that draws of these numbers differ by."
)


@dataclass(frozen=True, slots=True)
class EmbeddedFigure:
    """A drawn figure with its SVG as a data URI."""

    drawn: DrawnFigure
    uri: str


@dataclass(frozen=True, slots=True)
class View:
    """One reader's part of the report: key of its template and anchor, title, and what it answers."""

    key: str
    title: str
    question: str


VIEWS = (
    View("donor", "Donor view", "what does the money buy?"),
    View("planner", "Planner view", "what is done where and when, and why?"),
    View("researcher", "Researcher view", "what is assumed, and how sure is it?"),
)


@dataclass(frozen=True, slots=True)
class Page:
    """All that the template shows."""

    results: StoredResults
    audience: Audience
    views: tuple[View, ...]
    script: Markup
    content_policy: Markup
    headline: Headline
    stock: str
    bought: Table
    bought_reading: tuple[str, ...]
    key_figures: Table
    policies: tuple[tuple[str, str], ...]
    plan_facts: tuple[tuple[str, str], ...]
    plan_reading: tuple[str, ...]
    unknown: tuple[str, ...]
    unknown_by_policy: Table
    tornado: Table
    risks: Table
    major: Table
    sites: Table
    figures: dict[str, EmbeddedFigure]
    diagrams: dict[str, DrawnFigure]
    numbers: dict[str, Table]
    absent: dict[str, str]
    regions: Table
    commissionings: Table
    destroyed: Table
    time_use: Table
    measures: Table
    money: Table
    money_outside: Table
    plan_lines: Table
    lots_left: Table
    permit_reading: tuple[str, ...]
    mobile_reading: tuple[str, ...]
    mobile_sums: Table
    stays: Table
    price_sentences: tuple[str, ...]
    worth: Table
    strings: Table
    alternatives: Table
    reasons: Table
    convergence: Table
    assumptions: Table
    limitations: tuple[str, ...]
    command: str


def write_report(directory: Path, audience: Audience = "public") -> Path:
    """Write ``report.html``, ``results.xlsx`` and ``figures/*.svg`` into a results folder from its files.

    Parameters
    ----------
    directory
        Results folder with ``summary.json``, ``timeline.csv`` and ``plan.csv``.
    audience
        Who will read it: ``public`` sees regions and years, ``partner`` also lots and sites,
        ``restricted`` all.

    Returns
    -------
    Path
        The report. Same bytes for the same stored results.

    Raises
    ------
    ResultsError
        If the folder cannot be read or written, or the report grows beyond 3 MB.
    """
    results = for_audience(read_results(directory), audience)
    figures = draw_figures(results)
    diagrams = draw_diagrams(results, audience)
    html = report_html(results, figures, diagrams, audience)
    size = len(html.encode())
    if size > LARGEST_BYTES:
        raise ResultsError(f"{REPORT}: expected at most {LARGEST_BYTES:,} bytes (got {size:,})")
    remove_pdf(directory)
    _write_figures(directory / FIGURES, (*figures, *diagrams))
    write_atomically(directory / REPORT, html)
    write_atomically(directory / RESULTS_BOOK, results_workbook(results, audience))
    return directory / REPORT


def _write_figures(folder: Path, figures: tuple[DrawnFigure, ...]) -> None:
    """Write the figures, and remove those of an earlier report: they may be for another audience.

    Figures of other commands, and of people, stay.
    """
    names = {figure.name for figure in figures}
    assert names <= REPORT_FIGURES, "what a report draws is what a later one removes"
    try:
        folder.mkdir(exist_ok=True)
        for stale in sorted(folder.glob("*.svg")):
            if stale.stem in REPORT_FIGURES - names:
                stale.unlink()
    except OSError as error:
        raise ResultsError(f"{FIGURES}: cannot be written: {error.strerror or error}") from error
    for drawn in figures:
        write_atomically(folder / f"{drawn.name}.svg", drawn.svg)


def report_html(
    results: StoredResults,
    figures: tuple[DrawnFigure, ...],
    diagrams: tuple[DrawnFigure, ...],
    audience: Audience,
) -> str:
    """Return the report as HTML text.

    Parameters
    ----------
    results
        Results as the audience may see them.
    figures, diagrams
        Figures drawn from them: those shown as images, and those that stand in the page itself.
    audience
        Who will read it.
    """
    return rendered("report.html.j2", _page(results, figures, diagrams, audience))


def _page(
    results: StoredResults,
    figures: tuple[DrawnFigure, ...],
    diagrams: tuple[DrawnFigure, ...],
    audience: Audience,
) -> Page:
    """Return all that the template shows, computed."""
    page = Page(
        results=results,
        audience=audience,
        views=VIEWS,
        script=page_script(),
        content_policy=content_policy(),
        headline=headline(results),
        stock=_stock(results),
        bought=donor_views.bought(results),
        bought_reading=donor_views.bought_reading(results),
        key_figures=views.key_figures(results),
        policies=tuple(
            (sentence(label(policy.name)), POLICY_MEANINGS.get(policy.name, "as given"))
            for policy in results.policies
        ),
        plan_facts=plan_views.plan_facts(results),
        plan_reading=plan_views.plan_reading(results),
        unknown=uncertainty_views.sentences(results),
        unknown_by_policy=uncertainty_views.by_policy(results),
        tornado=uncertainty_views.tornado_table(results),
        risks=risks_table(results),
        major=risk_views.major_table(results),
        sites=risk_views.sites_table(results),
        figures={drawn.name: EmbeddedFigure(drawn, _data_uri(drawn.svg)) for drawn in figures},
        diagrams={one.name: replace(one, svg=Markup(one.svg)) for one in diagrams},
        numbers=numbers_behind(results, audience),
        absent=absences(results),
        regions=views.regions(results),
        commissionings=views.commissionings(results),
        destroyed=views.destroyed(results),
        time_use=time_use(results),
        measures=measures_table(results),
        money=views.money(results),
        money_outside=views.money_outside(results),
        plan_lines=plan_views.plan_lines(results, audience),
        lots_left=plan_views.lots_left(results),
        permit_reading=permit_reading(results),
        mobile_reading=mobile_views.mobile_reading(results, audience),
        mobile_sums=mobile_views.mobile_sums(results),
        stays=mobile_views.stays_table(results),
        price_sentences=explanation_views.price_sentences(results),
        worth=explanation_views.worth_table(results),
        strings=explanation_views.strings_table(results),
        alternatives=explanation_views.alternatives_table(results),
        reasons=explanation_views.reasons_table(results, audience),
        convergence=convergence_table(results),
        assumptions=views.assumptions(results),
        limitations=(
            *LIMITATIONS,
            *([ON_PARAMETERS] if results.has_parameter_range else ()),
            *results.warned,
        ),
        command=_command(results, audience),
    )
    tables = {one.name: getattr(page, one.name) for one in fields(page)}
    said: dict[str, Any] = dict(
        stated({name: table for name, table in tables.items() if isinstance(table, Table)}, results)
    )
    return replace(page, numbers=stated(page.numbers, results), **said)


def _data_uri(svg: str) -> str:
    """Return an SVG document as a data URI: in an image nothing can run or be fetched."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _stock(results: StoredResults) -> str:
    """Return the sentence that says what the scenario holds."""
    given = results.scenario
    return (
        f"{given.lots:,} lots in {given.storehouses:,} storehouses on {given.sites:,} sites hold "
        f"{figure(given.stock_t)} t, of which {figure(given.surplus_t)} t are surplus. The horizon is "
        f"{years_text(given.horizon_years)}, {given.start.isoformat()} to {given.end.isoformat()}. "
        f"{balance_sentence(results)}"
    ).rstrip()


def _command(results: StoredResults, audience: Audience) -> str:
    """Return the command that gives these results again, as far as the audience may see it."""
    given = results.scenario
    untold = given.values_set - len(results.values_set)
    return printed_command(_words(results), results.values_set, RUN, audience, max(untold, 0))


def _words(results: StoredResults) -> str:
    """Return command, scenario and what was asked of it."""
    scenario = shlex.quote(results.scenario.asked_as or results.scenario.name)
    asked = f"{scenario} --seed {results.seed} --replications {results.replications}"
    announced = results.plan is not None and results.plan.source == ANNOUNCED
    if len(results.policies) == 1 and not announced:
        alone = results.policies[0].name
        return f"simulate {asked} {f'--rule {alone}' if alone in POLICIES else '--plan FILE'}"
    draws = results.uncertainty.parameter_draws if results.uncertainty else 0
    return f"run {asked} --parameter-draws {draws}"
