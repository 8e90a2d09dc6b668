"""The same step of money has one worth wherever a funding study tells it, and noise is no result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from demilsim.experiments.funding_curve import MILLION_USD, FundingPoint, settled
from demilsim.experiments.funding_study import FundingStudy, funding_study
from demilsim.experiments.least_harm import Found
from demilsim.experiments.next_million import NextMillion
from demilsim.experiments.statistics import Estimate
from demilsim.planning.coordinate import GAP_AVERTED, LoopOptions
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.comparison_words import signed
from demilsim.reporting.donor_terms_views import late_table
from demilsim.reporting.funding_findings import findings
from demilsim.reporting.funding_views import curve_table
from demilsim.reporting.funding_words import least_that_counts, simulated
from donor_towns import towns_and_donors

LOOP = LoopOptions(teaching=4, choosing=4, baseline=4)
PROMISED = 50_000.0


@pytest.fixture(scope="module")
def told() -> list[str]:
    """Return what the study tells of its progress."""
    return []


@pytest.fixture(scope="module")
def study(told: list[str]) -> FundingStudy:
    """Return a study of a donor whose money may not come: none of it, all, and twice as much."""
    scenario = towns_and_donors({"probability": 0.6, "amount_usd": PROMISED})
    budgets = (0.0, PROMISED, 2.0 * PROMISED)
    return funding_study(scenario, budgets, 4, jobs=1, options=LOOP, tell=told.append)


def test_money_of_the_curve_is_not_planned_again(study: FundingStudy, told: list[str]) -> None:
    """None of it and all that is promised are points of the curve: terms search for neither."""
    assert study.terms is not None
    searched = [said.partition(": ")[2] for said in told if said.startswith("plan ")]
    assert searched
    assert not {"the money as promised", "committed money alone", "money of the host alone"} & set(searched)


def test_one_step_of_money_has_one_worth(study: FundingStudy) -> None:
    """What the donor averts is the curve's step, what rests on it as well; more money is worth no less."""
    terms = study.terms
    assert terms is not None
    none, promised, twice = (point.planning_harm for point in study.points)
    assert none is not None
    assert promised is not None
    assert twice is not None
    assert none - promised == pytest.approx(terms.shares.total, rel=1e-12)
    assert none - promised == pytest.approx(terms.firmness.rests_on_indicative, rel=1e-12)
    assert none > promised >= twice


def test_plans_found_elsewhere_count_for_the_curve(study: FundingStudy) -> None:
    """A better plan for less money is one of every larger budget, and the next million ends where it does."""
    worth = NextMillion(0.0, 0.0, 0.0, 0.0, again=9.0)

    def point(budget: float, harm: float, richer: float) -> FundingPoint:
        found = ((budget, Found(harm, DO_NOTHING)), (budget + MILLION_USD, Found(richer, DO_NOTHING)))
        return replace(study.points[0], budget_usd=budget, found=found, next=worth)

    given = [point(0.0, 10.0, 8.5), point(MILLION_USD, 9.0, 8.4), point(3.0 * MILLION_USD, 7.0, 7.0)]
    harms = [p.planning_harm for p in settled(given)]
    assert harms == [10.0, 8.5, 7.0]
    after = settled(given, [(2.0 * MILLION_USD * (1.0 + 1e-12), Found(6.0, DO_NOTHING))])
    assert [p.planning_harm for p in after] == [10.0, 8.5, 6.0]
    assert [p.next.again for p in after if p.next] == [1.5, 2.5, 0.0]
    unplanned = replace(given[0], found=(), planning_harm=None, next=None)
    assert settled([unplanned]) == (unplanned,)


def coarse(study: FundingStudy, least: float) -> FundingStudy:
    """Return a study in which plans are not told apart below some deaths."""
    last = study.points[-1]
    assert last.planning_harm is not None
    harm = last.planning_harm + least / GAP_AVERTED
    return replace(study, points=(*study.points[:-1], replace(last, do_nothing_harm=harm)))


def test_no_number_is_given_below_what_plans_are_told_apart_by(study: FundingStudy) -> None:
    """Of simulated differences as of planned ones, if all of their interval is that near to nothing."""
    given = coarse(study, 100.0)
    assert least_that_counts(given) == pytest.approx(100.0)
    assert simulated(given, Estimate(-99.0, 0.5)) == "below 100"
    assert simulated(given, Estimate(0.0, 0.0)) == "0 ± 0"
    for told in (Estimate(99.0, 1.5), Estimate(101.0, 0.1), Estimate(-101.0, 0.1)):
        assert simulated(given, told) == signed(told)
    steps = [row.cells[2] for row in curve_table(given).rows[1:]]
    assert steps[0] == "below 100"
    late = late_table(given).rows[0].cells[2:]
    assert set(late) <= {"below 100", "0", "0 ± 0"}
    assert "below 100" in late
    said = findings(given)
    assert (
        "changes expected deaths over 2 years by less than 100 against the host's own money alone" in said[0]
    )
    assert not any("averts" in one for one in said[:2])
    assert curve_table(study).rows[1].cells[2].startswith("+")


def test_what_is_promised_is_spoken_of_first(study: FundingStudy) -> None:
    """Where it is among the budgets, with more than that after it; else the largest is."""
    first, *others = findings(study)
    assert first.startswith("With USD 0.0500 million from donors, as promised, ")
    assert any("ore than that, from USD 0.0500 to 0.100 million" in one for one in others)
    other = findings(replace(study, promised_usd=70_000.0))
    assert other[0].startswith("With USD 0.100 million from donors (they promise 0.0700) ")
    assert any("he last step, from USD 0.0500 to 0.100 million" in one for one in other)
