"""A browser without a window and without a network, for tests that do with a page what a person would do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright

from demilsim.reporting.pdf import find_browser

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
HEIGHT = 900
PHONE, TABLET, DESKTOP = 375, 820, 1280
"""Widths of windows [CSS pixels]."""

_REFUSALS = """
window.refusals = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusals.push(`${event.effectiveDirective}: ${event.blockedURI}`));
"""


@dataclass
class Screen:
    """A page that is open, and all that it asked for and complained of since."""

    page: Page
    requests: list[str] = field(default_factory=list)
    failures: list[str | None] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def refusals(self) -> list[str]:
        """Return what the page's content policy refused."""
        return self.page.evaluate("window.refusals")

    def quiet(self) -> bool:
        """Return whether nothing was asked of anyone, refused or complained of."""
        return not (self.requests or self.complaints or self.refusals())

    def all(self, script: str, selector: str) -> list[Any]:
        """Return what an expression of ``one`` is of each element that a selector finds."""
        return self.page.eval_on_selector_all(selector, f"all => all.map((one) => {script})")

    def stop_clock(self) -> None:
        """Stop the page's clock: from now on its time passes only as a test says."""
        self.page.clock.install(time=dt.datetime(2030, 1, 1))
        self.page.clock.pause_at(dt.datetime(2031, 1, 1))

    def findings(self, rules: tuple[str, ...] = ()) -> list[str]:
        """Return what axe-core finds serious or critical, of some rules or all."""
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = list(rules)
        found = Axe().run(self.page, options=options).response
        assert found["passes"], "axe-core ran"
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in found["violations"]
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]


def start(playwright: Playwright) -> Browser:
    """Return the browser that is installed, started with a profile that is new and goes with it."""
    return playwright.chromium.launch(executable_path=str(find_browser()), args=list(FLAGS))


@contextmanager
def opened(browser: Browser, file: Path, width: int = DESKTOP, scheme: str = "light") -> Iterator[Screen]:
    """Open a file with the network off.

    Parameters
    ----------
    browser
        What `start` returned.
    file
        A page on disk.
    width
        Of the window [CSS pixels].
    scheme
        What the reader prefers, ``light`` or ``dark``.
    """
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    screen, own = Screen(page), file.resolve().as_uri()
    page.add_init_script(_REFUSALS)
    page.on("request", lambda asked: None if asked.url == own else screen.requests.append(asked.url))
    page.on("requestfailed", lambda asked: screen.failures.append(asked.failure))
    page.on("console", lambda said: screen.complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: screen.complaints.append(str(error)))
    page.goto(own)
    try:
        yield screen
    finally:
        context.close()
