"""Whoever reads the report: on a phone, in the dark, with a screen reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.conftest import AUDIENCES, VIEWS
from screens import DESKTOP, HEIGHT, PHONE, TABLET, opened

pytestmark = pytest.mark.chromium

ALIKE = """
document.querySelectorAll("details").forEach((one) => { one.open = true; });
document.querySelectorAll("tbody").forEach((body) => {
  const seen = {};
  [...body.rows].forEach((row) => {
    seen[row.className] = (seen[row.className] ?? 0) + 1;
    if (seen[row.className] > 1) row.remove();
  });
});
"""
"""Opens what is folded, and leaves one row of each kind in a table: what holds of one holds of all."""

DEPENDS_ON_WINDOW = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")
"""Rules whose findings differ with width or scheme; names and roles are the same in all."""

EVERY = tuple((width, scheme) for width in (DESKTOP, PHONE) for scheme in ("light", "dark"))


@pytest.mark.parametrize(
    ("width", "scheme", "rules"), [(DESKTOP, "light", ()), (PHONE, "dark", DEPENDS_ON_WINDOW)]
)
def test_axe_finds_nothing_serious(
    browser: Browser, reports: dict[str, Path], width: int, scheme: str, rules: tuple[str, ...]
) -> None:
    """No finding of axe-core is serious or critical in any view; both other pairs run with `make soak`."""
    with opened(browser, reports["restricted"], width, scheme) as screen:
        screen.page.evaluate(ALIKE)
        for view in VIEWS:
            screen.page.click(f"#tab-{view}")
            assert screen.findings(rules) == [], view


def test_axe_would_find_something(browser: Browser, reports: dict[str, Path], tmp_path: Path) -> None:
    """Pale text and a nameless picture in the same page are found."""
    worse = tmp_path / "worse.html"
    html = reports["public"].read_text(encoding="utf-8")
    pale = "<p style='color:#bbb'>pale</p><img src='data:,'>"
    worse.write_text(html.replace("</h2>", f"</h2>{pale}", 1), encoding="utf-8")
    with opened(browser, worse) as screen:
        found = {one.split(":")[0] for one in screen.findings(("color-contrast", "image-alt"))}
    assert found == {"color-contrast", "image-alt"}


@pytest.mark.soak
@pytest.mark.parametrize("audience", AUDIENCES)
def test_axe_finds_nothing_serious_in_any_row(
    browser: Browser, reports: dict[str, Path], audience: str
) -> None:
    """The same of every row and rule, for each audience, width, scheme and view."""
    for width, scheme in EVERY:
        with opened(browser, reports[audience], width, scheme) as screen:
            screen.page.evaluate(
                'document.querySelectorAll("details").forEach((one) => { one.open = true; })'
            )
            for view in VIEWS:
                screen.page.click(f"#tab-{view}")
                assert screen.findings() == [], (width, scheme, view)


def test_the_page_never_scrolls_sideways(browser: Browser, reports: dict[str, Path]) -> None:
    """On phone, tablet and desktop only tables and figures scroll; what scrolls can be reached by key."""
    with opened(browser, reports["restricted"]) as screen:
        screen.page.evaluate('document.querySelectorAll("details").forEach((one) => { one.open = true; })')
        for width in (PHONE, TABLET, DESKTOP):
            screen.page.set_viewport_size({"width": width, "height": HEIGHT})
            for view in VIEWS:
                screen.page.click(f"#tab-{view}")
                assert screen.page.evaluate("document.documentElement.scrollWidth") == width, (width, view)
        screen.page.set_viewport_size({"width": PHONE, "height": HEIGHT})
        screen.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        stops = screen.all("[one.scrollWidth > one.clientWidth, one.tabIndex]", "#researcher .scroll")
        assert [True, 0] in stops
        assert all((tab_index == 0) == scrolls for scrolls, tab_index in stops)
