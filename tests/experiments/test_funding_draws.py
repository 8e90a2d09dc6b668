"""How sure a funding study is: ranges in closed form, counts by hand, and what is said without a range."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demilsim.errors import DemilsimError
from demilsim.experiments import backends
from demilsim.experiments.ensemble import Ensemble, Response
from demilsim.experiments.funding_curve import FundingPoint, funding_curve, with_donor_budget
from demilsim.experiments.funding_draws import (
    Case,
    LateCase,
    OptionCase,
    TermCases,
    changed_constants,
    funding_draws,
)
from demilsim.experiments.funding_ranges import (
    DrawnTerm,
    FundingDraws,
    Kind,
    NoRange,
    ParameterRange,
    Simulated,
    chance_explains,
    drawn_together,
)
from demilsim.experiments.funding_study import FundingStudy, funding_study
from demilsim.experiments.funding_terms import delayed
from demilsim.experiments.parameters import RATE_KEYS, scrambled_draws, uncertain_constants
from demilsim.experiments.policies import simple_plan
from demilsim.experiments.statistics import draw_quantiles
from demilsim.experiments.uncertainty import uncertainty
from demilsim.plan import DisposalPlan, Floats
from demilsim.planning.coordinate import LoopOptions, Programme
from demilsim.planning.rules import DO_NOTHING, nominal_coefficients
from demilsim.reporting.funding import write_funding
from demilsim.reporting.funding_findings import findings
from demilsim.reporting.funding_ranges import band, ranges_table, sure_finding, sure_sentences
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.schema import Override
from donor_towns import towns_and_donors
from stories import with_methods

RESPONDERS = "consequence.responders_per_event"
"""Where nobody lives, all who may die are responders, and deaths are proportional to their number."""

SEED, DRAWS = 11, 128
RARE, NEVER = 1e-9, 1e-20
"""Rates at which no replication of a test sees an event: practices [1/yr], and ageing [1/(t yr)]."""

LOOP = LoopOptions(teaching=2, choosing=4, baseline=2, rounds=0)


def towns(**terms: Any) -> Scenario:
    """Return two lots beside a town and a donor, with plants that are known to be safe."""
    scenario = towns_and_donors(terms)
    safe = {"accident_rate_per_t_low": 0.0, "accident_rate_per_t_high": 0.0}
    return with_methods(scenario, **safe)


def known(scenario: Scenario, *free: str) -> Scenario:
    """Return a scenario in which all constants are known, those of `free` excepted; events are rare."""
    entries = {}
    for key, entry in scenario.register.entries.items():
        own = (NEVER if "ageing" in key else RARE) if key in RATE_KEYS else entry.value
        fixed = {"value": own, "low": own, "high": own, "distribution": "fixed"}
        entries[key] = entry if key in free else entry.model_copy(update=fixed)
    rates = {key: Override(value=entries[key].value, source=("T-TEST",)) for key in RATE_KEYS}
    return replace(
        scenario,
        register=replace(scenario.register, entries=entries).overridden({}),
        settings=scenario.settings.model_copy(update={"parameters": rates}),
    )


def point(scenario: Scenario, budget_usd: float, plan: DisposalPlan) -> FundingPoint:
    """Return a point whose host does nothing, and whose plan is as given."""
    variant = with_donor_budget(scenario, budget_usd)
    programme = Programme(plan, {"host_only": DO_NOTHING}, None, nominal_coefficients(variant), ())
    plans = {"host_only": DO_NOTHING, "optimised": plan}
    return FundingPoint(budget_usd, programme, Ensemble(variant, plans, {}))


def plan_with(scenario: Scenario, budget_usd: float) -> DisposalPlan:
    """Return what a rule plans with a budget."""
    return simple_plan("oldest_first", with_donor_budget(scenario, budget_usd))


def drawn(values: Floats, usd: float = 1e6, host: float = 100.0) -> FundingDraws:
    """Return draws of one budget that averts `values`, shape (draw, replication), for the same money."""
    none = np.zeros_like(values)
    return FundingDraws(
        (1e6,),
        (Simulated(none + host, none),),
        (Simulated(host - values, none + usd),),
        (),
        np.arange(len(values)) % 4,
        1,
    )


def test_the_range_of_deaths_proportional_to_a_constant_is_that_of_the_constant() -> None:
    """Averted deaths are A · c in every draw, so that their quantiles are A · F⁻¹, and prices the inverse.

    Each of four sequences of 32 draws has one point in each 32nd of the range of c, so that the k-th of 128
    draws lies in a known one, and a quantile between the ends of the 32nds of its neighbours.
    """
    scenario = known(replace(towns(), exposed_sites=()), RESPONDERS)
    (constant,) = uncertain_constants(scenario)
    assert constant.key == RESPONDERS
    plan = plan_with(scenario, 50_000.0)
    found = funding_draws(scenario, [point(scenario, 50_000.0, plan)], None, DRAWS, 2, seed=SEED, jobs=1)
    bought = found.over_host(0)
    values = [sample.values[RESPONDERS] for sample in scrambled_draws(scenario, DRAWS, SEED)]
    per_responder = bought.deaths / np.array(values)[:, None]
    assert per_responder.min() > 0.0
    np.testing.assert_allclose(per_responder, per_responder[0, 0], rtol=1e-6)
    told, price = found.deaths_range(bought.deaths), found.price_range(bought)
    assert isinstance(told, ParameterRange)
    assert isinstance(price, ParameterRange)
    usd = float(bought.usd.mean())
    for share, quantile, each in zip((0.05, 0.5, 0.95), told, price[::-1], strict=True):
        place = share * (DRAWS - 1)
        ends = np.array([np.floor(np.floor(place) / 4), np.floor(np.ceil(place) / 4) + 1]) / 32
        low, high = per_responder[0, 0] * constant.quantile(ends)
        assert low * (1 - 1e-6) <= quantile <= high * (1 + 1e-6)
        assert usd / high * (1 - 1e-6) <= each <= usd / low * (1 + 1e-6)
    assert (found.changed, found.nothing(bought), found.in_doubt(bought.deaths)) == (1, 0, 0)


@pytest.fixture(scope="module")
def all_known() -> FundingStudy:
    """Return a study in which every constant is known."""
    scenario = known(towns())
    points = funding_curve(scenario, (0.0, 50_000.0), 4, jobs=1, options=LOOP)
    draws = funding_draws(scenario, points, None, 4, 2, jobs=1)
    return FundingStudy(scenario, 50_000.0, points, None, (), draws)


def test_with_all_constants_known_there_is_no_range_and_the_page_says_so(
    all_known: FundingStudy, tmp_path: Path
) -> None:
    """No draw changes a constant: no range of any width, no band; the page and the line on stdout say why."""
    assert all_known.draws is not None
    assert changed_constants(all_known.scenario, scrambled_draws(all_known.scenario, 4, SEED)) == 0
    bought = all_known.draws.over_host(1)
    assert bought.deaths.min() > 0.0
    assert all_known.draws.deaths_range(bought.deaths) is NoRange.UNCHANGED
    assert all_known.draws.price_range(bought) is NoRange.UNCHANGED
    assert band(all_known) == []
    document = write_funding(tmp_path, all_known)
    assert document["parameter_draws"]["constants_changed"] == 0
    assert {row["why_no_range"] for row in document["parameter_ranges"]} == {"no draw changes a constant"}
    assert {row["deaths_p50"] for row in document["parameter_ranges"]} == {None}
    page = (tmp_path / "funding.html").read_text("utf-8")
    said = sure_finding(all_known)
    assert said is not None
    assert said.startswith("All constants of this scenario are fixed: no draw changes any of them.")
    assert page.count(said) == 2
    assert "The band is" not in page
    assert "5 to 95%" not in (tmp_path / "figures" / "funding.svg").read_text("utf-8")


def test_without_draws_the_page_says_that_nothing_was_carried(
    all_known: FundingStudy, tmp_path: Path
) -> None:
    """Both keys are null, there is no table of ranges, and the page names the option."""
    study = replace(all_known, draws=None)
    document = write_funding(tmp_path, study)
    assert (document["parameter_draws"], document["parameter_ranges"]) == (None, None)
    assert not (tmp_path / "funding_ranges.csv").exists()
    assert sure_finding(study) is None
    assert sure_sentences(study)[0] in (tmp_path / "funding.html").read_text("utf-8")
    with pytest.raises(DemilsimError, match=r"parameter draws: expected 0 \(none\) or at least 2 \(got 1\)"):
        funding_study(study.scenario, (0.0,), parameter_draws=1)


def test_draws_and_chance_are_those_of_run() -> None:
    """Deaths and money of both plans are, replication by replication, what `uncertainty` finds for them."""
    scenario = towns()
    plan = plan_with(scenario, 50_000.0)
    one = point(scenario, 50_000.0, plan)
    found = funding_draws(scenario, [one], None, 6, 2, seed=SEED, jobs=1)
    # Other names than those of run, which would change one constant at a time besides.
    plans = {"host": DO_NOTHING, "plan": plan}
    run = uncertainty(one.ensemble.scenario, plans, 6, 2, seed=SEED, jobs=1)
    for own, name in ((found.host[0], "host"), (found.plan[0], "plan")):
        np.testing.assert_array_equal(own.deaths, run.of(name, Response.EXPECTED_FATALITIES))
        np.testing.assert_array_equal(own.usd, run.of(name, Response.COST))
    assert found.changed > 50


def test_terms_are_held_against_the_same_plan_in_time_and_as_promised() -> None:
    """Late money is compared with the same plan in time, a change of terms with the best plan without it."""
    scenario = towns(due="2026-07-01")
    plan = plan_with(scenario, 50_000.0)
    late = Case(delayed(scenario, "T-D0"), (plan, DO_NOTHING))
    terms = TermCases(
        Case(scenario, (plan, DO_NOTHING)),
        (LateCase("T-D0", 1.0, -1.0, late),),
        (OptionCase("more", 1e6, 0.5, Case(scenario, (plan,))),),
    )
    found = funding_draws(scenario, [point(scenario, 50_000.0, plan)], terms, 4, 2, seed=SEED, jobs=1)
    followed, again, option = found.terms
    assert [term.kind for term in found.terms] == [Kind.FOLLOWED, Kind.MADE_AGAIN, Kind.OPTION]
    assert followed.deaths.min() > 0.0
    assert not again.deaths.any()
    # The budget of the curve is what is promised, so that its point is the scenario as given.
    np.testing.assert_allclose(option.deaths, found.over_host(0).deaths)
    assert [found.sign_kept(term) for term in found.terms] == [4, 0, 4]
    assert [found.largest(term) for term in found.terms] == [4, 0, 4]
    assert found.deaths_range(again.deaths) is NoRange.SAME


def test_counts_by_hand() -> None:
    """Five draws: averted 4, 1, 0, -2 and 5 ± 9; 0.2% of what is averted over the host is nothing."""
    values = np.array([[4.0, 4.0], [1.0, 1.0], [0.0, 0.0], [-2.0, -2.0], [14.0, -4.0]])
    found = drawn(values)
    bought = found.over_host(0)
    assert found.nothing(bought) == 2
    assert found.in_doubt(values) == 1
    step = bought._replace(deaths=np.array([[0.008], [0.0021], [0.0], [0.1], [0.1]]))
    assert found.nothing(step) == 2
    term = DrawnTerm(Kind.OPTION, "a", 0.0, 3.0, values)
    assert (found.positive(term), found.sign_kept(term)) == (3, 3)
    assert found.sign_kept(replace(term, told=-1.0)) == 1


def test_of_terms_that_matter_as_much_the_cheaper_is_the_largest() -> None:
    """To three digits equal, the cheaper; where none averts anything, none is the largest."""
    rows = {"dear": (5.001, 1.0, -1.0), "cheap": (5.0, 0.5, -2.0), "other kind": (9.0, 9.0, 9.0)}
    kinds = (Kind.OPTION, Kind.OPTION, Kind.FOLLOWED)
    terms = tuple(
        DrawnTerm(kind, name, 1e6 if name == "dear" else 0.0, 1.0, np.tile(means, (2, 1)).T)
        for kind, (name, means) in zip(kinds, rows.items(), strict=True)
    )
    found = replace(drawn(np.ones((3, 2))), terms=terms)
    assert [found.largest(term) for term in terms] == [1, 1, 3]


def test_a_price_has_no_end_where_nothing_is_averted() -> None:
    """Of 20 draws ten avert nothing: the dear end and the middle are infinite; no money has no price."""
    values = np.repeat(np.concatenate([np.zeros(10), np.linspace(1.0, 2.0, 10)]), 2).reshape(20, 2)
    found = drawn(values, usd=3e6)
    price = found.price_range(found.over_host(0))
    assert isinstance(price, ParameterRange)
    assert price.low == pytest.approx(3e6 / np.quantile(values[:, 0], 0.95))
    assert price.middle == pytest.approx(3e6 / 0.5)
    assert price.high == float("inf")
    free = drawn(values, usd=0.0)
    assert free.price_range(free.over_host(0)) is NoRange.NO_MONEY


def test_draws_that_differ_by_chance_alone_tell_no_range() -> None:
    """Of 200 sets of long-tailed chance 5% look like more, ± 3 standard errors; a true spread does."""
    rng = np.random.default_rng(8)
    chance = rng.lognormal(0.0, 2.0, size=(200, 16, 4))
    refused = np.array([chance_explains(one) > 0.05 for one in chance])
    assert refused.mean() == pytest.approx(0.95, abs=3 * (0.05 * 0.95 / 200) ** 0.5)
    found = drawn(chance[np.flatnonzero(refused)[0]])
    assert found.deaths_range(found.over_host(0).deaths) is NoRange.CHANCE
    apart = drawn(np.arange(1.0, 17.0)[:, None] + rng.normal(0.0, 0.1, size=(16, 4)))
    assert isinstance(apart.deaths_range(apart.over_host(0).deaths), ParameterRange)


def test_there_is_no_range_where_chance_spreads_draws_more() -> None:
    """64 draws 1 apart, ± c in two replications: c² is the chance of a mean, 64 · 65 / 12 the variance."""
    between = 64.0 * 65.0 / 12.0
    for chance, known in ((0.49, True), (0.51, False)):
        width = (chance * between) ** 0.5
        found = drawn(np.arange(1.0, 65.0)[:, None] + np.array([-width, width]))
        found = replace(found, sequence=np.arange(64))
        told = found.deaths_range(found.over_host(0).deaths)
        assert isinstance(told, ParameterRange) is known, chance


def test_each_draw_loses_its_own_chance() -> None:
    """Of equal chance all lose what those of run do; a draw without any stays, and others lose more."""
    ends, groups = (0.05, 0.5, 0.95), np.arange(16) % 4
    even = np.arange(16.0)[:, None] + np.array([-1.0, 1.0])
    assert np.quantile(drawn_together(even, groups), ends) == pytest.approx(
        draw_quantiles(even, ends, groups)
    )
    uneven = np.arange(16.0)[:, None] + np.where(groups < 2, 0.0, 2.0)[:, None] * np.array([-1.0, 1.0])
    together, means = drawn_together(uneven, groups), uneven.mean(axis=1)
    np.testing.assert_allclose(together[groups < 2], means[groups < 2])
    assert np.all(np.abs(together - 7.5)[groups >= 2] < np.abs(means - 7.5)[groups >= 2])


@pytest.fixture(scope="module")
def unsure() -> FundingStudy:
    """Return a study with ranges: no donors' money, money for one lot, and for both."""
    scenario = towns()
    points = funding_curve(scenario, (0.0, 50_000.0, 100_000.0), 4, jobs=1, options=LOOP)
    return FundingStudy(
        scenario, 100_000.0, points, None, (), funding_draws(scenario, points, None, 32, 4, jobs=1)
    )


