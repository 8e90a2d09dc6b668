"""Pages of studies, which share a template: on a phone, in the dark, with a screen reader."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.test_report_reads import DEPENDS_ON_WINDOW
from demilsim.experiments.facilities import facilities_under_draws
from demilsim.experiments.rolling import static_against_rolling
from demilsim.planning.coordinate import LoopOptions
from demilsim.reporting.facilities import write_facilities
from demilsim.reporting.frontier import write_frontier
from demilsim.reporting.rolling import write_rolling
from optimisation.instances import build_or_not
from priced import priced_by_hand
from screens import DESKTOP, PHONE, Screen, opened

pytestmark = pytest.mark.chromium


@pytest.fixture(scope="module")
def frontier(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """Return the page of a frontier, open on a desktop."""
    folder = tmp_path_factory.mktemp("frontier")
    write_frontier(folder, priced_by_hand())
    with opened(browser, folder / "frontier.html") as screen:
        yield screen


def test_axe_finds_nothing_serious_on_a_frontier(frontier: Screen) -> None:
    """No finding of axe-core is serious or critical; the page asks for nothing and runs nothing."""
    assert frontier.findings() == []
    assert frontier.quiet()


def test_a_frontier_never_scrolls_sideways(frontier: Screen) -> None:
    """On a phone table and figure scroll, the page does not."""
    frontier.page.set_viewport_size({"width": PHONE, "height": 900})
    assert frontier.page.evaluate("document.documentElement.scrollWidth") == PHONE
    stops = frontier.all("[one.scrollWidth > one.clientWidth, one.tabIndex]", ".scroll")
    assert [True, 0] in stops
    assert frontier.findings(DEPENDS_ON_WINDOW) == []


@pytest.mark.soak
@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_axe_finds_nothing_serious_on_any_of_them(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    """The same of facilities and of rolling, in another scheme too."""
    write_frontier(tmp_path, priced_by_hand())
    write_facilities(tmp_path, facilities_under_draws(build_or_not(), 2, batches=0))
    few = LoopOptions(teaching=4, choosing=8, baseline=4)
    write_rolling(tmp_path, static_against_rolling(build_or_not(), 2, jobs=1, options=few))
    for name in ("frontier", "facilities", "rolling"):
        with opened(browser, tmp_path / f"{name}.html", width, scheme) as screen:
            assert screen.findings() == [], name
            assert screen.quiet()
