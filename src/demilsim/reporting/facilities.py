"""Facilities under draws as a page, a table, a document and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from demilsim.experiments.facilities import FacilitiesOutcome
from demilsim.model.cautions import Caution
from demilsim.optimisation.recourse import Order
from demilsim.optimisation.releases import waits
from demilsim.reporting.comparison_words import spelled
from demilsim.reporting.document import Document, estimate_document
from demilsim.reporting.facilities_views import LEAST_SHARE, told
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.study_page import write_study_page
from demilsim.reporting.tables import csv_text, json_text
from demilsim.reporting.wording import figure
from demilsim.scenario.scenario import Scenario


def facilities_document(outcome: FacilitiesOutcome) -> Document:
    """Return the outcome as a document; harm in weighted expected deaths, money in dollars."""
    scenario, worth = outcome.scenario, outcome.worth
    gap = outcome.fresh_gap
    return {
        "scenario": {"name": scenario.settings.name, "sha256": scenario.sha256},
        "draws": len(worth.wait_and_see),
        "do_nothing_harm": outcome.do_nothing,
        "averted_harm": outcome.averted,
        "harm": worth.stochastic.objective,
        "best_bound": worth.stochastic.bound,
        "orders": _orders(scenario, worth.stochastic.orders),
        "orders_for_mean": _orders(scenario, worth.for_mean),
        "orders_for_worst": None if outcome.tail is None else _orders(scenario, outcome.tail.orders),
        "options": _options(outcome),
        "value_of_stochastic_solution": worth.value_of_stochastic_solution,
        "expected_value_of_perfect_information": worth.expected_value_of_perfect_information,
        "gap_on_fresh_draws": None if gap is None else estimate_document(gap),
        "emergency_usd": {
            "mean": float(outcome.emergency_usd.mean()), "max": float(outcome.emergency_usd.max()),
        },
        "sentences": list(sentences(outcome)),
    }  # fmt: skip


def sentences(outcome: FacilitiesOutcome) -> tuple[str, ...]:
    """Return what a planner should read first."""
    worth, averted = outcome.worth, max(outcome.averted, 1e-12)
    gained, known = worth.value_of_stochastic_solution, worth.expected_value_of_perfect_information
    pays = (
        f"Planning facilities for all draws averts {figure(gained)} more deaths than planning for their mean "
        f"({gained / averted:.1%} of what is averted)."
        if gained > LEAST_SHARE * averted
        else "Planning facilities for all draws does not pay here: the orders for the mean do as well."
    )
    told = (
        f"Knowing the draw before ordering would avert {figure(known)} deaths more ({known / averted:.1%})."
        if known > LEAST_SHARE * averted
        else "Knowing the draw before ordering would change next to nothing."
    )
    gap, fresh = outcome.fresh_gap, tuple[str, ...]()
    if gap is not None:
        close = gap.high <= LEAST_SHARE * averted
        least = "no worse than" if close else f"{spelled(gap)} deaths from"
        fresh = (f"On fresh draws they are {least} the best of each batch.",)
    aside: tuple[str, ...] = (
        ("Measures other than destruction are left aside.",) if outcome.scenario.measures else ()
    )
    if any(waits(tranche) for tranche in outcome.scenario.tranches):
        aside += ("Money that waits for a milestone is left aside, since nothing is done before a draw.",)
    return (pays, told, *fresh, *aside)


def write_facilities(
    out: Path, outcome: FacilitiesOutcome, how: HowRun | None = None, cautions: Sequence[Caution] = ()
) -> Document:
    """Write ``facilities.html``, its figure, ``facility_options.csv`` and ``facilities.json``.

    ``facilities.run.json`` is written if `how` says how it was run; `cautions` are what `demilsim check`
    warns of. The page names facilities, and no site, stock or road: any audience may read it. Columns of the
    table, as of ``options`` in the document: ``date`` of the order, or of the one that promises most; deaths
    that the facility averts beside the other orders, mean, least and most of the draws [weighted persons]; in
    how many draws it averts any; what it needs beyond the funds, mean of draws [USD].
    """
    document = facilities_document(outcome) | {"warnings": len(cautions)}
    make_folder(out)
    table = csv_text(list(document["options"][0]), [list(row.values()) for row in document["options"]])
    write_atomically(out / "facility_options.csv", table)
    write_atomically(out / "facilities.json", json_text(document))
    facts = {"seed": outcome.seed, "draws": document["draws"], "batches": outcome.batches}
    page = told(outcome, sentences(outcome))
    write_study_page(out, "facilities", outcome.scenario, page, how, facts, cautions)
    return document


def _options(outcome: FacilitiesOutcome) -> list[Document]:
    """Return the row of each facility that could be ordered."""
    return [
        {
            "facility_id": outcome.scenario.facilities[one.facility].facility_id,
            "capital_cost_usd": outcome.scenario.facilities[one.facility].capital_cost_usd,
            "lead_time_days": outcome.scenario.facilities[one.facility].lead_time_days,
            "fixed_cost_usd_per_year": outcome.scenario.facilities[one.facility].fixed_cost_usd_per_year,
            "ordered": one.ordered,
            "date": outcome.scenario.period_dates[one.order[1]].isoformat() if one.order else None,
            "averted_mean": float(one.averted.mean()),
            "averted_least": float(one.averted.min()),
            "averted_most": float(one.averted.max()),
            "draws_that_avert": int((one.averted > 0.0).sum()),
            "beyond_funds_usd": float(one.beyond_usd.mean()),
        }
        for one in outcome.options
    ]


def _orders(scenario: Scenario, orders: tuple[Order, ...]) -> list[Document]:
    return [
        {
            "facility_id": scenario.facilities[facility].facility_id,
            "ordered": scenario.period_dates[period].isoformat(),
        }
        for facility, period in orders
    ]
