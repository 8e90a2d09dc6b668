"""The funding curve and the terms of donors' money as tables, a figure and a JSON document.

Figures that rest on planning harm, which is computed and not simulated, say so in the name of their column.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from demilsim.experiments.funding_curve import FundingPoint
from demilsim.experiments.funding_study import DonorTerms, FundingStudy
from demilsim.experiments.next_million import MILLION_USD
from demilsim.experiments.statistics import LEVEL, Estimate
from demilsim.experiments.uncertainty import OPTIMISED
from demilsim.model.cautions import Caution
from demilsim.reporting import donor_terms_views
from demilsim.reporting import funding_views as views
from demilsim.reporting.again import printed_command, record_of
from demilsim.reporting.canvas import BLUE, INK, ORANGE, new_figure, number_axis, settings, svg_text
from demilsim.reporting.caution_notes import caution_sentences
from demilsim.reporting.comparison_words import ROUNDING
from demilsim.reporting.document import Document
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.funding_findings import findings
from demilsim.reporting.funding_ranges import (
    band,
    draws_document,
    late_ranges_table,
    option_ranges_table,
    ranges_table,
    sure_sentences,
)
from demilsim.reporting.funding_words import counts_more, with_later_words
from demilsim.reporting.grid import Table
from demilsim.reporting.outputs import HowRun, run_facts
from demilsim.reporting.policy_measures import clearance_dates
from demilsim.reporting.scenario_facts import scenario_facts
from demilsim.reporting.sheet import Sheet, picture_uri, rendered
from demilsim.reporting.stored import plain
from demilsim.reporting.tables import csv_text, json_text
from demilsim.reporting.wording import spelled_out

BAND, MIDDLE = "5 to 95% over what is not known", "its middle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Sheet):
    """All that the template shows."""

    curve: Table
    next: Table
    terms: tuple[str, ...]
    options: Table
    donors: Table
    late: Table
    sure: tuple[str, ...]
    ranges: Table
    late_ranges: Table
    option_ranges: Table
    clean_up: Table


def write_funding(
    directory: Path,
    study: FundingStudy,
    seed: int | None = None,
    how: HowRun | None = None,
    cautions: Sequence[Caution] = (),
) -> Document:
    """Write ``funding.html``, the tables, the figure and ``funding.json``; return the JSON document.

    The page names funds and tranches, and no site, stock or road: any audience may read it.
    ``funding.run.json`` is written if `how` says how it was run; `seed` is the root seed, the scenario's by
    default; `cautions` are what `demilsim check` warns of.

    ``funding.csv`` has a row for each budget, ``funding_donors.csv`` one for each donor,
    ``funding_options.csv`` one for each option, and ``funding_ranges.csv`` one for each range over draws of
    what is not known. Keys of the JSON document:

    ``scenario``, ``level``, ``promised_usd``, ``notes``, ``warnings``
        What was planned, the confidence level, what donors promise in the scenario as given [USD], and how
        many warnings of `demilsim check` there are.
    ``points``
        As the columns of ``funding.csv``: ``budget_usd``; simulated, with ``_half_width``:
        ``expected_fatalities``, ``averted_over_host_only`` [persons], ``destroyed_t``, ``cost_usd`` [USD],
        ``usd_per_t``, ``usd_per_kg_neq``, ``usd_per_fatality_averted`` (each: spent more than host_only, for
        one more than host_only; null where there is none, and at a budget of 0), the deaths of both also
        ``..._with_later_years`` (as the plan counts: weighted, and the years after the horizon at the rates
        left then), ``cleanup_avoided_usd`` (probability times cost,
        unconditional); ``p_explosion_host_only``, ``p_explosion`` with ``_half_width`` (of any in store over
        the horizon; computed from all else that happens if ``p_explosion_computed``, else counted);
        ``cleanup_usd_if_any`` (host_only, given one); dates at which the surplus is cleared, ``cleared_p5``,
        ``cleared_p50``, ``cleared_p95`` and
        their intervals ``_low``, ``_high``; ``planning_harm``, ``do_nothing_planning_harm``;
        ``next_million_planning_harm_by_dual``, ``dual_holds_from_usd``, ``dual_holds_to_usd`` (null where no
        end was found within 1,024 million more),
        ``next_million_planning_harm_by_linear_plan``, ``next_million_planning_harm_by_planning_again``
        [weighted persons averted]; ``plan_source``.
    ``donors``
        ``fund_id``, ``last_in_planning_harm``, ``shapley_planning_harm``, ``shapley_standard_error`` (null
        where the value is exact) [weighted persons averted]; with ``donors_planning_harm`` (all together,
        over the host alone), ``last_in_sum_planning_harm``, ``shapley_orders`` (how many orders were drawn;
        null where the values are exact) and ``shapley_groups`` (for how many groups of donors a plan was
        made). Null without ``terms``, as all of the following.
    ``strings``
        ``fund_id``, ``price_planning_harm``: planned with them and without.
    ``late_tranches``
        ``tranche_id``, ``fund_id``, ``usd``, ``replanned_planning_harm``, and simulated, the plan as it is:
        ``expected_fatalities_more`` with ``_half_width``. With later years, as the plan counts: the same as
        ``plan_followed_more``, and ``plan_made_again_more`` if it is made again in time.
    ``firmness``
        ``committed_usd``, ``indicative_usd``, ``indicative_expected_usd``,
        ``rests_on_indicative_planning_harm``.
    ``matching``
        ``fund_id``, ``matched_usd``, ``matched_per_usd``, ``averted_planning_harm``.
    ``options``
        In order of rank: ``name``, ``usd``, ``averted_planning_harm``.
    ``parameter_draws``, ``parameter_ranges``
        How sure that is; see `draws_document`. Both null without draws of what is not known.
    """
    points = [point_row(point) for point in study.points]
    document: Document = {
        "scenario": scenario_facts(study.scenario),
        "level": LEVEL,
        "promised_usd": study.promised_usd,
        "notes": list(study.notes),
        "warnings": len(cautions),
        "points": points,
        **terms_document(study.terms),
        **draws_document(study),
    }
    make_folder(directory / "figures")
    write_atomically(directory / "funding.csv", _table(points))
    if study.terms is not None:
        write_atomically(directory / "funding_donors.csv", _table(document["donors"]))
        write_atomically(directory / "funding_options.csv", _table(document["options"]))
    if study.draws is not None:
        write_atomically(directory / "funding_ranges.csv", _table(document["parameter_ranges"]))
    write_atomically(directory / "funding.json", json_text(document))
    drawn = funding_figure(study)
    write_atomically(directory / "figures" / "funding.svg", drawn)
    root = study.scenario.settings.seed if seed is None else seed
    page = _page(study, drawn, root, caution_sentences(cautions, "public"))
    write_atomically(directory / "funding.html", rendered("funding.html.j2", page))
    if how is not None:
        write_atomically(directory / record_of("funding"), json_text(_run_document(study, seed, how)))
    return document


def _page(study: FundingStudy, drawn: str, seed: int, warned: tuple[str, ...]) -> Page:
    scenario = study.scenario
    budgets = ",".join(spelled_out(point.budget_usd) for point in study.points)
    replications = len(study.points[0].ensemble.results[OPTIMISED])
    words = (
        f"fund {shlex.quote(scenario.command_name)} --budgets {budgets} --seed {seed} "
        f"--replications {replications} --parameter-draws {_draws(study)}"
    )
    return Page(
        title=f"What donors' money buys: {plain(scenario.settings.title)}",
        kind="funding",
        countries=tuple(sorted(set(scenario.country_of_site.values()))),
        synthetic=scenario.settings.synthetic,
        audience="public",
        findings=findings(study),
        curve=views.curve_table(study),
        picture=picture_uri(drawn),
        next=views.next_table(study),
        terms=donor_terms_views.terms_sentences(study),
        options=donor_terms_views.options_table(study),
        donors=donor_terms_views.donors_table(study),
        late=donor_terms_views.late_table(study),
        sure=sure_sentences(study),
        ranges=ranges_table(study),
        late_ranges=late_ranges_table(study),
        option_ranges=option_ranges_table(study),
        clean_up=views.clean_up_table(study),
        notes=(*views.notes(study), *warned),
        command=printed_command(words, scenario.values_set, record_of("funding")),
    )


def _draws(study: FundingStudy) -> int:
    return study.draws.draws if study.draws else 0


def _run_document(study: FundingStudy, seed: int | None, how: HowRun) -> Document:
    settings = study.scenario.settings
    return {
        "scenario": {"name": settings.name, "sha256": study.scenario.sha256},
        "plans_sha256": {f"{point.budget_usd:.10g}": point.programme.plan.sha256() for point in study.points},
        "seed": settings.seed if seed is None else seed,
        "replications": len(study.points[0].ensemble.results[OPTIMISED]),
        "parameter_draws": _draws(study),
        **run_facts(how),
    }


def point_row(point: FundingPoint) -> Document:
    """Return the row of a budget."""
    clean_up, following = point.clean_up, point.next
    simulated: dict[str, Estimate | None] = {
        "expected_fatalities": point.expected_fatalities,
        "averted_over_host_only": point.averted,
        "averted_over_host_only_with_later_years": point.averted_with_later,
        "destroyed_t": point.destroyed_t,
        "cost_usd": point.cost_usd,
        "usd_per_t": point.usd_per_t,
        "usd_per_kg_neq": point.usd_per_kg_neq,
        "usd_per_fatality_averted": point.usd_per_fatality_averted,
        "usd_per_fatality_averted_with_later_years": point.usd_per_fatality_averted_with_later,
        "cleanup_avoided_usd": clean_up.avoided_usd,
    }
    row: Document = {"budget_usd": point.budget_usd}
    for name, estimate in simulated.items():
        row |= _pair(name, estimate)
    return row | {
        **_pair("p_explosion_host_only", clean_up.p_host_only),
        **_pair("p_explosion", clean_up.p_optimised),
        "p_explosion_computed": clean_up.computed,
        "cleanup_usd_if_any": clean_up.usd_if_any,
        **{f"cleared_{q}": date for q, date in clearance_dates(point.ensemble, OPTIMISED).items()},
        "planning_harm": point.planning_harm,
        "do_nothing_planning_harm": point.do_nothing_harm,
        "next_million_planning_harm_by_dual": following and _rounded(following.by_dual, point),
        "dual_holds_from_usd": following and following.holds_from_usd,
        "dual_holds_to_usd": views.slope_end(point),
        "next_million_planning_harm_by_linear_plan": following and _rounded(following.linear, point),
        "next_million_planning_harm_by_planning_again": following and _rounded(following.again, point),
        "plan_source": point.source,
    }


def terms_document(terms: DonorTerms | None) -> Document:
    """Return what the donors of the scenario come to; null under every key without terms."""
    keys = (
        "donors", "donors_planning_harm", "last_in_sum_planning_harm", "shapley_orders", "shapley_groups",
        "strings", "late_tranches", "firmness", "matching", "options",
    )  # fmt: skip
    if terms is None:
        return dict.fromkeys(keys)
    shares, firm = terms.shares, asdict(terms.firmness)
    firm["rests_on_indicative_planning_harm"] = firm.pop("rests_on_indicative")
    values = (
        [
            {"fund_id": s.fund_id, "last_in_planning_harm": s.last_in, "shapley_planning_harm": s.shapley}
            | {"shapley_standard_error": s.standard_error}
            for s in shares.shares
        ],
        shares.total,
        shares.last_in_sum,
        shares.orders,
        shares.groups,
        [{"fund_id": one.fund_id, "price_planning_harm": one.price} for one in terms.strings],
        [
            {"tranche_id": one.tranche_id, "fund_id": one.fund_id, "usd": one.usd}
            | {"replanned_planning_harm": one.replanned}
            | _pair("expected_fatalities_more", one.simulated)
            | _pair("plan_followed_more", one.followed)
            | _pair("plan_made_again_more", one.made_again)
            for one in terms.late
        ],
        firm,
        [
            {"fund_id": one.fund_id, "matched_usd": one.matched_usd, "matched_per_usd": one.per_usd}
            | {"averted_planning_harm": one.averted}
            for one in terms.matching
        ],
        [{"name": one.name, "usd": one.usd, "averted_planning_harm": one.averted} for one in terms.options],
    )
    return dict(zip(keys, values, strict=True))


def funding_figure(study: FundingStudy) -> str:
    """Return the curve as an SVG."""
    title = "What donors' money buys"
    unit = "Expected fatalities averted against the host's own money alone [persons]"
    budget = [p.budget_usd / MILLION_USD for p in study.points]
    own = study.scenario.settings
    curves = [("constants as given", BLUE, [p.averted_with_later for p in study.points])]
    if counts_more(study):
        curves = [
            (with_later_words(study), BLUE, curves[0][2]),
            ("up to the horizon", INK, [p.averted for p in study.points]),
        ]
    with settings():
        figure, axes = new_figure(title, unit, own.synthetic)
        known = band(study)
        if known:
            axes.fill_between(
                [b / MILLION_USD for b, _ in known],
                [one.low for _, one in known],
                [one.high for _, one in known],
                color=BLUE,
                alpha=0.13,
                linewidth=0,
                label=BAND,
            )
            middles = [one.middle for _, one in known]
            axes.plot([b / MILLION_USD for b, _ in known], middles, color=BLUE, linestyle=":", label=MIDDLE)
        for name, colour, averted in curves:
            half = [one.half_width or 0.0 for one in averted]
            means = [one.mean for one in averted]
            axes.errorbar(
                budget, means, yerr=half, color=colour, marker="o", markersize=4, capsize=3, label=name
            )
        if len(curves) > 1 or known:
            axes.legend(loc="best", framealpha=1.0, edgecolor="none", fontsize=8)
        axes.set_xlabel(f"Donors' money promised [million USD of {own.price_year}]")
        axes.axhline(0.0, color=ORANGE, linewidth=0.8)
        number_axis(axes.xaxis)
        number_axis(axes.yaxis)
        first = [one.mean for one in curves[0][2]]
        words = "; ".join(f"{b:.3g} million USD averts {a:.3g}" for b, a in zip(budget, first, strict=True))
        if known:
            spans = "; ".join(f"{b / MILLION_USD:.3g}: {r.low:.2g} to {r.high:.2g}" for b, r in known)
            words += f". Band, {BAND}, by million USD: {spans}"
        return svg_text(figure, title, f"{words}.")


def _table(rows: Sequence[Document]) -> str:
    header = list(rows[0]) if rows else []
    return csv_text(header, [list(row.values()) for row in rows])


def _rounded(averted: float | None, point: FundingPoint) -> float | None:
    """Return planning harm averted; 0 for what the order of a sum leaves."""
    rounding = ROUNDING * (point.do_nothing_harm or 0.0)
    return 0.0 if averted is not None and abs(averted) <= rounding else averted


def _pair(name: str, estimate: Estimate | None) -> Document:
    mean, half_width = (estimate.mean, estimate.half_width) if estimate else (None, None)
    if mean is not None and half_width is not None and half_width <= ROUNDING * abs(mean):
        half_width = 0.0
    return {name: mean, f"{name}_half_width": half_width}