def test_the_page_tells_the_ranges_of_its_document(unsure: FundingStudy, tmp_path: Path) -> None:
    """Band, sentence, table, CSV and JSON have the same ends; what chance leaves open stands apart."""
    assert unsure.draws is not None
    document = write_funding(tmp_path, unsure)
    rows = {(row["kind"], row["budget_usd"]): row for row in document["parameter_ranges"]}
    assert document["parameter_draws"] == {
        "draws": 32, "replications_per_draw": 4, "constants_changed": unsure.draws.changed,
    }  # fmt: skip
    for budget, ends in band(unsure):
        row = rows["over_host_only", budget]
        assert tuple(ends) == (row["deaths_p5"], row["deaths_p50"], row["deaths_p95"])
        assert ends.low < ends.middle < ends.high
    added = rows["over_no_donors", 100_000.0]
    assert 0.0 < added["usd_per_fatality_p5"] < added["usd_per_fatality_p50"] < added["usd_per_fatality_p95"]
    said = sure_finding(unsure)
    assert said is not None
    assert "USD 0.100 million from donors avert" in said
    assert f"{said[0].upper()}{said[1:]}" in findings(unsure)
    last = ranges_table(unsure).rows[-1].cells
    low, middle, high = (f"{added[f'deaths_{end}']:.2g}" for end in ("p5", "p50", "p95"))
    assert last[2] == f"{low} to {high} ({middle})"
    assert f"{low} to {high} deaths more than no donor's money (5 to 95%, middle {middle})" in said
    assert last[5] == str(rows["step", 100_000.0]["draws_with_nothing"])
    with (tmp_path / "funding_ranges.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [row["kind"] for row in written] == [row["kind"] for row in document["parameter_ranges"]]
    assert json.loads((tmp_path / "funding.json").read_text("utf-8")) == document
    assert "5 to 95% over what is not known" in (tmp_path / "figures" / "funding.svg").read_text("utf-8")
    page = (tmp_path / "funding.html").read_text("utf-8")
    assert "the two are not added up" in page
    assert "--parameter-draws 32" in page


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            np.linspace(1.0, 3.0, 21),
            "USD 1.00 million from donors avert 1.1 to 2.9 deaths against the host's own money alone (5 to "
            "95%, middle 2.0), at USD 0.34 to 0.91 million for each (middle 0.50); chance is not in",
        ),
        (np.linspace(-1.0, 2.0, 20), "million or more for each (middle 2.0); chance is not in this range."),
        (np.linspace(-2.0, 1.0, 20), "1.2 million or more for each; chance is not in this range."),
        (np.linspace(-2.0, -1.0, 20), "(5 to 95%, middle \N{MINUS SIGN}1.5); chance is not in this range."),
        (np.zeros(20), "what USD 1.00 million from donors avert is the same in every draw."),
    ],
)
def test_one_sentence_says_how_sure_it_is(values: Floats, said: str) -> None:
    """Deaths and their price for one budget: with both ends, without a dear one, and without a range."""
    draws = drawn(np.tile(values, (2, 1)).T)
    assert said in (sure_finding(FundingStudy(towns(), 0.0, (), None, (), draws)) or "")


@pytest.mark.soak
def test_any_number_of_workers_find_the_same(unsure: FundingStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker and two give the same bits."""
    monkeypatch.setattr(backends, "WORTH_SECONDS", 0.0)
    one, two = (funding_draws(unsure.scenario, unsure.points, None, 6, 2, jobs=jobs) for jobs in (1, 2))
    for a, b in zip((*one.host, *one.plan), (*two.host, *two.plan), strict=True):
        np.testing.assert_array_equal(np.array(a), np.array(b))
    assert one.changed == two.changed
