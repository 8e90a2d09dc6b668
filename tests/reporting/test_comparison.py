"""The page of a comparison: its numbers are the document's, nothing runs, and audiences are kept apart."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from changes import cell
from demilsim.experiments.compare import Comparison, compare
from demilsim.experiments.comparison_inputs import InputComparison, compare_inputs
from demilsim.experiments.comparison_outputs import Measured
from demilsim.experiments.ensemble import Ensemble
from demilsim.experiments.policies import simple_plan
from demilsim.experiments.statistics import Estimate
from demilsim.experiments.uncertainty import REPLICATIONS as RUN_REPLICATIONS
from demilsim.plan import DisposalPlan
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.comparison import comparison_html, write_comparison
from demilsim.reporting.comparison_documents import difference_table
from demilsim.reporting.comparison_views import results_table
from demilsim.reporting.comparison_words import findings, over_draws, signed, spelled
from demilsim.reporting.disclosure import Audience
from demilsim.reporting.outputs import HowRun
from demilsim.reporting.sheet import CONTENT_POLICY
from demilsim.reporting.wording import figure, percent
from demilsim.scenario.loader import load_resolved
from demilsim.scenario.starter import write_starter
from hostile import HOSTILE
from pages import Page, cells
from worlds import three_sites

HOW = HowRun(("demilsim", "compare"), 1.0, 1)
SECRET = {
    "lots[L01].neq_kg": "43219",
    "sites[A].latitude_deg": "41.98765",
    "storehouses[A1].x_m": "77.125",
    "routes[A,B].distance_km": "87.625",
    "facilities[RANGE-A].neq_limit_kg_per_day": "1234.5",
    "exposed_sites[A-workers].persons": "9876",
}
GUARD = {"sites[A].guard_level": "2"}
OPEN = {"funding[DONOR-1].amount_usd": "3456789", "horizon_years": "7"}

Written = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def made() -> Comparison:
    """Return doing nothing against a rule at three sites, under a few draws."""
    scenario = three_sites()
    plans = {"do_nothing": DO_NOTHING, "rule": simple_plan("cheapest_first", scenario)}
    return compare([scenario], 8, plans=[plans], jobs=1, parameter_draws=4)


def written(
    folder: Path,
    comparison: Comparison,
    inputs: tuple[InputComparison, ...] = (),
    audience: Audience = "public",
) -> Written:
    """Return page and document as they are written."""
    write_comparison(folder, comparison, inputs, HOW, audience)
    document = json.loads((folder / "comparison.json").read_text("utf-8"))
    return (folder / "comparison.html").read_text("utf-8"), document


def test_headlines_are_the_numbers_of_the_document(made: Comparison, tmp_path: Path) -> None:
    """Deaths, tonnes, money and chance of the page are those of comparison.json, rounded and nothing else."""
    html, document = written(tmp_path, made)
    text = Page(html).text
    assert all(said in text for said in document["headline"])
    (difference,), (first, other) = document["differences"], document["alternatives"]

    def stored(outputs: dict[str, Any], name: str) -> Estimate:
        return Estimate(outputs[name]["mean"], outputs[name]["half_width"])

    for outputs, spell in (
        (first["outputs"], spelled),
        (other["outputs"], spelled),
        (difference["outputs"], signed),
    ):
        assert spell(stored(outputs, "expected_fatalities")) in text
        assert spell(stored(outputs, "destroyed_t")) in text
        assert spell(stored(outputs, "neq_tonne_years")) in text
        assert spell(stored(outputs, "cost_usd"), 1e6) in text
        assert spell(stored(outputs, "p_major_explosion"), 0.01) in text
    chance = difference["over_draws"]["p_fewer_deaths"]
    shares = [percent(chance[key]) for key in ("share", "low", "high")]
    assert f"in {shares[0]} of them (95% interval {shares[1]} to {shares[2]})" in document["headline"][0]
    low, high = (first["outputs"]["expected_fatalities"][f"parameter_{q}"] for q in ("p5", "p95"))
    assert f"{figure(low)} to {figure(high)}" in text


def test_other_results_give_other_words(made: Comparison) -> None:
    """Differences with chance in them read as not shown; a chance near one half reads as not resolved."""
    first, other = made.outputs
    noisy = np.resize([-1.0, 1.1], first.values[Measured.COST].size)
    values = {
        **other.values,
        Measured.EXPECTED_FATALITIES: first.values[Measured.EXPECTED_FATALITIES] + noisy,
    }
    assert made.draws is not None
    deaths = made.draws.deaths.copy()
    deaths[1] = deaths[0] + np.array([[-1.0], [1.0], [-1.0], [1.0]])
    changed = replace(
        made, outputs=(first, replace(other, values=values)), draws=replace(made.draws, deaths=deaths)
    )
    (said,) = findings(changed)
    assert "no difference in expected deaths can be shown over 3 years: +0.05 ±" in said
    assert "in 50% of them" in said
    assert "not resolved, since the interval covers 50%" in said
    same = replace(made, outputs=(first, first))
    assert findings(same) == (
        "“rule” and “do nothing” come out the same in every replication and every output.",
    )


def test_dots_are_explained_where_they_are_drawn(made: Comparison, tmp_path: Path) -> None:
    """With draws there is a panel of dots and a word on it; without, neither."""
    for comparison, drawn in ((made, True), (replace(made, draws=None), False)):
        page = written(tmp_path, comparison)[0]
        figure = (tmp_path / "figures" / "compare.svg").read_text("utf-8")
        assert (f"{made.draws.draws if made.draws else 0} draws; " in figure) is drawn
        assert ("draw by draw the dots" in page) is drawn
        assert ("Without draws of what is not known" in page) is not drawn
        assert (f"demilsim run takes {RUN_REPLICATIONS} replications of each of the same" in page) is drawn


def test_the_page_runs_nothing_and_asks_nobody(made: Comparison, tmp_path: Path) -> None:
    """No script, no form, no address; a policy that would forbid them; pictures are in the file."""
    seen = Page(written(tmp_path, made)[0])
    tags = [tag for tag, _ in seen.tags]
    assert not {"script", "form", "iframe", "object", "link", "base"} & set(tags)
    policies = [a["content"] for t, a in seen.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [CONTENT_POLICY]
    assert CONTENT_POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    addresses = [a.get("src") or a.get("href") or "" for t, a in seen.tags if "src" in a or "href" in a]
    assert all(address.startswith(("data:image/svg+xml;base64,", "#")) for address in addresses)
    assert [handler for _, a in seen.tags for handler in a if handler.startswith("on")] == []
    assert seen.text.count("SYNTHETIC") >= 4
    assert "SYNTHETIC" in (tmp_path / "figures" / "compare.svg").read_text("utf-8")


def renamed(made: Comparison, names: tuple[str, str]) -> Comparison:
    """Return a comparison whose alternatives, scenario title and plants bear other names."""
    (ensemble,) = made.ensembles
    scenario = ensemble.scenario
    plants = tuple(f.model_copy(update={"name": names[0]}) for f in scenario.facilities)
    settings = scenario.settings.model_copy(update={"title": names[1]})
    hostile = replace(scenario, facilities=plants, settings=settings)
    plans = dict(zip(ensemble.plans, (_building(plan) for plan in ensemble.plans.values()), strict=True))
    alternatives = tuple(replace(one, name=name) for one, name in zip(made.alternatives, names, strict=True))
    return replace(
        made, ensembles=(replace(ensemble, scenario=hostile, plans=plans),), alternatives=alternatives
    )


def _building(plan: DisposalPlan) -> DisposalPlan:
    from demilsim.plan import Commissioning

    return replace(plan, commissionings=(Commissioning("KILN", 0),))


def test_hostile_names_stay_names(made: Comparison, tmp_path: Path) -> None:
    """Names with markup, formulas and control characters add no tag, attribute or formula."""

    def tags(html: str) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(attributes)) for tag, attributes in Page(html).tags]

    plain = tags(comparison_html(renamed(made, ("one", "two")), (), "", "public"))
    hostile = [text for text in HOSTILE if "<" in text or text.startswith(("=", "@"))][::6]
    assert len(hostile) > 30
    for text in hostile:
        named = renamed(made, (text, f"{text} too"))
        assert tags(comparison_html(named, (), "", "public")) == plain
        rows = difference_table(named).splitlines()
        assert not [row for row in rows if row.startswith(("=", "+", "-", "@", '"=', '"+', '"-', '"@'))]
    name = "</svg><script>alert(1)</script>"
    html, _ = written(tmp_path, renamed(made, (name, "=1+1")))
    assert tags(html) == plain
    drawn = Page((tmp_path / "figures" / "compare.svg").read_text("utf-8"))
    assert "script" not in {tag for tag, _ in drawn.tags}


def test_where_there_is_no_range_none_is_shown(made: Comparison, tmp_path: Path) -> None:
    """Of the same plan twice it is said that every draw is the same, and not that a doubt is unresolved."""
    same = replace(made, alternatives=(made.alternatives[0], replace(made.alternatives[0], name="again")))
    same = replace(same, outputs=(made.outputs[0],) * 2)
    assert made.draws is not None
    same = replace(same, draws=replace(made.draws, deaths=made.draws.deaths[[0, 0]]))
    html, document = written(tmp_path, same)
    text, drawn = Page(html).text, (tmp_path / "figures" / "compare.svg").read_text("utf-8")
    (difference,) = (row for row in cells(html) if row[0].endswith("A") and row[0] != "A")
    assert difference[2:4] == ["0 in every draw", "the same in every draw"]
    assert "0 to 0" not in text
    assert "not resolved" not in text
    assert "the same in every draw" in drawn
    note = "± 0 in a difference is no lack of replications"
    assert note in text
    differences = [row for row in cells(written(tmp_path, made)[0]) if row[0].endswith("A")]
    assert (note in (tmp_path / "comparison.html").read_text("utf-8")) == any(
        cell.endswith("± 0") for row in differences for cell in row
    )
    assert document["differences"][0]["over_draws"]["p_fewer_deaths"]["draws_tied"] == 4


def test_ends_of_a_narrow_range_are_told_apart(made: Comparison) -> None:
    """Three digits where they do, more where they do not; one value where all draws have it."""
    assert made.draws is not None

    def text(*means: float) -> str:
        deaths = np.broadcast_to(np.array(means)[None, :, None], (2, len(means), 4)).copy()
        return over_draws(replace(made.draws, deaths=deaths, sequence=np.arange(len(means))), 0)

    assert text(1.0, 2.0) == "1.05 to 1.95"
    assert text(1.0, 1.001) == "1.000 to 1.001"
    assert text(0.25, 0.25) == "0.250 in every draw"


@pytest.fixture(scope="module")
def starters(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Audience], dict[str, str]]:
    """Return what is written for an audience about two scenarios that differ in what is secret, by file."""
    tmp_path = tmp_path_factory.mktemp("starters")
    folder = write_starter("pilot", tmp_path)
    cell("lots.csv", 2, "neq_kg", "48001")(folder)
    first, other = load_resolved(folder), load_resolved(folder, SECRET | GUARD | OPEN)
    plans = [{"nothing": DO_NOTHING}] * 2
    made = compare([first.scenario, other.scenario], 2, plans=plans, jobs=1)
    inputs = (compare_inputs(first, other),)

    def texts(audience: Audience) -> dict[str, str]:
        out = tmp_path / audience
        written(out, made, inputs, audience)
        names = [path for path in out.rglob("*") if path.is_file() and path.name != "comparison.run.json"]
        return {path.name: path.read_text("utf-8") for path in names}

    return texts


def test_the_public_learns_what_differs_but_no_secret(
    starters: Callable[[Audience], dict[str, str]],
) -> None:
    """No quantity of explosive, guard, place, road or people in any file; how many differ is told."""
    texts = starters("public")
    shown = [*SECRET.values(), "43,219", "48001", "48,001", "9,876", "1,234.5", "guard"]
    for name, text in texts.items():
        assert [value for value in shown if value in text] == [], name
        assert [path for path in (*SECRET, *GUARD) if path in text] == [], name
    page, document = Page(texts["comparison.html"]).text, json.loads(texts["comparison.json"])
    (inputs,) = document["inputs"]
    assert inputs["withheld"] == len(SECRET) + len(GUARD)
    assert {row["path"] for row in inputs["values"]} == {
        "settings.horizon_years",
        "funding[DONOR-1].amount_usd",
    }
    assert "3,456,789" in page
    assert f"{len(SECRET) + len(GUARD)} of these are not shown to this audience: --audience partner" in page
    assert "The horizons differ" in page


def test_partners_see_sites_and_the_restricted_page_everything(
    starters: Callable[[Audience], dict[str, str]],
) -> None:
    """A partner sees no secret of these either; the restricted files list every one, and the page says so."""
    partner = starters("partner")["input_differences.csv"]
    assert [value for value in (*SECRET.values(), "guard") if value in partner] == []
    texts = starters("restricted")
    listed = texts["input_differences.csv"]
    assert all(path in listed and value in listed for path, value in (SECRET | GUARD).items())
    assert "RESTRICTED" in texts["comparison.html"]
    assert json.loads(texts["comparison.json"])["inputs"][0]["withheld"] == 0


def test_days_to_clear_are_told_where_both_clear_the_surplus(
    made: Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Days that are cut at the horizon are no time: the shares that clear it are told instead."""
    first, other = made.outputs
    count = first.values[Measured.CLEARANCE].size
    # The rule takes between 600 and 607 days less, if the days are taken as they are.
    values = {**other.values, Measured.CLEARANCE: first.values[Measured.CLEARANCE] - 600.0 - np.arange(count)}
    changed = replace(made, outputs=(first, replace(other, values=values)))

    def clears(*shares: float) -> str:
        policies = [alternative.policy for alternative in made.alternatives]
        days = {
            policy: np.where(np.arange(100) < 100 * share, 90.0, np.inf)
            for policy, share in zip(policies, shares, strict=True)
        }
        monkeypatch.setattr(Ensemble, "clearance_days", lambda _, policy: days[policy])
        return findings(changed)[0]

    assert "clears the surplus" in clears(0.6, 0.9)
    assert "within the horizon in" not in clears(0.6, 0.9)
    for shares, said in (
        ((0.0, 0.39), "39% of replications, against 0%"),
        ((0.9, 0.1), "10% of replications"),
    ):
        text = clears(*shares)
        assert "clears the surplus" not in text
        assert f"The surplus is gone within the horizon in {said}" in text
    assert "within the horizon in" not in clears(0.0, 0.0)


def test_a_chance_stays_within_0_and_100_percent(made: Comparison) -> None:
    """A chance of a major explosion that was never or always seen has an interval, no ± beyond it."""
    first, other = made.outputs
    for value, said in ((0.0, "0 (0 to 32)"), (1.0, "100 (68 to 100)")):
        hits = {**other.values, Measured.P_MAJOR: np.full(8, value)}
        changed = replace(other, values=hits, counted_major=True)
        table = results_table(replace(made, outputs=(first, changed)))
        place = next(i for i, column in enumerate(table.columns) if column.head == "Major explosion")
        assert table.rows[1].cells[place] == said
