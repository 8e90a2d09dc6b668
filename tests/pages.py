"""A page as a browser would take it."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """The tags with their attributes, and the text, of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep text."""
        self.text += data


class _Cells(HTMLParser):
    """The texts of the cells of each row below a head."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside, self._cell = False, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a body, a row or a cell."""
        self._inside |= tag == "tbody"
        if self._inside and tag == "tr":
            self.rows.append([])
        if self._inside and tag in ("th", "td"):
            self.rows[-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        """End a body or a cell."""
        self._inside &= tag != "tbody"
        self._cell &= tag not in ("th", "td")

    def handle_data(self, data: str) -> None:
        """Keep what stands in a cell."""
        if self._cell:
            self.rows[-1][-1] += data


def cells(html: str) -> list[list[str]]:
    """Return the texts of the cells of all rows of all tables' bodies, in order."""
    return _Cells(html).rows
