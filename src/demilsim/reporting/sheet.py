"""A page to print: one HTML file that runs nothing and asks nobody, in the style of the report."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from demilsim.reporting.disclosure import Audience

CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
)
"""Styles and pictures are in the file; there is no script."""

HASH_CHARACTERS = 12
"""Characters of a content hash that a page shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What ``sheet.html.j2`` shows; each template that extends it asks for more.

    Parameters
    ----------
    title, kind
        What it is called, and which page it is.
    countries, synthetic
        Of the scenarios that it is about.
    audience
        Who may read it.
    findings
        What it comes to, a sentence each.
    picture
        Its figure as a data URI, see `picture_uri`.
    notes
        What the reader must know, a sentence each.
    command
        What gives the same page again.
    """

    title: str
    kind: str
    countries: tuple[str, ...]
    synthetic: bool
    audience: Audience
    findings: tuple[str, ...]
    picture: str
    notes: tuple[str, ...]
    command: str
    content_policy: str = CONTENT_POLICY


def rendered(template: str, page: object) -> str:
    """Return a template of the package as HTML text; `page` is all that it shows."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("demilsim.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(page=page)


def picture_uri(svg: str) -> str:
    """Return an SVG document as a data URI: in an image nothing can run or be fetched."""
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"
