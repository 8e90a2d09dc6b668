"""Facilities under draws, from scenario to sentences."""

from __future__ import annotations

import csv
import datetime as dt
import html
import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.main import get_command

from demilsim.cli import app
from demilsim.errors import DemilsimError, StudyError
from demilsim.experiments.facilities import (
    FacilitiesOutcome,
    draw_tasks,
    facilities_under_draws,
    recourse_along,
)
from demilsim.experiments.statistics import Estimate
from demilsim.model.cautions import Caution
from demilsim.planning.rules import nominal_start
from demilsim.reporting.comparison_words import spelled
from demilsim.reporting.facilities import sentences, write_facilities
from demilsim.reporting.facilities_views import advice, notes, options_table
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.wording import figure, million
from demilsim.scenario.place import Place
from optimisation.instances import build_or_not
from pages import Page, cells
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
    assert (figure(gained) in document["sentences"][0]) == (gained > 1e-3 * document["averted_harm"])


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


def test_a_facility_is_worth_the_harm_of_the_plan_without_it(outcome: FacilitiesOutcome) -> None:
    """With one facility, what it averts is the harm of no order less that of its order, draw by draw."""
    (kiln,) = outcome.options
    scenario = outcome.scenario
    plan = nominal_start(scenario)
    tasks = draw_tasks(scenario, 4, 3)
    without = [recourse_along(task, plan).evaluate(np.zeros(0, dtype=np.int64))[0] for task in tasks]
    assert kiln.ordered
    assert kiln.order == outcome.worth.stochastic.orders[0]
    assert kiln.averted == pytest.approx(np.array(without) - outcome.worth.stochastic.harm, abs=1e-9)
    assert kiln.beyond_usd.tolist() == [0.0] * 4


def test_what_the_funds_cannot_pay_is_told_in_dollars_not_in_deaths() -> None:
    """A kiln for 10 million against 210,000 USD of funds: the rest is beyond them; no more dies than can."""
    dear = build_or_not()
    kiln = dear.facilities[1].model_copy(update={"capital_cost_usd": 1e7})
    found = facilities_under_draws(replace(dear, facilities=(dear.facilities[0], kiln)), 2, seed=3, batches=0)
    (option,) = found.options
    assert not option.ordered
    assert np.all(option.beyond_usd >= 1e7 - 210_000.0)
    assert np.all(option.beyond_usd <= 1e7 + 1.0)
    assert np.all(np.abs(option.averted) <= found.do_nothing)
    assert "No facility is worth ordering over 2 draws." in advice(found)
    # Which date it is judged on is told: on another one the funds may have more.
    judged = option.order and found.scenario.period_dates[option.order[1]].isoformat()
    table = options_table(found)
    place = [column.head for column in table.columns].index("Ordered on")
    assert table.rows[0].cells[place] == judged
    worth = replace(option, averted=np.full_like(option.averted, 0.5 * found.do_nothing))
    said = advice(replace(found, options=(worth,)))
    assert f"Ordered on {judged}, " in said
    assert "money that comes later may pay for it" in said


def test_advice_tells_what_counts_and_names_what_does_not(outcome: FacilitiesOutcome) -> None:
    """An order within the gap at which choices stop is named without a number; one beyond it with its own."""
    (kiln,) = outcome.options
    assert f"KILN (2026-01-01), which averts {figure(float(kiln.averted.mean()))} deaths more" in advice(
        outcome
    )
    little = replace(kiln, averted=np.full(4, 1e-5 * outcome.averted))
    said = advice(replace(outcome, options=(little,)))
    assert said == (
        f"Order, on average over 4 draws: KILN, which changes less than {figure(1e-3 * outcome.averted, 2)} "
        "deaths."
    )


def named(outcome: FacilitiesOutcome, name: str) -> FacilitiesOutcome:
    """Return the outcome with plants of another name, asked for as a variant."""
    plants = tuple(row.model_copy(update={"name": name}) for row in outcome.scenario.facilities)
    return replace(outcome, scenario=replace(outcome.scenario, facilities=plants, asked_as="tiny@late"))


