"""Large explosions are for all; sites, licences and F-N curves only for the restricted audience."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demilsim.experiments.ensemble import replicate
from demilsim.planning.rules import DO_NOTHING
from demilsim.reporting.outputs import HowRun, write_results
from demilsim.reporting.report import write_report
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.scenario import Scenario
from demilsim.scenario.starter import write_starter

OFTEN = {f"parameters.event_rate.{cause}_per_storehouse_year": "0.05" for cause in ("storage", "external")}


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Return the starter scenario with explosions in nearly every replication."""
    return load_scenario(write_starter("alpha", tmp_path_factory.mktemp("risk")), OFTEN)


@pytest.fixture(scope="module")
def folder(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a results folder of doing nothing."""
    out = tmp_path_factory.mktemp("out")
    ensemble = replicate(scenario, [DO_NOTHING], 24, jobs=1)
    write_results(out, ensemble, seed=1, how=HowRun((), 0.0, 1))
    return out


def test_chance_of_a_major_explosion_never_falls(folder: Path) -> None:
    """The stored chance by year rises from year to year and ends above a half here."""
    stored = json.loads((folder / "summary.json").read_text())["risk"]["p_major_by_year"]["do_nothing"]
    means = [year["mean"] for year in stored]
    assert means == sorted(means)
    assert means[-1] > 0.5


def test_chances_given_all_else_agree_with_counts(folder: Path) -> None:
    """Conditional chances lie within the counts' intervals, are narrower, and end at that of the horizon."""
    summary = json.loads((folder / "summary.json").read_text())
    own = summary["policies"]["do_nothing"]
    risk = summary["risk"]
    years = risk["p_major_by_year_conditional"]["do_nothing"]
    for chance, count in zip(years, risk["p_major_by_year"]["do_nothing"], strict=True):
        assert abs(chance["mean"] - count["mean"]) < 2.0 * count["half_width"]
        assert chance["half_width"] < 0.5 * count["half_width"]
    assert own["p_major_explosion"]["mean"] == pytest.approx(years[-1]["mean"], rel=1e-2)
    any_ = own["p_any_explosion_conditional"]
    assert own["p_major_explosion"]["mean"] < any_["mean"] <= 1.0
    assert abs(any_["mean"] - own["p_any_explosion"]["mean"]) < 2.0 * own["p_any_explosion"]["half_width"]


@pytest.mark.parametrize("audience", ["public", "partner"])
def test_sites_are_left_out_for_others(folder: Path, scenario: Scenario, audience: str) -> None:
    """Public and partner reports show the country's chance, but no site's licence or F-N curve."""
    page = write_report(folder, audience).read_text()  # type: ignore[arg-type]
    risk = json.loads((folder / "summary.json").read_text())["risk"]
    last = risk["p_major_by_year_conditional"]["do_nothing"][-1]
    assert f"{100 * last['mean']:.0f}" in page[page.index("Large explosions") :][:2000]
    assert "Over their licence" not in page
    assert not (folder / "figures" / "frequency-number.svg").exists()
    if audience == "public":
        assert not any(site.name in page for site in scenario.sites)


def test_restricted_report_shows_sites(folder: Path, scenario: Scenario) -> None:
    """The restricted report names every site with its licences, and draws the worst F-N curves."""
    page = write_report(folder, "restricted").read_text()
    assert "Over their licence" in page
    assert all(site.name in page for site in scenario.sites)
    assert "intolerable" in (folder / "figures" / "frequency-number.svg").read_text()
