"""Facilities under draws as a document and as sentences."""

from __future__ import annotations

from pathlib import Path

from demilsim.experiments.facilities import FacilitiesOutcome
from demilsim.optimisation.recourse import Order
from demilsim.optimisation.releases import waits
from demilsim.reporting.document import Document, estimate_document
from demilsim.reporting.folder import make_folder, write_atomically
from demilsim.reporting.tables import json_text
from demilsim.scenario.scenario import Scenario

LEAST_SHARE = 0.001
"""Share of the harm averted below which a difference is within the gap at which choices stop [1]."""


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
        f"Planning facilities for all draws averts {gained:.3g} more deaths than planning for their mean "
        f"({gained / averted:.1%} of what is averted)."
        if gained > LEAST_SHARE * averted
        else "Planning facilities for all draws does not pay here: the orders for the mean do as well."
    )
    told = (
        f"Knowing the draw before ordering would avert {known:.3g} deaths more ({known / averted:.1%})."
        if known > LEAST_SHARE * averted
        else "Knowing the draw before ordering would change next to nothing."
    )
    gap = outcome.fresh_gap
    fresh = () if gap is None else (
        f"On fresh draws they are {gap.mean:.3g} ± {gap.half_width:.3g} deaths from the best of each batch.",
    )  # fmt: skip
    aside: tuple[str, ...] = (
        ("Measures other than destruction are left aside.",) if outcome.scenario.measures else ()
    )
    if any(waits(tranche) for tranche in outcome.scenario.tranches):
        aside += ("Money that waits for a milestone is left aside, since nothing is done before a draw.",)
    return (pays, told, *fresh, *aside)


def write_facilities(out: Path, outcome: FacilitiesOutcome) -> Document:
    """Write ``facilities.json`` and return the document."""
    document = facilities_document(outcome)
    make_folder(out)
    write_atomically(out / "facilities.json", json_text(document))
    return document


def _orders(scenario: Scenario, orders: tuple[Order, ...]) -> list[Document]:
    return [
        {
            "facility_id": scenario.facilities[facility].facility_id,
            "ordered": scenario.period_dates[period].isoformat(),
        }
        for facility, period in orders
    ]