def test_the_page_tells_the_numbers_of_its_table(outcome: FacilitiesOutcome, tmp_path: Path) -> None:
    """Each facility's money, orders and deaths averted stand on the page as in facility_options.csv."""
    odd = [Caution("rates_of_plants", Place("rates.csv", 2), "throughput_t_per_day", "expected less at KILN")]
    write_facilities(tmp_path, named(outcome, "<b>Kiln</b>"), HowRun(("demilsim", "facilities"), 1.0, 1), odd)
    text = (tmp_path / "facilities.html").read_text("utf-8")
    assert "The inputs raise 1 warning of demilsim check" in text
    (row,) = csv.DictReader((tmp_path / "facility_options.csv").read_text("utf-8").splitlines())
    shown, *worth = cells(text)
    name, price, ready, keep, order, _, _, dated, averted, span, draws, beyond = shown
    assert dated == row["date"]
    assert (name, order) == ("<b>Kiln</b>", row["date"])
    assert [price, keep] == [million(float(row[k])) for k in ("capital_cost_usd", "fixed_cost_usd_per_year")]
    assert (float(ready), draws) == (float(row["lead_time_days"]), row["draws_that_avert"])
    assert averted == figure(float(row["averted_mean"]))
    assert span == f"{figure(float(row['averted_least']))} to {figure(float(row['averted_most']))}"
    assert beyond == million(float(row["beyond_funds_usd"]))
    assert worth[0][1] == figure(outcome.do_nothing)
    assert worth[1][1] == figure(outcome.worth.stochastic.objective)
    run = json.loads((tmp_path / "facilities.run.json").read_text("utf-8"))
    assert (run["seed"], run["draws"], run["batches"]) == (3, 4, 2)


def test_the_page_is_fit_for_the_public(outcome: FacilitiesOutcome, tmp_path: Path) -> None:
    """It says SYNTHETIC, runs nothing, names no lot, store or site, and its command is understood."""
    outcome = named(outcome, "<b>Kiln</b>")
    write_facilities(tmp_path, outcome)
    text = (tmp_path / "facilities.html").read_text("utf-8")
    page, drawn = Page(text), (tmp_path / "figures" / "facility-options.svg").read_text("utf-8")
    assert "SYNTHETIC" in drawn
    assert page.text.count("SYNTHETIC") >= 5
    assert not {"script", "b"} & {tag for tag, _ in page.tags}
    assert all(attributes["alt"] for tag, attributes in page.tags if tag == "img")
    assert not re.search(r"\b(L1|L2|H1|H2|S1)\b", page.text + drawn)
    (said,) = re.findall(r"demilsim facilities [^<]* DIR", text)
    command: Any = get_command(app)
    given = command.commands["facilities"].make_context("f", shlex.split(html.unescape(said))[2:]).params
    assert str(given["scenario"]) == "tiny@late"
    assert (given["draws"], given["worst"], given["batches"], given["seed"]) == (4, 0.5, 2, 3)


def test_a_difference_on_fresh_draws_within_the_gap_is_no_number(outcome: FacilitiesOutcome) -> None:
    """1e-11 deaths are told as none; a tenth of what is averted is told with its interval."""
    dust, much = Estimate(1e-11, 1e-10), Estimate(0.1 * outcome.averted, 0.01 * outcome.averted)
    assert "no worse than the best of each batch" in sentences(replace(outcome, fresh_gap=dust))[2]
    assert f"{spelled(much)} deaths from" in sentences(replace(outcome, fresh_gap=much))[2]
    tiny = replace(outcome, fresh_gap=Estimate(5.03e-5, 0.000639))
    assert "0.00005 ± 0.00064 deaths from" in " ".join(sentences(tiny))


def test_it_says_which_way_it_errs_where_plant_has_to_move(outcome: FacilitiesOutcome) -> None:
    """Plant that is at all sites at once averts too much, and new plant in its place too little."""
    team = outcome.scenario.facilities[0].model_copy(update={"mobile": True, "move_days": 5.0})
    moving = replace(outcome.scenario, facilities=(team, *outcome.scenario.facilities[1:]))
    (said,) = [note for note in notes(replace(outcome, scenario=moving)) if "obile plant" in note]
    assert "mobile plant is told to avert more than it can" in said
    assert "may avert more than is told" in said
    assert not any("obile plant" in note for note in notes(outcome))
