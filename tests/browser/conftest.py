"""One browser, and the reports of one small run whose places, plants and funds have hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from shutil import copytree

import pytest
from playwright.sync_api import Browser, sync_playwright

from demilsim.experiments.programme import run_programme
from demilsim.planning.coordinate import LoopOptions
from demilsim.reporting.outputs import HowRun, notes_of, write_results
from demilsim.reporting.report import write_report
from demilsim.scenario.loader import load_scenario
from demilsim.scenario.starter import write_starter
from screens import Screen, opened, start

AUDIENCES = ("public", "partner", "restricted")
SCRIPT = "<script>document.title='run'</script>"
PICTURE = "<img src='http://evil.example/x.png' onerror='document.title=1'>"
HOSTILE_NAMES = {
    "sites.csv": {"Alder Valley": SCRIPT, "Birch Ridge": "<svg/onload=document.title=1>"},
    "facilities.csv": {"Rotary kiln": f"Kiln {PICTURE}", "Demolition range": "</td></table><h1>Range</h1>"},
    "funds.csv": {"Donor trust fund": f"Trust {SCRIPT}", "Host state budget": "</title></style><b>Host"},
    "scenario.yaml": {
        "A small surplus at three sites (invented)": f"'Surplus </title>{SCRIPT.replace(chr(39), '')}'"
    },
}
"""Names of the starter scenario, and what stands in their place."""

REPLICATIONS = 4
SHORT = LoopOptions(teaching=4, choosing=8, baseline=4)
VIEWS = ("donor", "planner", "researcher")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return the browser; it ends with the tests of this folder, and so does its event loop."""
    with sync_playwright() as playwright:
        started = start(playwright)
        yield started
        started.close()


@pytest.fixture(scope="package")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the results of a run of the starter scenario with hostile names."""
    there = tmp_path_factory.mktemp("hostile")
    folder = write_starter("alpha", there)
    for file, names in HOSTILE_NAMES.items():
        text = (folder / file).read_text(encoding="utf-8")
        for plain, hostile in names.items():
            assert plain in text, "the starter scenario has that name"
            text = text.replace(plain, hostile)
        (folder / file).write_text(text, encoding="utf-8")
    loaded = load_scenario(folder)
    outcome = run_programme(loaded, REPLICATIONS, jobs=1, options=SHORT, parameter_draws=0)
    write_results(
        there / "out",
        outcome.ensemble,
        seed=loaded.settings.seed,
        how=HowRun(("demilsim", "run"), 0.0, 1),
        programme=outcome.programme,
        notes=notes_of(loaded, outcome.programme, outcome.uncertainty),
        uncertainty=outcome.uncertainty,
        explanation=outcome.explanation,
        audience="restricted",
    )
    return there / "out"


@pytest.fixture(scope="package")
def reports(results: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the report of each audience."""
    found = {"restricted": results / "report.html"}
    for audience in AUDIENCES[:2]:
        copy = tmp_path_factory.mktemp("reports") / audience
        copytree(results, copy)
        found[audience] = write_report(copy, audience)
    return found


@pytest.fixture(scope="package")
def screens(browser: Browser, reports: dict[str, Path]) -> Iterator[dict[str, Screen]]:
    """Return the report of each audience, open; who changes more than views, rows and order opens another."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(opened(browser, file)) for name, file in reports.items()}
