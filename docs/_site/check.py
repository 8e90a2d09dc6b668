"""Say whether a built site fetches anything: no script, style, picture, font or frame from another place.

    python docs/_site/check.py out/site

Links that a reader may follow are free; what a browser loads by itself is not. Exit code 1 if anything is
found.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

LOADED = {
    "audio": ("src",), "base": ("href",), "embed": ("src",), "form": ("action",), "iframe": ("src", "srcdoc"),
    "image": ("href", "xlink:href"), "img": ("src", "srcset"), "input": ("src",), "link": ("href",),
    "object": ("data",), "script": ("src",), "source": ("src", "srcset"), "track": ("src",),
    "use": ("href", "xlink:href"), "video": ("src", "poster"),
}  # fmt: skip
"""Attributes by element whose address a browser loads, or resolves others against, without being asked."""

NOT_LOADED = {"canonical", "alternate", "prev", "next", "author", "license"}
"""Kinds of `link` that only say where something is."""

ELSEWHERE = re.compile(r"(?:^|[\s,])(?:[a-z][a-z+.-]*:)?//", re.IGNORECASE)
STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])((?:[a-z][a-z+.-]*:)?//[^'\")\s]+)", re.IGNORECASE)


class _Page(HTMLParser):
    """Collects what a page loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "mermaid" in given.get("class", "").split():
            self.found.append(f"<{tag} class=mermaid>, for which the theme fetches a library")
        self._style = tag == "style"
        self.found += STYLE.findall(given.get("style", ""))
        if tag == "link" and set(given.get("rel", "").lower().split()) & NOT_LOADED:
            return
        for name in LOADED.get(tag, ()):
            if ELSEWHERE.search(given.get(name, "")):
                self.found.append(f"<{tag} {name}={given[name]}>")

    def handle_endtag(self, tag: str) -> None:
        self._style = self._style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._style:
            self.found += STYLE.findall(data)


def loaded_from_elsewhere(text: str) -> list[str]:
    """Return what an HTML page loads from another place."""
    page = _Page()
    page.feed(text)
    page.close()
    return page.found


def problems(site: Path) -> Iterator[str]:
    """Yield each page or style sheet of a site that fetches, with what it fetches."""
    for path in sorted(site.rglob("*")):
        if path.suffix in (".html", ".svg"):
            found = loaded_from_elsewhere(path.read_text("utf-8"))
        elif path.suffix == ".css":
            found = STYLE.findall(path.read_text("utf-8"))
        else:
            continue
        yield from (f"{path.relative_to(site)}: {one}" for one in found)


def main(arguments: list[str]) -> int:
    site = Path(arguments[0])
    pages = len(list(site.rglob("*.html")))
    if not pages:
        print(f"{site}: expected a built site (got no page); make docs builds it")
        return 1
    found = list(problems(site))
    print("\n".join(found) or f"{site}: {pages} pages, nothing is fetched")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
