"""What MkDocs cannot know: pages that live elsewhere in the repository, and where their links lead.

A page of the repository that is also a page of the site is read where it is, so that there is one text. Links
are written as they hold in the repository; here those that leave ``docs/`` become links within the site.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]

PAGES: Mapping[str, str] = {
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "scenarios/README.md": "scenarios.md",
    "scenarios/history/README.md": "history.md",
    "experiments/notebooks/README.md": "questions.md",
}
"""File of the repository, and the page that it becomes."""

DECISIONS = "decisions/index.md"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]*)")
"""Target of a Markdown link within the repository, without its anchor."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that live elsewhere, and the list of decisions."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text("utf-8")))
    files.append(File.generated(config, DECISIONS, content=decisions_page(ROOT / "docs" / "decisions")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files, **_: Any) -> str:
    """Turn links that hold in the repository into links that hold in the site."""
    homes = {page: source for source, page in PAGES.items()}
    uri = page.file.src_uri
    return relinked(markdown, homes.get(uri, f"docs/{uri}"), uri)


def decisions_page(folder: Path) -> str:
    """Return a page that lists all decision records by number and title."""
    rows = []
    for record in sorted(folder.glob("[0-9]*.md")):
        number, _, title = record.read_text("utf-8").splitlines()[0].removeprefix("# ").partition(" ")
        rows.append(f"| [{number}]({record.name}) | {title} |")
    lead = (
        "Why things are as they are: context, choice, what was rejected, and what follows. Half a page each."
    )
    return "\n".join(["# Decisions", "", lead, "", "| number | decision |", "|---|---|", *rows, ""])


def relinked(markdown: str, source: str, page: str) -> str:
    """Return the text of a page with its links as they hold in the site.

    Parameters
    ----------
    markdown
        The text.
    source
        Where it is in the repository.
    page
        Where it is in the site.
    """
    return LINK.sub(lambda found: _target(found[1], source, page), markdown)


def _target(link: str, source: str, page: str) -> str:
    """Return where a link leads, relative to its page; MkDocs says so if the site has no such page."""
    target = os.path.normpath(PurePosixPath(source).parent / link)
    if target not in PAGES and not target.startswith("docs/"):
        raise PluginError(f"{source}: {link}: expected a page of the site; name the file without a link")
    inside = PAGES.get(target) or target.removeprefix("docs/")
    if inside == "decisions":
        inside = DECISIONS
    return os.path.relpath(inside, PurePosixPath(page).parent)
