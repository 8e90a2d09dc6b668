"""Facilities under draws, from scenario to sentences."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demilsim.errors import DemilsimError, StudyError
from demilsim.experiments.facilities import FacilitiesOutcome, facilities_under_draws
from demilsim.reporting.facilities import sentences, write_facilities
from optimisation.instances import build_or_not
from worlds import two_lots


@pytest.fixture(scope="module")
def outcome() -> FacilitiesOutcome:
    """Return the small world with a kiln to build, under four draws and two fresh batches."""
    return facilities_under_draws(build_or_not(), 4, seed=3, tail=0.5, batches=2)


def test_orders_for_all_draws_are_no_worse_than_those_for_the_mean(outcome: FacilitiesOutcome) -> None:
    """Knowing more never harms: wait and see <= all draws <= orders for the mean, up to the gap."""
    worth = outcome.worth
    slack = 2e-3 * outcome.averted
    assert worth.wait_and_see.mean() <= worth.stochastic.objective + slack
    assert worth.stochastic.objective <= worth.for_mean_harm.mean() + slack
    assert worth.stochastic.bound <= worth.stochastic.objective
    assert outcome.averted > 0.0


def test_the_same_seed_gives_the_same_bits(outcome: FacilitiesOutcome) -> None:
    """Draws, orders and figures depend on the seed alone."""
    again = facilities_under_draws(build_or_not(), 4, seed=3, tail=0.5, batches=2)
    assert again.worth.stochastic.orders == outcome.worth.stochastic.orders
    assert np.array_equal(again.worth.for_mean_harm, outcome.worth.for_mean_harm)
    assert again.fresh_gap == outcome.fresh_gap


def test_document_and_sentences(outcome: FacilitiesOutcome, tmp_path: Path) -> None:
    """The file holds what was found, and the sentences quote it."""
    document = write_facilities(tmp_path, outcome)
    assert json.loads((tmp_path / "facilities.json").read_text("utf-8")) == document
    assert document["draws"] == 4
    assert {order["facility_id"] for order in document["orders"]} <= {"KILN"}
    gained = document["value_of_stochastic_solution"]
    assert (f"{gained:.3g}" in document["sentences"][0]) == (gained > 1e-3 * document["averted_harm"])


def test_it_says_when_the_stochastic_plan_does_not_pay(outcome: FacilitiesOutcome) -> None:
    """Where the orders for the mean do as well, the first sentence says so."""
    worth = replace(
        outcome.worth,
        for_mean_harm=np.full_like(outcome.worth.for_mean_harm, outcome.worth.stochastic.objective),
    )
    assert "does not pay" in sentences(replace(outcome, worth=worth))[0]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"count": 1}, "at least 2"),
        ({"batches": 1}, "0, or at least 2"),
        ({"tail": 1.5}, "between 0 and 1"),
    ],
)
def test_numbers_out_of_range(asked: dict[str, float], message: str) -> None:
    """Each says what was expected."""
    with pytest.raises(DemilsimError, match=message):
        facilities_under_draws(build_or_not(), **asked)


def test_nothing_to_order() -> None:
    """A scenario without possible facilities is refused, rather than answered with nothing."""
    with pytest.raises(DemilsimError, match="nothing to order"):
        facilities_under_draws(two_lots())


def test_dates_are_refused() -> None:
    """Where lots have dates some choices have no recourse: the message names them and what to do."""
    lots = [row.model_copy(update={"destroy_by": dt.date(2028, 1, 1)}) for row in build_or_not().lots]
    with pytest.raises(StudyError, match=r"destroy_by: .*got 2 of 2 lots: L1, L2.*take them out"):
        facilities_under_draws(build_or_not(lots=lots))
