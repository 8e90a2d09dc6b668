"""Hostile names in the report: shown as text by a browser that runs, fetches and complains of nothing."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.conftest import AUDIENCES, HOSTILE_NAMES, SCRIPT
from screens import Screen, opened

pytestmark = pytest.mark.chromium

EVIL = "http://evil.example/x.png"
FOREIGN = f"<script>document.title='run'</script><img src='{EVIL}'><b onclick='document.title=1'>b</b>"


@pytest.mark.parametrize("audience", AUDIENCES)
def test_hostile_names_are_text(screens: dict[str, Screen], audience: str) -> None:
    """No script but the report's own, no handler, no address but in the file, no request, no complaint."""
    screen = screens[audience]
    for name in ("planner", "researcher", "donor"):
        screen.page.click(f"#tab-{name}")
    text = screen.page.evaluate("document.body.textContent")
    for hostile in (*HOSTILE_NAMES["facilities.csv"].values(), *HOSTILE_NAMES["funds.csv"].values()):
        assert hostile in text
    assert (SCRIPT in text.replace(HOSTILE_NAMES["funds.csv"]["Donor trust fund"], "")) == (
        audience != "public"
    ), "the public sees no site"
    assert len(screen.all("1", "script, h1, title:not(svg *), iframe, object, base, link")) == 3
    assert not screen.all("1", "img:not([src^='data:image/svg+xml;base64,']), [style*=url], b, svg[onload]")
    handlers = "[...one.attributes].filter((a) => a.name.startsWith('on')).length"
    assert sum(screen.all(handlers, "*")) == 0
    assert screen.page.title().startswith("Surplus </title><script>")
    assert screen.quiet()


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_policy_lets_the_own_script_run_and_nothing_else(
    screens: dict[str, Screen], audience: str
) -> None:
    """The page carries its policy: everything refused, the one script by its hash."""
    screen = screens[audience]
    policies = screen.all("one.content", "meta[http-equiv='Content-Security-Policy']")
    scripts = screen.all("one.textContent", "script")
    assert len(policies) == len(scripts) == 1
    directives = dict(one.strip().split(" ", 1) for one in policies[0].split(";"))
    own = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == f"'sha256-{own}'"
    assert directives["img-src"] == "data:"
    assert "connect-src" not in directives


def test_what_the_policy_stops_would_be_seen(
    browser: Browser, reports: dict[str, Path], tmp_path: Path
) -> None:
    """Foreign nodes in the same page are refused, and without the policy they run and ask: tests see both."""
    html = reports["public"].read_text(encoding="utf-8")
    guarded, open_to_all = tmp_path / "guarded.html", tmp_path / "open.html"
    guarded.write_text(html.replace("</h2>", f"</h2>{FOREIGN}", 1), encoding="utf-8")
    bare, count = re.subn(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    assert count == 1
    open_to_all.write_text(bare.replace("</h2>", f"</h2>{FOREIGN}", 1), encoding="utf-8")
    with opened(browser, guarded) as screen:
        screen.page.click("b[onclick]")
        # Refusals are told by events, some time after the click.
        screen.page.wait_for_function("new Set(window.refusals.map((r) => r.split(':')[0])).size === 3")
        refusals = screen.refusals()
        assert {one.split(":")[0] for one in refusals} == {"script-src-elem", "script-src-attr", "img-src"}
        assert (screen.requests, screen.failures) == ([EVIL], ["csp"])
        assert screen.page.title() != "run"
        assert not screen.quiet()
    with opened(browser, open_to_all) as screen:
        assert screen.page.title() == "run"
        screen.page.wait_for_load_state("networkidle")
        assert (screen.requests, screen.failures) == ([EVIL], ["net::ERR_INTERNET_DISCONNECTED"])
        assert not screen.quiet()
